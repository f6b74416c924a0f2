"""The queue: what to look at, highest scores first."""

import streamlit as st

from risk.casework import Case
from risk.store import Page
from risk.ui import charts, html, shared
from risk.ui.present import queue as present
from risk.ui.session import PAGES, actor, show_flash, theme

SIZE = 20


def draw() -> None:
    """Draw the page."""
    st.title("Queue")
    show_flash()
    batch = shared.newest_batch()
    if batch is None:
        st.html(
            html.note(
                "There is nothing to work on yet. Make a stream of parcels, a model and a queue with: "
                "make demo – or, on your own data: risk train, then risk select."
            )
        )
        return
    _capacity(batch)
    which = _filters()
    page = st.session_state.get("page", 1)
    found = shared.house().store.cases(which, page=page, size=SIZE)
    if page > found.pages:
        found = shared.house().store.cases(which, page=found.pages, size=SIZE)
    _rows(found)
    _pager(found)


def _capacity(batch) -> None:
    worth = shared.worth(batch)
    st.html(html.tag("p", present.summary(batch, worth), "rk-lead"))
    with st.expander("What would another capacity buy?"):
        most = max(2, min(worth.n, 6 * max(batch.capacity, 1)))
        capacity = st.slider("Items that can be examined", 1, most, min(batch.capacity, most), key="capacity")
        st.html(html.tag("p", worth.sentence(capacity)))
        spec = charts.capacity_curve(worth.curve(), at=capacity, finds=worth.at(capacity), theme=theme())
        st.vega_lite_chart(spec=spec, theme=None, alt=worth.sentence(capacity), key="capacity-chart")


def _first_page() -> None:
    st.session_state["page"] = 1


def _filters():
    lanes = present.lane_options(shared.house().store.counts())
    doing, lane, search = st.columns([2.2, 2.2, 1.6], vertical_alignment="bottom")
    keep = {"on_change": _first_page, "persist_state": "session"}
    with doing:
        st.segmented_control("Show", list(present.DOING), default="To do", key="doing", required=True, **keep)
    with lane:
        st.segmented_control(
            "Lane",
            ["all", *lanes],
            default="all",
            key="lane",
            required=True,
            format_func=lambda v: lanes.get(v, "All lanes"),
            **keep,
        )
    with search:
        st.text_input("Item id contains", key="search", placeholder="CX…", **keep)
    s = st.session_state
    return present.choose(s.get("lane"), s.get("doing"), s.get("channel"), s.get("search"))


def _rows(found: Page[Case]) -> None:
    if not found.rows:
        st.html(html.note("No case fits. Choose “All” under Show, or clear the search."))
        return
    head = "".join(
        html.tag("span", w) for w in ("Item", "Irregular among such items", "Strongest reason", "Status")
    )
    left, _ = st.columns([8, 1])
    left.html(html.tag("div", html.Html(head), "rk-row rk-head"))
    for row in present.queue_rows(found.rows, who=actor().name):
        _row(row)


def _row(row: present.QueueRow) -> None:
    item = html.Html(
        html.tag("span", row.item_id, "rk-id")
        + "<br>"
        + html.chip(row.lane_title, row.lane)
        + (html.chip(row.channel_title, "quiet") if row.channel_title != "By score" else "")
    )
    cells = (
        html.tag("div", item),
        html.tag("div", html.tag("strong", row.frequency)),
        html.tag("div", row.reason, "rk-why"),
        html.tag("div", row.status),
    )
    words, button = st.columns([8, 1], vertical_alignment="center")
    words.html(html.tag("div", html.Html("".join(cells)), "rk-row"))
    button.page_link(PAGES["item"], label="Open", query_params={"item": row.item_id})


def _turn(to: int) -> None:
    st.session_state["page"] = to


def _pager(found: Page[Case]) -> None:
    first = (found.page - 1) * found.size + 1
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "← Earlier", key="earlier", disabled=found.page <= 1, on_click=_turn, args=(found.page - 1,)
        )
        st.html(
            f"{min(first, found.total):,}–{min(first + found.size - 1, found.total):,} of {found.total:,}",
            width="content",
        )
        st.button(
            "Later →", key="later", disabled=found.page >= found.pages, on_click=_turn, args=(found.page + 1,)
        )


if __name__ == "__main__":
    draw()
