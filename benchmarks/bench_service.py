"""How long one item with its explanation takes over HTTP, one at a time and at a steady rate.

    python -m benchmarks.bench_service [--rate 200] [--seconds 20]

A real server (uvicorn, one process, kept to one core) on this machine, asked over real connections by this
process on another core. *Alone*: the next request is sent when the last was answered. *Steady*: requests leave
at the rate given whether or not earlier ones were answered (an open loop, which hides no waiting); a wait counts
from when a request was due. The limit beside them is the issue's: 20 ms at the 99th percentile under 200 requests
a second. Processor time is the server's own, and hardly depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measure import FIGURES, machine, table

LIMIT_MS, LIMIT_RATE = 20.0, 200.0
HELD = b"POST /score HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
HEALTH = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"


class Client:
    """Just enough HTTP over kept connections, so that the one who asks costs little beside the one who answers."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def ask(self, request: bytes) -> bytes:
        """The body of the answer; anything but 200 ends the benchmark."""
        reader, writer = self._free.pop() if self._free else await asyncio.open_connection("127.0.0.1", self._port)
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length"))
        body = await reader.readexactly(length)
        if b" 200 " not in head[:20]:
            raise SystemExit(f"The service answered {head[:40]!r}: {body[:300]!r}")
        self._free.append((reader, writer))
        return body


def share(waits: Sequence[float], part: float) -> float:
    """The wait, ms, that `part` of all waits do not exceed."""
    ordered = sorted(waits)
    return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]


async def alone(client: Client, requests: list[bytes], count: int) -> list[float]:
    """Waits, in seconds, of requests sent one after another."""
    waits = []
    for k in range(count):
        began = time.perf_counter()
        await client.ask(requests[k % len(requests)])
        waits.append(time.perf_counter() - began)
    return waits


async def steady(client: Client, requests: list[bytes], rate: float, seconds: float) -> list[float]:
    """Waits, in seconds, of requests that leave at a steady rate."""
    waits: list[float] = []

    async def one(k: int, due: float) -> None:
        await client.ask(requests[k % len(requests)])
        waits.append(time.perf_counter() - due)

    began, tasks = time.perf_counter(), []
    for k in range(int(rate * seconds)):
        due = began + k / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        tasks.append(asyncio.create_task(one(k, due)))
    await asyncio.gather(*tasks)
    return waits


def spent(pid: int) -> float:
    """Processor seconds of a process so far."""
    after_name = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


async def measured(port: int, pid: int, requests: list[bytes], rate: float, seconds: float) -> list[list[str]]:
    """Rows of the table."""
    client, rows = Client(port), []
    await alone(client, requests, 100)

    def row(what: str, waits: Sequence[float], used: float) -> list[str]:
        wait = share(waits, 0.99)
        each = f"p50 {share(waits, 0.5):.1f} ms, {1000 * used / len(waits):.2f} ms of processor time each"
        return [f"{what}: {each}; p99", f"{wait:.1f} ms", f"limit: {LIMIT_MS:.0f} ms", f"{wait / LIMIT_MS:.2f}"]

    before = spent(pid)
    rows.append(row("one item over HTTP, alone", await alone(client, requests, 400), spent(pid) - before))
    for what, asked in (("one item over HTTP", requests), ("HTTP alone (/health)", [HEALTH])):
        runs = []
        before = spent(pid)
        for _ in range(3):
            runs.append(await steady(client, asked, rate, seconds / 3))
        median = statistics.median_low([share(r, 0.99) for r in runs])
        kept = next(r for r in runs if share(r, 0.99) == median)
        used = (spent(pid) - before) / sum(map(len, runs)) * len(kept)
        rows.append(row(f"{what}, {rate:.0f} a second, median of 3 runs", kept, used))
    return rows


def declarations(frame, dictionary) -> list[bytes]:
    """One request's body for each row."""
    names, out = [f.name for f in dictionary.fields()], []
    whole = {f.name for f in dictionary.fields() if f.type == "integer"}
    for row in json.loads(frame[names].to_json(orient="records", date_format="iso")):
        item = {k: int(v) if k in whole else v for k, v in row.items() if v is not None}
        out.append(json.dumps({"items": [item]}).encode())
    return out


@contextmanager
def server(folder: Path) -> Iterator[tuple[int, int]]:
    """A running service over a workspace with its stream as history: its port and process id."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "risk", "serve", "champion", "--port", str(port), "--workspace",
               str(folder / "space"), "--history", str(folder / "stream")]
    quiet = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, env=quiet, stderr=subprocess.DEVNULL)
    try:
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(process.pid, cores[:1])
        os.sched_setaffinity(0, cores[1:] or cores)
        _await(port)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    from risk import workbench

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rate", type=float, default=LIMIT_RATE)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--items", type=int, default=40_000, help="items of the stream that is history")
    given = parser.parse_args(arguments)
    print(machine("fastapi", "uvicorn", "numpy"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workbench.generate(folder / "stream", items=given.items, seed=7)
        data = workbench.load_data(folder / "stream")
        workbench.train(data, seed=7, workspace=workbench.Workspace.at(folder / "space"))
        bodies = declarations(data.declarations.tail(500), data.dictionary)
        with server(folder) as (port, pid):
            requests = [HELD % len(b) + b for b in bodies]
            rows = asyncio.run(measured(port, pid, requests, given.rate, given.seconds))
    print("\n" + table(FIGURES, rows))


def _await(port: int) -> None:
    for _ in range(600):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("The server did not start.")


if __name__ == "__main__":
    main()
