"""Logistic regression over bands: the plainest model of all, in the same compiled form as the others.

Each feature is cut into a few bands of equal size, missing apart; every band has one coefficient, shrunk
towards zero by a ridge penalty. That is logistic regression on banded features (the usual form in
scoring), and it is a sum of one-dimensional tables, so score and explanation are look-ups.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from risk.models.base import TableClassifier
from risk.models.binning import Binned
from risk.models.tables import AdditiveTables

__all__ = ["BandedLogistic"]


class BandedLogistic(TableClassifier):
    """Binary classifier: ridge logistic regression with one coefficient a band.

    Parameters
    ----------
    bands : int
        Bands a feature, missing apart.
    C : float
        Inverse of the ridge penalty, as in `sklearn.linear_model.LogisticRegression`.

    Attributes
    ----------
    tables_ : AdditiveTables
        The whole model as data.
    n_iter_ : int
        Iterations of the solver.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(500, 2)); y = X[:, 0] > 0
    >>> model = BandedLogistic().fit(X, y)
    >>> model.predict([[2.0, 0.0], [-2.0, 0.0]]).tolist()
    [True, False]
    """

    def __init__(self, *, bands: int = 12, C: float = 0.3) -> None:
        self.bands = bands
        self.C = C

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "BandedLogistic":
        """Fit; X (n_items, n_features) with NaN for missing, y (n_items,) of two classes."""
        X, y, weight = self._in_order(X, y, sample_weight)
        binned = Binned.of(X, max_bins=self.bands)
        at, sizes = _places(binned)
        starts = np.concatenate([[0], np.cumsum(sizes)])
        hot = csr_matrix(
            (np.ones(at.size), (at + starts[:-1]).ravel(), np.arange(0, at.size + 1, at.shape[1])),
            shape=(len(X), starts[-1]),
        )
        fitted = LogisticRegression(C=self.C, max_iter=300).fit(hot, y, sample_weight=weight)
        single = {j: fitted.coef_[0, starts[j] : starts[j + 1]] for j in range(len(sizes))}
        self.tables_ = AdditiveTables.build(
            self._names(),
            binned.edges,
            const=float(fitted.intercept_[0]),
            single=single,
            pair={},
            background=X,
            weight=weight,
        )
        self.n_iter_ = int(fitted.n_iter_[0])
        return self


def _places(binned: Binned) -> tuple[np.ndarray, np.ndarray]:
    """Bin numbers with missing as the last bin, (n_items, p), and bins a feature, missing included, (p,)."""
    sizes = np.array([len(e) + 2 for e in binned.edges])
    return np.where(np.isnan(binned.codes), sizes - 1, np.nan_to_num(binned.codes)).astype(np.int64), sizes
