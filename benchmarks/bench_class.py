"""A class of sixty in one room: how long an answer takes until it is recorded and the next item is shown.

    python -m benchmarks.bench_class [--people 60] [--rounds 5] [--window 10]

Starts the real web server on a fresh workspace, joins sixty people through its own join page, opens a real
websocket session for each, with the board and the trainer's panel open beside them, and has everyone answer
once at a random moment in each window of ten seconds; then once more all in the same second. Every person
also holds the event stream that a browser holds. Times are from sending the click to the end of the server's
answer, over loopback, with this driver on the same machine: what the server took, and a little more. After
the run the store is read again: every acknowledged answer must be there once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.class_pages import Page, listen
from benchmarks.measure import FIGURES, machine, table
from risk import workbench
from risk.access import local_actor
from risk.classroom import control, ready_plan
from risk.hall import Hall, Order, make_pool, stream_for
from risk.hall.hall import Opened
from risk.workbench import Workspace

ROOT = Path(__file__).parent.parent
LIMIT_MS, LIMIT_MB = 100.0, 1024.0


@dataclass
class Told:
    """What a run showed; times in milliseconds."""

    calm: list[float]
    burst: list[float]
    first: list[float]
    board: list[float]
    errors: list[str]
    acknowledged: int
    megabytes: float
    cpu_ms: float


def prepare(space: Workspace, people: int) -> Opened:
    """A model, a class stream and a session that stands at its first block of twenty items."""
    stream = space.root / "stream"
    workbench.generate(stream, items=20_000, seed=7)
    model = workbench.train(workbench.load_data(stream), seed=7, workspace=space)
    lesson = ready_plan("lesson-45")
    block = next(s for s in lesson.steps if s.mode == "BLIND")
    plan = replace(lesson, steps=(lesson.steps[0], replace(block, rotate=False), *lesson.steps[-2:]))
    with space.store() as store:
        hall = Hall(space, store)
        made = hall.open(
            Order(plan, "Load", seed=1), make_pool(model, stream_for(space)), actor=local_actor()
        )
        hall.direct(made.trainer, control.go_on, to=1)
    return made


def serve(space: Workspace) -> tuple[subprocess.Popen, str]:
    """Start the web server as people do; returns it and its address."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    environment = os.environ | {
        "RISK_WORKSPACE": str(space.root),
        "PYTHONPATH": str(ROOT),
        "OMP_NUM_THREADS": "1",
    }
    log = (space.root / "server.log").open("w")
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    return server, f"localhost:{port}"


def join(host: str, code: str) -> str:
    """Join through the join page; returns the cookie of the seat."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *args: object) -> None:
            return None

    data = urllib.parse.urlencode({"code": code}).encode()
    try:
        urllib.request.build_opener(Stay).open(f"http://{host}/join", data, timeout=20)
    except urllib.error.HTTPError as answer:
        if answer.code == 303:
            return answer.headers["set-cookie"].split(";")[0]
        raise
    raise RuntimeError("the join page gave no seat")


async def wait_for(host: str) -> None:
    """Until the server answers."""
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"http://{host}/_stcore/health", timeout=1) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            pass
        await asyncio.sleep(0.25)
    raise RuntimeError("the server did not start")


async def answer(page: Page, at: float, times: list[float], errors: list[str]) -> None:
    """Wait, answer the item on the screen, and see that another one is shown."""
    await asyncio.sleep(at)
    before = page.find(r"Item \d+ of \d+")
    try:
        took = await page.press(random.choice(["Examine", "Release"]), chosen={"sure:first": "70 %"})
    except (KeyError, StopIteration, OSError) as error:
        errors.append(repr(error))
        return
    if page.find(r"Item \d+ of \d+") == before or page.find("EXCEPTION"):
        errors.append(page.find(r"role=.alert.[^<]*") or f"nothing moved after {before}")
    else:
        times.append(1000 * took)


async def drive(host: str, made: Opened, *, people: int, rounds: int, window: float, server: int) -> Told:
    """The class: open every page, answer in rounds, then all in one second."""
    random.seed(1)
    await wait_for(host)
    cookies = [await asyncio.to_thread(join, host, made.code) for _ in range(people)]
    pages = [Page(host, "class", cookie) for cookie in cookies]
    first = [1000 * await page.open() for page in pages]
    trainer = f"trainer={made.trainer.text()}"
    panel, board = Page(host, "training", trainer), Page(host, "board", trainer)
    for page in (panel, board):
        await page.open()
        page.waits.clear()
    news = [asyncio.create_task(listen(p, "seat")) for p in pages]
    news += [asyncio.create_task(listen(p, "trainer")) for p in (panel, board)]
    calm, burst, errors = [], [], []
    spent = _cpu_ms(server)
    for _ in range(rounds):
        await asyncio.gather(*(answer(p, random.uniform(0, window), calm, errors) for p in pages))
    await asyncio.gather(*(answer(p, random.uniform(0, 1), burst, errors) for p in pages))
    await asyncio.sleep(2)
    spent = (_cpu_ms(server) - spent) / max(1, len(calm) + len(burst))
    for task in news:
        if task.done():
            errors.append(repr(task.exception()))
        task.cancel()
    memory = _megabytes(server)
    watched = [1000 * t for p in (panel, board) for t in p.waits]
    return Told(calm, burst, first, watched, errors, len(calm) + len(burst), memory, spent)


def _cpu_ms(pid: int) -> float:
    """Processor time of a process so far: does not grow because other programs run beside it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def share(times: list[float], part: float) -> float:
    """The time that `part` of all do not exceed."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


def stored(space: Workspace, made: Opened) -> int:
    """How many answers are in the database."""
    with space.store(read_only=True) as store:
        return sum(len(s.answers) for s in Hall(space, store).rooms.room(made.session_id).present)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--window", type=float, default=10.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace.at(Path(folder))
        made = prepare(space, given.people)
        server, host = serve(space)
        try:
            told = asyncio.run(
                drive(
                    host,
                    made,
                    people=given.people,
                    rounds=given.rounds,
                    window=given.window,
                    server=server.pid,
                )
            )
        finally:
            server.terminate()
            server.wait(timeout=30)
        kept = stored(space, made)
    print(machine("streamlit", "websockets", "sqlalchemy"), "\n")
    rows = []
    for name, times in (("answers over 10 s", told.calm), ("answers within one second", told.burst),
                        ("board and panel redrawn", told.board), ("first drawing", told.first)):  # fmt: skip
        median, high = statistics.median(times or [float("nan")]), share(times, 0.95)
        longest = max(times, default=0)
        measured = f"p50 {median:.0f} ms, p95 {high:.0f} ms, longest {longest:.0f} ms (n = {len(times)})"
        rows.append(
            [f"{given.people} people, {name}", measured, f"p95 ≤ {LIMIT_MS:.0f} ms", f"{high / LIMIT_MS:.2f}"]
        )
    load = told.cpu_ms * given.people / given.window / 1000
    rows.append(["processor time of the server for all it does, an answer", f"{told.cpu_ms:.0f} ms",
                 f"one core at {given.people} answers in {given.window:.0f} s", f"{load:.2f}"])  # fmt: skip
    rows.append(["memory of the server, highest", f"{told.megabytes:.0f} MB", f"≤ {LIMIT_MB:.0f} MB",
                 f"{told.megabytes / LIMIT_MB:.2f}"])  # fmt: skip
    rows.append(["answers acknowledged and found in the store", f"{told.acknowledged} and {kept}", "equal",
                 f"{kept / max(1, told.acknowledged):.2f}"])  # fmt: skip
    rows.append(["errors", str(len(told.errors)), "0", "–"])
    print(table(list(FIGURES), rows))
    for error in told.errors[:5]:
        print("error:", error)
    sys.exit(bool(told.errors) or kept != told.acknowledged)


if __name__ == "__main__":
    main()
