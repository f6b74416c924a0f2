"""Retraining by script: configurations, searches that can be killed, and the same tables on any number of threads."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config

from risk import champions, retraining, workbench
from risk.boosted import fit_boosted
from risk.errors import BadSetting, Refused
from risk.models import GA2MClassifier, ProfilesClassifier
from risk.retraining import TrainConfig, Tune, retrain
from risk.settings import SETTINGS
from risk.training import Plan
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


# ------------------------------------------------------------------------------------------ searches


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
