"""How the cost of an item grows with how many there are: 10⁴ to 10⁷ items, processor time of one core.

    python -m benchmarks.bench_growth [--most 1000000]

*Gate and features* and *party history* of made streams up to `--most` items, from a Parquet file's frame;
*margins and attributions* up to ten times as many (the features of the largest stream again and again). The whole
path from file to file, and its memory, is measured by `bench_batch`. Beside each figure stands the same cost at
10,000 items: a ratio of 1 means that the work grows as the items do.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.measure import FIGURES, machine, table
from data_synthetic import generate_package, load_world
from data_synthetic.package import make_source
from risk import workbench
from risk.features import PartyHistory, with_past
from risk.fitted import FittedModel
from risk.intake import check_frame

FIRST = 10_000


def micros(work: Callable[[], object], items: int) -> float:
    """Microseconds of processor time an item, median of three runs (one where there are a million or more)."""
    spent = []
    for _ in range(3 if items < 10**6 else 1):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return statistics.median(spent) / items * 1e6


def stream(folder: Path, items: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Declarations as they stand in the file, and examinations."""
    out = folder / f"stream-{items}"
    generate_package(out, make_source(load_world("operational"), items, seed=1))
    return pd.read_parquet(out / "declarations.parquet"), pd.read_parquet(out / "outcomes.parquet")


def measured(model: FittedModel, folder: Path, sizes: list[int]) -> dict[str, dict[int, float]]:
    """Microseconds an item by stage and size."""
    found: dict[str, dict[int, float]] = {}

    def note(stage: str, items: int, work: Callable[[], object]) -> None:
        found.setdefault(stage, {})[items] = micros(work, items)

    d = model.dictionary
    for items in sizes:
        raw, outcomes = stream(folder, items)
        checked = check_frame(raw, d)
        history = PartyHistory.of(checked, d, outcomes=outcomes)
        known = with_past(checked, d, outcomes=outcomes)
        note("the gate", items, lambda raw=raw: check_frame(raw, d))
        note("party history", items, lambda h=history: PartyHistory.empty(h.names).past(h))
        note("features", items, lambda known=known: model.features.values(known))
        x = model.features.values(known)
        note("margins and attributions", items, lambda x=x: model.tables.explain(x))
    again = range(10)
    note("margins and attributions", 10 * sizes[-1], lambda: [model.tables.explain(x) for _ in again])
    return found


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--most", type=int, default=10**6, help="items of the largest stream")
    most = parser.parse_args(arguments).most
    sizes = [n for n in (FIRST, 10**5, 10**6, 10**7) if n <= most] or [most]
    print(machine("numpy", "pandas", "pyarrow"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate_package(folder / "train", make_source(load_world("teaching"), 20_000, seed=7))
        model = workbench.train(workbench.load_data(folder / "train"), seed=7)
        model.tables.explain(model.features.values(workbench.load_data(folder / "train").declarations))
        found = measured(model, folder, sizes)
    columns = sorted({n for by in found.values() for n in by})
    print("\nµs of one core for an item, by how many there are:\n")
    print(table(["stage", *(f"{n:,}" for n in columns)],
                [[stage, *(f"{by[n]:.2f}" if n in by else "–" for n in columns)] for stage, by in found.items()]))
    rows = [[f"{stage}, {max(by):,} items, µs an item", f"{by[max(by)]:.2f}", f"at {min(by):,}: {by[min(by)]:.2f}",
             f"{by[max(by)] / by[min(by)]:.2f}"] for stage, by in found.items()]
    print("\n" + table(FIGURES, rows))


if __name__ == "__main__":
    main()
