"""A queue over millions of items: first page, filtered page, one item, against reading the table whole.

python -m benchmarks.bench_queue [--items 5000000]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measure import FIGURES, machine, seconds, table
from risk.queues import REASONS, ItemFilter, QueueFolder, _passing

LIMIT = 1.0  # seconds to the first paint


def made(n: int) -> pd.DataFrame:
    """Scored items with forty attributions, as `risk.workbench.open_queue` writes them."""
    rng = np.random.default_rng([7, n])
    margin = rng.normal(-4, 1, n).astype(np.float32)
    pools = {
        "origin": [f"Q{c}" for c in "MNOPQRSTUV"],
        "mail_class": ["U", "C", "E"],
        "office_of_exchange": ["NAX", "PRT", "SAX"],
        "lane": ["red", "yellow", "green"],
        "channel": ["", "targeted", "random"],
        REASONS: ["|commodity|origin|", "|origin|", "|", "|commodity|"],
    }
    columns = {name: pd.Categorical.from_codes(rng.integers(0, len(p), n), p) for name, p in pools.items()}
    phi = {f"phi_{k}": rng.normal(0, 0.2, n).astype(np.float32) for k in range(40)}
    ids = [f"U{'ABC'[i % 3]}{i:09d}QM" for i in range(n)]
    scores = {"item_id": ids, "margin": margin, "risk_score": 1 / (1 + np.exp(-margin))}
    return pd.DataFrame({**scores, **columns, **phi})


def measure(folder: QueueFolder) -> dict[str, float]:
    """Median seconds of what a person waits for."""
    columns = ["item_id", "margin", "risk_score", "lane", "channel", REASONS]
    which = ItemFilter(values=(("origin", ("QN",)), ("mail_class", ("E",))), reason="commodity")
    last = folder.page(ItemFilter(), columns=["item_id"]).pages
    some = folder.page(ItemFilter(), page=last // 2, columns=["item_id"]).rows["item_id"].iloc[3]

    def filtered() -> object:
        _passing.cache_clear()
        return folder.page(which, columns=columns)

    def found() -> object:
        _passing.cache_clear()
        return folder.page(ItemFilter(text="00012"), columns=columns)

    return {
        "first page": seconds(lambda: folder.page(ItemFilter(), columns=columns)),
        "last page": seconds(lambda: folder.page(ItemFilter(), page=last, columns=columns)),
        "first page under three filters": seconds(filtered, repeats=3),
        "next page under them": seconds(lambda: folder.page(which, page=2, columns=columns)),
        "search in the item ids": seconds(found, repeats=3),
        "one item, all columns": seconds(lambda: folder.item(some)),
        "(reading four columns whole, for comparison)": seconds(
            lambda: folder.columns(columns[:4]), repeats=1
        ),
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=5_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = QueueFolder(Path(place))
        folder.write(made(given.items), id_field="item_id")
        print(machine("pyarrow"), "\n")
        rows = [
            [f"{given.items:,} items, {name}", f"{1000 * t:.0f} ms", f"≤ {LIMIT:.0f} s", f"{t / LIMIT:.2f}"]
            for name, t in measure(folder).items()
        ]
    print(table(list(FIGURES), rows))


if __name__ == "__main__":
    main()
