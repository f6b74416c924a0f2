"""The command line, called in this process, and a workspace to call it on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from risk.cli import app
from risk.workbench import Workspace


def run(*args: object, ok: bool = True) -> str:
    """What a command writes to stdout; with `ok`, anything but exit code 0 fails the test."""
    done = CliRunner().invoke(app, [str(a) for a in args])
    if ok and done.exit_code != 0:
        raise AssertionError(f"{args}: exit {done.exit_code}\n{done.output}\n{done.exception!r}")
    return done.stdout


@pytest.fixture
def house(space, model, data, tmp_path: Path) -> Workspace:
    """Two models, the trained one and another; the trained one is in use."""
    shutil.copytree(space.root / "models", tmp_path / "models")
    here = Workspace.at(tmp_path)
    other = type(model)(model.kind, model.features, model.tables.scaled(0.5, 0.1), model.facts)
    here.registry.save(other, data.declarations.head(5), created_utc="2030-01-02T03:04:05+00:00")
    return here
