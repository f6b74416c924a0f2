"""Watch a living stream: measure drift, keep the newest result in the workspace, read it again."""

from __future__ import annotations

import json
import os

import pandas as pd

from risk.drift import Limits, Watched, drift
from risk.errors import BadSetting
from risk.fitted import FittedModel
from risk.intake import Data
from risk.workbench import Workspace

__all__ = ["kept_drift", "watch_drift"]


def watch_drift(
    model: FittedModel,
    data: Data,
    *,
    since: str,
    limits: Limits | None = None,
    workspace: Workspace | None = None,
) -> Watched:
    """Weekly monitors of everything since a day; see `risk.drift`. With a workspace the result is kept there.

    Raises
    ------
    risk.errors.BadSetting
        When `since` is not a day or moment.
    risk.errors.Refused
        When the data has no time, or too little of it on either side.
    """
    found = drift(model, data, since=_moment(since), limits=limits or Limits())
    if workspace is not None:
        folder = workspace.root / "results"
        folder.mkdir(parents=True, exist_ok=True)
        beside = folder / f".{model.model_id}.drift.new"
        rows = json.loads(
            found.table.assign(week=found.table["week"].dt.strftime("%Y-%m-%d")).to_json(orient="records")
        )
        beside.write_text(
            json.dumps({"before": found.before, "since": found.since, "rows": rows}), encoding="utf-8"
        )
        os.replace(beside, folder / f"{model.model_id}.drift.json")
    return found


def kept_drift(workspace: Workspace, model_id: str) -> Watched | None:
    """The newest kept result of a model, or None where its stream was never watched."""
    path = workspace.root / "results" / f"{model_id}.drift.json"
    if not path.exists():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    table = pd.DataFrame(told["rows"])
    table["week"] = pd.to_datetime(table["week"], utc=True)
    return Watched(table, told["before"], told["since"])


def _moment(text: str) -> pd.Timestamp:
    try:
        moment = pd.Timestamp(text)
    except ValueError:
        moment = pd.NaT
    if pd.isna(moment):
        raise BadSetting("since", got=text, expected="a day such as 2026-03-01")
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")
