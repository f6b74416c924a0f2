"""The monitors keep quiet where nothing changed, and speak where something did."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.drift import Limits, Watched, drift, psi, rising_words
from risk.errors import Refused
from risk.ui import lab_charts
from risk.ui.present import drift as present


@pytest.fixture(scope="module")
def calm(model, data):
    """The stream with its times dealt out anew: by construction nothing drifts."""
    order = np.random.default_rng(5).permutation(len(data.declarations))
    times = [f.name for f in data.dictionary.role("time")]
    dealt = data.declarations[times].iloc[order].reset_index(drop=True)
    items = data.declarations.reset_index(drop=True).assign(**{t: dealt[t] for t in times})
    return replace(data, declarations=items, outcomes=None)


@pytest.fixture(scope="module")
def since(data) -> pd.Timestamp:
    return data.declarations[data.dictionary.clock].quantile(0.7)


@pytest.fixture(scope="module")
def quiet(model, calm, since) -> Watched:
    return drift(model, calm, since=since)


def test_nothing_changed_and_nothing_is_said(quiet: Watched) -> None:
    assert len(quiet.alarms) == 0 and "no monitor" in quiet.sentence
    assert set(quiet.table["monitor"]) == {"stability", "unknown", "rising"}
    assert quiet.table["week"].nunique() >= 4


def changed(data, since: pd.Timestamp, column: str, value: object, share: float = 0.1):
    """The stream with a value put into a share of the items since then."""
    items = data.declarations.copy()
    late = (items[data.dictionary.clock] >= since).to_numpy()
    hit = late & (np.random.default_rng(6).random(len(items)) < share)
    items.loc[hit, column] = value
    return replace(data, declarations=items)


@pytest.mark.parametrize(
    ("column", "value", "monitor", "what"),
    [
        ("description", "kestrivane powder", "rising", "the word 'kestrivane'"),
        ("origin", "QZ", "unknown", "Origin"),
    ],
)
def test_a_new_word_or_level_is_seen_in_the_first_week(
    column: str, value: str, monitor: str, what: str, model, calm, since
) -> None:
    found = drift(model, changed(calm, since, column, value), since=since).alarms
    hits = found[(found["monitor"] == monitor) & (found["what"] == what)]
    assert hits["week"].min() == since.normalize()


def test_a_shift_of_a_number_moves_its_feature_and_the_sentence_says_so(model, calm, since) -> None:
    late = calm.declarations[calm.dictionary.clock] >= since
    items = calm.declarations.assign(
        declared_value_sdr=calm.declarations["declared_value_sdr"] * np.where(late, 3, 1)
    )
    found = drift(model, replace(calm, declarations=items), since=since)
    assert {"Value for its commodity"} <= set(found.alarms["what"])
    assert "the first in the week of" in found.sentence


def test_finds_beyond_what_was_stated_are_seen(model, data, since) -> None:
    outcomes = data.outcomes.copy()
    late = (outcomes["reported_utc"] >= since).to_numpy()
    outcomes.loc[late & (np.random.default_rng(7).random(len(outcomes)) < 0.5), "found"] = True
    found = drift(model, replace(data, outcomes=outcomes), since=since).alarms
    assert {"calibration", "random channel"} <= set(found["monitor"])


def test_too_little_to_compare_is_refused(model, data) -> None:
    with pytest.raises(Refused, match="at least 500 items before"):
        drift(model, data, since=data.declarations[data.dictionary.clock].min())


@given(st.lists(st.integers(0, 500), min_size=2, max_size=12), st.integers(1, 9))
def test_psi_is_zero_only_for_equal_shares(counts: list[int], times: int) -> None:
    counts = np.array(counts) + 1
    assert psi(counts, counts) == pytest.approx(0.0, abs=1e-12)
    other = counts.copy()
    other[0] += 400 * times
    assert psi(counts, other) > 0 and psi(counts, other) == pytest.approx(psi(other, counts))


def test_chance_alone_seldom_lifts_a_word() -> None:
    """200 quiet weeks at a chance of 1 % a week: the alarms stay in keeping with it."""
    rng = np.random.default_rng(8)
    words = np.array(["alpha", "beta", "gamma", "delta", "rare"])
    texts = pd.Series(rng.choice(words, 60_000, p=[0.4, 0.3, 0.2, 0.09, 0.01]))
    week = np.where(np.arange(60_000) < 20_000, -1, (np.arange(60_000) - 20_000) // 200)
    rows = rising_words(texts, week < 0, week, limits=Limits(chance=0.01))
    assert sum(r["alarm"] for r in rows) <= 8


def test_the_page_shows_what_was_measured(model, data, since) -> None:
    found = drift(model, data, since=since)
    listed = present.monitors(found)
    assert set(listed) == set(found.table["monitor"])
    for monitor, whats in listed.items():
        rows = present.week_rows(found, monitor, whats[0])
        assert rows and all(
            r["alarm"] == (not r["low"] <= r["value"] <= r["high"]) for r in rows if monitor != "rising"
        )
        json.dumps(lab_charts.limits(rows, title="t", theme="dark"))
    assert len(present.alarm_rows(found)) == min(len(found.alarms), 100)
    assert present.sentence(found)
