"""The kinds of feature: each learns a small JSON-able state, makes one number per item, and says it in words.

A kind is three functions: ``fit`` of a frame → state, ``make`` of state and columns → float array of shape
(n_items,) with NaN for "not known", ``say`` of the same → one `Shown` per item. `KINDS` is the registry; a
data dictionary names its kinds, so a data set of another trade needs no code. ``ready`` turns a state, once a
fitted model, into what ``make`` and ``say`` look things up in; by default that is the state itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from risk.features import novelty, quality, rates, wording
from risk.features.columns import NOT_STATED, Columns, by_pair, differing
from risk.features.columns import strings as _strings
from risk.features.history import past_name
from risk.features.words import Shown, quantity, relation, span
from risk.schema import Dictionary, Feature

__all__ = ["KINDS", "Kind"]

State = dict[str, Any]
_RARE = 20
_MIN_NORM = 30
_MISSING = Shown("not stated", missing=True)


@dataclass(frozen=True)
class Kind:
    """A way of making a feature; see the module's docstring for the three functions' contract."""

    fit: Callable[[Feature, pd.DataFrame, np.ndarray | None, Dictionary], State]
    make: Callable[[Feature, State, Columns], np.ndarray]
    say: Callable[[Feature, State, Columns], list[Shown]]
    ready: Callable[[State], State] = lambda state: state


def _usual(values: np.ndarray) -> State:
    kept = values[np.isfinite(values)]
    low, high = np.quantile(kept, [0.1, 0.9]) if len(kept) else (0.0, 0.0)
    return {"low": float(low), "high": float(high)}


def _in_range(value: float, state: State, unit: str) -> Shown:
    if np.isnan(value):
        return _MISSING
    low, high, form = state["low"], state["high"], "none" if value == 0 else ""
    if low == high == value:
        return Shown(quantity(value, unit), "as", "usual", form=form)
    return Shown(quantity(value, unit), relation(value, low, high), span(low, high, unit), form=form)


# ---------------------------------------------------------------- numbers that stand for themselves

def _make_value(f: Feature, state: State, columns: Columns) -> np.ndarray:
    return columns.numbers(f.reads[0])


def _make_ratio(f: Feature, state: State, columns: Columns) -> np.ndarray:
    over, under = (columns.numbers(name) for name in f.reads)
    return np.divide(over, under, out=np.full(len(columns), np.nan), where=under > 0)


def _make_hours(f: Feature, state: State, columns: Columns) -> np.ndarray:
    start, end = (columns.times(name) for name in f.reads)
    stated = (start != NOT_STATED) & (end != NOT_STATED)
    return np.where(stated, (end - start) / 1000 / 3600, np.nan)


def _say_hours(f: Feature, state: State, columns: Columns) -> list[Shown]:
    """A time span; one that runs backwards is spoken of as such, without a minus."""
    values = _make_hours(f, state, columns).tolist()
    usual = span(state["low"], state["high"], f.unit)
    return [Shown(quantity(-v, f.unit), "not the usual", usual, form="after") if v < 0 else
            _in_range(v, state, f.unit) for v in values]


def _numeric(make: Callable[[Feature, State, Columns], np.ndarray]) -> Kind:
    """A kind whose words are the value, and whose usual range is the training period's middle 80 %."""
    return Kind(fit=lambda f, frame, y, d: _usual(make(f, {}, Columns.of(frame))), make=make,
                say=lambda f, s, columns: [_in_range(v, s, f.unit) for v in make(f, s, columns).tolist()])


# ---------------------------------------------------------------- categories, in order of their rate

def _fit_category(f: Feature, frame: pd.DataFrame, y: np.ndarray | None, d: Dictionary) -> State:
    """Order levels by their smoothed rate (by frequency where there is no label); pool the rare ones."""
    column = _strings(frame, f.reads[0], f.params.get("digits"))
    counts = column.value_counts()
    kept = sorted(counts[counts >= _RARE].index)
    pooled = column.where(column.isin(kept), "(rare)").where(column.notna())
    rates = _smoothed_rates(pooled, y)
    order = sorted(set(pooled.dropna()), key=lambda level: (rates.get(level, 0.0), level))
    field = d[f.reads[0]]
    return {"levels": order, "known": sorted(counts.index), "words": dict(field.levels)}


def _smoothed_rates(levels: pd.Series, y: np.ndarray | None) -> dict[str, float]:
    if y is None or not np.isfinite(y).any():
        return {str(k): -float(v) for k, v in levels.value_counts().items()}
    seen = np.isfinite(y) & levels.notna().to_numpy()
    prior, found = float(y[seen].mean()), pd.Series(y[seen]).groupby(levels.to_numpy()[seen])
    return {str(k): float((g.sum() + 20 * prior) / (len(g) + 20)) for k, g in found}


def _ready_category(state: State) -> State:
    place = {level: float(i) for i, level in enumerate(state["levels"])}
    return {"place": place, "rare": place.get("(rare)", np.nan), "known": set(state["known"]), "words": state["words"]}


def _make_category(f: Feature, state: State, columns: Columns) -> np.ndarray:
    place, rare = state["place"], state["rare"]
    return columns.texts(f.reads[0], f.params.get("digits")).each(lambda v: place.get(v, rare))


def _say_category(f: Feature, state: State, columns: Columns) -> list[Shown]:
    known, words = state["known"], state["words"]
    return [_MISSING if v is None else Shown(words.get(v, v), unknown=v not in known)
            for v in columns.texts(f.reads[0], f.params.get("digits")).rows()]


# ---------------------------------------------------------------- numbers against the norm of their kind

def _amount(f: Feature, columns: Columns) -> np.ndarray:
    """The amount in the feature's unit: the first field, divided by the ``per`` field where one is named."""
    with np.errstate(over="ignore"):  # beyond float64 is infinite, and ends in the last bin
        amount = columns.numbers(f.reads[0]) * f.params.get("scale", 1)
        if "per" in f.params:
            under = columns.numbers(f.params["per"])
            amount = np.divide(amount, under, out=np.full(len(columns), np.nan), where=under > 0)
    return np.where(amount > 0, amount, np.nan)


def _fit_relative(f: Feature, frame: pd.DataFrame, y: np.ndarray | None, d: Dictionary) -> State:
    """Norms (median, robust spread, 10 and 90 % points) of the log amount by code prefix 6, 4, 2, all."""
    logs, norms = np.log(_amount(f, Columns.of(frame))), {}
    for digits in (0, 2, 4, 6):
        prefix = _strings(frame, f.reads[1]).fillna("").str[:digits]
        for key, group in pd.Series(logs).groupby(prefix.to_numpy()):
            values = group.dropna().to_numpy()
            if (len(values) >= _MIN_NORM and len(key) == digits) or digits == 0:
                norms[key] = _norm(values)
    return {"norms": norms}


def _norm(logs: np.ndarray) -> list[float]:
    if len(logs) == 0:
        return [0.0, 1.0, 0.0, 0.0]
    middle = float(np.median(logs))
    spread = max(1.4826 * float(np.median(np.abs(logs - middle))), 0.05)
    return [middle, spread, *map(float, np.quantile(logs, [0.1, 0.9]))]


def _norms_of(f: Feature, state: State, columns: Columns) -> np.ndarray:
    """The norm row of each item, shape (n_items, 4): that of the longest known prefix of its code."""
    norms, codes = state["norms"], columns.texts(f.reads[1])

    def best(code: str) -> list[float]:
        return next(norms[code[:n]] for n in (6, 4, 2, 0) if code[:n] in norms)
    return np.array([best(code) for code in [*codes.values, ""]], dtype=float)[codes.codes]


def _make_relative(f: Feature, state: State, columns: Columns) -> np.ndarray:
    norms = _norms_of(f, state, columns)
    return (np.log(_amount(f, columns)) - norms[:, 0]) / norms[:, 1]


def _say_relative(f: Feature, state: State, columns: Columns) -> list[Shown]:
    norms, anything = _norms_of(f, state, columns), state["norms"][""]
    ranges, uncoded = np.exp(norms[:, 2:]).tolist(), (norms == anything).all(axis=1).tolist()
    said = [_in_range(v, {"low": low, "high": high}, f.unit)
            for v, (low, high) in zip(_amount(f, columns).tolist(), ranges, strict=True)]
    return [replace(s, form="uncoded") if bare and not s.missing else s for s, bare in zip(said, uncoded, strict=True)]


# ---------------------------------------------------------------- routes, rarity

def _make_differs(f: Feature, state: State, columns: Columns) -> np.ndarray:
    stated = np.column_stack([columns.texts(name).stated for name in f.reads[1:]])
    return np.where(stated.any(axis=1), differing(f.reads, columns).sum(axis=1).astype(float), np.nan)


def _say_differs(f: Feature, state: State, columns: Columns) -> list[Shown]:
    titles, first = state["titles"], columns.texts(f.reads[0]).rows()
    rows = zip(differing(f.reads, columns), first, *[columns.texts(n).rows() for n in f.reads[1:]], strict=True)
    return [_say_one_route(titles, *row) for row in rows]


def _say_one_route(titles: list[str], differs: np.ndarray, first: str | None, *others: str | None) -> Shown:
    named = [f"{t} ({o})" for t, o, is_other in zip(titles[1:], others, differs, strict=True) if is_other]
    if all(o is None for o in others):
        return _MISSING
    shown = "not stated" if first is None else first
    if not named:
        stated = [t for t, o in zip(titles[1:], others, strict=True) if o is not None]
        verb = "agrees" if len(stated) == 1 else "agree"
        return Shown(f"{_listed(stated)} {verb} with {titles[0].lower()} ({shown})")
    verb = "differs" if len(named) == 1 else "differ"
    return Shown(f"{_listed(named)} {verb} from {titles[0].lower()} ({shown})")


def _listed(words: list[str]) -> str:
    tail = [w[0].lower() + w[1:] for w in words[1:]]
    return " and ".join([words[0], *tail])


def _fit_rarity(f: Feature, frame: pd.DataFrame, y: np.ndarray | None, d: Dictionary) -> State:
    what, where = _strings(frame, f.reads[0], f.params.get("digits")), _strings(frame, f.reads[1])
    both = (where + "|" + what).value_counts()
    return {"both": {k: int(n) for k, n in sorted(both.items())},
            "where": {k: int(n) for k, n in sorted(where.value_counts().items())}}


def _make_rarity(f: Feature, state: State, columns: Columns) -> np.ndarray:
    """−log10 of the commodity's share among items of this origin (half an item added)."""
    both, of = state["both"], state["where"]
    where, what = columns.texts(f.reads[1]), columns.texts(f.reads[0], f.params.get("digits"))
    origins, goods = where.values, what.values
    return -np.log10(by_pair(where, what, lambda o, g: (both.get(f"{origins[o]}|{goods[g]}", 0) + 0.5)
                              / (of.get(origins[o], 0) + 1)))


def _say_rarity(f: Feature, state: State, columns: Columns) -> list[Shown]:
    def word(v: float) -> str:
        return "common" if v < 1.3 else "uncommon" if v < 2 else "rare" if v < 3 else "almost never seen"
    return [_MISSING if np.isnan(v) else Shown(word(v)) for v in _make_rarity(f, state, columns)]


# ---------------------------------------------------------------- what was known of a party

def _make_party(f: Feature, state: State, columns: Columns) -> np.ndarray:
    return columns.numbers(past_name(f.reads[0], f.params["what"], f.params.get("days")))


KINDS: dict[str, Kind] = {
    "value": _numeric(_make_value),
    "ratio": _numeric(_make_ratio),
    "hours": replace(_numeric(_make_hours), say=_say_hours),
    "rate": Kind(rates.fit_rate, rates.make_rate, rates.say_rate, rates.ready_rate),
    "category": Kind(_fit_category, _make_category, _say_category, _ready_category),
    "relative": Kind(_fit_relative, _make_relative, _say_relative),
    "vague": Kind(wording.fit_wording, wording.make_vague, wording.say_vague),
    "agreement": Kind(wording.fit_wording, wording.make_agreement, wording.say_agreement),
    "differs": Kind(lambda f, frame, y, d: {"titles": [d[n].title for n in f.reads]},
                    _make_differs, _say_differs),
    "rarity": Kind(_fit_rarity, _make_rarity, _say_rarity),
    "novelty": Kind(novelty.fit_novelty, novelty.make_novelty, novelty.say_novelty),
    "quality": Kind(quality.fit_quality, quality.make_quality, quality.say_quality),
    "party": _numeric(_make_party),
}
