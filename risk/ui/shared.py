"""What all sessions share: one store, models and queues. Everything here is immutable or locks itself.

Streamlit's own caches hash their arguments at each call, which costs more than what most of these functions
look up; `kept` is a plain least-recently-used cache.
"""

from __future__ import annotations

import atexit
import gc
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, wraps
from threading import Event, Lock, Thread
from typing import TypeVar

import pandas as pd

from risk import workbench
from risk.errors import RiskError, StoreInUse
from risk.fitted import FittedModel
from risk.queues import ItemFilter
from risk.results import Evaluation
from risk.store import Batch, Store
from risk.ui import i18n
from risk.ui.i18n import language
from risk.ui.present.item import ItemView, item_view, item_views
from risk.ui.present.worth import Worth
from risk.workbench import Workspace

__all__ = [
    "House",
    "close",
    "evaluation",
    "house",
    "item",
    "kept",
    "model",
    "newest_batch",
    "past",
    "row",
    "warm_up",
    "worth",
    "writing",
]


T = TypeVar("T")
#: How many cases of a queue are made ready, how many in one go, and the seconds between that belong to clicks.
READY, READY_AT_ONCE, READY_PAUSE = 1000, 20, 0.25
#: How long the first page has the processor for itself before the first item is made ready.
FIRST_PAGE_SECONDS = 1.0
_closing = Event()
_FORGET: list[Callable[[], None]] = []


def kept(size: int) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Keep the last `size` results of a function of hashable arguments for all sessions, until `close`.

    Not for a page's own file, which runs anew at every click. Each result is made once, however many
    sessions ask at the same moment. What is kept is shared: it must be immutable, or lock itself.

    >>> made = []
    >>> @kept(2)
    ... def double(n):
    ...     made.append(n)
    ...     return 2 * n
    >>> double(3), double(3), made
    (6, 6, [3])
    """

    def wrap(make: Callable[..., T]) -> Callable[..., T]:
        if make.__module__ == "__main__":
            raise TypeError(f"{make.__name__} is kept in a page's file and would be forgotten at every click")
        one_by_one, cached = Lock(), lru_cache(size)(_Making)
        _FORGET.append(cached.cache_clear)

        @wraps(make)
        def get(*args: object) -> T:
            with one_by_one:
                making = cached(*args)
            return making.get(make, args)

        def put(value: T, *args: object) -> None:
            with one_by_one:
                cached(*args).set(value)

        get.put = put
        return get

    return wrap


class _Making:
    """A result that is made by the first who asks; the others wait for it."""

    __slots__ = ("_lock", "_made")

    def __init__(self, *args: object) -> None:
        self._lock, self._made = Lock(), ()

    def set(self, made: object) -> None:
        """Keep a result that was made elsewhere."""
        self._made = (made,)

    def get(self, make: Callable[..., T], args: tuple) -> T:
        """The result. A failure is not kept: the next who asks tries again."""
        if not self._made:
            with self._lock:
                if not self._made:
                    self._made = (make(*args),)
        return self._made[0]


@dataclass(frozen=True)
class House:
    """The workspace with its open store; `problem` says why nothing can be recorded, where that is so."""

    workspace: Workspace
    store: Store
    problem: str = ""


def house() -> House:
    """The one house of this process."""
    return _house(str(Workspace.at().root))


@kept(8)
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
        """The one store of this process, whoever asks."""
        return _Open(house().store)


def writing() -> Workspace:
    """The workspace for acts that write: through the one open store of this process."""
    return _Housed(house().workspace.root)


def close() -> None:
    """Close the store: write what waits, seal the log's head. Forget everything that was kept."""
    global _closing
    _closing.set()
    _closing = Event()
    house().store.close()
    for forget in _FORGET:
        forget()


def newest_batch() -> Batch | None:
    """The newest selection, or None before there is one."""
    batches = house().store.batches()
    return batches[0] if batches else None


def model(model_id: str) -> FittedModel:
    """A registered model, checked when it is loaded. Errors: as `Registry.load`."""
    return _model(str(house().workspace.root), model_id)


@kept(8)
def _model(root: str, model_id: str) -> FittedModel:
    return Workspace.at(root).registry.load(model_id)


@kept(8)
def _worth(root: str, batch: Batch) -> Worth:
    return Worth.of(workbench.queue_columns(Workspace.at(root), batch, ["risk_score", "lane", "channel"]))


def worth(batch: Batch) -> Worth:
    """What examinations buy in a batch, by its calibrated scores."""
    return _worth(str(house().workspace.root), batch)


def evaluation(model_id: str) -> Evaluation | None:
    """How the model did on newer items, where that was measured."""
    space = house().workspace
    return _evaluation(str(space.root), model_id, space.results.stamp(model_id))


@kept(8)
def _evaluation(root: str, model_id: str, stamp: int) -> Evaluation | None:
    return Workspace.at(root).results.of(model_id)


def past(batch: Batch) -> pd.DataFrame | None:
    """Examined items known when the queue was opened; shared, not to be changed."""
    return _past(str(house().workspace.root), batch)


@kept(2)
def _past(root: str, batch: Batch) -> pd.DataFrame | None:
    return workbench.queue_folder(Workspace.at(root), batch).past()


def item(batch: Batch, item_id: str) -> ItemView:
    """Everything that is shown of one item of a batch, in the reader's language. Errors: `NotFound`."""
    root = str(house().workspace.root)
    _make_ready(root, batch, language())
    return _item(root, batch, item_id, language())


@kept(4000)
def _item(root: str, batch: Batch, item_id: str, spoken: str) -> ItemView:
    return item_view(_model(root, batch.model_id), _row(root, batch, item_id), evaluation(batch.model_id))


@kept(16)
def _make_ready(root: str, batch: Batch, spoken: str) -> Thread:
    """Begin to make the views of a queue's cases beside the clicks: together each takes a tenth of its time."""
    worker = Thread(target=_ready, args=(root, batch, spoken, _closing), daemon=True)
    worker.start()
    return worker


def _ready(root: str, batch: Batch, spoken: str, closing: Event) -> None:
    i18n.settle(spoken)  # this thread belongs to no session
    folder = workbench.queue_folder(Workspace.at(root), batch)
    lanes = ItemFilter(lanes=("red", "yellow"))
    pages = -(-min(batch.cases, READY) // READY_AT_ONCE)
    for page in range(1, pages + 1):
        if closing.wait(READY_PAUSE):
            return
        try:
            rows = folder.page(lanes, page=page, size=READY_AT_ONCE).rows
            views = item_views(_model(root, batch.model_id), rows, evaluation(batch.model_id))
        except (RiskError, OSError):
            return  # the page that needs them says what is wrong, to the person who asked
        for view in views:
            _item.put(view, root, batch, view.item_id, spoken)


def row(batch: Batch, item_id: str) -> pd.DataFrame:
    """One stored item of a batch, for a what-if; a copy of its own. Errors: `NotFound`."""
    return _row(str(house().workspace.root), batch, item_id).copy()


@kept(200)
def _row(root: str, batch: Batch, item_id: str) -> pd.DataFrame:
    return workbench.queue_item(Workspace.at(root), batch, item_id)


def warm_up() -> None:
    """Do once what the first page would otherwise wait for, and begin what the first item would."""
    batch = newest_batch()
    if batch is None:
        return
    try:
        worth(batch)
        cases = house().store.cases(size=1).rows
    except (RiskError, OSError):
        return  # the page that needs it says what is wrong, to the person who asked
    if cases:
        Thread(target=_warm_item, args=(batch, cases[0].item_id, _closing), daemon=True).start()


def _warm_item(batch: Batch, item_id: str, closing: Event) -> None:
    """Load the model and make one view while the first page is read; who is quicker waits as for any first item."""
    if closing.wait(FIRST_PAGE_SECONDS):
        return
    try:
        item(batch, item_id)
    except (RiskError, OSError):
        return  # as above
    gc.collect()
    gc.freeze()  # what is loaded stays loaded: later collections need not walk through it
