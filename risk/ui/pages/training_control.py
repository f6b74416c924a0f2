"""The trainer's room: open a session, lead it through its steps, see who is stuck, close and forget it."""

import streamlit as st

from risk.classroom import control
from risk.classroom.board import Board
from risk.classroom.state import Room
from risk.errors import NotFound, Refused, RiskError
from risk.hall import Key
from risk.ui import html, i18n, opening, training
from risk.ui.i18n import _, number
from risk.ui.present.training_words import KIND_TITLES, MODE_TITLES, STEP_HINTS
from risk.ui.session import PAGES, attempt, flash, show_flash

STUCK_SECONDS = 90


def draw() -> None:
    """Draw the room of the session this browser leads, or the way to open one."""
    key = training.key_of(training.TRAINER)
    try:
        room = training.hall().room_for_trainer(key) if key else None
    except NotFound:
        room = None  # its answers were deleted
    except RiskError as error:
        st.html(html.note(i18n.told(error)))
        room = None
    if room is None or st.session_state.get("new-session"):
        opening.draw()
        return
    st.title(room.title)
    show_flash()
    _told_once(key)
    left, right = st.columns([5, 4], gap="large")
    with left:
        _stage(key, room)
        _plan(room)
    with right:
        _people(key, room)
    _items(key, room)
    _after(key, room)
    training.listen(training.TRAINER, training.board_mark(key.session_id))


def _do(rule, **wanted: object) -> None:
    """One act of the trainer, by the key this browser holds."""
    attempt(training.hall().direct, training.key_of(training.TRAINER), rule, **wanted)


def _told_once(key: Key) -> None:
    """The keys, once: to write down, and to keep in this browser so that a reload comes back here."""
    told = st.session_state.get("told")
    if not told or read_id(told[0]) != key.session_id:
        return
    trainer, watch = told
    with st.container(border=True):
        st.html(
            html.tag("p", _("Write these down now; they are shown once."), "rk-section")
            + html.definition_rows(
                [
                    (_("Your key, to lead this session"), html.tag("code", trainer)),
                    (_("Key for a second board, on another computer"), html.tag("code", watch)),
                ]
            )
        )
        keep = html.tag("button", _("Keep my key in this browser"), "rk-button", type="submit")
        hidden = f"<input type='hidden' name='key' value='{html.escape(trainer)}'>"
        st.html(f"<form method='post' action='{training.base()}/direct'>{hidden}{keep}</form>")


def read_id(text: str) -> str:
    """The session's id in a key's text."""
    return text.partition(".")[0]


# -- leading ----------------------------------------------------------------------------------------------


def _stage(key: Key, room: Room) -> None:
    told, step = training.hall().board(key), room.step
    title = _(MODE_TITLES[step.mode]) if step.mode else _(KIND_TITLES[step.kind])
    st.subheader(_("Now: {title}", title=title), anchor=False)
    if not room.over:
        st.html(html.tag("p", _(STEP_HINTS[step.pacing if step.judges else step.kind]), "rk-small"))
    if step.kind == "lobby":
        code = training.hall().header(key.session_id).code
        st.html(
            html.tag("p", f"{code[:3]} {code[3:]}", "rk-code", aria_label=_("Join code"))
            + html.tag("p", training.join_url(), "rk-small")
        )
    st.html(html.tag("p", html.Html("&emsp;".join(_count(told, room)))))
    if step.judges and step.pacing == "trainer":
        _pace(room)
    elif step.judges:
        _window(room)
    _next(room)


def _count(told: Board, room: Room) -> list[html.Html]:
    """Which item, how many answered, how much time is left: what there is of it."""
    said = []
    if told.mode and told.pacing == "trainer" and told.item >= 0:
        said.append(_("Item {n} of {of}", n=number(told.item + 1), of=number(told.items)))
    if told.expected and not room.over and (told.pacing == "self" or told.item >= 0):
        said.append(_("{n} of {of} answered", n=number(told.answered), of=number(told.expected)))
    return [html.escape(s) for s in said] + [training.clock(room.stage.ends_at)]


def _pace(room: Room) -> None:
    stage, count = room.stage, room.step.items
    with st.container(horizontal=True):
        if stage.open:
            st.button(
                _("Close the item"), key="close", type="primary", on_click=_do, args=(control.close_item,)
            )
            _more_time()
            st.button(_("Skip it"), key="skip", on_click=_do, args=(control.skip_item,))
            _mark_now(room)
        elif stage.item + 1 < count:
            words = _("Open the first item") if stage.item < 0 else _("Open the next item")
            st.button(words, key="open-item", type="primary", on_click=_do, args=(control.next_item,),
                      kwargs={"item": stage.item + 1})  # fmt: skip
        if stage.item >= 0 and not stage.open:
            item_id = room.setup.sets[stage.step][0][stage.item]
            shown = room.truth.get(item_id, False)
            st.button(_("Hide its truth") if shown else _("Show its truth"), key="truth", on_click=_do,
                      args=(control.show_truth,), kwargs={"item_id": item_id, "shown": not shown})  # fmt: skip
            _mark_now(room)


def _mark_now(room: Room) -> None:
    """Mark the item that all look at, in one press."""
    item_id = room.setup.sets[room.stage.step][0][room.stage.item]
    marked = item_id in room.bookmarks
    st.button(_("Unmark it") if marked else _("Mark it for the discussion"), key="mark-now", on_click=_do,
              args=(control.bookmark,), kwargs={"item_id": item_id, "marked": not marked})  # fmt: skip


def _more_time() -> None:
    st.button(
        _("One minute more"), key="extend", on_click=_do, args=(control.extend,), kwargs={"seconds": 60}
    )


def _window(room: Room) -> None:
    with st.container(horizontal=True):
        words = _("Close this part") if room.stage.open else _("Open it again")
        st.button(words, key="window", type="primary" if room.stage.open else "secondary", on_click=_do,
                  args=(control.set_window,), kwargs={"closed": room.stage.open})  # fmt: skip
        if room.stage.open:
            _more_time()


def _next(room: Room) -> None:
    to = room.stage.step + 1
    steps = room.setup.plan.steps
    if room.over:
        st.html(html.note(_("The session is over."), "good"))
    elif to < len(steps):
        title = _(MODE_TITLES[steps[to].mode]) if steps[to].mode else _(KIND_TITLES[steps[to].kind])
        more = room.step.pacing == "trainer" and room.stage.item + 1 < room.step.items
        busy = room.step.judges and (room.stage.open or more)
        st.button(_("Go on to: {title}", title=title), key="go-on", type="secondary" if busy else "primary",
                  on_click=_do, args=(control.go_on,), kwargs={"to": to})  # fmt: skip
    else:
        st.button(_("End the session"), key="end", type="primary", on_click=_do, args=(control.end,))
    with st.container(horizontal=True):
        st.page_link(PAGES["board"], label=_("Open the board"))
        if room.step.kind in ("debrief", "exit"):
            st.page_link(PAGES["debrief"], label=_("Open the report"))


def _plan(room: Room) -> None:
    rows = []
    for number_, step in enumerate(room.setup.plan.steps):
        here = "▶" if number_ == room.stage.step else "✓" if number_ < room.stage.step else ""
        title = _(MODE_TITLES[step.mode]) if step.mode else _(KIND_TITLES[step.kind])
        how = (_("together") if step.pacing == "trainer" else _("own pace")) if step.judges else ""
        rows.append((here, title, number(step.items) if step.items else "", how))
    told = html.table((_("Now"), _("Step"), _("Items"), _("Pace")), rows, caption=_("Plan"))
    st.html(html.tag("div", told, "rk-narrow"))


def _people(key: Key, room: Room) -> None:
    panel = training.hall().side_panel(key)
    connected = sum(on for _row, on in panel)
    words = _("{n} joined · {m} connected", n=number(len(panel)), m=number(connected))
    st.subheader(_("People"), anchor=False)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(html.tag("span", words), width="content")
        st.button(
            _("Open the door") if room.locked else _("Close the door"), key="lock", on_click=_do,
            args=(control.lock,), kwargs={"locked": not room.locked}, disabled=room.over,
        )  # fmt: skip
    if not panel:
        st.html(html.note(_("Nobody has joined yet.")))
        return
    heads = [_("Name here"), _("State"), _("Done")][: 3 if room.step.judges else 2]
    rows = [
        (row.pseudonym, _doing(row, on, room), f"{number(row.done)}/{number(row.of)}")[: len(heads)]
        for row, on in panel
    ]
    st.html(html.tag("div", html.table(heads, rows), "rk-people rk-narrow"))
    if not room.over:
        with st.popover(_("Take someone out")):
            names = {row.seat: row.pseudonym for row, _on in panel}
            st.selectbox(_("Who"), list(names), format_func=names.get, key="remove-who", index=None)
            st.button(_("Take out"), key="remove", on_click=_remove)


def _remove() -> None:
    if st.session_state.get("remove-who"):
        _do(control.remove, seat=st.session_state["remove-who"])


def _doing(row, connected: bool, room: Room) -> html.Html:
    if not connected:
        return html.chip(_("not connected"), "quiet")
    waiting = training.now() - max(row.last_at, room.stage.since)
    if row.does in ("answer", "revise") and room.stage.open and waiting > STUCK_SECONDS:
        return html.chip(_("stuck?"), "yellow")
    words = {"answer": _("judging"), "revise": _("looking at the score"), "wait": _("waiting"),
             "done": _("done"), "see": _("waiting")}  # fmt: skip
    return html.escape(words[row.does] if room.step.judges else _("here"))


def _items(key: Key, room: Room) -> None:
    """Bookmarks where everyone has other items: those of the present step, marked for the discussion."""
    if not room.step.judges or room.step.pacing == "trainer":
        return
    ids = sorted({i for one in room.setup.sets[room.stage.step] for i in one})
    with st.expander(_("Mark an item for the discussion ({n} marked)", n=number(len(room.bookmarks)))):
        st.selectbox(_("Item"), ids, key="bookmark-which", index=None)
        with st.container(horizontal=True):
            for words, marked in ((_("Mark"), True), (_("Unmark"), False)):
                st.button(words, key=f"bookmark:{marked}", on_click=_bookmark, args=(marked,))


def _bookmark(marked: bool) -> None:
    if st.session_state.get("bookmark-which"):
        _do(control.bookmark, item_id=st.session_state["bookmark-which"], marked=marked)


# -- afterwards -------------------------------------------------------------------------------------------


def _after(key: Key, room: Room) -> None:
    with st.container(horizontal=True):
        st.button(_("Open another session"), key="another", on_click=_another)
        with st.popover(_("Delete all answers now")):
            told = _("Every answer and name of this session is deleted for good. The report of sums stays.")
            st.html(html.tag("p", told))
            st.checkbox(_("Yes, delete them"), key="erase-sure")
            st.button(_("Delete"), key="erase", on_click=_erase)


def _another() -> None:
    st.session_state["new-session"] = True


def _erase() -> None:
    if not st.session_state.get("erase-sure"):
        flash(_("Tick the box first. Nothing was deleted."), "bad")
        return
    try:
        training.hall().erase(training.key_of(training.TRAINER))
        flash(_("All answers and names of this session are deleted. Its report of sums stays."))
    except (Refused, NotFound) as error:
        flash(i18n.told(error), "bad")


if __name__ == "__main__":
    draw()
