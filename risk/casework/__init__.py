"""The life of a referral: states, the steps between them, and who said what in which words.

A case is one item referred by one selection (a *batch*), so its key is (`batch_id`, `item_id`)::

    open ──claim──▶ claimed ──decide──▶ decided ──record_outcome──▶ closed
     ▲ ▲──release_claim──┘                 │                          │
     ├─┴──snooze──▶ snoozed                │ (release: closed at once, nobody looks inside)
     └─────────────reopen──────────────────┴──────────────────────────┘

Each step is a function from a case to a typed **event**; `apply` turns case + event into the next case.
Nothing else changes a case, so replaying a log's events gives its cases again. Claims and snoozes run out
by themselves (`as_of`). Times are fixed-width ISO 8601 UTC text, so that they compare as text; the
clock is the caller's.

>>> case = Case("b1", "CX000000005QM", "m1", lane="red", channel="targeted", inclusion_probability=1.0,
...             margin=-0.4, risk_score=0.4, reason="Declared value is low for its weight")
>>> now = "2026-01-05T08:00:00.000Z"
>>> event = decide(case, Decision("examine", ("value_implausible",)), who="ann", now_utc=now)
>>> event.agrees, apply(case, event).status
(True, 'decided')
>>> decide(case, Decision("release", ("low_score",)), who="ann", now_utc=now)
Traceback (most recent call last):
    ...
risk.errors.CaseRefused: Case CX000000005QM: 'release' overrides the suggestion of lane red ('examine') \
and an override needs a comment that says why. Write one sentence. Nothing was changed.
"""

from risk.casework.cases import (
    EVENTS,
    Case,
    CaseClaimed,
    CaseDecided,
    CaseEvent,
    CaseReopened,
    CaseSnoozed,
    ClaimReleased,
    OutcomeRecorded,
    apply,
    as_of,
    batch_digest,
    check_case,
    event_from,
    payload_of,
)
from risk.casework.steps import (
    Decision,
    Outcome,
    claim,
    decide,
    record_outcome,
    release_claim,
    reopen,
    snooze,
)
from risk.casework.words import (
    ACTIONS,
    CHANNELS,
    DESERVED,
    LANES,
    OUTCOMES,
    REASON_CODES,
    STATUSES,
    SUGGESTED,
    codes_for,
)

__all__ = [
    "ACTIONS",
    "CHANNELS",
    "Case",
    "CaseClaimed",
    "CaseDecided",
    "CaseEvent",
    "CaseReopened",
    "CaseSnoozed",
    "ClaimReleased",
    "DESERVED",
    "Decision",
    "EVENTS",
    "LANES",
    "OUTCOMES",
    "Outcome",
    "OutcomeRecorded",
    "REASON_CODES",
    "STATUSES",
    "SUGGESTED",
    "apply",
    "as_of",
    "batch_digest",
    "check_case",
    "claim",
    "codes_for",
    "decide",
    "event_from",
    "payload_of",
    "record_outcome",
    "release_claim",
    "reopen",
    "snooze",
]
