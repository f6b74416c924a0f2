"""The what-if panel of the item page: change a field, see score, lane and reasons change with it."""

from __future__ import annotations

from typing import Any

import pandas as pd
import streamlit as st

from risk.errors import RiskError
from risk.fitted import FittedModel
from risk.schema import Field
from risk.store import Batch
from risk.ui import html, shared
from risk.ui.i18n import _
from risk.ui.present import whatif as present
from risk.ui.present.words import unit_words

__all__ = ["draw"]


def draw(batch: Batch, item_id: str) -> None:
    """Draw the panel for one item."""
    panel = st.expander(_("What if it had been declared differently?"), key="panel:ask", on_change="rerun")
    if not panel.open:
        return
    with panel:
        model, row = shared.model(batch.model_id), shared.row(batch, item_id)
        fields = {f.name: f for f in present.changeable(model)}
        names = st.multiselect(
            _("Change"),
            list(fields),
            format_func=lambda n: _(fields[n].title),
            key=f"change:{item_id}",
            placeholder=_("Choose one or more fields"),
            select_all=False,
        )
        changes = {name: _ask(model, fields[name], row, item_id) for name in names}
        if changes:
            _answer(model, row, changes, batch)


def _ask(model: FittedModel, field: Field, row: pd.DataFrame, item_id: str) -> Any:
    stated, key = row[field.name].iloc[0], f"what-if:{field.name}:{item_id}"
    unit = unit_words(field.unit, field.title) if field.unit != field.name else ""
    title = _(field.title) + (f" ({unit})" if unit else "")
    stated = None if pd.isna(stated) else stated
    options = present.choices(model, field)
    if options:
        values = [None, *options]
        at = values.index(stated) if stated in values else 0
        return st.selectbox(title, values, index=at, key=key, format_func=lambda v: _words(field, v))
    if field.role == "numeric":
        whole = field.type == "integer"
        kind = int if whole else float
        value = None if stated is None else kind(stated)
        return st.number_input(title, value=value, step=kind(1), key=key, placeholder=_("not stated"))
    return st.text_input(title, value=stated or "", key=key, max_chars=500) or None


def _words(field: Field, value: Any) -> str:
    if value is None:
        return _("not stated")
    return _(field.level(str(value).lower() if field.type == "boolean" else value))


def _answer(model: FittedModel, row: pd.DataFrame, changes: dict[str, Any], batch: Batch) -> None:
    try:
        told = present.what_if(model, row, changes, shared.worth(batch))
    except RiskError as error:
        st.html(html.note(str(error), "bad"))
        return
    st.html(html.tag("div", told.sentence, "rk-note rk-note-plain", role="status"))
    if told.reasons:
        st.html(
            html.table(
                (_("Detail"), _("As declared"), _("With the change")),
                told.reasons,
                caption=_("Reasons that change"),
            )
        )
    else:
        st.html(html.tag("p", _("No reason changes noticeably."), "rk-small"))
