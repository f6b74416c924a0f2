"""The kinds of feature: each learns a small JSON-able state, makes one number per item, and says it in words.

A kind is three functions of (feature, state, frame): ``fit`` → state, ``make`` → float array of shape
(n_items,) with NaN for "not known", ``say`` → one `Shown` per item. `KINDS` is the registry; a data
dictionary names its kinds, so a data set of another trade needs no code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from risk.features import rates
from risk.features import text as text_model
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
    make: Callable[[Feature, State, pd.DataFrame], np.ndarray]
    say: Callable[[Feature, State, pd.DataFrame], list[Shown]]


def _numbers(frame: pd.DataFrame, name: str) -> np.ndarray:
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def _by_unique(column: pd.Series, function: Callable[[str], float]) -> np.ndarray:
    """Apply `function` once per distinct text; missing gives NaN. Cost follows the distinct values."""
    codes, distinct = pd.factorize(column)
    values = np.array([function(v) for v in distinct] + [np.nan], dtype=float)
    return values[codes]


def _usual(values: np.ndarray) -> State:
    kept = values[np.isfinite(values)]
    low, high = np.quantile(kept, [0.1, 0.9]) if len(kept) else (0.0, 0.0)
    return {"low": float(low), "high": float(high)}


def _in_range(value: float, state: State, unit: str) -> Shown:
    if np.isnan(value):
        return _MISSING
    return Shown(quantity(value, unit), relation(value, state["low"], state["high"]),
                 span(state["low"], state["high"], unit))


# ---------------------------------------------------------------- numbers that stand for themselves

def _make_value(f: Feature, state: State, frame: pd.DataFrame) -> np.ndarray:
    return _numbers(frame, f.reads[0])


def _make_ratio(f: Feature, state: State, frame: pd.DataFrame) -> np.ndarray:
    over, under = (_numbers(frame, name) for name in f.reads)
    return np.divide(over, under, out=np.full(len(frame), np.nan), where=under > 0)


def _make_hours(f: Feature, state: State, frame: pd.DataFrame) -> np.ndarray:
    start, end = (pd.to_datetime(frame[name], utc=True) for name in f.reads)
    return (end - start).dt.total_seconds().to_numpy(dtype=float, na_value=np.nan) / 3600


def _numeric(make: Callable[[Feature, State, pd.DataFrame], np.ndarray]) -> Kind:
    """A kind whose words are the value, and whose usual range is the training period's middle 80 %."""
    return Kind(fit=lambda f, frame, y, d: _usual(make(f, {}, frame)), make=make,
                say=lambda f, s, frame: [_in_range(v, s, f.unit) for v in make(f, s, frame)])


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


def _make_category(f: Feature, state: State, frame: pd.DataFrame) -> np.ndarray:
    place = {level: float(i) for i, level in enumerate(state["levels"])}
    rare = place.get("(rare)", np.nan)
    return _by_unique(_strings(frame, f.reads[0], f.params.get("digits")), lambda v: place.get(v, rare))


def _say_category(f: Feature, state: State, frame: pd.DataFrame) -> list[Shown]:
    known, words = set(state["known"]), state["words"]
    return [_MISSING if pd.isna(v) else Shown(words.get(v, v), unknown=v not in known)
            for v in _strings(frame, f.reads[0], f.params.get("digits"))]


# ---------------------------------------------------------------- numbers against the norm of their kind

def _amount(f: Feature, frame: pd.DataFrame) -> np.ndarray:
    """The amount in the feature's unit: the first field, divided by the ``per`` field where one is named."""
    with np.errstate(over="ignore"):  # beyond float64 is infinite, and ends in the last bin
        amount = _numbers(frame, f.reads[0]) * f.params.get("scale", 1)
        if "per" in f.params:
            under = _numbers(frame, f.params["per"])
            amount = np.divide(amount, under, out=np.full(len(frame), np.nan), where=under > 0)
    return np.where(amount > 0, amount, np.nan)


def _fit_relative(f: Feature, frame: pd.DataFrame, y: np.ndarray | None, d: Dictionary) -> State:
    """Norms (median, robust spread, 10 and 90 % points) of the log amount by code prefix 6, 4, 2, all."""
    logs, norms = np.log(_amount(f, frame)), {}
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


def _norms_of(f: Feature, state: State, frame: pd.DataFrame) -> np.ndarray:
    """The norm row of each item, shape (n_items, 4): that of the longest known prefix of its code."""
    def best(code: str) -> list[float]:
        return next(state["norms"][code[:n]] for n in (6, 4, 2, 0) if code[:n] in state["norms"])
    codes, distinct = pd.factorize(_strings(frame, f.reads[1]).fillna(""))
    return np.array([best(code) for code in distinct], dtype=float).reshape(-1, 4)[codes]


def _make_relative(f: Feature, state: State, frame: pd.DataFrame) -> np.ndarray:
    norms = _norms_of(f, state, frame)
    return (np.log(_amount(f, frame)) - norms[:, 0]) / norms[:, 1]


def _say_relative(f: Feature, state: State, frame: pd.DataFrame) -> list[Shown]:
    ranges = np.exp(_norms_of(f, state, frame)[:, 2:])
    return [_in_range(v, {"low": low, "high": high}, f.unit)
            for v, (low, high) in zip(_amount(f, frame), ranges, strict=True)]


# ---------------------------------------------------------------- words, routes, rarity

def _fit_text(f: Feature, frame: pd.DataFrame, y: np.ndarray | None, d: Dictionary) -> State:
    by = f.params.get("by", f.reads[-1])
    pairs = pd.DataFrame({"text": _strings(frame, f.reads[0]),
                          "chapter": _strings(frame, by, f.params["digits"])})
    table = pairs.dropna().value_counts(sort=False).sort_index().reset_index()
    state = text_model.fit_words(table["text"].tolist(), table["chapter"].tolist(), table["count"].tolist())
    kind = _make_vague if f.kind == "vague" else _make_agreement
    return {**state, **_usual(kind(f, state, frame))}


def _make_vague(f: Feature, state: State, frame: pd.DataFrame) -> np.ndarray:
    return _by_unique(_strings(frame, f.reads[0]), lambda v: text_model.vagueness(v, state))


def _say_vague(f: Feature, state: State, frame: pd.DataFrame) -> list[Shown]:
    def word(v: float) -> str:
        return "so vague that it could be anything" if v > 0.9 else "vague" if v > 0.6 else "specific"
    return [_MISSING if np.isnan(v) else Shown(word(v)) for v in _make_vague(f, state, frame)]


def _make_agreement(f: Feature, state: State, frame: pd.DataFrame) -> np.ndarray:
    words, codes = _strings(frame, f.reads[0]), _strings(frame, f.reads[1], f.params["digits"])
    joined = (codes + "|" + words).where(words.notna() & codes.notna())
    return _by_unique(joined, lambda v: text_model.agreement(v.split("|", 1)[1], v.split("|", 1)[0], state))


def _say_agreement(f: Feature, state: State, frame: pd.DataFrame) -> list[Shown]:
    def word(v: float) -> str:
        return "do not fit" if v < -0.3 else "say little about" if v < 0.3 else "fit"
    return [_MISSING if np.isnan(v) else Shown(word(v)) for v in _make_agreement(f, state, frame)]


def _differing(f: Feature, frame: pd.DataFrame) -> np.ndarray:
    """Bool array (n_items, n_others): stated, and different from the first field."""
    first, others = _strings(frame, f.reads[0]), [_strings(frame, name) for name in f.reads[1:]]
    return np.column_stack([((o != first) & o.notna()).to_numpy(dtype=bool) for o in others])


def _make_differs(f: Feature, state: State, frame: pd.DataFrame) -> np.ndarray:
    stated = np.column_stack([frame[name].notna().to_numpy() for name in f.reads[1:]])
    return np.where(stated.any(axis=1), _differing(f, frame).sum(axis=1).astype(float), np.nan)


def _say_differs(f: Feature, state: State, frame: pd.DataFrame) -> list[Shown]:
    titles, first = state["titles"], _strings(frame, f.reads[0])
    rows = zip(_differing(f, frame), first, *[_strings(frame, n) for n in f.reads[1:]], strict=True)
    return [_say_one_route(titles, *row) for row in rows]


def _say_one_route(titles: list[str], differs: np.ndarray, first: str, *others: object) -> Shown:
    named = [f"{t} ({o})" for t, o, is_other in zip(titles[1:], others, differs, strict=True) if is_other]
    if all(pd.isna(o) for o in others):
        return _MISSING
    if not named:
        stated = [t for t, o in zip(titles[1:], others, strict=True) if pd.notna(o)]
        verb = "agrees" if len(stated) == 1 else "agree"
        return Shown(f"{_listed(stated)} {verb} with {titles[0].lower()} ({first})")
    verb = "differs" if len(named) == 1 else "differ"
    return Shown(f"{_listed(named)} {verb} from {titles[0].lower()} ({first})")


def _listed(words: list[str]) -> str:
    tail = [w[0].lower() + w[1:] for w in words[1:]]
    return " and ".join([words[0], *tail])


def _fit_rarity(f: Feature, frame: pd.DataFrame, y: np.ndarray | None, d: Dictionary) -> State:
    what, where = _strings(frame, f.reads[0], f.params.get("digits")), _strings(frame, f.reads[1])
    both = (where + "|" + what).value_counts()
    return {"both": {k: int(n) for k, n in sorted(both.items())},
            "where": {k: int(n) for k, n in sorted(where.value_counts().items())}}


def _make_rarity(f: Feature, state: State, frame: pd.DataFrame) -> np.ndarray:
    """−log10 of the commodity's share among items of this origin (half an item added)."""
    joined = _strings(frame, f.reads[1]) + "|" + _strings(frame, f.reads[0], f.params.get("digits"))
    return _by_unique(joined, lambda v: -np.log10((state["both"].get(v, 0) + 0.5)
                                                  / (state["where"].get(v.split("|")[0], 0) + 1)))


def _say_rarity(f: Feature, state: State, frame: pd.DataFrame) -> list[Shown]:
    def word(v: float) -> str:
        return "common" if v < 1.3 else "uncommon" if v < 2 else "rare" if v < 3 else "almost never seen"
    return [_MISSING if np.isnan(v) else Shown(word(v)) for v in _make_rarity(f, state, frame)]


# ---------------------------------------------------------------- what was known of a party

def _make_party(f: Feature, state: State, frame: pd.DataFrame) -> np.ndarray:
    return _numbers(frame, past_name(f.reads[0], f.params["what"], f.params.get("days")))


KINDS: dict[str, Kind] = {
    "value": _numeric(_make_value),
    "ratio": _numeric(_make_ratio),
    "hours": _numeric(_make_hours),
    "rate": Kind(rates.fit_rate, rates.make_rate, rates.say_rate),
    "category": Kind(_fit_category, _make_category, _say_category),
    "relative": Kind(_fit_relative, _make_relative, _say_relative),
    "vague": Kind(_fit_text, _make_vague, _say_vague),
    "agreement": Kind(_fit_text, _make_agreement, _say_agreement),
    "differs": Kind(lambda f, frame, y, d: {"titles": [d[n].title for n in f.reads]},
                    _make_differs, _say_differs),
    "rarity": Kind(_fit_rarity, _make_rarity, _say_rarity),
    "party": _numeric(_make_party),
}
