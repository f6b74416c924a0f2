"""Explanations add up or are withheld; reasons are sentences."""

from __future__ import annotations

import math
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.errors import ExplanationWithheld
from risk.explanation import as_frequency, by_concept, check_additive, leading_reasons, odds_words, reasons


@pytest.mark.parametrize("gap", [2e-6, 0.3, math.nan, math.inf])
def test_what_does_not_add_up_is_withheld(gap: float) -> None:
    with pytest.raises(ExplanationWithheld, match="CX1 is withheld.*The score itself stands"):
        check_additive(np.array([[0.0, 0.0], [0.2, 0.1]]), 1.0, np.array([1.0, 1.3 + gap]), ["CX0", "CX1"])


def test_what_adds_up_passes_even_when_empty() -> None:
    check_additive(np.array([[0.2, 0.1]]), 1.0, np.array([1.3 + 5e-7]), ["a"])
    check_additive(np.empty((0, 2)), 1.0, np.empty(0), [])


@given(st.floats(0, 1))
def test_frequencies_are_near_the_probability(p: float) -> None:
    words = as_frequency(p)
    if words.startswith("about"):
        count, of = (int(w.replace(",", "")) for w in (words.split()[1], words.split()[3]))
        assert abs(count / of - p) <= 0.5 / of + 1e-12
        assert ("items is" in words) == (count == 1)
    else:
        assert p > 0.995 or p < 1e-4


@given(st.floats(-60, 60))
def test_odds_words_state_factor_and_direction(phi: float) -> None:
    words = odds_words(phi)
    if abs(phi) >= 0.05:
        assert words.startswith("raises" if phi > 0 else "lowers")
        factor = float(words.split()[-1].rstrip("×").replace(",", ""))
        assert factor == pytest.approx(math.exp(min(abs(phi), 50)), rel=0.06)
    else:
        assert words == "hardly changes the odds" or abs(phi) > 0.048


def test_every_reason_is_a_whole_sentence(model, data) -> None:
    for listed in model.reasons(data.declarations.head(200)):
        assert len(listed) == len(model.tables.names)
        assert [abs(r.attribution) for r in listed] == sorted((abs(r.attribution) for r in listed), reverse=True)
        for r in listed:
            assert r.text[0].isupper() or r.text[0].isdigit(), r.text
            assert r.text.endswith(".") and "{" not in r.text and "nan" not in r.text.lower().split(), r.text
            assert "  " not in r.text and "  " not in r.sentence


@pytest.mark.parametrize("plot", ["beeswarm", "waterfall", "bar", "scatter"])
def test_shap_plots_work_on_the_result(model, data, plot: str) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import shap

    explanation = model.explain(data.declarations.head(60))
    assert explanation.values.shape == (60, len(model.tables.names))
    what = {"waterfall": explanation[0], "scatter": explanation[:, "gross_weight_g"]}.get(plot, explanation)
    how = {"plot_size": None} if plot == "beeswarm" else {}
    getattr(shap.plots, plot)(what, show=False, **how)
    said = [t.get_text() for a in plt.gcf().axes for t in (a.xaxis.label, a.yaxis.label, *a.get_yticklabels())]
    assert plt.gcf().axes[0].has_data() and any(name in text for name in model.tables.names for text in said)
    plt.close("all")


def test_concepts_add_up(model, data) -> None:
    scored = model.attribute(data.declarations.head(200))
    phi = scored[[c for c in scored if c.startswith("phi_")]].to_numpy()
    grouped = by_concept(model.features, phi)
    assert 3 < grouped.shape[1] < phi.shape[1]
    np.testing.assert_allclose(grouped.sum(axis=1), phi.sum(axis=1), atol=1e-12)


#: Raw values set in a declaration: typical ones stay as they are.
STATES = {
    "zero": {"gross_weight_g": 0.0, "declared_net_weight_g": 0.0, "declared_value_sdr": 0.0, "pieces": 0,
             "postage_sdr": 0.0, "description": ""},
    "huge": {"gross_weight_g": 1e9, "declared_net_weight_g": 1.0, "declared_value_sdr": 1e12, "pieces": 10**9,
             "postage_sdr": 1e-9},
    "tiny": {"gross_weight_g": 1e-9, "declared_net_weight_g": 1e9, "declared_value_sdr": 1e-6, "pieces": 1,
             "postage_sdr": 1e6},
    "unknown": {"origin": "ZZ", "transit": "ZZ", "hs_code": "000000", "country_of_manufacture": "ZZ",
                "mail_class": "?", "recipient_type": "elsewhere", "description": "zzzz qqqq"},
    "typical": {},
}


def sentences(model, frame, phi: float) -> list[tuple[str, str]]:
    attributions = np.full((len(frame), len(model.features.specs)), phi)
    return [(r.feature, r.text) for row in reasons(model.features, frame, attributions) for r in row]


def check_sentence(feature: str, text: str) -> None:
    assert text[0].isupper() or text[0].isdigit(), (feature, text)
    assert text.endswith(".") and ".." not in text and "  " not in text, (feature, text)
    for trap in ("nan", "none", "null", "inf", "{", "}", "_", "nat", "<na>", "e+", "e-0"):
        assert trap not in text.lower().replace("phone", "").split() and "{" not in text and "_" not in text, text
    assert not re.search(r"\b0 kg|\b(a|an|the) (a|an|the)\b|\bis is\b", text), text


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("phi", [1.2, -0.6, 0.0])
def test_every_feature_speaks_in_every_state(model, data, state: str, phi: float) -> None:
    frame = data.declarations.head(40).copy()
    for name, value in STATES[state].items():
        frame[name] = pd.Series([value] * len(frame), index=frame.index, dtype=frame[name].dtype)
    for feature, text in sentences(model, frame, phi):
        check_sentence(feature, text)


@pytest.mark.parametrize("name", ["hs_code", "description", "declared_net_weight_g", "declared_value_sdr", "pieces",
                                  "country_of_manufacture", "ead_received_utc", "nature_of_transaction"])
def test_a_missing_value_is_said_to_be_missing(model, data, name: str) -> None:
    """Every feature that reads an absent field speaks without inventing a value; most say what is absent."""
    frame = data.declarations.head(10).copy()
    empty = {"O": "str", "M": "datetime64[ms, UTC]"}.get(frame[name].dtype.kind, "float64")
    frame[name] = pd.Series([None] * len(frame), index=frame.index, dtype=empty)
    reading = {f for f, fields in model.features.reads().items() if name in fields}
    said = [(f, t) for f, t in sentences(model, frame, 0.7) if f in reading]
    assert said or not reading
    for feature, text in said:
        check_sentence(feature, text)
    absent = [t for _, t in said if ", which itself raises the odds" in t]
    assert absent or not reading


def test_leading_reasons_are_the_first_of_all(model, data) -> None:
    frame = data.declarations.head(30)
    scored = model.attribute(frame)
    phi = scored[[c for c in scored if c.startswith("phi_")]].to_numpy()
    assert [r[:4] for r in reasons(model.features, frame, phi)] == leading_reasons(model.features, frame, phi, k=4)


def one_said(model, row: pd.DataFrame, feature: str, phi: float = 0.7) -> str:
    return next(text for name, text in sentences(model, row, phi) if name == feature)


def test_a_span_that_runs_backwards_has_no_minus(model, data) -> None:
    """Advance data that came after the item: said as such, beside what is usual."""
    row = data.declarations.head(1).copy()
    row["ead_received_utc"] = row["arrived_utc"] + pd.Timedelta(hours=5)
    said = one_said(model, row, "advance_notice")
    assert said.startswith("Advance data came 5 h after arrival, not the usual ") and "-" not in said, said
    assert said.endswith(" before it: raises the odds 2.0×.")


def test_without_a_commodity_code_nothing_is_said_to_be_usual_for_it(model, data) -> None:
    row = data.declarations.head(1).copy()
    row["hs_code"] = pd.Series([None], index=row.index, dtype=row["hs_code"].dtype)
    for feature in ("weight_for_commodity", "value_for_commodity", "price_per_piece", "weight_per_piece"):
        said = one_said(model, row, feature)
        assert "for its commodity" not in said and "as its commodity is not known" in said, said


def test_nothing_is_counted_as_zero_of_a_party(model, data) -> None:
    row = data.declarations.head(1).copy()
    for name in [c for c in row if "|" in c]:
        row[name] = 0.0
    for feature, said in sentences(model, row, 0.7):
        if feature.startswith(("sender_", "recipient_")) and feature[-4:] != "type":
            assert " 0 " not in said.split(",")[0], said
            assert re.search("nothing|nobody|no irregular item|at the same moment", said.lower()), said
