"""What groups of features are worth: the default model without each, and with the dimensions of data quality.

The same streams, rows and seeds for every set; the last fifth of the stream judges, by truth. A difference
that changes its sign from seed to seed is none.

    python -m benchmarks.bench_features --items 60000 --seeds 1 2 3
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.metrics import average_precision_score

from benchmarks.measure import machine
from risk import workbench
from risk.features import Features
from risk.features.quality import DIMENSIONS
from risk.recipes import RECIPES, Lesson
from risk.schema import Dictionary
from risk.training import EVALUATE, FIT, families_of, labels_of, slices_of

_QUALITY = tuple(f"data_{d}" for d in DIMENSIONS)
#: Sets of features: what is left out of all that the dictionary declares.
SETS: Mapping[str, tuple[str, ...]] = {
    "as they are": _QUALITY,
    "without party_history": (*_QUALITY, "party_history"),
    "without new_for_origin": (*_QUALITY, "new_for_origin"),
    "without rare_for_origin": (*_QUALITY, "rare_for_origin"),
    "with the four dimensions of data quality": (),
}


def worth(folder: Path, model: str) -> pd.DataFrame:
    """One row a set: average precision, and the share of irregular items among the best 1 % (detected)."""
    data, truth = workbench.load_data(folder), workbench.load_truth(folder)
    described = data.dictionary.to_descriptor()
    described["risk"]["features"] = [{**f, "model": True} for f in described["risk"]["features"]]
    dictionary, slices = Dictionary(described), slices_of(data.declarations, data.dictionary)
    fit, later = slices.rows(FIT), slices.rows(EVALUATE)
    early = labels_of(data, known_by=slices.fit_until)[fit]
    y, family = early["y"].to_numpy(), np.where(early["y"] == 1, families_of(data)[fit], "")
    irregular = truth.set_index("item_id").loc[data.declarations["item_id"][later], "irregular"].to_numpy(dtype=bool)
    rows = []
    for name, without in SETS.items():
        features = Features(dictionary, without=without)
        features.fit(data.declarations[fit], y, reported=early["reported"].to_numpy())
        x = features.values(data.declarations)
        margin = RECIPES[model](Lesson(features, x[fit], y, early["weight"].to_numpy(), family)).margins(x[later])
        best = np.argsort(-margin, kind="stable")[: int(0.01 * len(irregular))]
        rows.append((name, average_precision_score(irregular, margin), irregular[best].sum() / irregular.sum()))
    return pd.DataFrame(rows, columns=["features", "ap", "detected"]).assign(finds=int(np.nansum(y)))


def _rows(world: str, found: Sequence[pd.DataFrame]) -> str:
    every = pd.concat(found)
    base = every.groupby("features", sort=False)["detected"].mean().iloc[0]
    lines = []
    for name, part in every.groupby("features", sort=False):
        ap, seen = (f"{part[c].mean():.3f} ({', '.join(f'{v:.3f}' for v in part[c])})" for c in ("ap", "detected"))
        lines.append(f"| {world} | {', '.join(map(str, part['finds']))} | {name} | {ap} | {seen} | "
                     f"{part['detected'].mean() / base:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Print one Markdown row a world and set of features: means over the seeds, and each seed."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--items", type=int, default=60_000)
    told.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    told.add_argument("--worlds", nargs="+", default=["teaching", "operational", "drift"])
    told.add_argument("--model", default="profiles")
    given = told.parse_args()
    print(machine("scikit-learn") + f" Model: {given.model}, {given.items:,} items, seeds {given.seeds}.\n")
    print("| world | finds learnt from | features | average precision, by seed | detected at 1 %, by seed | ratio |\n"
          "|---|---|---|---|---|---|", flush=True)
    for world in given.worlds:
        found = []
        for seed in given.seeds:
            with tempfile.TemporaryDirectory() as folder:
                workbench.generate(folder, world=world, items=given.items, seed=seed)
                found.append(worth(Path(folder), given.model))
        print(_rows(world, found), flush=True)


if __name__ == "__main__":
    main()
