"""The model page's part on explanations: do they name the cause (made data), are they faithful to the model?"""

from __future__ import annotations

import streamlit as st

from risk import long_work
from risk.access import may, require
from risk.fitted import FittedModel
from risk.results import AuditTables
from risk.tasks import Progress, Task
from risk.ui import html, shared, working
from risk.ui.i18n import _, number, percent
from risk.ui.present import audit as present
from risk.ui.session import actor, flash

__all__ = ["draw"]

SLOT = "audit"


def draw(model: FittedModel) -> None:
    """Draw what the newest audit showed, and offer another."""
    working.watch(SLOT, _done)
    words = _(
        "Two questions, never one. Made data record what an irregular item's scheme altered: does the strongest "
        "reason name it? And apart from that: do the reasons tell truly what the model did?"
    )
    st.html(html.tag("p", words, "rk-small"))
    found = shared.house().workspace.results.audit_of(model.model_id)
    if found is None:
        st.html(html.note(_("The explanations of this model were not audited here yet.")))
    else:
        _tables(found)
    _offer(model)


def _tables(found: AuditTables) -> None:
    said = _(
        "{n} irregular items among the {rate} highest scores.", n=number(found.flagged), rate=percent(found.rate)
    )
    st.html(html.tag("p", said))
    headers = (
        _("Agrees with the cause"),
        _("This model"),
        _("95 % interval"),
        _("By chance"),
        _("The same reasons for all"),
        _("Best possible"),
    )
    table = html.table(
        headers, present.cause_rows(found.cause), caption=_("Do reasons name the cause?"), right=frozenset(range(1, 6))
    )
    st.html(table)
    headers = (_("Faithful to the model"), _("Measured"), _("Beside it"), _("What stands beside it"))
    rows = present.faithful_rows(found.faithful)
    st.html(html.table(headers, rows, caption=_("Do reasons tell what the model did?"), right=frozenset({1, 2})))


def _offer(model: FittedModel) -> None:
    folder = shared.house().workspace.root / "data"
    streams = sorted(p.parent.name for p in folder.glob("*/datapackage.json"))
    if not streams or not may(actor(), "see_truth"):
        return
    with st.form("audit", border=False):
        st.selectbox(_("Stream"), streams, key="audit:stream")
        st.form_submit_button(
            _("Audit the explanations on it"), on_click=_begin, args=(model.model_id,), disabled=working.busy(SLOT)
        )


def _begin(model_id: str) -> None:
    def start() -> Task:
        require(actor(), "see_truth")
        return long_work.audit_reasons(shared.house().workspace, st.session_state["audit:stream"], model_id)

    working.begin(SLOT, start)


def _done(task: Task, told: Progress) -> None:
    flash(_("The explanations were audited."))
    st.rerun()
