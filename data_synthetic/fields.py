"""The fields of a declaration: for each, how it is drawn and its log-density under every mode.

The order is a chain: each field may depend on those before it. `draw` takes the item's own mode;
`log_prob` returns shape (n, modes) for the values that were drawn. Fields whose law is the same in every
mode (times, postage, office, synonyms) tell nothing about the mode, and are drawn in
`data_synthetic.declarations`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from data_synthetic.densities import KINDS
from data_synthetic.distributions import loglogistic_log_prob, loglogistic_sample, mix_nominal, pick
from data_synthetic.items import Items

__all__ = ["Field", "FIELDS", "PARTY_FIELDS", "VAGUE", "anchor", "against_norm", "field_columns"]

VAGUE = -1                        # topic of a description that names nothing
_MOST_VALUE = 5_000_000           # hundredths of an SDR
_INSURED_FROM_SDR = 100.0
_HEAVY_FROM_G = (300.0, 1500.0)   # expected net weight at which goods count as medium, heavy


class Field(Protocol):
    """One part of a declaration, with the item column that shows it."""

    column: str

    def draw(self, items: Items) -> None:
        """Add this field's values to ``items.value``."""

    def log_prob(self, items: Items) -> np.ndarray:
        """Log-density (nats) of the values under every mode, shape (n, modes)."""


@dataclass(frozen=True)
class FromTable:
    """A categorical field whose law is a table with an optional context row."""

    name: str
    column: str
    row: Callable[[Items], np.ndarray] = Items.zeros

    def draw(self, items: Items) -> None:
        """Draw level numbers."""
        s, table = items.skeleton, items.densities.table[self.name]
        items.value[self.name] = table.sample(s.week, self.row(items), s.mode, items.uniform(self.name))

    def log_prob(self, items: Items) -> np.ndarray:
        """Log-density under every mode."""
        table = items.densities.table[self.name]
        return table.log_prob(items.skeleton.week, self.row(items), items.value[self.name])


@dataclass(frozen=True)
class OfParty:
    """An attribute of sender or recipient: its law depends on the identity's kind, not on the item's mode."""

    name: str
    column: str
    side: int

    def draw(self, items: Items) -> None:
        """Draw level numbers, fixed for each party."""
        items.value[self.name] = items.of_party(self.name, side=self.side)

    def log_prob(self, items: Items) -> np.ndarray:
        """Log-density under every kind, shape (n, kinds)."""
        zero = items.zeros()
        return items.densities.table[self.name].log_prob(zero, zero, items.value[self.name])


class HsCode:
    """The commodity code, where one is given; −1 where it is missing."""

    name, column = "hs_code", "hs_code"

    def draw(self, items: Items) -> None:
        """Draw a commodity for every item and blank it where the code is missing."""
        s, table = items.skeleton, items.densities.table["hs_code"]
        code = table.sample(s.week, items.zeros(), s.mode, items.uniform("hs_code"))
        items.value["hs_code"] = np.where(items.value["hs_missing"] == 1, -1, code)

    def log_prob(self, items: Items) -> np.ndarray:
        """Log-density of the code under every mode; 0 where it is missing."""
        code = items.value["hs_code"]
        logp = items.densities.table["hs_code"].log_prob(
            items.skeleton.week, items.zeros(), np.maximum(code, 0)
        )
        logp[code < 0] = 0.0
        return logp


class Topic:
    """The commodity that the description names, or `VAGUE`.

    With a code: the same, another of its group, one of another group, or none. Without: any, as the mode's
    codes are distributed. How a neighbour or stranger is chosen does not depend on the mode.
    """

    name, column = "topic", "description"

    def draw(self, items: Items) -> None:
        """Draw the topic from the kind of agreement drawn before."""
        d, s, code, u = items.densities, items.skeleton, items.value["hs_code"], items.uniform("topic")
        kind, safe = items.value["description_kind"], np.maximum(items.value["hs_code"], 0)
        free = d.table["hs_code"].sample(s.week, items.zeros(), s.mode, u)
        near, other = (pick(_rising(logp), safe, u) for logp in (d.log_near, d.log_other))
        named = np.where(code < 0, free, code)
        items.value["topic"] = np.select([kind == KINDS.index(k) for k in ("vague", "near", "other")],
                                         [np.full(items.n, VAGUE), near, other], named)

    def log_prob(self, items: Items) -> np.ndarray:
        """Log-density under every mode: only a topic without a code depends on it."""
        topic, free = items.value["topic"], (items.value["hs_code"] < 0) & (items.value["topic"] >= 0)
        out = np.zeros((items.n, items.densities.modes))
        rows = np.flatnonzero(free)
        out[rows] = items.densities.table["hs_code"].log_prob(
            items.skeleton.week[rows], np.zeros(len(rows), dtype=np.int64), topic[rows])
        return out


class NetWeight:
    """Declared net weight: log-logistic around the commodity's norm times the number of pieces."""

    name, column = "declared_net_weight_g", "declared_net_weight_g"

    def draw(self, items: Items) -> None:
        """Draw whole grams."""
        shift, spread = items.densities.scale[self.name].of(items.skeleton.week, items.skeleton.mode)
        mu, base, high = self.law(items)
        items.value[self.name] = loglogistic_sample(
            items.uniform(self.name), mu + shift, base * spread, 1, high
        )

    def log_prob(self, items: Items) -> np.ndarray:
        """Log-density under every mode."""
        mu, base, high = (x[:, None] for x in self.law(items))
        grams = items.value[self.name][:, None]
        return items.densities.scale[self.name].over_modes(
            items.skeleton.week,
            lambda shift, spread: loglogistic_log_prob(grams, mu + shift, base * spread, 1, high),
        )

    def law(self, items: Items) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Location, spread and limits before any profile\'s shift, shape (n,) each."""
        a, norms = anchor(items), items.norms
        mail_class = items.value["mail_class"]
        return (
            _expected_log_net(items) + norms.log_class[mail_class],
            norms.net_spread[a],
            norms.limit[mail_class],
        )


class Packaging:
    """Gross minus net weight: log-logistic around a power of the net weight, by mail class."""

    name, column = "packaging_g", "gross_weight_g"

    def draw(self, items: Items) -> None:
        """Draw whole grams."""
        shift, spread = items.densities.scale[self.column].of(items.skeleton.week, items.skeleton.mode)
        mu, high = self.law(items)
        items.value[self.name] = loglogistic_sample(items.uniform(self.name), mu + shift, spread, 1, high)

    def log_prob(self, items: Items) -> np.ndarray:
        """Log-density under every mode."""
        mu, high = (x[:, None] for x in self.law(items))
        grams = items.value[self.name][:, None]
        return items.densities.scale[self.column].over_modes(
            items.skeleton.week,
            lambda shift, spread: loglogistic_log_prob(grams, mu + shift, spread, 1, high),
        )

    def law(self, items: Items) -> tuple[np.ndarray, np.ndarray]:
        """Location, spread and limits before any profile\'s shift, shape (n,) each."""
        rows = [*items.world.shipping["packaging"].values()]
        log_grams, power, most = (np.array([r[k] for r in rows])[items.value["mail_class"]]
                                  for k in ("grams", "power", "most_g"))
        return np.log(log_grams) + power * np.log(items.value["declared_net_weight_g"]), most


class Value:
    """Declared value in hundredths of an SDR: 0 or 1 SDR by habit, else log-logistic around the commodity's
    price for that weight and number of pieces."""

    name, column = "value_cents", "declared_value_sdr"

    def draw(self, items: Items) -> None:
        """Draw hundredths of an SDR."""
        s, d = items.skeleton, items.densities
        habit = d.table["nominal_value"].sample(s.week, items.zeros(), s.mode, items.uniform("nominal_value"))
        shift, spread = d.scale[self.column].of(s.week, s.mode)
        mu, base = self.law(items)
        honest = loglogistic_sample(items.uniform(self.name), mu + shift, base * spread, 1, _MOST_VALUE)
        one = 100.0 * (items.uniform("nominal_one") < 0.5)
        items.value[self.name] = np.where(habit == 1, one, honest)

    def log_prob(self, items: Items) -> np.ndarray:
        """Log-density under every mode."""
        week, d, cents = items.skeleton.week, items.densities, items.value[self.name][:, None]
        mu, base = (x[:, None] for x in self.law(items))
        honest = d.scale[self.column].over_modes(week, lambda shift, spread: loglogistic_log_prob(
            np.maximum(cents, 1), mu + shift, base * spread, 1, _MOST_VALUE))
        habit = d.table["nominal_value"]
        no, yes = (habit.log_prob(week, items.zeros(), items.zeros() + k) for k in (0, 1))
        return mix_nominal(cents, yes, no + honest)

    def law(self, items: Items) -> tuple[np.ndarray, np.ndarray]:
        """Location, spread and limits before any profile\'s shift, shape (n,) each."""
        a, power = anchor(items), items.world.base["elasticity"]
        pieces = power["pieces_for_weight"] * np.log(items.value["pieces"] + 1.0)
        excess = np.log(items.value["declared_net_weight_g"]) - _expected_log_net(items)
        mu = np.log(100.0) + items.norms.log_value[a] + pieces + power["value_for_weight"] * excess
        return mu, items.norms.value_spread[a]


def against_norm(items: Items) -> dict[str, np.ndarray]:
    """Log-ratios of net weight, value and packaging to what is usual for the goods and mail class."""
    net, value, packaging = NetWeight(), Value(), Packaging()
    v = items.value
    return {"net": np.log(v[net.name]) - net.law(items)[0],
            "value": np.log(np.maximum(v[value.name], 1.0)) - value.law(items)[0],
            "packaging": np.log(v[packaging.name]) - packaging.law(items)[0]}


def anchor(items: Items) -> np.ndarray:
    """The commodity whose norms an item follows: what its words name, else its code, else the unknown row."""
    topic, code = items.value["topic"], items.value["hs_code"]
    unknown = len(items.norms.log_net) - 1
    return np.where(topic >= 0, topic, np.where(code >= 0, code, unknown))


def _expected_log_net(items: Items) -> np.ndarray:
    power = items.world.base["elasticity"]["pieces_for_weight"]
    return items.norms.log_net[anchor(items)] + power * np.log(items.value["pieces"] + 1.0)


def _heaviness(items: Items) -> np.ndarray:
    return np.digitize(np.exp(_expected_log_net(items)), _HEAVY_FROM_G)


def _rising(logp: np.ndarray) -> np.ndarray:
    total = np.cumsum(np.exp(logp), axis=1)
    return total / total[:, -1:]


def _origin(items: Items) -> np.ndarray:
    return items.value["origin"]


def _missing(items: Items) -> np.ndarray:
    return items.value["hs_missing"]


def _regulated(items: Items) -> np.ndarray:
    return items.norms.regulated[anchor(items)].astype(np.int64)


def _dear(items: Items) -> np.ndarray:
    return (items.value["value_cents"] > 100.0 * _INSURED_FROM_SDR).astype(np.int64)


PARTY_FIELDS: tuple[OfParty, ...] = (
    OfParty("sender_type", "sender_type", 0), OfParty("recipient_type", "recipient_type", 1),
    OfParty("destination_region", "destination_region", 1))

FIELDS: tuple[Field, ...] = (
    FromTable("nature_of_transaction", "nature_of_transaction"),
    FromTable("hs_missing", "hs_code", _origin), HsCode(),
    FromTable("description_kind", "description", _missing), Topic(),
    FromTable("description_qualifier", "description"), FromTable("description_tail", "description"),
    FromTable("pieces", "pieces"), FromTable("mail_class", "mail_class", _heaviness),
    NetWeight(), Packaging(), Value(),
    FromTable("insured", "insured", _dear),
    FromTable("licence_reference_present", "licence_reference_present", _regulated),
    FromTable("origin_operator", "origin_operator"), FromTable("transit", "transit", _origin),
    FromTable("country_of_manufacture", "country_of_manufacture"),
    FromTable("ead_received_utc", "ead_received_utc", _origin))


def field_columns() -> tuple[str, ...]:
    """The item columns with a cause mask and evidence.

    >>> field_columns()[-2:]
    ('sender_id', 'recipient_id')
    """
    columns = [f.column for f in FIELDS] + [f.column for f in PARTY_FIELDS] + ["origin"]
    return (*dict.fromkeys(columns), "sender_id", "recipient_id")
