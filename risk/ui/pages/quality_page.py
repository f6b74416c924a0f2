"""Quality: what came in, how it has moved, and how the process goes."""

import streamlit as st

from risk.store import Batch, CaseFilter
from risk.ui import charts, html, lookups, shared
from risk.ui.i18n import _, number
from risk.ui.present import quality as present
from risk.ui.present.words import action_title
from risk.ui.session import headline, show_flash, theme
from risk.ui.widgets import chart, section


def draw() -> None:
    """Draw the page for the newest queue."""
    headline("quality")
    show_flash()
    batch = shared.newest_batch()
    if batch is None:
        st.html(
            html.note(_("There is no queue yet, so there is nothing to watch. Bring data on the Data page."))
        )
        return
    _process(batch)
    _quality(batch)
    _drift(batch)


def _process(batch: Batch) -> None:
    st.subheader(_("Do random checks find what the scores promise?"), anchor=False)
    store = shared.house().store
    drawn = store.cases(CaseFilter(batch_id=batch.batch_id, channels=("random",)), size=1000).rows
    st.html(html.tag("p", present.random_check(drawn)))
    st.subheader(_("How often do reviewers follow the suggestion?"), anchor=False)
    decisions = store.decisions(batch_id=batch.batch_id)
    if not decisions:
        st.html(html.tag("p", _("Nothing was decided in this queue yet.")))
        return
    counted = (_("Decisions"), _("Followed"), _("Overridden"), _("95 % interval"))
    rows = [(action_title(s), *cells) for s, *cells in present.reviewers(decisions)]
    told = html.table((_("Suggested"), *counted), rows, caption=_("By suggestion"), right=frozenset({1, 2, 3, 4}))
    st.html(html.tag("div", told, "rk-narrow"))
    groups = present.by_group(decisions)
    if groups:
        headers = (_("Group"), _("People"), *counted)
        told = html.table(headers, groups, caption=_("By group of reviewers"), right=frozenset({1, 2, 3, 4, 5}))
        st.html(html.tag("div", told, "rk-narrow"))
    words = _(
        "Groups are the roles in which people decided. A group is shown from {n} people on, never so that a "
        "smaller one could be worked out: this page watches the process, not people.",
        n=number(present.FEWEST),
    )
    st.html(html.tag("p", words, "rk-small"))


def _quality(batch: Batch) -> None:
    words = _(
        "Completeness: share of the declarant's fields that are stated. Timeliness: advance data came before "
        "the item. Accuracy: gross weight is at least net weight. Consistency: the route's fields agree."
    )
    section(_("How good are the data that come in?"), words)
    model = shared.model(batch.model_id)
    names = [f.name for f in model.dictionary.groups]
    if not names:
        st.html(html.note(_("The data dictionary names no field to report by.")))
        return
    first = names.index("origin") if "origin" in names else 0
    by = st.selectbox(
        _("By"),
        names,
        index=first,
        key="quality-by",
        format_func=lambda n: _(model.dictionary[n].title),
        persist_state="session",
    )
    rows = lookups.quality_rows(batch, by)
    headers = (
        _(model.dictionary[by].title),
        _("Items"),
        _("Completeness"),
        _("Timeliness"),
        _("Accuracy"),
        _("Consistency"),
    )
    cells = [(r.title, r.items, r.completeness, r.timeliness, r.accuracy, r.consistency) for r in rows]
    st.html(html.table(headers, cells, caption=_("Data quality"), right=frozenset({1, 2, 3, 4, 5})))


def _drift(batch: Batch) -> None:
    words = _(
        "Each detail's population stability index: below 0.1 it is steady, above 0.25 it has moved so far "
        "that the model's experience may no longer hold."
    )
    section(_("Do items still look like those the model learnt from?"), words)
    found = lookups.drifted(batch)
    rows = [{"title": d.title, "index": d.index, "verdict": d.verdict} for d in found[:15]]
    alt = (f"{d.title}: {number(d.index, 2)}, {d.verdict}" for d in found)
    chart(charts.drift(rows, theme()), key="drift", alt=alt)


if __name__ == "__main__":
    draw()
