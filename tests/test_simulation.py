"""The weekly loop: only what was reported is learnt from, runs repeat exactly, tables add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from risk.errors import BadSetting, Refused
from risk.lab.years import in_halls
from risk.simulation import POLICIES, Plan, simulate
from risk.simulation.boosting import Form, Setting, fit_tables
from risk.simulation.year import Year
from tests.fixtures_lab import toy, toy_year  # noqa: F401  (fixture)

QUICK = Setting(rounds=30)


def plan(policy: str = "targeted", **more: object) -> Plan:
    return Plan(policy, **{"capacity": 0.05, "warm_up": 4, "setting": QUICK, **more})


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_runs_and_keeps_to_its_capacity(name: str, toy: Year) -> None:  # noqa: F811
    run = simulate(toy, plan(name))
    weekly = run.weekly
    assert weekly["week"].tolist() == list(range(10))
    assert (weekly["examined"] == (weekly["n"] * 0.05).round()).all()
    assert (run.groups.groupby("week")["examined"].sum().to_numpy() == weekly["examined"]).all()
    assert (run.schemes.groupby("week")["existing"].sum().to_numpy() == weekly["irregular"]).all()
    assert run.missed["examined"].sum() == weekly["irregular_examined"].sum()
    assert (weekly["irregular_examined"] >= weekly["found"]).all()


def test_a_learning_policy_finds_more_than_chance(toy: Year) -> None:  # noqa: F811
    targeted, random = (simulate(toy, plan(p)).weekly["found"].sum() for p in ("targeted", "random"))
    assert targeted > 3 * random


def test_a_run_repeats_exactly_and_a_seed_changes_it(toy: Year) -> None:  # noqa: F811
    one, two, other = (simulate(toy, plan("hybrid-70-30", seed=s)).missed for s in (1, 1, 2))
    assert one.equals(two) and not one.equals(other)


def test_results_that_come_later_change_nothing_before(toy: Year) -> None:  # noqa: F811
    """Flip what every examination of the second half would find: the first half of the run stays the same."""
    half = toy.week >= 9
    flipped = replace(toy, find=np.where(half, ~toy.find, toy.find))
    a, b = (simulate(y, plan("thompson", weights="capped")).missed for y in (toy, flipped))
    early = a["week"] < 9 - 4 + 1  # reports take more than a week
    assert a[early].equals(b[early]) and not a.equals(b)


def test_an_unreported_find_teaches_nothing(toy: Year) -> None:  # noqa: F811
    late = replace(toy, reported_day=toy.reported_day + 1000)
    never = simulate(late, plan("targeted"))
    assert (never.weekly["stated"] < 1e-5 * never.weekly["n"]).all()  # there never was a model
    assert simulate(toy, plan("targeted")).weekly["stated"].max() > 1


def test_unexamined_truth_is_never_learnt_from(toy: Year) -> None:  # noqa: F811
    """Truth columns may be scrambled where only measures read them: choices stay."""
    scrambled = replace(
        toy,
        oracle=toy.oracle[::-1],
        irregular=toy.irregular[::-1],
        scheme=np.where(toy.irregular[::-1], 0, -1),
    )
    a, b = simulate(toy, plan("adaptive")), simulate(scrambled, plan("adaptive"))
    assert a.weekly[["examined", "found", "stated"]].equals(b.weekly[["examined", "found", "stated"]])


def test_weighting_moves_the_stated_rate_towards_the_truth(toy: Year) -> None:  # noqa: F811
    gap = {}
    for weights in ("none", "capped"):
        t = simulate(toy, plan("hybrid-70-30", weights=weights, cap=1e6)).weekly.sum(numeric_only=True)
        gap[weights] = abs(t["stated"] - t["findable"])
    assert gap["capped"] < gap["none"]


def test_the_loop_can_be_stopped(toy: Year) -> None:  # noqa: F811
    class Stop(Exception):
        pass

    def tell(done: int, total: int) -> None:
        if done == 6:
            raise Stop

    with pytest.raises(Stop):
        simulate(toy, plan(), tell=tell)


@pytest.mark.parametrize(
    "change", [{"policy": "targetted"}, {"capacity": 0.0}, {"weights": "some"}, {"warm_up": 14}]
)
def test_a_senseless_plan_is_refused(change: dict, toy: Year) -> None:  # noqa: F811
    with pytest.raises(BadSetting):
        simulate(toy, plan(**change))


def test_a_year_out_of_order_is_refused(toy: Year) -> None:  # noqa: F811
    with pytest.raises(Refused, match="in order of arrival"):
        replace(toy, week=toy.week[::-1])


# ------------------------------------------------------------------------------------------ the learner


def test_directions_hold() -> None:
    rng = np.random.default_rng(2)
    bins = rng.integers(0, 12, (3000, 2)).astype(np.uint8)
    y = (rng.random(3000) < np.where(bins[:, 0] > 6, 0.1, 0.4)).astype(float)  # falls with the bin
    rising = fit_tables(bins, y, Form.of([13, 13], direction=[1, 1]))
    assert np.all(np.diff(rising.table[:, :12], axis=1) >= -1e-12)
    assert np.ptp(fit_tables(bins, y, Form.of([13, 13])).table[0]) > 0.5


def test_categories_need_no_order() -> None:
    rng = np.random.default_rng(3)
    bins = rng.integers(0, 12, (4000, 1)).astype(np.uint8)
    y = (rng.random(4000) < np.where(bins[:, 0] % 2, 0.5, 0.05)).astype(float)
    few = Setting(rounds=8, rate=0.5)
    gap = [
        fit_tables(bins, y, Form.of([13], unordered=[u]), setting=few)
        .table[0, :12]
        .reshape(6, 2)
        .mean(axis=0)
        @ [-1, 1]
        for u in (True, False)
    ]
    assert gap[0] > 2.0 > gap[1]


def test_weights_count_like_repeated_rows() -> None:
    rng = np.random.default_rng(4)
    bins, y = rng.integers(0, 6, (400, 3)).astype(np.uint8), (rng.random(400) < 0.3).astype(float)
    times = rng.integers(1, 4, 400)
    form = Form.of([7] * 3)
    twice = fit_tables(
        np.repeat(bins, times, axis=0), np.repeat(y, times), form, setting=Setting(l2=1e-6, least=1e-6)
    )
    weighted = fit_tables(bins, y, form, weight=times, setting=Setting(l2=1e-6, least=1e-6))
    assert np.allclose(twice.table, weighted.table, atol=0.02)


def test_margins_are_base_plus_table_entries(toy: Year) -> None:  # noqa: F811
    model = fit_tables(toy.bins, toy.find.astype(float), Form.of([11] * 4), setting=QUICK)
    assert np.allclose(model.margins(toy.bins), model.base + model.effects(toy.bins).sum(axis=1))


def test_the_toy_year_differs_by_seed() -> None:
    assert not np.array_equal(toy_year(seed=1).bins, toy_year(seed=2).bins)


def test_case_statistics_feed_on_themselves() -> None:
    """Two halls alike: what counts finds per item that passed sends all to one; weighted finds do not."""
    year = in_halls(toy_year(weeks=40, share=0.15), 1)
    busier = {}
    for weights, policy in (("none", "targeted"), ("none", "hybrid-90-10"), ("capped", "hybrid-70-30")):
        run = simulate(
            year, plan(policy, learner="cases", weights=weights, cap=1e6, points=0.1, only=("hall",))
        )
        late = run.groups[run.groups["week"] >= 20].groupby("group")["examined"].sum()
        busier[policy] = (late / late.sum()).max()
    assert busier["targeted"] > 0.95 and busier["hybrid-90-10"] > 0.9
    assert busier["hybrid-70-30"] < 0.8
