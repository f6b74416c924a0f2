"""Are the made world's oracles calibrated, and how hard is the world? Prints two Markdown tables.

Run: python benchmarks/bench_oracle.py [streams]   (60 streams of 200,000 items by default, about 120 s)
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from scipy.special import expit

from data_synthetic.stream import Source, StreamMaker
from data_synthetic.world import load_world

ITEMS, FIRST_SEED = 200_000, 100


def margins(seed: int) -> pd.DataFrame:
    """Both oracles' margins, truth and identities of one operational stream."""
    maker = StreamMaker(Source(load_world("operational"), seed, ITEMS, 180))
    rows = []
    for block in maker.blocks(1):
        s = block.skeleton
        history = maker.add(block)[0]
        rows.append(pd.DataFrame({"item": block.margin_item, "history": history, "irregular": s.irregular,
                                  "identity": s.identity + seed * 10**9}))
    return pd.concat(rows, ignore_index=True)


def reliability(table: pd.DataFrame, oracle: str) -> list[str]:
    """Observed over stated irregular items, and the gap in standard errors, by decile of what is expected."""
    p = expit(table[oracle].to_numpy())
    order = np.argsort(p, kind="stable")
    decile = np.empty(len(p), dtype=int)
    decile[order] = np.minimum((np.cumsum(p[order]) / p.sum() * 10).astype(int), 9)
    out = []
    for d in range(10):
        rows = decile == d
        sums = (table["irregular"][rows] - p[rows]).groupby(table["identity"][rows]).sum()
        ratio = table["irregular"][rows].sum() / p[rows].sum()
        out.append(f"{ratio:.3f} ({sums.sum() / np.sqrt((sums ** 2).sum()):+.1f})")
    return out


def detection(table: pd.DataFrame, oracle: str) -> float:
    """Share of irregular items among the 1 % with the highest margins."""
    top = np.argsort(-table[oracle].to_numpy(), kind="stable")[: len(table) // 100]
    return table["irregular"].to_numpy()[top].sum() / table["irregular"].sum()


def main(streams: int = 60) -> None:
    """Print the tables."""
    tables = [margins(FIRST_SEED + i) for i in range(streams)]
    joined = pd.concat(tables, ignore_index=True)
    print("| oracle | " + " | ".join(f"decile {d + 1}" for d in range(10)) + " |\n|" + "---|" * 11)
    for oracle in ("item", "history"):
        print(f"| {oracle} | " + " | ".join(reliability(joined, oracle)) + " |")
    print(f"\n{len(joined):,} items; observed ÷ stated irregular items (gap in standard errors)\n")
    print("| oracle | detection at 1 % (least, mean, most of the streams) |\n|---|---|")
    for oracle in ("item", "history"):
        found = [detection(t, oracle) for t in tables]
        print(f"| {oracle} | {min(found):.3f}, {np.mean(found):.3f}, {max(found):.3f} |")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
