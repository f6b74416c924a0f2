"""The gate: a bad file gets a message with row, column, expectation and state, and never a traceback."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.errors import Refused
from risk.intake import check_data, check_frame, load_data
from risk.schema import Dictionary

DICTIONARY = Dictionary({"name": "tiny", "risk": {"clock": "seen"}, "resources": [
    {"name": "declarations", "schema": {"fields": [
        {"name": "id", "type": "string", "constraints": {"required": True, "unique": True}, "risk": {"role": "id"}},
        {"name": "seen", "type": "datetime", "risk": {"role": "time"}},
        {"name": "weight", "type": "number", "constraints": {"required": True, "minimum": 1, "maximum": 31500},
         "risk": {"role": "numeric", "unit": "g"}},
        {"name": "pieces", "type": "integer", "constraints": {"minimum": 1}, "risk": {"role": "numeric"}},
        {"name": "insured", "type": "boolean", "risk": {"role": "categorical"}},
        {"name": "origin", "type": "string", "constraints": {"pattern": "^[A-Z]{2}$"}, "risk": {"role": "categorical"}},
        {"name": "kind", "type": "string", "constraints": {"enum": ["gift", "sale"]}, "risk": {"role": "categorical"}},
    ]}},
    {"name": "outcomes", "schema": {"fields": [{"name": "found", "type": "boolean", "risk": {"role": "label"}}]}},
]})
HEADER = "id,seen,weight,pieces,insured,origin,kind"
GOOD = "a,2026-01-02T03:04:05Z,100.5,2,true,QM,gift"


def write(folder: Path, text: str | bytes, name: str = "x.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def load(path: Path):
    return load_data(path, dictionary=DICTIONARY)


def test_a_good_file_comes_in_typed(tmp_path: Path) -> None:
    frame = load(write(tmp_path, f"{HEADER}\n{GOOD}\n")).declarations
    row = frame.iloc[0]
    assert row["weight"] == 100.5 and row["pieces"] == 2 and bool(row["insured"]) is True
    assert row["seen"] == pd.Timestamp("2026-01-02T03:04:05Z")


@pytest.mark.parametrize("name", ["NA", "null", "None", "nan", "000123", "1E5", "123456789012345678901234567890"])
def test_ids_and_codes_stay_what_they_are(tmp_path: Path, name: str) -> None:
    frame = load(write(tmp_path, f"{HEADER}\n{name},,5,,,NA,\n")).declarations
    assert frame["id"].tolist() == [name] and frame["origin"].tolist() == ["NA"]


@pytest.mark.parametrize(("cells", "code", "words"), [
    ("a,,-3,,,,", "out_of_range", "Row 1: weight is '-3'; expected a number, 1–31500 g"),
    ("a,,0,,,,", "out_of_range", "weight is '0'"),
    ("a,,-0.0,,,,", "out_of_range", "weight is '-0.0'"),
    ("a,,1000000000,,,,", "out_of_range", "expected a number, 1–31500 g"),
    ("a,,heavy,,,,", "not_a_number", "weight is 'heavy'"),
    ("a,,500 g,,,,", "not_a_number", "weight is '500 g'"),
    ('a,,"1,5",,,,', "not_a_number", "weight is '1,5'"),
    ("a,,inf,,,,", "not_a_number", "weight is 'inf' (not finite)"),
    ("a,,1e400,,,,", "not_finite", "weight is '1e400'"),
    ("a,,0x10,,,,", "not_a_number", "weight is '0x10'"),
    ("a,,1_000,,,,", "not_a_number", "weight is '1_000'"),
    ("a,,١٢,,,,", "not_a_number", "weight is"),
    ("a,,,,,,", "missing_value", "weight is empty"),
    ("a,,5,1.5,,,", "not_whole", "pieces is '1.5'"),
    ("a,,5,,yes,,", "not_true_false", "insured is 'yes'"),
    ("a,2026-02-31,5,,,,", "not_a_date", "seen is '2026-02-31'"),
    ("a,31/12/2026,5,,,,", "not_a_date", "expected a UTC date and time"),
    ("a,,5,,,qm,", "wrong_form", "origin is 'qm'"),
    ("a,,5,,,ҚМ,", "wrong_form", "origin is"),
    ("a,,5,,,,present", "not_allowed", "expected one of gift, sale"),
])
def test_a_bad_cell_is_named(tmp_path: Path, cells: str, code: str, words: str) -> None:
    path = write(tmp_path, f"{HEADER}\n{cells}\n")
    assert code in check_data(path, dictionary=DICTIONARY).counts
    with pytest.raises(Refused, match="Nothing was imported") as caught:
        load(path)
    assert words in str(caught.value)


def test_row_numbers_count_without_the_header(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="^Row 3: weight is 'x'"):
        load(write(tmp_path, f"{HEADER}\na,,5,,,,\nb,,5,,,,\nc,,x,,,,\n"))


def test_duplicates_are_named(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Row 2: id is 'a', which stands in an earlier row"):
        load(write(tmp_path, f"{HEADER}\na,,5,,,,\na,,5,,,,\n"))


@pytest.mark.parametrize(("content", "words"), [
    (b"", "is empty"),
    (b"id,weight\n", "no row"),
    (f"{HEADER}\n{GOOD},extra\n".encode(), "Expected 7 comma-separated columns"),
    (f"{HEADER}\na,,5\n".encode(), "Expected 7 comma-separated columns"),
    (f"{HEADER}\n{GOOD},more\n{GOOD},more\n".encode(), "Expected 7"),
    (f"{HEADER},id\n{GOOD},b\n".encode(), "two columns named 'id'"),
    (f"{HEADER}\n{GOOD}\n".replace(",", ";").encode(), "separated by semicolons"),
    (f"{HEADER}\n{GOOD}\n".replace(",", "\t").encode(), "separated by tabs"),
    (f"{HEADER}\n{GOOD}\n".encode("utf-16"), "UTF-16"),
    (f"{HEADER}\n".encode() + b"caf\xe9,,5,,,,\n", "0xe9"),
    (f"{HEADER}\n".encode() + b"a\x00b,,5,,,,\n", "NUL byte"),
    (b"PK\x03\x04rest", "zip or Excel"),
    (gzip.compress(b"id\n1\n", mtime=0), "gzip"),
    (b"PAR1 but not", "x.csv"),
])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(Refused) as caught:
        load(write(tmp_path, content))
    assert words in str(caught.value) and "Nothing was imported" in str(caught.value)


def test_absent_file_and_broken_parquet(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="found none"):
        load(tmp_path / "none.csv")
    with pytest.raises(Refused, match="not a readable Parquet"):
        load(write(tmp_path, b"PAR1....PAR1", "x.parquet"))


def test_missing_column_is_named_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="Column weight is missing.*Did you mean 'wieght'"):
        load(write(tmp_path, "id,wieght\na,5\n"))


def test_a_label_in_a_file_to_score_is_ignored_with_a_notice(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, f"{HEADER},found\n{GOOD},true\n"))
    assert "found" not in loaded.declarations
    assert [n.code for n in loaded.notices] == ["label_ignored"]


def test_totals_are_exact_and_the_listing_is_capped(tmp_path: Path) -> None:
    rows = "\n".join(f"i{k},,x,,,," for k in range(5000))
    findings = check_data(write(tmp_path, f"{HEADER}\n{rows}\n"), dictionary=DICTIONARY)
    assert findings.counts["not_a_number"] == findings.errors == 5000
    assert len(findings.listed) == 100


def test_utf8_mark_is_not_part_of_the_first_name(tmp_path: Path) -> None:
    assert load(write(tmp_path, b"\xef\xbb\xbf" + f"{HEADER}\n{GOOD}\n".encode())).declarations["id"].tolist() == ["a"]


def test_a_package_may_not_point_outside_itself(tmp_path: Path) -> None:
    descriptor = DICTIONARY.to_descriptor()
    descriptor["resources"][0]["path"] = "../secret.parquet"
    (tmp_path / "p").mkdir()
    import json

    (tmp_path / "p" / "datapackage.json").write_text(json.dumps(descriptor))
    with pytest.raises(Refused, match="outside its folder"):
        load_data(tmp_path / "p")


cell = st.one_of(st.text(max_size=20), st.sampled_from(["NA", "1", "-1", "1e309", "true", "=1+1", "<script>", "\x00"]))


@given(st.lists(st.lists(cell, min_size=7, max_size=7), min_size=1, max_size=4))
def test_any_frame_is_accepted_or_refused_in_words(rows: list[list[str]]) -> None:
    frame = pd.DataFrame(rows, columns=HEADER.split(","), dtype="str")
    try:
        out = check_frame(frame, DICTIONARY)
    except Refused as refusal:
        assert "Nothing was imported" in str(refusal)
    else:
        assert len(out) == len(rows) and (out["weight"] >= 1).all() and np.isfinite(out["weight"]).all()
