"""The life of a referral: what is allowed from where, in which words, and replayable from its events."""

from __future__ import annotations

import json
from dataclasses import fields, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.casework import (
    ACTIONS,
    EVENTS,
    LANES,
    REASON_CODES,
    SUGGESTED,
    Case,
    Decision,
    Outcome,
    apply,
    as_of,
    batch_digest,
    check_case,
    claim,
    codes_for,
    decide,
    event_from,
    payload_of,
    record_outcome,
    release_claim,
    reopen,
    snooze,
)
from risk.errors import BadSetting, CaseRefused, Refused

CASE = Case("b1", "CX000000005QM", "m1", "red", "targeted", 1.0, -0.4, 0.4, "Declared value is low")
EXAMINE = Decision("examine", ("value_implausible",))
RELEASE = Decision("release", ("ordinary_explanation",), "The sender's catalogue shows this price.")


def at(minute: int) -> str:
    return f"2026-01-05T08:{minute:02d}:00.000Z"


def claimed(who: str = "ann", until: int = 15) -> Case:
    return apply(CASE, claim(CASE, who, now_utc=at(0), until_utc=at(until)))


def test_a_case_goes_from_open_to_closed():
    case = claimed()
    assert (case.status, case.holder) == ("claimed", "ann")
    case = apply(case, decide(case, EXAMINE, who="ann", now_utc=at(1)))
    assert (case.status, case.decision, case.agrees, case.decided_by, case.holder) == (
        "decided", "examine", True, "ann", "",
    )  # fmt: skip
    case = apply(case, record_outcome(case, Outcome("confirmed", "yes")))
    assert (case.status, case.outcome, case.deserved_review, case.decision) == (
        "closed", "confirmed", "yes", "examine",
    )  # fmt: skip


def test_a_claim_keeps_others_out_until_it_runs_out():
    case = claimed()
    for step in (
        lambda: claim(case, "bob", now_utc=at(14), until_utc=at(30)),
        lambda: decide(case, EXAMINE, who="bob", now_utc=at(14)),
        lambda: snooze(case, "bob", reason="later", now_utc=at(14), until_utc=at(30)),
        lambda: release_claim(case, "bob", now_utc=at(14)),
    ):
        with pytest.raises(CaseRefused, match="ann is working on it until|bob does not hold it"):
            step()
    assert claim(case, "bob", now_utc=at(15), until_utc=at(30)).holder == "bob"
    assert as_of(case, at(14)).status == "claimed" and as_of(case, at(15)) == CASE
    assert claim(case, "ann", now_utc=at(14), until_utc=at(30)).until_utc == at(30)  # extends


def test_a_claim_can_be_given_back_and_only_by_its_holder():
    case = claimed()
    assert apply(case, release_claim(case, "ann", now_utc=at(1))) == CASE
    with pytest.raises(CaseRefused, match="ann does not hold it"):
        release_claim(case, "ann", now_utc=at(15))


def test_a_snoozed_case_returns_by_itself_and_can_be_taken_up_earlier():
    case = apply(CASE, snooze(CASE, "ann", reason=" waiting for documents ", now_utc=at(0), until_utc=at(30)))
    assert (case.status, case.snooze_reason) == ("snoozed", "waiting for documents")
    assert as_of(case, at(29)).status == "snoozed" and as_of(case, at(30)).status == "open"
    assert claim(case, "bob", now_utc=at(5), until_utc=at(20)).holder == "bob"


def test_a_time_that_is_not_later_is_refused():
    for until in (at(5), at(4)):
        with pytest.raises(CaseRefused, match="not after now"):
            claim(CASE, "ann", now_utc=at(5), until_utc=until)


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("action", ACTIONS)
def test_agreement_is_worked_out_and_an_override_needs_words(lane, action):
    case = replace(CASE, lane=lane)
    code = next(iter(codes_for(action)))
    agrees = SUGGESTED[lane] == action
    if not agrees:
        with pytest.raises(CaseRefused, match="overrides the suggestion .* needs a comment"):
            decide(case, Decision(action, (code,), "  "), who="ann", now_utc=at(0))
    choice = Decision(action, (code,), "" if agrees else "I know the goods.")
    event = decide(case, choice, who="ann", now_utc=at(0))
    assert event.agrees == agrees and event.suggested == SUGGESTED[lane]


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (Decision("examine", ()), "no reason code was given"),
        (Decision("examine", ("low_score",)), "'low_score' is not a reason for examine"),
        (Decision("release", ("value_implausible",), "x"), "is not a reason for release"),
        (Decision("examine", ("other",)), "the comment is empty"),
        (Decision("examine", ("other",), "y" * 2001), "at most 2000"),
        (Decision("examine", ("other",), "y\x00"), "NUL"),
    ],
)
def test_an_incomplete_decision_is_refused_in_words(choice, said):
    with pytest.raises(CaseRefused, match=said) as refusal:
        decide(CASE, choice, who="ann", now_utc=at(0))
    assert str(refusal.value).endswith("Nothing was changed.")


def test_an_unknown_action_or_outcome_is_refused_with_what_is_known():
    with pytest.raises(BadSetting, match="Did you mean 'examine'"):
        decide(CASE, Decision("examin", ("other",), "x"), who="ann", now_utc=at(0))
    case = apply(CASE, decide(CASE, EXAMINE, who="ann", now_utc=at(0)))
    with pytest.raises(BadSetting, match="one of confirmed, not_found"):
        record_outcome(case, Outcome("found"))
    with pytest.raises(BadSetting, match="one of yes, no, unsure"):
        record_outcome(case, Outcome("confirmed", "perhaps"))


def test_a_decided_case_is_decided_once():
    case = apply(CASE, decide(CASE, EXAMINE, who="ann", now_utc=at(0)))
    for step in (
        lambda: decide(case, EXAMINE, who="bob", now_utc=at(1)),
        lambda: claim(case, "bob", now_utc=at(1), until_utc=at(9)),
        lambda: snooze(case, "bob", reason="x", now_utc=at(1), until_utc=at(9)),
    ):
        with pytest.raises(CaseRefused, match=r"decided \(examine\) by ann .* Reopen it"):
            step()


def test_an_outcome_exists_only_where_someone_looked():
    with pytest.raises(CaseRefused, match="not decided yet"):
        record_outcome(CASE, Outcome("confirmed"))
    released = apply(CASE, decide(CASE, RELEASE, who="ann", now_utc=at(0)))
    assert released.status == "closed"
    with pytest.raises(CaseRefused, match="released unopened"):
        record_outcome(released, Outcome("not_found"))
    done = apply(CASE, decide(CASE, EXAMINE, who="ann", now_utc=at(0)))
    done = apply(done, record_outcome(done, Outcome("not_found")))
    with pytest.raises(CaseRefused, match="already recorded"):
        record_outcome(done, Outcome("confirmed"))


def test_reopening_needs_a_reason_and_something_to_reopen():
    case = apply(CASE, decide(CASE, RELEASE, who="ann", now_utc=at(0)))
    with pytest.raises(CaseRefused, match="reason for reopening it is empty"):
        reopen(case, reason=" ")
    with pytest.raises(CaseRefused, match="not decided"):
        reopen(CASE, reason="I want to")
    event = reopen(case, reason="wrong item clicked")
    assert apply(case, event) == CASE and event.cleared["decision"] == "release"


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"lane": "blue"}, "lane is 'blue'; expected one of red, yellow, green"),
        ({"channel": "luck"}, "channel is 'luck'"),
        ({"margin": float("nan")}, "margin is nan; expected a finite"),
        ({"margin": float("inf")}, "margin is inf"),
        ({"risk_score": 1.01}, "risk_score is 1.01; expected 0–1"),
        ({"risk_score": float("nan")}, "risk_score is nan"),
        ({"inclusion_probability": -0.1}, "inclusion_probability is -0.1"),
    ],
)
def test_a_case_that_makes_no_sense_is_not_opened(cells, said):
    with pytest.raises(Refused, match=said):
        check_case(replace(CASE, **cells))


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["claim", "give_back", "snooze", "examine", "release", "outcome", "reopen"]),
        st.sampled_from(["ann", "bob"]),
        st.integers(0, 9),
    ),
    max_size=14,
)


def attempt(case: Case, step: str, who: str, now: str, until: str):
    """Return the event of one step."""
    match step:
        case "claim":
            return claim(case, who, now_utc=now, until_utc=until)
        case "give_back":
            return release_claim(case, who, now_utc=now)
        case "snooze":
            return snooze(case, who, reason="later", now_utc=now, until_utc=until)
        case "examine" | "release":
            return decide(case, EXAMINE if step == "examine" else RELEASE, who=who, now_utc=now)
        case "outcome":
            return record_outcome(case, Outcome("confirmed"))
    return reopen(case, reason="mistake")


@settings(max_examples=150, deadline=None)
@given(STEPS)
def test_any_walk_keeps_the_invariants_and_replays_from_its_written_events(steps):
    case, written, minute = CASE, [], 0
    for step, who, wait in steps:
        minute += wait
        now = f"2026-01-05T{8 + minute // 60:02d}:{minute % 60:02d}:00.000Z"
        until = "2026-01-05T10:59:00.000Z"
        try:
            event = attempt(case, step, who, now, until)
        except CaseRefused:
            continue
        written.append((event.name, event.item_id, json.dumps(payload_of(event))))
        case = apply(case, event)
        assert (case.status == "claimed") == bool(case.holder)
        assert (case.status in ("decided", "closed")) == bool(case.decision)
        assert not case.outcome or (case.status == "closed" and case.decision != "release")
        assert (case.agrees is None) == (not case.decision)
        fixed = [f.name for f in fields(Case)][:9]
        assert all(getattr(case, name) == getattr(CASE, name) for name in fixed)
    replayed = CASE
    for name, item_id, text in written:
        replayed = apply(replayed, event_from(name, item_id, json.loads(text)))
    assert replayed == case


def test_what_is_no_event_is_not_applied():
    with pytest.raises(TypeError, match="not an event"):
        apply(CASE, "decided")


def test_every_action_has_reasons_and_every_word_is_plain():
    for action in ACTIONS:
        assert len(codes_for(action)) >= 3 and "other" in codes_for(action)
    for code, (sentence, actions) in REASON_CODES.items():
        assert code.isidentifier() and sentence.endswith(".") and set(actions) <= set(ACTIONS) and actions
    assert set(SUGGESTED) == set(LANES) and set(SUGGESTED.values()) <= set(ACTIONS)
    assert all(name == kind.name for name, kind in EVENTS.items())


def test_a_batch_digest_depends_on_every_opening_field_and_on_no_order():
    other = replace(CASE, item_id="CX000000019QM")
    digest = batch_digest([CASE, other])
    assert digest == batch_digest([other, CASE]) != batch_digest([CASE])
    changes = {"model_id": "m2", "lane": "green", "channel": "random", "inclusion_probability": 0.5}
    changes |= {"margin": 0.5, "risk_score": 0.5, "reason": "x", "item_id": "CX000000022QM"}
    for name, value in changes.items():
        assert batch_digest([replace(CASE, **{name: value}), other]) != digest
    assert batch_digest([replace(CASE, status="closed", batch_id="b2"), other]) == digest
