"""A scorecard: whole points a band, that a person can add up on paper.

Weight of evidence by band (Siddiqi 2006, "Credit Risk Scorecards"): each feature is cut into at most eight
bands; a band's weight of evidence is its log-odds against the average, shrunk towards zero where few finds
speak; the bands rise or fall throughout, whichever the data say, or the dictionary. A logistic
regression weighs the features, and everything is rounded to points: 20 points double the odds.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.isotonic import isotonic_regression

from risk.models.base import TableClassifier
from risk.models.binning import Binned
from risk.models.tables import AdditiveTables

__all__ = ["ScorecardClassifier", "points_table", "points_page", "POINTS_TO_DOUBLE"]

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


def points_table(
    tables: AdditiveTables, *, slope: float = 1.0, titles: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """The scorecard as ``feature, above, up to, points, share of items``; the lowest band has 0 points.

    Bands with equal points stand as one. `slope` is the calibration's, so that points stay whole.

    >>> tables = AdditiveTables.build(["w"], [np.array([10.0], np.float32)], const=0.0, pair={},
    ...                               single={0: np.array([3 * _POINT, 0.0, _POINT])},
    ...                               background=np.array([[5.0], [20.0]], np.float32))
    >>> points_table(tables)[["above", "up to", "points"]].values.tolist()
    [['', '10', 3], ['10', '', 0], ['not stated', 'not stated', 1]]
    """
    rows: list[dict[str, Any]] = []
    for j, name in enumerate(tables.names):
        points = np.round((tables.single[j] - tables.single[j].min()) / (slope * _POINT)).astype(int)
        ends = ["", *(f"{e:.4g}" for e in tables.edges[j]), ""]
        title = (titles or {}).get(name, name)
        starts = [0, *(k for k in range(1, len(points) - 1) if points[k] != points[k - 1]), len(points) - 1]
        for first, after in zip(starts[:-1], starts[1:], strict=True):
            rows.append(
                {
                    "feature": title,
                    "above": ends[first],
                    "up to": ends[after],
                    "points": int(points[first]),
                    "share of items": float(tables.density[j][first:after].sum()),
                }
            )
        rows.append(
            {
                "feature": title,
                "above": "not stated",
                "up to": "not stated",
                "points": int(points[-1]),
                "share of items": float(tables.density[j][-1]),
            }
        )
    return pd.DataFrame(rows)


def points_page(table: pd.DataFrame, *, title: str) -> str:
    """The scorecard on one printable page of HTML; every text is escaped.

    >>> "<script>" in points_page(pd.DataFrame({"feature": ["<script>"], "points": [1]}), title="Card")
    False
    """
    shown = table[table["share of items"] > 0] if "share of items" in table else table
    body = shown.to_html(index=False, border=0, float_format=lambda v: f"{v:.1%}")
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>"
        + html.escape(title)
        + "</title><style>"
        "@page{size:A4;margin:12mm}body{font:9px/1.15 sans-serif;columns:2}table{border-collapse:collapse}"
        "td,th{padding:0 4px;text-align:left;border-bottom:1px solid #ccc}h1{font-size:14px;column-span:all}"
        f"</style><h1>{html.escape(title)}</h1><p>{POINTS_TO_DOUBLE} points double the odds. Add up one row "
        f"a feature.</p>{body}</html>"
    )
