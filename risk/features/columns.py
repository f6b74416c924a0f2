"""Declarations as plain columns: numbers, times, and texts as numbered distinct values.

Every feature is made from `Columns` and nothing else, whether they come from a frame of a million rows or from
the few values of one declaration, so there is one definition of each. Texts are numbered once, however many
features read them, and what is worked out from a text is worked out once per distinct text.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Coded", "Columns", "DAY_MS", "NOT_STATED", "by_pair", "differing", "mixed", "moments", "place",
           "strings"]

#: The moment of a time that is not stated, in `Columns.moments`: the smallest int64, as numpy writes NaT.
NOT_STATED = int(np.iinfo(np.int64).min)
DAY_MS = 86_400_000
_FEW = 64  # rows up to which plain Python is quicker than any array


def strings(frame: pd.DataFrame, name: str, digits: int | None = None) -> pd.Series:
    """A column of codes as text, its first `digits` characters where given; missing stays missing.

    >>> strings(pd.DataFrame({"hs": ["610910", None]}), "hs", 2).tolist()
    ['61', nan]
    """
    column = frame[name]
    if column.dtype == bool or str(column.dtype) == "boolean":
        column = column.map({True: "true", False: "false"})
    if not (isinstance(column.dtype, pd.StringDtype) and column.dtype.na_value is not pd.NA):  # text already
        column = column.astype("str").where(column.notna())
    return column.str[:digits] if digits else column


def moments(frame: pd.DataFrame, as_of: Sequence[str]) -> np.ndarray:
    """When each item became known, int64 ms UTC: the first of the time columns `as_of` that is stated.

    All zero without such a column; the smallest int64 where none is stated.
    """
    return Columns.of(frame).moments(as_of)


@dataclass(frozen=True)
class Coded:
    """A column of texts: which distinct text each row has.

    Attributes
    ----------
    codes : int (n,), a place in `values`; -1 where missing
    values : list of str, each once; some may be in no row
    """

    codes: np.ndarray
    values: list[str]

    @classmethod
    def of(cls, texts: "pd.Series | Sequence[str | None]") -> "Coded":
        """Number the texts of a series, or of a few rows.

        >>> Coded.of(["b", None, "a", "b"])
        Coded(codes=array([ 0, -1,  1,  0]), values=['b', 'a'])
        """
        if isinstance(texts, pd.Series):
            codes, values = pd.factorize(texts)
            return cls(codes, values.tolist())
        seen: dict[str, int] = {}
        codes = [-1 if t is None else seen.setdefault(t, len(seen)) for t in texts]
        return cls(np.array(codes, np.intp), list(seen))

    def each(self, function: Callable[[str], float]) -> np.ndarray:
        """`function` of every row's text, once per distinct text; NaN where missing. Shape (n,)."""
        return np.array([*map(function, self.values), np.nan], dtype=float)[self.codes]

    def first(self, digits: int | None) -> "Coded":
        """The texts' first characters; all of them for None."""
        if not digits:
            return self
        seen: dict[str, int] = {}
        place = [seen.setdefault(v[:digits], len(seen)) for v in self.values]
        return Coded(np.array([*place, -1], np.intp)[self.codes], list(seen))

    def with_(self, other: "Coded") -> tuple[np.ndarray, list[tuple[int, int]]]:
        """Distinct pairs of texts (their places), and which of them each row has; -1 where either is missing."""
        width = len(other.values)
        both = np.where((self.codes < 0) | (other.codes < 0), -1, self.codes * width + other.codes)
        if len(both) > _FEW:
            codes, keys = pd.factorize(both)
            present = keys >= 0
            codes = np.where(present, np.cumsum(present) - 1, -1)[codes]
            return codes, [divmod(k, width) for k in keys[present].tolist()]
        seen: dict[int, int] = {}
        codes = np.array([-1 if k < 0 else seen.setdefault(k, len(seen)) for k in both.tolist()], np.intp)
        return codes, [divmod(k, width) for k in seen]

    def rows(self) -> list[str | None]:
        """Every row's text, None where missing; for a page, not a stream."""
        values = [*self.values, None]
        return [values[c] for c in self.codes.tolist()]

    @property
    def stated(self) -> np.ndarray:
        """Whether each row has a text, bool (n,)."""
        return self.codes >= 0


class Columns:
    """Columns of declarations by name, each made into the form a feature wants when it is first asked for.

    Parameters
    ----------
    given
        By name a series, a float array, or a list of plain values (text, number, truth value, time in ms UTC, or
        None), all of one length.
    n_rows

    Examples
    --------
    >>> c = Columns({"hs": ["610910", "610990", None], "pieces": [1, None, 3]}, 3)
    >>> c.texts("hs", 4).rows(), c.numbers("pieces").tolist()
    (['6109', '6109', None], [1.0, nan, 3.0])
    """

    def __init__(self, given: Mapping[str, Any], n_rows: int) -> None:
        self._given, self._n_rows = given, n_rows
        self._made: dict[tuple, Any] = {}

    @classmethod
    def of(cls, frame: "pd.DataFrame | Columns") -> "Columns":
        """Of a frame; columns stay as they are."""
        return frame if isinstance(frame, Columns) else cls(frame, len(frame))

    def __len__(self) -> int:
        return self._n_rows

    @cached_property
    def names(self) -> frozenset[str]:
        """Which columns there are."""
        return frozenset(self._given)

    @property
    def named(self) -> list[str]:
        """Their names, in order."""
        return list(self._given)

    def adding(self, more: Mapping[str, np.ndarray]) -> "Columns":
        """With further columns, or others in their place."""
        made = Columns({**{name: self._given[name] for name in self._given}, **more}, self._n_rows)
        made._made = {key: value for key, value in self._made.items() if key[1] not in more}
        return made

    def numbers(self, name: str) -> np.ndarray:
        """A column as float64 (n,), NaN where it is missing or no number."""
        return self._once(("number", name), lambda: _numbers(self._given[name]))

    def texts(self, name: str, digits: int | None = None) -> Coded:
        """A column as text, its first `digits` characters where given."""
        if digits:
            return self._once(("text", name, digits), lambda: self.texts(name).first(digits))
        return self._once(("text", name), lambda: _texts(self._given, name))

    def worked_out(self, name: str, function: Callable[[str], Any]) -> list[Any]:
        """`function` of each distinct text of a column, in their order; once, however many features want it."""
        return self._once((function, name), lambda: [function(v) for v in self.texts(name).values])

    def stated(self, name: str) -> np.ndarray:
        """Whether each row has a value, bool (n,)."""
        given = self._given[name]
        return np.array([v is not None for v in given]) if isinstance(given, list) else pd.notna(given).to_numpy()

    def times(self, name: str) -> np.ndarray:
        """A column of times, int64 ms UTC (n,), `NOT_STATED` where missing."""
        return self._once(("time", name), lambda: _times(self._given[name]))

    def moments(self, as_of: Sequence[str]) -> np.ndarray:
        """When each item became known; see the function `moments`."""
        if not as_of:
            return np.zeros(self._n_rows, np.int64)
        moment = self.times(as_of[0])
        for name in as_of[1:]:
            moment = np.where(moment == NOT_STATED, self.times(name), moment)
        return moment

    def hashes(self, name: str, suffix: str = "", digits: int | None = None) -> np.ndarray:
        """A hash of each row's text with `suffix` after it, uint64 (n,); of a missing one that of ``nan``."""
        coded = self.texts(name, digits)
        values = np.array([v + suffix for v in [*coded.values, "nan"]], dtype=object)
        return pd.util.hash_array(values, categorize=False)[coded.codes]

    def _once(self, key: tuple, make: Callable[[], Any]) -> Any:
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]


def _numbers(given: Any) -> np.ndarray:
    if isinstance(given, np.ndarray):
        return given.astype(float)
    if isinstance(given, list):
        if not any(isinstance(v, str) for v in given):
            return np.array(given, dtype=float)
        given = pd.Series(given, dtype=object)
    return pd.to_numeric(given, errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def _texts(given: Mapping[str, Any], name: str) -> Coded:
    if not isinstance(given[name], list):
        return Coded.of(strings(given, name))
    return Coded.of([v if v is None or isinstance(v, str) else str(v).lower() if isinstance(v, bool) else str(v)
                     for v in given[name]])


def _times(given: Any) -> np.ndarray:
    if isinstance(given, list):
        return np.array([NOT_STATED if v is None else v for v in given], np.int64)
    return pd.to_datetime(given, utc=True).dt.as_unit("ms").astype("int64").to_numpy()


def by_pair(a: Coded, b: Coded, function: Callable[[int, int], float]) -> np.ndarray:
    """`function` of the places of two texts, once per distinct pair; NaN where either is missing. (n_items,)."""
    codes, pairs = a.with_(b)
    return np.array([*(function(*pair) for pair in pairs), np.nan], dtype=float)[codes]


def differing(reads: Sequence[str], columns: Columns) -> np.ndarray:
    """Whether each further field is stated and differs from the first; bool (n_items, n_others)."""
    first, others = columns.texts(reads[0]), [columns.texts(name) for name in reads[1:]]
    return np.column_stack([o.stated & (_on(o, first) != first.codes) for o in others])


def _on(texts: Coded, other: Coded) -> np.ndarray:
    """Each row's text as its place among the distinct texts of another column; -2 where it is none of them."""
    at = {v: k for k, v in enumerate(other.values)}
    return np.array([*(at.get(v, -2) for v in texts.values), -2])[texts.codes]


def mixed(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """One hash of two (Fibonacci hashing; wraps around on purpose)."""
    with np.errstate(over="ignore"):
        return a * np.uint64(0x9E3779B97F4A7C15) ^ (b + np.uint64(0x7F4A7C15))


def place(steps: np.ndarray, at: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """First row in ``first``…``last`` with a step of at least `at`; within a range, steps are sorted."""
    low, high = first.copy(), last.copy()
    while (low < high).any():  # a binary search of every item at once
        middle = (low + high) // 2
        open_, less = low < high, steps[np.minimum(middle, len(steps) - 1)] < at
        low, high = np.where(open_ & less, middle + 1, low), np.where(open_ & ~less, middle, high)
    return low
