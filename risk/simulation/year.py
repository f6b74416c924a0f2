"""A year of items as arrays: everything that no policy can change, computed once and shared by all runs.

Items stand in order of arrival. Feature values are cut into bins once; what a policy's own examinations show
about a party is not here, but is counted by each run (see `risk.simulation.loop`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from risk.errors import Refused
from risk.simulation.boosting import Form

__all__ = ["Year", "cut", "form_of", "PARTY_COLUMNS"]

#: Bins that each run fills in by itself: examinations and finds of either party, as reported so far.
PARTY_COLUMNS = ("sender examined", "sender found", "recipient examined", "recipient found")
PARTY_BINS = (5, 4, 5, 4)  # 0, 1, 2–3, 4–9, 10+ examinations; 0, 1, 2, 3+ finds
_MOST_BINS = 24


@dataclass(frozen=True)
class Year:
    """Items of a stream; arrays have shape (n_items,) unless said otherwise.

    Attributes
    ----------
    week
        Week of arrival since the first item, ascending from 0.
    bins
        uint8, shape (n_items, p): bin of each feature.
    names, form
        Feature names, and what their bins are.
    party
        Shape (n_items, 2): numbers of sender and recipient.
    rules
        Points of the rule book.
    lane, group
        Number of each item's lane, and of the value that burdens are reported by (its origin).
    groups, schemes
        Words for the numbers in `group` and `scheme`.
    reported_day
        When an examination would be reported, days since the first item.
    find
        Whether an examination would find something (it may miss).
    irregular, scheme, oracle
        Truth: irregular or not, number of the scheme (-1 for none), log-odds by the history-aware oracle.
    reaction
        Share of the parties behind a find that change names and face, 0–1; see `risk.simulation.reaction`.
    facts
        Where the items come from: world, world id, seed, items a week.
    """

    week: np.ndarray
    bins: np.ndarray
    names: tuple[str, ...]
    form: Form
    party: np.ndarray
    rules: np.ndarray
    lane: np.ndarray
    group: np.ndarray
    groups: tuple[str, ...]
    reported_day: np.ndarray
    find: np.ndarray
    irregular: np.ndarray
    scheme: np.ndarray
    schemes: tuple[str, ...]
    oracle: np.ndarray
    reaction: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {
            len(getattr(self, name))
            for name in (
                "week",
                "bins",
                "party",
                "rules",
                "lane",
                "group",
                "reported_day",
                "find",
                "irregular",
                "scheme",
                "oracle",
            )
        }
        if len(lengths) > 1 or np.any(np.diff(self.week) < 0):
            raise Refused(
                f"Expected columns of one length in order of arrival; got lengths {sorted(lengths)}. "
                "Nothing was simulated."
            )

    @property
    def weeks(self) -> int:
        """How many weeks there are."""
        return int(self.week[-1]) + 1 if len(self.week) else 0

    def rows(self, week: int) -> slice:
        """The items of one week."""
        return slice(*np.searchsorted(self.week, [week, week + 1]))


def cut(
    x: pd.DataFrame, *, unordered: Sequence[str] = (), first: int | None = None
) -> tuple[np.ndarray, list[int]]:
    """Cut feature values into bins at quantiles of the first rows; returns uint8 bins and their numbers.

    Parameters
    ----------
    x
        Feature values, NaN for missing (its bin is the last), shape (n_items, p).
    unordered
        Columns that hold category numbers 0, 1, 2, …; each is its own bin, numbers beyond 60 share one.
    first
        How many rows the thresholds are learnt from; all by default.

    >>> bins, sizes = cut(pd.DataFrame({"w": [1.0, 2.0, 3.0, None]}))
    >>> bins[:, 0].tolist(), sizes
    ([0, 1, 2, 3], [4])
    """
    bins, sizes = np.empty(x.shape, np.uint8), []
    for j, name in enumerate(x.columns):
        values = x[name].to_numpy(dtype=float)
        known = values[:first][np.isfinite(values[:first])]
        edges = (
            np.arange(min(60, int(known.max(initial=0))) + 0.5)
            if name in unordered
            else np.unique(np.quantile(known, np.linspace(0, 1, _MOST_BINS + 1)[1:-1], method="lower"))
            if len(known)
            else np.empty(0)
        )
        at = np.searchsorted(edges, values, side="left")
        bins[:, j] = np.where(np.isnan(values), len(edges) + 1, at)
        sizes.append(len(edges) + 2)
    return bins, sizes


def form_of(sizes: Sequence[int], *, unordered: Sequence[bool], direction: Sequence[int]) -> Form:
    """The form of a year's bins with a run's party columns at the end (more finds never lower a score)."""
    return Form.of(
        [*sizes, *PARTY_BINS],
        unordered=[*unordered, *[False] * len(PARTY_BINS)],
        direction=[*direction, 0, 1, 0, 1],
    )
