"""Do reasons name the cause? The default model beside the others and `boosted`, on the same flagged items.

    python -m benchmarks.bench_causes [--items 60000] [--seeds 1 2 3] [--rate 0.02]

Streams of the world ``teaching``; every model learns from what examinations showed, the last fifth of the
stream judges. *Flagged* are the items with the highest scores of the default model; the irregular ones among
them are what every model is asked about, pooled over the seeds. The difference is the default's value less the
other model's, item by item, with a 95 % bootstrap interval over items. *boosted, larger* has 200 trees of 16
leaves, more than as few finds warrant. Both are explained by shap against 100 items of the training slice.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace

import numpy as np
import pandas as pd

from benchmarks.measure import FIGURES, machine, table
from data_synthetic.world import CONTAINS
from risk import training, workbench
from risk.boosted import fit_boosted
from risk.explanation_audit import Causes, cause_agreement, causes_of, side_by_side
from risk.fitted import FittedModel
from risk.intake import Data
from risk.recipes import capped

KINDS = ("auto", "ga2m", "scorecard", "logistic", "boosted")
LARGER = {"max_iter": 200, "learning_rate": 0.06, "max_leaf_nodes": 16}


def models_of(data: Data) -> dict[str, FittedModel]:
    """One model a kind, the default first, and the larger booster."""
    made = {kind: workbench.train(data, kind) for kind in KINDS}
    slices = training.slices_of(data.declarations, data.dictionary)
    fit = slices.rows(training.FIT)
    labels = training.labels_of(data, known_by=slices.fit_until)[fit]
    x = made["boosted"].features.transform(data.declarations[fit]).to_numpy(np.float32)
    seen = labels["y"].notna().to_numpy()
    trees = fit_boosted(x[seen], labels["y"].to_numpy()[seen], capped(labels["weight"].to_numpy()[seen]),
                        settings=LARGER)
    named = replace(trees.rebased(x), names=made["boosted"].tables.names)
    larger = replace(made["boosted"], tables=named)
    return {f"default ({made['auto'].kind})": made.pop("auto"), **made, "boosted, larger": larger}


def asked(items: int, seed: int, rate: float) -> tuple[dict[str, np.ndarray], Causes, list]:
    """Attributions by model of the irregular items that the default flags, their causes, and what features read."""
    with tempfile.TemporaryDirectory() as folder:
        workbench.generate(folder, items=items, seed=seed)
        data, truth = workbench.load_data(folder), workbench.load_truth(folder)
        models = models_of(data)
        first = next(iter(models.values()))
        newer = data.declarations[training.unseen_rows(first.facts, data)]
    known = truth.set_index("item_id").loc[newer["item_id"]]
    order = np.argsort(-first.score(newer)["margin"].to_numpy(), kind="stable")[: round(rate * len(newer))]
    rows = order[known["irregular"].to_numpy(dtype=bool)[order]]
    phis = {}
    for name, model in models.items():
        told = model.attribute(newer.iloc[rows])
        phis[name] = told[[c for c in told if c.startswith("phi_")]].to_numpy()
    return phis, causes_of(known.iloc[rows], contains=CONTAINS), list(first.features.reads().values())


def pooled(found: list[tuple[dict[str, np.ndarray], Causes, list]]) -> tuple[dict[str, np.ndarray], Causes]:
    """Items of all seeds as one."""
    phis = {name: np.concatenate([f[0][name] for f in found]) for name in found[0][0]}
    parts = {k: np.concatenate([getattr(c, k) for _, c, _ in found])
             for k in ("altered", "evidence", "scheme", "contained")}
    return phis, Causes(found[0][1].fields, **parts)


def between(row: pd.Series, name: str = "") -> str:
    """An interval as text."""
    return f"[{row[name + 'low']:.3f}, {row[name + 'high']:.3f}]"


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=60_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--rate", type=float, default=0.02)
    given = parser.parse_args(arguments)
    found = [asked(given.items, seed, given.rate) for seed in given.seeds]
    phis, causes = pooled(found)
    reads = dict.fromkeys(phis, found[0][2])
    beside = side_by_side(phis, reads, causes)
    strict = beside[beside["measure"] == "pointing_game"].set_index("model")
    print(machine("numba", "scikit-learn", "shap"))
    print(f"`teaching`, seeds {', '.join(map(str, given.seeds))}, {given.items:,} items each; {len(causes.altered)} "
          f"irregular items among the {given.rate:.0%} highest scores of the default model.\n")
    names = list(phis)
    rows = [[f"pointing game of the {names[0]}", f"{strict['value'].iloc[0]:.3f} {between(strict.iloc[0])}",
             f"{name}: {strict['value'][name]:.3f}", f"{strict['value'].iloc[0] / strict['value'][name]:.3f}"]
            for name in names[1:]]
    print(table(FIGURES, rows) + "\n")
    print(table(["model", "measure", "value", "95 %", "default less this", "95 %"],
                [[r["model"], r["measure"], f"{r['value']:.3f}", between(r), f"{r['difference']:+.3f}",
                  between(r, "difference_")] for _, r in beside.iterrows()]) + "\n")
    for name in (names[0], "boosted"):
        _agreement(name, cause_agreement(phis[name], reads[name], causes))


def _agreement(name: str, told: pd.DataFrame) -> None:
    """All measures of one model, and its pointing game by scheme."""
    kept = told[(told["scheme"] == "all") | (told["measure"] == "pointing_game")]
    print(f"{name}\n\n" + table(
        ["scheme", "n", "measure", "value", "95 %", "random", "global", "ceiling"],
        [[r["scheme"], r["n"], r["measure"], f"{r['value']:.3f}", between(r),
          *(f"{r[c]:.3f}" for c in ("random", "global", "ceiling"))] for _, r in kept.iterrows()]) + "\n")


if __name__ == "__main__":
    main()
