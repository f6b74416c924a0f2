"""Every policy keeps to its capacity, and the draw has exactly the stated inclusion probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.errors import NotFound
from risk.simulation.adaptive import LEAST, MOST, Tally, next_share
from risk.simulation.policies import POLICIES, Week, draw, hybrid, named_policies, top_share


def week_of(seed: int, n: int = 60, capacity: int = 12, *, ties: bool = False) -> Week:
    rng = np.random.default_rng([seed, 3])
    margin = rng.normal(size=n)
    if ties:
        margin = np.round(margin)
    return Week(
        margin, capacity, np.round(rng.normal(size=n)), rng.integers(0, 5, n), rng.normal(size=(6, n))
    )


@pytest.mark.parametrize("name", POLICIES)
@given(seed=st.integers(0, 50), n=st.integers(1, 80), capacity=st.integers(1, 90), ties=st.booleans())
def test_probabilities_add_up_to_the_capacity(
    name: str, seed: int, n: int, capacity: int, ties: bool
) -> None:
    week = week_of(seed, n, capacity, ties=ties)
    choice = POLICIES[name].choose(week)
    assert choice.probability.shape == (n,)
    assert choice.probability.min() >= -1e-12 and choice.probability.max() <= 1 + 1e-9
    assert choice.probability.sum() == pytest.approx(min(capacity, n), abs=1e-6)
    assert np.all(choice.random <= choice.probability + 1e-9)
    assert len(draw(choice.probability, np.random.default_rng(seed))) == min(capacity, n)


@pytest.mark.parametrize("name", POLICIES)
def test_the_draw_has_the_stated_probabilities(name: str) -> None:
    """Repeated 4,000 times, every item's frequency lies within 4.5 standard errors of its probability."""
    week, rng, rounds = week_of(1, ties=True), np.random.default_rng(8), 4000
    pi = POLICIES[name].choose(week).probability
    seen = np.zeros(week.n)
    for _ in range(rounds):
        seen[draw(pi, rng)] += 1
    error = np.sqrt(np.maximum(pi * (1 - pi), 1e-12) / rounds)
    assert np.all(np.abs(seen / rounds - pi) <= 4.5 * error + 1e-6)


def test_the_draw_test_can_fail() -> None:
    """A draw of the highest probabilities only (the usual shortcut) would be seen."""
    pi = POLICIES["hybrid-70-30"].choose(week_of(1)).probability
    always = np.isin(np.arange(len(pi)), np.argsort(-pi, kind="stable")[:12]).astype(float)
    assert np.any(np.abs(always - pi) > 4.5 * np.sqrt(np.maximum(pi * (1 - pi), 1e-12) / 4000) + 1e-6)


def test_a_hybrid_gives_every_item_a_chance_and_targeted_does_not() -> None:
    week = week_of(2)
    assert POLICIES["hybrid-90-10"].choose(week).probability.min() > 0
    assert POLICIES["targeted"].choose(week).probability.min() == 0


def test_stratified_takes_as_many_from_every_lane() -> None:
    week = Week(np.zeros(30), 9, lane=np.repeat([0, 1, 2], [20, 8, 2]))
    pi = POLICIES["stratified"].choose(week).probability
    assert [pi[week.lane == k].sum() for k in range(3)] == pytest.approx([3.5, 3.5, 2.0])


def test_thompson_is_the_mean_over_resampled_models() -> None:
    week = week_of(3)
    expected = np.mean([top_share(m, 12) for m in week.bags], axis=0)
    assert np.allclose(POLICIES["thompson"].choose(week).probability, expected)


def test_hybrid_share_of_random_is_what_was_asked() -> None:
    choice = hybrid(np.arange(100.0), 20, 0.25)
    assert choice.random.sum() == pytest.approx(5.0)


@given(
    st.lists(st.tuples(st.integers(0, 30), st.floats(0, 60), st.integers(0, 9), st.floats(0, 9)), max_size=9)
)
def test_the_adaptive_share_stays_within_its_bounds(weeks: list) -> None:
    past = tuple(Tally(k, 90, f, s, 10, g, t) for k, (f, s, g, t) in enumerate(weeks))
    assert LEAST <= next_share(past) <= MOST


def test_the_adaptive_share_rises_with_shortfall_and_with_surprise() -> None:
    calm = tuple(Tally(k, 90, 20, 20.0, 10, 0, 0.1) for k in range(6))
    short = tuple(Tally(k, 90, 10, 20.0, 10, 0, 0.1) for k in range(6))
    surprised = tuple(Tally(k, 90, 20, 20.0, 10, 1, 0.1) for k in range(6))
    assert next_share(calm) == LEAST < min(next_share(short), next_share(surprised))


def test_unknown_policy_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound, match="Did you mean 'thompson'"):
        named_policies("thomson")
