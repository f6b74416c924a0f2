"""One function per thing a person can do: the whole job, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import risk
from risk import workbench
from risk.errors import BadSetting, NotFound, Refused


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


def test_explaining_one_item(model, data) -> None:
    item = str(data.declarations["item_id"].iloc[5])
    told = workbench.explain_item(model, data.declarations, item)
    total = told.base_value + sum(r.attribution for r in told.reasons)
    assert total == pytest.approx(told.margin, abs=1e-6)
    assert all(r.attribution > 0 for r in told.raising) and all(r.attribution < 0 for r in told.lowering)
    with pytest.raises(NotFound, match="No item named 'CX1'"):
        workbench.explain_item(model, data.declarations, "CX1")


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
