"""Opening a queue in two steps: score, explain and select (long, in any process), then open its cases (short,
by the store's one writer). What the first step made stands in a folder of its own until the second takes it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from risk import queues
from risk.access import Actor
from risk.datasets import known
from risk.fitted import FittedModel
from risk.intake import Data
from risk.queues import QueueFolder, table_digest
from risk.selectivity import select
from risk.store import Batch, NewBatch, Store

__all__ = ["Selection", "open_prepared", "prepare"]


@dataclass(frozen=True)
class Selection:
    """How items are chosen: `capacity` examinations, `random_share` of them by chance, drawn with `seed`."""

    capacity: int
    random_share: float = 0.1
    seed: int = 0


def prepare(folder: Path, model: FittedModel, declarations: pd.DataFrame, how: Selection, *,
            source: Data | None = None) -> int:
    """Score, explain and select items; what a queue needs is written into `folder`. Returns the cases.

    With `source`, the data set that they belong to, a reviewer also sees what was known of the parties at the
    moment of each item, and earlier items with what examinations showed.
    """
    scores = model.attribute(declarations)
    chosen = select(scores, capacity=how.capacity, random_share=how.random_share, seed=how.seed)
    kept = (chosen["lane"] != "green").to_numpy()
    table = declarations.reset_index(drop=True).join(scores.drop(columns="item_id")).join(
        chosen[["lane", "channel", "inclusion_probability"]])
    names = [f.name for f in model.features.specs]
    table[queues.REASONS] = queues.leading_features(scores[[f"phi_{n}" for n in names]].to_numpy(), names)
    digest, past = table_digest(table), None
    if source is not None:
        more = queues.party_past(model.dictionary, declarations, source.declarations, source.outcomes)
        table = table.join(more[[name for name in more if name not in table]])
        if source.outcomes is not None:
            past = queues.known_examinations(model, known(source, model.dictionary).declarations, source.outcomes)
    QueueFolder(folder / "queue").write(table, id_field=model.dictionary.id_field, past=past)
    cases = table.loc[kept, ["margin", "risk_score", "lane", "channel", "inclusion_probability"]].assign(
        item_id=scores.loc[kept, "item_id"], reason=queues.leading_reasons(model, declarations[kept]),
        facets=queues.facets_of(table[kept], model.dictionary))
    cases["channel"] = cases["channel"].replace("", "targeted")  # a document check is picked for its score too
    key = f"queue-{digest[:32]}-{how.capacity}-{how.random_share}-{how.seed}"
    told = {"model_id": model.model_id, "digest": digest, "capacity": how.capacity, "key": key,
            "cases": cases.to_dict("records")}
    (folder / "cases.json").write_text(json.dumps(told), encoding="utf-8")
    return len(cases)


def open_prepared(queues_root: Path, store: Store, folder: Path, *, actor: Actor) -> Batch:
    """Take what `prepare` left in `folder`: its files to the queues, its cases to the store. Twice is once."""
    told = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    target = queues_root / told["digest"][:16]
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted((folder / "queue").iterdir(), key=lambda p: p.name == "items.parquet"):
        os.replace(path, target / path.name)  # the items last: with them the folder is whole
    batch = store.open_cases([_case(c) for c in told["cases"]],
                             NewBatch(told["model_id"], told["digest"], told["capacity"]), actor=actor, key=told["key"])
    shutil.rmtree(folder)
    return batch


def _case(told: Mapping[str, Any]) -> dict[str, Any]:
    return dict(told) | {"facets": [(name, value) for name, value in told["facets"]]}
