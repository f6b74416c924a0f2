"""The evidence pack of one item: a single HTML file that prints well and says how to check itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from risk import workbench
from risk.audit import Entry, head_seal, to_line
from risk.fitted import FittedModel
from risk.ui import html
from risk.ui.i18n import N_, _, language, number, translator
from risk.ui.present.item import ItemView
from risk.ui.present.log import log_rows

__all__ = ["evidence_pack"]

_STYLE = """body{font:15px/1.5 sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#16202b}
table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ccd3da;padding:.25rem .6rem .25rem 0;
text-align:left;vertical-align:top;overflow-wrap:anywhere}.rk-num{text-align:right}h1{font-size:1.5rem}
h2{font-size:1.15rem;margin-top:1.8rem}pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;
background:#f2f5f8;padding:.7rem}
@media print{body{margin:0;font-size:11px}h2{break-after:avoid}tr{break-inside:avoid}}"""
_CHECK = (
    N_("Add the base value and all parts: the sum is the margin, and 1 / (1 + exp(-margin)) is the score."),
    N_(
        "Score the item again from the declaration: risk explain {model} DATA --item {item}. A model of "
        "which a byte has changed is refused."
    ),
    N_(
        "Verify the log: risk log verify, or export it and run verify_log.py, which needs only Python. The "
        "lines above are the exported lines of this item."
    ),
    N_(
        "Every entry's hash covers its fields and the hash of the entry before it (prev_hash). A seal that "
        "was written down shows whether the log was cut off or rewritten since."
    ),
)


def evidence_pack(
    view: ItemView,
    model: FittedModel,
    row: pd.DataFrame,
    manifest: Mapping[str, Any],
    entries: Sequence[Entry],
    *,
    newest: Entry | None = None,
) -> str:
    """Everything that is known of one item's score and decisions, as one self-contained HTML page.

    Parameters
    ----------
    view
        As the item page shows it.
    model, manifest
        The model that scored it, and its manifest from the registry.
    row : (1, …)
        The stored row of the queue.
    entries
        What the log says about the item, oldest first.
    newest
        The log's newest entry: its 16 characters go into the pack, so that it also vouches for the log so far.
    """
    parts = [
        html.tag("h1", _("Evidence pack: {item}", item=view.item_id)),
        html.tag("p", _("Made data, for training. The score is about a declaration, never about a person.")),
        _score(view, row),
        html.tag("h2", _("Declaration")),
        *(
            html.tag("h3", s.title)
            + html.definition_rows((r.title, r.value or _("not stated")) for r in s.rows)
            for s in view.sections
        ),
        _parts(view, model, row),
        html.tag("h2", _("What the model cannot see")),
        html.bullets(view.unseen),
        _model(manifest),
        _trail(entries, newest),
        html.tag("h2", _("How to check this by hand")),
        html.bullets(_(line).format(model=view.model_id, item=view.item_id) for line in _CHECK),
    ]
    head = f"<meta charset='utf-8'><title>{html.escape(view.item_id)}</title><style>{_STYLE}</style>"
    return f"<!doctype html><html lang='{language()}'><head>{head}</head><body>{''.join(parts)}</body></html>"


def _score(view: ItemView, row: pd.DataFrame) -> str:
    score = f"{float(row['risk_score'].iloc[0]):.6f}"
    said = _("Score {score}, margin {margin} log-odds.", score=score, margin=f"{view.margin:.6f}")
    return html.tag("h2", _("Score")) + html.tag("p", f"{view.frequency} {said}")


def _parts(view: ItemView, model: FittedModel, row: pd.DataFrame) -> str:
    title = html.tag("h2", _("Reasons, and the parts they add up from"))
    if view.withheld:
        return title + html.tag("p", view.withheld)
    told = workbench.explain_item(model, row, view.item_id, translate=translator())
    rows = [(_("A typical item (base value)"), "", f"{told.base_value:+.6f}")]
    rows += [(r.title, r.text, f"{r.attribution:+.6f}") for r in told.reasons]
    rows.append((_("Margin"), "", f"{told.margin:+.6f}"))
    return title + html.table((_("Detail"), _("In words"), _("Log-odds")), rows, right=frozenset({2}))


def _model(manifest: Mapping[str, Any]) -> str:
    files = [
        (_("SHA-256 of {file}", file=name), digest) for name, digest in sorted(manifest["sha256"].items())
    ]
    facts = [
        (_("Model"), manifest["id"]),
        (_("Made"), manifest["created_utc"]),
        (_("Content"), manifest["content_sha256"]),
    ]
    return html.tag("h2", _("Model")) + html.definition_rows([*facts, *files])


def _trail(entries: Sequence[Entry], newest: Entry | None) -> str:
    title = html.tag("h2", _("Decision trail"))
    if not entries:
        return title + html.tag("p", _("Nothing was recorded about this item."))
    rows = [(r.seq, r.when, r.who, r.event, r.detail) for r in log_rows(entries)]
    lines = "\n".join(to_line(e) for e in entries)
    seal = (
        _(
            "When this was made, the log ended with entry {n}; its 16 characters are {seal}. An exported log that "
            "holds them has not been rewritten since: verify_log.py risk-log.jsonl --seal {seal}",
            n=number(newest.seq),
            seal=head_seal(newest.hash),
        )
        if newest is not None
        else ""
    )
    return (
        title
        + html.tag("p", seal)
        + html.table((_("No."), _("When"), _("Who"), _("What"), _("Details")), rows)
        + html.tag("pre", lines)
    )
