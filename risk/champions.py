"""What a person does with registered models: list and compare them, put one in use, take it back.

Beside `risk.workbench`: putting a model in use, and taking it back, need a right, a reason and a model that
passes every check, and are written to the audit log before they take effect.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass

import pandas as pd

from risk import training
from risk.access import Actor, local_actor
from risk.comparison import compare_margins
from risk.datasets import known
from risk.errors import Refused
from risk.fitted import FittedModel
from risk.intake import Data, load_truth
from risk.workbench import Workspace, utc_now

__all__ = ["Comparison", "champion_history", "compare", "list_models", "promote", "rollback"]


def list_models(workspace: Workspace) -> pd.DataFrame:
    """Registered models: id, kind, when, on how many finds, and whether it is the champion."""
    registry, rows = workspace.registry, []
    for model_id in registry.ids():
        manifest = registry.manifest(model_id)
        facts = manifest["facts"]
        rows.append(
            {
                "id": model_id,
                "kind": manifest["kind"],
                "created_utc": manifest["created_utc"],
                "labels": facts.get("labels", ""),
                "finds learnt from": facts.get("found_fit", 0),
                "champion": "yes" if model_id == registry.champion() else "",
            }
        )
    return pd.DataFrame(
        rows, columns=["id", "kind", "created_utc", "labels", "finds learnt from", "champion"]
    )


@dataclass(frozen=True)
class Comparison:
    """Two models on items that neither has learnt from.

    Attributes
    ----------
    a, b : str
        What the two are called.
    judge : str
        ``truth`` or ``examinations``.
    n, found : int
        Items judged, and how many of them were irregular.
    table : DataFrame
        As `risk.comparison.compare_margins` returns it.
    """

    a: str
    b: str
    judge: str
    n: int
    found: int
    table: pd.DataFrame

    @property
    def verdict(self) -> str:
        """The verdict by average precision, in words."""
        said = str(self.table.set_index("measure").at["average_precision", "verdict"])
        return said.replace("A is", f"{self.a} is").replace("B is", f"{self.b} is")


def compare(
    a: FittedModel, b: FittedModel, data: Data, *, repeats: int = 1000, seed: int = 0
) -> Comparison:
    """Judge two models on the same items: all of a data set that neither has learnt from.

    Judged by truth where the data set has it, else by examinations, weighted by their inverse inclusion
    probability.

    Raises
    ------
    risk.errors.Refused
        When no item is left that neither has learnt from, or none that is judged is irregular.
    """
    truth = load_truth(data.source)
    rows = training.unseen_rows(a.facts, data) & training.unseen_rows(b.facts, data)
    labels = training.labels_of(data, truth=truth).where(pd.Series(rows)).dropna()
    if labels.empty:
        raise Refused(
            "Expected items that neither model has learnt from and whose result is known; this data set has "
            "none. Compare on newer data."
        )
    declarations = known(data).declarations.iloc[labels.index.to_numpy()]
    margins = [m.score(declarations)["margin"].to_numpy() for m in (a, b)]
    y, weight = labels["y"].to_numpy(), labels["weight"].to_numpy()
    table = compare_margins(*margins, y, weight=weight, repeats=repeats, seed=seed)
    names = [m.model_id or m.kind for m in (a, b)]
    return Comparison(*names, "examinations" if truth is None else "truth", len(y), int(y.sum()), table)


def promote(workspace: Workspace, name: str, *, reason: str, actor: Actor | None = None) -> str:
    """Make a model the champion, with a reason, and write that into the log; returns its id.

    Raises
    ------
    risk.errors.Refused, risk.errors.NotFound, risk.errors.NotAllowed
        No reason; a model that fails a check of the registry; no right to it. Nothing was changed then.
    """
    registry = workspace.registry
    model_id = registry.resolve(name)
    return _put_in_use(workspace, model_id, "model_promoted", reason=reason, actor=actor)


def rollback(workspace: Workspace, *, reason: str, actor: Actor | None = None) -> str:
    """Take the champion out of use and put the one before it back, with a reason, and write that into the log.

    Returns the id of the model now in use. Errors: as `promote`; `Refused` where there was none before.
    """
    previous = workspace.registry.previous()
    return _put_in_use(workspace, previous, "model_rolled_back", reason=reason, actor=actor)


def _put_in_use(workspace: Workspace, model_id: str, event: str, *, reason: str, actor: Actor | None) -> str:
    """The log first: an act that is in use but not in the log must not be."""
    registry, actor = workspace.registry, actor or local_actor()
    registry.check_reason(reason)
    registry.load(model_id)
    told = {"model_id": model_id, "instead_of": registry.champion() or "", "reason": reason}
    with closing(workspace.store()) as store:
        store.append(event, told, actor=actor, action="promote")
    act = registry.promote if event == "model_promoted" else registry.roll_back
    return act(model_id, reason=reason, actor=actor.name, utc=utc_now())


def champion_history(workspace: Workspace) -> pd.DataFrame:
    """Which models were in use, oldest first: ``utc, act, id, reason, actor``."""
    rows = [{"act": "promoted", **entry} for entry in workspace.registry.history()]
    return pd.DataFrame(rows, columns=["utc", "act", "id", "reason", "actor"])
