"""Commands that put explanations to the test: what they print, what they keep, what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from risk.cli import app
from risk.errors import BadSetting, NotFound
from risk.workbench import Workspace
from tests.fixtures_cli import run


def test_the_audit_keeps_two_answers_apart_and_for_the_model_page(house: Workspace, stream_path: Path) -> None:
    other = house.registry.ids()[1]
    given = ("audit-explanations", "champion", stream_path, "--workspace", house.root, "--rate", 0.05)
    told = run(*given, "--beside", other)
    places = [told.index(w) for w in ("Agrees with the cause", "Models on the same items", "Faithful to the model")]
    assert places == sorted(places) and other in told
    rows = json.loads(run(*given, "--format", "json"))
    about = {r["question"] for r in rows}
    assert "faithful to the model" in about and any(a.startswith("agrees with the cause") for a in about)
    assert house.results.audit_of(house.registry.champion()).flagged > 10


def test_a_rate_that_is_none_is_refused(house: Workspace, stream_path: Path) -> None:
    given = ["audit-explanations", "champion", str(stream_path), "--workspace", str(house.root), "--rate", "2"]
    with pytest.raises(BadSetting, match="rate is 2.0; expected a share above 0, at most 1"):
        CliRunner().invoke(app, given, catch_exceptions=False)


def test_one_item_from_several_sides(house: Workspace, stream_path: Path, data) -> None:
    item, other = str(data.declarations["item_id"].iloc[-5]), house.registry.ids()[1]
    told = run("counter-check", "champion", stream_path, "--item", item, "--other", other, "--workspace", house.root)
    assert told.startswith(f"{item}: lane ") and "Similar earlier items" in told and other in told
    compared = run("explain", "champion", stream_path, "--item", item, "--compare", other, "--workspace", house.root)
    assert f"{other}: " in compared and "What each makes of the details" in compared


def test_an_item_that_is_not_in_the_data_is_said(house: Workspace, stream_path: Path) -> None:
    given = ["counter-check", "champion", str(stream_path), "--item", "CX1", "--workspace", str(house.root)]
    with pytest.raises(NotFound, match="No item named 'CX1'.*must be in the data set given"):
        CliRunner().invoke(app, given, catch_exceptions=False)
