"""One function per thing a person can do: the only place where rules meet stores.

The command line and the web app translate to these calls and decide nothing themselves.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from risk import intake, judging, leakage, opening, training
from risk.access import SYSTEM, Actor
from risk.audit import Verification, head_seal
from risk.datasets import (
    check,
    check_upload,
    default_dictionary,
    dictionary_table,
    formula_safe,
    guesses_table,
    infer_dictionary,
    known,
    load_data,
    open_data,
    read_scores,
    write_dictionary,
    write_table,
)
from risk.errors import NotFound
from risk.explanation import Reason, Translate, as_frequency
from risk.features import with_past
from risk.fitted import FittedModel
from risk.intake import Data, load_truth
from risk.leakage import Audit
from risk.opening import Selection
from risk.queues import QueueFolder
from risk.registry import Registry
from risk.results import Evaluation, Results
from risk.schema import Dictionary
from risk.selectivity import select
from risk.store import Batch, Store, open_store

__all__ = ["Workspace", "Evaluation", "Explained", "Step", "generate", "check", "load_data", "load_truth", "train",
           "evaluate", "score", "explain_item", "explain_items",
           "select", "Selection", "open_queue", "open_prepared", "queue_item", "default_dictionary", "PRESETS",
           "audit_leakage", "check_upload", "dictionary_table", "formula_safe", "guesses_table", "infer_dictionary",
           "open_data",
           "read_scores", "scoring_notices", "write_dictionary", "write_table"]

PRESETS = ("teaching", "operational", "drift", "displacement", "calm")
Step = Callable[[str], None]
_GOLDEN_ROWS = 64


@dataclass(frozen=True)
class Workspace:
    """A folder that holds models, queues and the database.

    >>> Workspace.at("somewhere").database
    'sqlite:///somewhere/risk.db'
    """

    root: Path

    @classmethod
    def at(cls, path: str | os.PathLike | None = None) -> "Workspace":
        """The workspace at `path`, else at ``$RISK_WORKSPACE``, else ``./workspace``."""
        return cls(Path(path or os.environ.get("RISK_WORKSPACE") or "workspace"))

    @property
    def registry(self) -> Registry:
        """Its models."""
        return Registry(self.root / "models")

    @property
    def results(self) -> Results:
        """What was measured about its models."""
        return Results(self.root / "results")

    @property
    def database(self) -> str:
        """URL of its database: ``$RISK_DATABASE``, else a file of its own."""
        return os.environ.get("RISK_DATABASE") or f"sqlite:///{(self.root / 'risk.db').as_posix()}"

    @property
    def queues(self) -> Path:
        """Folder of the scored items behind each queue."""
        return self.root / "queues"

    def store(self, *, read_only: bool = False) -> Store:
        """Open its database; to a file one process may write at a time, to PostgreSQL several."""
        return open_store(self.database, read_only=read_only, beside=self.root / "risk-shared.db")


# ------------------------------------------------------------------------------------------ data

def generate(out: str | Path, *, world: str = "teaching", items: int | None = None, days: int | None = None,
             seed: int = 7, history: str | Path | None = None) -> Mapping[str, Any]:
    """Make a stream of parcels as a Data Package in the folder `out`; returns its manifest.

    `world` is a preset or a TOML file; `history` a package to continue: same parties, next days, its seed and flow.
    """
    from data_synthetic import generate_package, load_world, make_source

    source = make_source(load_world(world), items, seed=seed, days=days, history=history)
    return Dictionary.load(generate_package(out, source)).manifest


# ------------------------------------------------------------------------------------------ models

def train(data: Data, model: str = "auto", *, labels: str = "examined", seed: int = 0,
          without: tuple[str, ...] = (), workspace: Workspace | None = None) -> FittedModel:
    """Fit in time order and calibrate on a later slice; register when a workspace is given.

    Parameters
    ----------
    data
        From `load_data`.
    model
        A name in `risk.training.KINDS`; ``auto`` is ``profiles`` where finds record a family, else ``ga2m``.
    labels
        ``examined`` learns from what examinations showed; ``truth`` from the made world's truth.
    seed
        The same seed gives the same tables.
    without
        Concepts or features to leave out.
    workspace
        Where to register the model.
    """
    plan = training.Plan(model=model, labels=labels, seed=seed, without=tuple(without))
    plan.check()
    truth = load_truth(data.source) if labels == "truth" else None
    fitted = training.fit_model(data, plan, truth=truth)
    return fitted if workspace is None else register(workspace, fitted, data)


def register(workspace: Workspace, fitted: FittedModel, data: Data) -> FittedModel:
    """Register a model with some of the data's items, which are scored again whenever it is loaded."""
    golden = known(data).declarations.iloc[:: max(1, len(data.declarations) // _GOLDEN_ROWS)].head(_GOLDEN_ROWS)
    return workspace.registry.save(fitted, golden, created_utc=utc_now())


def score(model: FittedModel, data: Data, *, explain: bool = False, threads: int = 1) -> pd.DataFrame:
    """Scores of every item; with `explain` also the base value and each feature's attribution."""
    made = model.attribute if explain else model.score
    return made(known(data, model.dictionary).declarations, threads=threads)


def scoring_notices(model: FittedModel, data: Data) -> list[str]:
    """What a person should know before using the scores: what was let pass, ignored, or never seen in training."""
    out = _summed_up(data.notices)
    for f in data.dictionary.role("label"):
        if data.declarations[f.name].notna().any():
            out.append(f"Column {f.name} says what an examination showed; scoring ignores it.")
    return out + unknown_notices(model, model.features.unknown(data.declarations).sum().to_dict())


def unknown_notices(model: FittedModel, counts: Mapping[str, int]) -> list[str]:
    """Counts of items by feature whose value the model has never seen, in words."""
    columns = {name: model.dictionary.feature(str(name)).reads[0] for name in counts}
    return [f"Unknown to the model: {n:,} items have a value of {columns[name]} that it has never seen; they are "
            "scored as values without a past are." for name, n in counts.items() if n]


def evaluate(model: FittedModel, data: Data, *, truth: pd.DataFrame | None = None,
             workspace: Workspace | None = None) -> Evaluation:
    """Judge a model on the items after its calibration slice, by truth where the data set has it.

    With a workspace, the result is kept there, and the web app's model page shows it.

    What stands beside it, see `risk.judging.judge`.
    """
    truth = load_truth(data.source) if truth is None else truth
    found = judging.judge(model, data, truth=truth)
    if workspace is not None:
        workspace.results.keep(model.model_id, found)
    return found


def _summed_up(notices: tuple[intake.Finding, ...]) -> list[str]:
    """One sentence a column and code, with how many more there are."""
    first: dict[tuple[str, str], list[intake.Finding]] = {}
    for n in notices:
        first.setdefault((n.column, n.code), []).append(n)
    return [listed[0].message + (f" (And {len(listed) - 1} or more such; list them with: risk check DATA.)"
                                 if len(listed) > 1 else "") for listed in first.values()]


def audit_leakage(data: Data, *, model: FittedModel | None = None, labels: str = "examined",
                  seed: int = 0) -> Audit:
    """Whether the label can be had without learning; beside `model`, else beside one trained for the purpose."""
    truth = load_truth(data.source) if labels == "truth" else None
    if model is None:
        model = training.fit_model(data, training.Plan(labels=labels, seed=seed), truth=truth)
    y = training.labels_of(data, truth=truth)["y"].to_numpy()
    margin = model.score(data.declarations)["margin"].to_numpy()
    return leakage.audit_leakage(data, y, margin=margin, seed=int(model.facts.get("seed", seed)))


# ------------------------------------------------------------------------------------------ one item

@dataclass(frozen=True)
class Explained:
    """One item's score with everything that moved it."""

    item_id: str
    model_id: str
    margin: float
    risk_score: float
    base_value: float
    frequency: str
    reasons: tuple[Reason, ...]
    resembles: tuple[tuple[str, float], ...] = ()  # (profile, share), largest first; none without profiles

    @property
    def raising(self) -> tuple[Reason, ...]:
        """Reasons that raise the odds, largest first."""
        return tuple(r for r in self.reasons if r.attribution > 0)

    @property
    def lowering(self) -> tuple[Reason, ...]:
        """Reasons that lower the odds, largest first."""
        return tuple(r for r in self.reasons if r.attribution < 0)


def explain_item(model: FittedModel, declarations: pd.DataFrame, item_id: str, *,
                 translate: Translate = str) -> Explained:
    """Explain one item of a frame of declarations. The attributions add up, or `ExplanationWithheld` is raised.

    `translate` puts the reasons into another language.
    """
    id_field = model.dictionary.id_field
    declarations = with_past(declarations, model.dictionary)
    row = declarations[declarations[id_field].astype("str") == item_id]
    if row.empty:
        raise NotFound("item", item_id, todo="Check the identifier; it must be in the data set given.")
    return explain_items(model, row, translate=translate)[0]


def explain_items(model: FittedModel, rows: pd.DataFrame, *, translate: Translate = str) -> list[Explained]:
    """Explain a page of items that know their parties' past (`with_past`), in the order given.

    Raises `ExplanationWithheld` when one of them does not add up.
    """
    attributed, said = model.attribute_and_say(rows, translate=translate)
    question = model.dictionary.question
    return [Explained(str(scored["item_id"]), model.model_id, float(scored["margin"]), float(scored["risk_score"]),
                      model.base_value, as_frequency(float(scored["risk_score"]), question), tuple(reasons),
                      _resembling(scored))
            for (_, scored), reasons in zip(attributed.iterrows(), said, strict=True)]


def _resembling(scored: pd.Series) -> tuple[tuple[str, float], ...]:
    shares = scored.filter(like="share_").astype(float).sort_values(ascending=False, kind="stable")
    return tuple((str(name).removeprefix("share_"), float(v)) for name, v in shares.items())


def what_if(model: FittedModel, row: pd.DataFrame, changes: Mapping[str, Any], *,
            translate: Translate = str) -> Explained:
    """The explanation that one stored item would have, had it been declared differently.

    The changed declaration goes through the gate (`Refused` says what is wrong with a value), and its
    features are made anew by the same code.
    """
    names = [f.name for f in model.dictionary.fields() if f.name in row]
    declared = row[names].astype({name: object for name in changes}).assign(**changes)
    checked = intake.check_frame(declared, model.dictionary)
    kept = row.drop(columns=names)
    item_id = str(row[model.dictionary.id_field].iloc[0])
    return explain_item(model, checked.set_index(row.index).join(kept), item_id, translate=translate)


# ------------------------------------------------------------------------------------------ the queue

def newest(data: Data, *, days: float = 3) -> pd.DataFrame:
    """Declarations of the newest `days` (all, where the data has no time), with their parties' past."""
    clock, declarations = data.dictionary.clock, known(data).declarations
    if clock is None:
        return declarations
    return declarations[declarations[clock] > declarations[clock].max() - timedelta(days=days)]


def open_queue(workspace: Workspace, model: FittedModel, declarations: pd.DataFrame, *, how: Selection,
               actor: Actor = SYSTEM, source: Data | None = None) -> Batch:
    """Score, explain and select items, keep them beside the database, and open a case for each red or yellow one.

    `source` is the data set that they belong to; see `risk.opening.prepare`.
    """
    draft = workspace.queues / f".{uuid.uuid4().hex}"
    try:
        opening.prepare(draft, model, declarations, how, source=source)
        return open_prepared(workspace, draft, actor=actor)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def open_prepared(workspace: Workspace, folder: Path, *, actor: Actor = SYSTEM) -> Batch:
    """Open the cases of a queue that `risk.opening.prepare` has left in a folder; the folder is gone then."""
    with closing(workspace.store()) as store:
        return opening.open_prepared(workspace.queues, store, folder, actor=actor)


def queue_folder(workspace: Workspace, batch: Batch) -> QueueFolder:
    """The scored items behind a queue."""
    return QueueFolder(workspace.queues / batch.data_digest[:16])


def queue_item(workspace: Workspace, batch: Batch, item_id: str) -> pd.DataFrame:
    """The stored row of one item of a queue: declaration, score, attributions, lane. Shape (1, …)."""
    return queue_folder(workspace, batch).item(item_id)


def queue_columns(workspace: Workspace, batch: Batch, columns: list[str]) -> pd.DataFrame:
    """Some columns of every item of a queue, released ones included; the other columns are not read."""
    return queue_folder(workspace, batch).columns(columns)


def utc_now() -> str:
    """The time now, ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0).isoformat()


# ------------------------------------------------------------------------------------------ log

def verify_log(workspace: Workspace) -> Verification:
    """Check the whole audit log, read-only."""
    with closing(workspace.store(read_only=True)) as store:
        return store.verify()


def export_log(workspace: Workspace, path: str | Path) -> str:
    """Write the log as JSON lines; says how to verify it without this program."""
    with closing(workspace.store(read_only=True)) as store:
        done = store.export(path)
    return f"Exported {done.entries:,} entries to {done.path}; check with: python risk/verify_log.py {done.path}"


def seal_log(workspace: Workspace) -> str:
    """Sign the log's head; returns the seal to write down."""
    with closing(workspace.store(read_only=True)) as store:
        made = store.seal()
    return f"{head_seal(made.head_hash)}   (entry {made.seq}, {made.utc}; write it down outside this machine)"
