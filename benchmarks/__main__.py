"""`make bench`: run every benchmark script, print what each prints, and end with one table of all figures.

    python -m benchmarks [NAME …] [--out docs/benchmarks.md]

Names are those of the scripts without ``bench_``; all by default, ``scale`` for those of `docs/scale.md`. A script
that prints a table headed ``figure | measured | beside it | ratio`` has its rows gathered in the last table, so that
every figure stands beside its peer or its limit, measured in the same run. With `--out` that table is written to a
page with machine, versions and date; rows of scripts that were not run stay on it as they are.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measure import FIGURES, machine, table

HERE = Path(__file__).parent
HEAD = ("benchmark", "date", *FIGURES)
SCALE = ("batch", "cluster", "explain", "growth", "past", "service", "sql", "store")
VERSIONS = ("numpy", "pandas", "pyarrow", "numba", "scikit-learn", "sqlalchemy")


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


def kept(page: Path, names: list[str]) -> list[list[str]]:
    """Rows of a page's table that belong to other scripts than `names`."""
    if not page.exists():
        return []
    cells = [line.strip().strip("|").split(" | ") for line in page.read_text(encoding="utf-8").splitlines()
             if line.startswith("| ") and " | " in line]
    rows = [[c.strip() for c in row] for row in cells]
    return [row for row in rows if len(row) == len(HEAD) and row[0] not in ("benchmark", *names)]


def write(page: Path, rows: list[list[str]], about: str) -> None:
    """Write the page of figures."""
    day = time.strftime("%Y-%m-%d", time.gmtime())
    page.write_text(
        "# What was measured\n\nWritten by `python -m benchmarks --out docs/benchmarks.md`; each row by the script "
        "`benchmarks/bench_NAME.py`, whose docstring says how. A ratio is what was measured over what stands beside "
        f"it, in the same run.\n\nLast run, {day}: {about}\n\n" + table(HEAD, sorted(rows, key=lambda r: r[0])) + "\n",
        encoding="utf-8",
    )


def main(arguments: list[str]) -> int:
    """Run the scripts; the exit code is 1 when one of them failed."""
    known = sorted(p.stem.removeprefix("bench_") for p in HERE.glob("bench_*.py"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*known, "scale", []], default=[], metavar="NAME")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(arguments)
    names = [n for name in given.names for n in (SCALE if name == "scale" else [name])] or known
    gathered, failed, day = [], [], time.strftime("%Y-%m-%d", time.gmtime())
    about = machine(*VERSIONS)
    print(about, flush=True)
    for name in names:
        printed, spent, code = run(name)
        print(f"\n## {name} ({spent:.0f} s)\n\n{printed}", flush=True)
        gathered += [[name, day, *row] for row in figures(printed)]
        failed += [name] if code else []
    print("\n## All figures\n\n" + table(HEAD, gathered))
    if given.out:
        ran = [n for n in names if n not in failed]
        write(given.out, kept(given.out, ran) + [r for r in gathered if r[0] in ran], about)
    if failed:
        print(f"\nNot finished: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
