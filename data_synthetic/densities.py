"""The world's distributions as tables over modes, so that one gather gives every mode's log-density.

A mode is how an item was made: one per archetype, then one per scheme, in the order of `World.profiles`.
A scheme's table is its archetype's, tilted by the scheme's factors; an archetype's is the base, tilted.

>>> from data_synthetic.world import load_world
>>> d = Densities(load_world("operational"), weeks=26)
>>> table = d.table["mail_class"]
>>> table.log_prob(np.array([0]), np.array([0]), np.array([0])).shape == (1, d.modes)
True
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from data_synthetic.distributions import log_softmax, loglogistic_log_prob, pick
from data_synthetic.world import HEAVINESS, MAIL_CLASSES, NUMBERS, Timed, World

__all__ = ["Densities", "Table", "Scales"]

KINDS = ("agree", "near", "vague", "other")
MAX_PIECES = 50
_NEVER = -np.inf


@dataclass(frozen=True)
class Table:
    """Log-probabilities of a categorical field: shape (weeks or 1, rows, levels, modes)."""

    levels: tuple[str, ...]
    logp: np.ndarray

    @cached_property
    def _cumulative(self) -> np.ndarray:
        total = np.cumsum(np.exp(np.moveaxis(self.logp, 3, 2)), axis=3)
        return (total / total[..., -1:]).reshape(-1, len(self.levels))

    @cached_property
    def _by_value(self) -> np.ndarray:
        return np.ascontiguousarray(self.logp).reshape(-1, self.logp.shape[3])

    def _row(self, week: np.ndarray, row: np.ndarray) -> np.ndarray:
        weeks, rows = self.logp.shape[:2]
        return (week * rows + row) if weeks > 1 else row

    def sample(self, week: np.ndarray, row: np.ndarray, mode: np.ndarray, u: np.ndarray) -> np.ndarray:
        """Level numbers for items of these weeks, context rows and modes; all shape (n,)."""
        return pick(self._cumulative, self._row(week, row) * self.logp.shape[3] + mode, u)

    def log_prob(self, week: np.ndarray, row: np.ndarray, level: np.ndarray) -> np.ndarray:
        """Log-probability (nats) of these levels under every mode, shape (n, modes)."""
        return self._by_value[self._row(week, row) * len(self.levels) + level]


@dataclass(frozen=True)
class Scales:
    """Shifts of log-median (weeks or 1, modes) and factors of spread (modes,) of a numeric field."""

    shift: np.ndarray
    spread: np.ndarray

    @cached_property
    def _distinct(self) -> tuple[np.ndarray, np.ndarray]:
        columns = np.vstack([self.shift, self.spread[None, :]])
        _, first, inverse = np.unique(columns, axis=1, return_index=True, return_inverse=True)
        return first, inverse.ravel()

    def of(self, week: np.ndarray, mode: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Shift and spread factor for items of these weeks and modes; shape (n,) each."""
        return self.shift[week if len(self.shift) > 1 else 0, mode], self.spread[mode]

    def over_modes(
        self, week: np.ndarray, log_prob: Callable[[np.ndarray, np.ndarray], np.ndarray]
    ) -> np.ndarray:
        """Evaluate ``log_prob(shift, spread)`` once per distinct pair and spread it to (n, modes)."""
        first, inverse = self._distinct
        shift = self.shift[:, first]
        shift = shift[week] if len(shift) > 1 else shift[0][None, :]
        return np.take(log_prob(shift, self.spread[first][None, :]), inverse, axis=1)


class Densities:
    """Every table of a world for weeks 0…weeks−1; earlier weeks do not depend on how many there are."""

    def __init__(self, world: World, *, weeks: int) -> None:
        self.world, self.weeks = world, weeks
        self.modes = len(world.profiles)
        self.imitated = np.array(world.imitated())
        self._day = 7.0 * np.arange(weeks) + 3.5
        self.table: dict[str, Table] = {}
        self._add_plain()
        self._add_commodity()
        self._add_route()
        self.scale = {n: self._scales(n) for n in NUMBERS}
        self.table["pieces"] = self._pieces()

    # -- what profiles do -------------------------------------------------------------------------------

    def tilt(
        self, name: str, levels: Mapping[str, list[int]], size: int, days: np.ndarray | None = None
    ) -> np.ndarray:
        """Sum of log-factors on a distribution: shape (weeks or 1, modes, size)."""
        days = self._day if days is None else days
        timed = any(t.field == name for p in self.world.profiles for t in p.timed)
        out = np.zeros((len(days) if timed else 1, self.modes, size))
        for m, p in enumerate(self.world.profiles):
            power = self.world.strength if p.imitates else 1.0
            base = self.imitated[m]
            if base != m:
                out[:, m] += out[:, base]
            for key, factor in p.fields.get(name, {}).items():
                out[:, m, levels[key]] += power * np.log(factor)
            for t in p.timed:
                if t.field == name:
                    for key, factor in t.factors.items():
                        out[:, m, levels[key]] += power * np.log(factor) * _strength(t, days)[:, None]
        return out

    def _table(
        self, name: str, levels: tuple[str, ...], base: np.ndarray, keys: Mapping[str, list[int]]
    ) -> Table:
        tilt = self.tilt(name, keys, len(levels))
        with np.errstate(divide="ignore"):
            logw = np.log(base)[None, :, :, None] + np.moveaxis(tilt, 2, 1)[:, None]
        return Table(levels, log_softmax(logw, axis=2))

    def _categorical(self, name: str, base: Mapping[str, float]) -> Table:
        levels = tuple(base)
        return self._table(name, levels, np.array([[*base.values()]]), {v: [i] for i, v in enumerate(levels)})

    def yes_no(self, name: str, rates: np.ndarray) -> Table:
        """A yes/no field whose base rate depends on a context row; level 1 is yes."""
        rates = np.asarray(rates, dtype=float)
        return self._table(name, ("no", "yes"), np.stack([1 - rates, rates], axis=1), {"odds": [1]})

    # -- the fields -------------------------------------------------------------------------------------

    def _add_plain(self) -> None:
        base, rate = self.world.base, self.world.base["rate"]
        words = {
            "description_qualifier": self.world.goods.qualifiers,
            "description_tail": self.world.goods.tails,
        }
        for name in ("nature_of_transaction", "sender_type", "recipient_type", "destination_region"):
            self.table[name] = self._categorical(name, base[name])
        for name, weights in words.items():
            self.table[name] = self._categorical(name, weights)
        heaviness = np.array([[base["mail_class"][h][c] for c in MAIL_CLASSES] for h in HEAVINESS])
        keys = {c: [i] for i, c in enumerate(MAIL_CLASSES)}
        self.table["mail_class"] = self._table("mail_class", MAIL_CLASSES, heaviness, keys)
        licence = rate["licence_reference_present"]
        self.table["licence_reference_present"] = self.yes_no(
            "licence_reference_present", [licence / 20, licence]
        )
        self.table["insured"] = self.yes_no("insured", [rate["insured"], min(0.9, 4 * rate["insured"])])
        self.table["nominal_value"] = self.yes_no("nominal_value", [rate["nominal_value"]])

    def _add_commodity(self) -> None:
        goods, base = self.world.goods, self.world.base
        groups = [g.key for g in goods.groups]
        self.group = np.array([groups.index(c.group) for c in goods.commodities])
        inside = np.array([c.weight for c in goods.commodities])
        inside = inside / np.bincount(self.group, inside)[self.group]
        share = np.array([g.share for g in goods.groups])
        self.popularity = inside * share[self.group] / share.sum()
        keys = {c.key: [i] for i, c in enumerate(goods.commodities)}
        keys |= {g: np.flatnonzero(self.group == i).tolist() for i, g in enumerate(groups)}
        levels = tuple(c.hs_code for c in goods.commodities)
        self.table["hs_code"] = self._table("hs_code", levels, self.popularity[None, :], keys)
        kind = np.array([base["description_kind"][k] for k in KINDS])
        missing = kind * np.array([1.0, 0.0, 1.0, 0.0])  # without a code there is nothing to disagree with
        self.table["description_kind"] = self._table("description_kind", KINDS, np.stack([kind, missing]),
                                                     {k: [i] for i, k in enumerate(KINDS)})
        self._add_topics()

    def _add_topics(self) -> None:
        same = self.group[:, None] == self.group[None, :]
        near = np.where(same & ~np.eye(len(same), dtype=bool), 1.0, 0.0)
        other = np.where(same, 0.0, self.popularity[None, :])
        with np.errstate(divide="ignore"):
            self.log_near = np.log(near / near.sum(axis=1, keepdims=True))
            self.log_other = np.log(other / other.sum(axis=1, keepdims=True))

    def _add_route(self) -> None:
        origins, rate = self.world.origins, self.world.base["rate"]
        self.origin_share = np.array([o.share for o in origins]) / sum(o.share for o in origins)
        self.table["hs_missing"] = self.yes_no("hs_missing", [o.hs_missing for o in origins])
        self.table["origin_operator"] = self.yes_no("origin_operator", [rate["origin_operator"]])
        self.table["country_of_manufacture"] = self.yes_no(
            "country_of_manufacture", [rate["country_of_manufacture"]]
        )
        hubs = tuple(self.world.base["transit"])
        base = np.array(
            [[0.0 if h == o.code else w for h, w in self.world.base["transit"].items()] for o in origins]
        )
        self.table["transit"] = self._table("transit", hubs, base, {h: [i] for i, h in enumerate(hubs)})
        self.table["ead_received_utc"] = self._advance_data()
        codes = {o.code: [i] for i, o in enumerate(origins)}
        tilt = self.tilt("origin", codes, len(origins), days=np.array([0.0]))
        self.table["origin"] = Table(tuple(codes), log_softmax(
            np.log(self.origin_share)[None, None, :, None] + np.moveaxis(tilt, 2, 1)[:, None], axis=2))

    def _advance_data(self) -> Table:
        years = np.zeros(self.weeks) if self.world.stationary else self._day / 365.0
        missing = np.array([[o.ead_missing * o.ead_fall ** y for o in self.world.origins] for y in years])
        when = np.array([self.world.base["ead_received_utc"][k] for k in ("timely", "late")])
        base = np.concatenate([(1 - missing)[..., None] * when, missing[..., None]], axis=2)
        tilt = self.tilt("ead_received_utc", {"timely": [0], "late": [1], "missing": [2]}, 3)
        logw = np.log(base)[:, :, :, None] + np.moveaxis(tilt, 2, 1)[:, None]
        return Table(("timely", "late", "missing"), log_softmax(logw, axis=2))

    def _scales(self, name: str) -> Scales:
        both = self.tilt(name, {"scale": [0], "spread": [1]}, 2)
        base = self.world.base["number"][name]
        return Scales(both[:, :, 0] + np.log(base["median"]), base["spread"] * np.exp(both[0, :, 1]))

    def _pieces(self) -> Table:
        k, s = np.arange(1, MAX_PIECES + 1), self.scale["pieces"]
        logp = loglogistic_log_prob(
            k[None, :, None], s.shift[:, None, :], s.spread[None, None, :], 1, MAX_PIECES
        )
        return Table(tuple(map(str, k)), logp[:, None])


def _strength(timed: Timed, days: np.ndarray) -> np.ndarray:
    length = max(timed.ramp_days, 1e-9)
    rise = np.clip((days - timed.from_day) / length, 0.0, 1.0)
    return np.minimum(rise, np.clip((timed.until_day + length - days) / length, 0.0, 1.0))
