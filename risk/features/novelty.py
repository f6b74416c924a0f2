"""How new a commodity is from its origin, as known at the item's own moment.

Of the items that came from the origin in the days before the item's own day, the share that were of the
same commodity. Only whole earlier days count, so nothing later, and nothing of the same day, moves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from risk.features.arrivals import Arrivals
from risk.features.columns import DAY_MS, Columns, mixed
from risk.features.words import Shown, quantity
from risk.schema import Dictionary, Feature

__all__ = ["DAYS", "novelties", "codes_of", "novelty_name", "novelty_past", "fit_novelty", "make_novelty",
           "say_novelty"]

State = dict[str, Any]
DAYS = 90
_FEWEST = 20
_MISSING = Shown("not known", missing=True)
_CHANGED = Shown("not worked out again", form="changed")


def novelty_name(feature: str, what: str) -> str:
    """Column name of ``came`` (items of the combination), ``of`` (of the place) or ``code`` (what was counted).

    >>> novelty_name("new_for_origin", "came")
    'new_for_origin|came'
    """
    return f"{feature}|{what}"


def novelties(dictionary: Dictionary) -> tuple[Feature, ...]:
    """The dictionary's features of how new a code is from a place."""
    return tuple(f for f in dictionary.features if f.kind == "novelty")


def codes_of(f: Feature, columns: Columns) -> np.ndarray:
    """Hashes of each item's combination (commodity and place) and of its place, uint64 (n_items, 2)."""
    place = columns.hashes(f.reads[1])
    return np.column_stack([mixed(columns.hashes(f.reads[0], digits=f.params.get("digits")), place), place])


def novelty_past(declarations: pd.DataFrame, dictionary: Dictionary, came: Sequence[Arrivals]) -> pd.DataFrame:
    """The further columns of novelties, from counts of a whole stream: two a feature, of the combination and of
    its place. One row a declaration."""
    given, out = Columns.of(declarations), {}
    day = given.moments(dictionary.as_of) // DAY_MS
    for j, f in enumerate(novelties(dictionary)):
        code, days = codes_of(f, given), int(f.params.get("days", DAYS))
        for k, what in enumerate(("came", "of")):
            out[novelty_name(f.name, what)] = came[2 * j + k].before(code[:, k], day, days).astype(float)
        out[novelty_name(f.name, "code")] = code[:, 0]
    return pd.DataFrame(out, index=declarations.index)


def fit_novelty(f: Feature, frame: pd.DataFrame, y: np.ndarray | None, d: Dictionary) -> State:
    """Learn what is usual; params: ``digits`` of the code, ``days`` looked back."""
    values = _values(f, Columns.of(frame))[0]
    kept = values[np.isfinite(values)]
    return {"middle": float(np.median(kept)) if len(kept) else 0.0}


def make_novelty(f: Feature, state: State, columns: Columns) -> np.ndarray:
    """−log10 of the combination's share among earlier items of its place (half an item added).

    NaN without a code, or where fewer than 20 items of the place were known. The usual value where the
    declaration was changed after the counting (a what-if): then it is not known, and moves nothing.
    """
    values, same = _values(f, columns)
    return np.where(np.isnan(values) | same, values, state["middle"])


def _counts(f: Feature, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    return tuple(columns.numbers(novelty_name(f.name, what)) for what in ("came", "of"))


def _values(f: Feature, columns: Columns) -> tuple[np.ndarray, np.ndarray]:
    """Novelty by the counts that go with the rows, and whether these are of what the rows state."""
    came, of = _counts(f, columns)
    stated = columns.texts(f.reads[0]).stated & columns.texts(f.reads[1]).stated
    values = np.where(stated & (of >= _FEWEST), -np.log10((came + 0.5) / (of + 1)), np.nan)
    return values, columns.numbers(novelty_name(f.name, "code")) == codes_of(f, columns)[:, 0].astype(float)


def say_novelty(f: Feature, state: State, columns: Columns) -> list[Shown]:
    """How many earlier items from there were of this commodity."""
    values, same = _values(f, columns)
    days = quantity(f.params.get("days", DAYS), "days")
    return [
        _MISSING if np.isnan(v) else _came(c, o, days) if own else _CHANGED
        for v, own, c, o in zip(values, same, *_counts(f, columns), strict=True)
    ]


def _came(came: float, of: float, days: str) -> Shown:
    parts = {"came": f"{came:,.0f}", "of": f"{of:,.0f} items", "days": days}
    return Shown(f"{parts['came']} of {parts['of']}", form="say" if came else "first", parts=parts)
