"""How many items of a code came in the days before an item's own day: counts by code and day.

A stream of years holds few different combinations of commodity and origin on few different days, so the
counts stay small however long the stream is, and a look-up costs in proportion to what is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from risk.features.columns import place

__all__ = ["Arrivals"]


@dataclass(frozen=True)
class Arrivals:
    """Items counted by code and day, sorted by both.

    Attributes
    ----------
    code : uint64 (n,)
        Hash of the code.
    day : int64 (n,)
        Days since 1970 (UTC).
    items : int64 (n,)
        How many items of the code became known on that day.

    Examples
    --------
    >>> came = Arrivals.of(np.array([5, 5, 5, 9], np.uint64), np.array([1, 1, 4, 4]))
    >>> came.before(np.array([5, 5, 9], np.uint64), np.array([4, 5, 4]), 3).tolist()
    [2, 1, 0]
    """

    code: np.ndarray
    day: np.ndarray
    items: np.ndarray

    @classmethod
    def of(cls, code: np.ndarray, day: np.ndarray, items: np.ndarray | None = None) -> "Arrivals":
        """Count items (or add up `items`) by code and day; all of shape (n,)."""
        code, day = np.asarray(code, np.uint64), np.asarray(day, np.int64)
        order = np.lexsort((day, code))
        code, day = code[order], day[order]
        starts = np.flatnonzero(np.r_[True, (code[1:] != code[:-1]) | (day[1:] != day[:-1])][: len(code)])
        each = np.ones(len(code), np.int64) if items is None else np.asarray(items, np.int64)[order]
        return cls(code[starts], day[starts], np.add.reduceat(each, starts) if len(starts) else each)

    @classmethod
    def joined(cls, parts: Sequence["Arrivals"]) -> "Arrivals":
        """The counts of several parts added up."""
        return cls.of(*(np.concatenate([getattr(p, n) for p in parts]) for n in ("code", "day", "items")))

    def before(self, code: np.ndarray, day: np.ndarray, days: int) -> np.ndarray:
        """Items of each code on the `days` days before each day, that day itself left out; int64 (n,)."""
        first, last = np.searchsorted(self.code, code, "left"), np.searchsorted(self.code, code, "right")
        until, since = place(self.day, day, first, last), place(self.day, day - days, first, last)
        running = np.concatenate([[0], np.cumsum(self.items)])
        return running[until] - running[since]
