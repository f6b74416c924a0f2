"""The item page's view-model: declaration, score, reasons, and what the model cannot see."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from risk import workbench
from risk.errors import ExplanationWithheld
from risk.explanation import TOLERANCE, Reason, odds_words
from risk.features import past_columns
from risk.fitted import FittedModel
from risk.results import Evaluation
from risk.schema import Field
from risk.ui import html
from risk.ui.i18n import N_, _, number, plural, translator
from risk.ui.present.words import brief_frequency, exact, frequency

__all__ = [
    "Bar",
    "FieldRow",
    "ItemView",
    "Section",
    "bars",
    "declaration_html",
    "item_view",
    "reason_html",
    "item_views",
    "sections",
]

#: The boxes of the CN 23 form as printed; a field finds its place by the standard it mirrors.
_BOXES = (
    "description",
    "quantity",
    "net weight",
    "total value",
    "hs tariff",
    "country of origin",
    "gross weight",
    "postal charges",
    "insured",
    "category of item",
    "licence",
)
_SECTIONS = (N_("Sender and recipient"), N_("Contents"), N_("Transport"), N_("Other"))
_SMALL, _LOUD = math.log(1.1), math.log(1.4)
_MARKED = 5
_BARS = 9


@dataclass(frozen=True)
class FieldRow:
    """One field of the declaration; `value` is '' where nothing was stated, `mark` its way in the score."""

    title: str
    value: str
    note: str
    mark: str = ""


@dataclass(frozen=True)
class Section:
    """Fields that belong together."""

    title: str
    rows: tuple[FieldRow, ...]


@dataclass(frozen=True)
class Bar:
    """One step of the waterfall, in log-odds; `effect` says it in words."""

    title: str
    start: float
    end: float
    effect: str


@dataclass(frozen=True)
class ItemView:
    """Everything the item page shows of the score and its reasons. `withheld` replaces an explanation that
    does not add up."""

    item_id: str
    model_id: str
    margin: float
    frequency: str
    brief: str
    typical: str
    record: str
    sections: tuple[Section, ...]
    raising: tuple[Reason, ...]
    lowering: tuple[Reason, ...]
    quiet: int
    bars: tuple[Bar, ...]
    unseen: tuple[str, ...]
    withheld: str = ""


def item_view(model: FittedModel, row: pd.DataFrame, judged: Evaluation | None = None) -> ItemView:
    """What is shown of one stored item of a queue.

    Parameters
    ----------
    model
        The model that scored the queue.
    row : (1, …)
        The stored row: raw declaration, ``margin`` and ``risk_score`` as they were when it was selected.
    judged
        How the model did on newer items, if known.
    """
    try:
        item_id = str(row[model.dictionary.id_field].iloc[0])
        told = workbench.explain_item(model, row, item_id, translate=translator())
    except ExplanationWithheld as error:
        return _view(model, row, str(error), (), judged)
    return _told_view(model, row, told, judged)


def item_views(model: FittedModel, rows: pd.DataFrame, judged: Evaluation | None = None) -> list[ItemView]:
    """The same for a page of stored items at a fraction of the cost, features being made for all at once."""
    apart = [rows.iloc[[k]] for k in range(len(rows))]
    if not set(past_columns(model.dictionary)) <= set(rows):  # the past would be looked up among these few
        return [item_view(model, row, judged) for row in apart]
    try:
        told = workbench.explain_items(model, rows, translate=translator())
    except ExplanationWithheld:  # one does not add up; the others still may
        return [item_view(model, row, judged) for row in apart]
    return [_told_view(model, row, one, judged) for row, one in zip(apart, told, strict=True)]


def _told_view(
    model: FittedModel, row: pd.DataFrame, told: workbench.Explained, judged: Evaluation | None
) -> ItemView:
    """An explanation of another score than the stored one is withheld, too."""
    gap = abs(told.margin - float(row["margin"].iloc[0]))
    if gap <= TOLERANCE:
        return _view(model, row, "", told.reasons, judged)
    error = ExplanationWithheld(item_id=told.item_id, gap=gap, tolerance=TOLERANCE)
    return _view(model, row, str(error), (), judged)


def _view(
    model: FittedModel, row: pd.DataFrame, withheld: str, reasons: Sequence[Reason], judged: Evaluation | None
) -> ItemView:
    score = float(row["risk_score"].iloc[0])
    loud = [r for r in reasons if abs(r.attribution) >= _SMALL]
    return ItemView(
        str(row[model.dictionary.id_field].iloc[0]),
        model.model_id,
        float(row["margin"].iloc[0]),
        frequency(score, model.dictionary.question),
        brief_frequency(score),
        brief_frequency(1 / (1 + math.exp(-model.base_value))),
        track_record(score, judged),
        sections(model, row, reasons),
        tuple(r for r in loud if r.attribution > 0),
        tuple(r for r in loud if r.attribution < 0),
        len(reasons) - len(loud),
        () if withheld else bars(reasons, model.base_value),
        unseen(model),
        withheld,
    )


def reason_html(sentence: str, effect: str) -> html.Html:
    """A reason with what it does to the odds, which is printed bold.

    >>> reason_html("Weight is low", "raises the odds 2.2×")
    'Weight is low: <strong>raises the odds 2.2×</strong>'
    """
    said = html.escape(_("{reason}: {effect}", reason=sentence, effect="\0"))
    return html.Html(said.replace("\0", html.tag("strong", effect)))


def declaration_html(sections: Sequence[Section]) -> html.Html:
    """The declaration as tables; a mark says in words which way a detail moved the score."""
    marks = {
        "up": html.chip("▲ " + _("raises"), "up"),
        "down": html.chip("▼ " + _("lowers"), "down"),
        "both": html.chip("▲▼ " + _("both"), "quiet"),
    }
    missing, blocks = html.tag("span", _("not stated"), "rk-missing"), []
    for section in sections:
        rows = [
            (r.title, html.Html(f"{html.escape(r.value) if r.value else missing} {marks.get(r.mark, '')}"))
            for r in section.rows
        ]
        blocks.append(html.tag("p", section.title, "rk-section") + html.definition_rows(rows))
    return html.Html("".join(blocks))


def bars(reasons: Sequence[Reason], base: float) -> tuple[Bar, ...]:
    """The waterfall's steps from a typical item to this one; small ones are joined into one step."""
    loud = [r for r in reasons if abs(r.attribution) >= _SMALL][:_BARS]
    rest = [r for r in reasons if r not in loud]
    steps = [(r.title, r.attribution) for r in loud]
    if rest:
        others = plural("{n} other detail", "{n} other details", len(rest))
        steps.append((others, sum(r.attribution for r in rest)))
    out, at = [], base
    for title, size in steps:
        out.append(Bar(title, at, at + size, odds_words(size, translator())))
        at += size
    return tuple(out)


def track_record(score: float, judged: Evaluation | None) -> str:
    """How often items scored about as high turned out irregular, with its interval; '' where not measured.

    >>> table = pd.DataFrame([{"stated": .1, "observed": .12, "low": .08, "high": .17, "n": 200}])
    >>> track_record(.1, Evaluation("truth", 200, None, table, table, table, {}))
    'Of the 200 newer items scored closest to this one, 12 of 100 were irregular (95 % interval: 8 to 17 \
of 100).'
    """
    if judged is None or judged.reliability.empty:
        return ""
    table = judged.reliability
    at = int((table["stated"] - score).abs().argmin())
    near, top = table.iloc[at], at == len(table) - 1 and score > table["stated"].iloc[-1]
    of = 100 if near["high"] >= 0.05 else 1000
    low, seen, high = (number(round(float(near[k]) * of)) for k in ("low", "observed", "high"))
    told = {"n": number(near["n"]), "low": low, "seen": seen, "high": high, "of": number(of)}
    if top:
        return _(
            "For the {n} highest-scored newer items the scores promised {said} of {of} irregular; {seen} of "
            "{of} were (95 % interval: {low} to {high} of {of}).",
            said=number(round(float(near["stated"]) * of)),
            **told,
        )
    return _(
        "Of the {n} newer items scored closest to this one, {seen} of {of} were irregular (95 % interval: "
        "{low} to {high} of {of}).",
        **told,
    )


def sections(model: FittedModel, row: pd.DataFrame, reasons: Sequence[Reason]) -> tuple[Section, ...]:
    """The declaration in the order of the CN 23 form: who, what, how it travelled."""
    effect = _effects(model, reasons)
    grouped: dict[str, list[tuple[int, FieldRow]]] = {title: [] for title in _SECTIONS}
    for field in model.dictionary.fields():
        if field.name not in row or field.role in ("id", "label", "truth"):
            continue
        value = exact(row[field.name].iloc[0], field)
        grouped[_section(field)].append(
            (
                _box(field),
                FieldRow(_(field.title), value, _(field.description), effect.get(field.name, "")),
            )
        )
    return tuple(
        Section(_(title), tuple(r for _place, r in sorted(rows, key=lambda pair: pair[0])))
        for title, rows in grouped.items()
        if rows
    )


def _section(field: Field) -> str:
    if field.role == "party" or field.concept == "party":
        return "Sender and recipient"
    if field.role == "time" or field.concept == "route":
        return "Transport"
    return "Other" if field.role == "ignore" else "Contents"


def _box(field: Field) -> int:
    place = re.sub(r"^CN 2[23](/23)? ", "", field.standard).lower()
    return next((i for i, box in enumerate(_BOXES) if box in place), len(_BOXES))


def _effects(model: FittedModel, reasons: Sequence[Reason]) -> dict[str, str]:
    """Which raw fields stand behind the few reasons that matter most: ``up``, ``down`` or ``both``."""
    reads, out = model.features.reads(), {}
    for reason in reasons[:_MARKED]:
        if abs(reason.attribution) >= _LOUD:
            way = "up" if reason.attribution > 0 else "down"
            for name in reads[reason.feature]:
                out[name] = way if out.get(name, way) == way else "both"
    return out


def unseen(model: FittedModel) -> tuple[str, ...]:
    """What the model cannot see: fields it does not read, and everything that is not on the declaration."""
    read = {name for names in model.features.reads().values() for name in names}
    idle = [_(f.title).lower() for f in model.dictionary.fields() if f.name not in read and f.role != "id"]
    listed = [_("declared, but not used by this model: {fields}", fields=", ".join(idle))] if idle else []
    return (
        _("what is really inside: it reads the declaration, not the item"),
        _("scans, photographs, odours, or anything an officer notices by hand"),
        *listed,
        _("anything learnt after the item was scored"),
    )
