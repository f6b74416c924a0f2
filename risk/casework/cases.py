"""A case, what can happen to it, and what it is after that."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import ClassVar

from risk.casework.words import CHANNELS, LANES, SUGGESTED
from risk.errors import Refused

__all__ = [
    "Case",
    "CaseClaimed",
    "CaseDecided",
    "CaseEvent",
    "CaseReopened",
    "CaseSnoozed",
    "ClaimReleased",
    "EVENTS",
    "OutcomeRecorded",
    "apply",
    "as_of",
    "batch_digest",
    "check_case",
    "event_from",
    "payload_of",
]


@dataclass(frozen=True, slots=True)
class Case:
    """One referred item. `margin` in log-odds, `risk_score` and `inclusion_probability` in 0–1.

    The first nine fields are fixed when the case is opened; the others change by events only.
    """

    batch_id: str
    item_id: str
    model_id: str
    lane: str
    channel: str
    inclusion_probability: float
    margin: float
    risk_score: float
    reason: str
    status: str = "open"
    holder: str = ""
    held_until_utc: str = ""
    snoozed_until_utc: str = ""
    snooze_reason: str = ""
    decision: str = ""
    agrees: bool | None = None
    decided_by: str = ""
    decided_utc: str = ""
    outcome: str = ""
    deserved_review: str = ""

    @property
    def suggested(self) -> str:
        """The action that the lane suggests."""
        return SUGGESTED[self.lane]


@dataclass(frozen=True, slots=True)
class CaseEvent:
    """Something that happened to one case; subclasses are the kinds, `name` is the kind's name in the log."""

    name: ClassVar[str] = ""
    batch_id: str
    item_id: str


@dataclass(frozen=True, slots=True)
class CaseClaimed(CaseEvent):
    """`holder` works on the case until `until_utc`."""

    name: ClassVar[str] = "case_claimed"
    holder: str
    until_utc: str


@dataclass(frozen=True, slots=True)
class ClaimReleased(CaseEvent):
    """`holder` gave the case back undecided."""

    name: ClassVar[str] = "claim_released"
    holder: str


@dataclass(frozen=True, slots=True)
class CaseSnoozed(CaseEvent):
    """The case was put aside until `until_utc`."""

    name: ClassVar[str] = "case_snoozed"
    reason: str
    until_utc: str


@dataclass(frozen=True, slots=True)
class CaseDecided(CaseEvent):
    """A reviewer decided. Model, score and suggestion are repeated so that the entry stands by itself."""

    name: ClassVar[str] = "case_decided"
    decision: str
    suggested: str
    agrees: bool
    reason_codes: tuple[str, ...]
    comment: str
    decided_by: str
    decided_utc: str
    model_id: str
    risk_score: float


@dataclass(frozen=True, slots=True)
class OutcomeRecorded(CaseEvent):
    """What the examination showed, and whether the item deserved review (`yes`, `no`, `unsure` or empty)."""

    name: ClassVar[str] = "outcome_recorded"
    outcome: str
    deserved_review: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class CaseReopened(CaseEvent):
    """A decided or closed case is open again; earlier decisions stay in the log."""

    name: ClassVar[str] = "case_reopened"
    reason: str
    cleared: dict = field(default_factory=dict)


EVENTS: dict[str, type[CaseEvent]] = {
    kind.name: kind
    for kind in (CaseClaimed, ClaimReleased, CaseSnoozed, CaseDecided, OutcomeRecorded, CaseReopened)
}


def payload_of(event: CaseEvent) -> dict:
    """Return what the log stores as the event's content (the item id has a column of its own)."""
    cells = asdict(event)
    del cells["item_id"]
    return cells


def event_from(name: str, item_id: str, payload: Mapping) -> CaseEvent:
    """Make the event again from a log entry's name, item id and content."""
    cells = {key: tuple(value) if isinstance(value, list) else value for key, value in payload.items()}
    return EVENTS[name](item_id=item_id, **cells)


def _reset(case: Case, **cells: object) -> Case:
    """Return the case as it was opened, with `cells` set: what a new state does not say is forgotten."""
    return Case(
        case.batch_id,
        case.item_id,
        case.model_id,
        case.lane,
        case.channel,
        case.inclusion_probability,
        case.margin,
        case.risk_score,
        case.reason,
        **cells,
    )


def apply(case: Case, event: CaseEvent) -> Case:
    """Return the case as it is after an event. Rules are not asked again: what is in the log has happened."""
    match event:
        case CaseClaimed():
            return _reset(case, status="claimed", holder=event.holder, held_until_utc=event.until_utc)
        case CaseSnoozed():
            return _reset(
                case, status="snoozed", snooze_reason=event.reason, snoozed_until_utc=event.until_utc
            )
        case CaseDecided():
            return _reset(
                case,
                status="closed" if event.decision == "release" else "decided",
                decision=event.decision,
                agrees=event.agrees,
                decided_by=event.decided_by,
                decided_utc=event.decided_utc,
            )
        case OutcomeRecorded():
            return replace(
                case, status="closed", outcome=event.outcome, deserved_review=event.deserved_review
            )
        case ClaimReleased() | CaseReopened():
            return _reset(case)
    raise TypeError(f"{type(event).__name__} is not an event of a case")


def as_of(case: Case, now_utc: str) -> Case:
    """Return the case as it is at a moment: a claim or a snooze that has run out leaves it open.

    >>> case = Case("b1", "CX000000005QM", "m1", "red", "targeted", 1.0, -0.4, 0.4, "", status="claimed",
    ...             holder="ann", held_until_utc="2026-01-05T08:00:00.000Z")
    >>> as_of(case, "2026-01-05T08:00:00.000Z").status
    'open'
    """
    until = {"claimed": case.held_until_utc, "snoozed": case.snoozed_until_utc}.get(case.status)
    return _reset(case) if until is not None and until <= now_utc else case


def check_case(case: Case) -> Case:
    """Return the case if its opening fields make sense. Errors: `Refused`, naming item and field."""
    problem = ""
    if case.lane not in LANES:
        problem = f"lane is {case.lane!r}; expected one of {', '.join(LANES)}"
    elif case.channel not in CHANNELS:
        problem = f"channel is {case.channel!r}; expected one of {', '.join(CHANNELS)}"
    elif not math.isfinite(case.margin):
        problem = f"margin is {case.margin}; expected a finite number (log-odds)"
    elif not 0 <= case.risk_score <= 1:
        problem = f"risk_score is {case.risk_score}; expected 0–1"
    elif not 0 <= case.inclusion_probability <= 1:
        problem = f"inclusion_probability is {case.inclusion_probability}; expected 0–1"
    if problem:
        raise Refused(f"Item {case.item_id[:60]!a}: {problem}. No case was opened.")
    return case


def batch_digest(cases: Iterable[Case]) -> str:
    """Return the SHA-256 (hex) over the opening fields of all cases, in the order of their item ids.

    One line of JSON a case: item_id, model_id, lane, channel, inclusion_probability, margin, risk_score,
    reason, as a list without spaces, ASCII only; floats in their shortest exact form.
    """
    digest = sha256()
    for case in sorted(cases, key=lambda c: c.item_id):
        words = [case.item_id, case.model_id, case.lane, case.channel]
        numbers = [float(case.inclusion_probability), float(case.margin), float(case.risk_score)]
        digest.update(json.dumps([*words, *numbers, case.reason], separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()
