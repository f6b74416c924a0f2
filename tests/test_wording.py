"""Descriptions: the words that drive a feature are named, and examined items do not move the counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.explanation import reasons
from risk.features import Features
from risk.schema import Dictionary

TEMPLATES = {
    "say": "The words {shown} the code",
    "clash": "Unusual for {code}: ({words}) speaks for {chapter}",
    "odd": "Odd for {code}: ({words})",
    "fit": "Usual for {code}: ({words})",
    "little": "({words}) says little about {code}",
    "unheard": "No known word for {code}",
}


def dictionary(**reason: str) -> Dictionary:
    fields = [
        {"name": "id", "type": "string", "risk": {"role": "id"}},
        {"name": "words", "type": "string", "risk": {"role": "text"}},
        {"name": "hs", "type": "string", "risk": {"role": "categorical", "feature": False,
                                                  "levels": {"8471": "8471 (machines)"}}},
    ]
    fits = {"name": "fits", "kind": "agreement", "reads": ["words", "hs"], "title": "Fit",
            "reason": reason or TEMPLATES, "params": {"digits": 2}}
    return Dictionary({"name": "t", "risk": {"features": [fits]},
                       "resources": [{"name": "declarations", "schema": {"fields": fields}}]})


def stream() -> pd.DataFrame:
    rows = [("cotton shirt", "6109"), ("steel gear", "8471"), ("blue thing", "6109"), ("blue thing", "8471"),
            ("book", "4901")] * 20
    words, codes = zip(*rows, strict=True)
    return pd.DataFrame({"id": [f"i{k}" for k in range(len(rows))], "words": words, "hs": codes})


def sentence(words: str | None, code: str | None, *, d: Dictionary | None = None) -> str:
    features = Features(d or dictionary()).fit(stream())
    row = pd.DataFrame({"id": ["x"], "words": [words], "hs": [code]})
    return reasons(features, row, np.array([[0.7]]))[0][0].sentence


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("Cotton SHIRT, 2 pcs", "8471", "Unusual for 8471 (machines): (‘cotton’, ‘shirt’) speaks for 61"),
        ("gear of steel", "8471", "Usual for 8471 (machines): (‘gear’, ‘steel’)"),
        ("a blue thing", "6109", "(‘blue’, ‘thing’) says little about 6109"),
        ("zzzz", "6109", "No known word for 6109"),
        ("", "6109", "No known word for 6109"),
        (None, "6109", "Fit is not stated"),
        ("cotton", "9999", "Fit is not stated"),
        ("<b>cotton</b> [red] {x} __shirt__", "8471", "Unusual for 8471 (machines): (‘cotton’, ‘shirt’) speaks for 61"),
    ],
)
def test_the_words_that_drove_it_are_named(words: str | None, code: str | None, said: str) -> None:
    assert sentence(words, code) == said


def test_words_that_go_with_much_speak_for_no_chapter() -> None:
    rows = [("gift", c) for c in ("6109", "4202", "9503", "7113")] * 20 + [("steel gear", "8471")] * 60
    frame = pd.DataFrame({"id": range(140), "words": [w for w, _ in rows], "hs": [c for _, c in rows]})
    features = Features(dictionary()).fit(frame.assign(id=frame["id"].astype(str)))
    row = pd.DataFrame({"id": ["x"], "words": ["gift"], "hs": ["8471"]})
    assert reasons(features, row, np.array([[0.7]]))[0][0].sentence == "Odd for 8471 (machines): (‘gift’)"


def test_a_dictionary_without_these_sentences_still_speaks() -> None:
    assert sentence("cotton", "8471", d=dictionary(say="The words {shown} the code")) == "The words do not fit the code"


@given(st.lists(st.booleans(), min_size=100, max_size=100))
@settings(max_examples=25)
def test_words_of_examined_items_are_not_counted(found: list[bool]) -> None:
    frame, y = stream(), np.where(np.arange(100) < 30, np.array(found, float), np.nan)
    state = Features(dictionary()).fit(frame, y).state_["fits"]
    assert state == Features(dictionary()).fit(frame[30:]).state_["fits"] | {"codes": state["codes"]}


def test_the_made_worlds_reasons_name_words_and_code(model, data) -> None:
    row = data.declarations.iloc[[0]].assign(description="Ball bearing", hs_code="619110")
    said = reasons(model.features, row, np.full((1, len(model.features.specs)), 0.5))[0]
    told = {r.feature: r.sentence for r in said}
    fits = told["description_fits"]
    assert fits.startswith("The description is unusual for the code 619110 (T-shirts, knitted); its wording (‘")
    assert "‘bearing’" in fits and fits.endswith("speaks for chapter 84")
    assert told["description_vague"].endswith("goes with few kinds of goods)")
