"""The audit of explanations: it can tell a right reason from a wrong one, and knows its own limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy.stats import spearmanr

from risk.errors import Refused
from risk.explanation_audit import (
    MEASURES,
    Causes,
    cause_agreement,
    causes_of,
    deletion_curves,
    faithfulness,
    field_relevance,
    rank_correlation,
    side_by_side,
    stability,
)

READS = [("a",), ("b",), ("a", "c"), ("d",)]
FIELDS = ("a", "b", "c", "e")


def made_causes(n: int, seed: int = 0) -> Causes:
    rng = np.random.default_rng([seed, 3])
    altered = rng.random((n, 4)) < 0.4
    altered[:, 0] |= ~altered.any(axis=1)
    evidence = np.where(altered, rng.gamma(2, 1, (n, 4)), 0.0)
    return Causes(FIELDS, altered, evidence, np.array(["s", "t"], object)[rng.integers(0, 2, n)])


def told(table: pd.DataFrame, measure: str, scheme: str = "all") -> pd.Series:
    return table[(table["measure"] == measure) & (table["scheme"] == scheme)].iloc[0]


def test_attributions_that_are_the_evidence_reach_the_ceiling() -> None:
    causes = made_causes(400)
    reads = [(f,) for f in FIELDS]
    table = cause_agreement(causes.evidence, reads, causes)
    for measure in MEASURES:
        row = told(table, measure)
        assert row["value"] == pytest.approx(row["ceiling"]) and row["value"] > row["random"] + 0.1
    assert told(table, "pointing_game")["value"] == 1.0 and told(table, "relevance_mass")["value"] == 1.0


def test_attributions_on_untouched_fields_are_worse_than_chance() -> None:
    causes = made_causes(400)
    table = cause_agreement((~causes.altered) * 1.0, [(f,) for f in FIELDS], causes)
    for measure in ("pointing_game", "relevance_mass", "rank_accuracy"):
        row = told(table, measure)
        assert row["value"] < row["random"] < row["ceiling"], measure


def test_random_attributions_match_the_random_baseline() -> None:
    causes = made_causes(3000)
    phi = np.random.default_rng([1, 4]).normal(size=(3000, 4))
    for measure in MEASURES:
        row = told(cause_agreement(phi, READS, causes), measure)
        assert row["low"] - 0.02 <= row["random"] <= row["high"] + 0.02, measure


def test_schemes_are_reported_apart_and_add_up() -> None:
    causes = made_causes(300)
    table = cause_agreement(causes.evidence, [(f,) for f in FIELDS], causes)
    n = table.drop_duplicates("scheme").set_index("scheme")["n"]
    assert n["all"] == n["s"] + n["t"] == 300
    assert (table["low"] <= table["value"] + 1e-12).all() and (table["value"] <= table["high"] + 1e-12).all()


@given(npst.arrays(float, (5, 4), elements=st.floats(-3, 3)))
def test_relevance_keeps_the_positive_mass_of_known_fields(phi: np.ndarray) -> None:
    found = field_relevance(phi, READS, FIELDS)
    np.testing.assert_allclose(found.sum(axis=1), np.maximum(phi[:, :3], 0).sum(axis=1), atol=1e-12)
    assert (found >= 0).all() and (found[:, 3] == 0).all()


@given(npst.arrays(float, (2, 6), elements=st.sampled_from([0.0, 0.5, 1.0, 2.0])))
def test_rank_correlation_is_spearmans(pair: np.ndarray) -> None:
    ours = rank_correlation(pair[:1], pair[1:])[0]
    if np.ptp(pair[0]) and np.ptp(pair[1]):
        assert ours == pytest.approx(spearmanr(pair[0], pair[1]).statistic)
    else:
        assert np.isnan(ours)


def test_truth_without_causes_is_refused() -> None:
    with pytest.raises(Refused, match="altered_<field>.*Nothing was audited"):
        causes_of(pd.DataFrame({"irregular": [True], "scheme": ["s"]}))


def test_a_field_that_contains_an_altered_one_counts_apart() -> None:
    """Gross weight holds net weight: strictly it was not altered, but the change shows in it."""
    truth = pd.DataFrame({"irregular": [True, True], "scheme": ["s", "s"],
                          "altered_net": [True, False], "evidence_net": [2.0, 0.0],
                          "altered_gross": [False, False], "evidence_gross": [0.0, 0.0],
                          "altered_text": [False, True], "evidence_text": [0.0, 1.0]})
    causes = causes_of(truth, contains={"gross": ("net",), "absent": ("net",)})
    assert not causes.altered[:, 1].any() and causes.contained[:, 1].tolist() == [True, False]
    table = cause_agreement(np.array([[0.0, 1.0], [0.0, 1.0]]), [("text",), ("gross",)], causes)
    assert told(table, "pointing_game")["value"] == 0.0 and told(table, "pointing_game_contained")["value"] == 0.5


def test_models_side_by_side_are_compared_item_by_item() -> None:
    causes, reads = made_causes(400), [(f,) for f in FIELDS]
    noise = np.random.default_rng([5, 6]).normal(size=causes.evidence.shape)
    table = side_by_side({"right": causes.evidence, "same": causes.evidence * 2, "noise": noise},
                         {"right": reads, "same": reads, "noise": reads}, causes)
    rows = table[table["measure"] == "pointing_game"].set_index("model")
    assert rows.loc["same", ["difference", "difference_low", "difference_high"]].tolist() == [0, 0, 0]
    assert rows.loc["noise", "difference_low"] > 0.3
    assert rows.loc["noise", "difference"] == pytest.approx(rows.loc["right", "value"] - rows.loc["noise", "value"])
    assert rows.loc["noise", "value"] == told(cause_agreement(noise, reads, causes), "pointing_game")["value"]


def test_curves_of_a_known_model() -> None:
    """Of an additive model, the deletion curve falls by the attributions in their order."""
    weights = np.array([2.0, -1.0, 0.5])

    def margins(x: np.ndarray) -> np.ndarray:
        return x @ weights

    x = np.ones((50, 3))
    curves = deletion_curves(margins, x, x * weights, np.zeros((10, 3)))
    np.testing.assert_allclose(curves["deletion"], [1.5, -0.5, -1.0, 0.0])
    np.testing.assert_allclose(curves["insertion"], [0.0, 2.0, 2.5, 1.5])
    table = faithfulness(curves, np.zeros(50)).set_index("measure")
    assert table.loc["deletion area", "value"] < table.loc["deletion area", "beside"]
    assert table.loc["insertion area", "value"] > table.loc["insertion area", "beside"]


def test_stability_sees_a_change() -> None:
    phi = np.random.default_rng([2, 5]).normal(size=(200, 6))
    assert stability(phi, [phi, phi * 3]) == {"rank_correlation": pytest.approx(1.0), "same_top_reason": 1.0}
    moved = stability(phi, [phi[:, ::-1]])
    assert moved["rank_correlation"] < 0.2 and moved["same_top_reason"] < 0.5
