"""The challenger: explained behind the gate, kept as code that is opened only at home, usable like any other."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import joblib
import numpy as np
import pytest

from risk import scoring, workbench
from risk.boosted import BoostedTrees, fit_boosted
from risk.counterchecks import agreement
from risk.errors import ExplanationWithheld, Refused
from risk.explaining import audit_explanations
from risk.registry import Registry
from risk.ui.present import model as present
from risk.ui.present.quality import drift
from risk.workbench import Workspace

UTC = "2026-01-02T03:04:05+00:00"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace.at(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def challenger(data, home):
    return workbench.train(data, "boosted", seed=7, workspace=home)


@pytest.fixture
def registry(home, challenger, tmp_path: Path) -> Registry:
    """A copy of the whole workspace's models, key included, to break."""
    shutil.copytree(home.root / "models", tmp_path / "models")
    return Registry(tmp_path / "models")


def made(n: int = 3000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Items (n, 4) on a coarse grid with gaps, so that thresholds meet values, and labels that mix two features."""
    rng = np.random.default_rng([seed, 3])
    x = (np.round(rng.normal(size=(n, 4)) * 4) / 10).astype(np.float32)
    x[rng.random((n, 4)) < 0.1] = np.nan
    z = np.nan_to_num(x)
    return x, (rng.random(n) < 1 / (1 + np.exp(2 - 12 * z[:, 0] * z[:, 1]))).astype(int)


def test_explanations_add_up_where_thresholds_equal_values_and_values_are_missing() -> None:
    x, y = made()
    trees = fit_boosted(x, y, settings={"max_iter": 40}).scaled(0.7, -0.2)
    splits = {float(t) for stage in trees.booster._predictors for t in stage[0].nodes["num_threshold"]}
    edge = np.array(sorted(t for t in splits if np.isfinite(t)), np.float32)
    x[: len(edge), 0], x[: len(edge), 1] = edge, edge
    phi, margin = trees.explain(x[:200])
    np.testing.assert_allclose(trees.base + phi.sum(axis=1), margin, atol=1e-6)
    np.testing.assert_allclose(margin, 0.7 * trees.booster.decision_function(x[:200].astype(float)) - 0.2)


def test_it_mixes_features_that_additive_tables_cannot() -> None:
    from risk.models import GA2MClassifier

    (x, y), (later, truth) = made(), made(seed=1)
    alone = GA2MClassifier(max_pairs=0, random_state=0).fit(x, y).tables_.margins(later)
    from sklearn.metrics import roc_auc_score

    assert roc_auc_score(truth, fit_boosted(x, y).margins(later)) > roc_auc_score(truth, alone) + 0.05


def test_row_order_changes_nothing_and_a_worker_gets_the_same() -> None:
    x, y = made()
    order = np.random.default_rng([0, 1]).permutation(len(x))
    one, two = fit_boosted(x, y, seed=3), fit_boosted(x[order], y[order], seed=3)
    one.attributions(x[:2])  # the explainer is made, and does not travel
    assert {**one.to_arrays()}.keys() == two.to_arrays().keys()
    for name, array in one.to_arrays().items():
        np.testing.assert_array_equal(array, two.to_arrays()[name], err_msg=name)
    sent = pickle.dumps(one)
    assert b"shap" not in sent
    np.testing.assert_array_equal(pickle.loads(sent).margins(x), one.margins(x))


def test_no_early_stopping_and_no_native_categories(challenger) -> None:
    booster = challenger.tables.booster
    assert booster.n_iter_ == booster.max_iter and booster.is_categorical_ is None


def test_the_loaded_challenger_is_the_same_and_works_downstream(challenger, model, home, data, tmp_path) -> None:
    again = home.registry.load("boosted")
    rows = data.declarations.tail(120)
    told = again.attribute(rows)
    np.testing.assert_array_equal(told["margin"], challenger.score(rows)["margin"])
    phi = told.filter(like="phi_").sum(axis=1)
    np.testing.assert_allclose(told["base_value"] + phi, told["margin"], atol=1e-6)
    said = agreement({"profiles": model, "boosted": again}, rows.head(1))
    assert said["top_reason"].str.len().min() > 10
    batch = workbench.open_queue(Workspace.at(tmp_path), again, rows, how=workbench.Selection(10))
    assert batch.cases >= 10
    assert workbench.evaluate(again, data).capacity["policy"].unique().tolist()[-1] == "boosted"
    with pytest.raises(Refused, match="has no tables, so it has no SQL form"):
        scoring.model_sql(again)


def test_scored_in_parts_as_at_once(challenger, data, stream_path, tmp_path) -> None:
    import pandas as pd

    scoring.score_to_file(challenger, stream_path, tmp_path / "s.parquet")
    made = pd.read_parquet(tmp_path / "s.parquet").set_index("item_id")["margin"]
    whole = workbench.score(challenger, data).set_index("item_id")["margin"]
    np.testing.assert_allclose(made.reindex(whole.index), whole, atol=1e-6)


def test_pages_say_what_cannot_be_drawn(challenger, home, data) -> None:
    facts = dict(present.facts(challenger, home.registry.manifest(challenger.model_id)))
    assert facts["Details it uses"].endswith("mixed in any way")
    moved = drift(challenger, data.declarations.tail(2000))
    assert len(moved) == len(challenger.features.specs) and all(np.isfinite(d.index) for d in moved)


def test_an_explanation_that_misses_the_margin_is_withheld(challenger, data, monkeypatch) -> None:
    real = BoostedTrees.attributions
    monkeypatch.setattr(BoostedTrees, "attributions", lambda self, x, **k: real(self, x, **k) + 1e-4)
    with pytest.raises(ExplanationWithheld, match="is withheld"):
        challenger.attribute(data.declarations.head(3))
    assert len(challenger.score(data.declarations.head(3))) == 3, "the score itself stands"


# ------------------------------------------------------------------------------------------ its artefact


class Bomb:
    """Unpickling it leaves a file behind."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_an_estimator_from_elsewhere_is_not_opened(registry, challenger, tmp_path) -> None:
    """A folder that agrees with itself in every hash, but was not written here."""
    folder, packed = registry.root / challenger.model_id, io.BytesIO()
    joblib.dump(Bomb(tmp_path / "ran"), packed)
    (folder / "estimator.joblib").write_bytes(packed.getvalue())
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"]["estimator.joblib"] = hashlib.sha256(packed.getvalue()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Refused, match="was not written in this workspace.*so it was not opened"):
        registry.load(challenger.model_id)
    assert not (tmp_path / "ran").exists()
    packed.seek(0)
    joblib.load(packed)
    assert (tmp_path / "ran").exists(), "the file above would have run"


def test_a_workspace_without_the_key_does_not_open_it(registry, challenger) -> None:
    (registry.root / ".origin-key").unlink()
    with pytest.raises(Refused, match="was not written in this workspace"):
        registry.load(challenger.model_id)


def test_a_changed_byte_of_the_estimator_is_seen_before_it_is_opened(registry, challenger) -> None:
    path = registry.root / challenger.model_id / "estimator.joblib"
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(Refused, match="estimator.joblib of model .* was changed"):
        registry.load(challenger.model_id)


def test_another_minor_version_is_refused_while_tables_go_on(registry, challenger, model, data, monkeypatch) -> None:
    from risk import registry as module

    tables = registry.save(model, data.declarations.head(5), created_utc=UTC)
    monkeypatch.setattr(module, "version", lambda package: "99.1.0")
    with pytest.raises(Refused, match=r"was written by scikit-learn 1\.\d+; this is 99\.1.*Install scikit-learn 1"):
        registry.load(challenger.model_id)
    assert registry.load(tables.model_id).kind == "profiles"


def test_identical_challengers_are_not_written_twice(data, home, challenger) -> None:
    again = workbench.train(data, "boosted", seed=7, workspace=home)
    assert again.model_id == challenger.model_id and len(home.registry.ids()) == 1


def test_the_audit_of_explanations_takes_it(challenger, data) -> None:
    newest = replace(data, declarations=data.declarations.tail(300).reset_index(drop=True))
    found = audit_explanations(challenger, newest, rate=0.3)
    assert found.flagged > 0 and np.isfinite(found.cause["value"]).any()
