"""How fast is the made world, and in how much memory? Parties, history, oracle and Parquet included.

Run: python -m benchmarks.bench_world [items …]   (1,000,000 by default; 20,000,000 takes minutes)
Every size runs in a process of its own on one core, with one thread; files go to a temporary folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import FIGURES, machine, table

LIMITS = {1_000_000: (15.0, 3000.0), 20_000_000: (None, 2000.0)}   # seconds, megabytes: what was asked for
_CHILD = """
import resource, sys, time
from data_synthetic import generate_package, load_world, make_source
from data_synthetic.stream import generate
generate(load_world("calm"), 2000, seed=1)      # compilation is not counted
began, busy = time.perf_counter(), time.process_time()
generate_package(sys.argv[1], make_source(load_world("operational"), int(sys.argv[2]), seed=1))
spent = time.perf_counter() - began, time.process_time() - busy
print(*spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def run(items: int) -> tuple[float, float, float, float]:
    """Seconds by the clock and of the processor, peak memory and size on disk (megabytes) of one stream."""
    one = {
        name: "1"
        for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS")
    }
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "stream"
        done = subprocess.run([sys.executable, "-c", _CHILD, str(out), str(items)], check=True, text=True,
                              capture_output=True, env={**os.environ, **one})
        size = sum(p.stat().st_size for p in out.rglob("*") if p.is_file()) / 2**20
    clock, busy, peak = map(float, done.stdout.split())
    return clock, busy, peak, size


def main(sizes: list[int]) -> None:
    """Print one table; a size of a million or less is run three times, and its median told.

    The ratio is of processor seconds: on a machine that others use, the clock tells of them as well.
    """
    print(machine("numpy", "numba", "pyarrow"))
    rows = []
    for items in sizes:
        runs = sorted(run(items) for _ in range(3 if items <= 10**6 else 1))
        clock, busy, peak, size = runs[len(runs) // 2]
        seconds, memory = LIMITS.get(items, (15.0 * items / 10**6, 2000.0))
        seconds = seconds or 15.0 * items / 10**6
        rows.append(
            [
                f"{items:,} items made and written",
                f"{busy:.1f} s of one core ({clock:.1f} s by the clock)",
                f"limit {seconds:.0f} s",
                f"{busy / seconds:.2f}",
            ]
        )
        rows.append([f"{items:,} items, peak of memory", f"{peak:.0f} MB ({size:.0f} MB on disk)",
                     f"limit {memory:.0f} MB", f"{peak / memory:.2f}"])
    print(table(FIGURES, rows))


if __name__ == "__main__":
    main([int(a.replace(",", "")) for a in sys.argv[1:]] or [1_000_000])
