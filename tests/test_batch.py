"""Batch scoring: the same bytes whatever the engine, the memory or the number of times it was killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import batch, retraining, workbench
from risk.batch.files import slices
from risk.batch.plan import make_plan
from risk.batch.tasks import _came, _past_of, past, spread
from risk.errors import BadSetting, Refused
from risk.features import PartyHistory, past_columns
from risk.retraining import Tune
from risk.scoring import Means, score_to_file
from risk.training import Plan
from risk.workbench import Workspace
from tests.fixtures_batch import PARTS, ROWS

ROOT = Path(__file__).parent.parent


def bytes_of(folder: Path) -> dict[str, bytes]:
    """Everything visible in a folder of parts."""
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def visible(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))


def test_the_same_scores_as_in_memory(parts_path, model, batch_scores) -> None:
    data = workbench.load_data(parts_path)
    whole = workbench.score(model, data, explain=True)
    parts = pd.read_parquet(batch_scores)
    pd.testing.assert_frame_equal(parts, whole, check_exact=True)
    assert [p.name for p in sorted(batch_scores.iterdir())] == [f"part-{i:05d}.parquet" for i in range(PARTS)]


def test_memory_does_not_change_a_byte(parts_path, model, batch_scores, tmp_path) -> None:
    out = tmp_path / "again.parquet"
    batch.score_data_set(model, parts_path, out, explain=True, means=batch.Means(memory=360 * 10**6))
    plan = make_plan(model, parts_path, tmp_path / "w", explain=True, memory=360 * 10**6)
    assert plan.rows_at_once < ROWS
    assert bytes_of(out) == bytes_of(batch_scores)


def test_processes_do_not_change_a_byte(parts_path, model, batch_scores, tmp_path) -> None:
    out = tmp_path / "again.parquet"
    batch.score_data_set(
        model, parts_path, out, explain=True, means=batch.Means(batch.processes(2), at_once=2)
    )
    assert bytes_of(out) == bytes_of(batch_scores)


KILLED = """
import os, signal, sys
from risk import batch, retraining, workbench
from risk.batch import files, tasks
at, source, space, out = int(sys.argv[1]), *sys.argv[2:]
written, before = 0, files.pq.ParquetWriter.write_table
def write(self, *given, **named):
    global written
    before(self, *given, **named)
    written += 1
    if written == at:
        os.kill(os.getpid(), signal.SIGKILL)  # rows are in the file, its end is not
files.pq.ParquetWriter.write_table = write
model = workbench.Workspace.at(space).registry.load("champion")
batch.score_data_set(model, source, out, explain=True)
"""


def test_killed_at_any_moment_nothing_half_written_is_seen_and_the_bytes_are_the_same(
    parts_path, model, space, batch_scores, tmp_path
) -> None:
    out = tmp_path / "scores.parquet"
    for kill_at, finished in ((1, 0), (3, 2)):  # the second run finds nothing done, and dies in part 3
        given = [str(kill_at), str(parts_path), str(space.root), str(out)]
        done = subprocess.run(
            [sys.executable, "-c", KILLED, *given], cwd=ROOT, capture_output=True, check=False
        )
        assert done.returncode == -signal.SIGKILL, done.stderr.decode()
        assert visible(tmp_path) == []
        kept = sorted((tmp_path / ".scores.parquet.work" / "scores").glob("part-*.parquet"))
        assert len(kept) == finished
        stamps = {p.name: p.stat().st_ino for p in kept}
        assert all(pd.read_parquet(p).shape[0] == ROWS for p in kept)
    batch.score_data_set(model, parts_path, out, explain=True)
    assert bytes_of(out) == bytes_of(batch_scores)
    assert {name: (out / name).stat().st_ino for name in stamps} == stamps  # gone on, not done again
    assert visible(tmp_path) == ["scores.parquet"] and not (tmp_path / ".scores.parquet.work").exists()


def test_another_model_begins_anew(parts_path, model, rules, tmp_path) -> None:
    out, work = tmp_path / "s.parquet", tmp_path / ".s.parquet.work"
    for made in (model, rules):
        plan = make_plan(made, parts_path, work, explain=False)
        batch.run._prepared(plan)
        (work / "scores" / "part-00000.parquet").write_bytes(b"left by the first model")
    batch.run._prepared(plan)
    assert (work / "scores" / "part-00000.parquet").exists()  # the same plan goes on
    batch.run._prepared(make_plan(model, parts_path, work, explain=False))
    assert not (work / "scores" / "part-00000.parquet").exists()
    assert batch.score_data_set(model, parts_path, out).items == PARTS * ROWS


def test_a_bad_row_is_named_with_its_part_and_nothing_appears(parts_path, model, tmp_path) -> None:
    source = shutil.copytree(parts_path / "declarations.parquet", tmp_path / "bad.parquet")
    part = source / "part-00002.parquet"
    frame = pd.read_parquet(part)
    frame.loc[17, "gross_weight_g"] = -3.0
    frame.to_parquet(part, index=False)
    with pytest.raises(Refused, match="part-00002.parquet.*gross_weight_g.*-3"):
        batch.score_data_set(model, source, tmp_path / "out.parquet")
    assert visible(tmp_path) == ["bad.parquet"]
    shutil.copy(parts_path / "declarations.parquet" / "part-00002.parquet", part)
    assert batch.score_data_set(model, source, tmp_path / "out.parquet").items == PARTS * ROWS


def test_one_file_in_one_file_out_and_csv_as_before(parts_path, model, tmp_path) -> None:
    one = parts_path / "declarations.parquet" / "part-00001.parquet"
    assert score_to_file(model, one, tmp_path / "s.parquet").items == ROWS
    scores = pd.read_parquet(tmp_path / "s.parquet")
    assert (tmp_path / "s.parquet").is_file() and list(scores) == ["item_id", "margin", "risk_score"]
    assert score_to_file(model, one, tmp_path / "s.csv").items == ROWS
    np.testing.assert_allclose(pd.read_csv(tmp_path / "s.csv")["margin"], scores["margin"])


def test_unseen_values_are_counted_and_said(parts_path, model, tmp_path) -> None:
    source = shutil.copytree(parts_path / "declarations.parquet", tmp_path / "odd.parquet")
    for name in ("part-00001.parquet", "part-00003.parquet"):
        frame = pd.read_parquet(source / name)
        frame.loc[:4, "country_of_manufacture"] = "ZZ"
        frame.loc[:4, "transit"] = "ZZ"
        frame.loc[:4, "hs_code"] = "000000"
        frame.to_parquet(source / name, index=False)
    done = score_to_file(model, source, tmp_path / "out.parquet")
    assert any("10 items" in n and "never seen" in n for n in done.notices), done.notices


def test_an_empty_part_is_scored_to_an_empty_part(parts_path, model, tmp_path) -> None:
    source = tmp_path / "some.parquet"
    source.mkdir()
    frame = pd.read_parquet(parts_path / "declarations.parquet" / "part-00000.parquet")
    frame.head(50).to_parquet(source / "part-00000.parquet", index=False)
    frame.head(0).to_parquet(source / "part-00001.parquet", index=False)
    assert batch.score_data_set(model, source, tmp_path / "out.parquet", explain=True).items == 50
    assert len(pd.read_parquet(tmp_path / "out.parquet")) == 50


def test_refusals_say_what_to_do(parts_path, model, tmp_path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(Refused, match="not a readable Parquet file. Nothing was scored"):
        batch.score_data_set(model, tmp_path / "x.parquet", tmp_path / "out.parquet")
    with pytest.raises(Refused, match="found none"):
        batch.score_data_set(model, tmp_path / "nowhere", tmp_path / "out.parquet")
    with pytest.raises(BadSetting, match="memory-limit is '100 MB'; expected at least"):
        batch.score_data_set(model, parts_path, tmp_path / "out.parquet", means=batch.Means(memory=10**8))
    with pytest.raises(BadSetting, match="Parquet in and out"):
        score_to_file(
            model, tmp_path / "x.csv", tmp_path / "out.parquet", means=Means(cluster="tcp://127.0.0.1:1")
        )
    with pytest.raises(BadSetting, match="processes is 0"):
        score_to_file(model, parts_path, tmp_path / "out.parquet", means=Means(processes=0))


@given(st.integers(1, 10**15))
def test_sizes_in_words(size: int) -> None:
    assert batch.memory_bytes(str(size)) == size
    assert batch.memory_bytes(f"{size} MB") == size * 10**6


@pytest.mark.parametrize("text", ["", "GB", "2 parsecs", "-1GB", "1.2.3GB"])
def test_sizes_that_are_none(text: str) -> None:
    with pytest.raises(BadSetting, match="such as 2GB"):
        batch.memory_bytes(text)


@pytest.fixture(scope="module")
def historic(parts_path, model, tmp_path_factory):
    """A plan with seven buckets for a dictionary that reads every kind of past, and the whole stream."""
    from dataclasses import replace

    from risk.features import Features
    from risk.schema import Dictionary

    descriptor = model.dictionary.to_descriptor()
    kept = [f for f in descriptor["risk"]["features"] if f["kind"] != "party"]
    made = [
        {
            "name": f"{party}_{what}_{days or ''}",
            "kind": "party",
            "reads": [party],
            "params": {"what": what, **({"days": days} if days else {})},
        }
        for party in ("sender_id", "recipient_id")
        for what, days in (
            ("items", 7),
            ("items", 90),
            ("others", 30),
            ("age", None),
            ("examined", None),
            ("found", None),
        )
    ]
    descriptor["risk"]["features"] = kept + made
    dictionary = Dictionary(descriptor)
    features = Features(dictionary)
    features.state_ = {}
    plan = make_plan(
        replace(model, features=features), parts_path, tmp_path_factory.mktemp("work"), explain=False
    )
    return replace(plan, buckets=7), workbench.load_data(parts_path)


def test_past_by_buckets_is_the_past_of_the_whole_stream(historic) -> None:
    plan, data = historic
    for name in ("spread", "past"):
        (plan.folder / name).mkdir()
    for part in plan.parts:
        assert spread(plan, part) == ROWS
    assert sum(past(plan, k, b) for k in range(2) for b in range(7)) == 2 * PARTS * ROWS
    found = pd.concat([_past_of(plan, part) for part in plan.parts], ignore_index=True)
    d = plan.model.dictionary
    whole = PartyHistory.of(data.declarations, d, outcomes=data.outcomes)
    expected = PartyHistory.empty(whole.names).past(whole)
    pd.testing.assert_frame_equal(found, expected[list(found.columns)].astype(np.float32))
    came = pd.concat([_came(plan, f) for part in plan.parts for f in slices(part.path, d, ROWS)], ignore_index=True)
    pd.testing.assert_frame_equal(came, expected[list(came.columns)])
    assert {*found.columns, *came.columns} == set(past_columns(d))
    assert (found.max() > 0).all() and (came.max() > 0).all()


# ------------------------------------------------------------------------------------------ a real cluster


def die_once(marker: str, number: int) -> int:
    """Kill the worker that runs this, the first time it is asked for number 2."""
    try:
        if number == 2:
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL))
            os.kill(os.getpid(), signal.SIGKILL)
    except FileExistsError:
        pass
    time.sleep(0.05)
    return number


@pytest.fixture(scope="module")
def scheduler():
    """A scheduler with two worker processes on this machine."""
    from distributed import LocalCluster

    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=None) as made:
        yield made


@pytest.mark.filterwarnings("ignore")  # the cluster's own, on closing
def test_a_cluster_gives_the_same_bytes(scheduler, parts_path, model, batch_scores, tmp_path) -> None:
    out = tmp_path / "scores.parquet"
    means = Means(cluster=scheduler.scheduler_address)
    done = score_to_file(model, parts_path, out, explain=True, means=means)
    assert done.items == PARTS * ROWS and bytes_of(out) == bytes_of(batch_scores)


@pytest.mark.filterwarnings("ignore")
def test_a_worker_killed_in_the_middle_loses_nothing(scheduler, tmp_path) -> None:
    marker = tmp_path / "died"
    with batch.cluster(scheduler.scheduler_address)() as run:
        assert sorted(run(die_once, [(str(marker), i) for i in range(12)])) == list(range(12))
    assert marker.exists()


@pytest.mark.filterwarnings("ignore")
def test_policy_lab_runs_go_through_the_same_door(scheduler, tmp_path) -> None:
    """The same tables as in this process; a year whose worker died would be begun again, as any task."""
    from risk import lab

    recipe, plan = lab.Recipe("teaching", seed=3, weeks=3, items_a_week=100), lab.plan_of(capacity=0.05, warm_up=1)
    study = lab.Study(("random",), (1, 2), recipe, plan)
    lab.run_study(study, tmp_path / "here")
    seen: list[tuple[int, int]] = []
    engine = batch.cluster(scheduler.scheduler_address)
    lab.run_study(study, tmp_path / "there", engine=engine, progress=lambda done, total, _: seen.append((done, total)))
    assert bytes_of(tmp_path / "there") == bytes_of(tmp_path / "here") and len(bytes_of(tmp_path / "here")) == 8
    assert seen[-1] == (2, 2)


@pytest.mark.filterwarnings("ignore")
def test_searches_through_joblib_go_through_the_same_door(scheduler) -> None:
    from joblib import Parallel, delayed

    with batch.joblib_on(scheduler.scheduler_address):
        where = Parallel()(delayed(os.getpid)() for _ in range(8))
    assert os.getpid() not in where and len(where) == 8
    with batch.joblib_on(None):
        assert set(Parallel(n_jobs=1)(delayed(os.getpid)() for _ in range(3))) == {os.getpid()}
    with pytest.raises(BadSetting, match="address of a Dask scheduler"), batch.joblib_on("nonsense://here"):
        pass


@pytest.mark.filterwarnings("ignore")
def test_a_search_on_a_cluster_finds_the_same(scheduler, tmp_path) -> None:
    sample = workbench.load_data(Path(__file__).parent.parent / "data_synthetic" / "sample")
    here, there = (Workspace.at(tmp_path / name) for name in ("here", "there"))
    plan, cluster = Plan("logistic", "truth", 7), scheduler.scheduler_address
    one = retraining.tune(sample, plan, Tune(3), workspace=here)
    two = retraining.tune(sample, plan, Tune(3, cluster=cluster), workspace=there)
    assert one == two and len(list(there.root.glob("tuning/*/trial-*.json"))) == 3


def test_what_travels_is_small(parts_path, model, tmp_path) -> None:
    import cloudpickle

    assert len(cloudpickle.dumps(make_plan(model, parts_path, tmp_path, explain=True))) < 2_000_000


def test_no_scheduler_is_said(parts_path, model, tmp_path) -> None:
    with pytest.raises(BadSetting, match="address of a Dask scheduler"):
        score_to_file(model, parts_path, tmp_path / "s.parquet", means=Means(cluster="nonsense://here"))
