"""How long a readable model takes to fit, beside scikit-learn's unconstrained booster and interpret's EBM.

One thread, same rows, same number of boosting rounds; processor time. EBM has a process of its own and a
limit; what it did not finish is said as "more than". Eight minutes on a quiet machine.

    python -m benchmarks.bench_fit --items 300000 --ebm-items 20000 300000 --ebm-limit 1200
"""

from __future__ import annotations

import argparse
import resource
import time
import warnings
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.connection import Connection

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from benchmarks.measure import FIGURES, machine, table
from risk.models import GA2MClassifier

FEATURES, PAIRS, ROUNDS = 25, 15, 200
RATE, RATE_MANY, MANY = 0.06, 0.25, 100_000  # the estimator's own rate learns too little from many rows in 200 rounds


def made(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Items with some missing values whose odds hold single effects and a few pairs."""
    rng = np.random.default_rng([seed, 8])
    x = rng.normal(size=(n, FEATURES)).astype(np.float32)
    x[rng.random(x.shape) < 0.05] = np.nan
    return x, rng.random(n) < 1 / (1 + np.exp(-margin_of(x)))


def margin_of(x: np.ndarray) -> np.ndarray:
    """The log-odds the items were made with, (n_items,): no model can rank them better."""
    z = np.nan_to_num(x)
    return z[:, 0] - z[:, 1] + 0.7 * z[:, 2] * z[:, 3] + 0.7 * z[:, 4] * (z[:, 5] > 0) - 3


def timed(fit: Callable[[], object], repeats: int) -> tuple[float, object]:
    """Median seconds of processor time and the last fitted model."""
    spent = []
    for _ in range(repeats):
        began = time.process_time()
        model = fit()
        spent.append(time.process_time() - began)
    return float(np.median(spent)), model


def main() -> None:
    """Print the figures as Markdown rows."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--items", type=int, default=300_000)
    told.add_argument("--repeats", type=int, default=1)
    told.add_argument("--ebm-items", type=int, nargs="*", default=[20_000, 300_000])
    told.add_argument("--ebm-limit", type=float, default=1200, help="seconds of processor time for one EBM")
    given = told.parse_args()
    print(machine("scikit-learn", "numpy") + " Seconds of processor time, one thread.\n")
    print(table(FIGURES, [row for part in _parts(given) for row in part]))
    x, y = made(50_000, seed=1)
    print(f"\nThe odds the rows were made with have an AUC of {roc_auc_score(y, margin_of(x)):.4f}.")


def _parts(given: argparse.Namespace) -> Iterator[list[list[str]]]:
    judge = made(50_000, seed=1)
    with threadpool_limits(1):
        yield _beside_booster(given.items, given.repeats, judge)
        for n in given.ebm_items:
            yield _beside_ebm(n, given.ebm_limit, judge)


def _ga2m(pairs: object, rate: float = RATE) -> GA2MClassifier:
    return GA2MClassifier(pairs=pairs, max_iter=ROUNDS, learning_rate=rate, random_state=0)


def _auc(model: object, judge: tuple[np.ndarray, np.ndarray]) -> float:
    return float(roc_auc_score(judge[1], model.predict_proba(judge[0])[:, 1]))


def _beside_booster(n: int, repeats: int, judge: tuple[np.ndarray, np.ndarray]) -> list[list[str]]:
    x, y = made(n)
    named = [(2 * k % FEATURES, (2 * k + 1) % FEATURES) for k in range(PAIRS)]
    named = sorted({tuple(sorted(p)) for p in named if p[0] != p[1]})
    booster = HistGradientBoostingClassifier(
        max_iter=ROUNDS, learning_rate=0.06, early_stopping=False, random_state=0
    )
    free, black = timed(lambda: booster.fit(x, y), repeats)
    rows = []
    for pairs, words in ((named, f"{len(named)} named pairs"), ("auto", "pairs ranked first")):
        spent, model = timed(lambda pairs=pairs: _ga2m(pairs).fit(x, y), repeats)
        what = f"fit ga2m, {words}, {n:,} × {FEATURES}, {ROUNDS} rounds"
        rows.append([what, f"{spent:.1f} s, AUC {_auc(model, judge):.4f}",
                     f"unconstrained booster {free:.1f} s, AUC {_auc(black, judge):.4f}",
                     f"{spent / free:.2f}× (limit 2×)"])  # fmt: skip
    return rows


def _beside_ebm(n: int, limit: float, judge: tuple[np.ndarray, np.ndarray]) -> list[list[str]]:
    """One row a learning rate: ours beside EBM on the same rows."""
    (x, y), rows = made(n), []
    long, theirs = _their_fit(n, limit)
    for rate in (RATE, RATE_MANY) if n >= MANY else (RATE,):
        spent, model = timed(lambda rate=rate: _ga2m("auto", rate).fit(x, y), 1)
        rows.append([f"fit ga2m, pairs ranked, {n:,} × {FEATURES}, learning rate {rate}",
                     f"{spent:.1f} s, AUC {_auc(model, judge):.4f}", theirs,
                     f"{'more than ' if 'not done' in theirs else ''}{long / spent:.0f}× less (wanted 20×)"])
    return rows


def _their_fit(n: int, limit: float) -> tuple[float, str]:
    """EBM's seconds of processor time, and those with its AUC or that it was not done, in words."""
    if find_spec("interpret") is None:
        return float("nan"), "EBM: interpret-core is not installed"
    here, there = get_context("spawn").Pipe(duplex=False)
    child, before = get_context("spawn").Process(target=_ebm, args=(n, limit, there)), _of_children()
    child.start()
    there.close()
    child.join()
    gone = _of_children() - before
    try:
        long, auc = here.recv()
    except EOFError:  # it was ended before it could answer, by the limit or by hand
        return gone, f"EBM not done after {gone:.0f} s"
    return long, f"EBM {long:.1f} s, AUC {auc:.4f}"


def _of_children() -> float:
    """Seconds of processor time of all ended children so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _ebm(n: int, limit: float, out: Connection) -> None:
    """Fit interpret's EBM in a process of its own, which the system ends at `limit` seconds of processor time."""
    from interpret.glassbox import ExplainableBoostingClassifier

    x, y = made(n)
    resource.setrlimit(resource.RLIMIT_CPU, (int(limit + time.process_time()), resource.RLIM_INFINITY))
    warnings.simplefilter("ignore", UserWarning)  # its drawings do not show missing values
    with threadpool_limits(1):
        ebm = ExplainableBoostingClassifier(interactions=PAIRS, n_jobs=1, random_state=0)
        spent, model = timed(lambda: ebm.fit(x, y), 1)
    out.send((spent, _auc(model, made(50_000, seed=1))))


if __name__ == "__main__":
    main()
