"""Identities: who sends and who receives, for how long, how much, and what kind they are.

An identity belongs to a *cell* – volume class, week of birth, home origin – and has a kind (archetype or
scheme) drawn from ``P(kind | cell)``. When it is chosen for an item depends on its cell alone, so the times
of its items tell nothing about its kind beyond the cell: that is what makes the oracle a running sum.

Kinds are calibrated: `Population` solves for the cell-free odds of each kind that give every scheme its share
of irregular items, and every archetype its share of regular ones (those of its imitators included), in the
world's own period.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from data_synthetic.behaviours import make_behaviour
from data_synthetic.densities import Densities
from data_synthetic.distributions import log_softmax
from data_synthetic.randomness import mix, stream, uniform_at
from data_synthetic.world import World

__all__ = ["Population", "Register", "MAX_LIFE"]

MAX_LIFE = 52          # weeks that an identity lives at most, and of identities born before the stream
_TOO_BUSY = 6.0        # log-odds lost for every volume class above a kind's highest
_ROUNDS = 60           # of the calibration; it settles to 1e-6 in about 30


class Population:
    """The law of identities for a world and a flow of items a week."""

    def __init__(self, world: World, densities: Densities, *, items_a_week: float) -> None:
        p = world.parties
        largest = np.log2(max(p["largest_share"] * items_a_week / p["items_a_week"], 1.0))
        self.world, self.densities, self.items_a_week = world, densities, items_a_week
        self.classes = int(min(p["volume_classes"] - 1, np.floor(largest))) + 1
        self.weight = 2.0 ** np.arange(self.classes)
        self.share = np.exp(-p["volume_decay"] * np.arange(self.classes))
        self.share /= self.share.sum()
        self.death = 1.0 / (p["life_weeks"] * (1.0 + p["life_growth"] * np.arange(self.classes)))
        self.imitated = np.array(world.imitated())
        self.archetypes = len(world.archetypes)
        self.births_a_week = items_a_week / p["items_a_week"] / self._weight_of_a_life().sum()
        self.behaviours = [make_behaviour(k.activity) for k in world.profiles]
        self._log_kinds: dict[int, np.ndarray] = {}
        self.log_odds = self._calibrate()

    @property
    def kinds(self) -> int:
        """Number of identity kinds (archetypes, then schemes)."""
        return len(self.imitated)

    def home_share(self, born: int) -> np.ndarray:
        """Origins of identities born in a week, shape (origins,)."""
        years = 0.0 if self.world.stationary else 7.0 * born / 365.0
        share = self.densities.origin_share * np.array([o.trend for o in self.world.origins]) ** years
        return share / share.sum()

    def log_kind(self, born: int) -> np.ndarray:
        """``log P(kind | volume class, home)`` of identities born in a week: (classes, origins, kinds)."""
        if born not in self._log_kinds:
            self._log_kinds[born] = log_softmax(self.log_odds + self._leaning(born))
        return self._log_kinds[born]

    def log_home(self, born: np.ndarray, kind: np.ndarray, home: np.ndarray) -> np.ndarray:
        """``log P(home | kind, week of birth)``, by items; all shape (n,)."""
        weeks, at = np.unique(born, return_inverse=True)
        table = np.stack([self._log_homes(int(b)) for b in weeks]) if len(weeks) else np.zeros((1, 1, 1))
        return table[at, home, kind]

    def _log_homes(self, born: int) -> np.ndarray:
        """``log P(home | kind)`` weighted by volume, shape (origins, kinds)."""
        joint = np.exp(self.log_kind(born)) * (self.share * self.weight)[:, None, None]
        by_home = joint.sum(axis=0) * self.home_share(born)[:, None]
        return np.log(by_home / by_home.sum(axis=0))

    def active(self, week: int, born: np.ndarray) -> np.ndarray:
        """Probability that an item of each kind is irregular, by birth week: shape (kinds, births).

        For a kind that does it `once`, the probability while it has not happened yet.
        """
        day, born_day = np.array([[7.0 * week + 3.5]]), 7.0 * born[None, :] + 3.5
        rows = [
            k.rate * b.activity(day, born_day)[0]
            for k, b in zip(self.world.profiles, self.behaviours, strict=True)
        ]
        return np.clip(np.stack(rows), 0.0, 0.999)

    def sender_role(self, age_weeks: np.ndarray) -> np.ndarray:
        """Probability that the identity is the sender, by kind and age: shape (kinds, ages)."""
        young, old = np.array([k.sender_role for k in self.world.profiles]).T
        turn = np.array([k.turn_days for k in self.world.profiles])
        return np.where(7.0 * age_weeks[None, :] >= turn[:, None], old[:, None], young[:, None])

    def cohort(self, seed: int, born: int) -> dict[str, np.ndarray]:
        """The identities born in a week, as columns; the same whatever else is generated."""
        rng = stream(seed, "cohort", born)
        n = rng.poisson(self.births_a_week)
        volume = rng.choice(self.classes, size=n, p=self.share)
        home = rng.choice(len(self.world.origins), size=n, p=self.home_share(born))
        life = np.minimum(rng.geometric(self.death[volume]), MAX_LIFE)
        cumulative = np.cumsum(np.exp(self.log_kind(born)[volume, home]), axis=1)
        kind = np.minimum((rng.random(n)[:, None] >= cumulative).sum(axis=1), self.kinds - 1)
        return {
            "born": np.full(n, born),
            "last": born + life - 1,
            "volume": volume,
            "home": home,
            "kind": kind,
        }

    # -- calibration ------------------------------------------------------------------------------------

    def _weight_of_a_life(self) -> np.ndarray:
        life = (1.0 - (1.0 - self.death) ** MAX_LIFE) / self.death
        return self.share * self.weight * life

    def _leaning(self, born: int) -> np.ndarray:
        """Log-factors of each kind by volume class and home in a birth week."""
        v = np.arange(self.classes)
        profiles = self.world.profiles
        volume = np.array([[p.volume * i - _TOO_BUSY * max(i - p.most, 0) for p in profiles] for i in v])
        codes = {o.code: [i] for i, o in enumerate(self.world.origins)}
        day = np.array([7.0 * born + 3.5])
        home = self.densities.tilt("origin", codes, len(codes), days=day)[0].T
        births = np.array([np.log(b.births(day)[0]) for b in self.behaviours])
        return volume[:, None, :] + home[None, :, :] + births

    def _calibrate(self) -> np.ndarray:
        weeks = np.arange(int(np.ceil(self.world.days / 7)))
        born = np.arange(-MAX_LIFE + 1, len(weeks))
        leaning = np.stack([self._leaning(b) for b in born])
        cell = np.stack([self.share[:, None] * self.home_share(b) for b in born]) * self.weight[:, None]
        items, irregular = self._exposure(weeks, born)
        target = self._targets()
        log_odds = np.log(target) - np.log(
            np.array([1.0] * self.archetypes + [0.6] * (self.kinds - self.archetypes))
        )
        for _ in range(_ROUNDS):
            kind = np.exp(log_softmax(log_odds + leaning))
            got = np.einsum("bvo,bv,bvoz->z", cell, items, kind)
            bad = np.einsum("bvo,zbv,bvoz->z", cell, irregular, kind)
            regular = np.bincount(
                self.imitated, got - bad, minlength=self.kinds
            )  # schemes' ordinary items too
            reached = np.where(np.arange(self.kinds) < self.archetypes, regular, bad) / got.sum()
            log_odds = log_odds + np.log(target / np.maximum(reached, 1e-300))
        return log_odds

    def _targets(self) -> np.ndarray:
        share = self.world.irregular_share
        good = np.array([a.share for a in self.world.archetypes])
        bad = np.array([s.share for s in self.world.schemes])
        return np.concatenate([(1 - share) * good / good.sum(), share * bad / bad.sum()])

    def _exposure(self, weeks: np.ndarray, born: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Expected weeks of work inside the period by birth and class, and the irregular part by kind."""
        items = np.zeros((len(born), self.classes))
        irregular = np.zeros((self.kinds, len(born), self.classes))
        for week in weeks:
            age = week - born
            alive = np.where((age >= 0) & (age < MAX_LIFE), 1.0, 0.0)[:, None]
            alive = alive * (1.0 - self.death) ** np.maximum(age, 0)[:, None]
            items += alive
            irregular += self.active(week, born)[:, :, None] * alive * self._not_yet(age)
        return items, irregular

    def _not_yet(self, age: np.ndarray) -> np.ndarray:
        """For kinds that do it once: probability that it has not happened at an age, by class."""
        out = np.ones((self.kinds, len(age), self.classes))
        pace = self.world.parties["items_a_week"] * self.weight
        for z, profile in enumerate(self.world.profiles):
            if profile.once:
                out[z] = np.exp(-profile.rate * pace[None, :] * (np.maximum(age, 0)[:, None] + 0.5))
        return out


@dataclass
class Register:
    """All identities born so far, as columns that grow by a week at a time, and what they have done."""

    population: Population
    seed: int
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    until: int = -MAX_LIFE

    def __post_init__(self) -> None:
        self.columns = {k: np.zeros(0, dtype=np.int32) for k in ("born", "last", "volume", "home", "kind")}
        self.count = np.zeros((0, 2), dtype=np.int32)     # items so far, by role (0 sender, 1 recipient)
        self.happened = np.zeros(0, dtype=bool)           # for kinds that do it once

    def grow(self, week: int) -> None:
        """Add the identities born up to and including `week`."""
        fresh = [self.population.cohort(self.seed, b) for b in range(self.until + 1, week + 1)]
        if fresh:
            for k, old in self.columns.items():
                self.columns[k] = np.concatenate([old, *(f[k].astype(np.int32) for f in fresh)])
            n = len(self.columns["born"])
            self.count = np.concatenate([self.count, np.zeros((n - len(self.count), 2), dtype=np.int32)])
            self.happened = np.concatenate([self.happened, np.zeros(n - len(self.happened), dtype=bool)])
            self.until = week

    def alive(self, week: int) -> tuple[np.ndarray, np.ndarray]:
        """Identities alive in a week and the running sum of their weights."""
        c = self.columns
        first = np.searchsorted(c["born"], week - MAX_LIFE, side="right")
        who = first + np.flatnonzero(c["last"][first:] >= week)
        return who, np.cumsum(self.population.weight[c["volume"][who]])

    def attribute(self, name: str, who: np.ndarray, salt: int) -> np.ndarray:
        """A fixed attribute of identities (stated type, region), drawn from its table by their kind."""
        table = self.population.densities.table[name]
        zero = np.zeros(len(who), dtype=np.int64)
        return table.sample(zero, zero, self.columns["kind"][who], uniform_at(self.seed, salt, who))

    def pseudonym_hash(self, who: np.ndarray) -> np.ndarray:
        """64-bit hashes behind the pseudonyms of identities."""
        return mix(self.seed, 11, who)
