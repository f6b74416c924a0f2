"""Selection: exact capacity, exact inclusion probabilities, no dependence on row order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.errors import BadSetting, Refused
from risk.selectivity import select


def scores(margins: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"item_id": [f"i{k}" for k in range(len(margins))], "margin": margins})


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60), st.integers(1, 80), st.floats(0, 1), st.integers(0, 9))
def test_capacity_and_shares_hold(margins: list[float], capacity: int, share: float, seed: int) -> None:
    s = scores(margins)
    out = select(s, capacity=capacity, random_share=share, seed=seed)
    red = out[out["lane"] == "red"]
    n = min(capacity, len(s))
    assert len(red) == n and out["item_id"].tolist() == s["item_id"].tolist()
    assert (red["channel"] == "random").sum() == int(round(n * share))
    targeted = s["margin"][(out["channel"] == "targeted").to_numpy()]
    others = s["margin"][(out["channel"] != "targeted").to_numpy()]
    assert targeted.empty or others.empty or targeted.min() >= others.max()
    assert out["inclusion_probability"].sum() == pytest.approx(n)


def test_row_order_changes_nothing() -> None:
    s = scores([1.0] * 20 + [0.0] * 20)
    mixed = s.sample(frac=1, random_state=3)
    one = select(s, capacity=8, random_share=0, seed=5).set_index("item_id")
    two = select(mixed, capacity=8, random_share=0, seed=5).set_index("item_id")
    pd.testing.assert_frame_equal(one, two.loc[one.index])


def test_inclusion_probabilities_are_what_repetition_shows() -> None:
    s = scores(list(np.linspace(3, -3, 40)))
    runs = [select(s, capacity=10, random_share=0.4, seed=k) for k in range(600)]
    share = np.mean([(r["lane"] == "red").to_numpy() for r in runs], axis=0)
    stated = runs[0]["inclusion_probability"].to_numpy()
    error = np.sqrt(stated * (1 - stated) / len(runs))
    assert (np.abs(share - stated) <= 4.5 * error + 1e-12).all()


@pytest.mark.parametrize(("kwargs", "words"), [
    ({"capacity": 0}, "capacity is 0"), ({"capacity": 2.5}, "whole number"),
    ({"capacity": 1, "random_share": 1.5}, "random_share is 1.5")])
def test_senseless_settings_are_refused(kwargs: dict, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        select(scores([1.0, 2.0]), **kwargs)


@pytest.mark.parametrize(("frame", "words"), [
    (pd.DataFrame({"item_id": ["a"]}), "margin is missing"),
    (pd.DataFrame({"item_id": ["a"], "margin": [np.nan]}), "missing or infinite"),
    (pd.DataFrame({"item_id": ["a", "a"], "margin": [1.0, 2.0]}), "stand twice")])
def test_scores_that_are_none_are_refused(frame: pd.DataFrame, words: str) -> None:
    with pytest.raises(Refused, match=words):
        select(frame, capacity=1)
