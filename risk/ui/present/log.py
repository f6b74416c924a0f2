"""The log page's view-model: entries in words, and whether the chain holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from risk.audit import Entry
from risk.casework import ACTIONS, OUTCOMES, REASON_CODES
from risk.ui.i18n import N_, _, number
from risk.ui.present.words import action_title, moment

__all__ = ["EVENT_TITLES", "LogRow", "event_title", "log_rows"]

EVENT_TITLES = {
    "log_opened": N_("Log opened"),
    "batch_opened": N_("Selection opened"),
    "case_claimed": N_("Case claimed"),
    "claim_released": N_("Claim given back"),
    "case_snoozed": N_("Case put aside"),
    "case_decided": N_("Case decided"),
    "outcome_recorded": N_("Outcome recorded"),
    "case_reopened": N_("Case reopened"),
    "model_promoted": N_("Model promoted"),
    "model_rolled_back": N_("Earlier model put back in use"),
    "log_exported": N_("Log exported"),
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
    return _(EVENT_TITLES.get(event, event.replace("_", " ").capitalize()))


def log_rows(entries: Sequence[Entry]) -> list[LogRow]:
    """Entries as rows, in the order given."""
    return [
        LogRow(
            e.seq,
            moment(e.utc),
            f"{e.actor} ({_(e.role.replace('_', ' '))})" if e.role != e.actor else e.actor,
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
            return _(
                "{cases} cases, capacity {capacity}, model {model}",
                cases=number(told["cases"]),
                capacity=number(told["capacity"]),
                model=told["model_id"],
            )
        case "case_claimed":
            return _("until {moment}", moment=moment(told["until_utc"]))
        case "case_snoozed":
            return _("until {moment}: {reason}", moment=moment(told["until_utc"]), reason=told["reason"])
        case "outcome_recorded":
            return _outcome(told)
    return "; ".join(
        f"{k.replace('_', ' ')}: {v}" for k, v in told.items() if isinstance(v, (str, int, float)) and v
    )


def _outcome(told: dict) -> str:
    said = {"yes": _("deserved review"), "no": _("did not deserve review")}.get(told["deserved_review"], "")
    comment = f"“{told['comment']}”" if told.get("comment") else ""
    return " – ".join(filter(None, (_(OUTCOMES[told["outcome"]]), said, comment)))


def _decided(told: dict) -> str:
    suggested = _(ACTIONS.get(told["suggested"], told["suggested"]))
    way = (
        _("as suggested") if told["agrees"] else _("overriding the suggestion to {action}", action=suggested)
    )
    codes = " ".join(_(REASON_CODES[c][0]) for c in told["reason_codes"])
    said = f" – “{told['comment']}”" if told["comment"] else ""
    return f"{action_title(told['decision'])}, {way}. {codes}{said}"
