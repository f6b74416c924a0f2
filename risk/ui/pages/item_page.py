"""One item: what was declared, what the score says and why, and the reviewer's decision."""

from functools import partial

import streamlit as st

from risk.casework import Case
from risk.errors import NotFound
from risk.store import Batch
from risk.ui import asking, comparing, deciding, html, i18n, lookups, shared
from risk.ui.i18n import _, language, moment, number, plural
from risk.ui.present.evidence import evidence_pack
from risk.ui.present.item import ItemView, Section, declaration_html, reason_html
from risk.ui.present.log import log_rows
from risk.ui.present.words import channel_title, lane_title, status_words
from risk.ui.session import PAGES, actor, headline, show_flash, theme

AT_ONCE = 6  # reasons that are read; weaker ones are one click away


def draw() -> None:
    """Draw the page of the item in the address (``?item=…``)."""
    headline("item")
    show_flash()
    newest, item_id = shared.newest_batch(), st.query_params.get("item", "")
    if newest is None or not item_id:
        st.html(html.note(_("No item is open. Choose one in the queue.")))
        st.page_link(PAGES["queue"], label=_("Go to the queue"))
        return
    try:
        batch, view = _found(newest, item_id)
    except NotFound as error:
        st.html(html.note(str(error), "bad"))
        st.page_link(PAGES["queue"], label=_("Go to the queue"))
        return
    case = _case(item_id, batch)
    _head(view, case)
    if batch != newest:
        words = _("This is an earlier queue's item; its queue was opened {when}.", when=moment(batch.created_utc))
        st.html(html.note(words))
    left, right = st.columns([5, 4], gap="large")
    with left:
        _score(view)
        _reasons(view)
        _waterfall(view)
        asking.draw(batch, item_id)
        comparing.draw(batch, item_id)
        _unseen(view)
    with right:
        if case is not None:
            deciding.draw(case)
        _declaration(view.sections)
    _trail(view, batch)


def _found(newest: Batch, item_id: str) -> tuple[Batch, ItemView]:
    """The item in the newest queue, else in the newest one that made a case of it. Errors: `NotFound`."""
    try:
        return newest, shared.item(newest, item_id)
    except NotFound:
        store = shared.house().store
        wanted = store.case(item_id).batch_id
        batch = next(b for b in store.batches() if b.batch_id == wanted)
        return batch, shared.item(batch, item_id)


def _case(item_id: str, batch: Batch) -> Case | None:
    try:
        return shared.house().store.case(item_id, batch_id=batch.batch_id)
    except NotFound:
        return None


def _head(view: ItemView, case: Case | None) -> None:
    chips = [html.tag("span", view.item_id, "rk-id")]
    if case is not None:
        chips += [
            html.chip(lane_title(case.lane), case.lane),
            html.chip(channel_title(case.channel), "quiet"),
            html.tag("span", status_words(case, actor().name)),
        ]
    else:
        chips += [
            html.chip(lane_title("green"), "green"),
            html.tag("span", _("released by its score; nothing to decide")),
        ]
    st.html(html.tag("div", html.Html("&ensp;".join(chips))))


def _score(view: ItemView) -> None:
    typical = _("A typical item: {share}.", share=view.typical)
    st.html(html.tag("p", view.frequency, "rk-big") + html.tag("p", f"{typical} {view.record}", "rk-small"))


def _reasons(view: ItemView) -> None:
    if view.withheld:
        st.html(html.note(view.withheld, "bad"))
        return
    none_up = _("Nothing in the declaration raises it noticeably.")
    none_down = _("Nothing in the declaration lowers it noticeably.")
    _listed(_("What raises the score"), view.raising, none_up)
    _listed(_("What lowers the score"), view.lowering, none_down)
    quiet = plural("{n} other detail hardly changes it.", "{n} other details hardly change it.", view.quiet)
    st.html(html.tag("p", quiet, "rk-small"))


def _listed(title: str, reasons, none: str) -> None:
    st.subheader(title, anchor=False)
    lines = [html.Html(reason_html(r.sentence, r.effect) + ".") for r in reasons]
    if not lines:
        st.html(html.tag("p", none))
        return
    first, weaker = lines[:AT_ONCE], lines[AT_ONCE:]
    said = plural("{n} weaker reason", "{n} weaker reasons", len(weaker))
    st.html(html.bullets(first) + (html.more(said, html.bullets(weaker)) if weaker else ""))


def _declaration(sections: tuple[Section, ...]) -> None:
    st.subheader(_("Declaration"), anchor=False)
    st.html(declaration_html(sections))


def _waterfall(view: ItemView) -> None:
    if view.withheld:
        return
    st.subheader(_("From a typical item to this one"), anchor=False)
    words = _(
        "Start: a typical item, irregular in {typical}. Each bar is one detail's part; the last one ends at "
        "this item, {brief}. The parts add up exactly to the score.",
        typical=view.typical,
        brief=view.brief,
    )
    st.html(html.tag("p", words, "rk-small"))
    steps = "; ".join(f"{b.title} {b.effect}" for b in view.bars)
    st.vega_lite_chart(
        spec=lookups.waterfall(view.bars, theme()),
        theme=None,
        key="waterfall",
        alt=_(
            "Waterfall from {typical} to {brief}: {steps}.",
            typical=view.typical,
            brief=view.brief,
            steps=steps,
        ),
    )


def _unseen(view: ItemView) -> None:
    st.subheader(_("What the model cannot see"), anchor=False)
    st.html(html.bullets(view.unseen))
    st.html(html.tag("p", _("Scored by {model}.", model=view.model_id), "rk-small"))


def _trail(view: ItemView, batch: Batch) -> None:
    entries = shared.house().store.entries_of(view.item_id)
    with st.expander(_("Everything the log says about this item ({n})", n=number(len(entries)))):
        rows = [(r.seq, r.when, r.who, r.event, r.detail) for r in log_rows(entries)]
        headers = (_("No."), _("When"), _("Who"), _("What"), _("Details"))
        nothing = html.tag("p", _("Nothing was recorded about this item."))
        st.html(html.table(headers, rows, right=frozenset({0})) if rows else nothing)
    st.download_button(
        _("Evidence pack"),
        partial(_pack, view, batch, language()),
        f"{view.item_id}.html",
        "text/html",
        key="pack",
        on_click="ignore",
        help=_("One file to print or keep: declaration, score, reasons, decisions, and how to check them."),
    )


def _pack(view: ItemView, batch: Batch, spoken: str) -> str:
    i18n.settle(spoken)  # made when it is asked for, in a thread that belongs to no session
    entries = shared.house().store.entries_of(view.item_id)
    manifest = shared.house().workspace.registry.manifest(batch.model_id)
    row = shared.row(batch, view.item_id)
    newest = shared.house().store.head()
    return evidence_pack(view, shared.model(batch.model_id), row, manifest, entries, newest=newest)


if __name__ == "__main__":
    draw()
