"""The queue: what to look at, highest scores first."""

from dataclasses import replace

import streamlit as st

from risk import workbench
from risk.access import may
from risk.casework import CHANNELS
from risk.errors import NotFound, Refused
from risk.queues import REASONS, facet_fields
from risk.store import Batch, Receipt
from risk.ui import charts, html, lookups, shared
from risk.ui.address import link
from risk.ui.i18n import N_, _, language, number, plural
from risk.ui.present import queue as present
from risk.ui.present.words import channel_title, status_words
from risk.ui.present.worth import summary
from risk.ui.session import PAGES, actor, attempt, headline, show_flash, theme
from risk.ui.widgets import page_of, pager, to_first_page

SIZE = 20
CLUSTERS = 8
KEEP = {"on_change": to_first_page, "args": ("queue",), "persist_state": "session"}
CAPACITY_HELP = N_(
    "How many items the office can examine. The finds are the sum of the scores; the range is where they "
    "would lie on 95 of 100 such days, if the scores hold."
)
NOTHING = N_(
    "There is nothing to work on yet. Make parcels, a model and a queue: make demo – it takes about a "
    "minute – or bring data on the Data page. Then load this page again."
)


def draw() -> None:
    """Draw the page."""
    taken = st.session_state.pop("taken", "")
    if taken:
        st.switch_page(PAGES["item"], query_params={"item": taken})
    headline("queue")
    show_flash()
    batch = shared.newest_batch()
    if batch is None:
        st.html(html.note(_(NOTHING)))
        return
    st.html(html.tag("p", summary(shared.worth(batch))))
    if may(actor(), "claim"):
        st.button(
            _("Take the next item"),
            key="take",
            type="primary",
            on_click=_take,
            help=_("Opens the highest score that nobody is working on, and keeps it for you for 15 minutes."),
        )
    _capacity(batch)
    _filters(batch)
    _more_filters(batch)
    if st.session_state.get("doing") == present.EVERY:
        _every_item(batch)
    else:
        _cases(batch)


def _cases(batch: Batch) -> None:
    store, which = shared.house().store, _picked().cases()
    found = store.cases(which, page=page_of("queue"), size=SIZE)
    if found.page > found.pages:
        found = store.cases(which, page=found.pages, size=SIZE)
    rows = present.queue_rows(found.rows, who=actor().name)
    _rows([replace(row, reason=_reason(batch, row)) for row in rows])
    pager("queue", found)


def _reason(batch: Batch, row: present.QueueRow) -> str:
    """A case keeps its leading reason in English, as it was opened; other readers get theirs anew."""
    if language() == "en":
        return row.reason
    view = shared.item(batch, row.item_id)
    said = (*view.raising, *view.lowering)
    return said[0].sentence if said else row.reason


def _every_item(batch: Batch) -> None:
    folder = workbench.queue_folder(shared.house().workspace, batch)
    columns = [folder.id_field, "margin", "risk_score", "lane", "channel", REASONS]
    found = folder.page(_picked().items(), page=page_of("queue"), size=SIZE, columns=columns)
    rows = found.rows.rename(columns={folder.id_field: "item_id"})
    cases = (_case(item_id, batch) for item_id in rows["item_id"])
    statuses = {c.item_id: status_words(c, actor().name) for c in cases if c is not None}
    _rows(present.item_rows(rows, shared.model(batch.model_id), statuses))
    pager("queue", found)


def _case(item_id: str, batch: Batch):
    try:
        return shared.house().store.case(item_id, batch_id=batch.batch_id)
    except NotFound:
        return None


@st.fragment
def _capacity(batch: Batch) -> None:
    """What an examination capacity buys; moving it draws this part anew and nothing else."""
    worth = shared.worth(batch)
    most = max(2, min(worth.n, 6 * max(batch.capacity, 1)))
    at = min(batch.capacity, most)
    with st.container(horizontal=True, vertical_alignment="center"):
        capacity = st.slider(
            _("Items that can be examined"), 1, most, at, key="capacity", width=300, help=_(CAPACITY_HELP)
        )
        st.html(html.tag("p", worth.sentence(capacity), role="status"), width="stretch")
    curve = st.expander(_("What would another capacity buy?"), key="curve", on_change="rerun")
    if curve.open:
        spec = charts.capacity_curve(worth.curve(), at=capacity, finds=worth.at(capacity), theme=theme())
        with curve:
            st.vega_lite_chart(spec=spec, theme=None, alt=worth.sentence(capacity), key="capacity-chart")


def _filters(batch: Batch) -> None:
    lanes = present.lane_options(lookups.lane_counts(batch))
    doing, lane, search = st.columns([3.4, 2.6, 1.5], vertical_alignment="bottom")
    with doing:
        st.segmented_control(
            _("Show"),
            list(present.DOING),
            default="to_do",
            key="doing",
            required=True,
            format_func=lambda v: _(present.DOING[v][0]),
            **KEEP,
        )
    with lane:
        st.segmented_control(
            _("Lane"),
            ["all", *lanes],
            default="all",
            key="lane",
            required=True,
            format_func=lambda v: lanes.get(v, _("All")),
            **KEEP,
        )
    with search:
        st.text_input(_("Item id"), key="search", placeholder=_("contains …"), **KEEP)


def _more_filters(batch: Batch) -> None:
    """The further filters; they are drawn, and their values counted, when the panel is open."""
    panel = st.expander(
        _("More filters, and items flagged for the same reasons"), key="more", on_change="rerun"
    )  # always the same words: Streamlit takes other ones for another panel, which is closed
    _narrowed(_picked().narrowed)
    if not panel.open:
        return
    with panel:
        titles = present.feature_titles(shared.model(batch.model_id))
        clusters = {c.key: c for c in _clusters(titles)}
        _reason_filters(titles, clusters)
        names = _facet_names(batch)
        for k, column in enumerate(st.columns(3) * -(-len(names) // 3)):
            if k < len(names):
                with column:
                    _several(names[k], batch)
        _cluster_table(list(clusters.values()))


def _narrowed(n: int) -> None:
    """Say how many further filters are set, whether or not their panel is open, and take them off."""
    if not n:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(html.tag("p", plural("{n} further filter is set.", "{n} further filters are set.", n), role="status"))
        st.button(_("Show all again"), key="unfilter", on_click=_unfilter)


def _unfilter() -> None:
    for key in map(str, st.session_state):
        if key in ("channel", "reason", "cluster"):
            st.session_state[key] = None
        elif key.startswith("facet:"):
            st.session_state[key] = []


def _reason_filters(titles: dict[str, str], clusters: dict[str, present.Cluster]) -> None:
    def words(key: str) -> str:
        found = clusters.get(key)
        return f"{found.title} ({number(found.cases)})" if found else present.cluster_title(key, titles)

    by_way, reason, cluster = st.columns(3)
    with by_way:
        _one(_("Picked"), list(CHANNELS), "channel", channel_title)
    with reason:
        _one(_("Reason"), _reasons(titles), "reason", lambda v: titles.get(v, v))
    with cluster:
        _one(_("Flagged for the same reasons"), list(clusters), "cluster", words)


def _one(label: str, options: list, key: str, words) -> None:
    chosen = st.session_state.get(key)
    if chosen and chosen not in options:
        options = [*options, chosen]
    st.selectbox(label, options, index=None, key=key, format_func=words, placeholder=_("All"), **KEEP)


def _several(name: str, batch: Batch) -> None:
    dictionary = shared.model(batch.model_id).dictionary
    values = [value for value, _n, _expected in lookups.facets(batch, name)]
    st.multiselect(
        _(dictionary[name].title),
        values,
        key=f"facet:{name}",
        format_func=lambda v: present.value_words(dictionary, name, v),
        placeholder=_("All"),
        **KEEP,
        select_all=False,
    )


def _facet_names(batch: Batch) -> list[str]:
    names = facet_fields(shared.model(batch.model_id).dictionary)
    return [n for n in names if len(lookups.facets(batch, n)) > 1]


def _reasons(titles: dict[str, str]) -> list[str]:
    found = shared.house().store.facets("reason")
    return [value for value, _n, _expected in found if value in titles]


def _clusters(titles: dict[str, str]) -> list[present.Cluster]:
    which = replace(_picked(), cluster="").cases()
    return present.cluster_rows(shared.house().store.facets(REASONS, which), titles)


def _cluster_table(clusters: list[present.Cluster]) -> None:
    rows = [(c.title, number(c.cases), number(c.expected, 1)) for c in clusters[:CLUSTERS]]
    if rows:
        headers = (_("Flagged for the same reasons"), _("Cases"), _("Expected finds"))
        st.html(html.table(headers, rows, right=frozenset({1, 2})))


def _picked() -> present.Picked:
    s = st.session_state
    values = tuple(
        (key.removeprefix("facet:"), tuple(s[key]))
        for key in sorted(map(str, s))
        if key.startswith("facet:") and s[key]
    )
    return present.Picked(
        doing=s.get("doing") or "to_do",
        lane=s.get("lane") or "",
        channel=s.get("channel") or "",
        text=s.get("search") or "",
        reason=s.get("reason") or "",
        cluster=s.get("cluster") or "",
        values=values,
    )


def _take() -> None:
    """Claim the next item under the filters; two people never get the same one."""
    which = replace(_picked().cases(), statuses=())

    def claim() -> Receipt:
        try:
            return shared.house().store.claim_next(actor=actor(), which=which)
        except NotFound:
            raise Refused(_("Every item under these filters is taken or decided.")) from None

    got = attempt(claim)
    if got is not None:
        st.session_state["taken"] = got.item_id


def _rows(rows: list[present.QueueRow]) -> None:
    """The rows as one element: a browser draws twenty as fast as one, and so does the server."""
    if not rows:
        st.html(html.note(_("Nothing fits. Choose “All cases” under Show, or clear the filters.")))
        return
    titles = (_("Item"), _("Irregular among such items"), _("Strongest reason"), _("Status"), "")
    head = html.Html("".join(html.tag("span", w) for w in titles))
    listed = html.tag("ul", html.Html("".join(map(_row, rows))), "rk-rows")
    st.html(html.tag("div", head, "rk-row rk-head", aria_hidden="true") + listed)


def _row(row: present.QueueRow) -> html.Html:
    by = html.chip(row.channel_title, "quiet") if row.channel != "targeted" else ""
    item = html.Html(
        html.tag("span", row.item_id, "rk-id") + "<br>" + html.chip(row.lane_title, row.lane) + by
    )
    cells = (
        html.tag("div", item),
        html.tag("div", html.tag("strong", row.frequency)),
        html.tag("div", row.reason, "rk-why"),
        html.tag("div", row.status),
        link("item", _("Open"), "rk-open", item=row.item_id),
    )
    return html.tag("li", html.Html("".join(cells)), "rk-row")


if __name__ == "__main__":
    draw()
