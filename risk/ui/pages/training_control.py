"""The trainer's room: open a session, lead it through its steps, see who is stuck, close and forget it."""

import datetime

import streamlit as st

from risk.classroom import control
from risk.classroom.item_sets import CELLS, band
from risk.classroom.plan import PLANS, ready_plan
from risk.classroom.state import Room
from risk.errors import NotFound, Refused, RiskError
from risk.hall import Key, Order, by_hand
from risk.ui import html, shared, training
from risk.ui.i18n import _, moment, number
from risk.ui.present.training_words import KIND_TITLES, MODE_TITLES, PLAN_HINTS, PLAN_TITLES
from risk.ui.session import actor, attempt, flash, show_flash

STUCK_SECONDS = 90


def draw() -> None:
    """Draw the room of the session this browser leads, or the way to open one."""
    key = training.key_of(training.TRAINER)
    try:
        room = training.hall().room_for_trainer(key) if key else None
    except NotFound:
        room = None  # its answers were deleted
    except RiskError as error:
        st.html(html.note(str(error)))
        room = None
    if room is None or st.session_state.get("new-session"):
        _start()
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


# -- opening ----------------------------------------------------------------------------------------------


def _start() -> None:
    st.title(_("Training room"))
    show_flash()
    st.html(
        html.tag(
            "p",
            _(
                "Up to 60 people judge the same made parcels, first alone, then with the score. Then you "
                "talk about it."
            ),
        )
    )
    plan = st.radio(
        _("Plan"),
        [*PLANS, "by-hand"],
        format_func=lambda name: _(PLAN_TITLES[name]),
        captions=[_(PLAN_HINTS[name]) for name in [*PLANS, "by-hand"]],
        key="plan",
    )
    if plan == "by-hand":
        _pick()
    with st.form("open-session", border=False):
        st.text_input(
            _("Title of the session"), key="session-title", max_chars=80, placeholder=_("for example: Monday")
        )
        with st.expander(_("More")):
            st.number_input(_("Seed (the same seed draws the same items)"), 0, 10**6, 1, key="session-seed")
            st.multiselect(
                _("How hard"), ["easy", "medium", "hard"], ["easy", "medium", "hard"], key="session-bands"
            )
            st.checkbox(_("Study: orders of the blocks are counterbalanced over people"), key="session-study")
        st.form_submit_button(_("Open the lobby"), on_click=_open, type="primary", key="open-lobby")
    st.html(html.tag("p", _("The first time, items are made and scored: about ten seconds."), "rk-small"))
    _earlier()


def _model_id() -> str:
    registry = shared.house().workspace.registry
    chosen = registry.champion() or next(iter(reversed(registry.ids())), "")
    if not chosen:
        raise Refused(_("There is no model yet. Run: risk demo. No session was opened."))
    return chosen


def _order() -> Order:
    state, name = st.session_state, st.session_state["plan"]
    picked = tuple(state.get("picked") or ())
    if name == "by-hand" and not picked:
        raise Refused(_("No item is picked. Pick at least one. No session was opened."))
    study = bool(state.get("session-study")) and name in ("lesson-45", "lesson-90")
    plan = by_hand(len(picked)) if name == "by-hand" else ready_plan(name, study=study)
    bands = tuple(state.get("session-bands") or ("easy", "medium", "hard"))
    title = state.get("session-title", "").strip() or _(PLAN_TITLES[name])
    return Order(plan, title, int(state.get("session-seed", 1)), bands,
                 picked if name == "by-hand" else ())  # fmt: skip


def _open() -> None:
    def opened():
        return training.hall().open(_order(), training.pool(_model_id()), actor=actor())

    made = attempt(opened)
    if made is None:
        return
    st.session_state[f"key:{training.TRAINER}"] = made.trainer.text()
    st.session_state["told"] = (made.trainer.text(), made.watch.text())
    st.session_state["new-session"] = False
    training.warm_up(training.hall().rooms.room(made.session_id))


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


def _pick() -> None:
    """Items by hand: candidates as rows, chosen by id; a saved set brings its ids back."""
    try:
        pool = training.pool(_model_id())
    except RiskError as error:
        st.html(html.note(str(error), "bad"))
        return
    sets = training.hall().saved_sets()
    if sets:
        chosen = st.selectbox(_("Saved set"), ["", *sets], key="saved-set", format_func=lambda n: n or "–")
        if chosen:
            st.button(_("Use this set"), key="use-set", on_click=_use_set, args=(chosen,))
    facts = {f.item_id: f for f in pool.facts}
    cells = [f for cell in CELLS for f in [f for f in pool.facts if f.cell == cell][:100]]
    st.multiselect(
        _("Items"),
        [f.item_id for f in cells],
        key="picked",
        persist_state="session",
        max_selections=20,
        format_func=lambda i: _fact_words(facts[i]),
    )
    name = st.text_input(_("Save these as"), key="set-name", max_chars=40)
    st.button(_("Save the set"), key="save-set", on_click=_save_set, disabled=not name)


def _fact_words(fact) -> str:
    truth = _("irregular") if fact.irregular else _("regular")
    model = _("model right") if fact.model_right else _("model wrong")
    return f"{fact.item_id} · {truth} · {model} · {_(band(fact.difficulty))} · {fact.route}"


def _use_set(name: str) -> None:
    st.session_state["picked"] = list(attempt(training.hall().load_set, name) or ())


def _save_set() -> None:
    name, picked = st.session_state["set-name"], tuple(st.session_state.get("picked") or ())
    if attempt(training.hall().save_set, name, picked, actor=actor()) is not None:
        flash(_("Saved: {name}, {n} items.", name=name, n=number(len(picked))))


def _earlier() -> None:
    headers = attempt(training.hall().headers, actor=actor()) or []
    if not headers:
        return
    st.subheader(_("Earlier sessions"), anchor=False)
    rows = []
    for h in headers[:20]:
        when = moment(datetime.datetime.fromtimestamp(h.opened_at, datetime.UTC))
        state = _("answers deleted") if h.erased_at else _("ended") if h.ended_at else _("open")
        rows.append((when, h.title, _(PLAN_TITLES.get(h.plan, h.plan)), state, h.seal))
    st.html(html.table((_("Opened"), _("Title"), _("Plan"), _("State"), _("Seal")), rows))
    for h in headers[:20]:
        if h.summary:
            st.download_button(
                _("Sums of “{title}” (JSON)", title=h.title), h.summary, "training-sums.json",
                "application/json", key=f"sums:{h.session_id}", on_click="ignore",
            )  # fmt: skip
    st.link_button(_("Lead one of them with its key"), f"{training.base()}/direct")


# -- leading ----------------------------------------------------------------------------------------------


def _stage(key: Key, room: Room) -> None:
    told, step = training.hall().board(key), room.step
    title = _(MODE_TITLES[step.mode]) if step.mode else _(KIND_TITLES[step.kind])
    st.subheader(_("Now: {title}", title=title), anchor=False)
    if step.kind == "lobby":
        code = training.hall().header(key.session_id).code
        st.html(
            html.tag("p", f"{code[:3]} {code[3:]}", "rk-code", aria_label=_("Join code"))
            + html.tag("p", training.join_url(), "rk-small")
        )
    clock = (
        html.tag("span", "", "rk-clock", data_ends=f"{room.stage.ends_at:.0f}") if room.stage.ends_at else ""
    )
    if told.expected:
        said = _("{n} of {of} answered", n=number(told.answered), of=number(told.expected))
        st.html(html.tag("p", html.Html(html.escape(said) + "&emsp;" + clock)))
    if step.judges and step.pacing == "trainer":
        _pace(room)
    elif step.judges:
        _window(room)
    _next(room)


def _pace(room: Room) -> None:
    stage, count = room.stage, room.step.items
    st.html(html.tag("p", _("Item {n} of {of}", n=number(stage.item + 1), of=number(count))))
    with st.container(horizontal=True):
        if stage.open:
            st.button(
                _("Close the item"), key="close", type="primary", on_click=_do, args=(control.close_item,)
            )
            _more_time()
            st.button(_("Skip it"), key="skip", on_click=_do, args=(control.skip_item,))
        elif stage.item + 1 < count:
            words = _("Open the first item") if stage.item < 0 else _("Open the next item")
            st.button(words, key="open-item", type="primary", on_click=_do, args=(control.next_item,),
                      kwargs={"item": stage.item + 1})  # fmt: skip
    if stage.item >= 0 and not stage.open:
        item_id = room.setup.sets[stage.step][0][stage.item]
        shown = room.truth.get(item_id, False)
        st.button(_("Hide its truth") if shown else _("Show its truth"), key="truth", on_click=_do,
                  args=(control.show_truth,), kwargs={"item_id": item_id, "shown": not shown})  # fmt: skip


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
        return
    if to < len(steps):
        title = _(MODE_TITLES[steps[to].mode]) if steps[to].mode else _(KIND_TITLES[steps[to].kind])
        busy = room.stage.open and room.step.judges
        st.button(_("Go on to: {title}", title=title), key="go-on", type="secondary" if busy else "primary",
                  on_click=_do, args=(control.go_on,), kwargs={"to": to})  # fmt: skip
    else:
        st.button(_("End the session"), key="end", type="primary", on_click=_do, args=(control.end,))


def _plan(room: Room) -> None:
    rows = []
    for number_, step in enumerate(room.setup.plan.steps):
        here = "▶" if number_ == room.stage.step else "✓" if number_ < room.stage.step else ""
        title = _(MODE_TITLES[step.mode]) if step.mode else _(KIND_TITLES[step.kind])
        how = (_("together") if step.pacing == "trainer" else _("own pace")) if step.judges else ""
        rows.append((here, title, number(step.items) if step.items else "", how))
    st.html(html.table(("", _("Step"), _("Items"), _("Pace")), rows, caption=_("Plan")))


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
    rows = [
        (row.pseudonym, _doing(row, on, room), f"{row.done}/{row.of}" if row.of else "") for row, on in panel
    ]
    st.html(html.tag("div", html.table((_("Name here"), _("State"), _("Done")), rows), "rk-people"))
    if panel:
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
    return html.escape(words[row.does])


def _items(key: Key, room: Room) -> None:
    """Bookmarks: the items of the present step, marked for the discussion."""
    if not room.step.judges:
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
        st.page_link("training_board.py", label=_("Open the board"))
        st.page_link("training_debrief.py", label=_("Open the report"))
        st.button(_("Open another session"), key="another", on_click=_another)
        with st.popover(_("Delete all answers now")):
            st.html(_("Every answer and name of this session is deleted for good. The report of sums stays."))
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
        flash(str(error), "bad")


if __name__ == "__main__":
    draw()
