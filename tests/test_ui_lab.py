"""The policy lab's page: what it shows is what the runs say; a run can be watched and stopped."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pandas as pd
import pytest

from risk import lab, tasks
from risk.errors import NotFound, Refused
from risk.lab import jobs, runs
from risk.lab.experiments import PRESETS
from risk.lab.jobs import Job, Progress, start_job
from risk.lab.shown import SHIPPED, Shown, load_shown, make_shown, save_shown
from risk.ui import lab_charts
from risk.ui.present import lab as present
from risk.ui.present.lab import MEASURES
from risk.workbench import default_dictionary

TWO = ["targeted", "hybrid-90-10"]


@pytest.fixture(scope="module")
def shown() -> Shown:
    return load_shown()


def test_the_shipped_runs_are_small_and_hold_every_preset(shown: Shown) -> None:
    assert sum(f.stat().st_size for f in SHIPPED.iterdir()) < 2_000_000
    assert set(PRESETS) <= set(shown.worlds)
    for world in shown.worlds:
        assert {"targeted", "hybrid-90-10", "adaptive"} <= set(shown.policies(world))


def test_cards_count_what_the_weekly_table_counts(shown: Shown) -> None:
    world = shown.worlds[0]
    for card in present.cards(shown, world, TWO, 10):
        t = shown.of("weekly", world, [card.policy]).query("week < 10")
        assert (card.examined, card.found) == (t["examined"].sum(), t["found"].sum())
        assert card.irregular == t["irregular"].sum() >= card.irregular_examined >= card.found


def test_missed_by_scheme_adds_up_to_what_went_past(shown: Shown) -> None:
    world = shown.worlds[0]
    rows, card = present.scheme_rows(shown, world, TWO, 12), present.cards(shown, world, TWO, 12)[0]
    mine = [r for r in rows if r["policy"] == card.title]
    assert sum(r["existing"] for r in mine) == card.irregular
    assert sum(r["missed"] * r["existing"] for r in mine) == pytest.approx(
        card.irregular - card.irregular_examined, abs=0.01 * len(mine) * 50
    )


def test_an_item_that_all_missed_was_examined_by_none(shown: Shown) -> None:
    world = shown.worlds[0]
    listed = present.missed_items(shown, world, 99)
    rows = set(shown.missed.loc[shown.missed["world"] == world, "row"])
    assert len(listed) and set(listed["row"]) <= rows
    assert not shown.missed["examined"].any()
    item = present.missed_item(shown, world, int(listed["row"].iloc[-1]), TWO, {"origin": "Origin"})
    assert (
        item.scheme
        and ("Origin", shown.items.query("item_id == @item.item_id")["origin"].iloc[0]) in item.declared
    )
    assert len(item.places) == 2 and 0 <= item.oracle <= 1


def test_every_reason_of_a_missed_item_has_a_title(shown: Shown) -> None:
    told = default_dictionary()
    titled = {f.name for f in (*told.fields(), *told.features)} | set(present.PAST_WORDS)
    said = {p.rsplit(" ", 1)[0] for c in ("lowering", "raising") for t in shown.missed[c] for p in str(t).split("; ")}
    assert said - {""} <= titled


def test_every_week_can_be_shown(shown: Shown) -> None:
    world = shown.worlds[-1]
    for week in (1, 2, 30):
        assert present.cards(shown, world, TWO, week)
        for theme in ("light", "dark"):
            json.dumps(lab_charts.missed(present.scheme_rows(shown, world, TWO, week), theme))
            json.dumps(lab_charts.burden(present.burden_rows(shown, world, TWO, week), theme))
    for measure in MEASURES:
        rows = present.year_rows(shown, world, TWO, measure)
        assert all(0 <= r["value"] for r in rows) and {r["policy"] for r in rows} == {
            "Targeted only",
            "Hybrid 90/10",
        }
        json.dumps(lab_charts.year(rows, week=3, title="t", theme="light"))


def test_what_is_saved_is_what_is_loaded(tmp_path: Path, shown: Shown) -> None:
    save_shown(shown, tmp_path)
    again = load_shown(tmp_path)
    pd.testing.assert_frame_equal(again.weekly, shown.weekly)
    assert again.facts == json.loads(json.dumps(shown.facts))
    with pytest.raises(NotFound):
        load_shown(tmp_path / "nothing")


ASKED = {
    "policies": "random,targeted",
    "world": "teaching",
    "weeks": 3,
    "seeds": 1,
    "items_a_week": 250,
    "capacity": 0.1,
    "weights": "none",
    "warm_up": 3,
}


def test_a_job_runs_to_its_end_and_its_tables_can_be_shown(tmp_path: Path) -> None:
    """In this process: what the job's own process does."""
    job = Job(tmp_path / "jobs" / "one")
    job.folder.mkdir(parents=True)
    (job.folder / "asked.json").write_text(json.dumps(ASKED))
    jobs.main(job.folder)
    assert job.progress().state == "done"
    shown = load_shown(job.folder)
    assert shown.policies("teaching") == ["random", "targeted"] and shown.weekly["week"].max() == 2


def test_only_one_job_at_a_time_and_it_can_be_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "_command", lambda *a: ["sleep", "60"], raising=True)
    job = start_job(tmp_path, ASKED)
    assert job.progress() == Progress("running", words="Starting")
    with pytest.raises(Refused, match="under way"):
        start_job(tmp_path, ASKED)
    job.stop()
    assert job.progress().state == "stopped"


def test_a_job_whose_process_died_has_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_command", lambda *a: ["false"], raising=True)
    job = start_job(tmp_path, ASKED)
    for _ in range(100):
        if job.progress().state == "failed":
            break
        time.sleep(0.05)
    assert job.progress().state == "failed"


def test_a_senseless_job_is_refused_before_it_starts(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        start_job(tmp_path, {**ASKED, "policies": "greedy-ish"})
    assert not (tmp_path / "jobs").exists()


def test_a_study_without_items_missed_by_all_still_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = lab.study_of(
        "random", world="calm", weeks=2, items_a_week=100, plan=lab.plan_of(capacity=1.0, warm_up=2)
    )
    runs.run_study(study, tmp_path)
    shown = make_shown([study], tmp_path)
    assert present.missed_items(shown, "calm", 9).empty
