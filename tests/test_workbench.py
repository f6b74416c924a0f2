"""One function per thing a person can do: the whole job, and what it refuses."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import risk
from risk import judging, training, workbench
from risk.errors import BadSetting, NotFound, Refused
from risk.results import Results
from risk.workbench import Workspace


def test_the_contract_of_the_python_api(stream_path) -> None:
    data = risk.load_data(stream_path)
    model = risk.train(data, model="ga2m", seed=7)
    s = model.score(data.declarations)
    assert list(s.columns) == ["item_id", "margin", "risk_score"]
    e = model.explain(data.declarations.head(50))
    assert e.values.shape == (50, len(e.feature_names))
    np.testing.assert_allclose(e.base_values + e.values.sum(axis=1), s["margin"].head(50), atol=1e-6)
    assert risk.evaluate(model, data).judge == "truth"
    assert (risk.select(s, capacity=200, random_share=0.1, seed=7)["lane"] == "red").sum() == 200


def test_the_model_beats_rules_and_rules_beat_chance(model, data, truth) -> None:
    """Not digits: an order of average precision on newer items that must hold, or world or model is broken."""
    from sklearn.metrics import average_precision_score

    rows = training.unseen_rows(model.facts, data)
    items = data.declarations[rows]
    of = truth.set_index("item_id").loc[items["item_id"]]
    margins = {**judging.baselines(model, items, truth, data.dictionary), "ga2m": model.score(items)["margin"]}
    ap = {name: average_precision_score(of["irregular"], margin) for name, margin in margins.items()}
    assert ap["oracle"] > ap["ga2m"] > ap["rules"] > of["irregular"].mean(), ap


def test_scores_are_calibrated_to_the_stream(model, data, truth) -> None:
    """The mean stated probability on newer items is within a factor of two of the true rate."""
    rows = training.unseen_rows(model.facts, data)
    stated = model.score(data.declarations[rows])["risk_score"].mean()
    real = truth.set_index("item_id")["irregular"].reindex(data.declarations["item_id"][rows]).mean()
    assert 0.5 < stated / real < 2


def test_judged_on_items_it_has_not_learnt_from(model, data) -> None:
    result = workbench.evaluate(model, data)
    assert pd.Timestamp(result.period[0]) > pd.Timestamp(model.facts["calibrate_until"])
    assert result.n == pytest.approx(0.2 * len(data.declarations), rel=0.05)


def test_judged_by_examinations_where_there_is_no_truth(model, data, tmp_path: Path) -> None:
    from dataclasses import replace

    result = workbench.evaluate(model, replace(data, source=tmp_path))
    assert result.judge == "examinations" and "oracle" not in set(result.capacity["policy"])
    assert "truth" not in result.estimates and result.schemes.empty
    assert judging.oracle_sentence(result, model.kind) == ""


def test_an_evaluation_comes_back_as_it_was_kept_older_ones_too(model, data, tmp_path: Path) -> None:
    kept, found = Results(tmp_path), workbench.evaluate(model, data)
    kept.keep("m", found)
    again = kept.of("m")
    for name in ("costs", "estimates", "schemes"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(found, name), check_dtype=False)
    assert "of what any model could find" in judging.oracle_sentence(again, model.kind)
    plain = json.loads((tmp_path / "m.json").read_text(encoding="utf-8"))
    older = {k: v for k, v in plain.items() if k not in ("costs", "estimates", "schemes")}
    (tmp_path / "m.json").write_text(json.dumps(older), encoding="utf-8")
    assert kept.of("m").costs.empty and len(kept.of("m").capacity) == len(found.capacity)


def test_explaining_one_item(model, data) -> None:
    item = str(data.declarations["item_id"].iloc[5])
    told = workbench.explain_item(model, data.declarations, item)
    total = told.base_value + sum(r.attribution for r in told.reasons)
    assert total == pytest.approx(told.margin, abs=1e-6)
    assert all(r.attribution > 0 for r in told.raising) and all(r.attribution < 0 for r in told.lowering)
    with pytest.raises(NotFound, match="No item named 'CX1'"):
        workbench.explain_item(model, data.declarations, "CX1")


def test_the_queue_holds_what_was_selected(model, data, tmp_path: Path) -> None:
    space = Workspace.at(tmp_path)
    newest = workbench.newest(data, days=7)
    batch = workbench.open_queue(space, model, newest, how=workbench.Selection(40, random_share=0.25, seed=1))
    with closing(space.store(read_only=True)) as store:
        from risk.store import CaseFilter

        red = store.cases(CaseFilter(lanes=("red",)), size=100)
        assert red.total == 40 and store.verify().ok
        assert sum(c.channel == "random" for c in red.rows) == 10
        case = red.rows[0]
    row = workbench.queue_item(space, batch, case.item_id).iloc[0]
    phi = sum(row[c] for c in row.index if c.startswith("phi_"))
    assert row["base_value"] + phi == pytest.approx(case.margin, abs=1e-6)
    again = workbench.open_queue(space, model, newest, how=workbench.Selection(40, random_share=0.25, seed=1))
    assert again.batch_id == batch.batch_id, "opening the same queue twice must not make two"


def test_senseless_requests(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="items is 0"):
        workbench.generate(tmp_path / "x", items=0)
    assert not (tmp_path / "x").exists()
    with pytest.raises(Refused, match="found none"):
        workbench.open_data(tmp_path / "nothing.csv")


def test_formula_safe() -> None:
    table = pd.DataFrame({"t": ["=1+1", "@x", "ok", None, "＝1"], "n": [-1.0, 2, 3, 4, 5]})
    safe = workbench.formula_safe(table)
    assert safe["t"].tolist()[:3] == ["'=1+1", "'@x", "ok"] and safe["t"].iloc[4] == "'＝1"
    assert safe["n"].tolist() == table["n"].tolist()
