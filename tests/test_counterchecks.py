"""Counter-checks: a lane that hangs on one field, similar items, and what other models say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk import workbench
from risk.counterchecks import (
    LaneLimits,
    Similar,
    agreement,
    differing_reasons,
    robustness_words,
    stated_fields,
    turning_changes,
)
from risk.errors import Refused
from risk.explaining import stated_attributions
from risk.features.history import past_name


@pytest.fixture(scope="module")
def newest(data) -> pd.DataFrame:
    return workbench.newest(data, days=5).reset_index(drop=True)


@pytest.fixture(scope="module")
def scored(model, newest) -> pd.DataFrame:
    return model.score(newest)


def limits_beside(margin: float, gap: float = 0.02) -> LaneLimits:
    """Limits that put a margin just inside the red lane."""
    return LaneLimits(red=margin - gap, yellow=margin - gap - 0.5)


def test_each_turn_really_changes_the_lane_and_nothing_else_was_changed(model, newest, scored) -> None:
    turned = 0
    for at in range(0, 60, 10):
        limits = limits_beside(float(scored["margin"][at]))
        for turn in turning_changes(model, newest.iloc[[at]], limits):
            changed = newest.iloc[[at]].astype({turn.field: object}).assign(**{turn.field: turn.instead})
            margin = float(model.score(changed)["margin"].iloc[0])
            assert margin == pytest.approx(turn.margin) and limits.lane_of(margin) == turn.lane != "red"
            turned += 1
    assert turned > 5


def test_turns_come_smallest_first_one_a_field(model, newest, scored) -> None:
    turns = turning_changes(model, newest.iloc[[3]], limits_beside(float(scored["margin"][3])))
    assert [t.size for t in turns] == sorted(t.size for t in turns)
    assert len({t.field for t in turns}) == len(turns)
    assert {t.field for t in turns} <= {f.name for f in stated_fields(model.dictionary)}


def test_a_lane_far_from_its_limit_hangs_on_nothing(model, newest) -> None:
    assert turning_changes(model, newest.iloc[[0]], LaneLimits(red=-1e9, yellow=-2e9)) == []
    assert robustness_words([], model.dictionary) == "No single stated field that was tried changes the lane."


def test_numbers_tried_stay_within_what_the_dictionary_allows(model, newest, scored) -> None:
    row = newest.iloc[[5]]
    for turn in turning_changes(model, row, limits_beside(float(scored["margin"][5]))):
        field = model.dictionary[turn.field]
        if field.role == "numeric":
            low, high = (field.constraints.get(k, d) for k, d in (("minimum", 0), ("maximum", np.inf)))
            assert low <= turn.instead <= high
        elif turn.instead is None:
            assert not field.required


def test_robustness_reads_as_a_sentence(model, newest, scored) -> None:
    for at in range(0, 40, 4):
        turns = turning_changes(model, newest.iloc[[at]], limits_beside(float(scored["margin"][at])))
        words = robustness_words(turns, model.dictionary)
        assert words.endswith(".") and "nan" not in words.lower().split() and "None" not in words


def test_more_than_one_declaration_is_refused(model, newest) -> None:
    with pytest.raises(Refused, match="Expected one declaration, got 2"):
        turning_changes(model, newest.head(2), LaneLimits(0, -1))


def test_limits_ignore_the_random_channel() -> None:
    limits = LaneLimits.of(
        np.array([3.0, 2, 1, -5]),
        np.array(["red", "yellow", "green", "red"]),
        np.array(["targeted", "", "", "random"]),
    )
    assert limits == LaneLimits(red=3.0, yellow=2.0)


@given(st.integers(0, 2**32 - 1))
def test_an_item_is_its_own_nearest(seed: int) -> None:
    rng = np.random.default_rng([seed, 6])
    x = np.where(rng.random((40, 3)) < 0.1, np.nan, rng.normal(size=(40, 3)))
    rows, distances = Similar(x, rng.normal(size=(40, 3))).nearest(x[:5], k=4)
    assert (distances[:, 0] == 0).all() and (np.diff(distances, axis=1) >= 0).all()
    np.testing.assert_array_equal(x[rows[:, 0]], x[:5])


def test_scale_and_ignored_features_do_not_matter() -> None:
    rng = np.random.default_rng([1, 7])
    x, phi = rng.lognormal(size=(200, 3)), rng.normal(size=(200, 3)) * [1, 1, 0]
    plain = Similar(x, phi).nearest(x[:20], k=5)[0]
    other = x * [1000, 0.001, 1]
    other[:, 2] = rng.normal(size=200)
    np.testing.assert_array_equal(Similar(other, phi).nearest(other[:20], k=5)[0], plain)


def test_models_are_set_beside_one_another(model, rules, newest) -> None:
    table = agreement({"ours": model, "again": model, "rules": rules}, newest.iloc[[0]])
    assert table["same_top_reason"].tolist()[:2] == [True, True]
    assert (
        table["margin"][0] == table["margin"][1] == pytest.approx(model.score(newest.iloc[[0]])["margin"][0])
    )


def test_where_models_disagree_is_said_of_each_detail(model, rules, newest) -> None:
    """A model upside down disagrees with itself on everything that matters; the rule book reads less."""
    upside = replace(model, tables=model.tables.scaled(-1.0, 0.0))
    table = differing_reasons({"ours": model, "upside": upside, "rules": rules}, newest.iloc[[0]])
    loud = table[(table["ours"].abs() > 0.05)]
    assert len(loud) and (loud["reading"] == "opposite directions").all()
    np.testing.assert_allclose(table["ours"], -table["upside"], atol=1e-9)
    alike = differing_reasons({"ours": model, "again": model}, newest.iloc[[0]], k=2)
    assert len(alike) == 2 and set(alike["reading"]) == {"same direction"}
    ours = {r.feature: r.attribution for r in model.reasons(newest.iloc[[0]])[0]}
    assert alike["ours"].tolist() == pytest.approx([ours[f] for f in alike["feature"]])


FEW = st.sampled_from([0.0, 1.0, 2.0, 5.0, 40.0])
CODES = st.sampled_from([None, "QO", "QP", "QR"])


@settings(max_examples=25)
@given(at=st.integers(0, 39), transit=CODES, operator=CODES, sender=FEW, recipient=FEW,
       text=st.sampled_from([None, "goods", "parts of machine", "x"]))
def test_what_if_moves_monotone_features_only_their_stated_way(model, newest, at, transit, operator, sender, recipient,
                                                              text) -> None:
    """Of declarations changed at will, each feature with a stated direction moves the margin only that way."""
    row = newest.iloc[[at]]
    changes = {"transit": transit, "description": text} | ({"origin_operator": operator} if operator else {})
    past = {past_name("sender_id", "found"): sender, past_name("recipient_id", "found"): recipient}
    before = model.features.transform(row).to_numpy(np.float32)
    after = model.features.transform(row.astype({k: object for k in changes}).assign(**changes, **past)).to_numpy(
        np.float32)
    for j, feature in enumerate(model.features.specs):
        if feature.monotone and np.isfinite(before[0, j]) and np.isfinite(after[0, j]):
            one = before.copy()
            one[0, j] = after[0, j]
            moved = model.tables.margins(one)[0] - model.tables.margins(before)[0]
            assert moved * feature.monotone * np.sign(after[0, j] - before[0, j]) >= -1e-12, feature.name


@pytest.mark.parametrize("at", [0, 7, 21])
def test_a_longer_way_or_another_find_never_lowers_the_score(model, newest, at: int) -> None:
    """The same, from end to end: fields that only one feature reads, through the gate and the features' own code."""
    row = newest.iloc[[at]]
    origin, item = str(row["origin"].iloc[0]), str(row["item_id"].iloc[0])
    straight = workbench.what_if(model, row, {"transit": origin, "origin_operator": origin})
    crooked = workbench.what_if(model, row, {"transit": "QP" if origin != "QP" else "QO", "origin_operator": origin})
    assert crooked.margin >= straight.margin - 1e-12
    known = row.assign(**{past_name("sender_id", "found"): row[past_name("sender_id", "found")] + 1})
    assert workbench.explain_item(model, known, item).margin >= workbench.explain_item(model, row, item).margin - 1e-12


def test_attributions_to_stated_fields_add_up_for_every_model(model, rules, data) -> None:
    """Features are made anew; parties' pasts go with their ids; nothing is left over."""
    items, past = data.declarations.tail(3), data.declarations.head(8)
    told, alone = stated_attributions({"default": model, "rules": rules}, items, past, draws=8)
    for name, of in (("default", model), ("rules", rules)):
        margins = [of.score(d)["margin"].to_numpy() for d in (items, past)]
        np.testing.assert_allclose(told[name].sum(axis=1), margins[0] - margins[1].mean(), atol=1e-6)
        assert told[name].shape == (3, len(alone[name])) and ("gross_weight_g",) in alone[name]
