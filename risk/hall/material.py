"""Items for a session: a stream with truth, scored by a model, as facts for rules and rows for screens.

Class streams are made from seeds that no model was trained on, so every item is new to the model.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from risk import workbench
from risk.classroom.plan import ItemFacts
from risk.errors import NotFound, Refused
from risk.fitted import FittedModel
from risk.queues import table_digest
from risk.workbench import Workspace

__all__ = ["STREAM_ITEMS", "STREAM_SEED", "Pool", "load_rows", "make_pool", "save_rows", "stream_for"]

STREAM_ITEMS, STREAM_SEED = 40_000, 20_311
EXAMINED = 0.05  # the advice is to examine what is among this share of the highest scores
_REGULAR = 4000  # regular candidates kept; irregular ones are all kept
_TOP_REASONS = 3
_KEPT_TRUTH = ("irregular", "scheme", "archetype", "oracle_margin_item")


@dataclass(frozen=True)
class Pool:
    """Candidates of one stream under one model: their facts, and the rows behind them."""

    facts: tuple[ItemFacts, ...]
    rows: pd.DataFrame
    threshold: float
    prevalence: float
    model_id: str


def stream_for(workspace: Workspace, *, items: int = STREAM_ITEMS, seed: int = STREAM_SEED,
               world: str = "teaching") -> Path:  # fmt: skip
    """The class stream of the workspace; made when it is not there yet (some seconds)."""
    path = workspace.root / "classes" / "streams" / f"{world}-{items}-{seed}"
    if not (path / "datapackage.json").exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        workbench.generate(path, world=world, items=items, seed=seed)
    return path


def make_pool(model: FittedModel, stream: str | Path) -> Pool:
    """Score a stream; say of each candidate what the rules need. Errors: `Refused` where truth is missing."""
    data, truth = workbench.open_data(stream), workbench.load_truth(stream)
    if truth is None:
        raise Refused(
            f"{Path(stream).name} has no truth table; expected made data. A class can only be debriefed on "
            "items whose truth is known. No session was opened."
        )
    declared = data.declarations.reset_index(drop=True)
    scores = model.score(declared)
    known = truth.set_index("item_id").loc[scores["item_id"]].reset_index(drop=True)
    threshold = float(scores["risk_score"].quantile(1 - EXAMINED))
    prevalence = float(known["irregular"].mean())
    kept = _candidates(known["irregular"].to_numpy(), scores["risk_score"].to_numpy() >= threshold)
    rows = declared.iloc[kept].assign(margin=scores["margin"].to_numpy()[kept],
                                      risk_score=scores["risk_score"].to_numpy()[kept])  # fmt: skip
    rows = rows.reset_index(drop=True).join(_truth_columns(known.iloc[kept].reset_index(drop=True)))
    facts = _facts(model, rows, threshold=threshold, prevalence=prevalence)
    return Pool(facts, rows, threshold, prevalence, model.model_id)


def _candidates(irregular: np.ndarray, flagged: np.ndarray) -> np.ndarray:
    """Rows kept: every irregular or flagged item, and evenly spread others."""
    special = np.flatnonzero(irregular | flagged)
    others = np.flatnonzero(~(irregular | flagged))
    step = max(1, len(others) // _REGULAR)
    return np.sort(np.concatenate([special, others[::step]]))


def _truth_columns(known: pd.DataFrame) -> pd.DataFrame:
    kept = [*_KEPT_TRUTH, *(c for c in known if c.startswith("altered_"))]
    return known[kept].add_prefix("truth_")


def _facts(model: FittedModel, rows: pd.DataFrame, *, threshold: float, prevalence: float) -> tuple:
    irregular = rows["truth_irregular"].to_numpy(bool)
    even = rows["truth_oracle_margin_item"].to_numpy(float) - np.log(prevalence / (1 - prevalence))
    difficulty = expit(np.where(irregular, -even, even))  # how likely the best judge errs on an even bet
    concepts = _concepts(model, rows)
    columns = zip(
        rows["item_id"].astype(str),
        irregular,
        rows["risk_score"] >= threshold,
        rows["risk_score"],
        difficulty,
        rows["origin"].astype(str) if "origin" in rows else [""] * len(rows),
        concepts,
        rows["truth_scheme"].fillna("").astype(str),
        strict=True,
    )
    return tuple(
        ItemFacts(i, bool(y), bool(a), round(float(s), 6), round(float(d), 6), r, c, k)
        for i, y, a, s, d, r, c, k in columns
    )


#: Concepts that a trainee has another word for (`risk.classroom.plan.TAGS`).
_TAG_OF = {"party_history": "party", "data quality": "declaration"}


def _concepts(model: FittedModel, rows: pd.DataFrame) -> list[tuple[str, ...]]:
    """The concepts of each item's largest attributions, in the words of the reason tags."""
    told = model.attribute(rows)
    phi = told[[f"phi_{name}" for name in model.tables.names]].to_numpy()
    of = [_TAG_OF.get(spec.concept, spec.concept) for spec in model.features.specs]
    top = np.argsort(-np.abs(phi), axis=1)[:, :_TOP_REASONS]
    return [tuple(dict.fromkeys(of[j] for j in row)) for row in top]


def save_rows(workspace: Workspace, pool: Pool, item_ids: Sequence[str]) -> str:
    """Keep the rows of a session's items under their digest; returns it."""
    rows = pool.rows[pool.rows["item_id"].astype(str).isin(set(item_ids))].reset_index(drop=True)
    digest = table_digest(rows)
    folder = workspace.root / "classes" / digest[:16]
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_parquet(folder / ".items.new", index=False)
    os.replace(folder / ".items.new", folder / "items.parquet")
    return digest


def load_rows(workspace: Workspace, digest: str) -> pd.DataFrame:
    """The rows of a session's items: declaration, margin, risk score and, under ``truth_…``, the truth."""
    path = workspace.root / "classes" / digest[:16] / "items.parquet"
    if not path.exists():
        raise NotFound("items of the session", digest[:16], todo="Open a new session.")
    return pd.read_parquet(path)
