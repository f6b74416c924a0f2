"""The command that trains: a file of settings, and what is given beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from risk.cli import app
from risk.errors import BadSetting
from risk.workbench import Workspace

SAMPLE = Path(__file__).parent.parent / "data_synthetic" / "sample"


def test_the_command_takes_a_file_and_what_is_given_counts_more(tmp_path: Path) -> None:
    (tmp_path / "train.toml").write_text(
        f'data = "{SAMPLE.as_posix()}"\nworkspace = "w"\nmodel = "scorecard"\nlabels = "truth"\nseed = 3\n'
        "[settings]\nbands = 4\n", encoding="utf-8")  # fmt: skip
    config = ("train", "--config", str(tmp_path / "train.toml"))
    done = CliRunner().invoke(app, [*config, "--model", "logistic", "--set", "C=0.5"])
    assert done.exit_code == 0, done.output
    model_id = done.stdout.strip().splitlines()[-1]
    facts = Workspace.at(tmp_path / "w").registry.load(model_id).facts
    assert (facts["model"], facts["seed"], facts["settings"]) == ("logistic", 3, {"bands": 4, "C": 0.5})
    with pytest.raises(BadSetting, match="settings.C is .*expected a setting of scorecard"):
        CliRunner().invoke(app, [*config, "--set", "C=0.5"], catch_exceptions=False)
    assert CliRunner().invoke(app, ["train"]).exit_code == 2
    assert CliRunner().invoke(app, [*config, "--set", "bands"]).exit_code == 2
