"""Past rates of a column with many values: what earlier results showed for items of the same value.

A value of such a column (an importer, a tariff number) tells little by itself and much by its past, but a
rate that counts the item's own result gives the answer away. So every rate here is made without it:

- with a clock, from results that were known strictly before the item's own moment;
- without one, from the items of the other nine of ten parts, parted by a hash of the item's id.

The same rule holds while training and while scoring, so a feature of an item never depends on when it is
asked for. Values with few results are pooled: they get the rate of all values that had few results then.
Rates are smoothed towards the overall rate (Micci-Barreca 2001); a value never seen gets that rate, and
is said to be unknown.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from risk.features.columns import Columns, moments, strings
from risk.features.columns import place as row_of
from risk.features.words import Shown
from risk.schema import Dictionary, Feature

__all__ = ["FOLDS", "REPORTED", "fit_rate", "make_rate", "ready_rate", "say_rate"]

#: Parts that items are in when there is no clock.
FOLDS = 10
#: Column in which `risk.features.Features.fit` hands over when each result became known (ms UTC).
REPORTED = "|reported"
_MIN_RESULTS, _STRENGTH, _STEP_HOURS = 5, 20.0, 24
_MIN_OVERALL = 30
_HOUR_MS = 3_600_000


def fit_rate(f: Feature, frame: pd.DataFrame, y: np.ndarray | None, d: Dictionary) -> dict[str, Any]:
    """Count results by value and time (or part); params: ``digits``, ``min``, ``strength``, ``step_hours``.

    Times are rounded up to `step_hours`, so that the counts stay small; a result never counts too early.
    """
    state = {
        "as_of": list(d.as_of),
        "id": d.id_field,
        "min": int(f.params.get("min", _MIN_RESULTS)),
        "strength": float(f.params.get("strength", _STRENGTH)),
        "question": d.question,
        "step": int(f.params.get("step_hours", _STEP_HOURS) * _HOUR_MS),
    }
    level = strings(frame, f.reads[0], f.params.get("digits"))
    y = np.full(len(frame), np.nan) if y is None else np.asarray(y, float)
    seen = np.isfinite(y)
    known = moments(frame, state["as_of"])
    if REPORTED in frame:  # never before the item itself came
        known = np.maximum(known, frame[REPORTED].to_numpy())
    at = _steps(known, state) if state["as_of"] else _parts(Columns.of(frame), state)
    cells = pd.DataFrame({"level": level.to_numpy(object), "at": at, "n": 1, "found": y})[seen]
    book = _book(cells.groupby(["level", "at"], as_index=False)[["n", "found"]].sum(), state)
    everything = cells.groupby("at", as_index=False)[["n", "found"]].sum()
    return {
        **state,
        **book,
        "overall": _running(everything),
        "unlabelled": sorted(set(level.dropna()) - set(book["levels"])),
    }


def ready_rate(state: dict[str, Any]) -> dict[str, Any]:
    """The state with its counts as arrays and each value's place and rows in them."""
    book = {c: {k: np.array(v, np.int64) for k, v in state[c].items()} for c in ("counts", "overall", "few")}
    return {**state, **book, "place": {v: k for k, v in enumerate(state["levels"])},
            "known": {*state["levels"], *state["unlabelled"]},
            "starts": np.array([*state["starts"], state["starts"][-1]])}


def make_rate(f: Feature, state: dict[str, Any], columns: Columns) -> np.ndarray:
    """The smoothed past rate of each item's value, 0–1; NaN where it is not stated or too little is known."""
    return _rates(f, state, columns)["rate"].to_numpy()


def say_rate(f: Feature, state: dict[str, Any], columns: Columns) -> list[Shown]:
    """Each item's value with its past, as people count."""
    told, known = _rates(f, state, columns), state["known"]
    level = columns.texts(f.reads[0], f.params.get("digits")).rows()
    return [
        Shown("not stated", missing=True) if v is None else _shown(v, row, state, unknown=v not in known)
        for v, row in zip(level, told.itertuples(), strict=True)
    ]


def _shown(value: str, row: Any, state: dict[str, Any], *, unknown: bool) -> Shown:
    if np.isnan(row.rate):
        return Shown(f"{value} (too few results were known then)", unknown=unknown)
    if row.n >= state["min"]:
        return Shown(f"{value} ({row.found:,.0f} of {row.n:,.0f} earlier results {state['question']})")
    few = f"{row.n:,.0f} earlier result{'' if row.n == 1 else 's'}; such values: {row.rate:.1%}"
    return Shown(f"{value} ({few})", unknown=unknown)


# ---------------------------------------------------------------- what is counted


def _steps(known: np.ndarray, state: dict[str, Any]) -> np.ndarray:
    """Times in whole steps, rounded up."""
    return -(-np.asarray(known, np.int64) // state["step"])


def _parts(columns: Columns, state: dict[str, Any]) -> np.ndarray:
    """Which of `FOLDS` parts an item is in, by its id alone."""
    return (columns.hashes(state["id"], "|rate") % FOLDS).astype(np.int64)


def _book(cells: pd.DataFrame, state: dict[str, Any]) -> dict[str, Any]:
    """Running counts by value, and of the results that came while their value had few.

    `cells` are counts (``n``, ``found``) by ``level`` and ``at``, sorted.
    """
    levels, codes = np.unique(cells["level"].astype(str), return_inverse=True)
    sums = cells.groupby("level")["n"]
    before = sums.cumsum() - cells["n"] if state["as_of"] else sums.transform("sum")
    few = cells[before < state["min"]].groupby("at", as_index=False)[["n", "found"]].sum()
    starts = np.searchsorted(codes, np.arange(len(levels) + 1))
    return {
        "levels": levels.tolist(),
        "starts": starts.tolist(),
        "counts": _running(cells),
        "few": _running(few),
    }


def _running(cells: pd.DataFrame) -> dict[str, list[int]]:
    """Steps with counts summed up over all rows so far, from the first row of the table."""
    return {
        "at": cells["at"].astype(int).tolist(),
        "n": cells["n"].cumsum().astype(int).tolist(),
        "found": cells["found"].cumsum().astype(int).tolist(),
    }


# ---------------------------------------------------------------- what was known of each item


def _rates(f: Feature, state: dict[str, Any], columns: Columns) -> pd.DataFrame:
    """Per item ``n`` and ``found`` (known results of its value) and ``rate`` (smoothed)."""
    at = _steps(columns.moments(state["as_of"]), state) if state["as_of"] else _parts(columns, state)
    level = columns.texts(f.reads[0], f.params.get("digits"))
    place, starts = state["place"], state["starts"]  # an unseen value: an empty range at the end
    code = np.array([*(place.get(v, -1) for v in level.values), -1])[level.codes]
    n, found = _known(state["counts"], at, (starts[code], starts[np.where(code < 0, -1, code + 1)]), state)
    (n_all, found_all), (n_few, found_few) = (
        _known(state[c], at, (np.zeros(len(at), int), np.full(len(at), len(state[c]["at"]))), state)
        for c in ("overall", "few")
    )
    prior, k = (found_all + 0.5) / (n_all + 1), state["strength"]
    pooled = np.where(n > 0, (found_few + k * prior) / (n_few + k), prior)
    rate = np.where(n >= state["min"], (found + k * prior) / (n + k), pooled)
    told = level.stated & (n_all >= _MIN_OVERALL)
    return pd.DataFrame({"n": n, "found": found, "rate": np.where(told, rate, np.nan)})


def _known(
    counts: dict[str, np.ndarray], at: np.ndarray, rows: tuple[np.ndarray, np.ndarray], state: dict[str, Any]
) -> tuple[np.ndarray, np.ndarray]:
    """Results (all, found) in each item's `rows` (first, last) of a running table that count at step `at`."""
    first, last = rows
    steps = counts["at"]
    until = row_of(steps, at, first, last)
    sums = [np.concatenate([[0], counts[c]]) for c in ("n", "found")]
    if state["as_of"]:  # strictly earlier
        return tuple(s[until] - s[first] for s in sums)
    past_own = row_of(steps, at + 1, first, last)  # every part but the item's own
    return tuple((s[last] - s[first]) - (s[past_own] - s[until]) for s in sums)
