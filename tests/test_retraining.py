"""Retraining by script: configurations, searches that can be killed, and the same tables on any number of threads."""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joblib import parallel_config
from typer.testing import CliRunner

from risk import champions, retraining, tuning, workbench
from risk.boosted import fit_boosted
from risk.cli import app
from risk.errors import BadSetting, Refused
from risk.models import GA2MClassifier, ProfilesClassifier
from risk.retraining import TrainConfig, Tune, retrain
from risk.settings import SETTINGS, check_settings, drawn_settings
from risk.training import FIT, Plan, slices_of
from risk.workbench import Workspace
from tests.fixtures_models import made_families

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "data_synthetic" / "sample"
QUICK = TrainConfig(model="logistic", labels="truth", seed=7)


@pytest.fixture(scope="module")
def sample():
    return workbench.load_data(SAMPLE)


@pytest.fixture(scope="module")
def searched(sample, tmp_path_factory):
    """A search of eight trials that nobody interrupted."""
    space = Workspace.at(tmp_path_factory.mktemp("searched"))
    return retrain(sample, replace(QUICK, tune=Tune(8)), workspace=space), space


def trials_in(space: Workspace) -> list[Path]:
    return sorted(space.root.glob("tuning/*/trial-*.json"))


# ------------------------------------------------------------------------------------------ configurations


def test_a_file_states_everything_and_paths_are_relative_to_it(tmp_path: Path) -> None:
    text = """
    data = "stream"
    workspace = "w"
    model = "boosted"
    labels = "truth"
    seed = 3
    without = ["text"]
    threads = 2
    [settings]
    max_iter = 30
    [tune]
    trials = 4
    parallel = 2
    """
    (tmp_path / "train.toml").write_text(text, encoding="utf-8")
    made = TrainConfig.load(tmp_path / "train.toml")
    assert made == TrainConfig(tmp_path / "stream", None, tmp_path / "w", "boosted", "truth", 3, ("text",), 2,
                               {"max_iter": 30}, Tune(4, 2))
    assert made.plan == Plan("boosted", "truth", 3, ("text",), settings={"max_iter": 30})


def test_every_key_is_documented_and_known() -> None:
    assert list(retraining._FORMS) == [f.name for f in fields(TrainConfig)]
    assert list(retraining._TUNE_FORMS) == [f.name for f in fields(Tune)]
    told = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    named = {*retraining._FORMS, *retraining._TUNE_FORMS, *(n for s in SETTINGS.values() for n in s)}
    assert [n for n in named if f"`{n}`" not in told] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sed = 7", "sed is 7; expected a key of the configuration: data.*Did you mean 'seed'"),
        ("[tune]\ntrial = 7", r"tune.trial is 7; expected a key of \[tune\]: trials.*Did you mean 'trials'"),
        ("seed = -1", "seed is -1; expected a whole number, at least 0"),
        ("seed = true", "seed is True; expected a whole number"),
        ("seed = '7'", "seed is '7'; expected a whole number"),
        ("without = [1]", "expected a list of texts"),
        ("model = 'forest'", "model is 'forest'; expected one of"),
        ("model = 'boosted'\n[settings]\nmax_itr = 3", "expected a setting of boosted.*Did you mean 'max_iter'"),
        ("model = 'boosted'\n[settings]\nmax_iter = 0", "max_iter is 0; expected a whole number from 1 to 5000"),
        ("model = 'rules'\n[settings]\nx = 1", "rules has no settings"),
        ("model = ", "Expected a configuration in TOML"),
    ],
)
def test_what_makes_no_sense_is_said(text: str, words: str) -> None:
    with pytest.raises((BadSetting, Refused), match=words):
        TrainConfig.from_text(text)


@given(kind=st.sampled_from(sorted(SETTINGS)), trial=st.integers(1, 500), seed=st.integers(0, 1000))
def test_whatever_a_search_draws_may_be_set(kind: str, trial: int, seed: int) -> None:
    drawn = drawn_settings(kind, trial, seed=seed)
    check_settings(kind, drawn)
    assert drawn == drawn_settings(kind, trial, seed=seed)


@pytest.mark.parametrize("kind", sorted(set(SETTINGS) - {"rules"}))
def test_each_setting_reaches_the_estimator(kind: str, sample) -> None:
    """A model with a changed setting is another model; the fold's judge sees it."""
    quick = {"max_iter": 3, "n_bags": 1} if kind in ("profiles", "ga2m") else {}
    search = tuning.prepare(sample, Plan(kind, "truth", 1, settings=quick), truth=workbench.load_truth(SAMPLE))
    name = {"logistic": "C", "scorecard": "ridge"}.get(kind, "learning_rate")
    low, high = ((1e-4, 100.0) if kind == "logistic" else (0.01, 10.0) if kind == "scorecard" else (0.01, 0.9))
    from risk.recipes import RECIPES

    fold = search.folds[-1]
    one, two = (RECIPES[kind](replace(fold.lesson, settings={**search.plan.settings, name: v})) for v in (low, high))
    assert not np.array_equal(one.margins(fold.x), two.margins(fold.x))


# ------------------------------------------------------------------------------------------ searches


def test_folds_follow_time_and_touch_nothing_later(data) -> None:
    data = replace(data, declarations=data.declarations.head(28_000))
    search = tuning.prepare(data, Plan("logistic", seed=3))
    slices = slices_of(data.declarations, data.dictionary, seed=3)
    fit = int(slices.rows(FIT).sum())
    assert [len(f.lesson.y) / fit for f in search.folds] == pytest.approx([0.6, 0.8], abs=0.01)
    later = data.outcomes["reported_utc"] > slices.fit_until
    flipped = replace(data, outcomes=data.outcomes.assign(
        found=np.where(later, ~data.outcomes["found"], data.outcomes["found"])))
    again = tuning.prepare(flipped, Plan("logistic", seed=3))
    for one, two in zip(search.folds, again.folds, strict=True):
        np.testing.assert_array_equal(one.lesson.x, two.lesson.x)
        np.testing.assert_array_equal(one.lesson.y, two.lesson.y)
        np.testing.assert_array_equal(one.y, two.y)


def test_the_best_of_the_search_is_fitted_and_said(searched) -> None:
    done, space = searched
    trials = [json.loads(p.read_text()) for p in trials_in(space)]
    assert [t["trial"] for t in trials] == list(range(8)) and trials[0]["settings"] == {}
    best = max(trials, key=lambda t: t["score"])
    facts = done.model.facts
    assert facts["settings"] == best["settings"] and facts["tuning"]["best"] == best["score"] >= trials[0]["score"]
    assert done.card.exists() and done.evaluation.judge == "truth"
    card = champions.model_card(space, done.model.model_id)
    assert card["reproduce"]["commands"][-1].endswith("--tune 8") and card["training_data"]["tuning"]["trials"] == 8


def test_a_search_that_was_killed_goes_on_where_it_was(searched, tmp_path: Path) -> None:
    """Killed in the middle (SIGKILL), then continued: what was judged stays, and the model is the same."""
    whole, space = Workspace.at(tmp_path), searched[1]
    command = [sys.executable, "-m", "risk", "train", str(SAMPLE), "--labels", "truth", "--model", "logistic",
               "--seed", "7", "--tune", "5000", "--workspace", str(tmp_path)]
    run = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while len(trials_in(whole)) < 3 and run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    run.send_signal(signal.SIGKILL)
    assert run.wait() == -signal.SIGKILL, run.stderr.read()
    run.stderr.close()
    kept = {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in trials_in(whole)}
    assert 3 <= len(kept) < 5000 and whole.registry.ids() == []
    done = retrain(workbench.load_data(SAMPLE), replace(QUICK, tune=Tune(8)), workspace=whole)
    after = {p.name: (p.stat().st_mtime_ns, p.read_bytes()) for p in trials_in(whole)}
    assert {name: after[name] for name in kept} == kept, "no finished trial was judged again"
    assert digest_of(whole, done) == digest_of(space, searched[0])


def digest_of(space: Workspace, done: retraining.Retrained) -> str:
    return space.registry.manifest(done.model.model_id)["content_sha256"]


def test_two_at_once_find_the_same(searched, sample, tmp_path: Path) -> None:
    said, two = [], Workspace.at(tmp_path)
    with parallel_config(backend="threading"):  # processes would first load everything anew
        retraining.tune(sample, QUICK.plan, Tune(4, parallel=2), workspace=two, progress=lambda *s: said.append(s))
    alone = {p.name: p.read_bytes() for p in trials_in(searched[1])}
    assert {p.name: alone[p.name] for p in trials_in(two)} == {p.name: p.read_bytes() for p in trials_in(two)}
    assert said == [("trials", done, 4) for done in range(5)]


def test_a_search_can_be_sent_to_another_process(sample) -> None:
    search = tuning.prepare(sample, QUICK.plan, truth=workbench.load_truth(SAMPLE))
    assert tuning.judged_trial(pickle.loads(pickle.dumps(search)), 3) == tuning.judged_trial(search, 3)


def test_what_cannot_be_searched_is_refused(sample, tmp_path) -> None:
    with pytest.raises(BadSetting, match="tune is 'rules'; expected a kind of model with settings"):
        retrain(sample, TrainConfig(model="rules", labels="truth", tune=Tune(2)), workspace=Workspace.at(tmp_path))
    with pytest.raises(Refused, match="No model was made"):
        retrain(sample, TrainConfig(model="logistic", tune=Tune(2)), workspace=Workspace.at(tmp_path))
    assert not (tmp_path / "models").exists()


# ------------------------------------------------------------------------------------------ threads


@pytest.mark.parametrize("kind", ["profiles", "ga2m", "boosted"])
def test_the_same_seed_gives_the_same_bits_on_one_thread_and_on_two(kind: str) -> None:
    x, y, family = made_families(n=900)

    def arrays(threads: int) -> dict[str, np.ndarray]:
        common = {"max_iter": 6, "random_state": 5, "n_bags": 2, "n_threads": threads}
        if kind == "boosted":
            return fit_boosted(x, y, settings={"max_iter": 6}, seed=5, threads=threads).to_arrays()
        if kind == "profiles":
            return ProfilesClassifier(**common).fit(x, y, families=family).tables_.to_arrays()
        return GA2MClassifier(max_pairs=3, **common).fit(x, y).tables_.to_arrays()

    with parallel_config(backend="threading"):  # processes would first load everything anew
        one, two = arrays(1), arrays(2)
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], two[name], err_msg=name)


# ------------------------------------------------------------------------------------------ the command


def test_the_command_takes_a_file_and_what_is_given_counts_more(tmp_path: Path) -> None:
    (tmp_path / "train.toml").write_text(
        f'data = "{SAMPLE.as_posix()}"\nworkspace = "w"\nmodel = "scorecard"\nlabels = "truth"\nseed = 3\n'
        "[settings]\nbands = 4\n", encoding="utf-8")  # fmt: skip
    config = ("train", "--config", str(tmp_path / "train.toml"))
    done = CliRunner().invoke(app, [*config, "--model", "logistic", "--set", "C=0.5"])
    assert done.exit_code == 0, done.output
    model_id = done.stdout.strip().splitlines()[-1]
    facts = Workspace.at(tmp_path / "w").registry.load(model_id).facts
    assert (facts["model"], facts["seed"], facts["settings"]) == ("logistic", 3, {"bands": 4, "C": 0.5})
    with pytest.raises(BadSetting, match="settings.C is .*expected a setting of scorecard"):
        CliRunner().invoke(app, [*config, "--set", "C=0.5"], catch_exceptions=False)
    assert CliRunner().invoke(app, ["train"]).exit_code == 2
    assert CliRunner().invoke(app, [*config, "--set", "bands"]).exit_code == 2
