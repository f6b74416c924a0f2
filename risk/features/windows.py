"""The past of parties over rows of a stream: windows of days, counterparts, age, examinations; one pass each."""

from __future__ import annotations

from typing import Protocol

import numba
import numpy as np
import pandas as pd

from risk.features.columns import DAY_MS, mixed

__all__ = ["NEVER", "WINDOWS_DAYS", "Rows", "party_past", "ranges"]

WINDOWS_DAYS = (7, 30, 90)
#: When what was not examined is reported.
NEVER = np.iinfo(np.int64).max
_FEW = 500


class Rows(Protocol):
    """Items of parties; arrays as those of `risk.features.PartyHistory`."""

    item: np.ndarray
    moment: np.ndarray
    reported: np.ndarray
    found: np.ndarray

    def __len__(self) -> int: ...


def ranges(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """All numbers of the ranges ``first``…``last`` (left out), end to end, without a loop.

    >>> ranges(np.array([2, 9]), np.array([5, 9])).tolist()
    [2, 3, 4]
    """
    lengths = last - first
    before = np.cumsum(lengths) - lengths
    return np.repeat(first - before, lengths) + np.arange(lengths.sum())


def party_past(rows: Rows, party: np.ndarray) -> dict[tuple, np.ndarray]:
    """Of every row: what was known of its party strictly before its moment.

    Parameters
    ----------
    rows
        The party's items.
    party : uint64 (n, 2)
        Hashes of the party, and of the counterpart.

    Returns
    -------
    dict
        Float arrays (n,): ``items`` and ``others`` by days, ``age``, ``examined``, ``found``.
    """
    party, counterpart = party.T
    rank = _numbered(party)
    start = int(rows.moment.min()) if len(rows) else 0
    order = np.lexsort((rows.item, rows.moment, rank))
    pair = _numbered(mixed(party, counterpart))[order]
    moment, segment = rows.moment[order] - start, rank[order]
    out: dict[tuple, np.ndarray] = {}
    n_pairs = pair.max(initial=-1) + 1
    for days in WINDOWS_DAYS:
        out["items", days], out["others", days] = _windows(segment, moment, pair, days * DAY_MS, n_pairs)
    out["age",] = _age(segment, moment)
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    out = {what: values[back] for what, values in out.items()}
    out["examined",], out["found",] = _reported(rank, rows, start)
    return out


def _numbered(hashes: np.ndarray) -> np.ndarray:
    """Equal hashes by equal numbers from 0 on, in no order of meaning."""
    few = len(hashes) <= _FEW  # sorting a few is quicker than setting up a hash table
    return np.unique(hashes, return_inverse=True)[1] if few else pd.factorize(hashes)[0]


def _reported(rank: np.ndarray, rows: Rows, start: int) -> tuple[np.ndarray, np.ndarray]:
    """Examinations and finds of each row's party that had been reported strictly before its moment."""
    looked = np.flatnonzero(rows.reported != NEVER)
    order = looked[np.lexsort((rows.reported[looked], rank[looked]))]
    keys, finds = rank[order], np.concatenate([[0], np.cumsum(rows.found[order])])
    span = np.int64(1) << 45  # ms in a thousand years: rank and time share one sortable number
    sortable = keys * span + (rows.reported[order] - start)
    first = np.searchsorted(keys, rank, "left")
    until = np.searchsorted(sortable, rank * span + np.maximum(rows.moment - start, 0), "left")
    until = np.maximum(until, first)
    return (until - first).astype(np.float64), (finds[until] - finds[first]).astype(np.float64)


@numba.njit(cache=True, nogil=True)
def _windows(segment, moment, pair, width, n_pairs):
    """Items and distinct counterparts in [moment − width, moment) per row; rows sorted by segment, moment."""
    n = len(segment)
    items, others = np.zeros(n), np.zeros(n)
    seen = np.zeros(n_pairs, np.int32)
    low = high = 0
    distinct = 0
    for i in range(n):
        if i == 0 or segment[i] != segment[i - 1]:
            while low < high:  # leave nothing of the former party behind
                seen[pair[low]] -= 1
                low += 1
            low = high = i
            distinct = 0
        while moment[high] < moment[i]:
            distinct += seen[pair[high]] == 0
            seen[pair[high]] += 1
            high += 1
        while low < high and moment[low] < moment[i] - width:
            seen[pair[low]] -= 1
            distinct -= seen[pair[low]] == 0
            low += 1
        items[i] = high - low
        others[i] = distinct
    return items, others


@numba.njit(cache=True, nogil=True)
def _age(segment, moment):
    """Days since the party's first item, NaN for none earlier; rows sorted by segment, moment."""
    n = len(segment)
    age = np.empty(n)
    first = 0
    for i in range(n):
        if i == 0 or segment[i] != segment[i - 1]:
            first = i
        earlier = moment[i] - moment[first]
        age[i] = earlier / 86_400_000 if earlier > 0 else np.nan
    return age
