"""`make bench`: run every benchmark script, print what each prints, and end with one table of all figures.

    python -m benchmarks [NAME …]      (names without ``bench_``; all by default)

A script that prints a table headed ``figure | measured | beside it | ratio`` has its rows gathered in the
last table, so that every figure stands beside its peer or its limit, measured in the same run.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measure import FIGURES, machine, table

HERE = Path(__file__).parent


def run(name: str) -> tuple[str, float, int]:
    """Output, seconds and exit code of one script, run in a process of its own."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", f"benchmarks.bench_{name}"], cwd=HERE.parent, text=True,
                          stdout=subprocess.PIPE, check=False)
    return done.stdout, time.perf_counter() - began, done.returncode


def figures(printed: str) -> list[list[str]]:
    """Rows of the tables headed by `FIGURES` in what a script printed."""
    rows, inside = [], False
    for line in printed.splitlines():
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        if tuple(cells) == FIGURES:
            inside = True
        elif not line.startswith("|"):
            inside = False
        elif inside and not line.startswith("|---"):
            rows.append(cells)
    return rows


def main(names: list[str]) -> int:
    """Run the scripts; the exit code is 1 when one of them failed."""
    known = sorted(p.stem.removeprefix("bench_") for p in HERE.glob("bench_*.py"))
    gathered, failed = [], []
    print(machine("numpy", "numba", "scikit-learn"), flush=True)
    for name in names or known:
        printed, spent, code = run(name)
        print(f"\n## {name} ({spent:.0f} s)\n\n{printed}", flush=True)
        gathered += [[name, *row] for row in figures(printed)]
        failed += [name] if code else []
    print("\n## All figures\n\n" + table(["benchmark", *FIGURES], gathered))
    if failed:
        print(f"\nNot finished: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
