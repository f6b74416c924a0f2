"""How long until somebody can work: from starting the app to the first queue.

    python -m benchmarks.bench_start [--repeats 3]

Warm means that the machine has read the program's files before; the first start is not counted. The first
useful page is the queue with its first twenty cases, drawn for a real websocket session.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time

from benchmarks.bench_app import Visitor, cpu_ms, serve
from benchmarks.measure import FIGURES, machine, table
from risk import demo
from risk.workbench import Workspace

LIMIT_S = 3.0


async def first_page(host: str) -> int:
    """Open the app's first page; returns how many cases it lists."""
    visitor = Visitor(host, "", "")
    await visitor.open()
    return "".join(visitor.texts).count('<li class="rk-row">')


def start(space: Workspace) -> tuple[float, float]:
    """Seconds from starting the server to the first page, and its processor seconds until then."""
    began = time.perf_counter()
    server, host = serve(space)
    try:
        listed = asyncio.run(first_page(host))
        spent, worked = time.perf_counter() - began, cpu_ms(server.pid) / 1000
    finally:
        server.terminate()
        server.wait(timeout=30)
    if listed != 20:
        raise SystemExit(f"The first page lists {listed} cases; expected 20.")
    return spent, worked


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace.at(folder)
        demo.run(space, items=20_000)
        start(space)
        spent, worked = zip(*(start(space) for _ in range(given.repeats)), strict=True)
    print(machine("streamlit"), "\n")
    whole, cpu = statistics.median(spent), statistics.median(worked)
    said = f"{whole:.1f} s, of it {cpu:.1f} s of processor"
    row = ["start to the first queue, warm", said, f"≤ {LIMIT_S:.0f} s", f"{whole / LIMIT_S:.2f}"]
    print(table(list(FIGURES), [row]))


if __name__ == "__main__":
    main()
