"""Commands about data sets: everything that is wrong is said, and the exit code says whether."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from risk import workbench
from risk.cli import app
from risk.errors import RiskError
from tests.fixtures_cli import run
from tests.fixtures_leakage import dictionary, glued


def test_check_says_everything_and_exits_with_1(tmp_path: Path, data) -> None:
    frame = data.declarations[[f.name for f in data.dictionary.fields()]].head(50).astype(object)
    frame.loc[frame.index[16], "gross_weight_g"] = -3
    frame.loc[frame.index[3], "pieces"] = "two"
    bad = tmp_path / "bad.csv"
    frame.drop(columns="origin").to_csv(bad, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    done = CliRunner().invoke(app, ["check", str(bad), "--format", "json"])
    assert done.exit_code == 1
    listed = json.loads(done.stdout)
    codes = {(f["row"], f["column"], f["code"]) for f in listed}
    assert {f["severity"] for f in listed} == {"error"} and all(f["total"] >= 1 for f in listed)
    wanted = {(0, "origin", "missing_column"), (17, "gross_weight_g", "out_of_range"), (4, "pieces", "not_a_number")}
    assert wanted <= codes
    with pytest.raises(RiskError, match="Column origin is missing.*Nothing was imported"):
        CliRunner().invoke(app, ["train", str(bad)], catch_exceptions=False)


def test_a_good_file_checks_clean(stream_path: Path) -> None:
    assert run("check", stream_path, "--format", "csv").strip() == "row,column,code,severity,message,excerpt,total"


def test_dictionary_table() -> None:
    rows = json.loads(run("schema", "show", "--format", "json"))
    assert any(r["field"] == "gross_weight_g" and "31500" in r["expected"] for r in rows)


@pytest.mark.parametrize("path", ["x" * 300 + ".csv", "none.csv", "a:/b?.csv"])
def test_a_path_that_is_no_file_is_a_message(path: str) -> None:
    done = CliRunner().invoke(app, ["check", path, "--format", "json"])
    assert done.exit_code == 1 and json.loads(done.stdout)[0]["code"] == "not_there"


def test_the_planted_flaw_on_the_command_line(tmp_path: Path) -> None:
    """A dictionary with no learning beats the model; every finding says what to do; exit code 1."""
    frame, package = glued(), tmp_path / "entries"
    package.mkdir()
    frame.to_parquet(package / "declarations.parquet")
    workbench.write_dictionary(dictionary().to_descriptor(), package / "datapackage.json")
    done = CliRunner().invoke(app, ["leakage", str(package), "--format", "json"])
    told = {a["code"]: a for a in json.loads(done.stdout)}
    assert done.exit_code == 1 and told["label_pure_key"]["leak"] and told["lookup_beats_model"]["leak"]
    assert set(told["lookup_beats_model"]["columns"].split(" × ")) == {"hs6", "origin", "net_kg"}
    assert told["lookup_beats_model"]["figure"] > 0.9 > told["lookup_beats_model"]["limit"]
    assert "glued to" in done.stderr and "--without" in done.stderr
