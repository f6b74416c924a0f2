"""What a score is worth: at a capacity, as a ranking, as a probability, and for each group.

Judged by the truth of a made world where there is one, else by examinations, weighted by their inverse
inclusion probability (Horvitz and Thompson 1952) so that what the past targeted does not count double.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import norm

from risk.errors import Refused
from risk.evaluation.ranked import Ranked

__all__ = ["capacity_table", "discrimination", "reliability", "group_table", "scheme_table", "wilson", "RATES"]

RATES = (0.005, 0.01, 0.02, 0.05, 0.1)
_RANKING = ("auc", "average_precision", "brier")


def wilson(found: float, n: float, *, level: float = 0.95) -> tuple[float, float]:
    """Wilson (1927) score interval of a rate.

    >>> [round(x, 3) for x in wilson(8, 10)]
    [0.49, 0.943]
    """
    if n <= 0:
        return 0.0, 1.0
    z = float(norm.ppf(0.5 + level / 2))
    rate, middle = found / n, (found + z * z / 2) / (n + z * z)
    half = z * np.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return float(max(0.0, middle - half)), float(min(1.0, middle + half))


def stands_for(y: np.ndarray, weight: np.ndarray | None) -> tuple[np.ndarray, float, float]:
    """Items of the stream that each row stands for, their sum, and how many of them are irregular.

    Raises
    ------
    risk.errors.Refused
        When none is irregular.

    >>> stands_for(np.array([1, 0]), None)
    (array([1., 1.]), 2.0, 1.0)
    """
    w = np.ones(len(y)) if weight is None else np.asarray(weight, float)
    total, existing = float(w.sum()), float((w * y).sum())
    if existing == 0:
        raise Refused("The slice to be judged holds no irregular item, so no rate and no cost can be stated. "
                      "Evaluate on a longer period.")
    return w, total, existing


def capacity_table(margins: Mapping[str, np.ndarray], y: np.ndarray, *, weight: np.ndarray | None = None,
                   rates: tuple[float, ...] = RATES) -> pd.DataFrame:
    """Hit rate and detection rate when the top share of items is examined, beside a random choice.

    Parameters
    ----------
    margins
        Score of each policy, name → shape (n_items,).
    y
        What an examination would show, in {0, 1}, shape (n_items,).
    weight
        How many items of the stream each row stands for; None when every item is judged.
    rates
        Examination rates, 0–1.

    Returns
    -------
    DataFrame
        ``policy, examination_rate, examined, found, hit_rate, hit_rate_low, hit_rate_high,
        detection_rate, lift``: one row a rate and policy. `random` is the expected value of a random choice.

    >>> t = capacity_table({"m": np.array([3.0, 2, 1, 0])}, np.array([1, 0, 1, 0]), rates=(0.5,))
    >>> t[["policy", "hit_rate", "detection_rate", "lift"]].values.tolist()
    [['random', 0.5, 0.5, 1.0], ['m', 0.5, 0.5, 1.0]]
    """
    w, total, existing = stands_for(y, weight)
    rows = []
    for rate in rates:
        share = {"random": np.full(len(y), rate)} | {k: _top(m, w, rate * total) for k, m in margins.items()}
        for name, taken in share.items():
            mass = w * taken
            hit, found = _share(mass, y), float(mass @ y)
            low, high = _interval(hit, w, taken)
            rows.append({"policy": name, "examination_rate": rate, "examined": float(mass.sum()), "found": found,
                         "hit_rate": hit, "hit_rate_low": low, "hit_rate_high": high,
                         "detection_rate": found / existing, "lift": hit * total / existing})
    return pd.DataFrame(rows)


def _top(margin: np.ndarray, w: np.ndarray, budget: float) -> np.ndarray:
    """Share of each row taken when rows are taken by falling margin up to `budget`; ties share equally."""
    levels, at = np.unique(-np.asarray(margin, float), return_inverse=True)
    mass = np.bincount(at, w, len(levels))
    before = np.cumsum(mass) - mass
    return np.clip((budget - before) / np.maximum(mass, 1e-300), 0, 1)[at]


def _share(mass: np.ndarray, y: np.ndarray) -> float:
    return float(mass @ y) / float(mass.sum()) if mass.sum() else 0.0


def _interval(rate: float, w: np.ndarray, taken: np.ndarray) -> tuple[float, float]:
    """Wilson's interval of a weighted rate at Kish's effective number of items, (Σ w)² / Σ w² over those taken."""
    n = float(w @ taken) ** 2 / max(float(w**2 @ taken), 1e-300)
    return wilson(rate * n, n)


def discrimination(margin: np.ndarray, y: np.ndarray, *, weight: np.ndarray | None = None,
                   repeats: int = 200, seed: int = 0) -> pd.DataFrame:
    """AUC, average precision and Brier score with 95 % bootstrap intervals (percentile, items resampled).

    Returns ``measure, value, low, high``.
    """
    w = np.ones(len(y)) if weight is None else np.asarray(weight, float)
    y, ranked, rng = np.asarray(y, float), Ranked.of(margin), np.random.default_rng([seed, 20])
    times = (np.bincount(rng.integers(0, len(y), len(y)), minlength=len(y)) for _ in range(repeats))
    again = pd.DataFrame([ranked.measures(y, w * t) for t in times if 0 < t @ y < len(y)])
    whole, low, high = ranked.measures(y, w), again.quantile(0.025), again.quantile(0.975)
    return pd.DataFrame([{"measure": k, "value": whole[k], "low": low[k], "high": high[k]} for k in _RANKING])


def reliability(margin: np.ndarray, y: np.ndarray, *, weight: np.ndarray | None = None,
                bins: int = 10) -> pd.DataFrame:
    """Stated against observed rate in bins of equal weight: ``stated, observed, low, high, n``."""
    w = np.ones(len(y)) if weight is None else np.asarray(weight, float)
    order = np.argsort(margin, kind="stable")
    at = np.minimum((np.cumsum(w[order]) - w[order]) / w.sum() * bins, bins - 1).astype(int)
    rows = []
    for b in range(bins):
        rows_in = order[at == b]
        if len(rows_in):
            n, mass = len(rows_in), w[rows_in] / w[rows_in].sum()
            observed = float(mass @ y[rows_in])
            low, high = wilson(observed * n, n)
            rows.append({"stated": float(mass @ expit(margin[rows_in])), "observed": observed, "low": low,
                         "high": high, "n": n})
    return pd.DataFrame(rows)


def group_table(groups: pd.Series, margin: np.ndarray, y: np.ndarray, *, rate: float = 0.02,
                weight: np.ndarray | None = None) -> pd.DataFrame:
    """Per value of a group: examination rate, hit rate, false-alarm burden and calibration, at one examination rate.

    `false_alarm_rate` is the share of the group's regular items that would be examined. `stated` is the
    group's mean stated probability, `observed` what was irregular. Intervals are Wilson's, of 95 %, at the
    effective number of items.

    >>> t = group_table(pd.Series(["a", "a", "b", "b"]), np.array([3.0, 1, 2, 0]), np.array([1, 0, 0, 0]), rate=0.5)
    >>> t[["group", "n", "examination_rate", "hit_rate", "false_alarm_rate", "observed"]].values.tolist()
    [['a', 2.0, 0.5, 1.0, 0.0, 0.5], ['b', 2.0, 0.5, 0.0, 0.5, 0.0]]
    """
    w = np.ones(len(y)) if weight is None else np.asarray(weight, float)
    taken, stated = _top(margin, w, rate * w.sum()), expit(margin)
    rows = []
    for value, index in pd.Series(np.arange(len(y))).groupby(groups.fillna("not stated").to_numpy()):
        i = index.to_numpy()
        rows.append({"group": value, **_of_group(w[i], taken[i], np.asarray(y, float)[i], stated[i])})
    return pd.DataFrame(rows)


def _of_group(w: np.ndarray, taken: np.ndarray, y: np.ndarray, stated: np.ndarray) -> dict[str, float]:
    hit, observed, regular = _share(w * taken, y), _share(w, y), w * (1 - y)
    alarms = _share(regular, taken)
    bounds = [_interval(hit, w, taken), _interval(alarms, w, 1 - y), _interval(observed, w, np.ones(len(y)))]
    (hit_low, hit_high), (alarm_low, alarm_high), (low, high) = bounds
    return {"n": float(w.sum()), "examination_rate": _share(w, taken),
            "hit_rate": hit if (w @ taken) else np.nan, "hit_rate_low": hit_low, "hit_rate_high": hit_high,
            "false_alarm_rate": alarms if regular.sum() else np.nan, "false_alarm_low": alarm_low,
            "false_alarm_high": alarm_high, "stated": _share(w, stated), "observed": observed,
            "observed_low": low, "observed_high": high}


def scheme_table(scheme: pd.Series, margin: np.ndarray, *, rates: tuple[float, ...] = RATES) -> pd.DataFrame:
    """Detection rate of each scheme of a made world: ``scheme, n, examination_rate, found, detection_rate, low, high``.

    `scheme` names what made each item irregular, and is empty or missing for regular items.

    >>> t = scheme_table(pd.Series(["thin", "", "thin", None]), np.array([3.0, 2, 1, 0]), rates=(0.5,))
    >>> t[["scheme", "n", "found", "detection_rate"]].values.tolist()
    [['thin', 2, 1.0, 0.5]]
    """
    named, rows = scheme.fillna("").to_numpy(), []
    for rate in rates:
        taken = _top(margin, np.ones(len(named)), rate * len(named))
        for name in sorted(set(named) - {""}):
            inside = named == name
            n, found = int(inside.sum()), float(taken[inside].sum())
            low, high = wilson(found, n)
            rows.append({"scheme": name, "n": n, "examination_rate": rate, "found": found, "detection_rate": found / n,
                         "low": low, "high": high})
    return pd.DataFrame(rows)
