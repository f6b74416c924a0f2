"""Training respects time, delay and the difference between label and truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from risk.errors import BadSetting, Refused
from risk.fitted import FittedModel
from risk.schema import Dictionary
from risk.training import CALIBRATE, EVALUATE, FIT, Plan, fit_model, labels_of, slices_of


def test_slices_follow_time(data) -> None:
    s = slices_of(data.declarations, data.dictionary)
    time = data.declarations["arrived_utc"]
    assert time[s.rows(FIT)].max() <= time[s.rows(CALIBRATE)].min() <= time[s.rows(CALIBRATE)].max()
    assert time[s.rows(CALIBRATE)].max() < time[s.rows(EVALUATE)].min()
    np.testing.assert_allclose(np.bincount(s.of_item) / len(time), [0.6, 0.2, 0.2], atol=0.01)


def test_without_a_clock_items_part_by_their_id() -> None:
    d = Dictionary({"name": "t", "resources": [{"name": "declarations", "schema": {"fields": [
        {"name": "id", "type": "string", "risk": {"role": "id"}}]}}]})
    frame = pd.DataFrame({"id": [f"x{i}" for i in range(5000)]})
    s = slices_of(frame, d, seed=1).of_item
    mixed = frame.sample(frac=1, random_state=0)
    np.testing.assert_array_equal(s[mixed.index], slices_of(mixed, d, seed=1).of_item)
    np.testing.assert_allclose(np.bincount(s) / 5000, [0.6, 0.2, 0.2], atol=0.03)


def test_a_label_counts_only_once_reported(data) -> None:
    until = data.outcomes["reported_utc"].quantile(0.5)
    known = labels_of(data, known_by=until)["y"]
    late = data.outcomes.loc[data.outcomes["reported_utc"] > until, "item_id"]
    assert known[data.declarations["item_id"].isin(late).to_numpy()].isna().all()
    assert known.notna().sum() == (data.outcomes["reported_utc"] <= until).sum()


def test_only_examined_items_have_a_label(data) -> None:
    y = labels_of(data)["y"]
    assert set(data.declarations["item_id"][y.notna().to_numpy()]) == set(data.outcomes["item_id"])


def test_what_comes_later_cannot_change_the_fit(data, model) -> None:
    """Rewriting every outcome reported after the calibration slice leaves the model bit for bit the same."""
    until = slices_of(data.declarations, data.dictionary).calibrate_until
    later = data.outcomes["reported_utc"] > until
    flipped = data.outcomes.assign(found=np.where(later, ~data.outcomes["found"], data.outcomes["found"]))
    same_tables(fit_model(replace(data, outcomes=flipped), Plan(seed=7)), model)


def same_tables(one: FittedModel, two: FittedModel) -> None:
    """Bit for bit."""
    assert one.tables.to_arrays().keys() == two.tables.to_arrays().keys()
    for name, array in one.tables.to_arrays().items():
        np.testing.assert_array_equal(array, two.tables.to_arrays()[name], err_msg=name)


def test_the_same_seed_gives_the_same_tables_on_any_row_order(data, model) -> None:
    order = np.random.default_rng([1, 8]).permutation(len(data.declarations))
    mixed = replace(data, declarations=data.declarations.iloc[order].reset_index(drop=True))
    again = fit_model(mixed, Plan(seed=7))
    np.testing.assert_allclose(again.score(data.declarations)["margin"], model.score(data.declarations)["margin"],
                               atol=1e-9)


def test_truth_is_used_only_when_asked(data, truth) -> None:
    with pytest.raises(Refused, match="has no truth"):
        fit_model(data, Plan(labels="truth"))
    plain, given = (fit_model(data, Plan("logistic", seed=1), truth=t) for t in (None, truth))
    same_tables(plain, given)


def test_learning_from_truth_beats_learning_from_few(data, truth) -> None:
    """The same kind of model, the quickest to fit: nothing differs but the labels."""
    from sklearn.metrics import average_precision_score

    full, few = (fit_model(data, Plan("logistic", labels, seed=7), truth=truth) for labels in ("truth", "examined"))
    rows = slices_of(data.declarations, data.dictionary).rows(EVALUATE)
    items = data.declarations[rows]
    y = labels_of(data, truth=truth)["y"][rows]
    assert (average_precision_score(y, full.score(items)["margin"])
            > average_precision_score(y, few.score(items)["margin"]))


@pytest.mark.parametrize(("kwargs", "words"),
                         [({"model": "forest"}, "expected one of"), ({"labels": "all"}, "examined")])
def test_senseless_plans_are_refused(data, kwargs: dict, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        fit_model(data, Plan(**kwargs))


def test_too_few_finds_are_said(data) -> None:
    with pytest.raises(Refused, match="expected at least 10 finds.*No model was made"):
        fit_model(replace(data, outcomes=data.outcomes.head(30)), Plan())


def test_the_level_is_the_streams_not_that_of_what_was_targeted(model, data, truth) -> None:
    """In the best 1 % of newer items, what is promised comes nearer to what examinations would find.

    Nearer than by examined items alone. An examination misses some of what is irregular, and finds are all that
    there is to calibrate to.
    """
    items = data.declarations[slices_of(data.declarations, data.dictionary, seed=7).rows(EVALUATE)]
    margin, known = model.score(items)["margin"].to_numpy(), model.facts["calibration"]
    best = np.argsort(-margin)[: len(margin) // 100]
    irregular = truth.set_index("item_id")["irregular"]
    seen = labels_of(data)["y"][data.declarations["item_id"].map(irregular).to_numpy(dtype=bool)]
    there = items["item_id"].map(irregular).to_numpy(dtype=float)[best].sum() * seen.mean()
    now, before = (expit(margin[best] + s).sum() for s in (0.0, known["shift_by_examined"] - known["shift"]))
    assert known["rate_by_hajek"] < known["rate"] < known["rate_by_examined"]
    assert abs(np.log(now / there)) < abs(np.log(before / there))


def test_without_inclusion_probabilities_the_level_is_that_of_the_labels(data, truth) -> None:
    few = fit_model(data, Plan(model="scorecard", labels="truth"), truth=truth)
    assert "rate" not in few.facts["calibration"]
