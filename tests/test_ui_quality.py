"""Quality and drift: the numbers are those of the items, and the verdicts follow them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import workbench
from risk.casework import Case
from risk.features.quality import DIMENSIONS, dimensions
from risk.store import DecisionRow
from risk.ui.present import quality


def test_drift_is_none_against_oneself_and_large_after_a_shift(model, data):
    items = workbench.known(data).declarations
    same = {d.title: d.index for d in quality.drift(model, items.head(20_000))}
    moved = {d.title: d for d in quality.drift(model, items.head(5000).assign(gross_weight_g=29_000.0))}
    title = model.dictionary.feature("gross_weight_g").title
    assert moved[title].index > 1 > 0.25 > same[title] and moved[title].verdict == "moved"


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=8))
def test_the_index_is_never_negative_and_nought_for_equals(parts):
    p = np.array(parts) / sum(parts)
    assert quality.stability(p, p) == pytest.approx(0)
    assert quality.stability(p, p[::-1]) >= 0


def test_the_page_and_the_features_use_one_definition(model, data):
    items = data.declarations.head(3000)
    made = dimensions(model.dictionary, items)
    titles = {r.title: r for r in quality.quality(model, items, "mail_class")}
    letters = made[(items["mail_class"] == "U").to_numpy()]
    row = titles["letter post"]
    shown = (row.completeness, row.timeliness, row.accuracy, row.consistency)
    assert shown == tuple(f"{letters[d].mean():.0%}" for d in DIMENSIONS)


def test_completeness_falls_when_a_field_is_left_out(model, data):
    items = data.declarations.head(3000)
    full, less = (dimensions(model.dictionary, f)["completeness"] for f in (items, items.assign(description=None)))
    stated = items["description"].notna()
    np.testing.assert_allclose(full - less, stated / 10)


def test_every_group_is_listed_once(model, data):
    items = workbench.known(data).declarations.head(3000)
    rows = quality.quality(model, items, "origin")
    assert sum(int(r.items.replace(",", "")) for r in rows) == 3000


def test_random_checks_are_held_against_what_was_promised():
    case = Case("b", "i", "m", "red", "random", 0.1, -2.0, 0.1, "")
    clean = [replace(case, status="closed", outcome="not_found")] * 95
    finds = [replace(case, status="closed", outcome="confirmed")] * 5
    assert "within the limits" in quality.random_check(clean + finds * 2)
    assert "outside the limits" in quality.random_check(clean + finds * 12)
    assert "No outcome" in quality.random_check([case])


def decisions(*groups: tuple[str, int, int]) -> list[DecisionRow]:
    """For each (role, people, followed): one decision a person, the first `followed` of them agreeing."""
    return [
        DecisionRow(1, "b", "i", "examine", "examine", k < followed, (), "", f"{role}{k}", "", role)
        for role, people, followed in groups
        for k in range(people)
    ]


def test_agreement_is_told_by_suggestion_and_by_group_of_five_and_more():
    found = decisions(("reviewer", 9, 6), ("trainer", 5, 5))
    assert [row[:4] for row in quality.reviewers(found)] == [("examine", "14", "11", "3")]
    assert [row[:5] for row in quality.by_group(found)] == [
        ("reviewer", "9", "9", "6", "3"),
        ("trainer", "5", "5", "5", "0"),
    ]


@given(st.lists(st.integers(1, 12), min_size=1, max_size=5))
def test_no_group_of_few_people_is_shown_nor_can_be_worked_out(sizes):
    found = decisions(*((f"role{k}", n, n // 2) for k, n in enumerate(sizes)))
    shown = [int(row[1]) for row in quality.by_group(found)]
    hidden = sum(sizes) - sum(shown)
    assert all(n >= quality.FEWEST for n in shown)
    assert hidden == 0 or hidden >= quality.FEWEST or not shown
