"""From a model, its manifest and its evaluation to a card: data only, and every number traceable."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from risk.boosted import BoostedTrees
from risk.cards.texts import Texts
from risk.explanation import TOLERANCE
from risk.fitted import FittedModel
from risk.models.profile_tables import ProfileTables
from risk.schema import Feature

if TYPE_CHECKING:
    from risk.results import Evaluation

__all__ = ["CARD_FORMAT", "FREE", "Sources", "make_card"]

CARD_FORMAT = 1
FREE = "free to rise and fall"
_DIRECTIONS = {1: "never lowers the score as it grows", -1: "never raises the score as it grows", 0: FREE}
_METHODS = {
    BoostedTrees: "shap.TreeExplainer, interventional SHAP values against 100 items of the training slice; shown only "
    "where they add up to the margin",
    ProfileTables: "Within a profile, exact interventional SHAP values against the whole training slice; for the whole "
    "margin, the Aumann–Shapley path from the average tables",
}
_EXACT = "Exact interventional SHAP values against the whole training slice, by table look-up"
_FEW_FINDS = 200


@dataclass(frozen=True)
class Sources:
    """What the numbers of a card come from.

    Attributes
    ----------
    model : FittedModel
        As loaded from the registry.
    manifest : Mapping
        Its manifest.
    golden : DataFrame
        Its stored items, on which the explanation's additivity is measured.
    evaluation : Evaluation
        What it was worth on items it had not learnt from.
    """

    model: FittedModel
    manifest: Mapping[str, Any]
    golden: pd.DataFrame
    evaluation: Evaluation


def make_card(sources: Sources, texts: Texts | None = None) -> dict[str, Any]:
    """The card as JSON-able data, in the form of ``card.schema.json``."""
    model, manifest, judged = sources.model, sources.manifest, sources.evaluation
    card = {
        "card_format": CARD_FORMAT,
        "model": _model(manifest),
        "texts": (texts or Texts.default()).to_dict(),
        "training_data": _training_data(model.facts),
        "features": [_feature(f) for f in model.features.specs],
        "pairs": _pairs(model),
        "evaluation": {
            "judge": judged.judge,
            "items": judged.n,
            "period": list(judged.period) if judged.period else None,
            "metrics": _rows(judged.discrimination),
            "capacity": _rows(judged.capacity),
            "reliability": _rows(judged.reliability),
            "groups": {name: _group(model, name, table) for name, table in judged.groups.items()},
        },
        "explanation": _explanation(model, sources.golden),
        "limits": _limits(model, judged),
        "reproduce": reproduce(model.facts),
    }
    return json.loads(json.dumps(card))  # tuples become lists, as when it is read back


def _model(manifest: Mapping[str, Any]) -> dict[str, Any]:
    wanted = ("id", "kind", "created_utc", "content_sha256", "format", "versions")
    return {name: manifest[name] for name in wanted} | {
        "parents": list(manifest.get("parents", ())),
        "sha256": dict(manifest["sha256"]),
    }


def _training_data(facts: Mapping[str, Any]) -> dict[str, Any]:
    made = facts.get("data_manifest", {})
    wanted = ("labels", "split", "fit_until", "calibrate_until", "without", "seed", "calibration")
    counts = {k: facts.get(k, 0) for k in ("n_stream", "n_fit", "found_fit", "n_calibrate", "found_calibrate")}
    generator = {"world": made["world"], "world_id": made.get("world_id", ""), "seed": made["seed"],
                 "items": made["n_items"]} if "world" in made else None  # fmt: skip
    return {
        "digest": facts["data_digest"],
        "period": list(facts["data_period"]) if facts.get("data_period") else None,
        "generator": generator,
        "settings": dict(facts.get("settings", {})),
        "tuning": dict(facts["tuning"]) if "tuning" in facts else None,
        "counts": counts,
        **{name: facts.get(name) for name in wanted},
    }


def _feature(f: Feature) -> dict[str, Any]:
    return {
        "name": f.name,
        "title": f.title,
        "concept": f.concept,
        "unit": f.unit if f.unit != f.name else "",
        "reads": list(f.reads),
        "direction": _DIRECTIONS[f.monotone or 0],
        "because": f.because,
    }


def _pairs(model: FittedModel) -> list[list[str]]:
    names = model.tables.names
    return [[names[a], names[b]] for a, b in model.tables.pairs]


def _explanation(model: FittedModel, golden: pd.DataFrame) -> dict[str, Any]:
    x = model.matrix(golden)
    phi, _margin = model.tables.explain(x)
    gaps = model.base_value + phi.sum(axis=1) - model.tables.margins(x)
    return {
        "method": _METHODS.get(type(model.tables), _EXACT),
        "items": len(x),
        "largest_gap": float(np.abs(gaps).max()),
        "tolerance": TOLERANCE,
    }


def _limits(model: FittedModel, judged: Evaluation) -> list[str]:
    """What follows from how this model came to be, in words."""
    facts, out = model.facts, []
    found = int(facts.get("found_fit", 0))
    if found < _FEW_FINDS:
        out.append(f"Learnt from {found:,} finds only: expect another sample to give another model.")
    if facts.get("labels") == "examined":
        out.append("Learnt from what was examined, not from all items; rows are weighted by their capped inverse "
                   "inclusion probability, which mends part of what targeting left out.")  # fmt: skip
    else:
        out.append("Learnt from every item's truth, which only a made world can tell; no such model can exist "
                   "where labels come from examinations.")  # fmt: skip
    if judged.judge == "examinations":
        out.append("Judged by examinations, weighted by their inverse inclusion probability; what nobody "
                   "examined took no part.")  # fmt: skip
    if isinstance(model.tables, BoostedTrees):
        out.append("Not readable: details are mixed freely, and no table or shape can be shown. Kept to be "
                   "compared with.")  # fmt: skip
    note = facts.get("calibration", {}).get("note")
    return [*out, note] if note else out


def reproduce(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The commands that make the same model again, and what they cannot promise."""
    made = facts.get("data_manifest", {})
    flow = made.get("flow", {})
    whole = "world" in made and not made.get("first_item") and flow.get("n_items") == made.get("n_items")
    commands = []
    if whole:
        commands.append(f"risk generate --out stream --world {made['world']} --items {made['n_items']} "
                        f"--days {math.ceil(made['days'])} --seed {made['seed']}")  # fmt: skip
    more = "".join(f" --without {name}" for name in facts.get("without", ()))
    tuned = facts.get("tuning") or {}
    held = tuned.get("given", {}) if tuned else facts.get("settings", {})
    more += "".join(f" --set {name}={value}" for name, value in held.items())
    more += f" --tune {tuned['trials']}" if tuned else ""
    commands.append(f"risk train {'stream' if whole else 'DATA'} --model {facts['model']} --labels {facts['labels']}"
                    f" --seed {facts['seed']}{more}")  # fmt: skip
    note = ("With the versions named above the content digest is the same; the id also holds the time. A world of "
            "one's own is named by its file."
            if whole else "DATA is the data set with the digest named above.")  # fmt: skip
    return {"commands": commands, "note": note}


def _group(model: FittedModel, name: str, table: pd.DataFrame) -> dict[str, Any]:
    field = model.dictionary[name]
    return {"title": field.title, "rows": [{"title": field.level(r["group"]), **r} for r in _rows(table)]}


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return json.loads(table.to_json(orient="records", double_precision=15))
