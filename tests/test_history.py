"""What was known of a party: against counting by brute force, with the future deleted, and in small batches."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.errors import Refused
from risk.features.history import WINDOWS_DAYS, PartyHistory, past_name
from risk.schema import Dictionary

DAY = 86_400_000
NEVER = np.iinfo(np.int64).max


def made(seed: int, n: int = 60, parties: int = 6) -> PartyHistory:
    rng = np.random.default_rng([seed, 11])
    moment = rng.integers(0, 120, n) * DAY  # whole days: many ties
    return PartyHistory(np.arange(n).astype(np.uint64), moment, rng.integers(0, parties, (n, 2)).astype(np.uint64),
                        rng.normal(size=n).astype(np.float32),
                        np.where(rng.random(n) < 0.3, moment + rng.integers(0, 40, n) * DAY, NEVER),
                        rng.random(n) < 0.4, ("sender", "recipient"))


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
    total = h.evidence[before].astype(float).sum()
    out[past_name(name, "evidence")] = total
    out[past_name(name, "evidence_mean")] = total / before.sum() if before.any() else np.nan
    out[past_name(name, "age")] = (h.moment[i] - h.moment[before].min()) / DAY if before.any() else np.nan
    return out


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_equals_brute_force(seed: int) -> None:
    h = made(seed)
    past = PartyHistory.empty(h.names).past(h)
    for i in range(len(h)):
        for k in range(2):
            for column, value in by_hand(h, i, k).items():
                np.testing.assert_allclose(past[column][i], value, atol=1e-5)


@given(st.integers(0, 2**32 - 1), st.integers(1, 119))
def test_deleting_the_future_changes_nothing(seed: int, day: int) -> None:
    h = made(seed)
    kept = h.moment <= day * DAY
    early = h.take(np.flatnonzero(kept))
    hidden = PartyHistory(early.item, early.moment, early.party, early.evidence,
                          np.where(early.reported < day * DAY, early.reported, NEVER), early.found, early.names)
    whole = PartyHistory.empty(h.names).past(h)[kept].reset_index(drop=True)
    pd.testing.assert_frame_equal(PartyHistory.empty(h.names).past(hidden), whole)


@given(st.integers(0, 2**32 - 1))
def test_a_small_batch_over_stored_history_equals_the_whole(seed: int) -> None:
    h = made(seed)
    stored, batch = h.take(np.arange(40)), h.take(np.arange(40, 60))
    whole = PartyHistory.empty(h.names).past(h).iloc[40:].reset_index(drop=True)
    seen_before = stored.moment.max()
    later = batch.moment >= 0  # stored rows later than a batch row are ignored by their moment, not by their place
    assert later.all() and seen_before >= 0
    pd.testing.assert_frame_equal(stored.past(batch), whole)
    pd.testing.assert_frame_equal(h.past(batch), whole)  # items already stored are not counted twice


def test_an_items_examination_and_evidence_are_remembered() -> None:
    h = made(1)
    bare = PartyHistory(h.item, h.moment, h.party, np.zeros(len(h), np.float32), np.full(len(h), NEVER),
                        np.zeros(len(h), bool), h.names)
    pd.testing.assert_frame_equal(h.past(bare), PartyHistory.empty(h.names).past(h))


def test_of_a_frame_reads_moment_parties_and_reports(data) -> None:
    h = PartyHistory.of(data.declarations, data.dictionary, outcomes=data.outcomes)
    assert len(h) == len(data.declarations) and h.names == ("sender_id", "recipient_id")
    assert (h.reported != NEVER).sum() == len(data.outcomes) and h.found.sum() == data.outcomes["found"].sum()
    again = PartyHistory.from_arrays(h.to_arrays())
    np.testing.assert_array_equal(again.party, h.party)


def test_columns_of_different_length_are_refused() -> None:
    arrays = made(2).to_arrays()
    arrays["found"] = arrays["found"][:-1]
    with pytest.raises(Refused, match="differ in length"):
        PartyHistory.from_arrays(arrays)


def test_the_dictionary_says_when_an_item_became_known() -> None:
    path = Path(__file__).parent.parent / "data_synthetic" / "dictionary.json"
    descriptor = json.loads(path.read_text(encoding="utf-8"))
    descriptor["risk"]["as_of"] = ["ead_received_utc", "arrived_utc"]
    d = Dictionary(descriptor)
    frame = pd.DataFrame({"item_id": ["a", "b"], "sender_id": ["s", "s"], "recipient_id": ["r", "q"],
                          "ead_received_utc": pd.to_datetime(["2024-01-01T00:00:00Z", None], utc=True),
                          "arrived_utc": pd.to_datetime(["2024-01-05T00:00:00Z"] * 2, utc=True)})
    moments = PartyHistory.of(frame, d).moment
    assert moments[1] - moments[0] == 4 * DAY
