"""Risk profiles as officers write them: conditions, points, an owner and dates, in a TOML file.

The readable baseline. A rule holds when all its conditions (one or two) hold; its points are added to the
margin. That makes a rule book an additive model too: it compiles to the same tables as every other
kind, and is scored and explained by the same look-ups. A rule counts for the items that became known
between its dates, whenever they are scored.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from typing import Any

import numpy as np

from risk.errors import Refused, nearest
from risk.features import Features
from risk.models.dated import dated
from risk.models.tables import AdditiveTables

__all__ = ["Condition", "Rule", "RuleBook"]

_RULE_KEYS = ("name", "title", "owner", "valid_from", "valid_until", "points", "when")
_EPOCH = date(1970, 1, 1)
_TESTS = ("below", "above", "is", "missing")


@dataclass(frozen=True)
class Condition:
    """A test of one feature: ``below`` a number, ``above`` a number, ``is`` one of some levels, or ``missing``."""

    feature: str
    test: str
    value: Any

    def edges(self, state: Mapping[str, Any]) -> np.ndarray:
        """Thresholds this test needs, float32."""
        if self.test == "is":
            places = [state["levels"].index(v) for v in self._levels() if v in state["levels"]]
            return np.array([[p - 0.5, p + 0.5] for p in places], np.float32).ravel()
        return np.array([] if self.test == "missing" else [self.value], np.float32)

    def holds(self, edges: np.ndarray, state: Mapping[str, Any]) -> np.ndarray:
        """Per bin of `edges` (the last for missing) whether the test holds, shape (n_edges + 2,)."""
        upper = np.append(edges, np.float32(np.inf))  # bin k holds edges[k-1] < x <= edges[k]
        if self.test == "below":
            inside = upper <= np.float32(self.value)
        elif self.test == "above":
            inside = np.append(-np.inf, edges) >= np.float32(self.value)
        elif self.test == "is":
            inside = np.isin(upper, [p + 0.5 for p, v in enumerate(state["levels"]) if v in self._levels()])
        else:
            inside = np.zeros(len(upper), bool)
        return np.append(inside, self.test == "missing")

    def _levels(self) -> list[str]:
        return [self.value] if isinstance(self.value, str) else list(self.value)


@dataclass(frozen=True)
class Rule:
    """Conditions that must all hold (at most two), and the points they add to the margin (log-odds)."""

    name: str
    title: str
    points: float
    when: tuple[Condition, ...]
    owner: str = ""
    valid_from: date | None = None
    valid_until: date | None = None

    def in_force(self, day: date) -> bool:
        """Whether the rule counts for an item of that day.

        >>> Rule("a", "A", 1.0, (), valid_until=date(2024, 3, 31)).in_force(date(2024, 4, 1))
        False
        """
        return (self.valid_from or date.min) <= day <= (self.valid_until or date.max)


@dataclass(frozen=True)
class RuleBook:
    """A list of rules. See ``risk/models/rules.toml`` for the form.

    >>> book = RuleBook.read('[[rule]]\\nname = "light"\\npoints = 1.5\\nwhen = [{feature = "w", below = 20}]')
    >>> book.rules[0].when[0]
    Condition(feature='w', test='below', value=20)
    """

    rules: tuple[Rule, ...]

    @classmethod
    def default(cls) -> "RuleBook":
        """The rules shipped for the made stream, ``risk/models/rules.toml``."""
        return cls.read(files("risk.models").joinpath("rules.toml").read_text(encoding="utf-8"))

    @classmethod
    def read(cls, text: str) -> "RuleBook":
        """Parse TOML text; refuses unknown keys, tests and rules of more than two conditions."""
        try:
            return cls(tuple(_rule(given) for given in tomllib.loads(text).get("rule", [])))
        except tomllib.TOMLDecodeError as error:
            raise Refused(f"The rule file is not valid TOML: {error}. No rule was loaded.") from None

    def on(self, day: date) -> "RuleBook":
        """The rules in force on a day, both ends of their dates included."""
        return RuleBook(tuple(r for r in self.rules if r.in_force(day)))

    @property
    def changes(self) -> list[date]:
        """The days on which a rule comes into force, or no longer is, ascending."""
        starts = {r.valid_from for r in self.rules if r.valid_from}
        return sorted(starts | {r.valid_until + timedelta(days=1) for r in self.rules if r.valid_until})

    def compile(self, features: Features, background: np.ndarray) -> AdditiveTables:
        """The rule book as tables over `features`, explained against `background` (float32, (n, p)).

        Where rules have dates, `DatedTables`: each item is scored by the rules in force on the day it
        became known.
        """
        self._check(list(features.get_feature_names_out()))
        if not self.changes:
            return self._compile(self.rules, features, background)
        books = [self.on(self.changes[0] - timedelta(days=1)), *(self.on(day) for day in self.changes)]
        newest = self._compile(books[-1].rules, features, background)
        means = {r.name: self._compile((r,), features, background).base for r in self.rules}
        older = []
        for book in books[:-1]:
            offsets = _offsets(book.rules, features, means) - _offsets(books[-1].rules, features, means)
            older.append((self._compile(book.rules, features, background), offsets))
        return dated(newest, [(day - _EPOCH).days for day in self.changes], older)

    def _compile(self, rules: Sequence[Rule], features: Features, background: np.ndarray) -> AdditiveTables:
        """Some of the rules as tables, on thresholds of all of them."""
        names = list(features.get_feature_names_out())
        states = [features.state_[n] for n in names]
        edges = [np.unique(np.concatenate([np.empty(0, np.float32)] + [
            c.edges(states[j]) for r in self.rules for c in r.when if c.feature == names[j]]))
            for j in range(len(names))]
        single: dict[int, np.ndarray] = {}
        pair: dict[tuple[int, int], np.ndarray] = {}
        for rule in rules:
            at = [(names.index(c.feature), c) for c in rule.when]
            sides = [(j, c.holds(edges[j], states[j])) for j, c in sorted(at, key=lambda side: side[0])]
            _add(rule.points, sides, single, pair)
        return AdditiveTables.build(names, edges, const=0.0, single=single, pair=pair, background=background)

    def applies_to(self, features: Features) -> bool:
        """Whether every feature the rules test exists."""
        return {c.feature for r in self.rules for c in r.when} <= set(features.get_feature_names_out())

    def _check(self, names: list[str]) -> None:
        for rule in self.rules:
            for c in rule.when:
                if c.feature not in names:
                    raise Refused(f"Rule '{rule.name}' tests '{c.feature}', which is not a feature of this data "
                                  f"set.{nearest(c.feature, names)} No model was made.")


def _add(points: float, sides: list[tuple[int, np.ndarray]], single: dict[int, np.ndarray],
         pair: dict[tuple[int, int], np.ndarray]) -> None:
    if len(sides) == 2 and sides[0][0] == sides[1][0]:  # two tests of one feature: a range
        sides = [(sides[0][0], sides[0][1] & sides[1][1])]
    if len(sides) == 1:
        j, inside = sides[0]
        single[j] = single.get(j, 0.0) + points * inside
    else:
        (a, in_a), (b, in_b) = sides
        pair[(a, b)] = pair.get((a, b), 0.0) + points * np.outer(in_a, in_b)


def _rule(given: Mapping[str, Any]) -> Rule:
    name = str(given.get("name", "?"))
    for key in given:
        if key not in _RULE_KEYS:
            raise Refused(f"Rule '{name}' has an unknown key '{key}'.{nearest(key, _RULE_KEYS)} No rule was loaded.")
    when = tuple(_condition(name, c) for c in given.get("when", []))
    if not 1 <= len(when) <= 2:
        raise Refused(f"Rule '{name}' has {len(when)} conditions; expected one or two. No rule was loaded.")
    first, last = (_day(name, key, given.get(key, "")) for key in ("valid_from", "valid_until"))
    if first and last and first > last:
        raise Refused(f"Rule '{name}' is valid from {first} until {last}; expected an end that is not before the "
                      "start. No rule was loaded.")
    return Rule(name=name, title=given.get("title", name), points=float(given.get("points", 0)), when=when,
                owner=given.get("owner", ""), valid_from=first, valid_until=last)


def _day(rule: str, key: str, given: Any) -> date | None:
    """A date as TOML or text has it; empty for none."""
    try:
        return date.fromisoformat(str(given)) if given else None
    except ValueError:
        raise Refused(f"Rule '{rule}': {key} is '{given}'; expected a date such as 2024-01-31. "
                      "No rule was loaded.") from None


def _offsets(rules: Sequence[Rule], features: Features, means: Mapping[str, float]) -> np.ndarray:
    """What the rules add on average, by the features that they test, half each where there are two, (p,)."""
    names = list(features.get_feature_names_out())
    out = np.zeros(len(names))
    for rule in rules:
        for c in rule.when:
            out[names.index(c.feature)] += means[rule.name] / len(rule.when)
    return out


def _condition(rule: str, given: Mapping[str, Any]) -> Condition:
    tests = [k for k in given if k != "feature"]
    if "feature" not in given or len(tests) != 1 or tests[0] not in _TESTS:
        raise Refused(f"Rule '{rule}': expected a condition such as {{feature = \"…\", below = 3}} with one of "
                      f"{', '.join(_TESTS)}; got {dict(given)!r}. No rule was loaded.")
    return Condition(given["feature"], tests[0], given[tests[0]])
