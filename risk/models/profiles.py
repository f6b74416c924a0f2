"""Risk profiles: one purely additive model per kind of finding, joined into one margin.

A multiclass booster under ``interaction_cst="no_interactions"`` is fitted to "nothing found" and the
finding families together, then compiled to one table per profile and feature. With ``g_s = f_s − f_0`` the
margin of "irregular" is ``M(x) = log Σ_s exp g_s(x)``: it bends where one profile takes over from
another, which is how a sum of one-dimensional tables says what otherwise takes pairs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.isotonic import isotonic_regression
from sklearn.utils.validation import _check_sample_weight
from threadpoolctl import threadpool_limits

from risk.models.bagging import resample
from risk.models.base import TableClassifier, canonical_order
from risk.models.binning import Binned
from risk.models.compile import compile_booster, compile_classes
from risk.models.discovery import discover_families
from risk.models.profile_tables import ProfileTables

__all__ = ["ProfilesClassifier"]

_TOLERANCE = 1e-6
_SMALL_PART = 0.02  # a find is not counted into a profile it belongs to with less than this probability
_ANY = "irregular"


class ProfilesClassifier(TableClassifier):
    """Binary classifier that joins additive profiles; each flag says which profile it resembles.

    Parameters
    ----------
    min_family : int
        Families with fewer finds get no profile of their own; their finds are shared out among the others.
    discovered : int
        How many families to discover where `fit` is given none. 0 or 1: a single profile.
    regular_per_find : int or None
        "Nothing found" rows kept per find, at least 10,000, reweighted to stand for all. None keeps all.
    family_error : float
        Share of finds recorded under another family. They may move to the profile they resemble.
    rounds : int
        How often finds without a usable family are shared out anew and the profiles fitted again.
    n_bags : int
        How many bootstrap samples to average over (stratified by profile); also gives each shape its spread.
        1 fits once, on the rows as they are.
    smoothing : float
        Neighbouring bins closer than this (log-odds) in every profile become one, where fits are averaged.
    unnamed : tuple of str
        Families that say nothing about the kind of thing found.
    monotonic_cst : dict of name → -1, 0, +1, array of them, or None
        Directions every profile may take; held by isotonic regression of the compiled tables.
    max_bins : int
        Into how many bins a feature is cut, missing apart.
    learning_rate, max_iter, max_leaf_nodes, min_samples_leaf, l2_regularization
        As in `HistGradientBoostingClassifier`.
    random_state : int or None
        Seeds which "nothing found" rows are kept, and the clustering of discovered families.
    n_threads : int
        Processes to fit bags in, each with one thread.

    Attributes
    ----------
    tables_ : ProfileTables
        The whole model as data.
    profiles_ : list of str
        Names of the profiles.
    n_iter_ : int
        Boosting rounds, always `max_iter`.
    finds_ : list of float
        How many finds each was fitted on; not whole where finds were shared out.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(2000, 2)); light, dear = X[:, 0] < -1.5, X[:, 1] > 1.5
    >>> family = np.where(light, "light", np.where(dear, "dear", ""))
    >>> model = ProfilesClassifier(max_iter=30).fit(X, light | dear, families=family)
    >>> model.profiles_, model.profile_of([[-2.0, 0.0], [0.0, 2.0]]).tolist()
    (['dear', 'light'], ['light', 'dear'])
    """

    def __init__(
        self,
        *,
        min_family: int = 12,
        discovered: int = 4,
        regular_per_find: int | None = 25,
        family_error: float = 0.0,
        rounds: int = 0,
        n_bags: int = 8,
        smoothing: float = 0.05,
        unnamed: Sequence[str] = ("", "other"),
        monotonic_cst: Mapping[str, int] | Sequence[int] | None = None,
        max_bins: int = 64,
        learning_rate: float = 0.15,
        max_iter: int = 60,
        max_leaf_nodes: int = 4,
        min_samples_leaf: int = 20,
        l2_regularization: float = 5.0,
        random_state: int | None = None,
        n_threads: int = 1,
    ) -> None:
        self.min_family = min_family
        self.discovered = discovered
        self.regular_per_find = regular_per_find
        self.family_error = family_error
        self.rounds = rounds
        self.n_bags = n_bags
        self.smoothing = smoothing
        self.unnamed = unnamed
        self.monotonic_cst = monotonic_cst
        self.max_bins = max_bins
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.max_leaf_nodes = max_leaf_nodes
        self.min_samples_leaf = min_samples_leaf
        self.l2_regularization = l2_regularization
        self.random_state = random_state
        self.n_threads = n_threads

    def fit(self, X: Any, y: Any, sample_weight: Any = None, families: Any = None) -> "ProfilesClassifier":
        """Fit the profiles jointly and compile them.

        Parameters
        ----------
        X : (n_items, n_features)
            Numbers; NaN is missing. Values are rounded to float32, here and when scoring.
        y : (n_items,)
            Two classes; the second in sorted order is "found".
        sample_weight : (n_items,), optional
        families : (n_items,) of str, optional
            What kind of thing was found; anything where nothing was. None, NaN and the names in `unnamed`
            mean "not known". Without it, families are discovered.
        """
        X = self._validated(X, reset=True, y=y)
        y = self._encode(y)
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        names = _texts(families, len(y))
        order = canonical_order(X, y, weight, names)
        X, y, weight, names = X[order], y[order], weight[order], np.where(y[order] == 1, names[order], "")
        self._fit(X, y, weight, names if families is not None else None)
        return self

    def _fit(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray, names: np.ndarray | None) -> None:
        rows, kept = self._kept(y, weight)
        binned = Binned.of(X, max_bins=self.max_bins)
        task = _Task(X[rows], binned.take(rows), y[rows] == 1, kept[rows])
        if names is None:
            self.profiles_, part = self._discover(task)
        else:
            self.profiles_, part = self._recorded(names[rows][task.found])
        known = part.max(axis=1) == 1
        settled = len(self.profiles_) == 1 or (known.all() and not self.family_error)
        for _ in range(0 if settled else self.rounds):
            fitted = self._joint(task, np.where(known[:, None], part, 0.0))
            part = self._shared_out(part, known, fitted.shares(task.x[task.found]))
        self.finds_, self.n_iter_ = part.sum(axis=0).tolist(), self.max_iter
        self.tables_ = self._bagged(task, part).rebased(X)

    def _bagged(self, task: "_Task", part: np.ndarray) -> ProfileTables:
        if self.n_bags == 1:
            return self._joint(task, part)
        kind = np.zeros(len(task.found), int)
        kind[task.found] = 1 + part.argmax(axis=1)
        at_find = np.cumsum(task.found) - 1
        bags = [resample(kind, seed=[self.random_state or 0, 32, b]) for b in range(self.n_bags)]
        fitted = Parallel(n_jobs=self.n_threads)(
            delayed(self._joint)(task.take(r), part[at_find[r[task.found[r]]]]) for r in bags
        )
        return ProfileTables.average(fitted, background=task.x, tolerance=self.smoothing)

    def shares(self, X: Any) -> np.ndarray:
        """What an irregular item like this resembles: shares of the profiles, (n_items, n_profiles)."""
        X = self._checked(X)
        return self.tables_.shares(X)

    def profile_of(self, X: Any) -> np.ndarray:
        """The profile each item resembles most, shape (n_items,)."""
        return np.array(self.profiles_, dtype=object)[self.shares(X).argmax(axis=1)]

    def _kept(self, y: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Rows to fit on, and weights under which they stand for all."""
        regular, n_found = np.flatnonzero(y == 0), int(y.sum())
        wanted = (
            len(regular) if self.regular_per_find is None else max(10_000, self.regular_per_find * n_found)
        )
        if wanted >= len(regular):
            return np.arange(len(y)), weight
        chosen = np.random.default_rng([self.random_state or 0, 31]).permutation(regular)[:wanted]
        weight = weight.copy()
        weight[chosen] *= weight[regular].sum() / weight[chosen].sum()
        return np.sort(np.concatenate([chosen, np.flatnonzero(y == 1)])), weight

    def _recorded(self, names: np.ndarray) -> tuple[list[str], np.ndarray]:
        """Profiles with enough finds, and which of them each find belongs to (a row of zeros: not known)."""
        listed, counts = np.unique(names, return_counts=True)
        kept = [
            str(n)
            for n, c in zip(listed, counts, strict=True)
            if c >= self.min_family and n not in self.unnamed
        ]
        if len(kept) < 2:
            return [kept[0] if kept and len(listed) == 1 else _ANY], np.ones((len(names), 1))
        return kept, (names[:, None] == np.array(kept)).astype(float)

    def _discover(self, task: "_Task") -> tuple[list[str], np.ndarray]:
        n_found = int(task.found.sum())
        k = min(self.discovered, n_found // max(self.min_family, 1))
        if k < 2:
            return [_ANY], np.ones((n_found, 1))
        self.profiles_ = [_ANY]
        phi = self._joint(task, np.ones((n_found, 1))).attributions(task.x[task.found])
        return discover_families(phi, self._names(), k=k, seed=self.random_state or 0)

    def _shared_out(self, part: np.ndarray, known: np.ndarray, resembles: np.ndarray) -> np.ndarray:
        """Membership of each find: recorded family with its error, times what the fitted profiles say."""
        trust = np.where(
            known[:, None],
            part * (1 - self.family_error) + (1 - part) * self.family_error / (part.shape[1] - 1),
            1.0,
        )
        joint = trust * resembles
        return joint / joint.sum(axis=1, keepdims=True)

    def _joint(self, task: "_Task", part: np.ndarray) -> ProfileTables:
        """Fit all profiles against "nothing found"; finds count by their membership, lifted to full mass."""
        found, weight = task.found, task.weight
        at, profile = np.nonzero(part > _SMALL_PART)
        rows = np.concatenate([np.flatnonzero(~found), np.flatnonzero(found)[at]])
        code = np.concatenate([np.zeros((~found).sum(), int), profile + 1])
        mass = np.concatenate([weight[~found], weight[found][at] * part[at, profile]])
        mass[code > 0] *= weight[found].sum() / mass[code > 0].sum()
        with threadpool_limits(1, user_api="openmp"):
            booster = task.binned.take(rows).fit(self._booster(), code, mass)
        edges, offsets, tables = _against_nothing(booster, task.x.shape[1])
        self._verify(booster, task.x[:: max(1, len(task.x) // 500)], edges, offsets, tables)
        made = ProfileTables.build(
            self._names(), self.profiles_, edges, offsets=offsets, tables=tables, background=task.x
        )
        return self._monotone(made, task.x)

    def _booster(self) -> HistGradientBoostingClassifier:
        return HistGradientBoostingClassifier(
            learning_rate=self.learning_rate,
            max_iter=self.max_iter,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_leaf=self.min_samples_leaf,
            l2_regularization=self.l2_regularization,
            interaction_cst="no_interactions",
            early_stopping=False,
            random_state=self.random_state,
            categorical_features=None,
        )

    def _monotone(self, made: ProfileTables, background: np.ndarray) -> ProfileTables:
        """Project each table on its stated direction by weighted isotonic regression; the missing bin stays.

        scikit-learn's booster takes no directions with more than two classes.
        """
        directions = self._directions()
        if directions is None or not any(directions):
            return made
        tables = [
            _isotonic(t, d, s) if s else t
            for t, d, s in zip(made.centred, made.density, directions, strict=True)
        ]
        return ProfileTables.build(
            made.names, made.profiles, made.edges, offsets=made.offsets, tables=tables, background=background
        )

    def _verify(
        self,
        booster: HistGradientBoostingClassifier,
        X: np.ndarray,
        edges: list[np.ndarray],
        offsets: np.ndarray,
        tables: list[np.ndarray],
    ) -> None:
        """The tables must say what the trees say; a scikit-learn whose trees read otherwise stops here."""
        names = [str(k) for k in range(len(offsets))]
        ours = ProfileTables.build(self._names(), names, edges, offsets=offsets, tables=tables, background=X)
        raw = booster.decision_function(X)
        theirs = raw[:, None] if raw.ndim == 1 else raw[:, 1:] - raw[:, :1]
        gap = float(np.abs(theirs - ours.profile_margins(X)).max())
        if gap > _TOLERANCE:
            raise RuntimeError(
                f"Compiled profiles differ from the trees by {gap:.3g} log-odds; expected at most "
                f"{_TOLERANCE:g}. This scikit-learn version is not supported; no model was made."
            )


@dataclass(frozen=True)
class _Task:
    """Rows to fit on: values, their bins, whether anything was found, and weights."""

    x: np.ndarray
    binned: Binned
    found: np.ndarray
    weight: np.ndarray

    def take(self, rows: np.ndarray) -> "_Task":
        """Some of the rows."""
        return _Task(self.x[rows], self.binned.take(rows), self.found[rows], self.weight[rows])


def _against_nothing(
    booster: HistGradientBoostingClassifier, n_features: int
) -> tuple[list[np.ndarray], np.ndarray, list[np.ndarray]]:
    """Edges, constants (k,) and tables (n_bins, k) of g_s = f_s − f_0."""
    if len(booster.classes_) == 2:
        edges, const, single, _ = compile_booster(booster, n_features)
        tables = [single.get(j, np.zeros(len(e) + 2))[:, None] for j, e in enumerate(edges)]
        return edges, np.array([const]), tables
    edges, const, tables = compile_classes(booster, n_features)
    return edges, const[1:] - const[0], [t[:, 1:] - t[:, :1] for t in tables]


def _isotonic(table: np.ndarray, density: np.ndarray, direction: int) -> np.ndarray:
    out = table.copy()
    for s in range(table.shape[1]):
        out[:-1, s] = isotonic_regression(
            table[:-1, s], sample_weight=density[:-1] + 1e-9, increasing=direction > 0
        )
    return out


def _texts(families: Any, n: int) -> np.ndarray:
    """Family names as texts; None, NaN and the like are empty."""
    if families is None:
        return np.full(n, "", dtype=object)
    given = np.asarray(families, dtype=object).ravel()
    if len(given) != n:
        raise ValueError(f"Expected one family per item, {n} of them; got {len(given)}.")
    return np.array([v if isinstance(v, str) else "" for v in given], dtype=object)
