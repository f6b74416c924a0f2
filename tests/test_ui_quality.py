"""Quality and drift: the numbers are those of the items, and the verdicts follow them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import workbench
from risk.casework import Case
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


def test_completeness_falls_when_a_field_is_left_out(model, data):
    items = data.declarations.head(3000)
    emptied = items.assign(description=None)
    full, less = (
        quality._dimensions(model, _with_past(data, f))["completeness"].mean() for f in (items, emptied)
    )
    stated = items["description"].notna().mean()
    assert 0 < full - less == pytest.approx(stated / 20, rel=0.5)


def _with_past(data, frame):
    return workbench.known(replace(data, declarations=frame)).declarations


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
