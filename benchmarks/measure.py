"""What every benchmark script shares: medians of repeated runs, Markdown rows, the machine's facts."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

__all__ = ["FIGURES", "seconds", "table", "machine", "peak_mb"]

#: Head of the tables that `python -m benchmarks` gathers into one.
FIGURES = ("figure", "measured", "beside it", "ratio")


def seconds(work: Callable[[], object], *, repeats: int = 5, warm: bool = True) -> float:
    """Median time of `work` over repeated runs, after one run that is not counted (compilation, caches)."""
    if warm:
        work()
    spent = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        spent.append(time.perf_counter() - began)
    return statistics.median(spent)


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table.

    >>> print(table(["a", "b"], [[1, 2]]))
    | a | b |
    |---|---|
    | 1 | 2 |
    """
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in [head, *rows]]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def machine(*packages: str) -> str:
    """One sentence: processor, cores, load when asked, date, versions of Python and of `packages`."""
    named = ", ".join([f"Python {platform.python_version()}", *(f"{p} {version(p)}" for p in packages)])
    load = os.getloadavg()[0]
    return (f"{_processor()}, {os.cpu_count()} cores, load {load:.1f} at the start; "
            f"{time.strftime('%Y-%m-%d', time.gmtime())}; {named}.")


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()


def peak_mb() -> float:
    """Most memory this process has held so far, in megabytes (Linux counts in kilobytes)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
