"""Exact explanations a second, beside the published ways, in one run on one thread.

    python -m benchmarks.bench_explain [--items 500000] [--repeats 5]

One model: 25 features, 12 pairs, 200 trees, fitted on 100,000 made items. *tables* is the shipped engine:
float features in, margins and all attributions out, explained against the whole training background.
*profiles* is the form of the default model: eight profiles over the same features, joined exactly.
*woodelf* explains the same trees against the same background; *shap* the same trees against 100 rows of it;
*scikit-learn* only predicts. LightGBM, XGBoost and EBM are of like size on the same data; the values that
the first two give are path-dependent ones, not those against a background. The *memory limit* reads the
input once and writes the output once, doing nothing else.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np
import pandas as pd
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from benchmarks.measure import FIGURES, machine, seconds, table
from risk.models import GA2MClassifier, ProfilesClassifier

FEATURES, PAIRS, TREES, TRAIN = 25, 12, 200, 100_000
PROFILES, PROFILE_ROUNDS, PROFILE_TRAIN = 8, 60, 40_000
Case = tuple[str, int, Callable[[], object]]


def made(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, 25) float32 that all matter, alone and in 12 pairs, and labels (n,)."""
    rng = np.random.default_rng([seed, 31])
    x = rng.normal(size=(n, FEATURES)).astype(np.float32)
    joint = sum(x[:, 2 * k] * x[:, 2 * k + 1] for k in range(PAIRS))
    margin = 0.6 * np.sin(2 * x).sum(axis=1) + 0.3 * joint - 3
    return x, rng.random(n) < 1 / (1 + np.exp(-margin))


def cases(model: GA2MClassifier, x: np.ndarray, y: np.ndarray, many: np.ndarray) -> Iterator[Case]:
    """Name, items and work of each way."""
    phi, margin = np.empty(many.shape), np.empty(len(many))
    tables = model.tables_

    def copy() -> None:
        np.copyto(phi, many)
        np.copyto(margin, many[:, 0])

    yield "tables: margins and attributions", len(many), lambda: tables.explain(many)
    yield "tables: margins alone", len(many), lambda: tables.margins(many)
    yield "memory limit (input read, output written)", len(many), copy
    some = many[:50_000]
    yield "scikit-learn: margins alone", len(some), lambda: model.booster_.decision_function(some)
    yield from _tree_shap(model, x)
    yield from _others(x, y)


def _tree_shap(model: GA2MClassifier, x: np.ndarray) -> Iterator[Case]:
    import shap

    explainer = shap.TreeExplainer(model.booster_, x[:100], feature_perturbation="interventional")
    yield "shap, 100 background rows", 200, lambda: explainer.shap_values(x[:200], check_additivity=False)
    if find_spec("woodelf"):
        yield "woodelf, whole background", 100_000, lambda: woodelf_values(model, x, x[:100_000])


def profile_cases(x: np.ndarray, y: np.ndarray, many: np.ndarray) -> Iterator[Case]:
    """The default model's form: eight profiles, each of three features, and a booster of the same size."""
    x, y = x[:PROFILE_TRAIN], y[:PROFILE_TRAIN]
    kind = np.sin(2 * x[:, : 3 * PROFILES]).reshape(len(x), PROFILES, 3).sum(axis=2).argmax(axis=1)
    family = np.where(y, np.char.add("p", kind.astype(str)), "").astype(object)
    model = ProfilesClassifier(n_bags=1, max_iter=PROFILE_ROUNDS, random_state=0).fit(x, y, families=family)
    tables = model.tables_
    booster = HistGradientBoostingClassifier(max_iter=PROFILE_ROUNDS, max_leaf_nodes=4, early_stopping=False,
                                             interaction_cst="no_interactions").fit(x, np.where(y, kind + 1, 0))
    phi, margin, some = np.empty(many.shape), np.empty(len(many)), many[:20_000]

    def copy() -> None:
        np.copyto(phi, many)
        np.copyto(margin, many[:, 0])

    yield "profiles: margins and attributions", len(many), lambda: tables.explain(many)
    yield "profiles: margins alone", len(many), lambda: tables.margins(many)
    yield "memory limit (input read, output written)", len(many), copy
    yield "scikit-learn, the same profiles: margins alone", len(some), lambda: booster.decision_function(some)


def woodelf_values(model: GA2MClassifier, background: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """SHAP values (n, p) of the same trees by `woodelf-explainer`."""
    from woodelf import WoodelfExplainer

    names = [f"x{j}" for j in range(background.shape[1])]
    explainer = WoodelfExplainer(model.booster_, pd.DataFrame(background, columns=names))
    found = explainer.shap_values(pd.DataFrame(rows, columns=names), verbose=False)
    return np.asarray(found)


def _others(x: np.ndarray, y: np.ndarray) -> Iterator[Case]:
    """Models of other libraries, of like size: their own ways to explain."""
    some = x[:5000]
    if find_spec("lightgbm"):
        import lightgbm

        plan = {"objective": "binary", "num_leaves": 8, "learning_rate": 0.06, "num_threads": 1}
        light = lightgbm.train(plan | {"verbose": -1}, lightgbm.Dataset(x, y.astype(int)), TREES)
        yield "LightGBM pred_contrib", len(some), lambda: light.predict(some, pred_contrib=True)
    if find_spec("xgboost"):
        import xgboost

        boosted = xgboost.train({"objective": "binary:logistic", "max_leaves": 8, "grow_policy": "lossguide",
                                 "tree_method": "hist", "nthread": 1}, xgboost.DMatrix(x, y), TREES)
        matrix = xgboost.DMatrix(some)
        yield "XGBoost pred_contribs", len(some), lambda: boosted.predict(matrix, pred_contribs=True)
    if find_spec("interpret"):
        from interpret.glassbox import ExplainableBoostingClassifier

        pairs = [(2 * k, 2 * k + 1) for k in range(PAIRS)]
        ebm = ExplainableBoostingClassifier(interactions=pairs, outer_bags=1, max_rounds=TREES, n_jobs=1)
        ebm.fit(x[:20_000], y[:20_000])
        yield "EBM local explanation", len(some), lambda: ebm.eval_terms(some)


def equality(model: GA2MClassifier, x: np.ndarray) -> Iterator[tuple[str, str]]:
    """Greatest difference of attributions from the other exact ways, on a background they share."""
    import shap

    background, rows = x[:100], x[100:400]
    ours = model.tables_.rebased(background).attributions(rows)
    explainer = shap.TreeExplainer(model.booster_, background, feature_perturbation="interventional")
    theirs = explainer.shap_values(rows, check_additivity=False)
    yield "shap, the same 100 background rows, 300 items", f"{np.abs(ours - theirs).max():.1e}"
    if find_spec("woodelf"):
        theirs = woodelf_values(model, x, x[:3000])
        gap = np.abs(model.tables_.attributions(x[:3000]) - theirs).max()
        yield f"woodelf, the whole background ({len(x):,} rows), 3,000 items", f"{gap:.1e}"


def measured(work: Iterator[Case], repeats: int) -> list[tuple[str, float]]:
    """Name and items a second of each way."""
    return [(name, n / seconds(once, repeats=repeats if n > 1000 else 3)) for name, n, once in work]


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=500_000)
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args(arguments)
    x, y = made(TRAIN)
    with threadpool_limits(1):
        pairs = [(2 * k, 2 * k + 1) for k in range(PAIRS)]
        model = GA2MClassifier(pairs=pairs, max_iter=TREES, max_leaf_nodes=8, random_state=0).fit(x, y)
        many = made(given.items, 1)[0]
        rates = measured(cases(model, x, y, many), given.repeats)
        default = measured(profile_cases(x, y, many), given.repeats)
        gaps = list(equality(model, x))
    print(machine("numba", "scikit-learn", "shap"))
    thresholds = sum(map(len, model.tables_.edges))
    print(f"{FEATURES} features, {PAIRS} pairs, {TREES} trees, {thresholds} thresholds, "
          f"background {TRAIN:,} rows; one thread; medians.\n")
    print(table(FIGURES, [[found[0][0], f"{found[0][1]:,.0f} items/s", f"{name}: {rate:,.0f} items/s",
                           f"{found[0][1] / rate:,.2f}"] for found in (rates, default) for name, rate in found[1:]]))
    print()
    print(table(["attributions against", "greatest difference (log-odds)"], gaps))


if __name__ == "__main__":
    main()
