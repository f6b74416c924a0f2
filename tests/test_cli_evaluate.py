"""The command that says what a model is worth: tables to read, tables for programs, the same numbers."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from risk.cli import app
from risk.workbench import Workspace
from tests.fixtures_cli import run


def test_everything_that_is_known_of_its_worth_is_printed(house: Workspace, stream_path: Path) -> None:
    judged = run("evaluate", "champion", stream_path, "--workspace", house.root)
    assert all(words in judged for words in ("By origin", "By scheme", "horvitz-thompson", "as stated", "could find"))
    assert house.results.of(house.registry.champion()).judge == "truth", "it is kept beside the model"


def test_a_program_gets_one_table(house: Workspace, stream_path: Path) -> None:
    given = ("evaluate", "champion", stream_path, "--workspace", house.root, "--format", "json")
    assert {r["policy"] for r in json.loads(run(*given))} >= {"random", "rules", "profiles"}
    rates = json.loads(run(*given, "--table", "estimates"))
    assert {r["estimator"] for r in rates} == {"naive", "horvitz-thompson", "hajek"}


def test_a_table_that_there_is_not_is_wrong_usage() -> None:
    done = CliRunner().invoke(app, ["evaluate", "champion", "stream", "--table", "colours"])
    assert done.exit_code == 2 and "'colours' is not a table" in done.stderr
