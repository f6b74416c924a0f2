"""The affine calibration recovers what was distorted, and cannot turn a model around."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.models.calibration import fit_affine


@settings(max_examples=15)
@given(st.floats(0.6, 1.8), st.floats(-2, 2))
def test_recovers_slope_and_shift(slope: float, shift: float) -> None:
    rng = np.random.default_rng([7, 6])
    raw = rng.normal(-1, 2, 20_000)
    y = rng.random(20_000) < 1 / (1 + np.exp(-(slope * raw + shift)))
    got = fit_affine(raw, y)
    assert got == (pytest.approx(slope, abs=0.12), pytest.approx(shift, abs=0.12))


def test_slope_stays_positive_on_nonsense() -> None:
    raw = np.linspace(-3, 3, 400)
    slope, _ = fit_affine(raw, raw < 0)
    assert slope > 0


def test_a_few_heavy_rows_do_not_pass_for_many() -> None:
    rng = np.random.default_rng([8, 6])
    raw = rng.normal(size=60)
    y = rng.random(60) < 0.4
    weight = np.ones(60)
    light = fit_affine(raw, y, weight)
    scaled = fit_affine(raw, y, 1000 * weight)
    assert light == pytest.approx(scaled, abs=1e-4)
