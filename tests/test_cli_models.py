"""Commands about registered models, from the list to taking one back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from risk.cli import app
from risk.errors import NotFound, Refused
from risk.workbench import Workspace
from tests.fixtures_cli import run


def test_compared_promoted_and_taken_back(house: Workspace, stream_path: Path) -> None:
    first, second = house.registry.ids()
    where = ["--workspace", str(house.root)]

    def run_here(*args: object) -> str:
        return run(*args, *where)

    compared = ("models", "compare", first, second, stream_path, "--repeats", 50)
    table = json.loads(run_here(*compared, "--format", "json"))
    assert {r["model_a"] for r in table} == {first} and {r["model_b"] for r in table} == {second}
    by = {r["measure"]: r for r in table}
    assert by["auc"]["verdict"] == "we cannot tell", "scaled margins rank alike"
    assert by["brier"]["verdict"] == "A is better", "but they no longer mean what they say"
    said = run_here(*compared)
    assert f"A = {first}" in said and "By average precision: we cannot tell." in said
    assert run_here("models", "promote", second, "--reason", "a trial").strip() == second
    assert run_here("models", "rollback", "--reason", "enough").strip() == first
    assert [r["act"] for r in json.loads(run_here("models", "history", "--format", "json"))][-1] == "rolled back"
    assert CliRunner().invoke(app, ["models", "rollback", *where]).exit_code == 2, "a reason is required"


def test_listed_shown_and_verified(house: Workspace) -> None:
    first, second = house.registry.ids()
    where = ("--workspace", house.root)
    listed = json.loads(run("models", "list", "--format", "json", *where))
    assert [(m["id"], m["champion"] == "yes") for m in listed] == [(first, True), (second, False)]
    assert json.loads(run("models", "show", first[:-2], *where))["id"] == first
    assert "score the same" in run("models", "verify", "champion", *where)


def test_a_model_that_is_not_there_or_was_changed_is_said(house: Workspace) -> None:
    where = ["--workspace", str(house.root)]
    with pytest.raises(NotFound, match="No model named 'nobody'"):
        CliRunner().invoke(app, ["models", "show", "nobody", *where], catch_exceptions=False)
    file = house.registry.root / house.registry.ids()[1] / "tables.npz"
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(Refused, match="was changed after it was registered"):
        CliRunner().invoke(app, ["models", "verify", house.registry.ids()[1], *where], catch_exceptions=False)


def test_a_card_without_an_evaluation_is_refused(house: Workspace) -> None:
    with pytest.raises(Refused, match="Evaluate it first"):
        CliRunner().invoke(app, ["card", "champion", "--workspace", str(house.root)], catch_exceptions=False)
