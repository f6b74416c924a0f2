"""Readable models beside black boxes: average precision, AUC and detection at 1 % capacity, judged by truth.

Every model gets the same features and the same training rows; the last fifth of the stream judges. The
history-aware oracle is the best any model could do. Needs ``pip install lightgbm xgboost`` (benchmark only;
a missing one is left out of the table).

    python -m benchmarks.bench_models --items 60000 --seeds 1 2 3
    python -m benchmarks.bench_models --items 60000 --worlds teaching --models logistic scorecard
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score

from risk import workbench
from risk.errors import Refused
from risk.features import Features, with_past
from risk.recipes import RECIPES, Lesson, capped
from risk.training import EVALUATE, FIT, families_of, labels_of, slices_of


def lesson_of(folder: Path, labels: str) -> tuple[Lesson, np.ndarray, np.ndarray, pd.DataFrame]:
    """What there is to learn from, the evaluation slice's features, its truth, and its oracle margins."""
    data, truth = workbench.load_data(folder), workbench.load_truth(folder)
    declared = with_past(data.declarations, data.dictionary, outcomes=data.outcomes)
    slices = slices_of(declared, data.dictionary)
    judge = truth if labels == "truth" else None
    early = labels_of(data, known_by=slices.fit_until, truth=judge)[slices.rows(FIT)]
    if early["y"].sum() < 10:
        raise Refused(f"{int(early['y'].sum())} finds; nothing was fitted.")
    features = Features(data.dictionary)
    features.fit(declared[slices.rows(FIT)], early["y"].to_numpy(), reported=early["reported"].to_numpy())
    x = features.transform(declared).to_numpy(np.float32)
    family = np.where(early["y"] == 1, families_of(data, truth=judge)[slices.rows(FIT)], "")
    lesson = Lesson(features, x[slices.rows(FIT)], early["y"].to_numpy(), early["weight"].to_numpy(), family)
    later = slices.rows(EVALUATE)
    best = truth.set_index("item_id").loc[data.declarations["item_id"][later]]
    return lesson, x[later], best["irregular"].to_numpy(dtype=bool), best


def boosted(lesson: Lesson, x: np.ndarray) -> np.ndarray:
    """scikit-learn's booster, unconstrained; the best of three sizes on the last fifth of the rows."""
    return _tuned(
        lesson,
        x,
        lambda leaves, rounds, rate: HistGradientBoostingClassifier(
            max_leaf_nodes=leaves,
            max_iter=rounds,
            learning_rate=rate,
            early_stopping=False,
            l2_regularization=5,
            random_state=0,
        ),
    )


def lightgbm(lesson: Lesson, x: np.ndarray) -> np.ndarray:
    """LightGBM, tuned alike."""
    made = importlib.import_module("lightgbm").LGBMClassifier
    return _tuned(
        lesson,
        x,
        lambda leaves, rounds, rate: made(
            num_leaves=leaves,
            n_estimators=rounds,
            learning_rate=rate,
            reg_lambda=5,
            n_jobs=1,
            verbose=-1,
            random_state=0,
        ),
    )


def xgboost(lesson: Lesson, x: np.ndarray) -> np.ndarray:
    """XGBoost, tuned alike."""
    made = importlib.import_module("xgboost").XGBClassifier
    return _tuned(
        lesson,
        x,
        lambda leaves, rounds, rate: made(
            max_leaves=leaves,
            max_depth=0,
            grow_policy="lossguide",
            n_estimators=rounds,
            learning_rate=rate,
            reg_lambda=5,
            n_jobs=1,
            random_state=0,
        ),
    )


def _tuned(lesson: Lesson, x: np.ndarray, make: Callable[[int, int, float], object]) -> np.ndarray:
    rows = np.flatnonzero(lesson.seen)
    first, last = rows[: int(0.8 * len(rows))], rows[int(0.8 * len(rows)) :]
    sizes = [(4, 100, 0.1), (8, 100, 0.06), (16, 200, 0.06)]
    if lesson.y[last].sum() >= 5:
        ap = [
            average_precision_score(lesson.y[last], _fitted(make(*s), lesson, first, lesson.x[last]))
            for s in sizes
        ]
        sizes = [sizes[int(np.argmax(ap))]]
    return _fitted(make(*sizes[0]), lesson, rows, x)


def _fitted(model, lesson: Lesson, rows: np.ndarray, x: np.ndarray) -> np.ndarray:
    model.fit(lesson.x[rows], lesson.y[rows].astype(int), sample_weight=capped(lesson.weight[rows]))
    return model.predict_proba(x)[:, 1]


CHALLENGERS = {f.__name__: f for f in (boosted, lightgbm, xgboost)}  # tuned: instead of the recipe `boosted`
MODELS = (*(name for name in RECIPES if name not in CHALLENGERS), *CHALLENGERS)


def compare(folder: Path, labels: str, models: Sequence[str]) -> pd.DataFrame:
    """One row a model named, after the oracles: average precision, AUC, detection rate at 1 %, seconds."""
    lesson, x, y, best = lesson_of(folder, labels)
    rows = [
        _row("oracle (with history)", best["oracle_margin"].to_numpy(), y, 0.0),
        _row("oracle (item only)", best["oracle_margin_item"].to_numpy(), y, 0.0),
    ]
    for name in models:
        start = time.perf_counter()
        try:
            margin = CHALLENGERS[name](lesson, x) if name in CHALLENGERS else RECIPES[name](lesson).margins(x)
        except ModuleNotFoundError:
            continue
        rows.append(_row(name, margin, y, time.perf_counter() - start))
    return pd.DataFrame(rows).assign(finds=lesson.found, rows=int(lesson.seen.sum()))


def _row(name: str, margin: np.ndarray, y: np.ndarray, seconds: float) -> dict:
    top = np.argsort(-margin, kind="stable")[: int(0.01 * len(y))]
    return {
        "model": name,
        "ap": average_precision_score(y, margin),
        "auc": roc_auc_score(y, margin),
        "detected": y[top].sum() / y.sum(),
        "seconds": seconds,
    }


def main() -> None:
    """Print one Markdown row a world, kind of label and model: means over the seeds."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--items", type=int, default=80_000)
    told.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    told.add_argument("--worlds", nargs="+", default=["teaching", "operational"])
    told.add_argument("--labels", nargs="+", default=["examined", "truth"])
    told.add_argument("--models", nargs="+", choices=MODELS, default=MODELS, metavar="MODEL")
    given = told.parse_args()
    print(
        "| world | labels | finds learnt from | model | average precision, by seed | AUC | detected at 1 % | "
        "of the oracle's | fit and score, s |\n|---|---|---|---|---|---|---|---|---|",
        flush=True,
    )
    for world in given.worlds:
        for labels in given.labels:
            print(_rows(world, labels, given), flush=True)


def _rows(world: str, labels: str, given: argparse.Namespace) -> str:
    tables = []
    for seed in given.seeds:
        with tempfile.TemporaryDirectory() as folder:
            workbench.generate(folder, world=world, items=given.items, seed=seed)
            try:
                tables.append(compare(Path(folder), labels, given.models))
            except Refused as error:
                return f"| {world} | {labels} | {error} | | | | | | |"
    best = np.mean([t["detected"].iloc[0] for t in tables])
    lines = []
    for i, name in enumerate(tables[0]["model"]):
        ap, auc, seen = ([t[c].iloc[i] for t in tables] for c in ("ap", "auc", "detected"))
        lines.append(
            f"| {world} | {labels} | {', '.join(str(t['finds'].iloc[0]) for t in tables)} | {name} | "
            f"{np.mean(ap):.3f} ({', '.join(f'{v:.3f}' for v in ap)}) | {np.mean(auc):.3f} | "
            f"{np.mean(seen):.3f} | {np.mean(seen) / best:.0%} | "
            f"{np.median([t['seconds'].iloc[i] for t in tables]):.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
