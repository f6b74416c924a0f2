"""Past rates: counted by hand, without the item's own result, and blind to the future."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.features import Features
from risk.features.rates import FOLDS
from risk.schema import Dictionary

DAY = 86_400_000


def dictionary(*, clock: bool, **params: object) -> Dictionary:
    fields = [
        {"name": "id", "risk": {"role": "id"}},
        {"name": "who", "risk": {"role": "categorical", "feature": False}},
    ]
    if clock:
        fields.append({"name": "seen", "type": "datetime", "risk": {"role": "time"}})
    feature = {"name": "who_rate", "kind": "rate", "reads": ["who"], "title": "Importer", "params": params}
    return Dictionary(
        {
            "name": "t",
            "risk": {"features": [feature]},
            "resources": [{"name": "declarations", "schema": {"fields": fields}}],
        }
    )


def made(seed: int, n: int = 400, levels: int = 30) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Items at odd hours of whole days (many ties), labels with gaps, and when each became known."""
    r = np.random.default_rng([seed, 12])
    hours = r.integers(0, 60 * 8, n) * 3
    who = np.minimum(r.geometric(0.08, n), levels)
    frame = pd.DataFrame(
        {
            "id": [f"i{k}" for k in range(n)],
            "who": [f"w{k}" for k in who],
            "seen": pd.to_datetime(hours * 3600, unit="s", utc=True),
        }
    )
    frame.loc[r.random(n) < 0.05, "who"] = None
    y = np.where(r.random(n) < 0.3, np.nan, (r.random(n) < who / levels).astype(float))
    return frame, y, hours * 3_600_000 + r.integers(0, 20, n) * DAY


def value(frame: pd.DataFrame, y: np.ndarray, use: np.ndarray, i: int, rare: np.ndarray) -> float:
    """The definition: rate of the value among the results `use`, smoothed; pooled when there are few."""
    if not isinstance(frame["who"].iloc[i], str) or use.sum() < 30:
        return np.nan
    prior = (np.nansum(y[use]) + 0.5) / (use.sum() + 1)
    own = use & (frame["who"] == frame["who"].iloc[i]).to_numpy()
    if own.sum() >= 5:
        return (y[own].sum() + 20 * prior) / (own.sum() + 20)
    return (y[use & rare].sum() + 20 * prior) / ((use & rare).sum() + 20) if own.any() else prior


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_equals_counting_by_hand_in_time_order(seed: int) -> None:
    frame, y, reported = made(seed)
    got = Features(dictionary(clock=True)).fit(frame, y, reported=reported).transform(frame)["who_rate"]
    moment, known = frame["seen"].dt.as_unit("ms").astype("int64").to_numpy(), -(-reported // DAY) * DAY
    who, counts = frame["who"].fillna("").to_numpy(), np.isfinite(y) & frame["who"].notna().to_numpy()
    few = np.array([(counts & (who == who[j]) & (known < known[j])).sum() < 5 for j in range(len(y))])
    for i in range(0, len(y), 7):
        use = np.isfinite(y) & (known < moment[i])
        np.testing.assert_allclose(got[i], value(frame, y, use, i, few & counts), rtol=1e-6)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_equals_counting_by_hand_out_of_fold(seed: int) -> None:
    frame, y, _ = made(seed)
    got = Features(dictionary(clock=False)).fit(frame, y).transform(frame)["who_rate"]
    part = pd.util.hash_pandas_object(frame["id"] + "|rate", index=False).to_numpy() % FOLDS
    counts = np.isfinite(y) & frame["who"].notna().to_numpy()
    few = counts & (frame["who"].map(frame["who"][counts].value_counts()).fillna(0) < 5).to_numpy()
    for i in range(0, len(y), 7):
        use = np.isfinite(y) & (part != part[i])
        np.testing.assert_allclose(got[i], value(frame, y, use, i, few), rtol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(5, 55))
@settings(max_examples=20)
def test_deleting_the_future_changes_nothing(seed: int, day: int) -> None:
    frame, y, reported = made(seed)
    early = (frame["seen"] <= pd.Timestamp(0, tz="UTC") + pd.Timedelta(days=day)).to_numpy()
    now = Features(dictionary(clock=True)).fit(frame, y, reported=reported)
    known = np.where(reported <= day * DAY, y, np.nan)[early]
    then = Features(dictionary(clock=True)).fit(frame[early], known, reported=reported[early])
    np.testing.assert_array_equal(now.transform(frame[early]), then.transform(frame[early]))


@given(st.integers(0, 2**32 - 1), st.integers(0, 399), st.booleans(), st.booleans())
@settings(max_examples=20)
def test_own_label_never_enters_own_feature(seed: int, i: int, clock: bool, at_once: bool) -> None:
    frame, y, reported = made(seed)
    reported[i] = 0  # a result before the item came: a slip in the data that must not matter
    given_ = {} if at_once or not clock else {"reported": reported}
    features, values = Features(dictionary(clock=clock)), []
    for own in (0.0, 1.0, np.nan):
        changed = y.copy()
        changed[i] = own
        values.append(features.fit(frame, changed, **given_).transform(frame.iloc[[i]]).to_numpy()[0, 0])
    np.testing.assert_array_equal(values[0], values[1])
    if clock:  # not even that there is one
        np.testing.assert_array_equal(values[0], values[2])


@pytest.mark.parametrize("clock", [True, False])
def test_an_unseen_value_gets_the_overall_rate_and_is_said_to_be_unknown(clock: bool) -> None:
    frame, y, _ = made(1, n=2000)
    features = Features(dictionary(clock=clock)).fit(frame, y)
    new = pd.DataFrame(
        {"id": ["n0", "n1"], "who": ["never", None], "seen": pd.to_datetime(["2030-01-01"] * 2, utc=True)}
    )
    x = features.transform(new)["who_rate"].to_numpy()
    assert abs(x[0] - np.nanmean(y)) < 0.01 and np.isnan(x[1])
    said = features.say(new)["who_rate"]
    assert said[0].unknown and not said[1].unknown and said[1].missing
    assert not features.say(frame.head(20).dropna())["who_rate"][0].unknown


@pytest.mark.parametrize("clock", [True, False])
def test_many_values_without_meaning_give_nothing_away(clock: bool) -> None:
    """Labels at random over 2,000 values: a rate that held the own label would rank far above chance."""
    from sklearn.metrics import roc_auc_score

    r = np.random.default_rng(5)
    n = 10_000
    frame = pd.DataFrame(
        {
            "id": [f"i{k}" for k in range(n)],
            "who": [f"w{k}" for k in r.integers(0, 2000, n)],
            "seen": pd.to_datetime(r.integers(0, 10**7, n), unit="s", utc=True),
        }
    )
    y = (r.random(n) < 0.1).astype(float)
    x = Features(dictionary(clock=clock)).fit(frame, y).transform(frame)["who_rate"].to_numpy()
    told = np.isfinite(x)
    assert told.mean() > 0.9 and abs(roc_auc_score(y[told], x[told]) - 0.5) < 0.04


def test_learns_what_a_value_tells_and_round_trips() -> None:
    from sklearn.metrics import roc_auc_score

    frame, y, reported = made(3, n=4000)
    features = Features(dictionary(clock=True)).fit(frame, y, reported=reported)
    again = Features.from_state(json.loads(json.dumps(features.to_state())))
    x = features.transform(frame)
    pd.testing.assert_frame_equal(again.transform(frame), x)
    told = np.isfinite(x["who_rate"].to_numpy()) & np.isfinite(y)
    assert roc_auc_score(y[told], x["who_rate"][told]) > 0.7


def test_without_any_label_nothing_is_known() -> None:
    frame, y, _ = made(4)
    features = Features(dictionary(clock=False)).fit(frame, None)
    assert features.transform(frame)["who_rate"].isna().all()
    assert "too few" in features.say(frame.dropna().head(1))["who_rate"][0].text
