"""The four dimensions of data quality as features: values, words, and what the dictionary declares."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from data_synthetic import load_dictionary
from risk.errors import Refused
from risk.explanation import reasons
from risk.features import Features
from risk.features.quality import DIMENSIONS, dimensions, quality_features
from risk.schema import Dictionary

NAMES = [f"data_{d}" for d in DIMENSIONS]


def opened() -> Dictionary:
    """The made stream's dictionary with models learning from the four dimensions, and from nothing else."""
    d = load_dictionary().to_descriptor()
    d["risk"]["features"] = [{**f, "model": True} for f in d["risk"]["features"] if f["name"] in NAMES]
    for f in d["resources"][0]["schema"]["fields"]:
        f["risk"]["feature"] = False
    return Dictionary(d)


def row(data, **cells: object) -> pd.DataFrame:
    whole = {"hs_code": "619110", "transit": "QM", "origin": "QM", "origin_operator": "QM", "gross_weight_g": 90.0,
             "declared_net_weight_g": 80.0, "ead_received_utc": pd.Timestamp("2020-01-01", tz="UTC"),
             "arrived_utc": pd.Timestamp("2020-01-03", tz="UTC")}
    return data.declarations.iloc[[0]].assign(**{**whole, **cells})


LATE = pd.Timestamp("2020-01-04", tz="UTC")
CASES = [  # changed cells, feature, value, sentence
    ({}, "data_completeness", 1.0, "Every field that the sender should fill in is filled in"),
    ({"hs_code": None}, "data_completeness", 0.9, "Empty in the declaration: HS code"),
    ({"hs_code": None, "description": None, "postage_sdr": np.nan}, "data_completeness", 0.7,
     "Empty in the declaration: Description, HS code and Postage"),
    ({}, "data_timeliness", 1.0, "Advance data came before the item"),
    ({"ead_received_utc": LATE}, "data_timeliness", 0.0, "Advance data came no sooner than the item"),
    ({"ead_received_utc": pd.Timestamp("2020-01-03", tz="UTC")}, "data_timeliness", 0.0,
     "Advance data came no sooner than the item"),
    ({"ead_received_utc": pd.NaT}, "data_timeliness", 0.0, "No advance data came for this item"),
    ({}, "data_accuracy", 1.0, "Gross weight is at least the declared net weight"),
    ({"declared_net_weight_g": 1e9}, "data_accuracy", 0.0, "Gross weight is below the declared net weight"),
    ({"declared_net_weight_g": 0.0}, "data_accuracy", 1.0, "Gross weight is at least the declared net weight"),
    ({"declared_net_weight_g": np.nan}, "data_accuracy", np.nan, "Gross and net weight cannot be compared"),
    ({}, "data_consistency", 1.0, "The fields of the route agree"),
    ({"transit": None}, "data_consistency", 1.0, "The fields of the route agree"),
    ({"transit": "QN"}, "data_consistency", 0.0, "Of the route, these differ from the origin: Transit"),
    ({"transit": "QN", "origin_operator": "QN"}, "data_consistency", 0.0,
     "Of the route, these differ from the origin: Sending operator and Transit"),
    ({"origin": None}, "data_consistency", np.nan, "The fields of the route cannot be compared"),
]


@pytest.fixture(scope="module")
def features(data) -> Features:
    return Features(opened()).fit(data.declarations.head(500))


@pytest.mark.parametrize(("cells", "name", "value", "said"), CASES, ids=lambda v: str(v)[:40])
def test_a_dimension_says_what_it_is(features, data, cells: dict, name: str, value: float, said: str) -> None:
    frame = row(data, **cells)
    assert features.transform(frame)[name].iloc[0] == pytest.approx(value, nan_ok=True)
    told = {r.feature: r for r in reasons(features, frame, np.full((1, 4), 0.6))[0]}
    assert told[name].sentence == said and told[name].missing == bool(np.isnan(value))


def test_every_dimension_is_declared_and_no_model_learns_from_it_by_default(model, data) -> None:
    declared = quality_features(model.dictionary)
    assert tuple(declared) == DIMENSIONS and not any(f.model for f in declared.values())
    assert all(f.reads and f.unit and f.title and f.reason for f in declared.values())
    assert not set(NAMES) & set(model.features.get_feature_names_out())
    opened_up = Features(opened()).fit(data.declarations.head(500)).transform(data.declarations)
    named = dimensions(model.dictionary, data.declarations).add_prefix("data_")
    pd.testing.assert_frame_equal(opened_up, named[list(opened_up.columns)].astype(np.float32))


def test_a_table_that_declares_nothing_still_has_completeness() -> None:
    d = Dictionary({"name": "t", "resources": [{"name": "declarations", "schema": {"fields": [
        {"name": "id", "type": "string", "risk": {"role": "id"}},
        {"name": "w", "type": "number", "risk": {"role": "numeric"}},
        {"name": "c", "type": "string", "risk": {"role": "categorical"}}]}}]})
    found = dimensions(d, pd.DataFrame({"id": ["a", "b"], "w": [1.0, np.nan], "c": ["x", None]}))
    assert found.to_dict("list") == {"completeness": [1.0, 0.0]}


def test_a_dimension_that_is_none_is_refused(data) -> None:
    d = opened().to_descriptor()
    d["risk"]["features"][0]["params"]["dimension"] = "beauty"
    with pytest.raises(Refused, match="expected one of completeness"):
        Features(Dictionary(d)).fit(data.declarations.head(100))
