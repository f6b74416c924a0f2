"""The compiled loops behind `risk.models.tables`: bin search and table look-ups, a block of rows at a time.

The search is branch-free and runs over rows inside a step, so that a compiler can use vector
instructions for it: every feature's thresholds are padded with +inf to 2^k − 1, and k steps of
``low += half · (edge < x)`` find how many lie below x. Bins, attributions and margins of a block stay in
the processor's cache; the input is read once and the output written once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numba
import numpy as np

__all__ = ["ROWS", "Search", "bins_of", "block_bins", "explain_rows", "margin_rows", "flat"]

ROWS = 128  # rows a block: bins and attributions of 30 features fit the first-level cache


@dataclass(frozen=True)
class Search:
    """Thresholds laid out for the search.

    Attributes
    ----------
    edges : float32, every feature's thresholds padded with +inf to 2^steps − 1, end to end
    start : int64 (p,), where each feature's begin
    steps : int64 (p,)
    sizes : int64 (p,), bins of each feature, the one for missing values (the last) included
    """

    edges: np.ndarray
    start: np.ndarray
    steps: np.ndarray
    sizes: np.ndarray

    @classmethod
    def of(cls, edges: Sequence[np.ndarray]) -> "Search":
        """From each feature's ascending float32 thresholds.

        >>> s = Search.of([np.array([1, 5, 9], np.float32), np.array([], np.float32)])
        >>> bins_of(np.array([[5.0, 7.0], [9.5, np.nan], [np.nan, 0.0]], np.float32), s).tolist()
        [[1, 0], [3, 1], [4, 0]]
        """
        steps = [len(e).bit_length() for e in edges]
        padded = [np.append(e, np.full(2**k - 1 - len(e), np.inf)).astype(np.float32)
                  for e, k in zip(edges, steps, strict=True)]
        joined, start = flat(padded)
        return cls(joined.astype(np.float32), start[:-1], np.array(steps, np.int64),
                   np.array([len(e) + 2 for e in edges], np.int64))

    @property
    def parts(self) -> tuple[np.ndarray, ...]:
        """The arrays in the order the loops take them."""
        return self.edges, self.start, self.steps, self.sizes


def flat(parts: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Arrays end to end, and where each starts, shape (n + 1,)."""
    starts = np.concatenate([[0], np.cumsum([len(p) for p in parts])]).astype(np.int64)
    joined = np.concatenate(parts) if parts else np.empty(0)
    return np.ascontiguousarray(joined), starts


def bins_of(x: np.ndarray, search: Search) -> np.ndarray:
    """Bin numbers, int32 (n, p), of float32 `x` (n, p): thresholds below x; the last bin for a missing x."""
    out = np.empty(x.shape, np.int32)
    _bin_rows(x, *search.parts, out)
    return out


@numba.njit(cache=True, nogil=True)
def block_bins(x, at, m, edges, start, steps, sizes, column, bins):
    """Bins (p, m) of rows at…at+m. Rows are the inner loop: no branch, and no step waits for another row's."""
    for j in range(x.shape[1]):
        low = bins[j]
        for i in range(m):
            column[i] = x[at + i, j]
            low[i] = 0
        half = (1 << steps[j]) >> 1
        while half > 0:
            first = start[j] + half - 1
            for i in range(m):
                low[i] += half * numba.int32(edges[first + low[i]] < column[i])
            half >>= 1
        for i in range(m):
            if column[i] != column[i]:
                low[i] = sizes[j] - 1


@numba.njit(cache=True, nogil=True)
def _bin_rows(x, edges, start, steps, sizes, out):
    n, p = x.shape
    bins, column = np.empty((p, ROWS), np.int32), np.empty(ROWS, np.float32)
    for at in range(0, n, ROWS):
        m = min(ROWS, n - at)
        block_bins(x, at, m, edges, start, steps, sizes, column, bins)
        for i in range(m):
            for j in range(p):
                out[at + i, j] = bins[j, i]


@numba.njit(cache=True, nogil=True)
def _block_margins(bins, m, sizes, single, single_at, pairs, pair, pair_at, base, out):
    """Margins straight from the tables, in an order of their own: attributions are checked against them."""
    for i in range(m):
        out[i] = base
    for j in range(bins.shape[0]):
        at = single_at[j]
        for i in range(m):
            out[i] += single[at + bins[j, i]]
    for k in range(pairs.shape[0]):
        a, b = pairs[k, 0], pairs[k, 1]
        for i in range(m):
            at = pair_at[k] + 2 * (bins[a, i] * sizes[b] + bins[b, i])
            out[i] += pair[at] + pair[at + 1]


@numba.njit(cache=True, nogil=True)
def margin_rows(x, edges, start, steps, sizes, single, single_at, pairs, pair, pair_at, base, margin):
    """Fill `margin` (n,) from float32 `x` (n, p)."""
    n, p = x.shape
    bins, column = np.empty((p, ROWS), np.int32), np.empty(ROWS, np.float32)
    for at in range(0, n, ROWS):
        m = min(ROWS, n - at)
        block_bins(x, at, m, edges, start, steps, sizes, column, bins)
        _block_margins(bins, m, sizes, single, single_at, pairs, pair, pair_at, base, margin[at:at + m])


@numba.njit(cache=True, nogil=True)
def explain_rows(x, edges, start, steps, sizes, single, single_at, pairs, pair, pair_at, base, phi, margin):
    """Fill `phi` (n, p) and `margin` (n,) from float32 `x` (n, p): bin search, then look-ups."""
    n, p = x.shape
    bins, column = np.empty((p, ROWS), np.int32), np.empty(ROWS, np.float32)
    for at in range(0, n, ROWS):
        m = min(ROWS, n - at)
        block_bins(x, at, m, edges, start, steps, sizes, column, bins)
        _block_margins(bins, m, sizes, single, single_at, pairs, pair, pair_at, base, margin[at:at + m])
        for j in range(p):
            first = single_at[j]
            for i in range(m):
                phi[at + i, j] = single[first + bins[j, i]]
        for k in range(pairs.shape[0]):
            a, b = pairs[k, 0], pairs[k, 1]
            for i in range(m):
                cell = pair_at[k] + 2 * (bins[a, i] * sizes[b] + bins[b, i])
                phi[at + i, a] += pair[cell]
                phi[at + i, b] += pair[cell + 1]
