"""The affine calibration recovers what was distorted, and cannot turn a model around."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.models.calibration import fit_affine, pooled_rate, shift_for_rate


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


def test_sixty_finds_outweigh_the_prior_and_six_do_not() -> None:
    """The slopes that models really need lie as far from 1 as this one; the prior must let them be reached."""

    def way(n: int, seed: int) -> float:
        """Which part of the way from 1 to the true slope is gone, on the log scale."""
        rng = np.random.default_rng([seed, 11])
        raw = rng.normal(-2, 1.1, n)
        y = rng.random(n) < 1 / (1 + np.exp(-(1.6 * raw + 0.8)))
        return float(np.log(fit_affine(raw, y, np.where(rng.random(n) < 0.25, 6.0, 1.0))[0]) / np.log(1.6))

    many, few = (np.mean([way(n, seed) for seed in range(40)]) for n in (400, 40))
    assert few < 0.5 and 0.7 < many < 1.1


def test_a_few_heavy_rows_do_not_pass_for_many() -> None:
    rng = np.random.default_rng([8, 6])
    raw = rng.normal(size=60)
    y = rng.random(60) < 0.4
    weight = np.ones(60)
    light = fit_affine(raw, y, weight)
    scaled = fit_affine(raw, y, 1000 * weight)
    assert light == pytest.approx(scaled, abs=1e-4)


@given(st.floats(1e-4, 0.5), st.floats(1e-4, 0.5), st.floats(1, 1e6))
def test_the_pooled_rate_lies_between_and_follows_the_larger_sample(
    stated: float, estimated: float, effective: float
) -> None:
    low, high = sorted([stated, estimated])
    few, many = (pooled_rate(stated, estimated, n) for n in (effective, 10 * effective))
    assert low * (1 - 1e-9) <= few <= high * (1 + 1e-9)
    assert abs(np.log(many / estimated)) <= abs(np.log(few / estimated)) + 1e-9


@given(st.floats(0.3, 2), st.floats(1e-5, 0.9))
def test_the_shift_gives_the_rate(slope: float, rate: float) -> None:
    raw = np.random.default_rng([9, 6]).normal(-4, 2, 300)
    stated = 1 / (1 + np.exp(-(slope * raw + shift_for_rate(raw, slope, rate))))
    assert stated.mean() == pytest.approx(rate, rel=1e-6)
