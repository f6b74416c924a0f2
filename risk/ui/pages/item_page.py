"""One item: what was declared, what the score says and why, and the reviewer's decision."""

import streamlit as st

from risk.casework import Case
from risk.errors import NotFound
from risk.store import Batch
from risk.ui import asking, charts, deciding, html, shared
from risk.ui.present.evidence import evidence_pack
from risk.ui.present.item import ItemView, Section
from risk.ui.present.log import log_rows
from risk.ui.present.words import CHANNEL_TITLES, LANE_TITLES, status_words
from risk.ui.session import PAGES, actor, show_flash, theme


def draw() -> None:
    """Draw the page of the item in the address (``?item=…``)."""
    st.title("Item")
    show_flash()
    batch, item_id = shared.newest_batch(), st.query_params.get("item", "")
    if batch is None or not item_id:
        st.html(html.note("No item is open. Choose one in the queue."))
        st.page_link(PAGES["queue"], label="Go to the queue")
        return
    try:
        view = shared.item(batch, item_id)
    except NotFound as error:
        st.html(html.note(str(error), "bad"))
        st.page_link(PAGES["queue"], label="Go to the queue")
        return
    case = _case(item_id, batch)
    _head(view, case)
    left, right = st.columns([5, 4], gap="large")
    with left:
        _score(view)
        _reasons(view)
        _waterfall(view)
        asking.draw(batch, item_id)
        _unseen(view)
    with right:
        if case is not None:
            deciding.draw(case)
        _declaration(view.sections)
    _trail(view, batch)


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
        + html.tag("p", f"A typical item: {view.typical}. {view.record}", "rk-small")
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
    st.subheader("From a typical item to this one", anchor=False)
    st.html(
        html.tag(
            "p",
            f"Start: a typical item, irregular in {view.typical}. Each bar is one detail's part; the last "
            f"one ends at this item, {view.brief}. The parts add up exactly to the score.",
            "rk-small",
        )
    )
    words = "; ".join(f"{b.title} {b.effect}" for b in view.bars)
    st.vega_lite_chart(
        spec=_spec(view, theme()),
        theme=None,
        key="waterfall",
        alt=f"Waterfall from {view.typical} to {view.brief}: {words}.",
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


def _trail(view: ItemView, batch: Batch) -> None:
    entries = shared.house().store.entries_of(view.item_id)
    with st.expander(f"Everything the log says about this item ({len(entries):,})"):
        rows = [(r.seq, r.when, r.who, r.event, r.detail) for r in log_rows(entries)]
        st.html(html.table(("No.", "When", "Who", "What", "Details"), rows, right=frozenset({0})))
    st.download_button(
        "Evidence pack",
        lambda: _pack(view, batch),
        f"{view.item_id}.html",
        "text/html",
        key="pack",
        on_click="ignore",
        help="One file to print or keep: declaration, score, reasons, decisions, and how to check them.",
    )


def _pack(view: ItemView, batch: Batch) -> str:
    entries = shared.house().store.entries_of(view.item_id)
    manifest = shared.house().workspace.registry.manifest(batch.model_id)
    return evidence_pack(
        view, shared.model(batch.model_id), shared.row(batch, view.item_id), manifest, entries
    )


if __name__ == "__main__":
    draw()
