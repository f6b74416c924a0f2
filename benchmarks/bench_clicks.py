"""What one click costs: processor time of the server and what is sent, for every reviewers' page.

    python -m benchmarks.bench_clicks [--clicks 30]

Starts the app on a made queue and opens one real websocket session. Processor time is what a busy machine
cannot blur; the wait beside it is of one person alone, over loopback. With 60 people who think for three
seconds, 20 clicks come in each second: they fit in one process only while a click costs well under 50 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from dataclasses import dataclass

from benchmarks.bench_app import Visitor, cpu_ms, serve
from benchmarks.measure import FIGURES, machine, table
from risk import demo
from risk.workbench import Workspace

LIMIT_MS = 25.0
PAGES = ("", "model", "log", "quality", "drift", "data", "lab", "help")


@dataclass(frozen=True)
class Cost:
    """Of one click on a page: processor and waiting time in milliseconds, kilobytes sent."""

    page: str
    cpu: float
    wait: float
    kilobytes: float


async def cost(visitor: Visitor, pid: int, name: str, path: str, queries: list[str]) -> Cost:
    """Open a page once for each query, after one visit that is not counted."""
    await visitor.go(path, queries[-1])
    began, received, waits = cpu_ms(pid), visitor.received, []
    for query in queries:
        waits.append(1000 * await visitor.go(path, query))
        if any(text.startswith("EXCEPTION") for text in visitor.texts):
            raise RuntimeError(visitor.texts[-1])
    n = len(queries)
    sent = (visitor.received - received) / n / 1000
    return Cost(name, (cpu_ms(pid) - began) / n, statistics.median(waits), sent)


async def visit(host: str, pid: int, items: list[str], clicks: int) -> list[Cost]:
    """Every page in turn; items once as nobody has seen them yet and once again."""
    visitor = Visitor(host, "", "")
    await visitor.open()
    fresh = [f"item={item}" for item in items[:clicks]]
    told = [await cost(visitor, pid, "item, seen by nobody yet", "item", [*fresh[1:], fresh[0]])]
    told.append(await cost(visitor, pid, "item, seen before", "item", fresh))
    for path in PAGES:
        told.append(await cost(visitor, pid, path or "queue", path, [""] * clicks))
    return told


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clicks", type=int, default=30)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace.at(folder)
        demo.run(space, items=20_000)
        with space.store(read_only=True) as store:
            items = [case.item_id for case in store.cases(size=given.clicks).rows]
        server, host = serve(space)
        try:
            told = asyncio.run(visit(host, server.pid, items, given.clicks))
        finally:
            server.terminate()
            server.wait(timeout=30)
    print(machine("streamlit", "websockets"), "\n")
    rows = [
        [
            f"one click: {c.page}",
            f"{c.cpu:.1f} ms of processor, {c.wait:.0f} ms alone, {c.kilobytes:.0f} kB",
            f"≤ {LIMIT_MS:.0f} ms of processor",
            f"{c.cpu / LIMIT_MS:.2f}",
        ]
        for c in told
    ]
    print(table(list(FIGURES), rows))


if __name__ == "__main__":
    main()
