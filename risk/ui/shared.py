"""What all sessions share: one store, models and queues. Everything here is immutable or locks itself."""

from __future__ import annotations

import atexit
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from risk import workbench
from risk.errors import RiskError, StoreInUse
from risk.fitted import FittedModel
from risk.results import Evaluation
from risk.store import Batch, Store
from risk.ui.i18n import language
from risk.ui.present.item import ItemView, item_view
from risk.ui.present.worth import Worth
from risk.workbench import Workspace

__all__ = [
    "House",
    "close",
    "evaluation",
    "house",
    "item",
    "model",
    "newest_batch",
    "past",
    "row",
    "warm_up",
    "worth",
    "writing",
]


@dataclass(frozen=True)
class House:
    """The workspace with its open store; `problem` says why nothing can be recorded, where that is so."""

    workspace: Workspace
    store: Store
    problem: str = ""


def house() -> House:
    """The one house of this process."""
    return _house(str(Workspace.at().root.resolve()))


@st.cache_resource(show_spinner=False)
def _house(root: str) -> House:
    space = Workspace.at(root)
    try:
        made = House(space, space.store())
    except StoreInUse as error:
        made = House(space, space.store(read_only=True), str(error))
    atexit.register(made.store.close)  # closing twice does nothing
    return made


class _Open:
    """The house's open store, handed to code that closes what it was given."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def close(self) -> None:
        """Leave it open: it belongs to the house."""


class _Housed(Workspace):
    def store(self, *, read_only: bool = False) -> Store:
        return _Open(house().store)


def writing() -> Workspace:
    """The workspace for acts that write: through the one open store of this process."""
    return _Housed(house().workspace.root)


def close() -> None:
    """Close the store: write what waits, seal the log's head."""
    house().store.close()


def newest_batch() -> Batch | None:
    """The newest selection, or None before there is one."""
    batches = house().store.batches()
    return batches[0] if batches else None


def model(model_id: str) -> FittedModel:
    """A registered model, checked when it is loaded. Errors: as `Registry.load`."""
    return _model(str(house().workspace.root), model_id)


@st.cache_resource(show_spinner=False, max_entries=8)
def _model(root: str, model_id: str) -> FittedModel:
    return Workspace.at(root).registry.load(model_id)


@st.cache_resource(show_spinner=False, max_entries=8)
def _worth(root: str, batch_id: str, _batch: Batch) -> Worth:
    return Worth.of(workbench.queue_columns(Workspace.at(root), _batch, ["risk_score", "lane", "channel"]))


def worth(batch: Batch) -> Worth:
    """What examinations buy in a batch, by its calibrated scores."""
    return _worth(str(house().workspace.root), batch.batch_id, batch)


def evaluation(model_id: str) -> Evaluation | None:
    """How the model did on newer items, where that was measured."""
    return house().workspace.results.of(model_id)


def past(batch: Batch) -> pd.DataFrame | None:
    """Examined items known when the queue was opened; shared, not to be changed."""
    return _past(str(house().workspace.root), batch.batch_id, batch)


@st.cache_resource(show_spinner=False, max_entries=2)
def _past(root: str, batch_id: str, _batch: Batch) -> pd.DataFrame | None:
    return workbench.queue_folder(Workspace.at(root), _batch).past()


def item(batch: Batch, item_id: str) -> ItemView:
    """Everything that is shown of one item of a batch, in the reader's language. Errors: `NotFound`."""
    return _item(str(house().workspace.root), batch.batch_id, item_id, language(), batch)


@st.cache_resource(show_spinner=False, max_entries=4000)
def _item(root: str, batch_id: str, item_id: str, spoken: str, _batch: Batch) -> ItemView:
    row = workbench.queue_item(Workspace.at(root), _batch, item_id)
    return item_view(_model(root, _batch.model_id), row, evaluation(_batch.model_id))


def row(batch: Batch, item_id: str) -> pd.DataFrame:
    """One stored item of a batch, for a what-if; a copy of its own. Errors: `NotFound`."""
    return workbench.queue_item(house().workspace, batch, item_id)


def warm_up() -> None:
    """Do once what the first click would otherwise wait for: open, load, compile."""
    batch = newest_batch()
    if batch is None:
        return
    try:
        worth(batch)
        cases = house().store.cases(size=1).rows
        if cases:
            item(batch, cases[0].item_id)
    except RiskError:
        return  # the page that needs it says what is wrong, to the person who asked
