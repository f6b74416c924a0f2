"""The lab's bench: years repeat, studies resume, processes change nothing, the command prints."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config

from risk import lab
from risk.errors import BadSetting, NotFound
from risk.lab import runs
from risk.lab.experiments import EXPERIMENTS, experiment
from risk.lab.years import LAB_WORLDS, in_halls, load_lab_world
from risk.simulation import Plan, Year
from risk.simulation.boosting import Setting
from tests.fixtures_lab import toy_year

RECIPE = lab.Recipe("teaching", seed=3, weeks=9, items_a_week=400)
PLAN = Plan(capacity=0.1, warm_up=4, setting=Setting(rounds=20))
STUDY = lab.Study(("targeted", "hybrid-70-30"), (1, 2), RECIPE, PLAN)


@pytest.fixture(scope="module")
def year() -> Year:
    return lab.year_of(RECIPE)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Studies run on toy years, which cost nothing; only the command's test makes real ones."""
    runs._year.cache_clear()
    monkeypatch.setattr(runs, "year_of", lambda recipe: toy_year(seed=recipe.seed, weeks=recipe.weeks))
    yield
    runs._year.cache_clear()


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    lab.run_study(STUDY, tmp_path / "kept")
    return tmp_path / "kept"


def test_a_year_repeats_and_holds_what_the_stream_holds(year: Year) -> None:
    made = lab.make_year(RECIPE)
    assert np.array_equal(year.bins, made.year.bins) and np.array_equal(year.find, made.year.find)
    assert len(made.declarations) == len(year.week) == 3600
    assert year.weeks == 9 and (year.reported_day > year.week * 7).all()
    assert np.array_equal(year.irregular, made.truth["irregular"])
    assert (~year.find | year.irregular).all()  # nothing is found where nothing is
    assert (year.bins < year.form.sizes[: year.bins.shape[1]]).all()


def test_two_halls_have_nothing_to_tell_them_apart(year: Year) -> None:
    halls = in_halls(year, 1)
    assert halls.names == ("hall",) and set(np.unique(halls.group)) == {0, 1}
    assert abs(np.corrcoef(halls.group, year.irregular)[0, 1]) < 4 / np.sqrt(len(year.week))


def test_a_study_resumes_where_it_was(kept: Path) -> None:
    before = {f: f.stat().st_mtime_ns for f in kept.iterdir()}
    told: list[tuple[int, int, str]] = []
    lab.run_study(STUDY, kept, progress=lambda *a: told.append(a))
    assert told == [(4, 4, "4 runs were already there")]
    assert before == {f: f.stat().st_mtime_ns for f in kept.iterdir()}


def test_a_stopped_study_keeps_what_was_finished(tmp_path: Path, kept: Path) -> None:
    def stop(done: int, total: int, words: str) -> None:
        if done == 1 and "week 3" in words:
            raise lab.Cancelled

    with pytest.raises(lab.Cancelled):
        lab.run_study(STUDY, tmp_path, progress=stop)
    assert len(lab.results(STUDY, tmp_path)["policy"].unique()) == 1
    assert not list(tmp_path.glob(".*"))
    lab.run_study(STUDY, tmp_path)
    pd.testing.assert_frame_equal(lab.results(STUDY, tmp_path), lab.results(STUDY, kept))


def test_processes_change_nothing(tmp_path: Path, kept: Path) -> None:
    with parallel_config(backend="threading"):
        lab.run_study(STUDY, tmp_path, processes=2)
    for table in ("weekly", "schemes", "groups", "missed"):
        pd.testing.assert_frame_equal(lab.results(STUDY, tmp_path, table), lab.results(STUDY, kept, table))


def test_a_runs_name_says_everything_it_depends_on() -> None:
    name = STUDY.name_of("targeted", 1)
    assert name != STUDY.name_of("targeted", 2) != STUDY.name_of("random", 2)
    assert name != replace(STUDY, plan=replace(PLAN, capacity=0.2)).name_of("targeted", 1)
    assert name != replace(STUDY, recipe=replace(RECIPE, world="calm")).name_of("targeted", 1)
    assert runs._FORMAT >= 1


def test_results_are_tidy(kept: Path) -> None:
    weekly = lab.table_of(STUDY, kept, "weekly")
    assert list(weekly.columns[:4]) == ["world", "seed", "policy", "weights"] and len(weekly) == 4 * 5
    shown = lab.table_of(STUDY, kept)
    assert set(shown["policy"]) == {"targeted", "hybrid-70-30"} and (shown["seeds"] == 2).all()
    told = lab.table_of(STUDY, kept, "estimates")
    assert len(told) == 4 * 3 and (told["low"] <= told["high"]).all()


@pytest.mark.parametrize("change", [{"policies": ""}, {"seeds": 0}, {"weeks": 0}, {"items_a_week": 3}])
def test_senseless_studies_are_refused_before_anything_runs(change: dict) -> None:
    given = {"policies": "random", "world": "calm", **change}
    with pytest.raises(BadSetting):
        lab.study_of(**given)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(NotFound, match="No world named"):
        lab.study_of("random", world="kalm")
    with pytest.raises(NotFound, match="No experiment named"):
        experiment("calmm")


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_every_experiment_makes_sense(name: str) -> None:
    for study in EXPERIMENTS[name].studies.values():
        study.check()


@pytest.mark.parametrize("name", LAB_WORLDS)
def test_the_labs_worlds_load(name: str) -> None:
    assert load_lab_world(name).name == name
