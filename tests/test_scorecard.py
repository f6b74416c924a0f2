"""Scorecard and logistic regression: scikit-learn classifiers, whole points, close to one another."""

from __future__ import annotations

import re

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from risk.models import BandedLogistic, ScorecardClassifier
from risk.models.scorecard import POINTS_TO_DOUBLE, points_page, points_table
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


def test_twenty_points_double_the_odds(both) -> None:
    """Adding up the printed points ranks and spaces items as the margin does."""
    card, (x, _, _) = both[0], made_families(500, seed=3)
    printed = points_table(card.tables_.scaled(0.7, 1.0), slope=0.7)
    assert printed["points"].min() == 0 and (printed.groupby("feature", sort=False).size() <= 9).all()
    unit = np.log(2) / POINTS_TO_DOUBLE
    total = sum(
        np.round((s[b] - s.min()) / unit)
        for s, b in zip(card.tables_.single, card.tables_.bins(x).T, strict=True)
    )
    np.testing.assert_allclose(np.diff(card.decision_function(x)), np.diff(total) * unit, atol=1e-9)


@pytest.mark.parametrize("sign", [1, -1])
def test_a_stated_direction_is_held(sign: int) -> None:
    x, y, _ = made_families(2000)
    card = ScorecardClassifier(monotonic_cst=[0, sign, 0, 0, 0]).fit(x, y)
    assert (sign * np.diff(card.tables_.single[1][:-1]) >= -1e-9).all()


def test_the_page_says_what_the_table_says(both) -> None:
    printed = points_table(both[0].tables_, titles={"x0": "Weight <g>"})
    page = points_page(printed, title="Card of today")
    assert "Card of today" in page and "Weight &lt;g&gt;" in page and "double the odds" in page
    rows = [re.findall("<td>(.*?)</td>", row) for row in re.findall("<tr>(.*?)</tr>", page, flags=re.S)]
    assert [int(r[3]) for r in rows if r] == printed.loc[printed["share of items"] > 0, "points"].tolist()
