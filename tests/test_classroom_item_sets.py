"""Item sets: equal cells, equal difficulty, recorded seed, nothing twice, refusals in words."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.classroom import ItemFacts, ready_plan
from risk.classroom.item_sets import BANDS, CELLS, MOST_GAP, band, cell_counts, draw_sets, parallel_gap
from risk.errors import Refused


def pool(n: int, seed: int, *, irregular: float = 0.3, right: float = 0.7) -> list[ItemFacts]:
    rng = np.random.default_rng(seed)
    out = []
    for i in range(n):
        truth = bool(rng.random() < irregular)
        examine = truth if rng.random() < right else not truth
        hard = float(rng.beta(1.0, 3.0))
        out.append(ItemFacts(f"I{i:05d}", truth, examine, 0.1, hard, f"Q{rng.integers(4)}"))
    return out


@settings(max_examples=25)
@given(st.integers(0, 10**6), st.sampled_from(["taster-10", "lesson-45", "lesson-90"]))
def test_sets_are_matched_and_nothing_comes_twice(seed: int, name: str) -> None:
    items = {i.item_id: i for i in pool(1500, seed)}
    plan = ready_plan(name)
    sets = draw_sets(items.values(), plan, seed=seed, prevalence=0.02)
    assert set(sets) == {n for n, s in enumerate(plan.steps) if s.judges}
    drawn = [
        i
        for n, s in sets.items()
        for one in s
        for i in one
        if not plan.steps[n].rotate or n == plan.rotated[0]
    ]
    assert len(drawn) == len(set(drawn)), "no item twice in a session"
    for number, step in enumerate(plan.steps):
        for one in sets.get(number, ()):
            facts = [items[i] for i in one]
            assert len(facts) == step.items
            cells = Counter(i.cell for i in facts)
            if step.mode == "OPERATIONAL":
                assert sum(i.irregular for i in facts) == 1
            else:
                assert tuple(cells[c] for c in CELLS) == cell_counts(step.items)
    for number in plan.rotated:
        three = [[items[i] for i in one] for one in sets[number]]
        assert len(three) == 3 and parallel_gap(three) <= MOST_GAP
    assert draw_sets(items.values(), plan, seed=seed, prevalence=0.02) == sets, "the same seed, the same sets"


def test_a_burst_is_half_irregular() -> None:
    items = {i.item_id: i for i in pool(1500, 1)}
    plan = ready_plan("lesson-90")
    sets = draw_sets(items.values(), plan, seed=1, prevalence=0.02)
    (number,) = [n for n, s in enumerate(plan.steps) if s.mode == "BURST"]
    assert sum(items[i].irregular for i in sets[number][0]) == 5


def test_neighbours_come_from_different_routes_where_that_can_be() -> None:
    items = {i.item_id: i for i in pool(1500, 5)}
    sets = draw_sets(items.values(), ready_plan("lesson-45"), seed=5, prevalence=0.02)
    same = [items[a].route == items[b].route for one in sets[3] for a, b in zip(one, one[1:], strict=False)]
    assert np.mean(same) < 0.15


def test_bands_choose_how_hard_it_is() -> None:
    items = {i.item_id: i for i in pool(4000, 5)}
    easy = draw_sets(items.values(), ready_plan("lesson-45"), seed=5, prevalence=0.02, bands=("easy",))
    assert {band(items[i].difficulty) for one in easy[3] for i in one} == {"easy"}
    assert set(BANDS) == {"easy", "medium", "hard"}


def test_too_small_a_stream_is_refused_in_words() -> None:
    with pytest.raises(Refused, match="irregular items that the model .*expected at least 15"):
        draw_sets(pool(120, 3), ready_plan("lesson-45"), seed=1, prevalence=0.02)
