"""The items behind a queue: pages are the whole, filters are what pandas says, one item is found again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk import queues, workbench
from risk.errors import NotFound
from risk.queues import REASONS, ItemFilter, QueueFolder
from risk.store import CaseFilter
from risk.workbench import Workspace


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    n = 40_000
    return pd.DataFrame(
        {
            "item_id": [f"XA{i:09d}QM" for i in range(n)],
            "margin": rng.normal(size=n).round(3),
            "origin": rng.choice(["QM", "QV", None], n),
            "lane": rng.choice(["red", "green"], n),
            "channel": rng.choice(["", "targeted"], n),
            REASONS: rng.choice(["|a|", "|a|b|", "|"], n),
        }
    )


@pytest.fixture(scope="module")
def folder(table, tmp_path_factory) -> QueueFolder:
    made = QueueFolder(tmp_path_factory.mktemp("queue"))
    made.write(table, id_field="item_id")
    return made


def test_the_pages_together_are_all_items_highest_first(folder, table):
    pages = [folder.page(ItemFilter(), page=k, size=9000).rows for k in range(1, 6)]
    together = pd.concat(pages, ignore_index=True)
    expected = table.sort_values("margin", ascending=False, kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(together, expected)
    assert folder.page(ItemFilter(), page=99, size=9000).page == 5


@settings(max_examples=25)
@given(
    lane=st.sampled_from([(), ("red",), ("red", "green")]),
    origin=st.sampled_from([(), ("QM",), ("QM", "QV"), ("none",)]),
    reason=st.sampled_from(["", "a", "b", "c"]),
    text=st.sampled_from(["", "00017", "nothing"]),
)
def test_a_filter_passes_what_pandas_says(folder, table, lane, origin, reason, text):
    which = ItemFilter(lanes=lane, values=(("origin", origin),), reason=reason, text=text)
    keep = pd.Series(True, index=table.index)
    keep &= table["lane"].isin(lane) if lane else True
    keep &= table["origin"].isin(origin) if origin else True
    keep &= table[REASONS].str.contains(f"|{reason}|", regex=False) if reason else True
    keep &= table["item_id"].str.contains(text, regex=False)
    expected = table[keep].sort_values("margin", ascending=False, kind="stable", ignore_index=True)
    found = folder.page(which, page=1, size=50)
    assert found.total == len(expected)
    pd.testing.assert_frame_equal(found.rows, expected.head(50), check_dtype=False)


def test_one_item_is_found_again_and_a_foreign_one_is_not(folder, table):
    for row in table.sample(20, random_state=1).itertuples():
        got = folder.item(row.item_id)
        assert len(got) == 1 and got["margin"].iloc[0] == row.margin
    with pytest.raises(NotFound):
        folder.item("XA999999999QM")


def test_counts_are_those_of_the_column(folder, table):
    assert folder.counts("origin") == table["origin"].value_counts().to_dict()


ROWS = st.lists(st.sampled_from([-1.0, 0.0, 0.05, 0.2, 0.7, 1.5]), min_size=4, max_size=4)


@given(st.lists(ROWS, max_size=30))
def test_the_leading_features_are_the_two_that_raise_most(rows):
    names = ["a", "b", "c", "d"]
    phi = np.array(rows, float).reshape(-1, 4)
    for said, row in zip(queues.leading_features(phi, names), phi, strict=True):
        best = sorted((i for i in range(4) if row[i] >= np.log(1.1)), key=lambda i: (-row[i], i))[:2]
        assert said == ("|".join(["", *(names[i] for i in sorted(best)), ""]) if best else "|")


def test_a_queue_knows_the_past_and_its_facets(model, data, tmp_path):
    space = Workspace.at(tmp_path)
    newest = workbench.newest(data, days=3)
    batch = workbench.open_queue(space, model, newest, how=workbench.Selection(10, seed=1), source=data)
    folder = workbench.queue_folder(space, batch)
    past = folder.past()
    assert len(past) == data.outcomes["found"].notna().sum() and set(past["found"].unique()) <= {True, False}
    assert any("|items|" in name for name in folder.names())
    with space.store(read_only=True) as store:
        told = store.facets("origin")
        assert sum(n for _, n, _ in told) == batch.cases
        value, n, expected = told[0]
        found = store.cases(CaseFilter(facets=(("origin", (value,)),)), size=100)
        assert found.total == n and expected == pytest.approx(sum(c.risk_score for c in found.rows))
        assert store.cases(CaseFilter(facets=(("origin", ("nowhere",)),))).total == 0
