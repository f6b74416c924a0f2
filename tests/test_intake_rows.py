"""Rows that a program sends: never let through where a file would be refused, and the same numbers as in a frame."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk import load_data
from risk.errors import Refused
from risk.features import Columns, Features, PartyHistory, past_of, with_past
from risk.intake import RowGate, check_frame

HOSTILE = [
    None, "", " ", "x", "QM", "QM ", " QM", "qm", "ＱＭ", "Q\u200bM", "é", "e\u0301", "\ud800", "\x00", "NaN", "null",
    "1,5", "CX000000005QM", "CX000000001QM", "sale_of_goods", "610910", "٣", "a|b", "x" * 20_000,
    "2026-03-01T10:00:00Z", "2026-03-01 10:00:00.250Z", "2026-02-31T10:00:00Z", "2026-03-01T10:00:00",
    "2026-03-01T10:00:00+02:00", "2026-03-01T24:00:00Z", "2026-03-01T10:00:60Z", "1970-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z",
    0, 1, -1, 3, 2**53, 2**53 - 1, -(2**53), 10**400, 0.0, -0.0, 0.5, 1.0, 1e308, 5e-324, float("nan"), float("inf"),
    True, False,
]  # fmt: skip


@pytest.fixture(scope="module")
def sample():
    return load_data("data_synthetic/sample")


@pytest.fixture(scope="module")
def rows(sample) -> list[dict]:
    """Every declaration of the sample as a program would send it."""
    names = [f.name for f in sample.dictionary.fields()]
    return json.loads(sample.declarations[names].to_json(orient="records", date_format="iso", double_precision=15))


@pytest.fixture(scope="module")
def fitted(sample) -> Features:
    return Features(sample.dictionary).fit(sample.declarations)


def framed(rows: list[dict], dictionary) -> pd.DataFrame:
    names = [f.name for f in dictionary.fields()]
    given = pd.DataFrame({n: pd.Series([r.get(n) for r in rows], dtype=object) for n in names})
    return check_frame(given, dictionary)


def same(plain: dict, frame: pd.DataFrame, dictionary) -> None:
    """The plain values are the frame's, column by column, in every form that a feature reads."""
    few, many = Columns(plain, len(frame)), Columns.of(frame)
    for f in dictionary.fields():
        assert few.texts(f.name).rows() == many.texts(f.name).rows() or f.type == "datetime", f.name
        np.testing.assert_array_equal(few.stated(f.name), many.stated(f.name), f.name)
        np.testing.assert_array_equal(few.hashes(f.name), many.hashes(f.name)) if f.type == "string" else None
        if f.type in ("number", "integer", "boolean"):
            np.testing.assert_array_equal(few.numbers(f.name), many.numbers(f.name), f.name)
        if f.type == "datetime":
            np.testing.assert_array_equal(few.times(f.name), many.times(f.name), f.name)


def test_the_whole_sample_passes_at_once_and_is_the_same(sample, rows) -> None:
    plain = RowGate(sample.dictionary).plain(rows)
    assert plain is not None
    same(plain, framed(rows, sample.dictionary), sample.dictionary)


@given(st.data())
@settings(max_examples=80)
def test_never_more_lenient_than_the_gate_of_files(sample, rows, data) -> None:
    """What passes at once passes as a frame too, with the same values; doubt may only be greater."""
    gate, names = RowGate(sample.dictionary), [f.name for f in sample.dictionary.fields()]
    some = [dict(r) for r in data.draw(st.lists(st.sampled_from(rows[:50]), min_size=1, max_size=3))]
    for row in some:
        row |= data.draw(st.dictionaries(st.sampled_from(names), st.sampled_from(HOSTILE), max_size=2))
    plain = gate.plain(some)
    if plain is not None:
        same(plain, framed(some, sample.dictionary), sample.dictionary)


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_every_hostile_value_in_every_field(sample, rows, value) -> None:
    """In one row a field; those that pass, each alone, pass together as a frame, which refuses if one is wrong."""
    gate, fields = RowGate(sample.dictionary), sample.dictionary.fields()
    tried = [row | {f.name: value} for f, row in zip(fields, rows, strict=False)]
    passed = [row for row in tried if gate.plain([row]) is not None]
    assert len(tried) == len(fields)
    if passed:
        same(gate.plain(passed), framed(passed, sample.dictionary), sample.dictionary)


def test_what_a_file_is_refused_for_is_refused_here(sample, rows) -> None:
    gate = RowGate(sample.dictionary)
    wrong = {"gross_weight_g": -3.0, "origin": "qm", "mail_class": "X", "pieces": 1.5, "item_id": None}
    for name, value in wrong.items():
        bad = rows[0] | {name: value}
        assert gate.plain([bad]) is None, name
        with pytest.raises(Refused):
            framed([bad], sample.dictionary)
    assert gate.plain([rows[0], rows[0]]) is None and gate.plain(rows[:2]) is not None


def test_one_row_has_the_features_words_and_past_of_the_stream(sample, rows, fitted) -> None:
    """Bit for bit, over the whole sample: alone, from plain values, and among all, from a frame."""
    d, gate = sample.dictionary, RowGate(sample.dictionary)
    stream = with_past(sample.declarations.drop(columns=[c for c in sample.declarations if "|" in c]), d)
    whole, said = fitted.values(stream), fitted.say(stream)
    history = PartyHistory.of(stream, d)
    for at in range(0, len(rows), 11):
        columns = Columns(gate.plain([rows[at]]), 1)
        columns = columns.adding(past_of(columns, d, earlier=history))
        np.testing.assert_array_equal(fitted.values(columns)[0], whole[at])
        assert {n: s[0] for n, s in fitted.say(columns).items()} == {n: s[at] for n, s in said.items()}


def test_rows_with_gaps_and_odd_values_have_the_features_of_a_frame(sample, rows, fitted) -> None:
    optional = [f.name for f in sample.dictionary.fields() if not f.required and f.role != "id"]
    gaps = [optional[: 1 + n % len(optional)] for n in range(24)]
    odd = [{k: v for k, v in row.items() if k not in gap} for row, gap in zip(rows, gaps, strict=False)]
    odd += [rows[60] | {"description": t} for t in ("", "Zeug für Ämter", "<b>1</b>", "???")]
    odd += [rows[61] | {"declared_value_sdr": 0.0, "pieces": 9999, "gross_weight_g": 31500, "hs_code": "000000"}]
    gate = RowGate(sample.dictionary)
    for row in odd:
        plain, frame = gate.plain([row]), framed([row], sample.dictionary)
        assert plain is not None
        np.testing.assert_array_equal(fitted.values(Columns(plain, 1)), fitted.values(frame))
        assert fitted.say(Columns(plain, 1)) == fitted.say(frame)
