"""Explanations put to the test: against the made world's causes, and one item from several sides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from risk.errors import BadSetting, NotFound, Refused
from risk.explaining import audit_explanations, compare_item, counter_check


def test_one_item_by_several_models(model, rules, data) -> None:
    item = str(data.declarations["item_id"].iloc[-5])
    said, reasons = compare_item({"ours": model, "rules": rules}, data, item)
    assert said["model"].tolist() == ["ours", "rules"] and {"ours", "rules", "reading"} <= set(reasons.columns)
    with pytest.raises(NotFound):
        compare_item({"ours": model}, data, "nobody")


def test_counter_check_of_one_item(model, data) -> None:
    item = str(data.declarations["item_id"].iloc[-5])
    found = counter_check(model, data, item, k=6)
    assert len(found.similar) == 6 and found.lane in ("red", "yellow", "green")
    assert set(found.similar["outcome"]) <= {"irregular", "in order", "not examined"}
    clock = data.declarations.set_index("item_id")[data.dictionary.clock]
    assert (clock[found.similar["item_id"]] < clock[item]).all()
    with pytest.raises(NotFound, match="No item named 'nobody'"):
        counter_check(model, data, "nobody")


def test_audit_on_the_made_world(model, rules, data) -> None:
    """Reasons of flagged irregular items point at altered fields more often than chance, and add up."""
    found = audit_explanations(model, data, rate=0.05, beside={"rules": rules})
    row = found.cause.query("scheme == 'all' and measure == 'pointing_game'").iloc[0]
    assert row["n"] == found.flagged > 10
    assert row["random"] < row["low"] and row["value"] <= row["ceiling"]
    assert row["value"] == found.beside["value"].iloc[0] and set(found.beside["model"]) == {model.model_id, "rules"}
    by_field = found.cause_by_field.query("scheme == 'all' and measure == 'pointing_game'").iloc[0]
    assert by_field["n"] == found.flagged and by_field["random"] < by_field["low"]
    assert by_field["value"] == found.beside_by_field["value"].iloc[0]
    assert found.to_frame()["question"].nunique() == 5
    faithful = found.faithful.set_index("measure")
    assert faithful.loc["greatest gap of additivity", "value"] < 1e-6
    assert faithful.loc["deletion area", "value"] < faithful.loc["deletion area", "beside"]
    assert faithful.loc["insertion area", "value"] > faithful.loc["insertion area", "beside"]
    assert faithful.loc["stability: rank correlation", "value"] > 0.8


def test_reasons_are_compared_after_training_again(rules, data) -> None:
    """A model that learns nothing from the sample keeps its reasons; the audit says how often it was trained."""
    found = audit_explanations(rules, data, rate=0.05, retrain=1)
    again = found.faithful[found.faithful["what"] == "trained again once, on bootstrap samples"]
    assert again["measure"].tolist() == ["stability: rank correlation", "stability: same top reason"]
    assert 0.8 < again["value"].min() <= again["value"].max() <= 1


def test_audit_refuses_what_it_cannot_judge(model, data) -> None:
    from pathlib import Path

    with pytest.raises(BadSetting, match="rate is 0"):
        audit_explanations(model, data, rate=0)
    with pytest.raises(Refused, match="nobody knows the causes"):
        audit_explanations(model, replace(data, source=Path("nowhere")))
