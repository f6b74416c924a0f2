"""Do reasons name the cause? The default model beside the others and `boosted`, on the same flagged items.

    python -m benchmarks.bench_causes [--items 60000] [--seeds 1 2 3] [--rate 0.02] [--draws 32]

Streams of the world ``teaching``; every model learns from what examinations showed, the last fifth of the
stream judges. *Flagged* are the items with the highest scores of the default model; the irregular ones among
them are what every model is asked about, pooled over the seeds. The difference is the default's value less the
other model's, item by item, with a 95 % bootstrap interval over items. *boosted, larger* has 200 trees of 16
leaves, more than as few finds warrant. Both are explained by shap against 100 items of the training slice.
*By field*: every model's attributions to the raw fields that were stated, by one game for all of them
(`risk.explanation_audit.field_attributions`). About 25 seconds of processor time a seed.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from benchmarks.measure import FIGURES, machine, table
from data_synthetic.world import CONTAINS
from risk import training, workbench
from risk.boosted import fit_boosted
from risk.explaining import stated_attributions
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


@dataclass(frozen=True)
class Asked:
    """Irregular items that the default flags: attributions by model, to features and to stated fields; `apart`
    takes gross and net weight for two fields that know nothing of one another."""

    by_reason: dict[str, np.ndarray]
    by_field: dict[str, np.ndarray]
    apart: dict[str, np.ndarray]
    causes: Causes
    reads: list[tuple[str, ...]]
    alone: list[tuple[str]]


def asked(items: int, seed: int, rate: float, draws: int) -> Asked:
    """Every model's attributions of one stream's flagged irregular items."""
    with tempfile.TemporaryDirectory() as folder:
        workbench.generate(folder, items=items, seed=seed)
        data, truth = workbench.load_data(folder), workbench.load_truth(folder)
    models = models_of(data)
    first = next(iter(models.values()))
    newer = data.declarations[training.unseen_rows(first.facts, data)]
    past = data.declarations[training.slices_of(data.declarations, data.dictionary).rows(training.FIT)]
    known = truth.set_index("item_id").loc[newer["item_id"]]
    order = np.argsort(-first.score(newer)["margin"].to_numpy(), kind="stable")[: round(rate * len(newer))]
    rows = order[known["irregular"].to_numpy(dtype=bool)[order]]
    phis = {}
    for name, model in models.items():
        told = model.attribute(newer.iloc[rows])
        phis[name] = told[[c for c in told if c.startswith("phi_")]].to_numpy()
    by_field, alone = stated_attributions(models, newer.iloc[rows], past, draws=draws, seed=seed)
    apart, _ = stated_attributions(models, newer.iloc[rows], past, contains={}, draws=draws, seed=seed)
    return Asked(phis, by_field, apart, causes_of(known.iloc[rows], contains=CONTAINS),
                 list(first.features.reads().values()), next(iter(alone.values())))


def pooled(found: list[Asked]) -> Asked:
    """Items of all seeds as one."""
    phis = [{name: np.concatenate([getattr(f, way)[name] for f in found]) for name in found[0].by_reason}
            for way in ("by_reason", "by_field", "apart")]
    parts = {k: np.concatenate([getattr(f.causes, k) for f in found])
             for k in ("altered", "evidence", "scheme", "contained")}
    return replace(found[0], by_reason=phis[0], by_field=phis[1], apart=phis[2],
                   causes=Causes(found[0].causes.fields, **parts))


def between(row: pd.Series, name: str = "") -> str:
    """An interval as text."""
    return f"[{row[name + 'low']:.3f}, {row[name + 'high']:.3f}]"


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=60_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--rate", type=float, default=0.02)
    parser.add_argument("--draws", type=int, default=32)
    given = parser.parse_args(arguments)
    streams = [asked(given.items, seed, given.rate, given.draws) for seed in given.seeds]
    found = pooled(streams)
    print(machine("numba", "scikit-learn", "shap"))
    print(f"`teaching`, seeds {', '.join(map(str, given.seeds))}, {given.items:,} items each; "
          f"{len(found.causes.altered)} irregular items among the default model's {given.rate:.0%} highest scores.")
    for way, phis, reads in (("by reason", found.by_reason, found.reads), ("by field", found.by_field, found.alone),
                             ("by field, weights apart", found.apart, found.alone)):
        _compared(way, phis, reads, found.causes)
    for way, told in (("by reason", [(s.by_reason, s.reads, s.causes) for s in streams]),
                      ("by field", [(s.by_field, s.alone, s.causes) for s in streams])):
        print(f"Pointing game {way}, default less boosted, whole streams resampled: {_over_streams(told)}")


def _over_streams(told: Sequence[tuple[dict[str, np.ndarray], Sequence[Sequence[str]], Causes]]) -> str:
    """The difference over streams, each model being trained once a stream, with a 95 % interval."""
    rows = [side_by_side(phis, dict.fromkeys(phis, reads), causes).query("measure == 'pointing_game'")
            .set_index("model").loc["boosted"] for phis, reads, causes in told]
    n, less = (np.array([row[c] for row in rows], dtype=float) for c in ("n", "difference"))
    drawn = np.random.default_rng(0).integers(0, len(n), (5000, len(n)))
    low, high = np.quantile((n * less)[drawn].sum(axis=1) / n[drawn].sum(axis=1), [0.025, 0.975])
    return (f"{(n * less).sum() / n.sum():+.3f} [{low:+.3f}, {high:+.3f}]; above in {(less > 0).sum()}, "
            f"below in {(less < 0).sum()} of {len(n)}")


def _compared(way: str, phis: dict[str, np.ndarray], reads: Sequence[Sequence[str]], causes: Causes) -> None:
    """The tables of one way from attributions to fields."""
    beside = side_by_side(phis, dict.fromkeys(phis, reads), causes)
    strict = beside[beside["measure"] == "pointing_game"].set_index("model")
    names = list(phis)
    rows = [[f"pointing game {way} of the {names[0]}", f"{strict['value'].iloc[0]:.3f} {between(strict.iloc[0])}",
             f"{name}: {strict['value'][name]:.3f}", f"{strict['value'].iloc[0] / strict['value'][name]:.3f}"]
            for name in names[1:]]
    print("\n" + table(FIGURES, rows) + "\n")
    print(table(["model", f"measure, {way}", "value", "95 %", "default less this", "95 %"],
                [[r["model"], r["measure"], f"{r['value']:.3f}", between(r), f"{r['difference']:+.3f}",
                  between(r, "difference_")] for _, r in beside.iterrows()]) + "\n")
    for name in (names[0], "boosted"):
        _agreement(f"{name}, {way}", cause_agreement(phis[name], reads, causes))


def _agreement(name: str, told: pd.DataFrame) -> None:
    """All measures of one model, and its pointing game by scheme."""
    kept = told[(told["scheme"] == "all") | (told["measure"] == "pointing_game")]
    print(f"{name}\n\n" + table(
        ["scheme", "n", "measure", "value", "95 %", "random", "global", "ceiling"],
        [[r["scheme"], r["n"], r["measure"], f"{r['value']:.3f}", between(r),
          *(f"{r[c]:.3f}" for c in ("random", "global", "ceiling"))] for _, r in kept.iterrows()]) + "\n")


if __name__ == "__main__":
    main()
