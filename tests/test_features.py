"""Features: made from what the dictionary says, the same for one item as for many, spoken without jargon."""

from __future__ import annotations

import json
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from risk.errors import Refused
from risk.features import Columns, Features, quantity, relation, span
from risk.features.kinds import KINDS
from risk.ui.present.model import unit_words


@pytest.fixture(scope="module")
def features(model) -> Features:
    return model.features


def test_one_item_alone_gets_the_same_values(features, data) -> None:
    frame = data.declarations.head(300)
    whole = features.transform(frame)
    alone = pd.concat([features.transform(frame.iloc[[i]]) for i in range(0, 300, 20)])
    pd.testing.assert_frame_equal(whole.iloc[::20], alone)


def test_values_are_float32_and_never_infinite(features, data) -> None:
    x = features.transform(data.declarations)
    assert (x.dtypes == np.float32).all() and not np.isinf(x.to_numpy()).any()
    assert list(x.columns) == list(features.get_feature_names_out())


def test_hostile_values_stay_finite(features, data) -> None:
    frame = data.declarations.head(4).copy()
    frame["gross_weight_g"] = [0.0, -1.0, 1e300, np.nan]
    frame["declared_value_sdr"] = [np.nan, 0.0, 1e308, -5.0]
    frame["description"] = [None, "", "<script>alert(1)</script>", "=1+1"]
    x = features.transform(frame).to_numpy()
    assert not np.isinf(x).any()
    assert all(len(column) == 4 for column in features.say(frame).values())


def test_nothing_unread_moves_a_feature(features, data) -> None:
    """Each feature depends on the fields it declares, and on no other (the explanation audit relies on it)."""
    frame = data.declarations.head(200)
    before, reads = features.transform(frame), features.reads()
    for column in [f.name for f in data.dictionary.fields()]:
        changed = frame.assign(**{column: frame[column].iloc[::-1].to_numpy()})
        after = features.transform(changed)
        for name in before.columns:
            if column not in reads[name]:
                pd.testing.assert_series_equal(before[name], after[name])


def test_state_round_trips_as_json(features, data) -> None:
    again = Features.from_state(json.loads(json.dumps(features.to_state())))
    frame = data.declarations.head(500)
    pd.testing.assert_frame_equal(again.transform(frame), features.transform(frame))


def test_every_feature_declares_what_it_reads_its_unit_its_direction_and_its_sentence(data) -> None:
    """Features on a scale of their own (categories, wording, rarity) have its words on the model page instead."""
    scales = {"category", "rate", "vague", "agreement", "differs", "rarity", "novelty"}
    for f in data.dictionary.features:
        assert f.reads and f.title and f.reason and f.kind in KINDS, f.name
        assert f.unit or f.kind in scales, f.name
        assert f.kind not in scales - {"category", "rate"} or unit_words(f) != f.title, f.name
        assert f.monotone in (-1, 0, 1) and bool(f.because) == bool(f.monotone), f.name


def test_leaving_a_concept_out(data) -> None:
    names = Features(data.dictionary, without=("route", "pieces")).get_feature_names_out()
    assert "pieces" not in names and "origin" not in names and "gross_weight_g" in names


def test_is_a_transformer(data) -> None:
    made = clone(Features(data.dictionary, without=("route",)))
    assert made.without == ("route",)
    with pytest.raises(Exception, match="not fitted"):
        made.transform(data.declarations)


def test_a_missing_column_is_named(features, data) -> None:
    with pytest.raises(Refused, match="gross_weight_g.*Nothing was scored"):
        features.transform(data.declarations.drop(columns="gross_weight_g"))


def test_an_unknown_kind_is_refused(data) -> None:
    from risk.schema import Dictionary

    descriptor = data.dictionary.to_descriptor()
    descriptor["risk"]["features"][0]["kind"] = "magic"
    with pytest.raises(Refused, match="expected one of value"):
        Features(Dictionary(descriptor)).fit(data.declarations)


def test_an_unseen_level_is_said_to_be_unknown(features, data) -> None:
    frame = data.declarations.head(2).assign(origin=["ZZ", "QM"])
    shown = features.say(frame)["origin"]
    assert shown[0].unknown and not shown[1].unknown
    assert features.transform(frame)["origin"].notna().iloc[1]


def test_missing_is_said_to_be_missing(features, data) -> None:
    frame = data.declarations.head(1).copy()
    for name in ("hs_code", "description", "transit", "country_of_manufacture"):
        frame[name] = pd.Series([None], index=frame.index, dtype="str")
    frame["ead_received_utc"] = pd.NaT
    frame["ead_received_utc"] = pd.to_datetime(frame["ead_received_utc"], utc=True)
    said = features.say(frame)
    for name in ("commodity", "description_vague", "description_fits", "made_elsewhere", "advance_notice"):
        assert said[name][0].missing, name


def test_a_norm_is_that_of_the_commodity(data) -> None:
    spec = data.dictionary.feature("weight_for_commodity")
    features = Features(data.dictionary).fit(data.declarations)
    z = pd.Series(KINDS["relative"].make(spec, features.state_[spec.name], Columns.of(data.declarations)))
    by = data.declarations["hs_code"].fillna("")
    middle = z.groupby(by.to_numpy()).median()[by.value_counts().drop("", errors="ignore").loc[lambda n: n >= 30].index]
    assert middle.abs().max() < 1e-6


NUMBERS = [0, 1, 0.001, 0.0499, 3, 9.999, 10, 72, 100, 999.5, 1000, 31500, 1e6, 1e12, -5, float("nan")]


@pytest.mark.parametrize("unit", ["g", "h", "SDR", "SDR/kg", "×", "pieces", ""])
@pytest.mark.parametrize("value", NUMBERS)
def test_quantities_read_well(value: float, unit: str) -> None:
    text = quantity(value, unit)
    assert text and "nan" not in text and "e+" not in text
    assert not re.search(r"\d{4,}(?![\d,]*\.)", text.replace(",", "")[:0]), text
    assert quantity(1, "pieces") == "1 piece"


def test_ranges_say_the_unit_once() -> None:
    assert span(10, 20, "SDR") == "10–20 SDR" and span(1.1, 1.4, "×") == "1.1–1.4×"
    assert relation(1, 10, 20) == "far below the usual" and relation(100, 10, 20) == "far above the usual"
