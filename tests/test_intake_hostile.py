"""Every case of a hostile file: structure, values, Parquet, packages, uploads. None may raise but a refusal."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.errors import Refused
from risk.intake import (
    CODES,
    Findings,
    Limits,
    check_data,
    check_frame,
    check_upload,
    excerpt,
    load_data,
    load_truth,
    load_upload,
)
from risk.intake.codes import as_markdown
from risk.schema import Dictionary

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 6, 1, tzinfo=UTC)


def _field(name: str, kind: str, role: str, constraints: dict | None = None, **risk: object) -> dict:
    return {"name": name, "type": kind, "constraints": constraints or {}, "risk": {"role": role, **risk}}


DESCRIPTOR = {"name": "tiny", "risk": {"clock": "seen"}, "resources": [
    {"name": "declarations", "schema": {"fields": [
        _field("id", "string", "id", {"required": True, "unique": True}, check="s10"),
        _field("seen", "datetime", "time"),
        _field("weight", "number", "numeric", {"required": True, "minimum": 1, "maximum": 31500}, unit="g"),
        _field("value", "number", "numeric", {"minimum": 0}),
        _field("pieces", "integer", "numeric", {"minimum": 1}),
        _field("insured", "boolean", "categorical"),
        _field("origin", "string", "categorical", {"pattern": "^[A-Z]{2}$"}),
        _field("kind", "string", "categorical", {"enum": ["gift", "sale"]}),
        _field("office", "string", "categorical"),
        _field("sender", "string", "party"),
        _field("words", "string", "text"),
    ]}},
    {"name": "outcomes", "schema": {"fields": [
        _field("id", "string", "id"), _field("found", "boolean", "label")]}},
]}
D = Dictionary(DESCRIPTOR)
COLUMNS = [f.name for f in D.fields()]
HEADER = ",".join(COLUMNS)


def row(**cells: str) -> str:
    """One line of CSV; id and weight are filled in."""
    given = {"id": "a", "weight": "5", **cells}
    return ",".join(given.get(name, "") for name in COLUMNS)


def quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def table(*rows: str, header: str = HEADER, end: str = "\n") -> bytes:
    return (end.join([header, *rows]) + end).encode()


GOOD = table(row())


def answer(content: bytes, name: str = "x.csv", **options: object) -> Findings:
    """What the gate says of an upload; whatever is an error must also be a refusal in words."""
    found = check_upload(name, content, D, now=NOW, **options)
    assert sum(f.is_error for f in found.listed) <= found.errors
    if found.errors:
        with pytest.raises(Refused) as caught:
            load_upload(name, content, D, now=NOW, **options)
        assert "Nothing was imported" in str(caught.value) and len(str(caught.value)) < 600
        assert str(caught.value).isprintable()
    else:
        load_upload(name, content, D, now=NOW, **options)
    for f in found.listed:
        assert f.message.isprintable() and len(f.excerpt) <= 40, f
    return found


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names or ("sheet.xml",):
            archive.writestr(name, "x")
    return out.getvalue()


FILES = {
    "utf8 with mark": (b"\xef\xbb\xbf" + GOOD, None),
    "utf16": (GOOD.decode().encode("utf-16"), "wrong_kind"),
    "utf16 without mark": (GOOD.decode().encode("utf-16-le"), "nul_byte"),
    "latin-1 byte": (table(row(words="caf")) [:-2] + b"\xe9\n", "not_utf8"),
    "latin-1 in the header": (b"id,\xe9\na,b\n", "not_utf8"),
    "surrogate in utf8": (GOOD + b"b,\xed\xa0\x80,5,,,,,,,,\n", "not_utf8"),
    "nul in a field": (table(row(words="a\x00b")), "nul_byte"),
    "quoted newline in an id": (table(row(id='"a\nb"')), "hidden_character"),
    "quoted newline in a text": (table(row(words='"a\nb"')), "hidden_in_text"),
    "unclosed quote": (table(row(words='"never'), row(id="b")), "bad_quote"),
    "text after a closing quote": (table(row(words='"a"b')), "bad_quote"),
    "quote inside a bare cell": (table(row(words='a"b"')), "bad_quote"),
    "unclosed quote in the header": (b'"id,weight\na,5\n', "bad_quote"),
    "extra column in some rows": (table(row(), row(id="b") + ",more"), "ragged_row"),
    "missing column in some rows": (table(row(), "b,,5"), "ragged_row"),
    "extra column in all rows": (table(row() + ",x", row(id="b") + ",y"), "ragged_row"),
    "missing column in all rows": (table("a,,5", "b,,5"), "ragged_row"),
    "duplicate header": (table(row() + ",x", header=HEADER + ",id"), "duplicate_header"),
    "header with spaces": (GOOD.replace(b"weight", b" weight "), "missing_column"),
    "header in other case": (GOOD.replace(b"weight", b"Weight"), "missing_column"),
    "no header": (table(row(id="b"), header=row()), "no_header"),
    "semicolons": (GOOD.replace(b",", b";"), "wrong_delimiter"),
    "tabs": (GOOD.replace(b",", b"\t"), "wrong_delimiter"),
    "bars": (GOOD.replace(b",", b"|"), "wrong_delimiter"),
    "empty": (b"", "empty_file"),
    "blank lines only": (b"\r\n\r\n", "empty_file"),
    "header only": (table(), "no_rows"),
    "header without line end": (HEADER.encode(), "no_rows"),
    "windows line ends": (table(row(), end="\r\n"), None),
    "old line ends": (table(row(), end="\r"), None),
    "mixed line ends": (GOOD + row(id="b").encode() + b"\r\n", "mixed_line_ends"),
    "blank lines at the end": (GOOD + b"\n\n", None),
    "blank line within": (table(row(), "", row(id="b")), "missing_value"),
    "100,000 columns": (",".join(f"c{i}" for i in range(100_000)).encode() + b"\n1\n", "too_large"),
    "1 MB header": (b"i" * 2_000_000 + b"\n1\n", "too_long"),
    "1 MB field": (table(row(words="x" * 1_000_000)), "too_long"),
    "20 MB row": (table(row(words="x" * 20_000_000)), "too_long"),
    "zip": (zipped(), "wrong_kind"),
    "xlsx": (zipped("[Content_Types].xml", "xl/workbook.xml"), "wrong_kind"),
    "gzip": (gzip.compress(GOOD, mtime=0), "wrong_kind"),
    "gzip bomb": (gzip.compress(b"0" * 10_000_000, mtime=0), "wrong_kind"),
    "parquet named csv": (b"PAR1....PAR1", "wrong_kind"),
    "a web page": (b"<!DOCTYPE html>\n<html><body>,</body></html>\n", "no_header"),
    "json": (b'{"id": "a", "weight": 5}\n{"id": "b", "weight": 5}\n', "no_header"),
    "binary": (bytes(range(1, 256)) * 20, "not_utf8"),
    "ragged and not utf8": (GOOD + b"\x01\x80", "not_utf8"),
}


@pytest.mark.parametrize("case", FILES, ids=str)
def test_structure(case: str) -> None:
    content, code = FILES[case]
    found = answer(content)
    assert set(found.counts) >= ({code} if code else set()), found.counts
    if code is None:
        assert found.errors == 0


def test_the_first_bad_byte_and_its_line_are_named() -> None:
    found = answer(FILES["latin-1 byte"][0])
    assert f"byte {len(FILES['latin-1 byte'][0]) - 1} (line 2) is 0xe9" in found.first_error.message


def test_an_extra_cell_names_its_row_and_the_total_is_exact() -> None:
    found = answer(table(*[row(id=f"i{k}") + ("" if k % 2 else ",x") for k in range(1000)]))
    assert found.counts["ragged_row"] == found.errors == 500
    assert found.first_error.message.startswith("Row 1: has 12 cells. Expected 11")


def test_a_name_in_other_case_is_pointed_at() -> None:
    assert "written ' Weight' there" in answer(GOOD.replace(b"weight", b" Weight")).first_error.message


VALUES: list[tuple[dict[str, str], str | None, str]] = [
    ({"weight": '"1,5"'}, "not_a_number", "a comma"), ({"weight": '"1,000"'}, "not_a_number", "a comma"),
    ({"weight": "1 000"}, "not_a_number", "'1 000'"), ({"weight": "500 g"}, "not_a_number", "'500 g'"),
    ({"weight": " 5"}, "not_a_number", "spaces around"), ({"weight": "5."}, None, ""),
    ({"weight": ".5"}, "out_of_range", ""),
    ({"weight": "--5"}, "not_a_number", ""),
    ({"weight": "inf"}, "not_a_number", "not finite"), ({"weight": "nan"}, "not_a_number", "missing value"),
    ({"weight": "1e400"}, "not_finite", "not a finite number"), ({"weight": "0x10"}, "not_a_number", ""),
    ({"weight": "1_000"}, "not_a_number", ""), ({"weight": "١٢"}, "not_a_number", "another script"),
    ({"weight": "５"}, "not_a_number", "another script"), ({"weight": "1E3"}, None, ""),
    *[({"value": word}, "not_a_number", "missing value")
      for word in ("NA", "N/A", "null", "NULL", "None", "-", "?", "NaN", "missing")],
    ({"weight": "-3"}, "out_of_range", "1–31500 g"), ({"weight": "0"}, "out_of_range", ""),
    ({"weight": "-0.0"}, "out_of_range", ""), ({"weight": "1000000000"}, "out_of_range", ""),
    ({"weight": ""}, "missing_value", "is empty"), ({"value": "0"}, None, ""), ({"value": "-0.0"}, None, ""),
    ({"pieces": "1.5"}, "not_whole", ""), ({"pieces": "9007199254740993"}, "too_many_digits", "as text"),
    ({"pieces": "12345678901234567890"}, "too_many_digits", ""), ({"pieces": "007"}, None, ""),
    ({"insured": "yes"}, "not_true_false", "true or false"), ({"insured": "Y"}, "not_true_false", ""),
    ({"insured": "TRUE"}, None, ""), ({"insured": "1"}, None, ""), ({"insured": "2"}, "not_true_false", ""),
    ({"seen": "2026-02-31"}, "not_a_date", "no such day"), ({"seen": "31/12/2026"}, "not_a_date", "declare the format"),
    ({"seen": "1767225600"}, "not_a_date", ""), ({"seen": "2026-01-02T25:00:00Z"}, "not_a_date", "no such day or time"),
    ({"seen": "9999-12-31"}, "future_date", ""), ({"seen": "2026-W01-1"}, "not_a_date", ""),
    ({"seen": "1970-01-01T00:00:00Z"}, "epoch_date", ""), ({"seen": "2027-01-01"}, "future_date", "later than now"),
    ({"seen": "2026-01-02T03:04:05"}, "no_time_zone", "read as UTC"),
    ({"seen": "2026-01-02T03:04:05.123456Z"}, None, ""),
    ({"origin": "qm"}, "wrong_form", ""), ({"origin": "ҚМ"}, "wrong_form", ""), ({"origin": "NA"}, None, ""),
    ({"origin": "QM "}, "wrong_form", ""), ({"kind": "present"}, "not_allowed", "one of gift, sale"),
    ({"office": "QМ"}, "mixed_script", "two alphabets"), ({"office": "ＱＭ"}, "unusual_form", "full width"),
    ({"office": "cafe\u0301"}, "unusual_form", "NFD"), ({"office": "QM "}, "spaces_around", "part of it"),
    ({"office": "Q\u200bM"}, "hidden_character", "cannot be seen"), ({"office": "\u202eMQ"}, "hidden_character", ""),
    ({"sender": "p\u00a01"}, "hidden_character", ""), ({"office": "\ufeffQM"}, "hidden_character", ""),
    ({"words": "a\u202eb"}, "hidden_in_text", "taken as it stands"), ({"office": "Zürich"}, None, ""),
    ({"words": "<script>alert(1)</script>"}, None, ""), ({"words": "=1+1"}, None, ""), ({"office": "Київ"}, None, ""),
    *[({"id": name}, None, "")
      for name in ("NA", "null", "None", "nan", "000123", "1E5", "1" * 20, "9007199254740993")],
    ({"id": ""}, "missing_value", ""), ({"id": "a\u200d"}, "hidden_character", ""), ({"id": " a"}, "spaces_around", ""),
    ({"id": "CX000000001QM"}, "wrong_check_digit", "should be 5"), ({"id": "CX000000005QM"}, None, ""),
]


@pytest.mark.parametrize(("cells", "code", "words"), VALUES, ids=lambda v: str(v).replace("'", "") if v else "")
def test_values(cells: dict[str, str], code: str | None, words: str) -> None:
    found = answer(table(row(**cells), row(id="other")))
    if code is None:
        assert not found.counts, found.listed
    else:
        listed = [f for f in found.listed if f.code == code]
        assert listed and listed[0].column == next(iter(cells)) and words in listed[0].message, found.listed


@pytest.mark.parametrize(("ids", "code"), [
    (("a", "a"), "duplicate_row"), (("A1", "А1"), "look_alike_id"), (("a", "a "), "look_alike_id"),
    (("\u00e9", "e\u0301"), "look_alike_id"), (("A", "Ａ"), "look_alike_id")])
def test_ids_that_are_or_look_the_same(ids: tuple[str, str], code: str) -> None:
    found = answer(table(*[row(id=i) for i in ids]))
    assert found.counts[code] == 1 and found.errors >= 1
    assert next(f for f in found.listed if f.code == code).row == 2


def test_dates_in_mixed_forms_are_refused_row_by_row() -> None:
    days = ["2026-01-02", "02/01/2026", "2026-01-02T03:04:05Z", "Jan 2 2026", "20260102", ""]
    found = answer(table(*[row(id=f"i{k}", seen=day) for k, day in enumerate(days)]))
    assert [f.row for f in found.listed if f.code == "not_a_date"] == [2, 4, 5]


def test_a_conflicting_duplicate_is_told_from_a_copy() -> None:
    found = answer(table(row(), row(weight="6"), row()))
    assert (found.counts["duplicate"], found.counts["duplicate_row"]) == (1, 1)
    assert [f.row for f in found.listed if f.code == "duplicate"] == [2]


def test_codes_that_look_alike_are_a_notice_for_the_deceiving_one() -> None:
    found = answer(table(row(office="ОE"), row(id="b", office="OE"), row(id="c", office="OE")))
    assert [(f.row, f.code) for f in found.listed if f.code == "look_alike"] == [(1, "look_alike")]
    assert found.errors == 0


def test_missing_numbers_codes_and_texts_come_in_as_they_are() -> None:
    frame = load_upload("x.csv", table(row(words=quoted('say "hi", twice'), pieces="2"), row(id="b")), D).declarations
    assert frame["words"].tolist()[0] == 'say "hi", twice' and pd.isna(frame["words"][1])
    assert frame["pieces"].tolist()[0] == 2 and np.isnan(frame["pieces"][1])


def test_declared_spellings_are_honoured() -> None:
    d = json.loads(json.dumps(DESCRIPTOR))
    fields = {f["name"]: f for f in d["resources"][0]["schema"]["fields"]}
    fields["value"]["missingValues"] = ["NA", "?"]
    fields["insured"].update(trueValues=["yes"], falseValues=["no"])
    fields["seen"]["format"] = "%d/%m/%Y"
    content = table(row(value="NA", insured="yes", seen="31/12/2025", origin="NA"),
                    row(id="b", value="?", insured="no"))
    frame = load_upload("x.csv", content, Dictionary(d)).declarations
    assert frame["value"].isna().all() and frame["insured"].tolist() == [True, False]
    assert frame["seen"][0] == pd.Timestamp("2025-12-31", tz="UTC") and frame["origin"][0] == "NA"
    assert "not_a_date" in check_upload("x.csv", table(row(seen="31/02/2025")), Dictionary(d)).counts


# ---------------------------------------------------------------- Parquet

def frame(n: int = 3, **columns: object) -> pd.DataFrame:
    base = {"id": [f"i{k}" for k in range(n)], "weight": np.full(n, 5.0)}
    return pd.DataFrame({**base, **columns})


def parquet(given: pd.DataFrame | pa.Table, **options: object) -> bytes:
    out = io.BytesIO()
    made = given if isinstance(given, pa.Table) else pa.Table.from_pandas(given, preserve_index=False)
    pq.write_table(made, out, **options)
    return out.getvalue()


def with_column(name: str, values: pa.Array) -> bytes:
    return parquet(pa.table({"id": [f"i{k}" for k in range(len(values))], "weight": [5.0] * len(values)}
                            | {name: values}))


PARQUET = {
    "good": (parquet(frame()), None),
    "truncated": (parquet(frame())[:-20], "unreadable"),
    "half": (parquet(frame(5000))[:3000], "unreadable"),
    "not parquet": (GOOD, "unreadable"),
    "empty": (b"", "unreadable"),
    "no rows": (parquet(frame(0)), "no_rows"),
    "list in a number": (with_column("value", pa.array([[1.0], [2.0]])), "wrong_type"),
    "struct in a code": (with_column("office", pa.array([{"a": 1}, {"a": 2}])), "wrong_type"),
    "bytes in a code": (with_column("office", pa.array([b"a", b"\xff"])), "wrong_type"),
    "float in a code": (with_column("office", pa.array([1.5, 2.0])), "wrong_type"),
    "number in a date": (with_column("seen", pa.array([1, 2])), "wrong_type"),
    "date in a number": (with_column("value", pa.array([datetime(2026, 1, 1)] * 2)), "wrong_type"),
    "truth in a number": (with_column("value", pa.array([True, False])), "wrong_type"),
    "whole numbers in a code": (with_column("office", pa.array([101, 2])), "read_as_text"),
    "nested column nobody declared": (with_column("more", pa.array([[1], [2]])), "extra_column"),
    "infinity": (parquet(frame(value=[np.inf, 1, 2])), "not_finite"),
    "not a number": (parquet(frame(value=[np.nan, 1, 2])), None),
    "large whole number": (with_column("pieces", pa.array([2**53 + 1, 1])), "too_many_digits"),
    "texts of numbers": (parquet(frame(value=["1", "2", "x"])), "not_a_number"),
    "zero or one": (parquet(frame(insured=[0, 1, 1])), None),
    "two": (parquet(frame(insured=[0, 1, 2])), "not_true_false"),
    "times without zone": (parquet(frame(seen=pd.to_datetime(["2026-01-01"] * 3))), "no_time_zone"),
    "days": (with_column("seen", pa.array([datetime(2026, 1, 1).date()] * 2)), None),
    "categories": (parquet(frame(office=pd.Categorical(["a", "b", "a"]))), None),
    "all missing": (with_column("office", pa.nulls(2)), None),
    "decimals": (with_column("value", pa.array([1, 2]).cast(pa.decimal128(24, 2))), None),
}


@pytest.mark.parametrize("case", PARQUET, ids=str)
def test_parquet(case: str) -> None:
    content, code = PARQUET[case]
    found = answer(content, "x.parquet")
    assert set(found.counts) == {code} if code else not found.counts, found.listed


def test_a_row_bomb_is_refused_on_what_it_says_of_itself() -> None:
    rows = 3_000_000
    bomb = parquet(pa.table({"id": pa.array(["x"] * rows), "weight": pa.array(np.full(rows, 5.0))}))
    assert len(bomb) < 100_000
    found = answer(bomb, "x.parquet")
    assert set(found.counts) == {"too_large"} and "3,000,000 rows" in found.first_error.message


def test_many_rows_of_many_columns_are_weighed_as_what_they_become() -> None:
    rows = 1_900_000
    wide = {f"c{j}": np.zeros(rows, np.int8) for j in range(25)}
    bomb = parquet(pa.table({"id": pa.array(["x"] * rows), "weight": np.full(rows, 5.0), **wide}))
    d = json.loads(json.dumps(DESCRIPTOR))
    d["resources"][0]["schema"]["fields"] += [_field(f"c{j}", "number", "numeric") for j in range(25)]
    assert len(bomb) < 1_000_000
    assert set(check_upload("x.parquet", bomb, Dictionary(d)).counts) == {"too_large"}  # 400 MB of numbers


def test_a_dictionary_bomb_is_refused_before_it_is_written_out() -> None:
    rows = 20_000
    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array(["x" * 90_000]))
    bomb = parquet(pa.table({"id": [f"i{k}" for k in range(rows)], "weight": np.full(rows, 5.0), "words": words}),
                   compression="zstd")
    assert len(bomb) < 1_000_000
    found = answer(bomb, "x.parquet")  # 1.8 GB of text
    assert set(found.counts) == {"too_large"} and "words unpacks to 1,800,000,000" in found.first_error.message


def test_two_columns_of_one_name_in_parquet() -> None:
    twice = pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["id", "id"])
    assert set(answer(parquet(twice), "x.parquet").counts) == {"duplicate_header"}


def test_a_folder_of_parts(tmp_path: Path) -> None:
    for k in range(3):
        frame(id=[f"{k}-{i}" for i in range(3)]).to_parquet(tmp_path / f"part-{k}.parquet")
    (tmp_path / "_SUCCESS").write_text("")
    assert len(load_data(tmp_path, dictionary=D).declarations) == 9
    frame(id=["x", "y", "z"], weight=["5", "6", "7"]).to_parquet(tmp_path / "part-3.parquet")
    assert set(check_data(tmp_path, dictionary=D).counts) == {"parts_differ"}
    frame(id=["x", "y", "z"]).drop(columns="weight").to_parquet(tmp_path / "part-3.parquet")
    assert "another column weight" in check_data(tmp_path, dictionary=D).first_error.message
    (tmp_path / "empty").mkdir()
    assert set(check_data(tmp_path / "empty", dictionary=D).counts) == {"not_there"}


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_parquet_file_is_refused_or_read(at: int, junk: bytes) -> None:
    whole = parquet(frame(50, words=["some words"] * 50))
    at %= len(whole)
    answer(whole[:at] + junk + whole[at + len(junk):], "x.parquet")


def test_the_metadata_of_columns_is_never_asked_for() -> None:
    """On damaged column metadata, pyarrow's ``row_group(i).column(j)`` ends the whole process (26.0, measured: four
    of 40,000 damaged files). Row groups and the read itself raise, so only they are used."""
    source = (ROOT / "risk" / "intake" / "parquet.py").read_text(encoding="utf-8")
    assert "row_group(g).total_byte_size" in source and "group.column(" not in source


# ---------------------------------------------------------------- packages, names, uploads

def package(folder: Path, change=lambda d: None, **tables: pd.DataFrame) -> Path:
    descriptor = json.loads(json.dumps(DESCRIPTOR))
    change(descriptor)
    folder.mkdir(exist_ok=True)
    (folder / "datapackage.json").write_text(json.dumps(descriptor))
    for name, rows in {"declarations": frame(), **tables}.items():
        rows.to_parquet(folder / f"{name}.parquet")
    return folder


@pytest.mark.parametrize("path", ["../secret.parquet", "/etc/passwd", "a/../../x.parquet", "https://example.org/x.parquet",
                                  "", 7, {"a": 1}, ["../x/a.parquet"], [3], "a\x00b", "."])
def test_a_package_may_only_name_files_inside_itself(tmp_path: Path, path: object) -> None:
    folder = package(tmp_path / "p", lambda d: d["resources"][0].update(path=path))
    assert set(check_data(folder).counts) == {"outside_package"}
    with pytest.raises(Refused, match="Nothing was imported"):
        load_data(folder)


def test_a_link_out_of_a_package_is_not_followed(tmp_path: Path) -> None:
    folder = package(tmp_path / "p")
    frame().to_parquet(tmp_path / "secret.parquet")
    (folder / "declarations.parquet").unlink()
    (folder / "declarations.parquet").symlink_to(tmp_path / "secret.parquet")
    assert set(check_data(folder).counts) == {"outside_package"}


@pytest.mark.parametrize("content", ["[]", "7", '"x"', "{}", '{"resources": 5}', '{"resources": [5]}', "[" * 100_000,
                                     '{"resources": [{"name": 3}]}', '{"resources": [{"name": "declarations"}]}',
                                     '{"resources": [{"name": "declarations", "schema": {"fields": [{"name": 3}]}}]}',
                                     '{"resources": [{"name": "declarations", "schema": {"fields": 3}}], "risk": 4}',
                                     "{", "\xff", ""])
def test_a_broken_descriptor_is_refused_in_words(tmp_path: Path, content: str) -> None:
    (tmp_path / "datapackage.json").write_bytes(content.encode("latin-1"))
    frame().to_parquet(tmp_path / "declarations.parquet")
    with pytest.raises(Refused):
        load_data(tmp_path)


@pytest.mark.parametrize("constraints", [{"minimum": "a"}, {"pattern": 5}, {"enum": "ab"}, {"required": "yes"}, []])
def test_constraints_of_the_wrong_type_are_refused(constraints: object) -> None:
    with pytest.raises(Refused, match="of field 'w'"):
        Dictionary({"name": "t", "resources": [{"name": "declarations", "schema": {"fields": [
            {"name": "w", "type": "number", "constraints": constraints}]}}]})


def test_a_pattern_that_is_none_and_one_that_would_take_for_ever() -> None:
    def read(pattern: str) -> Findings:
        d = json.loads(json.dumps(DESCRIPTOR))
        d["resources"][0]["schema"]["fields"][-1]["constraints"] = {"pattern": pattern}
        return check_upload("x.csv", table(row(words="a" * 5000 + "!")), Dictionary(d))

    assert "wrong_form" in read("(a+)+$").counts  # linear time on RE2
    with pytest.raises(Refused, match="not a regular expression"):
        read("(")


def test_outcomes_of_items_that_were_not_declared(tmp_path: Path) -> None:
    folder = package(tmp_path / "p", outcomes=pd.DataFrame({"id": ["i0", "zz"], "found": [True, False]}))
    data = load_data(folder)
    assert [n.code for n in data.notices] == ["unmatched_outcome"] and len(data.outcomes) == 2
    twice = package(tmp_path / "p", outcomes=pd.DataFrame({"id": ["i0", "i0"], "found": [True, False]}))
    assert check_data(twice).counts["duplicate"] == 1


@pytest.mark.parametrize("name", ["../../etc/x.csv", "x" * 300 + ".csv", "x\u202egnp.csv", "a\x00b.csv", "", "/",
                                  "..\\x.csv",
                                  "=cmd.csv", "<script>.csv", "a\nb.csv"])
def test_a_strange_file_name_is_shown_and_never_used(name: str) -> None:
    found = answer(b"", name)
    assert set(found.counts) == {"empty_file"}
    assert ".." not in found.first_error.message.split(" is empty")[0].strip("….") or "…" in found.first_error.message
    data = load_upload(name, GOOD, D)
    assert not data.source.exists() and load_truth(data.source) is None


@pytest.mark.parametrize("path", ["none.csv", "x" * 300 + ".csv", "a\x00b", "/dev/null"])
def test_a_path_that_is_no_file(path: str) -> None:
    assert set(check_data(path, dictionary=D).counts) == {"not_there"}
    with pytest.raises(Refused, match="Nothing was imported"):
        load_data(path, dictionary=D)
    with pytest.raises(Refused):
        load_data(path)


def test_an_upload_past_the_cap_is_not_read_to_its_end() -> None:
    stream = io.BytesIO(GOOD * 1000)
    found = check_upload("x.csv", stream, D, limits=Limits(max_bytes=1000))
    assert set(found.counts) == {"too_large"} and stream.tell() == 1001


def test_a_label_in_a_file_to_score_is_ignored_with_a_notice() -> None:
    found = answer(table(row() + ",true", header=HEADER + ",found"))
    assert set(found.counts) == {"label_ignored"}
    loaded = load_upload("x.csv", table(row() + ",true", header=HEADER + ",found"), D)
    assert "found" not in loaded.declarations


def test_a_frame_with_cells_of_every_kind() -> None:
    given = pd.DataFrame({"id": ["a", 7, True, datetime(2026, 1, 1)], "weight": [1, "2", 3.5, None]}, dtype=object)
    with pytest.raises(Refused, match="Row 4: weight is empty"):
        check_frame(given, D)
    assert check_frame(given.head(3), D)["id"].tolist() == ["a", "7", "True"]


# ---------------------------------------------------------------- totals, codes, fuzz

def test_totals_are_exact_and_listings_capped_by_column_and_in_all() -> None:
    rows = "\n".join(f"i{k},no,x,y,z,u,v,w,,," for k in range(20_000))
    found = check_upload("x.csv", f"{HEADER}\n{rows}\n".encode(), D)
    assert found.counts == {"not_a_date": 20_000, "not_a_number": 60_000, "not_true_false": 20_000,
                            "wrong_form": 20_000, "not_allowed": 20_000}
    assert found.errors == 140_000 and len(found.listed) == 700
    wide = ",".join(["id", "weight", *(f"c{i}" for i in range(450))])
    many = check_upload("x.csv", f"{wide}\n{','.join(['a'] * 452)}\n".encode(), D, limits=Limits())
    assert many.counts["extra_column"] == 450


def test_every_code_occurs_in_a_test_and_is_documented() -> None:
    shown = {code for _, code in FILES.values()} | {code for _, code, _ in VALUES} | {c for _, c in PARQUET.values()}
    shown |= {"duplicate", "duplicate_row", "look_alike_id", "look_alike", "too_large", "duplicate_header",
              "parts_differ",
              "not_there", "outside_package", "unmatched_outcome", "label_ignored"}  # by tests of their own above
    assert set(CODES) == shown - {None}
    for name, code in CODES.items():
        assert code.severity in ("error", "notice") and code.example and code.meaning.endswith("."), name
    page = (ROOT / "docs" / "finding-codes.md").read_text(encoding="utf-8")
    assert page == as_markdown(), "write docs/finding-codes.md anew from risk.intake.codes.as_markdown()"


def test_excerpts_are_short_and_show_what_is_hidden() -> None:
    assert excerpt("a\u202eb") == "a\\u202eb" and len(excerpt("x" * 1_000_000)) == 40


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read(junk: bytes) -> None:
    answer(junk)
    answer(GOOD + junk)
    answer(junk, "x.parquet")


@given(st.lists(st.lists(st.text(max_size=8), min_size=len(COLUMNS), max_size=len(COLUMNS)), min_size=1, max_size=4))
def test_whatever_is_accepted_comes_in_letter_by_letter(rows: list[list[str]]) -> None:
    """Never a silent change: a text that passes is the text of the file."""
    for i, cells in enumerate(rows):
        cells[0], cells[2] = f"{i}{cells[0]}", "5"
        cells[1] = cells[3] = cells[4] = cells[5] = cells[6] = cells[7] = ""
    content = "\n".join([HEADER, *(",".join(quoted(c) for c in cells) for cells in rows)])
    try:
        loaded = load_upload("x.csv", content.encode("utf-8", "surrogatepass"), D).declarations
    except Refused as refusal:
        assert "Nothing was imported" in str(refusal)
    else:
        for j in (0, 8, 9, 10):
            assert loaded.iloc[:, j].fillna("").tolist() == [cells[j] for cells in rows]
