"""Small words and numbers that several pages share."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pandas as pd

from risk.casework import ACTIONS, CHANNELS, LANES, STATUSES, Case
from risk.explanation import as_frequency
from risk.schema import Field

__all__ = [
    "ACTION_TITLES",
    "CHANNEL_TITLES",
    "LANE_TITLES",
    "STATUS_TITLES",
    "brief_frequency",
    "exact",
    "moment",
    "status_words",
]

LANE_TITLES = {lane: words.capitalize() for lane, words in LANES.items()}
ACTION_TITLES = {action: action.replace("_", " ").capitalize() for action in ACTIONS}
STATUS_TITLES = {
    "open": "To do",
    "claimed": "Someone is on it",
    "snoozed": "Put aside",
    "decided": "Decided",
    "closed": "Finished",
}
CHANNEL_TITLES = {"targeted": "By score", "random": "Random check", "rule": "By rule"}
assert set(STATUS_TITLES) == set(STATUSES) and set(CHANNEL_TITLES) == set(CHANNELS)


def brief_frequency(probability: float) -> str:
    """A probability as people count, without the sentence around it.

    >>> brief_frequency(0.14), brief_frequency(0.0031), brief_frequency(0.00001)
    ('14 of 100', '3 of 1,000', 'fewer than 1 of 10,000')
    """
    return as_frequency(probability).removeprefix("about ").split(" such items")[0]


def moment(utc: str | datetime | pd.Timestamp) -> str:
    """A moment as people write it, to the minute, in UTC.

    >>> moment("2031-04-28T14:05:11.123Z")
    '28 Apr 2031, 14:05 UTC'
    """
    return pd.Timestamp(utc).strftime("%-d %b %Y, %H:%M UTC")


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
        unit = "" if field.unit == field.title.lower() else field.unit
        return f"{_digits(float(value))} {unit}".strip()
    if field.type == "boolean":
        return field.levels.get(str(bool(value)).lower(), "yes" if value else "no")
    return field.level(value)


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.10g}"


def status_words(case: Case, who: str = "") -> str:
    """Where a case stands, for the person `who`.

    >>> status_words(Case("b", "i", "m", "red", "targeted", 1.0, 0.1, 0.5, ""))
    'To do'
    """
    if case.status == "claimed":
        return "You are on it" if case.holder == who else f"{case.holder} is on it"
    if case.status in ("decided", "closed"):
        return f"{ACTION_TITLES[case.decision]} – {case.decided_by}"
    return STATUS_TITLES[case.status]
