"""Explanations add up or are withheld; reasons are sentences."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.errors import ExplanationWithheld
from risk.explanation import as_frequency, check_additive, odds_words


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


def test_shap_plots_work_on_the_result(model, data) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import shap

    explanation = model.explain(data.declarations.head(60))
    assert explanation.values.shape == (60, len(model.tables.names))
    shap.plots.waterfall(explanation[0], show=False)
    shap.plots.bar(explanation, show=False)
    plt.close("all")
