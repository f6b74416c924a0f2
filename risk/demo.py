"""The main job from end to end, as ``make demo`` runs it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from risk import champions, workbench
from risk.fitted import FittedModel
from risk.store import Batch
from risk.workbench import Evaluation, Step, Workspace

__all__ = ["Done", "run", "capacity_words", "app_command"]

_NEWEST_DAYS = 7
_EXAMINED_SHARE = 0.05


@dataclass(frozen=True)
class Done:
    """What the demonstration made."""

    model: FittedModel
    evaluation: Evaluation
    batch: Batch


def run(space: Workspace, *, items: int = 20_000, seed: int = 7, tell: Step = lambda text: None) -> Done:
    """Generate, train, register, evaluate, score and explain the newest days, open the queue.

    The stream is kept in ``data/`` of the workspace; running again with the same numbers changes nothing.
    """
    stream = space.root / "data" / f"teaching-{items}-{seed}"
    tell(f"1/4  Making {items:,} parcels …")
    if not (stream / "datapackage.json").exists():
        workbench.generate(stream, items=items, seed=seed)
    tell("2/4  Training an interpretable model on what examinations showed …")
    data = workbench.load_data(stream)
    model = workbench.train(data, seed=seed, workspace=space)
    if space.registry.champion() != model.model_id:
        champions.promote(space, model.model_id, reason="made by the demo")
    tell("3/4  Judging it on newer items …")
    evaluation = workbench.evaluate(model, data, workspace=space)
    champions.write_card(space, model.model_id)
    tell("4/4  Scoring and explaining the newest days …")
    newest = workbench.newest(data, days=_NEWEST_DAYS)
    how = workbench.Selection(max(1, round(len(newest) * _EXAMINED_SHARE)), seed=seed)
    return Done(model, evaluation, workbench.open_queue(space, model, newest, how=how, source=data))


def capacity_words(table: pd.DataFrame) -> pd.DataFrame:
    """The capacity table as people read it: one row a rate, hit and detection rate of each policy in per cent."""
    policies = list(dict.fromkeys(table["policy"]))
    rows = []
    for rate, part in table.groupby("examination_rate"):
        of = part.set_index("policy")
        rows.append({"examined": f"{rate:.1%}", **{f"hit rate {p}": f"{of.at[p, 'hit_rate']:.1%}" for p in policies},
                     **{f"detected {p}": f"{of.at[p, 'detection_rate']:.1%}" for p in policies}})
    return pd.DataFrame(rows)


def app_command(port: int) -> list[str]:
    """The command that serves the web app on this machine."""
    script = Path(__file__).parent.parent / "app.py"
    return [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port),
            "--server.headless", "true", "--browser.gatherUsageStats", "false"]
