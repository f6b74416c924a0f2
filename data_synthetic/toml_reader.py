"""Reads one TOML table strictly: every key is asked for once, and what nobody asked for is refused.

>>> table = Table({"days": 180, "strat": "x"}, "stream")
>>> table.number("days", 1, 36500)
180.0
>>> table.done(known=["days", "start"])
Traceback (most recent call last):
    ...
risk.errors.BadSetting: stream.strat is 'x'; expected no such key here. Did you mean 'start'?
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from risk.errors import BadSetting, nearest

__all__ = ["Table", "merge"]

_REQUIRED = object()


class Table:
    """A TOML table with its path, for messages that name the key, what was expected and what came."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        if not isinstance(values, Mapping):
            raise BadSetting(path or "world", got=values, expected="a table of keys")
        self._values, self._path, self._read = dict(values), path, set()

    def name(self, key: str) -> str:
        """The key with its path, as error messages show it."""
        return f"{self._path}.{key}" if self._path else key

    def keys(self) -> list[str]:
        """The keys of this table, in the file's order."""
        return list(self._values)

    def raw(self) -> dict[str, Any]:
        """A copy of the values as they were read."""
        return dict(self._values)

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def get(self, key: str, default: Any = _REQUIRED, expected: str = "a value") -> Any:
        """The raw value; a missing key without default is refused."""
        self._read.add(key)
        if key in self._values:
            return self._values[key]
        if default is _REQUIRED:
            raise BadSetting(self.name(key), got=None, expected=f"{expected} (the key is missing)")
        return default

    def number(self, key: str, low: float, high: float, default: Any = _REQUIRED) -> float:
        """A finite number in [low, high].

        >>> Table({"share": 1.5}, "irregular").number("share", 0, 1)
        Traceback (most recent call last):
            ...
        risk.errors.BadSetting: irregular.share is 1.5; expected a number, 0 to 1.
        """
        expected = f"a number, {low:g} to {high:g}"
        value = self.get(key, default, expected)
        good = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not good or not math.isfinite(value) or not low <= value <= high:
            raise BadSetting(self.name(key), got=value, expected=expected)
        return float(value)

    def whole(self, key: str, low: int, high: int, default: Any = _REQUIRED) -> int:
        """A whole number in [low, high]."""
        value = self.number(key, low, high, default)
        if value != int(value):
            raise BadSetting(self.name(key), got=value, expected=f"a whole number, {low} to {high}")
        return int(value)

    def text(self, key: str, default: Any = _REQUIRED) -> str:
        """A text that is not empty."""
        value = self.get(key, default, "a text")
        if not isinstance(value, str) or not value.strip():
            raise BadSetting(self.name(key), got=value, expected="a text")
        return value

    def one_of(self, key: str, known: Iterable[str], default: Any = _REQUIRED) -> str:
        """One of the known words."""
        known, value = list(known), self.text(key, default)
        if value not in known:
            raise BadSetting(self.name(key), got=value, expected=f"one of {', '.join(known)}",
                             todo=nearest(value, known).strip())
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value = self.get(key, default)
        if not isinstance(value, bool):
            raise BadSetting(self.name(key), got=value, expected="true or false")
        return value

    def table(self, key: str, default: Any = _REQUIRED) -> "Table":
        """A table inside this one."""
        return Table(self.get(key, default, "a table"), self.name(key))

    def weights(self, key: str, known: Iterable[str] | None = None) -> dict[str, float]:
        """A table of weights ≥ 0 with a positive sum, divided by that sum.

        >>> Table({"mail_class": {"U": 3, "C": 1}}).weights("mail_class", known=["U", "C", "E"])
        {'U': 0.75, 'C': 0.25, 'E': 0.0}
        """
        inner = self.table(key)
        names = inner.keys() if known is None else list(known)
        found = {n: inner.number(n, 0.0, 1e12, 0.0) for n in names}
        inner.done(known=names)
        total = sum(found.values())
        if total <= 0:
            raise BadSetting(self.name(key), got=found, expected="weights whose sum is above 0")
        return {n: w / total for n, w in found.items()}

    def done(self, known: Iterable[str] = ()) -> None:
        """Refuse keys that nobody read, with the nearest known one."""
        known = [*known, *self._read]
        for key in self._values:
            if key not in self._read:
                raise BadSetting(
                    self.name(key),
                    got=self._values[key],
                    expected="no such key here",
                    todo=nearest(key, [k for k in known if k not in self._values] or known).strip(),
                )


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one nested table over another; `over` wins, key by key. A table with a ``kind`` is replaced whole.

    >>> merge({"a": {"x": 1, "y": 2}}, {"a": {"y": 3}})
    {'a': {'x': 1, 'y': 3}}
    """
    out = dict(under)
    for key, value in over.items():
        nested = isinstance(value, Mapping) and isinstance(out.get(key), Mapping) and "kind" not in value
        out[key] = merge(out[key], value) if nested else value
    return out


