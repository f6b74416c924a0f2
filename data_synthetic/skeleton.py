"""Who sends what when: the sequential, cheap half of the generator.

A stream is an endless sequence of items fixed by (world, seed, items a week); a data set is how far one
reads. It is made in blocks of `BLOCK` items. This module gives each item its time, identity, role, place in
the identity's history and mode; `data_synthetic.fields` then fills in the declaration block by block, in any
process, from the block alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data_synthetic.parties import MAX_LIFE, Population, Register
from data_synthetic.randomness import stream, uniform_at
from data_synthetic.world import World

__all__ = ["BLOCK", "Clock", "Skeleton", "Skeletons"]

BLOCK = 2**15          # items; part of the format: changing it changes every stream
_DAY_MS = 86_400_000


class Clock:
    """Maps the place of an item in the stream to its time of arrival.

    >>> from data_synthetic.world import load_world
    >>> clock = Clock(load_world("calm"), n_items=1800, days=180)
    >>> int(clock.day(np.array([0.0, 1799.9])).max()) < 180
    True
    """

    def __init__(self, world: World, *, n_items: int, days: int) -> None:
        self.world, self.days = world, days
        self._total = np.zeros(1)
        self._extend(days)
        self.items_a_unit = n_items / self._total[days]

    @property
    def items_a_week(self) -> float:
        """Items of an average week."""
        return 7.0 * self.items_a_unit

    def items_until(self, day: int) -> int:
        """Items that arrive before a day."""
        self._extend(day)
        return int(round(self._total[day] * self.items_a_unit))

    def day(self, place: np.ndarray) -> np.ndarray:
        """Time of arrival in days since the start, for places (item number plus a fraction)."""
        units = place / self.items_a_unit
        while self._total[-1] <= units.max(initial=0.0):
            self._extend(len(self._total) + 363)
        return np.interp(units, self._total, np.arange(len(self._total)))

    def _extend(self, days: int) -> None:
        if days >= len(self._total):
            day = np.arange(days + 1)
            amplitude, peak = self.world.season
            of_year = (day + self.world.start.timetuple().tm_yday - 1) % 365
            rate = np.array(self.world.weekdays)[(day + self.world.start.weekday()) % 7]
            rate = (
                rate
                / np.mean(self.world.weekdays)
                * (1 + amplitude * np.cos(2 * np.pi * (of_year - peak) / 365))
            )
            self._total = np.concatenate([[0.0], np.cumsum(rate)])[: days + 1]


@dataclass(frozen=True)
class Skeleton:
    """One block of items before their fields. All arrays have shape (n,) unless said otherwise."""

    block: int
    number: np.ndarray          # place in the stream, 0…
    arrived_ms: np.ndarray      # milliseconds since the stream's first day
    week: np.ndarray
    identity: np.ndarray        # row in the register
    kind: np.ndarray            # archetype or scheme of the identity
    mode: np.ndarray            # how this item is made: its kind, or the archetype that the kind imitates
    irregular: np.ndarray
    born: np.ndarray            # week of birth of the identity
    home: np.ndarray            # origin of the identity
    volume: np.ndarray          # volume class of the identity
    role: np.ndarray            # 0: the identity sends, 1: it receives
    place: np.ndarray           # items of this identity in this role before this one
    new: np.ndarray             # the counterpart is new to the identity
    root: np.ndarray            # the earlier item (place) at which the counterpart first came
    prior: dict[int, np.ndarray]  # week → log P(origin, component), see `Skeletons.prior`


class Skeletons:
    """Makes the blocks of a stream in order, keeping the register of identities."""

    def __init__(self, population: Population, clock: Clock, seed: int) -> None:
        self.population, self.clock, self.seed = population, clock, seed
        self.register = Register(population, seed)
        self._novelty = np.array([p.novelty for p in population.world.profiles])
        self._once = np.array([p.once for p in population.world.profiles])
        self._week, self._alive, self._prior = -1, None, {}

    def make(self, block: int, n: int) -> Skeleton:
        """The next block; blocks must be asked for in order, with all but the last full."""
        number = block * BLOCK + np.arange(n)
        draw = {
            name: stream(self.seed, name, block).random(BLOCK)[:n]
            for name in ("time", "who", "role", "irregular")
        }
        day = self.clock.day(number + draw["time"])
        week = (day // 7).astype(np.int64)
        parts = [self._week_part(w, np.flatnonzero(week == w), draw) for w in range(week[0], week[-1] + 1)]
        joined = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
        who = joined["identity"]
        columns = {k: self.register.columns[k][who] for k in ("kind", "born", "home", "volume")}
        new, root = self._counterparts(who, joined["role"], joined["place"], columns["kind"])
        mode = np.where(joined["irregular"], columns["kind"], self.population.imitated[columns["kind"]])
        self._prior = {w: p for w, p in self._prior.items() if w >= week[0]}
        return Skeleton(block=block, number=number, arrived_ms=(day * _DAY_MS).astype(np.int64), week=week,
                        mode=mode, new=new, root=root, prior=dict(self._prior), **columns, **joined)

    def _week_part(self, week: int, rows: np.ndarray, draw: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        if week != self._week:
            self._open(week)
        who, total = self._alive
        chosen = np.searchsorted(total, draw["who"][rows] * total[-1], side="right")
        identity = who[np.minimum(chosen, len(who) - 1)]
        kind, born = self.register.columns["kind"][identity], self.register.columns["born"][identity]
        age = week - born
        sender = self.population.sender_role(np.arange(MAX_LIFE + 1))[kind, age]
        role = (draw["role"][rows] >= sender).astype(np.int64)
        return {"identity": identity, "role": role, "place": self._count(identity, role),
                "irregular": self._irregular(week, identity, kind, age, draw["irregular"][rows])}

    def _irregular(self, week: int, identity: np.ndarray, kind: np.ndarray, age: np.ndarray,
                   u: np.ndarray) -> np.ndarray:
        active = self.population.active(week, week - np.arange(MAX_LIFE + 1))
        irregular = u < active[kind, age]
        once = np.flatnonzero(irregular & self._once[kind])
        first = once[np.unique(identity[once], return_index=True)[1]]
        first = first[~self.register.happened[identity[first]]]
        irregular[once] = False
        irregular[first] = True
        self.register.happened[identity[first]] = True
        return irregular

    def _count(self, identity: np.ndarray, role: np.ndarray) -> np.ndarray:
        """Place of each item in its identity's history in that role; updates the register's counts."""
        key = identity * 2 + role
        order = np.argsort(key, kind="stable")
        sorted_key = key[order]
        start = np.flatnonzero(np.r_[True, sorted_key[1:] != sorted_key[:-1]])
        length = np.diff(np.r_[start, len(key)])
        place = np.empty(len(key), dtype=np.int64)
        count = self.register.count.reshape(-1)
        place[order] = np.arange(len(key)) - np.repeat(start, length) + count[sorted_key]
        count[sorted_key[start]] += length.astype(np.int32)
        return place

    def _counterparts(self, identity: np.ndarray, role: np.ndarray, place: np.ndarray,
                      kind: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Whether the counterpart is new, and where it came first: follows repeats to their root."""

        def is_new(rows: np.ndarray, at: np.ndarray) -> np.ndarray:
            u = uniform_at(self.seed, 21, identity[rows], role[rows], at)
            return (at == 0) | (u < self._novelty[kind[rows]])

        root = place.copy()
        every = np.arange(len(place))
        new = is_new(every, place)
        left = every[~new]
        while len(left):
            u = uniform_at(self.seed, 22, identity[left], role[left], root[left])
            root[left] = np.floor(u * root[left]).astype(np.int64)
            left = left[~is_new(left, root[left])]
        return new, root

    # -- what a week knows ------------------------------------------------------------------------------

    def _open(self, week: int) -> None:
        self.register.grow(week)
        self._week, self._alive = week, self.register.alive(week)
        self._prior[week] = self.prior(week)

    def prior(self, week: int) -> np.ndarray:
        """``log P(origin, kind, irregular)`` of a random item of a week; shape (origins, kinds, 2).

        It is the share of the week's expected items by cell, times ``P(kind | cell)``: the exact prior of an
        observer who knows the world and the cells of the identities at work, and nothing of this item.
        """
        p, who = self.population, self._alive[0]
        born = week - np.arange(MAX_LIFE)
        cells = self._cells(week, who, p.weight[self.register.columns["volume"][who]])
        kind = np.exp(np.stack([p.log_kind(b) for b in born]))
        mass = cells[..., None] * kind
        waiting = mass.copy()
        for z in np.flatnonzero(self._once):
            waiting[..., z] = self._cells(week, who, self._still_waiting(z, who)) * kind[..., z]
        active = p.active(week, born).T[:, None, None, :]
        bad = waiting * active
        by_home = np.stack([mass - bad, bad], axis=-1)
        sender = p.sender_role(week - born).T[:, None, None, :, None]
        sent, received = (by_home * sender).sum(axis=(0, 1)), (by_home * (1 - sender)).sum(axis=(0, 1, 2))
        origin = np.exp(p.densities.table["origin"].logp[0, 0])
        joint = sent + origin[:, :, None] * received[None]
        with np.errstate(divide="ignore"):
            return np.log(joint / joint.sum())

    def _cells(self, week: int, who: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """Weights of identities summed by weeks since birth, volume class and home."""
        p, c = self.population, self.register.columns
        shape = (MAX_LIFE, p.classes, len(p.world.origins))
        cell = np.ravel_multi_index((week - c["born"][who], c["volume"][who], c["home"][who]), shape)
        return np.bincount(cell, weight, minlength=np.prod(shape)).reshape(shape)

    def _still_waiting(self, kind: int, who: np.ndarray) -> np.ndarray:
        """Weight of each identity's items this week that come before its one time, were it of that kind.

        With n items done and N more to come before a random item of the week, N Poisson, the chance that it
        has not happened is (1 − rate)^n · E (1 − rate)^N.
        """
        p = self.population
        weight, rate = p.weight[self.register.columns["volume"][who]], p.world.profiles[kind].rate
        coming = rate * weight / self._alive[1][-1] * p.items_a_week
        done = self.register.count[who].sum(axis=1)
        return weight * (1 - rate) ** done * -np.expm1(-coming) / coming
