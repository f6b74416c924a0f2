"""The queue: what to look at, highest scores first."""

from dataclasses import replace

import streamlit as st

from risk.access import may
from risk.casework import CHANNELS, Case
from risk.errors import NotFound, Refused
from risk.store import Batch, CaseFilter, Page, Receipt
from risk.ui import charts, html, shared
from risk.ui.present import queue as present
from risk.ui.present.words import CHANNEL_TITLES
from risk.ui.session import PAGES, actor, attempt, show_flash, theme
from risk.ui.widgets import page_of, pager, to_first_page

SIZE = 20
KEEP = {"on_change": to_first_page, "args": ("queue",), "persist_state": "session"}


def draw() -> None:
    """Draw the page."""
    taken = st.session_state.pop("taken", "")
    if taken:
        st.switch_page(PAGES["item"], query_params={"item": taken})
    st.title("Queue")
    show_flash()
    batch = shared.newest_batch()
    if batch is None:
        st.html(
            html.note(
                "There is nothing to work on yet. Make parcels, a model and a queue: make demo – it takes "
                "about a minute. Then load this page again."
            )
        )
        return
    st.html(html.tag("p", present.summary(shared.worth(batch))))
    if may(actor(), "claim"):
        st.button(
            "Take the next item",
            key="take",
            type="primary",
            on_click=_take,
            help="Opens the highest score that nobody is working on, and keeps it for you for 15 minutes.",
        )
    _capacity(batch)
    _filters()
    found = _page(_which())
    _rows(found)
    pager("queue", found)


def _page(which: CaseFilter) -> Page[Case]:
    store = shared.house().store
    found = store.cases(which, page=page_of("queue"), size=SIZE)
    return store.cases(which, page=found.pages, size=SIZE) if found.page > found.pages else found


def _capacity(batch: Batch) -> None:
    worth = shared.worth(batch)
    with st.expander("What would another capacity buy?"):
        most = max(2, min(worth.n, 6 * max(batch.capacity, 1)))
        capacity = st.slider("Items that can be examined", 1, most, min(batch.capacity, most), key="capacity")
        st.html(html.tag("p", worth.sentence(capacity)))
        spec = charts.capacity_curve(worth.curve(), at=capacity, finds=worth.at(capacity), theme=theme())
        st.vega_lite_chart(spec=spec, theme=None, alt=worth.sentence(capacity), key="capacity-chart")


def _filters() -> None:
    lanes = present.lane_options(shared.house().store.counts())
    doing, lane, channel, search = st.columns([2.3, 2.6, 1.3, 1.2], vertical_alignment="bottom")
    with doing:
        st.segmented_control("Show", list(present.DOING), default="To do", key="doing", required=True, **KEEP)
    with lane:
        st.segmented_control(
            "Lane",
            ["all", *lanes],
            default="all",
            key="lane",
            required=True,
            format_func=lambda v: lanes.get(v, "All"),
            **KEEP,
        )
    with channel:
        st.selectbox(
            "Picked",
            ["all", *CHANNELS],
            key="channel",
            format_func=lambda v: CHANNEL_TITLES.get(v, "By any way"),
            **KEEP,
        )
    with search:
        st.text_input("Item id", key="search", placeholder="contains …", **KEEP)


def _which() -> CaseFilter:
    s = st.session_state
    return present.choose(s.get("lane"), s.get("doing"), s.get("channel"), s.get("search"))


def _take() -> None:
    """Claim the next item under the filters; two people never get the same one."""
    which = replace(_which(), statuses=())

    def claim() -> Receipt:
        try:
            return shared.house().store.claim_next(actor=actor(), which=which)
        except NotFound:
            raise Refused("Every item under these filters is taken or decided.") from None

    got = attempt(claim)
    if got is not None:
        st.session_state["taken"] = got.item_id


def _rows(found: Page[Case]) -> None:
    if not found.rows:
        st.html(html.note("No case fits. Choose “All” under Show, or clear the search."))
        return
    titles = ("Item", "Irregular among such items", "Strongest reason", "Status")
    left, _ = st.columns([8, 1])
    left.html(html.tag("div", html.Html("".join(html.tag("span", w) for w in titles)), "rk-row rk-head"))
    for row in present.queue_rows(found.rows, who=actor().name):
        _row(row)


def _row(row: present.QueueRow) -> None:
    by = html.chip(row.channel_title, "quiet") if row.channel_title != CHANNEL_TITLES["targeted"] else ""
    item = html.Html(
        html.tag("span", row.item_id, "rk-id") + "<br>" + html.chip(row.lane_title, row.lane) + by
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


if __name__ == "__main__":
    draw()
