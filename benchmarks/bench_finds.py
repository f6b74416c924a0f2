"""Is it finds, features or form that a model lacks? Detection at 1 % by how much it learnt from, beside the oracles.

One `teaching` stream, every label, the same features; the last part judges. Needs lightgbm (extra [bench]). Two
minutes of processor time.

    python -m benchmarks.bench_finds --items 300000
"""

from __future__ import annotations

import argparse
import importlib
import tempfile

import numpy as np
from sklearn.metrics import average_precision_score

from benchmarks.measure import machine, table
from risk import workbench
from risk.features import Features
from risk.models import ProfilesClassifier
from risk.training import labels_of

SIZES = ((24_000, 8, 150), (80_000, 16, 400), (240_000, 16, 400))
PROFILED = 80_000


def main() -> None:
    """Print one Markdown row a number of items learnt from, and the two oracles."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--items", type=int, default=300_000)
    told.add_argument("--judged", type=int, default=40_000)
    told.add_argument("--seed", type=int, default=31)
    given = told.parse_args()
    x, truth, first = _stream(given.items, given.items - given.judged, given.seed)
    y = truth["irregular"].to_numpy(dtype=int)
    margins = {f"oracle, {words}": truth[column].to_numpy()[first:] for words, column in
               (("item only", "oracle_margin_item"), ("with history", "oracle_margin"))}
    finds = dict.fromkeys(margins, "")
    for n, leaves, rounds in SIZES:
        rows = slice(max(0, first - n), first)
        model = importlib.import_module("lightgbm").LGBMClassifier(
            num_leaves=leaves, n_estimators=rounds, learning_rate=0.06, reg_lambda=5, n_jobs=1, verbose=-1,
            random_state=0)
        name = f"{n:,} items, {leaves} leaves, {rounds} rounds"
        margins[name] = model.fit(x[rows], y[rows]).predict_proba(x[first:])[:, 1]
        finds[name] = f"{y[rows].sum():,}"
    rows = slice(max(0, first - PROFILED), first)
    profiles = ProfilesClassifier(n_bags=2, max_iter=120, learning_rate=0.1, random_state=0)
    profiles.fit(x[rows], y[rows], families=truth["scheme"].fillna("").to_numpy(object)[rows])
    name = f"{PROFILED:,} items, profiles"
    margins[name], finds[name] = profiles.decision_function(x[first:]), f"{y[rows].sum():,}"
    best = _detected(margins["oracle, with history"], y[first:])
    lines = [[name, finds[name], f"{average_precision_score(y[first:], m):.3f}", f"{_detected(m, y[first:]):.3f}",
              f"{_detected(m, y[first:]) / best:.0%}"] for name, m in margins.items()]
    print(machine("lightgbm") + "\n")
    print(table(["learnt from", "finds", "average precision", "detected at 1 %", "of the oracle's"], lines))


def _stream(items: int, first: int, seed: int) -> tuple[np.ndarray, object, int]:
    """Features in time order, fitted before the judged part; the truth in the same order; where that part begins."""
    with tempfile.TemporaryDirectory() as folder:
        workbench.generate(folder, world="teaching", items=items, seed=seed)
        data, truth = workbench.load_data(folder), workbench.load_truth(folder)
    known = workbench.known(data).declarations
    order = np.argsort(known["arrived_utc"].to_numpy(), kind="stable")
    labels, past = labels_of(data, truth=truth).iloc[order], known.iloc[order]
    features = Features(data.dictionary)
    features.fit(past.iloc[:first], labels["y"].to_numpy()[:first], reported=labels["reported"].to_numpy()[:first])
    return features.values(past), truth.set_index("item_id").loc[past["item_id"]], first


def _detected(margin: np.ndarray, y: np.ndarray) -> float:
    best = np.argsort(-margin, kind="stable")[: len(margin) // 100]
    return float(y[best].sum() / y.sum())


if __name__ == "__main__":
    main()
