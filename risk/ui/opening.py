"""Opening a session: a plan or items picked by hand, how hard, in which order; and the sessions there were."""

from __future__ import annotations

import datetime

import streamlit as st

from risk.classroom.item_sets import CELLS, band
from risk.classroom.plan import PLANS, ItemFacts, ready_plan
from risk.errors import Refused, RiskError
from risk.hall import Order, Pool, by_hand
from risk.ui import html, i18n, shared, training
from risk.ui.i18n import N_, _, moment, number, plural
from risk.ui.present.training_words import PLAN_HINTS, PLAN_TITLES
from risk.ui.session import actor, attempt, flash, show_flash

__all__ = ["draw"]

EARLIER = 8
CANDIDATES = 100  # of each cell
BAND_WORDS = {"easy": N_("easy"), "medium": N_("medium"), "hard": N_("hard")}


def draw() -> None:
    """Draw the choice of a plan, and the sessions there were."""
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
                _("How hard"),
                list(BAND_WORDS),
                list(BAND_WORDS),
                key="session-bands",
                format_func=lambda b: _(BAND_WORDS[b]),
                select_all=False,
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
    bands = tuple(state.get("session-bands") or BAND_WORDS)
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


def _pick() -> None:
    """Items by hand: candidates as rows, chosen by id; a saved set brings its ids back."""
    try:
        pool = training.pool(_model_id())
    except RiskError as error:
        st.html(html.note(i18n.told(error), "bad"))
        return
    sets = training.hall().saved_sets()
    if sets:
        chosen = st.selectbox(_("Saved set"), ["", *sets], key="saved-set", format_func=lambda n: n or "–")
        if chosen:
            st.button(_("Use this set"), key="use-set", on_click=_use_set, args=(chosen,))
    labels = _labels(pool)
    picked = st.multiselect(
        _("Items"),
        list(labels),
        key="picked",
        persist_state="session",
        max_selections=20,
        placeholder=_("Type a word to search: irregular, wrong, hard, a route, a description"),
        format_func=lambda i: labels.get(i, i),
        select_all=False,
    )
    if picked:
        st.html(html.note(_mixture([f for f in pool.facts if f.item_id in set(picked)])))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(_("Save these as"), key="set-name", max_chars=40)
        st.button(_("Save the set"), key="save-set", on_click=_save_set, disabled=not (name and picked))


def _mixture(facts: list[ItemFacts]) -> str:
    """How picked items are put together; the class is told only that they were picked."""
    bad, wrong = sum(f.irregular for f in facts), sum(not f.model_right for f in facts)
    return plural(
        "{n} item: {bad} irregular, the model wrong about {wrong}.",
        "{n} items: {bad} irregular, the model wrong about {wrong}.",
        len(facts), bad=number(bad), wrong=number(wrong),
    )  # fmt: skip


def _labels(pool: Pool) -> dict[str, str]:
    """Candidates of all four cells, by item id, in words that can be searched."""
    facts = [f for cell in CELLS for f in [f for f in pool.facts if f.cell == cell][:CANDIDATES]]
    ids = pool.rows["item_id"].astype(str)
    said = pool.rows.get("description", ids)
    described = dict(zip(ids, said.fillna("").astype(str), strict=True))
    return {f.item_id: _fact_words(f, described.get(f.item_id, "")) for f in facts}


def _fact_words(fact: ItemFacts, described: str) -> str:
    truth = _("irregular item") if fact.irregular else _("regular item")
    model = _("model right") if fact.model_right else _("model wrong")
    words = (described[:40], truth, model, _(BAND_WORDS[band(fact.difficulty)]), fact.route, fact.item_id)
    return " · ".join(word for word in words if word)


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
    for h in headers[:EARLIER]:
        when = moment(datetime.datetime.fromtimestamp(h.opened_at, datetime.UTC))
        state = _("answers deleted") if h.erased_at else _("ended") if h.ended_at else _("open")
        plan = _(PLAN_TITLES.get(h.plan, h.plan))
        title = h.title if h.title == plan else html.Html(f"{html.escape(h.title)}<br>{html.escape(plan)}")
        rows.append((when, title, state, h.seal))
    table = html.table((_("Opened"), _("Session"), _("State"), _("Seal")), rows)
    st.html(html.tag("div", table, "rk-narrow"))
    for h in headers[:EARLIER]:
        if h.summary:
            st.download_button(
                _("Sums of “{title}” (JSON)", title=h.title), h.summary, "training-sums.json",
                "application/json", key=f"sums:{h.session_id}", on_click="ignore",
            )  # fmt: skip
    st.link_button(_("Lead one of them with its key"), f"{training.base()}/direct")
