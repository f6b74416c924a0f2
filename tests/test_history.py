"""What was known of a party: against brute force, with the future deleted, and in small batches."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_synthetic import load_dictionary
from risk.errors import Refused
from risk.features import Features
from risk.features.columns import moments
from risk.features.history import WINDOWS_DAYS, PartyHistory, past_columns, past_name, with_past

DAY = 86_400_000
NEVER = np.iinfo(np.int64).max


def made(seed: int, n: int = 60, parties: int = 6) -> PartyHistory:
    rng = np.random.default_rng([seed, 11])
    moment = rng.integers(0, 120, n) * DAY  # whole days: many ties
    party = rng.integers(0, parties, (n, 2)).astype(np.uint64)
    reported = np.where(rng.random(n) < 0.3, moment + rng.integers(0, 40, n) * DAY, NEVER)
    place = rng.integers(0, 3, n)
    code = np.column_stack([10 * place + rng.integers(0, 4, n), place]).astype(np.uint64)
    hours = rng.integers(0, 24, n) * DAY // 24
    return PartyHistory(np.arange(n).astype(np.uint64), moment + hours * (seed % 2), party, reported,
                        rng.random(n) < 0.4, ("sender", "recipient"), code, (("new", 20),))


def came_by_hand(h: PartyHistory, i: int) -> dict[str, float]:
    day = h.moment // DAY
    window = (day < day[i]) & (day >= day[i] - 20)
    counts = [(window & (h.code[:, k] == h.code[i, k])).sum() for k in (0, 1)]
    return dict(zip(("new|came", "new|of", "new|code"), (*counts, h.code[i, 0]), strict=True))


def by_hand(h: PartyHistory, i: int, k: int) -> dict[str, float]:
    name, same = h.names[k], h.party[:, k] == h.party[i, k]
    before = same & (h.moment < h.moment[i])
    out = {}
    for days in WINDOWS_DAYS:
        window = before & (h.moment >= h.moment[i] - days * DAY)
        out[past_name(name, "items", days)] = window.sum()
        out[past_name(name, "others", days)] = len(set(h.party[window, 1 - k]))
    known = same & (h.reported < h.moment[i])
    out |= {past_name(name, "examined"): known.sum(), past_name(name, "found"): h.found[known].sum()}
    out[past_name(name, "age")] = (h.moment[i] - h.moment[before].min()) / DAY if before.any() else np.nan
    return out


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15)
def test_equals_brute_force(seed: int) -> None:
    h = made(seed)
    past = PartyHistory.empty(h.names).past(h)
    for i in range(len(h)):
        for k in range(2):
            for column, value in by_hand(h, i, k).items():
                np.testing.assert_allclose(past[column][i], value, atol=1e-5)
        for column, value in came_by_hand(h, i).items():
            assert past[column][i] == value


@given(st.integers(0, 2**32 - 1), st.integers(1, 119))
def test_deleting_the_future_changes_nothing(seed: int, day: int) -> None:
    h = made(seed)
    kept = h.moment <= day * DAY
    early = h.take(np.flatnonzero(kept))
    reported = np.where(early.reported < day * DAY, early.reported, NEVER)
    hidden = replace(early, reported=reported)
    whole = PartyHistory.empty(h.names).past(h)[kept].reset_index(drop=True)
    pd.testing.assert_frame_equal(PartyHistory.empty(h.names).past(hidden), whole)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_a_small_batch_over_stored_history_equals_the_whole(seed: int) -> None:
    h = made(seed)
    stored, batch = h.take(np.arange(40)), h.take(np.arange(40, 60))
    whole = PartyHistory.empty(h.names).past(h).iloc[40:].reset_index(drop=True)
    seen_before = stored.moment.max()
    assert (batch.moment < seen_before).any()  # stored rows later than a batch row: ignored by their moment
    pd.testing.assert_frame_equal(stored.past(batch), whole)
    pd.testing.assert_frame_equal(h.past(batch), whole)  # items already stored are not counted twice
    pd.testing.assert_frame_equal(h.take(np.arange(50)).past(batch), whole)  # nor where some of them are


def test_an_items_examination_is_remembered() -> None:
    h = made(1)
    bare = replace(h, reported=np.full(len(h), NEVER), found=np.zeros(len(h), bool))
    pd.testing.assert_frame_equal(h.past(bare), PartyHistory.empty(h.names).past(h))


def test_of_a_frame_reads_moment_parties_and_reports(data) -> None:
    h = PartyHistory.of(data.declarations, data.dictionary, outcomes=data.outcomes)
    assert len(h) == len(data.declarations) and h.names == ("sender_id", "recipient_id")
    assert (h.reported != NEVER).sum() == len(data.outcomes) and h.found.sum() == data.outcomes["found"].sum()
    again = PartyHistory.from_arrays(h.to_arrays())
    np.testing.assert_array_equal(again.party, h.party)
    assert again.novel == h.novel == (("new_for_origin", 90),) and (again.code == h.code).all()


def test_columns_of_different_length_are_refused() -> None:
    arrays = made(2).to_arrays()
    arrays["found"] = arrays["found"][:-1]
    with pytest.raises(Refused, match="differ in length"):
        PartyHistory.from_arrays(arrays)


def test_the_dictionary_says_when_an_item_became_known() -> None:
    d = load_dictionary()
    frame = pd.DataFrame({"item_id": ["a", "b"], "sender_id": ["s", "s"], "recipient_id": ["r", "q"],
                          "hs_code": ["619110", None], "origin": ["QM", "QM"],
                          "ead_received_utc": pd.to_datetime(["2024-01-01T00:00:00Z", None], utc=True),
                          "arrived_utc": pd.to_datetime(["2024-01-05T00:00:00Z"] * 2, utc=True)})
    moments = PartyHistory.of(frame, d).moment
    assert moments[1] - moments[0] == 4 * DAY


@pytest.fixture(scope="module")
def bare(data) -> pd.DataFrame:
    """Declarations as they came, without the past."""
    return data.declarations.drop(columns=list(past_columns(data.dictionary)))


def test_the_past_goes_with_the_row(data, bare) -> None:
    whole = with_past(bare, data.dictionary, outcomes=data.outcomes)
    assert set(past_columns(data.dictionary)) <= set(whole.columns)
    one = with_past(whole.iloc[[-1]], data.dictionary)
    pd.testing.assert_frame_equal(one, whole.iloc[[-1]])
    pd.testing.assert_frame_equal(whole[bare.columns], bare)
    pd.testing.assert_frame_equal(whole, data.declarations)  # what `risk.load_data` gives


def test_stored_history_and_a_new_batch_give_the_past_of_the_whole(data, bare) -> None:
    d, cut = data.dictionary, len(bare) * 3 // 4
    whole = with_past(bare, d, outcomes=data.outcomes)
    earlier = PartyHistory.of(bare.iloc[:cut], d, outcomes=data.outcomes)
    batch = with_past(bare.iloc[cut:], d, outcomes=data.outcomes, earlier=earlier)
    pd.testing.assert_frame_equal(batch, whole.iloc[cut:])


def test_no_label_and_no_later_item_moves_a_feature(data, bare) -> None:
    """Delete all that came after an item's moment, its own examination too: its features stay."""
    d, outcomes = data.dictionary, data.outcomes
    row = bare.iloc[[len(bare) * 2 // 3]]
    moment = pd.Timestamp(moments(row, d.as_of)[0], unit="ms", tz="UTC")
    before = bare[moments(bare, d.as_of) <= moments(row, d.as_of)[0]]
    known = outcomes[(outcomes["reported_utc"] < moment) & (outcomes[d.id_field] != row[d.id_field].iloc[0])]
    features = Features(d).fit(before)
    whole = features.transform(with_past(bare, d, outcomes=outcomes)).loc[row.index]
    alone = features.transform(with_past(before, d, outcomes=known)).loc[row.index]
    pd.testing.assert_frame_equal(alone, whole)


def test_how_new_a_commodity_is_counts_whole_earlier_days_of_the_same_place() -> None:
    d = load_dictionary()
    days = ["01-01", "01-02", "01-02", "01-03", "05-01"]
    frame = pd.DataFrame({"item_id": list("abcde"), "sender_id": "s", "recipient_id": "r",
                          "hs_code": ["619110", "619110", "619318", "619199", "619110"], "origin": "QM",
                          "ead_received_utc": pd.to_datetime([f"2024-{x}T09:00:00Z" for x in days], utc=True),
                          "arrived_utc": pd.to_datetime(["2024-06-01T00:00:00Z"] * 5, utc=True)})
    past = with_past(frame, d)
    assert past["new_for_origin|came"].tolist() == [0, 1, 0, 2, 0]  # by four digits; the last looks 90 days back
    assert past["new_for_origin|of"].tolist() == [0, 1, 1, 3, 0]


def test_a_changed_code_gets_the_usual_novelty_not_a_stale_one(model, data) -> None:
    features, row = model.features, data.declarations.iloc[[-1]].assign(hs_code="619110", origin="QM")
    changed = row.assign(hs_code="299952")
    assert features.say(changed)["new_for_origin"][0].form == "changed"
    usual = np.float32(features.state_["new_for_origin"]["middle"])
    assert features.transform(changed)["new_for_origin"].iloc[0] == usual
