"""Compiled tables: exact against the trees they came from, against shap, and against brute force."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from risk.errors import Refused
from risk.models import AdditiveTables, GA2MClassifier


def made(n: int = 3000, p: int = 6, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([seed, 1])
    x = rng.normal(size=(n, p))
    x[:, 3] = rng.integers(0, 4, n)
    x[rng.random((n, p)) < 0.08] = np.nan
    z = np.nan_to_num(x)
    margin = z[:, 0] + 1.5 * z[:, 1] * z[:, 2] - (z[:, 3] == 2) + 0.5 * np.isnan(x[:, 4])
    return x.astype(np.float32), rng.random(n) < 1 / (1 + np.exp(-margin))


@pytest.fixture(scope="module")
def fitted() -> tuple[GA2MClassifier, np.ndarray]:
    x, y = made()
    return GA2MClassifier(pairs=[(1, 2), (0, 3)], max_iter=60, random_state=0).fit(x, y), x


def test_margins_are_the_trees_own(fitted) -> None:
    model, _ = fitted
    other = made(seed=5)[0]
    other[:20] = np.float32(3.4e38)
    other[20:40] = -np.float32(3.4e38)
    np.testing.assert_allclose(model.tables_.margins(other), model.booster_.decision_function(other), atol=1e-9)


def test_values_on_a_threshold_go_where_the_trees_send_them(fitted) -> None:
    model, x = fitted
    for j, edges in enumerate(model.tables_.edges):
        rows = np.repeat(x[:1], 3 * len(edges), axis=0)
        above, below = (np.nextafter(edges, np.float32(end)) for end in (9e9, -9e9))
        rows[:, j] = np.concatenate([edges, above, below])
        np.testing.assert_allclose(model.tables_.margins(rows), model.booster_.decision_function(rows), atol=1e-9)


def test_attributions_add_up_on_every_row(fitted) -> None:
    model, x = fitted
    phi, margin = model.tables_.explain(x)
    np.testing.assert_allclose(model.base_value_ + phi.sum(axis=1), model.booster_.decision_function(x), atol=1e-6)
    np.testing.assert_allclose(margin, model.decision_function(x), atol=0)


def test_base_value_is_the_background_mean(fitted) -> None:
    model, x = fitted
    assert model.base_value_ == pytest.approx(model.decision_function(x).mean(), abs=1e-9)
    np.testing.assert_allclose(model.attributions(x).mean(axis=0).sum(), 0, atol=1e-9)


def test_equals_shap_interventional_on_the_same_background(fitted) -> None:
    import shap

    model, x = fitted
    background, rows = x[:200], x[500:800]
    ours = model.tables_.rebased(background)
    explainer = shap.TreeExplainer(model.booster_, data=shap.maskers.Independent(background, max_samples=200),
                                   feature_perturbation="interventional")
    theirs = explainer.shap_values(rows, check_additivity=False)
    np.testing.assert_allclose(ours.attributions(rows), theirs, atol=1e-5)
    assert ours.base == pytest.approx(float(np.ravel(explainer.expected_value)[0]), abs=1e-5)


def brute_force_shap(margin, x: np.ndarray, background: np.ndarray) -> np.ndarray:
    """Shapley values of v(S) = E_b margin(x_S, b_rest), by enumeration. Shapes (p,), (n, p) → (p,)."""
    p = len(x)

    def value(subset: tuple[int, ...]) -> float:
        mixed = background.copy()
        mixed[:, list(subset)] = x[list(subset)]
        return float(margin(mixed).mean())

    phi = np.zeros(p)
    for j in range(p):
        rest = [k for k in range(p) if k != j]
        for size in range(p):
            share = factorial(size) * factorial(p - size - 1) / factorial(p)
            for s in combinations(rest, size):
                phi[j] += share * (value((*s, j)) - value(s))
    return phi


@settings(max_examples=30, deadline=None)
@given(npst.arrays(np.float32, (6, 3), elements=st.sampled_from([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0, np.nan])),
       st.integers(0, 2**32 - 1))
def test_equals_brute_force_for_any_tables(background: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng([seed, 2])
    edges = [np.array([-1.0, 0.5], np.float32), np.array([0.0], np.float32), np.array([], np.float32)]
    sizes = [len(e) + 2 for e in edges]
    tables = AdditiveTables.build(
        ["a", "b", "c"], edges, const=0.3, single={j: rng.normal(size=sizes[j]) for j in range(3)},
        pair={(0, 1): rng.normal(size=(sizes[0], sizes[1])), (1, 2): rng.normal(size=(sizes[1], sizes[2]))},
        background=background)
    x = np.array([[0.5, np.nan, 1.0]], np.float32)
    np.testing.assert_allclose(tables.attributions(x)[0], brute_force_shap(tables.margins, x[0], background), atol=1e-9)


def test_interactions_equal_brute_force(fitted) -> None:
    """The Shapley interaction index over all subsets (Grabisch and Roubens 1999), of three features."""
    rng = np.random.default_rng([3, 8])
    background = rng.integers(-2, 3, (9, 3)).astype(np.float32)
    edges = [np.array([-1.0, 0.5], np.float32), np.array([0.0], np.float32), np.array([1.0], np.float32)]
    sizes = [len(e) + 2 for e in edges]
    tables = AdditiveTables.build(
        ["a", "b", "c"], edges, const=0.3, single={0: rng.normal(size=sizes[0])},
        pair={(0, 1): rng.normal(size=sizes[:2]), (1, 2): rng.normal(size=sizes[1:])}, background=background)
    x = np.array([0.5, np.nan, 1.0], np.float32)

    def value(known: tuple[int, ...]) -> float:
        rows = background.copy()
        rows[:, list(known)] = x[list(known)]
        return float(tables.margins(rows).mean())

    found = tables.interactions(x[None])[0]
    for i, j in combinations(range(3), 2):
        (rest,) = {0, 1, 2} - {i, j}
        both = [value((*s, i, j)) - value((*s, i)) - value((*s, j)) + value(s) for s in ((), (rest,))]
        np.testing.assert_allclose(found[i, j] + found[j, i], 0.5 * sum(both), atol=1e-9)
    np.testing.assert_allclose(found.sum(axis=1), tables.attributions(x[None])[0], atol=1e-12)


def test_interaction_rows_add_up_to_the_attributions(fitted) -> None:
    model, x = fitted
    found = model.tables_.interactions(x[:300])
    np.testing.assert_allclose(found.sum(axis=2), model.attributions(x[:300]), atol=1e-12)
    np.testing.assert_array_equal(found, found.transpose(0, 2, 1))
    free = [(a, b) for a, b in combinations(range(6), 2) if (a, b) not in model.tables_.pairs]
    assert all(not found[:, a, b].any() for a, b in free)


def test_interaction_has_no_main_effect_left(fitted) -> None:
    model, _ = fitted
    t = model.tables_
    for k, (a, b) in enumerate(t.pairs):
        pure = t.interaction(k)
        np.testing.assert_allclose(pure @ t.density[b], 0, atol=1e-9)
        np.testing.assert_allclose(t.density[a] @ pure, 0, atol=1e-9)


def test_scaling_keeps_attributions_exact(fitted) -> None:
    model, x = fitted
    phi, margin = model.tables_.scaled(0.7, -1.2).explain(x)
    np.testing.assert_allclose(margin, 0.7 * model.decision_function(x) - 1.2, atol=1e-9)
    np.testing.assert_allclose(phi, 0.7 * model.attributions(x), atol=1e-12)


def test_threads_change_nothing(fitted) -> None:
    model, x = fitted
    many = np.repeat(x, 60, axis=0)
    one, two = model.tables_.explain(many), model.tables_.explain(many, threads=2)
    np.testing.assert_array_equal(one[0], two[0])
    np.testing.assert_array_equal(one[1], two[1])


def test_arrays_round_trip(fitted) -> None:
    model, x = fitted
    again = AdditiveTables.from_arrays(model.tables_.names, model.tables_.to_arrays())
    np.testing.assert_array_equal(again.attributions(x), model.attributions(x))


def test_tables_that_do_not_fit_are_refused(fitted) -> None:
    arrays = fitted[0].tables_.to_arrays()
    arrays["single_0"] = arrays["single_0"][:-1]
    with pytest.raises(Refused, match="do not fit together"):
        AdditiveTables.from_arrays(fitted[0].tables_.names, arrays)


def test_wrong_width_is_refused(fitted) -> None:
    with pytest.raises(Refused, match="Expected 6 feature columns"):
        fitted[0].tables_.margins(np.zeros((2, 5), np.float32))


@settings(max_examples=15)
@given(st.integers(0, 10**6), st.floats(0, 0.5))
def test_the_mean_of_fits_is_their_mean_and_smoothing_moves_no_table_further_than_told(seed: int, told: float) -> None:
    """Bags with different thresholds and pairs, the missing bin and all."""
    rng = np.random.default_rng([seed, 9])
    x = rng.normal(size=(60, 3)).astype(np.float32)
    x[rng.random((60, 3)) < 0.1] = np.nan
    bags = []
    for pairs in ([(0, 1)], [(0, 2)], []):
        edges = [np.unique(rng.normal(size=rng.integers(0, 4)).astype(np.float32)) for _ in range(3)]
        size = [len(e) + 2 for e in edges]
        bags.append(AdditiveTables.build(
            ["a", "b", "c"], edges, const=rng.normal(), single={j: rng.normal(size=n) for j, n in enumerate(size)},
            pair={(i, j): rng.normal(size=(size[i], size[j])) for i, j in pairs}, background=x))
    exact = AdditiveTables.average(bags, background=x, tolerance=0.0)
    np.testing.assert_allclose(exact.margins(x), np.mean([b.margins(x) for b in bags], axis=0), atol=1e-9)
    np.testing.assert_allclose(exact.attributions(x), np.mean([b.attributions(x) for b in bags], axis=0), atol=1e-9)
    smooth = AdditiveTables.average(bags, background=x, tolerance=told)
    assert np.abs(smooth.margins(x) - exact.margins(x)).max() <= (3 + 2 * 2) * told + 1e-9  # tables, pair sides
