"""Targeting policies as pure functions: from what is known in a week to inclusion probabilities.

A policy does not draw. It states for every item the probability of being examined, so that these are
exact by construction and add up to the capacity; `draw` then takes a sample of exactly that size with
exactly these probabilities (systematic sampling in random order, Madow 1949). Ties in a score share what
is left of the capacity equally. To add a policy: write a function of a `Week`, decorate it.

>>> week = Week(margin=np.array([3.0, 1.0, 1.0, -1.0]), capacity=2)
>>> POLICIES["targeted"].choose(week).probability.tolist()
[1.0, 0.5, 0.5, 0.0]
>>> POLICIES["random"].choose(week).probability.tolist()
[0.5, 0.5, 0.5, 0.5]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit

from risk.errors import NotFound
from risk.simulation.adaptive import Tally, next_share

__all__ = [
    "Choice",
    "Policy",
    "POLICIES",
    "Week",
    "draw",
    "hybrid",
    "named_policies",
    "policy",
    "share_random",
    "top_share",
]


@dataclass(frozen=True)
class Week:
    """What a policy may know of one week's items; every array has shape (n_items,) unless said otherwise.

    Attributes
    ----------
    margin
        Log-odds by the model as trained on what was reported by the week's start.
    capacity
        How many items can be examined.
    rules
        Points of the rule book.
    lane
        Number of each item's lane (origin × mail class).
    bags
        Margins by models fitted to resamples of the same reports, shape (n_bags, n_items); empty unless the
        policy asks for them.
    past
        What earlier weeks showed, as far as reported.
    """

    margin: np.ndarray
    capacity: int
    rules: np.ndarray = field(default_factory=lambda: np.empty(0))
    lane: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    bags: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    past: tuple[Tally, ...] = ()

    @property
    def n(self) -> int:
        """How many items there are."""
        return len(self.margin)

    @property
    def room(self) -> int:
        """How many items can be examined: the capacity, or all where there are fewer."""
        return min(self.capacity, self.n)


@dataclass(frozen=True)
class Choice:
    """Inclusion probabilities of a week, adding up to its capacity.

    Attributes
    ----------
    probability
        Of being examined by any channel, shape (n_items,).
    random
        The part of it that is owed to the random channel, shape (n_items,).
    random_share
        Share of the capacity that is drawn at random, 0–1.
    """

    probability: np.ndarray
    random: np.ndarray
    random_share: float


@dataclass(frozen=True)
class Policy:
    """A policy with its words. `learns`: needs a trained model; `bags`: needs resampled ones too."""

    name: str
    title: str
    choose: Callable[[Week], Choice]
    learns: bool = True
    bags: bool = False


POLICIES: dict[str, Policy] = {}


def policy(
    name: str, title: str, *, learns: bool = True, bags: bool = False
) -> Callable[[Callable[[Week], Choice]], Callable[[Week], Choice]]:
    """Register a function of a `Week` as a policy."""

    def register(function: Callable[[Week], Choice]) -> Callable[[Week], Choice]:
        POLICIES[name] = Policy(name, title, function, learns, bags)
        return function

    return register


def named_policies(names: str | list[str]) -> list[Policy]:
    """Policies by name, from a list or a comma-separated text.

    >>> [p.name for p in named_policies("random,targeted")]
    ['random', 'targeted']
    """
    listed = names.split(",") if isinstance(names, str) else list(names)
    return [_one(name.strip()) for name in listed if name.strip()]


def _one(name: str) -> Policy:
    if name not in POLICIES:
        raise NotFound("policy", name, known=POLICIES, todo=f"Policies: {', '.join(POLICIES)}.")
    return POLICIES[name]


# ------------------------------------------------------------------------------------------ building blocks


def top_share(score: np.ndarray, k: float) -> np.ndarray:
    """Probability 1 for the k highest scores, 0 for the rest; items tied at the border share what is left.

    >>> top_share(np.array([5.0, 5.0, 5.0, 9.0]), 2).round(3).tolist()
    [0.333, 0.333, 0.333, 1.0]
    """
    levels, at, size = np.unique(-np.asarray(score, float), return_inverse=True, return_counts=True)
    before = np.cumsum(size) - size
    return np.clip((k - before) / size, 0.0, 1.0)[at]


def share_random(targeted: np.ndarray, k: float) -> np.ndarray:
    """What the random channel adds: k draws, equally among all items as far as they are not targeted.

    >>> share_random(np.array([1.0, 0.0, 0.0]), 1).tolist()
    [0.0, 0.5, 0.5]
    """
    left = 1.0 - targeted
    return left * min(1.0, k / max(left.sum(), 1e-12))


def hybrid(score: np.ndarray, capacity: int, random_share: float) -> Choice:
    """The highest scores, and a share of the capacity at random among the others."""
    k_random = random_share * capacity
    targeted = top_share(score, capacity - k_random)
    random = share_random(targeted, k_random)
    return Choice(targeted + random, random, random_share)


def draw(probability: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Positions of a sample with exactly these inclusion probabilities, ascending.

    Its size is the probabilities' sum, up to rounding to a whole number.

    >>> draw(np.array([1.0, 0.0, 1.0]), np.random.default_rng(0)).tolist()
    [0, 2]
    """
    order = rng.permutation(len(probability))
    total = np.cumsum(probability[order])
    whole = round(float(total[-1])) if len(total) else 0
    if whole == 0:
        return np.empty(0, np.int64)
    steps = np.floor(total * (whole / total[-1]) + rng.random() - 1e-12)
    picked = np.diff(steps, prepend=0.0) >= 1
    return np.sort(order[picked])


def _water_fill(size: np.ndarray, total: float) -> np.ndarray:
    """Equal amounts for every lane, none above its size, adding up to `total`."""
    given = np.zeros(len(size))
    while total - given.sum() > 1e-9:
        open_ = given < size
        given[open_] = np.minimum(size[open_], given[open_] + (total - given.sum()) / open_.sum())
    return given


# ------------------------------------------------------------------------------------------ the policies


@policy("random", "Random", learns=False)
def _random(week: Week) -> Choice:
    equal = np.full(week.n, week.room / max(week.n, 1))
    return Choice(equal, equal, 1.0)


@policy("rules", "Rules", learns=False)
def _rules(week: Week) -> Choice:
    return hybrid(week.rules, week.room, 0.0)


@policy("targeted", "Targeted only")
def _targeted(week: Week) -> Choice:
    return hybrid(week.margin, week.room, 0.0)


@policy("hybrid-99-1", "Hybrid 99/1")
def _hybrid_1(week: Week) -> Choice:
    return hybrid(week.margin, week.room, 0.01)


@policy("hybrid-90-10", "Hybrid 90/10")
def _hybrid_10(week: Week) -> Choice:
    return hybrid(week.margin, week.room, 0.10)


@policy("hybrid-70-30", "Hybrid 70/30")
def _hybrid_30(week: Week) -> Choice:
    return hybrid(week.margin, week.room, 0.30)


@policy("uncertainty", "Uncertainty", bags=True)
def _uncertainty(week: Week) -> Choice:
    """Where resampled models disagree most about the probability."""
    return hybrid(expit(week.bags).std(axis=0), week.room, 0.0)


@policy("stratified", "Random by lane", learns=False)
def _stratified(week: Week) -> Choice:
    """As many from every lane, as far as it has them; at random within a lane."""
    lanes, at, size = np.unique(week.lane, return_inverse=True, return_counts=True)
    given = _water_fill(size.astype(float), float(week.room))
    equal = (given / size)[at]
    return Choice(equal, equal, 1.0)


@policy("thompson", "Thompson sampling", bags=True)
def _thompson(week: Week) -> Choice:
    """The probability of being among the best under a model drawn from the bag (Thompson 1933)."""
    chosen = np.mean([top_share(margin, week.room) for margin in week.bags], axis=0)
    return Choice(chosen, np.zeros(week.n), 0.0)


@policy("adaptive", "Adaptive hybrid")
def _adaptive(week: Week) -> Choice:
    """A hybrid whose random share follows what its own channels show; see `risk.simulation.adaptive`."""
    return hybrid(week.margin, week.room, next_share(week.past))


def titles(names: list[str] | None = None) -> Mapping[str, str]:
    """Policy titles by name."""
    return {n: POLICIES[n].title for n in names or POLICIES}
