"""Sixty reviewers at work: how long a click waits when each looks at a queue and its items at the same time.

Starts the app on a made queue, opens a real websocket session for each person, and has everyone go from the
queue to an item and back, with three seconds to think between clicks. The clock runs from sending the click
to the end of the server's answer. The driver shares the machine with the server.
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
import time
import urllib.request
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg

from benchmarks.bench_class import share
from benchmarks.class_pages import Page
from benchmarks.measure import FIGURES, machine, table
from risk import demo
from risk.workbench import Workspace

ROOT = Path(__file__).parent.parent
LIMIT_MS = 100.0


class Visitor(Page):
    """One reviewer's browser."""

    async def go(self, path: str, query: str = "") -> float:
        """Open another page of the app in the same session; returns seconds."""
        message = BackMsg()
        message.rerun_script.query_string = query
        self.path = path
        return await self._run(message)


async def work(visitor: Visitor, items: list[str], *, clicks: int, think: float, spent: list[float]) -> None:
    """Queue, item, queue, item … with time to think; a page that shows an error ends the run."""
    for k in range(clicks):
        await asyncio.sleep(random.uniform(0.5, 1.5) * think)
        path, query = ("item", f"item={random.choice(items)}") if k % 2 == 0 else ("", "")
        spent.append(1000 * await visitor.go(path, query))
        if any(text.startswith("EXCEPTION") for text in visitor.texts):
            raise RuntimeError(visitor.texts[-1])


async def drive(host: str, items: list[str], *, people: int, clicks: int, think: float) -> tuple[list, list]:
    """First drawings and clicks, in milliseconds."""
    visitors = [Visitor(host, "", "") for _person in range(people)]
    first = [1000 * await v.open() for v in visitors]
    spent: list[float] = []
    await asyncio.gather(*(work(v, items, clicks=clicks, think=think, spent=spent) for v in visitors))
    return first, spent


def serve(space: Workspace) -> tuple[subprocess.Popen, str]:
    """The app on a free port of this machine."""
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"RISK_WORKSPACE": str(space.root), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=quiet, stderr=quiet)
    for _attempt in range(240):
        try:
            with urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1) as answer:
                if answer.read() == b"ok":
                    return server, f"localhost:{port}"
        except OSError:
            time.sleep(0.25)
    raise SystemExit("The app did not answer within a minute.")


def cpu_ms(pid: int) -> float:
    """Processor time a process has used so far, milliseconds (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return 1000 * (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--people", type=int, default=60)
    parser.add_argument("--clicks", type=int, default=10)
    parser.add_argument("--think", type=float, default=3.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace.at(folder)
        demo.run(space, items=20_000)
        with space.store(read_only=True) as store:
            items = [case.item_id for case in store.cases(size=60).rows]
        server, host = serve(space)
        try:
            began = cpu_ms(server.pid)
            told = drive(host, items, people=given.people, clicks=given.clicks, think=given.think)
            first, spent = asyncio.run(told)
            cpu = (cpu_ms(server.pid) - began) / (len(first) + len(spent))
        finally:
            server.terminate()
            server.wait(timeout=30)
    print(machine("streamlit", "websockets"), "\n")
    rows = []
    for name, times in (("clicks", spent), ("first drawing", first)):
        median, high = statistics.median(times), share(times, 0.95)
        said = f"p50 {median:.0f} ms, p95 {high:.0f} ms, longest {max(times):.0f} ms (n = {len(times)})"
        row = [
            f"{given.people} reviewers, {name}",
            said,
            f"p95 ≤ {LIMIT_MS:.0f} ms",
            f"{high / LIMIT_MS:.2f}",
        ]
        rows.append(row)
    load = cpu * given.people / given.think / 1000
    said = f"one core at {given.people} clicks in {given.think:.0f} s"
    rows.append(["processor time of the server, a click", f"{cpu:.0f} ms", said, f"{load:.2f}"])
    print(table(list(FIGURES), rows))


if __name__ == "__main__":
    main()
