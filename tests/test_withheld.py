"""An explanation that does not add up is shown on no surface; the score itself stands.

The two ways by which shap's sums were seen to miss the margin are tried on a real booster: native categorical
splits, and thresholds equal to data values under float32.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from typer.testing import CliRunner

from risk import workbench
from risk.cli import app
from risk.counterchecks import agreement, differing_reasons
from risk.errors import ExplanationWithheld
from risk.explanation import check_additive, tree_attributions, tree_explainer
from risk.fitted import FittedModel
from risk.registry import Registry
from risk.service.scorer import Scorer
from risk.ui.present import compare
from risk.ui.present import item as present
from risk.ui.present.evidence import evidence_pack


@dataclass(frozen=True)
class Off:
    """Tables whose attributions miss the margin by a hundredth of a log-odds."""

    tables: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tables, name)

    def attributions(self, x: np.ndarray, **how) -> np.ndarray:
        return self.tables.attributions(x, **how) + 0.01 / x.shape[1]

    def explain(self, x: np.ndarray, **how) -> tuple[np.ndarray, np.ndarray]:
        return self.attributions(x, **how), self.tables.margins(x)


@pytest.fixture
def broken(model) -> FittedModel:
    return replace(model, tables=Off(model.tables))


@pytest.fixture
def row(model, data) -> pd.DataFrame:
    found = data.declarations.tail(1).reset_index(drop=True)
    return found.join(model.score(found).drop(columns="item_id"))


@pytest.mark.parametrize("ask", ["attribute", "attribute_and_say", "explain", "reasons"])
def test_the_model_hands_out_nothing(broken, row, ask: str) -> None:
    with pytest.raises(ExplanationWithheld, match="miss the score by 0.01 log-odds.*The score itself stands"):
        getattr(broken, ask)(row)


def test_the_score_stands(model, broken, row) -> None:
    pd.testing.assert_frame_equal(broken.score(row), model.score(row))


@pytest.mark.parametrize("more", [[], ["--compare", "champion"]])
def test_the_command_line_shows_the_message(broken, row, stream_path, space, monkeypatch, more: list[str]) -> None:
    monkeypatch.setattr(Registry, "load", lambda self, name: broken)
    given = ["explain", "champion", str(stream_path), "--item", row["item_id"][0], "--workspace", str(space.root)]
    done = CliRunner().invoke(app, [*given, *more])
    said = done.output + str(done.exception or "")
    assert "withheld" in said and "raises the odds" not in said and "phi_" not in said


def test_the_item_page_and_the_evidence_pack_show_the_message(broken, row, space) -> None:
    view = present.item_view(broken, row)
    assert "withheld" in view.withheld and not (view.raising or view.lowering or view.bars)
    assert not any(r.mark for s in view.sections for r in s.rows)
    pack = evidence_pack(view, broken, row, space.registry.manifest(broken.model_id), [])
    assert view.withheld.split(":")[0] in pack and "raises the odds" not in pack


def test_the_service_refuses(broken, data) -> None:
    class Fixed:
        def load(self, name: str) -> FittedModel:
            return broken

    names = [f.name for f in broken.dictionary.fields()]
    asked = data.declarations.tail(1)[names].astype(object).where(lambda t: t.notna(), None).to_dict("records")
    with pytest.raises(ExplanationWithheld):
        Scorer(Fixed()).answer(asked)


def test_a_queue_is_not_opened_on_reasons_that_miss(broken, data, tmp_path) -> None:
    with pytest.raises(ExplanationWithheld):
        rows = data.declarations.tail(50)
        workbench.open_queue(workbench.Workspace.at(tmp_path), broken, rows, how=workbench.Selection(5))
    assert not (tmp_path / "queues").exists()


def test_beside_other_models_only_its_score_is_told(model, broken, row) -> None:
    said = agreement({"ours": model, "broken": broken}, row).set_index("model")
    assert "withheld" in said.loc["broken", "top_reason"] and not said.loc["broken", "same_top_reason"]
    assert said.loc["broken", "margin"] == said.loc["ours", "margin"]
    assert list(differing_reasons({"ours": model, "broken": broken}, row).columns) == [
        "feature", "title", "ours", "reading"]
    headers, rows = compare.differing({"ours": model, "broken": broken}, row)
    assert headers[1:-1] == (model.kind,) and rows and all(len(r) == len(headers) for r in rows)


# ------------------------------------------------------------------------------------------ the two traps


def coded(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Codes 0…11 whose effect follows no order, and a number."""
    rng = np.random.default_rng([seed, 12])
    x = np.column_stack([rng.integers(0, 12, 3000), rng.normal(size=3000)]).astype(float)
    effect = rng.normal(0, 2, 12)
    return x, rng.random(3000) < 1 / (1 + np.exp(-effect[x[:, 0].astype(int)] - x[:, 1]))


def test_native_categorical_splits_pass_shaps_check_and_are_withheld_by_ours() -> None:
    import shap

    x, y = coded()
    booster = HistGradientBoostingClassifier(max_iter=20, categorical_features=[0], early_stopping=False).fit(x, y)
    margins, ids = booster.decision_function(x[:200]), [str(i) for i in range(200)]
    trees = shap.TreeExplainer(booster)
    checked = trees.shap_values(x[:200], check_additivity=True)  # raises nothing: shap asks its own copy of the trees
    against = tree_explainer(booster, x[:50])
    for explainer, phi in ((trees, checked), (against, tree_attributions(against, x[:200]))):
        base = float(np.ravel(explainer.expected_value)[0])
        assert np.abs(base + phi.sum(axis=1) - margins).max() > 0.1
        with pytest.raises(ExplanationWithheld):
            check_additive(phi, base, margins, ids)


def test_values_on_a_threshold_are_withheld_or_exact_never_shown_wrong() -> None:
    """A threshold is the middle of two doubles; rounded to float32, a value can fall on its other side."""
    rng = np.random.default_rng([3, 13])
    x = np.round(rng.normal(size=(3000, 2)), 2)
    x[:, 0] = 16_777_216 + rng.integers(0, 12, 3000)  # neighbours that float32 cannot tell apart
    y = (x[:, 0] % 2 == 0) ^ (rng.random(3000) < 0.05)
    booster = HistGradientBoostingClassifier(max_iter=20, early_stopping=False).fit(x, y)
    x, explainer = x[:300], tree_explainer(booster, x[:50])
    margins, base = booster.decision_function(x), float(np.ravel(explainer.expected_value)[0])
    rounded = np.asarray(explainer.shap_values(x.astype(np.float32), check_additivity=False))
    assert np.abs(base + rounded.sum(axis=1) - margins).max() > 0.1
    with pytest.raises(ExplanationWithheld):
        check_additive(rounded, base, margins, [str(i) for i in range(len(x))])
