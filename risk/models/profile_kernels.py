"""The compiled loops behind `risk.models.profile_tables`: bins, sums of profiles, the path integral, a block at a time.

Bins of a block come from `risk.models.kernels`; every profile's sum is added up from its tables; the margin is
their log-sum-exp; the mean softmax along the path gives each profile's share, and the shares weigh the tables
into attributions. The softmax at both ends is known, so one exponential a profile and node serves two nodes,
``t`` and ``1 − t``. Eight nodes close for all but a few items in ten thousand; those get 16-point panels, doubled
until the sum closes.
"""

from __future__ import annotations

import numba
import numpy as np

from risk.models.kernels import ROWS, block_bins

__all__ = ["add_profiles", "explain_profiles", "profile_margin_rows"]

_FEW, _FEW_WEIGHTS = (v[:4] / 2 for v in np.polynomial.legendre.leggauss(8))
_FEW = _FEW + 0.5  # the four nodes below one half; the others mirror them
_NODES, _WEIGHTS = (v / 2 for v in np.polynomial.legendre.leggauss(16))
_NODES = _NODES + 0.5
_FEW_CLOSE, _CLOSE, _MOST_PANELS = 1e-6, 1e-5, 64
_SAFE = 300.0  # log-odds, far from where exp() overflows or vanishes


@numba.njit(cache=True, nogil=True)
def _block_totals(x, at, m, search, table, table_at, column, bins, total):
    """Bins (p, m) and every profile's sum without its offset (m, k) of rows at…at+m."""
    edges, start, steps, sizes = search
    block_bins(x, at, m, edges, start, steps, sizes, column, bins)
    total[:m] = 0.0
    for j in range(x.shape[1]):
        first = table_at[j]
        for i in range(m):
            row = first + bins[j, i]
            for s in range(table.shape[1]):
                total[i, s] += table[row, s]


@numba.njit(cache=True, nogil=True)
def add_profiles(bins, table, table_at, out):
    """Add each feature's row of its table to `out` (n, k), feature by feature."""
    for i in range(bins.shape[0]):
        for j in range(bins.shape[1]):
            row = table_at[j] + bins[i, j]
            for s in range(out.shape[1]):
                out[i, s] += table[row, s]


@numba.njit(cache=True, nogil=True)
def profile_margin_rows(x, search, table, table_at, offsets, calibration, margin):
    """Fill `margin` (n,), calibrated by (slope, shift), from float32 `x` (n, p)."""
    n, p = x.shape
    k = len(offsets)
    bins, column = np.empty((p, ROWS), np.int32), np.empty(ROWS, np.float32)
    total, now = np.empty((ROWS, k)), np.empty(k)
    for at in range(0, n, ROWS):
        m = min(ROWS, n - at)
        _block_totals(x, at, m, search, table, table_at, column, bins, total)
        for i in range(m):
            margin[at + i] = calibration[0] * _joined(offsets, total[i], 1.0, now) + calibration[1]


@numba.njit(cache=True, nogil=True)
def explain_profiles(x, search, table, table_at, offsets, calibration, phi, margin):
    """Fill `phi` (n, p) and `margin` (n,), calibrated by (slope, shift), from float32 `x` (n, p)."""
    n, p = x.shape
    k = len(offsets)
    bins, column = np.empty((p, ROWS), np.int32), np.empty(ROWS, np.float32)
    total, share, gap = np.empty((ROWS, k)), np.empty((ROWS, k)), np.empty(ROWS)
    first, last, near, far = np.empty(k), np.empty(k), np.empty(k), np.empty(k)
    base = _joined(offsets, np.zeros(k), 0.0, first)
    for at in range(0, n, ROWS):
        m = min(ROWS, n - at)
        _block_totals(x, at, m, search, table, table_at, column, bins, total)
        for i in range(m):
            end = _joined(offsets, total[i], 1.0, last)
            margin[at + i] = calibration[0] * end + calibration[1]
            gap[i] = _shares(offsets, total[i], end - base, first, last, share[i], near, far)
        for i in range(m):
            _attribute(bins, i, table, table_at, share[i], gap[i], calibration[0], phi[at + i])


@numba.njit(cache=True, nogil=True)
def _joined(offsets, total, t, now):
    """log Σ exp(offsets + t · total); leaves the softmax in `now`."""
    top, norm = -np.inf, 0.0
    for s in range(len(offsets)):
        now[s] = offsets[s] + t * total[s]
        top = max(top, now[s])
    for s in range(len(offsets)):
        now[s] = np.exp(now[s] - top)
        norm += now[s]
    for s in range(len(offsets)):
        now[s] /= norm
    return top + np.log(norm)


@numba.njit(cache=True, nogil=True)
def _shares(offsets, total, rise, first, last, share, near, far):
    """Fill `share` (k,) with the mean softmax along the path; returns by how much its sum misses `rise`."""
    gap, widest = np.inf, 0.0
    for s in range(len(total)):
        widest = max(widest, abs(total[s]))
    if widest < _SAFE:
        _few_shares(total, first, last, share, near, far)
        gap = _missing(share, total, rise)
    panels = 1
    if abs(gap) > _FEW_CLOSE:
        gap = np.inf
        while not abs(gap) <= _CLOSE and panels <= _MOST_PANELS:
            _path_shares(offsets, total, panels, share, near)
            gap = _missing(share, total, rise)
            panels *= 2
    return gap


@numba.njit(cache=True, nogil=True)
def _missing(share, total, rise):
    for s in range(len(total)):
        rise -= share[s] * total[s]
    return rise


@numba.njit(cache=True, nogil=True)
def _few_shares(total, first, last, share, near, far):
    """Eight nodes from the softmax at both ends: at t it is first · exp(t·total), at 1 − t last · exp(−t·total)."""
    k = len(total)
    share[:] = 0.0
    for q in range(len(_FEW)):
        low, high = 0.0, 0.0
        for s in range(k):
            grown = np.exp(_FEW[q] * total[s])
            near[s] = first[s] * grown
            far[s] = last[s] / grown
            low += near[s]
            high += far[s]
        low, high = _FEW_WEIGHTS[q] / low, _FEW_WEIGHTS[q] / high
        for s in range(k):
            share[s] += near[s] * low + far[s] * high


@numba.njit(cache=True, nogil=True)
def _path_shares(offsets, total, panels, share, now):
    """16-point panels from the average tables to the item's."""
    share[:] = 0.0
    for panel in range(panels):
        for q in range(len(_NODES)):
            _joined(offsets, total, (panel + _NODES[q]) / panels, now)
            for s in range(len(offsets)):
                share[s] += _WEIGHTS[q] / panels * now[s]


@numba.njit(cache=True, nogil=True)
def _attribute(bins, i, table, table_at, share, gap, slope, phi):
    """One item's attributions (p,), and what the integral left over in proportion to their size.

    What an integral that did not close leaves is not spread: the attributions then miss the margin, and whoever
    shows them withholds them.
    """
    size = 0.0
    for j in range(len(phi)):
        row = table_at[j] + bins[j, i]
        here = 0.0
        for s in range(len(share)):
            here += share[s] * table[row, s]
        phi[j] = slope * here
        size += abs(here)
    if size > 0.0 and abs(gap) <= _CLOSE:
        for j in range(len(phi)):
            phi[j] += gap * abs(phi[j]) / size
