"""Commands for whole data sets and for other programs: files whole or not at all, forms that there are."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from risk import cli_tools
from risk.cli import app
from risk.errors import BadSetting, Refused
from risk.workbench import Workspace
from tests.fixtures_cli import run


def test_scores_of_data_in_parts_are_written_in_parts(house: Workspace, parts_path: Path, tmp_path: Path) -> None:
    told = run("score", "champion", parts_path, "--out", tmp_path / "s.parquet", "--workspace", house.root)
    scores = pd.read_parquet(tmp_path / "s.parquet")
    assert told == f"Scored {len(scores):,} items into {tmp_path / 's.parquet'}\n"
    assert scores["item_id"].is_unique and scores["risk_score"].between(0, 1).all()


def test_what_cannot_be_read_leaves_no_file(house: Workspace, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    given = ["score", "champion", str(tmp_path / "x.csv"), "--out", str(tmp_path / "s.parquet")]
    with pytest.raises(Refused, match="expected column names.*Nothing was imported"):
        CliRunner().invoke(app, [*given, "--workspace", str(house.root)], catch_exceptions=False)
    assert not (tmp_path / "s.parquet").exists()


def test_a_query_is_printed_or_written(house: Workspace, tmp_path: Path) -> None:
    printed = run("export", "champion", "--workspace", house.root)
    run("export", "champion", "--out", tmp_path / "score.sql", "--workspace", house.root)
    assert "SELECT" in printed and (tmp_path / "score.sql").read_text(encoding="utf-8").strip() == printed.strip()


@pytest.mark.parametrize("given", [["--to", "features"], ["--to", "scorecard"], ["--to", "poem"]])
def test_a_form_that_there_is_not_is_wrong_usage(house: Workspace, given: list[str]) -> None:
    done = CliRunner().invoke(app, ["export", "champion", *given, "--workspace", str(house.root)])
    assert done.exit_code == 2 and "expected sql, features with --data and" in " ".join(done.stderr.split())


def test_serving_without_its_extra_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cli_tools.need
    monkeypatch.setattr(cli_tools, "need", lambda *modules, extra: before("not_a_module_of_anybody", extra=extra))
    with pytest.raises(BadSetting, match=r"expected the extra \[service\].*pip install '.*\[service\]'"):
        CliRunner().invoke(app, ["serve"], catch_exceptions=False)
