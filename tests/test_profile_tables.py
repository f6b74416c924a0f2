"""Profile tables: each profile exact by itself, the whole margin's path against its definition."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp, softmax

from risk.errors import Refused
from risk.models import AdditiveTables, ProfileTables, tables_from_arrays
from tests.fixtures_models import made_families, profiled  # noqa: F401  (fixture)
from tests.test_tables import brute_force_shap


def drawn(seed: int, *, k: int = 3, p: int = 4, size: float = 1.0) -> tuple[ProfileTables, np.ndarray]:
    """Random profile tables and a background."""
    rng = np.random.default_rng([seed, 5])
    background = rng.normal(size=(50, p)).astype(np.float32)
    background[rng.random((50, p)) < 0.1] = np.nan
    edges = [np.unique(rng.normal(size=3).astype(np.float32)) for _ in range(p)]
    tables = [size * rng.normal(size=(len(e) + 2, k)) for e in edges]
    return ProfileTables.build(
        [f"x{j}" for j in range(p)],
        [f"s{s}" for s in range(k)],
        edges,
        offsets=rng.normal(size=k) - 4,
        tables=tables,
        background=background,
    ), background


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 6), st.floats(0.01, 30))
def test_attributions_add_up_however_large_the_tables(seed: int, k: int, size: float) -> None:
    tables, x = drawn(seed, k=k, size=size)
    tables = tables.scaled(1.3, -0.4)
    phi, margin = tables.explain(x)
    np.testing.assert_allclose(tables.base + phi.sum(axis=1), margin, atol=1e-9 * max(1, size))
    np.testing.assert_allclose(margin, 1.3 * logsumexp(tables.profile_margins(x), axis=1) - 0.4, atol=1e-9)


def test_attribution_is_the_path_integral() -> None:
    """φ_j = Σ_s c_sj ∫ softmax_s(b + t Σ c) dt, here by a fine midpoint rule."""
    tables, x = drawn(3, size=2.0)
    parts = tables.profile_attributions(x)
    t = (np.arange(20_000) + 0.5) / 20_000
    for i in range(0, 50, 10):
        path = softmax(tables.offsets + t[:, None] * parts[i].sum(axis=1), axis=1).mean(axis=0)
        np.testing.assert_allclose(tables.attributions(x[[i]])[0], path @ parts[i], atol=1e-5)


def test_one_profile_is_an_additive_model_and_its_attribution_is_shap() -> None:
    tables, x = drawn(5, k=1)
    plain = AdditiveTables.build(
        tables.names,
        tables.edges,
        const=tables.offsets[0],
        single={j: c[:, 0] for j, c in enumerate(tables.centred)},
        pair={},
        background=x,
    )
    np.testing.assert_allclose(tables.attributions(x), plain.attributions(x), atol=1e-9)
    assert tables.base == pytest.approx(plain.base)


def test_each_profile_is_its_own_interventional_shap() -> None:
    tables, x = drawn(8, p=3)
    for s in range(3):
        ours = tables.profile_attributions(x[:5])[:, s]
        for i in range(5):
            expected = brute_force_shap(lambda rows, s=s: tables.profile_margins(rows)[:, s], x[i], x)
            np.testing.assert_allclose(ours[i], expected, atol=1e-9)


def test_path_attribution_stays_near_permutation_shap_of_the_whole_margin() -> None:
    """Another attribution of the same M, features entering one after another from the average tables.

    They differ by definition (a straight path against all monotone paths), not by much: correlation above
    0.98, and both add up.
    """
    tables, x = drawn(11, size=1.0)
    parts = tables.profile_attributions(x)

    def margin(features: tuple[int, ...]) -> np.ndarray:
        return logsumexp(tables.offsets + parts[:, :, list(features)].sum(axis=2), axis=1)

    shap = np.zeros(x.shape)
    orders = list(permutations(range(4)))
    for order in orders:
        for at, j in enumerate(order):
            shap[:, j] += (margin(order[: at + 1]) - margin(order[:at])) / len(orders)
    path = tables.attributions(x)
    np.testing.assert_allclose(shap.sum(axis=1), path.sum(axis=1), atol=1e-9)
    assert np.corrcoef(shap.ravel(), path.ravel())[0, 1] > 0.98


def test_a_profile_that_no_feature_moves_leaves_silent_features_at_zero() -> None:
    tables, x = drawn(2)
    silent = ProfileTables.build(
        tables.names,
        tables.profiles,
        tables.edges,
        offsets=tables.offsets,
        tables=[tables.centred[0], *(np.zeros_like(c) for c in tables.centred[1:])],
        background=x,
    )
    assert np.abs(silent.attributions(x)[:, 1:]).max() == 0


def test_shares_are_a_distribution_that_calibration_does_not_touch(profiled) -> None:  # noqa: F811
    model, x = profiled
    shares = model.tables_.shares(x)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_array_equal(shares, model.tables_.scaled(0.5, 2.0).shares(x))


def test_averaged_tables_are_the_mean_of_the_fits() -> None:
    (one, x), (two, _) = drawn(1), drawn(2)
    mean = ProfileTables.average([one, two], background=x, tolerance=0.0)
    np.testing.assert_allclose(mean.profile_margins(x), (one.profile_margins(x) + two.profile_margins(x)) / 2)
    assert all((s >= 0).all() and len(s) == len(e) + 2 for s, e in zip(mean.spread, mean.edges, strict=True))


@settings(max_examples=20)
@given(st.floats(0, 1))
def test_smoothing_moves_no_table_by_more_than_its_tolerance(tolerance: float) -> None:
    bags, x = [drawn(s)[0] for s in range(4)], drawn(0)[1]
    exact = ProfileTables.average(bags, background=x, tolerance=0.0)
    smooth = ProfileTables.average(bags, background=x, tolerance=tolerance)
    assert np.abs(smooth.profile_margins(x) - exact.profile_margins(x)).max() <= 4 * tolerance + 1e-9
    assert sum(map(len, smooth.edges)) <= sum(map(len, exact.edges))


def test_arrays_bring_back_the_same_model(profiled) -> None:  # noqa: F811
    model, x = profiled
    tables = model.tables_.scaled(0.9, 0.1)
    again = tables_from_arrays(tables.names, tables.to_arrays())
    assert isinstance(again, ProfileTables) and again.profiles == tables.profiles
    np.testing.assert_array_equal(again.margins(x), tables.margins(x))
    np.testing.assert_array_equal(again.spread[0], tables.spread[0])


def test_tables_that_do_not_fit_are_refused(profiled) -> None:  # noqa: F811
    tables = profiled[0].tables_
    with pytest.raises(Refused, match="do not fit together"):
        tables_from_arrays(tables.names, tables.to_arrays() | {"offsets": np.zeros(9)})


def test_threads_give_the_same_numbers(profiled) -> None:  # noqa: F811
    tables, x = profiled[0].tables_, made_families(40_000, seed=4)[0]
    np.testing.assert_array_equal(tables.attributions(x), tables.attributions(x, threads=3))
