"""One item: what was declared, what the score says and why, and the reviewer's decision."""

import streamlit as st

from risk.casework import ACTIONS, REASON_CODES, Case, Decision, codes_for
from risk.errors import NotFound
from risk.store import Batch, CaseFilter
from risk.ui import charts, html, shared
from risk.ui.present.item import ItemView, Section
from risk.ui.present.words import ACTION_TITLES, CHANNEL_TITLES, LANE_TITLES, moment, status_words
from risk.ui.session import PAGES, actor, attempt, flash, form_key, new_form, show_flash, theme


def draw() -> None:
    """Draw the page of the item in the address (``?item=…``)."""
    st.title("Item")
    show_flash()
    batch, item_id = shared.newest_batch(), st.query_params.get("item", "")
    if batch is None or not item_id:
        st.html(html.note("No item is open. Choose one in the queue."))
        st.page_link(PAGES["queue"], label="Go to the queue", icon="📥")
        return
    try:
        view = shared.item(batch, item_id)
    except NotFound as error:
        st.html(html.note(str(error), "bad"))
        st.page_link(PAGES["queue"], label="Go to the queue", icon="📥")
        return
    case = _case(item_id, batch)
    _head(view, case)
    left, right = st.columns([5, 4], gap="large")
    with left:
        _score(view)
        _reasons(view)
    with right:
        _decide(view, case, batch)
        _declaration(view.sections)
    _waterfall(view)
    _unseen(view)


def _case(item_id: str, batch: Batch) -> Case | None:
    try:
        return shared.house().store.case(item_id, batch_id=batch.batch_id)
    except NotFound:
        return None


def _head(view: ItemView, case: Case | None) -> None:
    chips = [html.tag("span", view.item_id, "rk-id")]
    if case is not None:
        chips += [
            html.chip(LANE_TITLES[case.lane], case.lane),
            html.chip(CHANNEL_TITLES[case.channel], "quiet"),
            html.tag("span", status_words(case, actor().name)),
        ]
    else:
        chips += [
            html.chip(LANE_TITLES["green"], "green"),
            html.tag("span", "released by its score; nothing to decide"),
        ]
    st.html(html.tag("div", html.Html("&ensp;".join(chips))))


def _score(view: ItemView) -> None:
    said = view.frequency[0].upper() + view.frequency[1:] + "."
    st.html(
        html.tag("p", said, "rk-big")
        + html.tag("p", f"On average it is {view.average}. {view.record}", "rk-small")
    )


def _reasons(view: ItemView) -> None:
    if view.withheld:
        st.html(html.note(view.withheld, "bad"))
        return
    _listed("What raises the score", view.raising, "Nothing in the declaration raises it noticeably.")
    _listed("What lowers the score", view.lowering, "Nothing in the declaration lowers it noticeably.")
    st.html(html.tag("p", f"{view.quiet} other details hardly change it.", "rk-small"))


def _listed(title: str, reasons, none: str) -> None:
    st.subheader(title, anchor=False)
    lines = [html.Html(html.escape(r.sentence) + ": " + html.tag("strong", r.effect) + ".") for r in reasons]
    st.html(html.bullets(lines) if lines else html.tag("p", none))


def _declaration(sections: tuple[Section, ...]) -> None:
    st.subheader("Declaration", anchor=False)
    marks = {
        "up": html.chip("▲ raises", "up"),
        "down": html.chip("▼ lowers", "down"),
        "both": html.chip("▲▼ both", "quiet"),
    }
    blocks = []
    for section in sections:
        rows = [
            (
                row.title,
                html.Html(
                    (html.escape(row.value) if row.value else html.tag("span", "not stated", "rk-missing"))
                    + " "
                    + marks.get(row.mark, "")
                ),
            )
            for row in section.rows
        ]
        blocks.append(html.tag("p", section.title, "rk-section") + html.definition_rows(rows))
    st.html("".join(blocks))


def _waterfall(view: ItemView) -> None:
    if view.withheld:
        return
    st.subheader("From the average item to this one", anchor=False)
    st.html(
        html.tag(
            "p",
            f"Start: an average item, irregular in {view.average}. Each bar is one detail's part; the last "
            f"one ends at this item, {view.brief}. The parts add up exactly to the score.",
            "rk-small",
        )
    )
    words = "; ".join(f"{b.title} {b.effect}" for b in view.bars)
    st.vega_lite_chart(
        spec=_spec(view, theme()),
        theme=None,
        key="waterfall",
        alt=f"Waterfall from {view.average} to {view.brief}: {words}.",
    )


@st.cache_resource(show_spinner=False, max_entries=4000)
def _spec_of(item_id: str, model_id: str, theme_name: str, _bars) -> dict:
    return charts.waterfall(_bars, theme_name)


def _spec(view: ItemView, theme_name: str) -> dict:
    return _spec_of(view.item_id, view.model_id, theme_name, view.bars)


def _unseen(view: ItemView) -> None:
    st.subheader("What the model cannot see", anchor=False)
    st.html(html.bullets(view.unseen))
    st.html(html.tag("p", f"Scored by {view.model_id}.", "rk-small"))


# -- deciding -------------------------------------------------------------------------------------------------


def _decide(view: ItemView, case: Case | None, batch: Batch) -> None:
    if case is None:
        return
    st.subheader("Your decision", anchor=False)
    if case.status in ("decided", "closed"):
        _decided(case)
        return
    form = f"{batch.batch_id}:{view.item_id}"
    actions = list(ACTIONS)
    with st.container(border=True):
        action = st.radio(
            "What should happen to this item?",
            actions,
            index=actions.index(case.suggested),
            key=f"action:{form}",
            format_func=lambda a: ACTION_TITLES[a] + (" (suggested)" if a == case.suggested else ""),
            horizontal=True,
        )
        with st.form(f"decide:{form}", border=False):
            codes = codes_for(action)
            st.multiselect(
                "Why? (at least one)",
                list(codes),
                format_func=lambda c: REASON_CODES[c][0],
                key=f"codes:{action}:{form}",
                placeholder="Choose one or more reasons",
            )
            override = action != case.suggested
            st.text_area(
                "Comment" + (" (needed: this overrides the suggestion)" if override else " (if you like)"),
                key=f"comment:{form}",
                max_chars=2000,
                height=80,
            )
            st.form_submit_button(
                f"Record: {ACTION_TITLES[action].lower()}",
                type="primary",
                width="stretch",
                on_click=_record,
                args=(view.item_id, batch.batch_id, action),
            )


def _record(item_id: str, batch_id: str, action: str) -> None:
    """The decision's callback: bound to its item, recorded once, then on to the next."""
    form, state = f"{batch_id}:{item_id}", st.session_state
    codes = tuple(state.get(f"codes:{action}:{form}") or ())
    if not codes:
        flash("Choose at least one reason first. Nothing was recorded.", "bad")
        return
    choice = Decision(action, codes, state.get(f"comment:{form}") or "")
    done = attempt(
        shared.house().store.decide, item_id, choice, actor=actor(), batch_id=batch_id, key=form_key(form)
    )
    if done is None:
        return
    new_form(form)
    following = _next(batch_id)
    then = " Next item below." if following else " Nothing else is waiting."
    flash(
        f"Recorded: {item_id} – {ACTION_TITLES[action].lower()}, entry {done.seq} of the log.{then}",
        "good",
        item_id,
    )
    st.query_params["item"] = following or item_id


def _next(batch_id: str) -> str:
    lane = st.session_state.get("lane")
    lanes = (lane,) if lane in LANE_TITLES else ()
    waiting = (
        shared.house()
        .store.cases(CaseFilter(batch_id=batch_id, lanes=lanes, statuses=("open",)), size=1)
        .rows
    )
    return waiting[0].item_id if waiting else ""


def _decided(case: Case) -> None:
    way = (
        "as suggested"
        if case.agrees
        else f"overriding the suggestion ({ACTION_TITLES[case.suggested].lower()})"
    )
    st.html(
        html.note(
            f"{ACTION_TITLES[case.decision]}, {way}: decided by {case.decided_by}, {moment(case.decided_utc)}.",
            "good",
        )
    )


if __name__ == "__main__":
    draw()
