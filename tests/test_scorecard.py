"""Scorecard and logistic regression: scikit-learn classifiers, whole points, close to one another."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from risk.errors import Refused
from risk.models import BandedLogistic, ScorecardClassifier
from risk.models.scorecard import POINTS_TO_DOUBLE, points_page, points_table, points_to_odds, whole_points
from risk.scoring import write_scorecard
from risk.training import Plan, fit_model
from tests.fixtures_models import made_families

EXPECTED_FAILURES = {"check_sample_weight_equivalence_on_dense_data": "bands are cut by unweighted quantiles"}


@parametrize_with_checks(
    [ScorecardClassifier(), BandedLogistic()], expected_failed_checks=lambda estimator: EXPECTED_FAILURES
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")  # checks of libraries not installed
def test_scikit_learn_contract(estimator, check) -> None:
    check(estimator)


@pytest.fixture(scope="module")
def both() -> tuple[ScorecardClassifier, BandedLogistic]:
    x, y, _ = made_families(6000)
    return ScorecardClassifier().fit(x, y), BandedLogistic().fit(x, y)


def test_close_to_logistic_regression_where_effects_are_monotone() -> None:
    """On monotone effects, whole points cost at most 0.02 of AUC."""

    def made(seed: int) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng([seed, 6])
        x = rng.normal(size=(6000, 6))
        return x, rng.random(6000) < 1 / (1 + np.exp(3 - x @ [1.0, -0.8, 0.5, 0.3, 0, 0]))

    (x, y), (new_x, new_y) = made(1), made(2)
    card, plain = ScorecardClassifier().fit(x, y), BandedLogistic().fit(x, y)
    aucs = [roc_auc_score(new_y, m.decision_function(new_x)) for m in (card, plain)]
    assert aucs[0] > aucs[1] - 0.02 and aucs[1] > 0.7


def test_points_are_whole_monotone_and_few(both) -> None:
    tables = both[0].tables_
    for j in range(len(tables.names)):
        points = (tables.single[j] - tables.single[j].min()) / (np.log(2) / POINTS_TO_DOUBLE)
        np.testing.assert_allclose(points, np.round(points), atol=1e-6)
        steps = np.diff(points[:-1])
        assert (steps >= -1e-9).all() or (steps <= 1e-9).all()
        assert len(tables.edges[j]) + 1 <= 8


def test_twenty_points_double_the_odds_after_calibration_too(both) -> None:
    """Adding up the printed points ranks and spaces items as the margin does; calibration costs half a point each."""
    (x, _, _), unit = made_families(500, seed=3), np.log(2) / POINTS_TO_DOUBLE
    calibrated = both[0].tables_.scaled(0.7, 1.0)
    card = whole_points(calibrated)
    printed = points_table(card)
    assert printed["points"].min() == 0 and (printed.groupby("feature", sort=False).size() <= 9).all()
    total = sum(np.round((s[b] - s.min()) / unit) for s, b in zip(card.single, card.bins(x).T, strict=True))
    np.testing.assert_allclose(np.diff(card.margins(x)), np.diff(total) * unit, atol=1e-9)
    np.testing.assert_allclose(card.base + card.attributions(x).sum(axis=1), card.margins(x), atol=1e-9)
    assert np.abs(card.margins(x) - calibrated.margins(x)).max() <= 0.5 * unit * len(card.names) + 1e-9
    odds = points_to_odds(card).set_index("points")["margin"]
    lowest = int(np.argmin(total))
    assert card.margins(x)[lowest] == pytest.approx(odds[0.0] + total[lowest] * unit)
    assert np.diff(odds).tolist() == pytest.approx([np.log(2)] * (len(odds) - 1))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_stated_direction_is_held(sign: int) -> None:
    x, y, _ = made_families(2000)
    card = ScorecardClassifier(monotonic_cst=[0, sign, 0, 0, 0]).fit(x, y)
    assert (sign * np.diff(card.tables_.single[1][:-1]) >= -1e-9).all()


def test_the_page_says_what_the_table_says(both) -> None:
    tables = both[0].tables_
    printed = points_table(tables, titles={"x0": "Weight <g>"}, levels={"x4": ["a", "b", "c", "d & e"]})
    page = points_page(printed, points_to_odds(tables), title="Card of today")
    assert "Card of today" in page and "Weight &lt;g&gt;" in page and "20 points double" in page and "1 in " in page
    rows = re.findall("<tr><td>(.*?)</td><td>(.*?)</td></tr>", page)
    assert [int(points) for _, points in rows] == printed.loc[printed["share of items"] > 0, "points"].tolist()
    levels = printed.loc[(printed["feature"] == "x4") & (printed["values"] != ""), "values"]
    assert sorted(", ".join(levels).split(", ")) == ["a", "b", "c", "d & e"]


def test_a_registered_scorecard_is_printed_on_one_page_and_as_csv(data, tmp_path) -> None:
    """Twenty points double the stated odds: what is added up by hand from the CSV is the margin."""
    model = replace(fit_model(data, Plan(model="scorecard")), model_id="card-1")
    write_scorecard(model, tmp_path / "card.html")
    write_scorecard(model, tmp_path / "card.csv")
    page, table = (tmp_path / "card.html").read_text(encoding="utf-8"), pd.read_csv(tmp_path / "card.csv")
    assert "card-1" in page and "Commodity" in page and "SDR" in page
    origin = table[(table["feature"] == "Origin") & table["values"].notna()]
    of_origin = {o: p for v, p in zip(origin["values"], origin["points"], strict=True) for o in v.split(", ")}
    items = data.declarations.head(2000)
    phi = model.attribute(items)["phi_origin"].to_numpy()
    known = items["origin"].isin(list(of_origin)).to_numpy()
    told = items["origin"].map(of_origin).to_numpy(dtype=float)[known] * np.log(2) / POINTS_TO_DOUBLE
    assert known.sum() > 1000
    np.testing.assert_allclose(phi[known] - phi[known][0], told - told[0], atol=1e-9)


def test_what_has_no_points_is_refused_in_words(model, tmp_path) -> None:
    with pytest.raises(Refused, match="expected a scorecard"):
        write_scorecard(model, tmp_path / "card.html")
    assert not (tmp_path / "card.html").exists()
