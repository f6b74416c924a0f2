"""The command line: documented, honest exit codes, machine-readable where it prints tables."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

import risk
from risk.cli import app
from risk.errors import RiskError

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def run(*args: object, ok: bool = True) -> str:
    done = CliRunner().invoke(app, [str(a) for a in args])
    if ok and done.exit_code != 0:
        raise AssertionError(f"{args}: exit {done.exit_code}\n{done.output}\n{done.exception!r}")
    return done.stdout


def commands() -> list[tuple[str, ...]]:
    import typer

    root = typer.main.get_command(app)
    out: list[tuple[str, ...]] = []
    for name, command in root.commands.items():
        sub = getattr(command, "commands", None)
        out += [(name, s) for s in sub] if sub else [(name,)]
    return out


@pytest.mark.parametrize("command", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example_and_stands_in_the_readme(command: tuple[str, ...]) -> None:
    text = run(*command, "--help")
    assert "Example: risk " + " ".join(command) in re.sub(r"\s+", " ", text)
    assert f"risk {' '.join(command)}" in README.read_text(encoding="utf-8")


def test_the_whole_job(stream_path: Path, tmp_path: Path) -> None:
    space = ("--workspace", tmp_path / "w")
    model_id = run("train", stream_path, "--seed", 7, *space).strip().splitlines()[-1]
    listed = json.loads(run("models", "list", "--format", "json", *space))
    assert [m["id"] for m in listed] == [model_id] and listed[0]["champion"] == "yes"
    assert "score the same" in run("models", "verify", "champion", *space)
    assert json.loads(run("models", "show", model_id[:-2], *space))["id"] == model_id

    scores = tmp_path / "scores.parquet"
    run("score", "champion", stream_path, "--out", scores, "--explain", *space)
    table = pd.read_parquet(scores)
    phi = table.filter(like="phi_").sum(axis=1)
    assert ((table["base_value"] + phi - table["margin"]).abs() < 1e-6).all()

    lanes = tmp_path / "lanes.csv"
    run("select", scores, "--capacity", 100, "--random-share", 0.2, "--out", lanes)
    assert (pd.read_csv(lanes)["lane"] == "red").sum() == 100

    item = table["item_id"].iloc[0]
    told = run("explain", "champion", stream_path, "--item", item, *space)
    assert item in told and "base value" in told and "If irregular, it resembles: " in told
    as_json = json.loads(run("explain", "champion", stream_path, "--item", item, "--format", "json", *space))
    total = sum(r["attribution"] for r in as_json) + as_json[0]["base_value"]
    assert total == pytest.approx(as_json[0]["margin"], abs=1e-4)

    capacity = json.loads(run("evaluate", "champion", stream_path, "--format", "json", *space))
    assert {r["policy"] for r in capacity} >= {"random", "rules", "profiles"}
    judged = run("evaluate", "champion", stream_path, *space)
    assert all(words in judged for words in ("By origin", "By scheme", "horvitz-thompson", "as stated", "could find"))
    rates = json.loads(run("evaluate", "champion", stream_path, "--format", "json", "--table", "estimates", *space))
    assert {r["estimator"] for r in rates} == {"naive", "horvitz-thompson", "hajek"}

    day = _late(stream_path)
    watched = json.loads(run("evaluate", "champion", stream_path, "--since", day, "--format", "json", *space))
    assert {"stability", "unknown"} <= {row["monitor"] for row in watched}
    assert {row["week"][4] for row in watched} == {"-"}  # a day, not a number
    assert run("evaluate", "champion", stream_path, "--since", "2199-01-01", *space, ok=False) == ""


def _late(stream_path: Path) -> str:
    """A day by which seven tenths of the stream had arrived."""
    clock = risk.load_data(stream_path).declarations["arrived_utc"]
    return f"{clock.quantile(0.7):%Y-%m-%d}"


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


def test_a_refusal_is_a_message_and_exit_code_1(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "risk", "score", "champion", "none.csv", "--out", "x.parquet"],
                          capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("risk: ") and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_usage_errors_exit_with_2() -> None:
    assert CliRunner().invoke(app, ["select"]).exit_code == 2
    assert CliRunner().invoke(app, ["models", "list", "--format", "xml"]).exit_code == 2


def test_dictionary_table() -> None:
    rows = json.loads(run("schema", "show", "--format", "json"))
    assert any(r["field"] == "gross_weight_g" and "31500" in r["expected"] for r in rows)


def test_generate_takes_a_world_file_and_continues_a_stream(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("extends = 'calm'\n[irregular]\nshare = 0.02\n", encoding="utf-8")
    world = ("--world", tmp_path / "mine.toml")
    assert "Made 300 items of the world 'mine'" in run("generate", "--out", tmp_path / "a", "--items", 300, *world)
    said = run("generate", "--out", tmp_path / "b", "--items", 200, "--history", tmp_path / "a", *world)
    assert "Made 200 items" in said
    a, b = (pd.read_parquet(tmp_path / x / "declarations.parquet") for x in "ab")
    assert a["arrived_utc"].max() <= b["arrived_utc"].min() and set(a["sender_id"]) & set(b["sender_id"])
    assert not set(a["item_id"]) & set(b["item_id"])
    with pytest.raises(RiskError, match="Name the same world. Nothing was written"):
        CliRunner().invoke(app, ["generate", "--out", str(tmp_path / "c"), "--history", str(tmp_path / "a"),
                                 "--world", "calm"], catch_exceptions=False)
