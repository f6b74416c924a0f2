"""Commands of the policy lab and of drift."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from risk import lab
from risk.cli import app
from risk.errors import RiskError
from risk.lab import runs
from risk.workbench import Workspace
from tests.fixtures_cli import run


def test_the_command_prints_and_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs._year.cache_clear()
    monkeypatch.setattr(runs, "year_of", lab.year_of)
    words = [
        "simulate",
        "--policy",
        "random,rules",
        "--weeks",
        "3",
        "--warm-up",
        "2",
        "--items-a-week",
        "200",
        "--capacity",
        "0.1",
        "--workspace",
        str(tmp_path / "w"),
    ]
    done = CliRunner().invoke(app, [*words, "--format", "csv"])
    assert done.exit_code == 0 and "norm_precision" in done.stdout
    done = CliRunner().invoke(app, [*words, "--table", "weekly", "--out", str(tmp_path / "weekly.csv")])
    assert done.exit_code == 0 and len(pd.read_csv(tmp_path / "weekly.csv")) == 6


def test_drift_since_a_day_is_told_as_days(house: Workspace, stream_path: Path, data) -> None:
    day = f"{data.declarations['arrived_utc'].quantile(0.7):%Y-%m-%d}"
    given = ("evaluate", "champion", stream_path, "--workspace", house.root)
    watched = json.loads(run(*given, "--since", day, "--format", "json"))
    assert {"stability", "unknown"} <= {row["monitor"] for row in watched}
    assert {row["week"][4] for row in watched} == {"-"}  # a day, not a number
    assert run(*given, "--since", "2199-01-01", ok=False) == ""


def test_a_policy_that_there_is_not_is_said(tmp_path: Path) -> None:
    with pytest.raises(RiskError, match="No policy named 'oracular'. Policies: random, rules"):
        CliRunner().invoke(app, ["simulate", "--policy", "oracular", "--workspace", str(tmp_path)],
                           catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []
