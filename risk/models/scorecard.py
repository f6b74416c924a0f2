"""A scorecard: whole points a band, that a person can add up on paper.

Weight of evidence by band (Siddiqi 2006, "Credit Risk Scorecards"): each feature is cut into at most eight
bands; a band's weight of evidence is its log-odds against the average, shrunk towards zero where few finds
speak; the bands rise or fall throughout, whichever the data say, or the dictionary. A logistic
regression weighs the features, and everything is rounded to points: 20 points double the odds.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.isotonic import isotonic_regression

from risk.models.base import TableClassifier
from risk.models.binning import Binned
from risk.models.tables import AdditiveTables

__all__ = ["POINTS_TO_DOUBLE", "ScorecardClassifier", "points_page", "points_table", "points_to_odds", "whole_points"]

POINTS_TO_DOUBLE = 20
_POINT = np.log(2) / POINTS_TO_DOUBLE  # log-odds a point
_PSEUDO = 20.0  # items of the average kind added to every band before its odds are taken


class ScorecardClassifier(TableClassifier):
    """Binary classifier in whole points, at most `bands` bands a feature, each rising or falling throughout.

    Parameters
    ----------
    bands : int
        Bands a feature, missing apart.
    monotonic_cst : dict of name → -1, 0, +1, array of them, or None
        Directions; 0 lets the data choose rising or falling.
    ridge : float
        Penalty on the features' weights around 1, in finds.

    Attributes
    ----------
    tables_ : AdditiveTables
        The model; every difference between two bands is a whole number of points.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(500, 2)); y = X[:, 0] > 0
    >>> card = ScorecardClassifier().fit(X, y)
    >>> points_table(card.tables_)["points"].dtype.kind
    'i'
    """

    def __init__(
        self,
        *,
        bands: int = 8,
        monotonic_cst: Mapping[str, int] | Sequence[int] | None = None,
        ridge: float = 1.0,
    ) -> None:
        self.bands = bands
        self.monotonic_cst = monotonic_cst
        self.ridge = ridge

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "ScorecardClassifier":
        """Fit; X (n_items, n_features) with NaN for missing, y (n_items,) of two classes."""
        X, y, weight = self._in_order(X, y, sample_weight)
        binned = Binned.of(X, max_bins=self.bands)
        bins = np.where(
            np.isnan(binned.codes), [len(e) + 1 for e in binned.edges], np.nan_to_num(binned.codes)
        )
        bins = bins.astype(np.int64)
        directions = self._directions() or [0] * X.shape[1]
        evidence = [
            _evidence(bins[:, j], y, weight, len(e) + 2, d)
            for j, (e, d) in enumerate(zip(binned.edges, directions, strict=True))
        ]
        const, scale = self._weigh(
            np.column_stack([e[bins[:, j]] for j, e in enumerate(evidence)]), y, weight
        )
        single = {
            j: np.round(s * e / _POINT) * _POINT for j, (s, e) in enumerate(zip(scale, evidence, strict=True))
        }
        self.tables_ = AdditiveTables.build(
            self._names(), binned.edges, const=const, single=single, pair={}, background=X, weight=weight
        )
        return self

    def _weigh(self, evidence: np.ndarray, y: np.ndarray, weight: np.ndarray) -> tuple[float, np.ndarray]:
        """Constant and one weight ≥ 0 a feature, by penalised likelihood; no feature turns around."""
        w = weight * weight.sum() / (weight**2).sum()
        design = np.column_stack([np.ones(len(y)), evidence])

        def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
            z = design @ theta
            pull = np.concatenate([[0.0], theta[1:]]) * self.ridge
            value = float(
                (w * (np.logaddexp(0, z) - y * z)).sum() + 0.5 * self.ridge * (theta[1:] ** 2).sum()
            )
            return value, design.T @ (w * (expit(z) - y)) + pull

        rate = np.clip((w @ y) / w.sum(), 1e-6, 1 - 1e-6)
        start = np.concatenate([[np.log(rate / (1 - rate))], np.full(evidence.shape[1], 0.5)])
        bounds = [(None, None)] + [(0.0, None)] * evidence.shape[1]
        theta = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
        return float(theta[0]), theta[1:]


def _evidence(bins: np.ndarray, y: np.ndarray, weight: np.ndarray, size: int, direction: int) -> np.ndarray:
    """Shrunk log-odds of each band against the average, rising or falling; the missing band is free."""
    mass, found = np.bincount(bins, weight, size), np.bincount(bins, weight * y, size)
    scale = len(y) / weight.sum()
    mass, found = mass * scale, found * scale
    rate = np.clip(found.sum() / mass.sum(), 1e-6, 1 - 1e-6)
    shrunk = (found + _PSEUDO * rate) / (mass + _PSEUDO)
    odds = np.log(shrunk / (1 - shrunk)) - np.log(rate / (1 - rate))
    ways = [direction > 0] if direction else [True, False]
    fits = [isotonic_regression(odds[:-1], sample_weight=mass[:-1] + 1e-9, increasing=up) for up in ways]
    misses = [float((mass[:-1] * (f - odds[:-1]) ** 2).sum()) for f in fits]
    return np.append(fits[int(np.argmin(misses))], odds[-1])


def whole_points(tables: AdditiveTables) -> AdditiveTables:
    """The same model with every band a whole number of points above its feature's lowest.

    Calibration stretches the log-odds, so that points are no longer whole; here they become so again, which
    moves a margin by half a point (0.017 log-odds) a feature at most.

    >>> tables = AdditiveTables.build(["w"], [np.array([10.0], np.float32)], const=0.0, pair={},
    ...                               single={0: np.array([0.0, 0.1, 0.0])},
    ...                               background=np.array([[5.0], [20.0]], np.float32))
    >>> points_table(whole_points(tables))["points"].tolist()
    [0, 3, 0]
    """
    rounded = [t.min() + np.round((t - t.min()) / _POINT) * _POINT for t in tables.single]
    means = [float(d @ t) for d, t in zip(tables.density, rounded, strict=True)]
    single = tuple(t - m for t, m in zip(rounded, means, strict=True))
    return replace(tables, base=tables.base + sum(means), single=single)


def points_table(
    tables: AdditiveTables,
    *,
    titles: Mapping[str, str] | None = None,
    levels: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """The scorecard as ``feature, above, up to, values, points, share of items``; the lowest band has 0 points.

    Bands with equal points stand as one; features that give no points are left out. `titles` are features'
    own words; `levels` those of the levels of a category, in the order of their numbers: its bands list them
    in `values`.

    >>> tables = AdditiveTables.build(["w"], [np.array([10.0], np.float32)], const=0.0, pair={},
    ...                               single={0: np.array([3 * _POINT, 0.0, _POINT])},
    ...                               background=np.array([[5.0], [20.0]], np.float32))
    >>> points_table(tables)[["above", "up to", "points"]].values.tolist()
    [['', '10', 3], ['10', '', 0], ['not stated', 'not stated', 1]]
    """
    rows: list[dict[str, Any]] = []
    for j, name in enumerate(tables.names):
        points = np.round((tables.single[j] - tables.single[j].min()) / _POINT).astype(int)
        if points.any():
            rows += _bands(tables, j, points, (titles or {}).get(name, name), (levels or {}).get(name))
    return pd.DataFrame(rows, columns=["feature", "above", "up to", "values", "points", "share of items"])


def _bands(
    tables: AdditiveTables, j: int, points: np.ndarray, title: str, levels: Sequence[str] | None
) -> list[dict[str, Any]]:
    edges, density = tables.edges[j], tables.density[j]
    ends = ["", *(f"{e:.4g}" for e in edges), ""]
    at = np.searchsorted(edges, np.arange(len(levels or [])), side="left")
    starts = [0, *(k for k in range(1, len(points) - 1) if points[k] != points[k - 1]), len(points) - 1]
    rows = []
    for first, after in zip(starts[:-1], starts[1:], strict=True):
        inside = [w for w, k in zip(levels or [], at, strict=True) if first <= k < after]
        above, up_to = ("", "") if levels is not None else (ends[first], ends[after])
        rows.append([above, up_to, ", ".join(inside), points[first], density[first:after].sum()])
    rows.append(["not stated", "not stated", "", points[-1], density[-1]])
    return [
        {"feature": title, "above": a, "up to": u, "values": v, "points": int(p), "share of items": float(d)}
        for a, u, v, p, d in rows
        if levels is None or v or a
    ]


def points_to_odds(tables: AdditiveTables) -> pd.DataFrame:
    """Which total means what: ``points, margin, risk_score``, in steps of 20 points over what can be added up.

    >>> tables = AdditiveTables.build(["w"], [np.array([10.0], np.float32)], const=0.0, pair={},
    ...                               single={0: np.array([40 * _POINT, 0.0, 0.0])},
    ...                               background=np.array([[20.0]], np.float32))
    >>> points_to_odds(tables).round(2).values.tolist()
    [[0.0, 0.0, 0.5], [20.0, 0.69, 0.67], [40.0, 1.39, 0.8]]
    """
    lowest = tables.base + sum(float(t.min()) for t in tables.single)
    most = sum(float(np.round(np.ptp(t) / _POINT)) for t in tables.single)
    points = np.arange(0, most + 1, POINTS_TO_DOUBLE, dtype=float)
    margin = lowest + points * _POINT
    return pd.DataFrame({"points": points, "margin": margin, "risk_score": expit(margin)})


def points_page(table: pd.DataFrame, odds: pd.DataFrame, *, title: str, note: str = "") -> str:
    """The scorecard on one printable page (A4) of HTML: a block a feature, and what a total means; all escaped.

    `table` is of `points_table`, `odds` of `points_to_odds`.

    >>> table = pd.DataFrame({"feature": ["<b>"], "above": [""], "up to": ["1"], "values": [""], "points": [4],
    ...                       "share of items": [0.2]})
    >>> "<b>" in points_page(table, pd.DataFrame({"points": [0.0], "margin": [0.0], "risk_score": [0.5]}), title="x")
    False
    """
    shown = table[table["share of items"] > 0]
    blocks = [_block(str(name), part) for name, part in shown.groupby("feature", sort=False)]
    means = ", ".join(f"{p:.0f} = {_one_in(r)}" for p, r in zip(odds["points"], odds["risk_score"], strict=True))
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>"
        + html.escape(title)
        + f"</title><style>{_STYLE}body{{font-size:{_size(shown):.1f}px}}</style>"
        f"<h1>{html.escape(title)}</h1><p>Add up one row a detail. "
        f"{POINTS_TO_DOUBLE} points double the odds. A total of points means, irregular among such items: {means}. "
        f"{html.escape(note)}</p><main>{''.join(blocks)}</main></html>"
    )


_STYLE = (
    "@page{size:A4;margin:9mm}body{font:9px/1.2 sans-serif;margin:0 auto;max-width:192mm}h1{font-size:13px;margin:0}"
    "p{margin:2px 0 5px}main{columns:3;column-gap:10px}table{width:100%;border-collapse:collapse;margin:0 0 5px;"
    "break-inside:avoid}caption{font-weight:700;text-align:left}td{border-bottom:1px solid #ddd;padding:0 2px}"
    "td+td{text-align:right;width:3em}"
)


def _size(shown: pd.DataFrame) -> float:
    """A letter size under which three columns of one page hold everything, 10 px at most."""
    lines = sum(1 + len(_value(r)) // 42 for r in shown.itertuples()) + 1.6 * shown["feature"].nunique()
    return min(10.0, 3 * 980 / (1.4 * max(lines, 1)))


def _block(name: str, part: pd.DataFrame) -> str:
    rows = "".join(f"<tr><td>{html.escape(_value(r))}</td><td>{r.points}</td></tr>" for r in part.itertuples())
    return f"<table><caption>{html.escape(name)}</caption>{rows}</table>"


def _value(row: Any) -> str:
    """A band in words."""
    above, up_to = row.above, row[3]  # "up to" is no attribute's name
    if row.values or above == "not stated":
        return row.values or "not stated"
    if above and up_to:
        return f"over {above} to {up_to}"
    return f"over {above}" if above else f"up to {up_to}" if up_to else "any"


def _one_in(risk_score: float) -> str:
    return f"1 in {1 / risk_score:,.0f}" if risk_score < 0.3 else f"{risk_score:.0%}"
