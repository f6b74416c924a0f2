"""What can be set about each kind of model, and what a search tries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.errors import BadSetting
from risk.settings import SETTINGS, check_settings, drawn_settings


@given(kind=st.sampled_from(sorted(SETTINGS)), trial=st.integers(1, 500), seed=st.integers(0, 1000))
def test_whatever_a_search_draws_may_be_set(kind: str, trial: int, seed: int) -> None:
    drawn = drawn_settings(kind, trial, seed=seed)
    check_settings(kind, drawn)
    assert drawn == drawn_settings(kind, trial, seed=seed)


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "max_iter is 0; expected a whole number from 1 to 5000"), (2.5, "expected a whole number"),
     (True, "max_iter is True; expected a whole number"), ("9", "max_iter is '9'"), (5001, "from 1 to 5000")],
)  # fmt: skip
def test_a_value_out_of_its_bounds_is_refused(value: object, words: str) -> None:
    with pytest.raises(BadSetting, match=words):
        check_settings("boosted", {"max_iter": value})


def test_bounds_themselves_and_whole_numbers_written_as_decimals_are_taken() -> None:
    check_settings("boosted", {"max_iter": 5000.0, "learning_rate": 1, "l2_regularization": 0.0})
