"""How each kind of model is fitted to a training slice: one recipe a kind, by what there is to learn from.

A recipe gets features, labels with weights and the families of finds, and returns tables explained
against the whole slice. The settings here are the project's, chosen on made streams that no result is
reported on; the estimators' own defaults are for everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from risk.boosted import BoostedTrees, Fitted, fit_boosted
from risk.features import Features
from risk.models.ga2m import GA2MClassifier
from risk.models.logistic import BandedLogistic
from risk.models.profile_tables import ProfileTables
from risk.models.profiles import ProfilesClassifier
from risk.models.rules import RuleBook
from risk.models.scorecard import ScorecardClassifier
from risk.models.tables import AdditiveTables

__all__ = ["Lesson", "RECIPES", "WEIGHT_CAP", "capped", "default_kind"]

WEIGHT_CAP = 10.0
_PAIR_FINDS, _FEW_FINDS, _MANY_FINDS = 200, 500, 1000
_MIN_FAMILY = 12


@dataclass(frozen=True)
class Lesson:
    """What a recipe learns from: one row an item of the training slice.

    Attributes
    ----------
    features
        Fitted on the slice.
    x
        float32 (n_items, n_features), in the order of `features`.
    y
        1 found, 0 not, NaN where nobody looked, shape (n_items,).
    weight
        Inverse inclusion probability, shape (n_items,).
    family
        What kind of thing was found, "" where not known, shape (n_items,); None where none is recorded.
    seed
        As in `risk.training.Plan`.
    threads
        How many threads a fit may use; they change nothing but the time.
    settings
        Of this kind of model (`risk.settings`); what is not given is chosen here.
    """

    features: Features
    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    family: np.ndarray | None = None
    seed: int = 0
    threads: int = 1
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def seen(self) -> np.ndarray:
        """Rows somebody looked at."""
        return np.isfinite(self.y)

    @property
    def found(self) -> int:
        """How many finds there are."""
        return int(np.nansum(self.y))

    @property
    def directions(self) -> list[int]:
        """Stated direction of each feature: -1, 0, +1."""
        return [f.monotone or 0 for f in self.features.specs]


def capped(weight: np.ndarray) -> np.ndarray:
    """Inverse inclusion probabilities, at most ten times the smallest: a few rows must not rule the fit.

    >>> capped(np.array([1.0, 3.0, 200.0])).tolist()
    [1.0, 3.0, 10.0]
    """
    return np.minimum(weight, WEIGHT_CAP * weight.min())


def default_kind(family: np.ndarray | None) -> str:
    """``profiles`` where at least two families of finds are large enough to learn from, else ``ga2m``.

    >>> default_kind(np.array(["small"] * 30 + ["large"] * 30 + [""] * 9)), default_kind(None)
    ('profiles', 'ga2m')
    """
    named = [] if family is None else [f for f in family if f not in ("", "other")]
    sizes = np.unique(named, return_counts=True)[1] if named else np.empty(0)
    return "profiles" if (sizes >= _MIN_FAMILY).sum() >= 2 else "ga2m"


def _ga2m(lesson: Lesson) -> AdditiveTables:
    """Fit on labelled rows, weighted by capped inverse inclusion probability.

    The fewer finds, the simpler: below 500 finds trees have three leaves, and below 200 only the pairs
    that the dictionary names may have a joint table. (Measured on made streams of 20,000 and 40,000
    items, 38–98 finds: average precision .066–.109, against .046–.100 for larger trees and free pairs.)
    Eight bags, four of many rows, give each shape its band; with 85–237 finds their mean was also the better
    model (.166 against .159), with 573–607 finds as good (.251 against .251).
    """
    names = list(lesson.features.get_feature_names_out())
    named = [
        (names.index(a), names.index(b)) for a, b in lesson.features.dictionary.pairs if {a, b} <= set(names)
    ]
    few, seen = lesson.found < _FEW_FINDS, lesson.seen
    own = {
        "n_bags": 8 if seen.sum() <= 30_000 else 4,
        "max_iter": 80 if few else 200,
        "max_leaf_nodes": 3 if few else 8,
        "min_samples_leaf": 40 if few else 20,
    }
    given = named if (named or lesson.found < _PAIR_FINDS) and "max_pairs" not in lesson.settings else "auto"
    model = GA2MClassifier(
        **own | lesson.settings,
        pairs=given,
        random_state=lesson.seed,
        monotonic_cst=lesson.directions,
        n_threads=lesson.threads,
    )
    model.fit(lesson.x[seen], lesson.y[seen].astype(int), sample_weight=capped(lesson.weight[seen]))
    return _named(model.tables_.rebased(lesson.x), names)


def _profiles(lesson: Lesson) -> ProfileTables:
    """Fit all families jointly; average over bags, which is worth most where finds are few.

    (Measured on three made `teaching` streams, 235–470 finds: average precision .223, .106, .190 averaged
    over eight bags, .213, .102, .166 fitted once; with 1,193 finds bagging gained nothing.)
    Where fewer than two families are recorded often enough, families are discovered, named by the titles of
    their leading features and marked as discovered.
    """
    recorded = lesson.family[lesson.seen] if default_kind(lesson.family) == "profiles" else None
    titles = [f.title for f in lesson.features.specs]
    many, seen = lesson.found >= _MANY_FINDS, lesson.seen
    bags = 8 if seen.sum() <= 10_000 else 4 if seen.sum() <= 30_000 else 2
    own = {"n_bags": bags} | ({"max_iter": 120, "learning_rate": 0.1} if many else {})
    model = ProfilesClassifier(
        min_family=_MIN_FAMILY,
        random_state=lesson.seed,
        n_threads=lesson.threads,
        monotonic_cst=lesson.directions,
        **own | lesson.settings,
    )
    model.fit(
        pd.DataFrame(lesson.x[seen], columns=titles),
        lesson.y[seen].astype(int),
        sample_weight=capped(lesson.weight[seen]),
        families=recorded,
    )
    return _named(model.tables_.rebased(lesson.x), list(lesson.features.get_feature_names_out()))


def _logistic(lesson: Lesson) -> AdditiveTables:
    return _banded(BandedLogistic(**lesson.settings), lesson)


def _scorecard(lesson: Lesson) -> AdditiveTables:
    return _banded(ScorecardClassifier(monotonic_cst=lesson.directions, **lesson.settings), lesson)


def _banded(model: BandedLogistic | ScorecardClassifier, lesson: Lesson) -> AdditiveTables:
    seen = lesson.seen
    model.fit(lesson.x[seen], lesson.y[seen].astype(int), sample_weight=capped(lesson.weight[seen]))
    return _named(model.tables_.rebased(lesson.x), list(lesson.features.get_feature_names_out()))


def _rules(lesson: Lesson) -> AdditiveTables:
    return RuleBook.default().compile(lesson.features, lesson.x)


def _boosted(lesson: Lesson) -> BoostedTrees:
    """Fit unconstrained trees; the fewer finds, the smaller."""
    size = {"max_iter": 100, "learning_rate": 0.1, "max_leaf_nodes": 4}
    if lesson.found >= _FEW_FINDS:
        size = {"max_iter": 100, "learning_rate": 0.06, "max_leaf_nodes": 8}
    seen = lesson.seen
    trees = fit_boosted(
        lesson.x[seen],
        lesson.y[seen],
        capped(lesson.weight[seen]),
        settings=size | lesson.settings,
        seed=lesson.seed,
        threads=lesson.threads,
    )
    return _named(trees.rebased(lesson.x), list(lesson.features.get_feature_names_out()))


def _named(tables, names: list[str]):
    """The tables under the features' own names."""
    return replace(tables, names=tuple(names))


#: Model names and how each is fitted.
RECIPES: dict[str, Callable[[Lesson], Fitted]] = {
    "profiles": _profiles,
    "ga2m": _ga2m,
    "logistic": _logistic,
    "scorecard": _scorecard,
    "rules": _rules,
    "boosted": _boosted,
}
