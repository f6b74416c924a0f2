"""GA²M: additive shape functions plus a few named pairs, as good as a forest and readable as a table.

scikit-learn's histogram gradient boosting is fitted under ``interaction_cst`` so that no path mixes more
than one allowed pair (Lou et al. 2013, "Accurate intelligible models with pairwise interactions"), then
compiled into look-up tables (`risk.models.compile`), which give the score and its exact SHAP values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from joblib import Parallel, delayed
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.utils.validation import _check_sample_weight
from threadpoolctl import threadpool_limits

from risk.models.bagging import resample
from risk.models.base import TableClassifier, canonical_order
from risk.models.binning import Binned
from risk.models.compile import compile_booster
from risk.models.pairs import rank_pairs
from risk.models.tables import AdditiveTables

__all__ = ["GA2MClassifier"]

_TOLERANCE = 1e-6


class GA2MClassifier(TableClassifier):
    """Binary classifier: a sum of one- and two-dimensional tables with exact attributions.

    Parameters
    ----------
    max_pairs : int
        How many feature pairs may have a joint table, when `pairs` is "auto".
    pairs : "auto" or list of (name or index, name or index)
        The pairs themselves, or "auto" to rank them by what an additive fit leaves over.
    monotonic_cst : dict of name → -1, 0, +1, array of them, or None
        Directions the margin may take.
    n_bags : int
        How many bootstrap samples to average over (stratified by class); also gives each shape its spread.
        1 fits once, on the rows as they are.
    smoothing : float
        Neighbouring bins closer than this (log-odds) become one, where fits are averaged.
    max_bins : int
        Into how many bins a feature is cut, missing apart.
    learning_rate, max_iter, max_leaf_nodes, min_samples_leaf, l2_regularization
        As in `HistGradientBoostingClassifier`. There is no early stopping: its random split would make
        scores depend on the order of rows.
    random_state : int or None
        Seeds the booster's subsample for bin thresholds (above 200,000 rows).
    n_threads : int
        Threads of a fit, or processes to fit bags in, each with one thread. One by default: on a shared
        machine more were measured slower.

    Attributes
    ----------
    tables_ : AdditiveTables
        The whole model as data.
    base_value_ : float
        Mean margin over the training background, log-odds.
    pairs_ : list of (int, int)
        Pairs allowed a joint table.
    n_iter_ : int
        Boosting rounds, always `max_iter`.
    booster_ : HistGradientBoostingClassifier
        The fitted trees the tables were compiled from; absent where bags were averaged.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(500, 3)); y = X[:, 0] + X[:, 1] * X[:, 2] > 0
    >>> model = GA2MClassifier(max_pairs=1, max_iter=20, random_state=0).fit(X, y)
    >>> model.pairs_
    [(1, 2)]
    >>> phi = model.attributions(X)
    >>> bool(np.allclose(model.base_value_ + phi.sum(axis=1), model.decision_function(X), atol=1e-6))
    True
    """

    def __init__(
        self,
        *,
        max_pairs: int = 15,
        pairs: Literal["auto"] | Sequence[tuple[Any, Any]] = "auto",
        monotonic_cst: Mapping[str, int] | Sequence[int] | None = None,
        n_bags: int = 1,
        smoothing: float = 0.02,
        max_bins: int = 255,
        learning_rate: float = 0.06,
        max_iter: int = 200,
        max_leaf_nodes: int = 8,
        min_samples_leaf: int = 20,
        l2_regularization: float = 5.0,
        random_state: int | None = None,
        n_threads: int = 1,
    ) -> None:
        self.max_pairs = max_pairs
        self.pairs = pairs
        self.monotonic_cst = monotonic_cst
        self.n_bags = n_bags
        self.smoothing = smoothing
        self.max_bins = max_bins
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.random_state = random_state
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "GA2MClassifier":
        """Fit trees under the allowed interactions and compile them.

        Parameters
        ----------
        X : (n_items, n_features)
            Numbers; NaN is missing. Values are rounded to float32, here and when scoring.
        y : (n_items,)
            Two classes; the second in sorted order is the one whose log-odds are modelled.
        sample_weight : (n_items,), optional
        """
        X = self._validated(X, reset=True, y=y)
        y = self._encode(y)
        weight = None if sample_weight is None else _check_sample_weight(sample_weight, X, dtype=np.float64)
        order = canonical_order(X, y, np.ones(len(y)) if weight is None else weight)
        X, y, weight = X[order], y[order], None if weight is None else weight[order]
        binned = Binned.of(X, max_bins=self.max_bins)
        with threadpool_limits(self.n_threads, user_api="openmp"):
            self.pairs_ = self._choose_pairs(X, binned, y, weight)
            if self.n_bags == 1:
                self.booster_, self.tables_ = self._fit_tables(binned, y, weight, X, background=weight)
        if self.n_bags > 1:
            self.tables_ = self._bagged(binned, y, weight, X)
        self.n_iter_ = self.max_iter
        return self

    def _bagged(self, binned: Binned, y: np.ndarray, weight: np.ndarray | None, X: np.ndarray) -> AdditiveTables:
        def one(bag: int) -> AdditiveTables:
            rows = resample(y, seed=[self.random_state or 0, 33, bag])
            held = None if weight is None else weight[rows]
            with threadpool_limits(1, user_api="openmp"):
                return self._fit_tables(binned.take(rows), y[rows], held, X, background=weight)[1]

        bags = Parallel(n_jobs=self.n_threads)(delayed(one)(b) for b in range(self.n_bags))
        return AdditiveTables.average(bags, background=X, weight=weight, tolerance=self.smoothing)

    def _fit_tables(
        self, binned: Binned, y: np.ndarray, weight: np.ndarray | None, X: np.ndarray, *, background: np.ndarray | None
    ) -> tuple[HistGradientBoostingClassifier, AdditiveTables]:
        """Trees and their tables, explained against `X` under the weights `background`."""
        booster = binned.fit(self._boost(self.pairs_), y, weight)
        edges, const, single, pair = compile_booster(booster, X.shape[1])
        tables = AdditiveTables.build(
            self._names(), edges, const=const, single=single, pair=pair, background=X, weight=background
        )
        _verify(booster, tables, X[:: max(1, len(X) // 2000)])
        return booster, tables

    def _boost(self, pairs: Sequence[tuple[int, int]]) -> HistGradientBoostingClassifier:
        alone = [[j] for j in range(self.n_features_in_)]
        return HistGradientBoostingClassifier(
            learning_rate=self.learning_rate,
            max_iter=self.max_iter,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2_regularization,
            interaction_cst=alone + [list(p) for p in pairs],
            monotonic_cst=self._directions(),
            early_stopping=False,
            random_state=self.random_state,
            categorical_features=None,
        )

    def _choose_pairs(
        self, X: np.ndarray, binned: Binned, y: np.ndarray, weight: np.ndarray | None
    ) -> list[tuple[int, int]]:
        if not isinstance(self.pairs, str):
            return sorted({tuple(sorted((self._index(a), self._index(b)))) for a, b in self.pairs})
        if self.max_pairs == 0 or X.shape[1] < 2:
            return []
        additive = binned.fit(self._boost([]), y, weight)
        return sorted(rank_pairs(X, y, additive.predict_proba(X)[:, 1], weight=weight)[: self.max_pairs])


def _verify(booster: HistGradientBoostingClassifier, tables: AdditiveTables, X: np.ndarray) -> None:
    """The tables must say what the trees say; a scikit-learn whose trees read otherwise stops here."""
    gap = float(np.abs(booster.decision_function(X) - tables.margins(X)).max())
    if gap > _TOLERANCE:
        raise RuntimeError(
            f"Compiled tables differ from the trees by {gap:.3g} log-odds; expected at most "
            f"{_TOLERANCE:g}. This scikit-learn version is not supported; no model was made."
        )
