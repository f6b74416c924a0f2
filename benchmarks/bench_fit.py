"""How long a readable model takes to fit, beside scikit-learn's unconstrained booster and interpret's EBM.

One thread, same rows, same number of boosting rounds. EBM is run on fewer rows (its time is given as it
is, not scaled up), beside GA²M on the same fewer rows. A loaded machine slows all alike: read the ratios.

    python -m benchmarks.bench_fit --items 300000 --ebm-items 30000
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from benchmarks.measure import FIGURES, machine, table
from risk.models import GA2MClassifier

FEATURES, PAIRS, ROUNDS = 25, 15, 200


def made(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Items with some missing values whose odds hold single effects and a few pairs."""
    rng = np.random.default_rng([seed, 8])
    x = rng.normal(size=(n, FEATURES)).astype(np.float32)
    x[rng.random(x.shape) < 0.05] = np.nan
    z = np.nan_to_num(x)
    margin = z[:, 0] - z[:, 1] + 0.7 * z[:, 2] * z[:, 3] + 0.7 * z[:, 4] * (z[:, 5] > 0) - 3
    return x, rng.random(n) < 1 / (1 + np.exp(-margin))


def timed(fit: Callable[[], object], repeats: int) -> tuple[float, object]:
    """Median seconds and the last fitted model."""
    spent = []
    for _ in range(repeats):
        began = time.perf_counter()
        model = fit()
        spent.append(time.perf_counter() - began)
    return float(np.median(spent)), model


def main() -> None:
    """Print the figures as Markdown rows."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--items", type=int, default=300_000)
    told.add_argument("--ebm-items", type=int, default=30_000)
    told.add_argument("--repeats", type=int, default=3)
    given = told.parse_args()
    x, y = made(given.items)
    new_x, new_y = made(50_000, seed=1)
    named = [(2 * k % FEATURES, (2 * k + 1) % FEATURES) for k in range(PAIRS)]
    named = sorted({tuple(sorted(p)) for p in named if p[0] != p[1]})
    print(machine("scikit-learn", "numpy") + "\n")

    def ga2m(rows: int, pairs: object) -> Callable[[], GA2MClassifier]:
        model = GA2MClassifier(pairs=pairs, max_iter=ROUNDS, random_state=0)
        return lambda: model.fit(x[:rows], y[:rows])

    with threadpool_limits(1):
        booster = HistGradientBoostingClassifier(max_iter=ROUNDS, learning_rate=0.06, early_stopping=False,
                                                 random_state=0)
        free, black = timed(lambda: booster.fit(x, y), given.repeats)
        bound, ours = timed(ga2m(given.items, named), given.repeats)
        ranked, found = timed(ga2m(given.items, "auto"), 1)
    auc = [roc_auc_score(new_y, m.predict_proba(new_x)[:, 1]) for m in (ours, found, black)]
    what = f"{given.items:,} × {FEATURES}, {ROUNDS} rounds"
    rows = [[f"fit ga2m, {len(named)} named pairs, {what}", f"{bound:.1f} s, AUC {auc[0]:.4f}",
             f"unconstrained booster {free:.1f} s, AUC {auc[2]:.4f}", f"{bound / free:.2f}× (limit 2×)"],
            [f"fit ga2m, pairs ranked first, {what}", f"{ranked:.1f} s, AUC {auc[1]:.4f}",
             f"unconstrained booster {free:.1f} s, AUC {auc[2]:.4f}", f"{ranked / free:.2f}×"]]
    print(table(FIGURES, rows + _ebm(ga2m(given.ebm_items, "auto"), x, y, given.ebm_items, (new_x, new_y))))


def _ebm(ours: Callable[[], GA2MClassifier], x: np.ndarray, y: np.ndarray, n: int,
         judge: tuple[np.ndarray, np.ndarray]) -> list[list[str]]:
    try:
        from interpret.glassbox import ExplainableBoostingClassifier
    except ModuleNotFoundError:
        return [["fit against EBM", "interpret-core is not installed", "", ""]]
    with threadpool_limits(1):
        short, model = timed(ours, 1)
        ebm = ExplainableBoostingClassifier(interactions=PAIRS, n_jobs=1, random_state=0)
        long, other = timed(lambda: ebm.fit(x[:n], y[:n]), 1)
    auc = [roc_auc_score(judge[1], m.predict_proba(judge[0])[:, 1]) for m in (model, other)]
    return [[f"fit ga2m, pairs ranked, {n:,} × {FEATURES}", f"{short:.1f} s, AUC {auc[0]:.4f}",
             f"EBM {long:.1f} s, AUC {auc[1]:.4f}", f"{long / short:.0f}× less (wanted 20×)"]]


if __name__ == "__main__":
    main()
