"""The item page's panels beside the score: parties' past, similar items, single changes, other models."""

from __future__ import annotations

import streamlit as st

from risk.errors import RiskError
from risk.store import Batch
from risk.ui import html, shared
from risk.ui.i18n import _
from risk.ui.present import compare

__all__ = ["draw"]

_MODELS = 4


def draw(batch: Batch, item_id: str) -> None:
    """Draw the panels; each is made when it is opened."""
    _panel(_("What was known of its parties when it came"), "parties", _parties, batch, item_id)
    _panel(_("Similar items that were examined before"), "similar", _similar, batch, item_id)
    _panel(_("Would one other statement have changed the lane?"), "turns", _turns, batch, item_id)
    _panel(_("What other models say"), "others", _others, batch, item_id)


def _panel(title: str, name: str, body, batch: Batch, item_id: str) -> None:
    panel = st.expander(title, key=f"panel:{name}", on_change="rerun")
    if panel.open:
        with panel:
            try:
                body(batch, item_id)
            except RiskError as error:
                st.html(html.note(str(error), "bad"))


def _parties(batch: Batch, item_id: str) -> None:
    told = compare.parties(shared.model(batch.model_id).dictionary, shared.row(batch, item_id))
    if not told:
        st.html(html.note(_("The parties' past was not kept with this queue.")))
    for party in told:
        headers = (_("Period"), _("Items"), _("Different counterparts"))
        st.html(html.tag("p", party.title, "rk-section") + html.tag("p", party.sentence))
        st.html(html.table(headers, party.rows, right=frozenset({1, 2})))


def _similar(batch: Batch, item_id: str) -> None:
    model = shared.model(batch.model_id)
    found = compare.similar(model, shared.row(batch, item_id), shared.past(batch))
    if not found:
        st.html(
            html.note(_("No examination was known when this item came, or none was kept with this queue."))
        )
        return
    words = _(
        "Nearest in the details that move this model's score, among items whose examination was reported "
        "before this one came. They are no sample: what targeting left out is not among them."
    )
    st.html(html.tag("p", words, "rk-small"))
    headers = (_("Item"), _("It showed"), _("Its score"), _("Strongest reasons"), _("Reported"))
    rows = [
        (
            html.tag("span", s.item_id, "rk-id"),
            html.tag("strong", s.outcome) if s.found else s.outcome,
            s.frequency,
            s.reasons,
            s.reported,
        )
        for s in found
    ]
    st.html(html.table(headers, rows, caption=_("Similar items")))


def _turns(batch: Batch, item_id: str) -> None:
    lines = compare.turns(
        shared.model(batch.model_id), shared.row(batch, item_id), shared.worth(batch).limits
    )
    if lines:
        words = _(
            "Each line is one field changed alone, by the least that was tried. It says how firm the lane is."
        )
        st.html(html.tag("p", words, "rk-small") + html.bullets(lines))
    else:
        st.html(html.note(_("No single field that was tried would have changed the lane.")))


def _others(batch: Batch, item_id: str) -> None:
    ids = shared.house().workspace.registry.ids()
    names = [batch.model_id, *[i for i in reversed(ids) if i != batch.model_id]][:_MODELS]
    if len(names) < 2:
        st.html(html.note(_("No other model is registered. Train one with: risk train DATA --model rules")))
        return
    models, row = {name: shared.model(name) for name in names}, shared.row(batch, item_id)
    headers = (_("Model"), _("Irregular among such items"), _("Strongest reason"))
    rows = [(m.name, m.frequency, m.reason if m.agrees else f"{m.reason} ≠") for m in compare.others(models, row)]
    st.html(html.table(headers, rows, caption=_("What other models say")))
    headers, rows = compare.differing(models, row)
    st.html(html.table(headers, rows, caption=_("Where they agree and disagree on the reasons")))
    legend = _("▲ raises the odds so many times, ▼ lowers them, – hardly changes them.")
    st.html(html.tag("p", legend, "rk-small"))
