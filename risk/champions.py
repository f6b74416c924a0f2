"""What a person does with registered models: list and compare them, put one in use, take it back, read its card.

Beside `risk.workbench`: putting a model in use, and taking it back, need a right, a reason and a model that
passes every check, and are written to the audit log before they take effect.
"""

from __future__ import annotations

import json
import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from risk import cards, training
from risk.access import Actor, local_actor
from risk.comparison import compare_margins
from risk.datasets import known
from risk.errors import Refused
from risk.fitted import FittedModel
from risk.intake import Data, load_truth
from risk.workbench import Workspace, utc_now

__all__ = [
    "Comparison",
    "champion_history",
    "check_card",
    "compare",
    "list_models",
    "model_card",
    "promote",
    "rollback",
    "write_card",
]


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


# ------------------------------------------------------------------------------------------ the card

_CARD, _PAGE = "card.json", "card.html"


def model_card(workspace: Workspace, name: str, *, texts: cards.Texts | None = None) -> dict[str, Any]:
    """A model's card, made from the model and its kept evaluation.

    Words are `texts`, else those of the card that is there, else the project's own.

    Raises
    ------
    risk.errors.Refused, risk.errors.NotFound
        When the model was never evaluated in this workspace; as `Registry.load`.
    """
    model = workspace.registry.load(name)
    judged = workspace.results.of(model.model_id)
    if judged is None:
        raise Refused(
            f"Expected an evaluation of {model.model_id}; none is kept in this workspace. Evaluate it first: "
            f"risk evaluate {model.model_id} DATA. No card was made."
        )
    sources = cards.Sources(
        model, workspace.registry.manifest(model.model_id), workspace.registry.golden(model.model_id), judged
    )
    return cards.make_card(sources, texts or _texts_there(workspace.registry.folder(model.model_id)))


def _texts_there(folder: Path) -> cards.Texts | None:
    try:
        said = json.loads((folder / _CARD).read_text(encoding="utf-8"))["texts"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return cards.Texts.of(said) if isinstance(said, dict) else None


def write_card(
    workspace: Workspace, name: str, *, texts: cards.Texts | None = None, out: Path | None = None
) -> tuple[Path, Path]:
    """Write a model's card as JSON and as one page, into its folder or `out`; returns both paths.

    Errors: as `model_card`; `Refused` where a required text is empty.
    """
    card = model_card(workspace, name, texts=texts)
    found = cards.findings(card, card)
    if found:
        raise Refused(f"The card would not be whole: {' '.join(found[:5])} Nothing was written.")
    folder = out or workspace.registry.folder(name)
    folder.mkdir(parents=True, exist_ok=True)
    plain = json.dumps(card, indent=1, ensure_ascii=False) + "\n"
    for file, text in ((_CARD, plain), (_PAGE, cards.card_page(card))):
        beside = folder / f".{file}.new"
        beside.write_text(text, encoding="utf-8")
        os.replace(beside, folder / file)
    return folder / _CARD, folder / _PAGE


def check_card(workspace: Workspace, name: str, *, out: Path | None = None) -> list[str]:
    """Everything that is wrong with a written card; [] where it is whole, and every number is the model's own.

    Raises
    ------
    risk.errors.Refused, risk.errors.NotFound
        When there is no card to check, or nothing to check it by.
    """
    folder = out or workspace.registry.folder(name)
    if not (folder / _CARD).exists():
        raise Refused(f"Expected {_CARD} of {name}; there is none. Write it with: risk card {name}.")
    try:
        card = json.loads((folder / _CARD).read_text(encoding="utf-8"))
    except ValueError as error:
        return [f"{_CARD} is no JSON: {error}."]
    found = cards.findings(card, model_card(workspace, name, texts=cards.Texts.default()))
    if not found and _read(folder / _PAGE) != cards.card_page(card):
        found = [f"{_PAGE} is not the page of this {_CARD}; write both with: risk card {name}."]
    return found


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""
