"""The guide to one's own data: every command of it is run, in its order, on a made table."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from risk import workbench
from risk.cli import app
from risk.datasets import check_upload
from risk.ui.present.item import item_view
from tests.fixtures_intake import import_entries

GUIDE = Path(__file__).parent.parent / "docs" / "bring-your-own-data.md"


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", GUIDE.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def test_every_command_of_the_guide_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RISK_WORKSPACE", raising=False)
    made = import_entries(6000, 5, clock=True)
    made.head(5500).to_csv("entries.csv", index=False)
    new = made.tail(500).reset_index(drop=True)
    new.loc[0, "entry"] = "E0000001"
    new.to_csv("new.csv", index=False)
    out = {}
    for line in commands():
        program, *args = shlex.split(line)
        assert program == "risk"
        done = CliRunner().invoke(app, args, catch_exceptions=False)
        assert done.exit_code == 0, f"{line}\n{done.output}"
        out[" ".join(args[:2]) if args[0] == "schema" else args[0]] = done
    assert {"schema infer", "check", "leakage", "train", "evaluate", "score", "explain", "select"} == set(out)

    drafted = json.loads(Path("dictionary.json").read_text(encoding="utf-8"))
    roles = {f["name"]: f["risk"] for f in drafted["resources"][0]["schema"]["fields"]}
    assert drafted["risk"]["clock"] == "day" and roles["decision_day"]["known_at"] == "examination"
    assert all(r["review"] for r in roles.values())
    assert "E0000001" in out["explain"].stdout
    assert "found says what an examination showed" in out["score"].stderr
    assert (pd.read_csv("lanes.csv")["lane"] == "red").sum() == 50
    parties = [f for f in drafted["risk"]["features"] if f["kind"] == "party"]
    assert len(parties) == 6 and all(f["review"] for f in parties)
    scores = pd.read_parquet("scores.parquet")
    assert "phi_importer_age" in scores
    run_alone("score champion new.csv --schema dictionary.json --explain --out alone.parquet")
    assert not pd.read_parquet("alone.parquet")["margin"].equals(scores["margin"])  # the past was looked up
    an_upload_gets_a_queue(new, Path("dictionary.json").read_bytes())


def run_alone(line: str) -> None:
    assert CliRunner().invoke(app, shlex.split(line), catch_exceptions=False).exit_code == 0


def an_upload_gets_a_queue(new: pd.DataFrame, dictionary: bytes) -> None:
    """As the page Data does it: the same table through the gate, a queue, and the item's page."""
    told = check_upload("new.csv", new.drop(columns=["found", "decision_day"]).to_csv(index=False).encode(),
                        schema=dictionary)
    assert told.data is not None and told.sentence.startswith("new.csv: 500 items read")
    space = workbench.Workspace.at("workspace")
    model = space.registry.load("champion")
    items = workbench.known(told.data, model.dictionary).declarations
    batch = workbench.open_queue(space, model, items, how=workbench.Selection(25), source=told.data)
    assert batch.cases == 50
    view = item_view(model, workbench.queue_item(space, batch, "E0000001"))
    assert not view.withheld and view.raising and all(r.text for r in (*view.raising, *view.lowering))


def test_the_guide_is_one_page() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    assert len(text.split()) < 800 and max(len(line) for line in text.splitlines() if line[:1] != "|") <= 120
