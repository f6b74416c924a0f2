"""GA2MClassifier keeps scikit-learn's contract, and its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from risk.errors import Refused
from risk.models import GA2MClassifier, tables_from_arrays
from risk.models.bagging import on_edges
from tests.test_tables import made

EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data":
        "the histogram booster bins by unweighted quantiles and counts rows per leaf, not weights",
}


@parametrize_with_checks(
    [GA2MClassifier(max_iter=10, min_samples_leaf=2, max_pairs=2)],
    expected_failed_checks=lambda estimator: EXPECTED_FAILURES)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")  # checks of libraries not installed
def test_scikit_learn_contract(estimator, check) -> None:
    check(estimator)


def test_row_order_cannot_change_a_score() -> None:
    x, y = made(1500)
    order = np.random.default_rng([0, 3]).permutation(len(x))
    one = GA2MClassifier(max_iter=40, random_state=0).fit(x, y)
    two = GA2MClassifier(max_iter=40, random_state=0).fit(x[order], y[order])
    np.testing.assert_array_equal(one.decision_function(x), two.decision_function(x))


def test_finds_the_planted_pair_and_gains_by_it() -> None:
    x, y = made(6000)
    new_x, new_y = made(6000, seed=9)
    with_pairs = GA2MClassifier(max_iter=80, random_state=0).fit(x, y)
    without = GA2MClassifier(max_iter=80, max_pairs=0, random_state=0).fit(x, y)
    assert (1, 2) in with_pairs.pairs_
    paired, additive = (m.decision_function(new_x) for m in (with_pairs, without))
    gain = roc_auc_score(new_y, paired) - roc_auc_score(new_y, additive)
    assert gain > 0.02


def test_noise_yields_no_pairs() -> None:
    rng = np.random.default_rng([4, 4])
    x, y = rng.normal(size=(3000, 8)), rng.random(3000) < 0.3
    assert len(GA2MClassifier(max_iter=30, random_state=0).fit(x, y).pairs_) <= 2


@pytest.mark.parametrize("sign", [1, -1])
def test_monotonic_by_name(sign: int) -> None:
    x, y = made(3000)
    frame = pd.DataFrame(x, columns=list("abcdef"))
    model = GA2MClassifier(monotonic_cst={"b": sign}, pairs=[("b", "c")], max_iter=50).fit(frame, y)
    grid = np.linspace(-3, 3, 50)
    for row in range(5):
        line = frame.iloc[[row] * 50].assign(b=grid.astype(np.float32))
        assert (sign * np.diff(model.decision_function(line)) >= -1e-12).all()


def test_lives_in_pipelines_and_searches() -> None:
    x, y = made(800)
    x = np.nan_to_num(x)
    pipe = make_pipeline(StandardScaler(), GA2MClassifier(max_iter=10, max_pairs=1))
    assert cross_val_score(pipe, x, y, cv=3, scoring="roc_auc").min() > 0.5
    search = GridSearchCV(pipe, {"ga2mclassifier__max_iter": [5, 10]}, cv=2).fit(x, y)
    assert search.best_params_["ga2mclassifier__max_iter"] in (5, 10)


def test_weights_count() -> None:
    x, y = made(2000)
    heavy = GA2MClassifier(max_iter=30, max_pairs=0).fit(x, y, sample_weight=np.where(y, 5.0, 1.0))
    light = GA2MClassifier(max_iter=30, max_pairs=0).fit(x, y)
    assert heavy.decision_function(x).mean() > light.decision_function(x).mean() + 1


def test_one_class_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="one class"):
        GA2MClassifier().fit(np.zeros((30, 2)), np.zeros(30))


def test_a_reading_that_differs_from_the_trees_stops_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    from risk.models import ga2m

    real = ga2m.compile_booster

    def wrong(booster, n):
        edges, const, single, pair = real(booster, n)
        return edges, const + 0.1, single, pair

    monkeypatch.setattr(ga2m, "compile_booster", wrong)
    with pytest.raises(RuntimeError, match="differ from the trees"):
        GA2MClassifier(max_iter=5, max_pairs=0).fit(*made(300))


@pytest.fixture(scope="module")
def bagged() -> tuple[GA2MClassifier, np.ndarray, np.ndarray]:
    x, y = made(2500)
    return GA2MClassifier(pairs=[(1, 2)], max_iter=40, n_bags=6, random_state=0).fit(x, y), x, y


def test_bags_give_every_shape_a_band_wider_where_less_is_known(bagged) -> None:
    model, x, _ = bagged
    tables = model.tables_
    for name, edges in zip(tables.names, tables.edges, strict=True):
        band = tables.band(name)
        assert band.shape == (len(edges) + 2,) and (band >= 0).all()
    large = GA2MClassifier(pairs=[(1, 2)], max_iter=40, n_bags=6, random_state=0).fit(*made(20_000)).tables_
    share, more = ([float(t.density[0] @ t.band("x0")) for t in (tables, large)])
    assert share > 1.5 * more  # eight times the items: less doubt
    assert GA2MClassifier(pairs=[], max_iter=5).fit(x[:500], bagged[2][:500]).tables_.band("x0") is None


def test_bands_hold_the_shape_of_a_fit_to_other_items(bagged) -> None:
    """Of the effect of the strongest feature, fitted once to new items, most lies within two deviations."""
    tables = bagged[0].tables_
    edges, effect = tables.shape("x0")
    other = GA2MClassifier(pairs=[(1, 2)], max_iter=40, n_bags=6, random_state=0).fit(*made(2500, seed=5)).tables_
    again = on_edges(edges, *other.shape("x0"))
    inside = np.abs(again - effect) <= 2 * np.sqrt(2) * tables.band("x0") + 1e-9
    assert tables.density[0] @ inside > 0.7


def test_smoothing_costs_no_accuracy(bagged) -> None:
    model, x, y = bagged
    new_x, new_y = made(8000, seed=9)
    jagged = GA2MClassifier(pairs=[(1, 2)], max_iter=40, n_bags=6, smoothing=0.0, random_state=0).fit(x, y)
    once = GA2MClassifier(pairs=[(1, 2)], max_iter=40, random_state=0).fit(x, y)
    smooth, rough, single = (roc_auc_score(new_y, m.decision_function(new_x)) for m in (model, jagged, once))
    assert smooth > rough - 0.002 and smooth > single - 0.002
    assert sum(map(len, model.tables_.edges)) < 0.8 * sum(map(len, jagged.tables_.edges))


def test_bags_are_the_same_on_any_number_of_workers_and_in_any_order(bagged) -> None:
    model, x, y = bagged
    order = np.random.default_rng([0, 4]).permutation(len(x))
    again = GA2MClassifier(pairs=[(1, 2)], max_iter=40, n_bags=6, random_state=0, n_threads=2)
    with parallel_config("threading"):  # processes would do the same, and take seconds to start
        again.fit(x[order], y[order])
    np.testing.assert_array_equal(again.decision_function(x), model.decision_function(x))
    for one, two in zip(again.tables_.spread, model.tables_.spread, strict=True):
        np.testing.assert_array_equal(one, two)


def test_bands_come_back_from_the_artefact_and_follow_the_calibration(bagged) -> None:
    tables = bagged[0].tables_.scaled(0.5, 1.0)
    again = tables_from_arrays(tables.names, tables.to_arrays())
    np.testing.assert_array_equal(again.band("x1"), 0.5 * bagged[0].tables_.band("x1"))
    with pytest.raises(Refused, match="do not fit together"):
        tables_from_arrays(tables.names, tables.to_arrays() | {"spread_0": np.zeros(3)})
