"""What the training room's pages share: the hall, the keys this browser holds, items as views, news."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import streamlit as st

from risk.classroom.state import Room
from risk.errors import RiskError
from risk.hall import Hall, Key, Pool, load_rows, make_pool, read_key, stream_for
from risk.ui import html, i18n, shared
from risk.ui.address import base
from risk.ui.i18n import _
from risk.ui.present.item import ItemView, item_view

__all__ = [
    "ENDING",
    "SEAT",
    "TRAINER",
    "WATCH",
    "base",
    "board_mark",
    "clock",
    "guest",
    "hall",
    "item",
    "join_url",
    "key_of",
    "listen",
    "now",
    "pool",
    "seat_mark",
    "start",
    "truth_of",
    "warm_up",
    "watcher",
]

#: Names of the cookies.
SEAT, TRAINER, WATCH = "seat", "trainer", "watch"
#: Set when the server is told to end: it waits for open event streams, and they would not end by themselves.
ENDING = threading.Event()
_RUNNING_SECONDS = 12 * 3600.0


def hall() -> Hall:
    """The one hall of this process."""
    return _hall(str(shared.house().workspace.root))


@st.cache_resource(show_spinner=False)
def _hall(root: str) -> Hall:
    house = shared.house()
    return Hall(house.workspace, house.store)


def key_of(cookie: str) -> Key | None:
    """The key this browser holds under a cookie's name, or None. A session's state may hold one, too."""
    text = st.session_state.get(f"key:{cookie}") or st.context.cookies.get(cookie)
    try:
        return read_key(text) if isinstance(text, str) and text else None
    except RiskError:
        return None


def guest() -> str:
    """``class`` or ``board`` for a browser that only has a seat or only watches; '' for everyone else."""
    if key_of(TRAINER):
        return ""
    return "class" if key_of(SEAT) else "board" if key_of(WATCH) else ""


# -- items ------------------------------------------------------------------------------------------------


def pool(model_id: str) -> Pool:
    """The candidates of the class stream under a model; made once (about ten seconds)."""
    return _pool(str(shared.house().workspace.root), model_id)


@st.cache_resource(show_spinner=False, max_entries=2)
def _pool(root: str, model_id: str) -> Pool:
    return make_pool(shared.model(model_id), stream_for(shared.house().workspace))


def item(room: Room, item_id: str) -> ItemView:
    """Everything that may be shown of an item: what is shown when, the page's view-model decides."""
    return _view(room.setup.digest, room.setup.model_id, item_id, i18n.language())


@st.cache_resource(show_spinner=False, max_entries=4000)
def _view(digest: str, model_id: str, item_id: str, language: str) -> ItemView:
    rows = _rows(digest)
    row = rows[rows["item_id"].astype(str) == item_id]
    return item_view(shared.model(model_id), row, shared.evaluation(model_id))


@st.cache_resource(show_spinner=False, max_entries=8)
def _rows(digest: str):
    return load_rows(shared.house().workspace, digest)


def truth_of(room: Room, item_id: str) -> tuple[str, tuple[str, ...]]:
    """An item's scheme ('' where regular) and the titles of the fields that its scheme altered."""
    rows = _rows(room.setup.digest)
    row = rows[rows["item_id"].astype(str) == item_id].iloc[0]
    model = shared.model(room.setup.model_id)
    altered = [c.removeprefix("truth_altered_") for c in rows if c.startswith("truth_altered_") and row[c]]
    titles = tuple(model.dictionary[name].title for name in altered)
    return room.facts(item_id).scheme, titles


def warm_up(room: Room) -> None:
    """Make every item's view before the first trainee asks for it."""
    for item_id in room.setup.items:
        item(room, item_id)


def start() -> None:
    """When the server starts: forget what is 30 days old, and make ready the sessions that are running."""
    here = hall()
    if shared.house().problem:
        return
    here.erase_old()
    for header in here.rooms.headers():
        if not header.ended_at and not header.erased_at and now() - header.opened_at < _RUNNING_SECONDS:
            try:
                warm_up(here.rooms.room(header.session_id))
            except RiskError:
                continue  # its model or items are gone: its own pages say so


# -- news -------------------------------------------------------------------------------------------------


def seat_mark(room: Room, seat_id: str) -> str:
    """Changes when a trainee's page must be drawn anew; other people's answers do not change it."""
    stage, seat = room.stage, room.seats[seat_id]
    marks = (
        stage.step,
        stage.item,
        stage.open,
        stage.ends_at,
        sum(room.truth.values()),
        room.over,
        seat.removed,
    )
    return ".".join(str(int(mark)) for mark in marks)


def board_mark(session_id: str) -> str:
    """Changes at most once a second: the shared aggregate's number, and who is connected."""
    here = hall()
    return f"{here.shared_board(session_id).seq}.{here.connected(session_id)}"


def watcher(kind: str, key: Key) -> tuple[Callable[[], str], str]:
    """How to look for news with a key, and the seat it belongs to. Errors: `RiskError`, `KeyError`."""
    here = hall()
    if kind == SEAT:
        seat_id = here.seat(key)[1].seat_id
        return lambda: seat_mark(here.rooms.room(key.session_id), seat_id), seat_id
    {TRAINER: here.is_trainer, WATCH: here.may_watch}[kind](key) or _refuse()
    return lambda: board_mark(key.session_id), ""


def _refuse() -> None:
    raise KeyError("this key opens nothing here")


def listen(kind: str, mark: str) -> None:
    """Draw what lets the page follow the session: a button that a small script presses when news come."""
    url = f"{base()}/classroom/changes?as={kind}" if st.context.cookies.get(kind) else ""
    st.html(html.tag("span", "", "rk-listen", data_url=url, data_mark=mark, hidden="hidden"))
    st.button(
        _("Refresh"), key="refresh", type="tertiary", help=_("This page follows the session by itself.")
    )
    st.html(f'<script src="{base()}/classroom/changes.js"></script>', unsafe_allow_javascript=True)


def clock(ends_at: float) -> html.Html:
    """The time left until a moment (seconds since 1970), kept by the page's script; '' for none."""
    if not ends_at:
        return html.Html("")
    left = html.tag("span", "", "rk-clock", data_ends=f"{ends_at:.0f}", data_late=_("over by"))
    return html.Html(html.escape(_("Time")) + " " + left)


def join_url() -> str:
    """The address that trainees type: this server's, as the trainer's browser sees it."""
    here = str(st.context.url or "http://localhost:8501")
    scheme, _sep, rest = here.partition("://")
    return f"{scheme}://{rest.split('/')[0]}{base()}/join"


def now() -> float:
    """The time now, seconds since 1970."""
    return time.time()
