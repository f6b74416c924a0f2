"""Uploads: everything found is told, and nothing is imported unless all of it was accepted; tables out."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd
import pytest

from risk import workbench
from risk.datasets import check_upload, formula_safe
from risk.errors import Refused

SCHEMA = {
    "name": "t",
    "resources": [
        {
            "name": "declarations",
            "schema": {
                "fields": [
                    {"name": "id", "risk": {"role": "id"}},
                    {
                        "name": "weight",
                        "type": "number",
                        "constraints": {"minimum": 1},
                        "risk": {"role": "numeric"},
                    },
                ]
            },
        }
    ],
}


def test_a_good_upload_is_handed_over_with_its_notices() -> None:
    done = check_upload("../x.csv", io.BytesIO(b"id,weight,more\na,5,1\n"), schema=json.dumps(SCHEMA))
    assert done.data is not None and done.data.declarations["weight"].tolist() == [5.0]
    assert done.sentence == "x.csv: 1 items read, 1 notice." and set(done.findings.counts) == {"extra_column"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"id,weight\na,-5\nb,x\n", "out_of_range"),
        (b"id;weight\na;5\n", "wrong_delimiter"),
        (b"PK\x03\x04", "wrong_kind"),
    ],
)
def test_a_bad_upload_is_told_in_full_and_leaves_nothing(content: bytes, code: str) -> None:
    done = check_upload("x.csv", content, schema=json.dumps(SCHEMA).encode())
    assert done.data is None and code in done.findings.counts and "Nothing was imported" in done.sentence


@pytest.mark.parametrize("schema", ["{", "[]", b"\xff", '{"resources": []}'])
def test_a_bad_dictionary_is_refused(schema: str | bytes) -> None:
    with pytest.raises(Refused, match="Nothing was"):
        check_upload("x.csv", b"id,weight\na,5\n", schema=schema)


def test_without_a_dictionary_the_postal_one_is_meant(data) -> None:
    text = data.declarations.head(20).to_csv(index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    assert check_upload("parcels.csv", text.encode()).data is not None
    assert workbench.check_upload is check_upload


def test_nothing_that_leaves_as_csv_is_a_formula(tmp_path: Path) -> None:
    starts = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "＝1", "plain", None]
    table = formula_safe(pd.DataFrame({"=a": starts, "n": range(9)}))
    assert list(table.columns) == ["'=a", "n"]
    assert [v for v in table.iloc[:, 0] if isinstance(v, str) and not v.startswith("'")] == ["plain"]


def test_times_after_now_are_noticed_and_told_once_a_column(model, tmp_path: Path, data) -> None:
    frame = data.declarations.head(30).copy()
    frame["arrived_utc"] = pd.Timestamp("2199-01-01", tz="UTC")
    frame.to_parquet(tmp_path / "late.parquet")
    found = workbench.check(tmp_path / "late.parquet")
    assert found.counts["future_date"] == 30 and found.errors == 0
    told = workbench.scoring_notices(model, workbench.open_data(tmp_path / "late.parquet"))
    assert sum("later than now" in t and "29 or more such" in t for t in told) == 1
