"""Features of a description: how vague it is, and whether its words fit the commodity code.

The words are counted on released items, those that nobody examined: an examined item's feature then never
rests on its own words, and what examinations choose or show does not move the counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from risk.features import text as text_model
from risk.features.columns import Columns, by_pair, strings
from risk.features.words import Shown, quoted
from risk.schema import Dictionary, Feature

__all__ = ["fit_wording", "make_vague", "say_vague", "make_agreement", "say_agreement"]

State = dict[str, Any]
_VAGUE, _VERY_VAGUE, _CLEAR = 0.6, 0.9, 0.3
_MISSING = Shown("not stated", missing=True)


def fit_wording(f: Feature, frame: pd.DataFrame, y: np.ndarray | None, d: Dictionary) -> State:
    """Count words by chapter; params: ``by`` (column of the code, else the last read) and ``digits``.

    Where more than half of the items have a label, all of them are counted.
    """
    by = f.params.get("by", f.reads[-1])
    rows = frame if y is None or np.isfinite(y).mean() > 0.5 else frame[~np.isfinite(y)]
    pairs = pd.DataFrame({"text": strings(rows, f.reads[0]), "chapter": strings(rows, by, f.params["digits"])})
    table = pairs.dropna().value_counts(sort=False).sort_index().reset_index()
    state = text_model.fit_words(table["text"].tolist(), table["chapter"].tolist(), table["count"].tolist())
    return {**state, "codes": dict(d[by].levels)}


def make_vague(f: Feature, state: State, columns: Columns) -> np.ndarray:
    """0–1, 1 where the words could mean anything; see `risk.features.text.vagueness`."""
    texts, words = columns.texts(f.reads[0]), _words(f, columns)
    return np.array([*(text_model.vagueness(w, state) for w in words), np.nan], dtype=float)[texts.codes]


def say_vague(f: Feature, state: State, columns: Columns) -> list[Shown]:
    """How vague, and the word that says most."""
    words, rows = _words(f, columns), columns.texts(f.reads[0]).codes.tolist()
    return [
        _MISSING if np.isnan(v) else _vague(v, text_model.telling(words[t], state))
        for v, t in zip(make_vague(f, state, columns).tolist(), rows, strict=True)
    ]


def _words(f: Feature, columns: Columns) -> list[list[str]]:
    """The words of each distinct description."""
    return columns.worked_out(f.reads[0], text_model.words_of)


def _vague(value: float, word: str) -> Shown:
    text = "so vague that it could be anything" if value > _VERY_VAGUE else "vague"
    text = text if value > _VAGUE else "specific"
    if not word:
        return Shown(text, form="unheard")
    return Shown(text, form="vague" if value > _VAGUE else "specific", parts={"words": quoted([word])})


def make_agreement(f: Feature, state: State, columns: Columns) -> np.ndarray:
    """Mean log lift (nats) of the stated chapter given the words; see `risk.features.text.agreement`."""
    texts, codes = columns.texts(f.reads[0]), columns.texts(f.reads[1], f.params["digits"])
    words = _words(f, columns)
    return by_pair(texts, codes, lambda t, c: text_model.agreement(words[t], codes.values[c], state))


def say_agreement(f: Feature, state: State, columns: Columns) -> list[Shown]:
    """Whether words and code fit, with the words that drove it and the chapter for which they speak."""
    words, texts = _words(f, columns), columns.texts(f.reads[0]).codes.tolist()
    rows = zip(make_agreement(f, state, columns).tolist(), texts, columns.texts(f.reads[1]).rows(), strict=True)
    return [_MISSING if np.isnan(v) else _agreement(f, state, v, words[t], code) for v, t, code in rows]


def _agreement(f: Feature, state: State, value: float, said: list[str], code: str) -> Shown:
    words, chapter = text_model.speaking(said, code[: f.params["digits"]], state)
    parts = {"words": quoted(words), "code": state.get("codes", {}).get(code, code), "chapter": chapter}
    if value < -_CLEAR:
        return Shown("do not fit", form="clash" if chapter else "odd", parts=parts)
    if value > _CLEAR:
        return Shown("fit", form="fit", parts=parts)
    return Shown("say little about", form="little" if words else "unheard", parts=parts)
