"""Judged on what it has not learnt from, by truth or by examinations, beside rules, chance and the oracle."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from risk import judging, training, workbench
from risk.results import Results


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
