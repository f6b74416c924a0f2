"""The life of a referral: states, the steps between them, and who said what in which words.

A case is one item referred by one selection (a *batch*), so its key is (`batch_id`, `item_id`)::

    open ──claim──▶ claimed ──decide──▶ decided ──record_outcome──▶ closed
     ▲ ▲──release_claim──┘                 │                          │
     ├─┴──snooze──▶ snoozed                │ (release: closed at once, nobody looks inside)
     └─────────────reopen──────────────────┴──────────────────────────┘

Each step is a function from a case to a typed **event**; `apply` turns case + event into the next case.
Nothing else changes a case, so replaying a log's events gives its cases again. Claims and snoozes run out
by themselves (`status_at`). Times are fixed-width ISO 8601 UTC text, so that they compare as text; the
clock is the caller's.

>>> case = Case("b1", "CX000000005QM", "m1", lane="red", channel="targeted", inclusion_probability=1.0,
...             margin=-0.4, risk_score=0.4, reason="Declared value is low for its weight")
>>> event = decide(case, "ann", Decision("examine", ("value_implausible",)), now_utc="2026-01-05T08:00:00.000Z")
>>> event.agrees, apply(case, event).status
(True, 'decided')
>>> decide(case, "ann", Decision("release", ("low_score",)), now_utc="2026-01-05T08:00:00.000Z")
Traceback (most recent call last):
    ...
risk.errors.CaseRefused: Case CX000000005QM: 'release' overrides the suggestion of lane red ('examine') and an \
override needs a comment that says why. Write one sentence. Nothing was changed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from typing import ClassVar

from risk.errors import BadSetting, CaseRefused, Refused, nearest

__all__ = [
    "ACTIONS", "CHANNELS", "Case", "CaseClaimed", "CaseDecided", "CaseEvent", "CaseReopened", "CaseSnoozed",
    "ClaimReleased", "Decision", "EVENTS", "LANES", "OUTCOMES", "OutcomeRecorded", "REASON_CODES",
    "STATUSES", "SUGGESTED", "apply", "batch_digest", "check_case", "claim", "codes_for", "decide",
    "event_from", "payload_of", "record_outcome", "release_claim", "reopen", "snooze", "status_at",
]

LANES: dict[str, str] = {"red": "examine", "yellow": "document check", "green": "release"}
CHANNELS: dict[str, str] = {
    "targeted": "picked for its score", "random": "picked at random, for measurement",
    "rule": "picked by a fixed rule"}
STATUSES: dict[str, str] = {
    "open": "waiting for a reviewer", "claimed": "a reviewer is working on it", "snoozed": "put aside for now",
    "decided": "decided, outcome not known yet", "closed": "finished"}
ACTIONS: dict[str, str] = {
    "examine": "open and examine the item", "document_check": "ask for or check documents",
    "release": "release the item unopened", "refer": "hand over to a specialist or another section"}
SUGGESTED: dict[str, str] = {"red": "examine", "yellow": "document_check", "green": "release"}
OUTCOMES: dict[str, str] = {
    "confirmed": "the examination found an irregularity", "not_found": "the examination found none"}
DESERVED: dict[str, str] = {
    "": "not said", "yes": "deserved review", "no": "did not deserve review", "unsure": "cannot tell"}
MAX_COMMENT = 2000

_LOOK = ("examine", "document_check", "refer")
# code -> (what the reviewer says with it, the actions it may stand for)
REASON_CODES: dict[str, tuple[str, tuple[str, ...]]] = {
    "value_implausible": ("The declared value does not fit the goods described.", _LOOK),
    "weight_implausible": ("The declared weight does not fit the goods described.", _LOOK),
    "description_vague": ("The description does not say what is inside.", _LOOK),
    "description_code_disagree": ("The description and the HS code do not agree.", _LOOK),
    "advance_data_poor": ("Advance data are missing, late or incomplete.", _LOOK),
    "documents_missing": ("Documents are missing or do not match.", _LOOK),
    "route_unusual": ("The route does not fit the origin or the goods.", _LOOK),
    "party_history": ("Earlier items of the same parties had findings.", _LOOK),
    "score_reasons": ("The reasons given with the score hold for this item.", _LOOK),
    "random_check": ("The item was picked at random and is checked for measurement.", _LOOK),
    "rule_check": ("A fixed rule asks for a check.", _LOOK),
    "needs_specialist": ("A specialist has to look at it.", ("refer",)),
    "other_section": ("Another section or authority is responsible.", ("refer",)),
    "declaration_consistent": ("The declaration is complete and fits together.", ("release",)),
    "ordinary_explanation": ("What raised the score has an ordinary explanation.", ("release",)),
    "history_in_order": ("Earlier items of the same parties were in order.", ("release",)),
    "documents_in_order": ("The documents are in order.", ("release",)),
    "low_score": ("The score is low and nothing else stands out.", ("release",)),
    "other": ("Another reason, said in the comment.", tuple(ACTIONS)),
}


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
class Decision:
    """What a reviewer decides: an action of `ACTIONS`, at least one code of `REASON_CODES`, a comment.

    The comment is needed for an override (an action other than the lane suggests) and for the code `other`.
    """

    action: str
    reason_codes: tuple[str, ...]
    comment: str = ""


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
    for kind in (CaseClaimed, ClaimReleased, CaseSnoozed, CaseDecided, OutcomeRecorded, CaseReopened)}


def payload_of(event: CaseEvent) -> dict:
    """Return what the log stores as the event's content (the item id has a column of its own)."""
    cells = asdict(event)
    del cells["item_id"]
    return cells


def event_from(name: str, item_id: str, payload: Mapping) -> CaseEvent:
    """Make the event again from a log entry's name, item id and content."""
    cells = {key: tuple(value) if isinstance(value, list) else value for key, value in payload.items()}
    return EVENTS[name](item_id=item_id, **cells)


def codes_for(action: str) -> dict[str, str]:
    """Return the reason codes that may stand for an action, each with its sentence.

    >>> sorted(codes_for("release"))[:3]
    ['declaration_consistent', 'documents_in_order', 'history_in_order']
    """
    return {code: text for code, (text, actions) in REASON_CODES.items() if action in actions}


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

    One line a case: the eight fields after `batch_id` as a JSON-like Python tuple; floats by `repr`, which is exact.
    """
    digest = sha256()
    for case in sorted(cases, key=lambda c: c.item_id):
        digest.update(repr((case.item_id, case.model_id, case.lane, case.channel,
                            float(case.inclusion_probability), float(case.margin), float(case.risk_score),
                            case.reason)).encode() + b"\n")
    return digest.hexdigest()


def status_at(case: Case, now_utc: str) -> str:
    """Return the state at a moment: a claim or a snooze that has run out counts as open."""
    ran_out = {"claimed": case.held_until_utc, "snoozed": case.snoozed_until_utc}.get(case.status)
    return "open" if ran_out is not None and ran_out <= now_utc else case.status


def _words(text: str, item_id: str, *, what: str, needed: bool) -> str:
    text = text.strip()
    if needed and not text:
        raise CaseRefused(item_id, f"{what} is empty", todo="Write one sentence.")
    if len(text) > MAX_COMMENT or "\x00" in text:
        raise CaseRefused(item_id, f"{what} has {len(text)} characters; expected at most {MAX_COMMENT}, none of "
                          "them NUL", todo="Shorten it.")
    return text


def _workable(case: Case, who: str, now_utc: str) -> None:
    """Refuse unless the case is undecided and not in someone else's hands."""
    if case.status in ("decided", "closed"):
        raise CaseRefused(case.item_id, f"it was decided ({case.decision}) by {case.decided_by} at "
                          f"{case.decided_utc}", todo="Reopen it with a reason first.")
    if status_at(case, now_utc) == "claimed" and case.holder != who:
        raise CaseRefused(case.item_id, f"{case.holder} is working on it until {case.held_until_utc}",
                          todo="Take another case, or wait.")


def claim(case: Case, who: str, *, now_utc: str, until_utc: str) -> CaseClaimed:
    """Take the case to work on it alone until `until_utc`; claiming one's own case again extends the time."""
    _workable(case, who, now_utc)
    return CaseClaimed(case.batch_id, case.item_id, who, _later(case, until_utc, now_utc, "claim"))


def _later(case: Case, until_utc: str, now_utc: str, what: str) -> str:
    if until_utc <= now_utc:
        raise CaseRefused(case.item_id, f"the {what} would end at {until_utc}, which is not after now ({now_utc})",
                          todo="Give a later time.")
    return until_utc


def release_claim(case: Case, who: str, *, now_utc: str) -> ClaimReleased:
    """Give a claimed case back undecided."""
    if status_at(case, now_utc) != "claimed" or case.holder != who:
        raise CaseRefused(case.item_id, f"{who} does not hold it", todo="Nothing needs to be given back.")
    return ClaimReleased(case.batch_id, case.item_id, who)


def snooze(case: Case, who: str, *, reason: str, now_utc: str, until_utc: str) -> CaseSnoozed:
    """Put the case aside until `until_utc`, saying why."""
    _workable(case, who, now_utc)
    reason = _words(reason, case.item_id, what="the reason for putting it aside", needed=True)
    return CaseSnoozed(case.batch_id, case.item_id, reason, _later(case, until_utc, now_utc, "snooze"))


def _check_decision(case: Case, choice: Decision, agrees: bool) -> None:
    if choice.action not in ACTIONS:
        raise BadSetting("decision", got=choice.action, expected=f"one of {', '.join(ACTIONS)}",
                         todo=nearest(str(choice.action), ACTIONS).strip())
    fitting = codes_for(choice.action)
    wrong = [code for code in choice.reason_codes if code not in fitting]
    if wrong or not choice.reason_codes:
        came = f"{wrong[0]!r} is not a reason for {choice.action}" if wrong else "no reason code was given"
        raise CaseRefused(case.item_id, f"{came}; expected at least one of {', '.join(fitting)}",
                          todo="Choose a reason.")
    if not agrees and not choice.comment.strip():
        raise CaseRefused(
            case.item_id, f"{choice.action!r} overrides the suggestion of lane {case.lane} ({case.suggested!r}) "
            "and an override needs a comment that says why", todo="Write one sentence.")


def decide(case: Case, who: str, choice: Decision, *, now_utc: str) -> CaseDecided:
    """Decide the case; whether this agrees with the lane or overrides it is worked out and stated."""
    _workable(case, who, now_utc)
    agrees = choice.action == case.suggested
    _check_decision(case, choice, agrees)
    comment = _words(choice.comment, case.item_id, what="the comment", needed="other" in choice.reason_codes)
    return CaseDecided(
        case.batch_id, case.item_id, choice.action, case.suggested, agrees, tuple(choice.reason_codes), comment,
        who, now_utc, case.model_id, case.risk_score)


def record_outcome(case: Case, outcome: str, *, deserved_review: str = "", comment: str = "") -> OutcomeRecorded:
    """Say what the examination or document check showed. A released item has no outcome: nobody looked."""
    if outcome not in OUTCOMES or deserved_review not in DESERVED:
        name, got, known = (("outcome", outcome, OUTCOMES) if outcome not in OUTCOMES
                            else ("deserved_review", deserved_review, DESERVED))
        raise BadSetting(name, got=got, expected=f"one of {', '.join(filter(None, known))}")
    if case.status != "decided":
        problem = ("it was released unopened, so nothing was seen" if case.decision == "release" else
                   "its outcome is already recorded" if case.status == "closed" else "it is not decided yet")
        todo = "Decide it first." if not case.decision else "Reopen it with a reason if this is wrong."
        raise CaseRefused(case.item_id, problem, todo=todo)
    comment = _words(comment, case.item_id, what="the comment", needed=False)
    return OutcomeRecorded(case.batch_id, case.item_id, outcome, deserved_review, comment)


def reopen(case: Case, *, reason: str) -> CaseReopened:
    """Open a decided or closed case again, saying why; the earlier decision stays in the log."""
    if case.status not in ("decided", "closed"):
        raise CaseRefused(case.item_id, "it is not decided", todo="Decide it as it is.")
    reason = _words(reason, case.item_id, what="the reason for reopening it", needed=True)
    return CaseReopened(case.batch_id, case.item_id, reason,
                        {"decision": case.decision, "decided_by": case.decided_by, "outcome": case.outcome})


def _reset(case: Case, **cells: object) -> Case:
    """Return the case as it was opened, with `cells` set: what a new state does not say is forgotten."""
    return Case(case.batch_id, case.item_id, case.model_id, case.lane, case.channel, case.inclusion_probability,
                case.margin, case.risk_score, case.reason, **cells)


def apply(case: Case, event: CaseEvent) -> Case:
    """Return the case as it is after an event. Rules are not asked again: what is in the log has happened."""
    match event:
        case CaseClaimed():
            return _reset(case, status="claimed", holder=event.holder, held_until_utc=event.until_utc)
        case CaseSnoozed():
            return _reset(case, status="snoozed", snooze_reason=event.reason, snoozed_until_utc=event.until_utc)
        case CaseDecided():
            return _reset(
                case, status="closed" if event.decision == "release" else "decided", decision=event.decision,
                agrees=event.agrees, decided_by=event.decided_by, decided_utc=event.decided_utc)
        case OutcomeRecorded():
            return replace(case, status="closed", outcome=event.outcome, deserved_review=event.deserved_review)
        case ClaimReleased() | CaseReopened():
            return _reset(case)
    raise TypeError(f"{type(event).__name__} is not an event of a case")
