"""Quality of the advance data in four dimensions: one definition, for features and for the page on quality.

*Completeness*: the share of the fields, those that a declarant should fill in, that are filled in.
*Timeliness*: the advance data came before the item did. *Accuracy*: the gross weight is at least the net
weight. *Consistency*: the fields of the route agree. Each is 0–1 an item, so that means are shares of items.

A data dictionary declares each as a feature of the kind ``quality`` with the raw fields it reads; the param
``dimension`` names it. Such a feature may say ``"model": false``: then pages use it and no model learns from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from risk.errors import Refused
from risk.features.columns import NOT_STATED, Columns, differing
from risk.features.words import Shown
from risk.schema import Dictionary, Feature

__all__ = ["DIMENSIONS", "quality_features", "dimensions", "fit_quality", "make_quality", "say_quality"]

State = dict[str, Any]
_MISSING = Shown("not stated", missing=True)


def quality_features(dictionary: Dictionary) -> dict[str, Feature]:
    """The dictionary's feature for each dimension it declares.

    Completeness is always there: where none is declared, it counts everything known from the declaration.
    """
    roles = ("categorical", "numeric", "text", "time")
    known = [f.name for f in dictionary.fields() if f.known_at == "declaration" and f.role in roles]
    derived = Feature("completeness", "quality", tuple(known), params={"dimension": "completeness"})
    declared = {f.params["dimension"]: f for f in dictionary.features if f.kind == "quality"}
    return {"completeness": derived, **declared}


def dimensions(dictionary: Dictionary, frame: pd.DataFrame) -> pd.DataFrame:
    """Every declared dimension of every item, 0–1, NaN where it cannot be said; (n_items, n_dimensions)."""
    found = quality_features(dictionary)
    columns = Columns.of(frame)
    made = {name: make_quality(f, {}, columns) for name, f in found.items() if columns.names.issuperset(f.reads)}
    return pd.DataFrame(made, index=frame.index)


def fit_quality(f: Feature, frame: pd.DataFrame, y: np.ndarray | None, d: Dictionary) -> State:
    """Nothing is learnt but what the fields are called."""
    if f.params.get("dimension") not in DIMENSIONS:
        raise Refused(f"Data dictionary: feature '{f.name}' has the dimension '{f.params.get('dimension')}'; "
                      f"expected one of {', '.join(DIMENSIONS)}. Nothing was trained.")
    return {"titles": [d[name].title for name in f.reads]}


def make_quality(f: Feature, state: State, columns: Columns) -> np.ndarray:
    """How good the data of each item are in one dimension, 0–1."""
    return _MAKE[f.params["dimension"]](f, columns)


def say_quality(f: Feature, state: State, columns: Columns) -> list[Shown]:
    """The same in words: what is empty, late, or does not agree."""
    return _SAY[f.params["dimension"]](f, state["titles"], columns)


# ---------------------------------------------------------------- one dimension each


def _empty(f: Feature, columns: Columns) -> np.ndarray:
    """Which fields are empty; bool (n_items, n_fields)."""
    return np.column_stack([~columns.stated(name) for name in f.reads])


def _complete(f: Feature, columns: Columns) -> np.ndarray:
    return 1.0 - _empty(f, columns).mean(axis=1)


def _say_complete(f: Feature, titles: list[str], columns: Columns) -> list[Shown]:
    return [
        Shown(_listed([t for t, is_empty in zip(titles, row, strict=True) if is_empty]), form="empty")
        if row.any()
        else Shown("nothing", form="full")
        for row in _empty(f, columns)
    ]


def _ahead(f: Feature, columns: Columns) -> np.ndarray:
    """How long before the item its advance data came, ms; NaN where none came."""
    came, arrived = (columns.times(name) for name in f.reads)
    return np.where((came == NOT_STATED) | (arrived == NOT_STATED), np.nan, (arrived - came).astype(float))


def _timely(f: Feature, columns: Columns) -> np.ndarray:
    return (_ahead(f, columns) > 0).astype(float)


def _say_timely(f: Feature, titles: list[str], columns: Columns) -> list[Shown]:
    return [
        Shown("none came", form="none")
        if np.isnan(ms)
        else Shown("before the item", form="timely")
        if ms > 0
        else Shown("not before the item", form="late")
        for ms in _ahead(f, columns)
    ]


def _accurate(f: Feature, columns: Columns) -> np.ndarray:
    gross, net = (columns.numbers(name) for name in f.reads)
    return np.where(np.isnan(gross) | np.isnan(net), np.nan, gross >= net)


def _say_accurate(f: Feature, titles: list[str], columns: Columns) -> list[Shown]:
    return [
        _MISSING if np.isnan(v) else Shown("at least" if v else "below", form="accurate" if v else "inaccurate")
        for v in _accurate(f, columns)
    ]


def _consistent(f: Feature, columns: Columns) -> np.ndarray:
    stated = np.column_stack([columns.texts(name).stated for name in f.reads])
    return np.where(stated[:, 0] & stated[:, 1:].any(axis=1), ~differing(f.reads, columns).any(axis=1), np.nan)


def _say_consistent(f: Feature, titles: list[str], columns: Columns) -> list[Shown]:
    rows = zip(_consistent(f, columns), differing(f.reads, columns), strict=True)
    return [
        _MISSING
        if np.isnan(v)
        else Shown(f"{len(titles)} fields", form="consistent")
        if v
        else Shown(_listed([t for t, other in zip(titles[1:], row, strict=True) if other]), form="inconsistent")
        for v, row in rows
    ]


def _listed(words: Sequence[str]) -> str:
    """Titles in one line, the first as it stands.

    >>> _listed(["HS code", "Net weight", "Transit"])
    'HS code, Net weight and Transit'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


_MAKE: dict[str, Callable[[Feature, Columns], np.ndarray]] = {
    "completeness": _complete,
    "timeliness": _timely,
    "accuracy": _accurate,
    "consistency": _consistent,
}
_SAY: dict[str, Callable[[Feature, list[str], Columns], list[Shown]]] = {
    "completeness": _say_complete,
    "timeliness": _say_timely,
    "accuracy": _say_accurate,
    "consistency": _say_consistent,
}
#: The dimensions of data quality.
DIMENSIONS = tuple(_MAKE)
