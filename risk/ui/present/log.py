"""The log page's view-model: entries in words, and whether the chain holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from risk.audit import Entry
from risk.casework import ACTIONS, OUTCOMES, REASON_CODES
from risk.ui.present.words import ACTION_TITLES, moment

__all__ = ["EVENT_TITLES", "LogRow", "event_title", "log_rows"]

EVENT_TITLES = {
    "log_opened": "Log opened",
    "batch_opened": "Selection opened",
    "case_claimed": "Case claimed",
    "claim_released": "Claim given back",
    "case_snoozed": "Case put aside",
    "case_decided": "Case decided",
    "outcome_recorded": "Outcome recorded",
    "case_reopened": "Case reopened",
    "model_promoted": "Model promoted",
    "log_exported": "Log exported",
    "class_opened": "Training session opened",
    "class_step": "Training session moved on",
    "class_ended": "Training session ended",
    "class_erased": "Training session's answers deleted",
}


@dataclass(frozen=True)
class LogRow:
    """One entry in words."""

    seq: int
    when: str
    who: str
    event: str
    item_id: str
    detail: str
    hash: str


def event_title(event: str) -> str:
    """An event's name in words; an event of a room this page does not know is still readable.

    >>> event_title("case_decided"), event_title("session_started")
    ('Case decided', 'Session started')
    """
    return EVENT_TITLES.get(event, event.replace("_", " ").capitalize())


def log_rows(entries: Sequence[Entry]) -> list[LogRow]:
    """Entries as rows, in the order given."""
    return [
        LogRow(
            e.seq,
            moment(e.utc),
            f"{e.actor} ({e.role.replace('_', ' ')})" if e.role != e.actor else e.actor,
            event_title(e.event),
            e.item_id,
            detail(e),
            e.hash[:12],
        )
        for e in entries
    ]


def detail(entry: Entry) -> str:
    """What an entry says, in one line of plain text."""
    told = entry.data()
    match entry.event:
        case "case_decided":
            return _decided(told)
        case "batch_opened":
            return f"{told['cases']:,} cases, capacity {told['capacity']:,}, model {told['model_id']}"
        case "case_claimed":
            return f"until {moment(told['until_utc'])}"
        case "case_snoozed":
            return f"until {moment(told['until_utc'])}: {told['reason']}"
        case "outcome_recorded":
            said = {"yes": " – deserved review", "no": " – did not deserve review"}.get(
                told["deserved_review"], ""
            )
            return (
                OUTCOMES[told["outcome"]] + said + (f" – “{told['comment']}”" if told.get("comment") else "")
            )
    return "; ".join(
        f"{k.replace('_', ' ')}: {v}" for k, v in told.items() if isinstance(v, (str, int, float)) and v
    )


def _decided(told: dict) -> str:
    suggested = ACTIONS.get(told["suggested"], told["suggested"])
    way = "as suggested" if told["agrees"] else f"overriding the suggestion to {suggested}"
    codes = " ".join(REASON_CODES[c][0] for c in told["reason_codes"])
    said = f" – “{told['comment']}”" if told["comment"] else ""
    return f"{ACTION_TITLES[told['decision']]}, {way}. {codes}{said}"
