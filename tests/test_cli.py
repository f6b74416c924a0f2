"""The command line: documented, honest exit codes, machine-readable where it prints tables."""

from __future__ import annotations

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from risk.access import local_actor
from risk.cli import app
from risk.errors import RiskError
from risk.workbench import Workspace
from tests.fixtures_cli import run

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
SAMPLE = ROOT / "data_synthetic" / "sample"


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


def test_the_whole_job(tmp_path: Path) -> None:
    """From a data set to the items to examine, each step on what the one before wrote."""
    space, scores, lanes = ("--workspace", tmp_path / "w"), tmp_path / "scores.parquet", tmp_path / "lanes.csv"
    trained = run("train", SAMPLE, "--model", "logistic", "--labels", "truth", "--seed", 7, *space)
    model_id = trained.strip().splitlines()[-1]
    assert [m["id"] for m in json.loads(run("models", "list", "--format", "json", *space))] == [model_id]
    run("score", "champion", SAMPLE, "--out", scores, "--explain", *space)
    table = pd.read_parquet(scores)
    phi = table.filter(like="phi_").sum(axis=1)
    assert ((table["base_value"] + phi - table["margin"]).abs() < 1e-6).all()
    run("select", scores, "--capacity", 100, "--random-share", 0.2, "--out", lanes)
    chosen = pd.read_csv(lanes)
    assert (chosen["lane"] == "red").sum() == 100
    item = chosen.loc[chosen["lane"] == "red", "item_id"].iloc[0]
    assert item in run("explain", "champion", SAMPLE, "--item", item, *space)


def test_explaining_an_item_adds_up_and_says_what_it_resembles(house: Workspace, stream_path: Path, data) -> None:
    item, space = data.declarations["item_id"].iloc[-1], ("--workspace", house.root)
    told = run("explain", "champion", stream_path, "--item", item, *space)
    assert item in told and "base value" in told and "If irregular, it resembles: " in told
    as_json = json.loads(run("explain", "champion", stream_path, "--item", item, "--format", "json", *space))
    total = sum(r["attribution"] for r in as_json) + as_json[0]["base_value"]
    assert total == pytest.approx(as_json[0]["margin"], abs=1e-4)


def test_the_log_is_verified_sealed_and_exported(tmp_path: Path) -> None:
    space = Workspace.at(tmp_path / "w")
    with closing(space.store()) as store:
        store.append("note", {"n": 1}, actor=local_actor())
    where = ("--workspace", space.root)
    seal = run("log", "seal", *where)
    assert re.search(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){3}", seal)
    assert "seal" in run("log", "verify", *where)
    run("log", "export", "--out", tmp_path / "log.jsonl", *where)
    assert [json.loads(line)["seq"] for line in (tmp_path / "log.jsonl").read_text().splitlines()][:2] == [1, 2]
    with closing(sqlite3.connect(space.root / "risk.db")) as db:
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        db.execute("UPDATE entries SET actor = 'somebody' WHERE seq = 2")
        db.commit()
    done = CliRunner().invoke(app, ["log", "verify", "--workspace", str(space.root)])
    assert done.exit_code == 1 and "Entry 2 was edited" in done.stdout


def test_a_refusal_is_a_message_and_exit_code_1(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "risk", "score", "champion", "none.csv", "--out", "x.parquet"],
                          capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("risk: ") and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_usage_errors_exit_with_2() -> None:
    assert CliRunner().invoke(app, ["select"]).exit_code == 2
    assert CliRunner().invoke(app, ["models", "list", "--format", "xml"]).exit_code == 2


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
