"""Small words and numbers that several pages share, in the reader's language."""

from __future__ import annotations

import numpy as np
import pandas as pd

from risk.casework import Case
from risk.schema import Field
from risk.ui.i18n import N_, _, moment, number

__all__ = [
    "ACTION_TITLES",
    "CHANNEL_TITLES",
    "LANE_TITLES",
    "OUTCOME_TITLES",
    "STATUS_TITLES",
    "action_title",
    "brief_frequency",
    "channel_title",
    "exact",
    "frequency",
    "lane_title",
    "moment",
    "status_words",
    "unit_words",
]

LANE_TITLES = {"red": N_("Examine"), "yellow": N_("Document check"), "green": N_("Release")}
ACTION_TITLES = {
    "examine": N_("Examine"),
    "document_check": N_("Document check"),
    "release": N_("Release"),
    "refer": N_("Refer"),
}
STATUS_TITLES = {
    "open": N_("To do"),
    "claimed": N_("Someone is on it"),
    "snoozed": N_("Put aside"),
    "decided": N_("Decided"),
    "closed": N_("Finished"),
}
CHANNEL_TITLES = {"targeted": N_("By score"), "random": N_("Random check"), "rule": N_("By rule")}
OUTCOME_TITLES = {"confirmed": N_("Irregular: confirmed"), "not_found": N_("Nothing found")}


def lane_title(lane: str) -> str:
    """What a lane asks for.

    >>> lane_title("yellow")
    'Document check'
    """
    return _(LANE_TITLES[lane])


def action_title(action: str) -> str:
    """What a reviewer can do with an item, in one or two words."""
    return _(ACTION_TITLES[action])


def channel_title(channel: str) -> str:
    """How an item was picked."""
    return _(CHANNEL_TITLES[channel])


def brief_frequency(probability: float) -> str:
    """A probability as people count, without the sentence around it.

    >>> brief_frequency(0.14), brief_frequency(0.0031), brief_frequency(0.00001), brief_frequency(0.9999)
    ('14 of 100', '3 of 1,000', 'fewer than 1 of 10,000', 'more than 99 of 100')
    """
    if probability > 0.995:
        return _("more than {n} of {of}", n=number(99), of=number(100))
    for of in (100, 1000, 10_000):
        count = round(probability * of)
        if count >= (2 if of < 10_000 else 1):
            return _("{n} of {of}", n=number(count), of=number(of))
    return _("fewer than {n} of {of}", n=number(1), of=number(10_000))


def frequency(probability: float, what: str = "irregular") -> str:
    """A probability as a sentence about a hundred, a thousand or ten thousand such items.

    >>> frequency(0.14)
    'Of such items, about 14 of 100 are irregular.'
    """
    brief = brief_frequency(probability)
    if 0.00005 <= probability <= 0.995:
        return _("Of such items, about {share} are {what}.", share=brief, what=_(what))
    return _("Of such items, {share} are {what}.", share=brief, what=_(what))


def unit_words(field_unit: str, title: str) -> str:
    """A unit as it is shown after a number; '' where the title already says it."""
    return "" if field_unit == title.lower() else _(field_unit) if field_unit else ""


def exact(value: object, field: Field) -> str:
    """A declared value as it was declared, with its unit and in plain words; '' where nothing was stated.

    >>> exact(1250.0, Field("w", "number", unit="g")), exact(None, Field("w"))
    ('1,250 g', '')
    """
    if value is None or (np.isscalar(value) and pd.isna(value)) or value is pd.NaT:
        return ""
    if field.type == "datetime":
        return moment(value)
    if field.type in ("number", "integer"):
        return f"{_digits(float(value))} {unit_words(field.unit, field.title)}".strip()
    if field.type == "boolean":
        return _(field.levels.get(str(bool(value)).lower(), "yes" if value else "no"))
    words = field.levels.get(str(value), str(value))
    return _(words) if field.role == "categorical" or str(value) in field.levels else words


def _digits(value: float) -> str:
    if value == round(value) or not np.isfinite(value):
        return number(value)
    shown = f"{value:.10g}"
    return number(value, len(shown.partition(".")[2])) if "e" not in shown else shown


def status_words(case: Case, who: str = "") -> str:
    """Where a case stands, for the person `who`.

    >>> status_words(Case("b", "i", "m", "red", "targeted", 1.0, 0.1, 0.5, ""))
    'To do'
    """
    if case.status == "claimed":
        return _("You are on it") if case.holder == who else _("{who} is on it", who=case.holder)
    if case.status in ("decided", "closed"):
        return f"{action_title(case.decision)} – {case.decided_by}"
    return _(STATUS_TITLES[case.status])
