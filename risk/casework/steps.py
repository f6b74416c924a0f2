"""The steps a person can take with a case: each returns the event it would be, or refuses in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

from risk.casework.cases import (
    Case,
    CaseClaimed,
    CaseDecided,
    CaseReopened,
    CaseSnoozed,
    ClaimReleased,
    OutcomeRecorded,
    as_of,
)
from risk.casework.words import ACTIONS, DESERVED, OUTCOMES, codes_for
from risk.errors import BadSetting, CaseRefused, nearest

__all__ = ["Decision", "Outcome", "claim", "decide", "record_outcome", "release_claim", "reopen", "snooze"]

MAX_COMMENT = 2000


@dataclass(frozen=True, slots=True)
class Decision:
    """What a reviewer decides: an action of `ACTIONS`, at least one code of `REASON_CODES`, a comment.

    The comment is needed for an override (an action other than the lane suggests) and for the code `other`.
    """

    action: str
    reason_codes: tuple[str, ...]
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the examination showed: a `result` of `OUTCOMES`, and whether the item deserved review.

    `deserved_review` is `yes`, `no`, `unsure`, or empty where nobody said.
    """

    result: str
    deserved_review: str = ""
    comment: str = ""


def _words(text: str, item_id: str, *, what: str, needed: bool) -> str:
    text = text.strip()
    if needed and not text:
        raise CaseRefused(item_id, f"{what} is empty", todo="Write one sentence.")
    if len(text) > MAX_COMMENT or "\x00" in text:
        raise CaseRefused(
            item_id,
            f"{what} has {len(text)} characters; expected at most {MAX_COMMENT}, none of them NUL",
            todo="Shorten it.",
        )
    return text


def _workable(case: Case, who: str, now_utc: str) -> None:
    """Refuse unless the case is undecided and not in someone else's hands."""
    if case.status in ("decided", "closed"):
        raise CaseRefused(
            case.item_id,
            f"it was decided ({case.decision}) by {case.decided_by} at {case.decided_utc}",
            todo="Reopen it with a reason first.",
        )
    if as_of(case, now_utc).status == "claimed" and case.holder != who:
        raise CaseRefused(
            case.item_id,
            f"{case.holder} is working on it until {case.held_until_utc}",
            todo="Take another case, or wait.",
        )


def claim(case: Case, who: str, *, now_utc: str, until_utc: str) -> CaseClaimed:
    """Take the case to work on it alone until `until_utc`; claiming one's own case again extends the time."""
    _workable(case, who, now_utc)
    return CaseClaimed(case.batch_id, case.item_id, who, _later(case, until_utc, now_utc, "claim"))


def _later(case: Case, until_utc: str, now_utc: str, what: str) -> str:
    if until_utc <= now_utc:
        raise CaseRefused(
            case.item_id,
            f"the {what} would end at {until_utc}, which is not after now ({now_utc})",
            todo="Give a later time.",
        )
    return until_utc


def release_claim(case: Case, who: str, *, now_utc: str) -> ClaimReleased:
    """Give a claimed case back undecided."""
    if as_of(case, now_utc).status != "claimed" or case.holder != who:
        raise CaseRefused(case.item_id, f"{who} does not hold it", todo="Nothing needs to be given back.")
    return ClaimReleased(case.batch_id, case.item_id, who)


def snooze(case: Case, who: str, *, reason: str, now_utc: str, until_utc: str) -> CaseSnoozed:
    """Put the case aside until `until_utc`, saying why."""
    _workable(case, who, now_utc)
    reason = _words(reason, case.item_id, what="the reason for putting it aside", needed=True)
    return CaseSnoozed(case.batch_id, case.item_id, reason, _later(case, until_utc, now_utc, "snooze"))


def _check_decision(case: Case, choice: Decision, *, agrees: bool) -> None:
    if choice.action not in ACTIONS:
        raise BadSetting(
            "decision",
            got=choice.action,
            expected=f"one of {', '.join(ACTIONS)}",
            todo=nearest(str(choice.action), ACTIONS).strip(),
        )
    fitting = codes_for(choice.action)
    wrong = [code for code in choice.reason_codes if code not in fitting]
    if wrong or not choice.reason_codes:
        came = f"{wrong[0]!r} is not a reason for {choice.action}" if wrong else "no reason code was given"
        raise CaseRefused(
            case.item_id, f"{came}; expected at least one of {', '.join(fitting)}", todo="Choose a reason."
        )
    if not agrees and not choice.comment.strip():
        raise CaseRefused(
            case.item_id,
            f"{choice.action!r} overrides the suggestion of lane {case.lane} ({case.suggested!r}) "
            "and an override needs a comment that says why",
            todo="Write one sentence.",
        )


def decide(case: Case, choice: Decision, *, who: str, now_utc: str) -> CaseDecided:
    """Decide the case; whether this agrees with the lane or overrides it is worked out and stated."""
    _workable(case, who, now_utc)
    agrees = choice.action == case.suggested
    _check_decision(case, choice, agrees=agrees)
    comment = _words(choice.comment, case.item_id, what="the comment", needed="other" in choice.reason_codes)
    return CaseDecided(
        case.batch_id,
        case.item_id,
        choice.action,
        case.suggested,
        agrees,
        tuple(choice.reason_codes),
        comment,
        who,
        now_utc,
        case.model_id,
        case.risk_score,
    )


def record_outcome(case: Case, outcome: Outcome) -> OutcomeRecorded:
    """Say what the examination or document check showed. A released item has no outcome: nobody looked."""
    for name, known in (("result", OUTCOMES), ("deserved_review", DESERVED)):
        if getattr(outcome, name) not in known:
            raise BadSetting(
                name, got=getattr(outcome, name), expected=f"one of {', '.join(filter(None, known))}"
            )
    if case.status != "decided":
        problem = (
            "it was released unopened, so nothing was seen"
            if case.decision == "release"
            else "its outcome is already recorded"
            if case.status == "closed"
            else "it is not decided yet"
        )
        todo = "Reopen it with a reason if this is wrong." if case.decision else "Decide it first."
        raise CaseRefused(case.item_id, problem, todo=todo)
    comment = _words(outcome.comment, case.item_id, what="the comment", needed=False)
    return OutcomeRecorded(case.batch_id, case.item_id, outcome.result, outcome.deserved_review, comment)


def reopen(case: Case, *, reason: str) -> CaseReopened:
    """Open a decided or closed case again, saying why; the earlier decision stays in the log."""
    if case.status not in ("decided", "closed"):
        raise CaseRefused(case.item_id, "it is not decided", todo="Decide it as it is.")
    reason = _words(reason, case.item_id, what="the reason for reopening it", needed=True)
    return CaseReopened(
        case.batch_id,
        case.item_id,
        reason,
        {"decision": case.decision, "decided_by": case.decided_by, "outcome": case.outcome},
    )
