"""Who may do what: every verdict carries its reason, and nothing is allowed by accident."""

from __future__ import annotations

import itertools

import pytest

from risk.access import ACTIONS, ROLES, SYSTEM, Actor, local_actor, make_actor, may, recorded_role, require
from risk.errors import BadSetting, NotAllowed

CHANGES = (
    "claim",
    "snooze",
    "decide",
    "record_outcome",
    "reopen",
    "select",
    "bring_data",
    "train",
    "promote",
)


def test_the_local_person_may_do_everything():
    assert all(may(local_actor(), action).allowed for action in ACTIONS)


@pytest.mark.parametrize(("role", "action"), list(itertools.product(ROLES, ACTIONS)))
def test_a_verdict_follows_the_table_and_says_why(role, action):
    verdict = may(make_actor("ann", [role]), action)
    assert verdict.allowed == bool(verdict) == (role in ACTIONS[action][1])
    assert "ann" in verdict.reason and role in verdict.reason and verdict.reason.endswith(".")
    assert verdict.role == (role if verdict.allowed else "")


def test_more_roles_never_allow_less():
    for first, second in itertools.combinations(ROLES, 2):
        both = make_actor("ann", [first, second])
        for action in ACTIONS:
            alone = (
                may(make_actor("ann", [first]), action).allowed
                or may(make_actor("ann", [second]), action).allowed
            )
            assert may(both, action).allowed == alone


def test_a_viewer_and_a_trainee_change_nothing_of_the_cases():
    for role, action in itertools.product(("viewer", "trainee"), CHANGES):
        assert not may(make_actor("ann", [role]), action)


def test_truth_and_other_peoples_sessions_are_closed_to_trainees_and_reviewers():
    for role, action in itertools.product(("trainee", "reviewer", "viewer"), ("see_truth", "run_session")):
        assert not may(make_actor("ann", [role]), action)


def test_nobody_and_the_system_cannot_decide():
    assert not may(Actor("nobody", frozenset()), "view_queue")
    assert "no role" in may(Actor("nobody", frozenset()), "decide").reason
    assert [action for action in ACTIONS if may(SYSTEM, action)] == ["select"]


def test_unknown_actions_and_roles_are_refused_not_allowed():
    with pytest.raises(BadSetting, match="Did you mean 'decide'"):
        may(local_actor(), "decid")
    with pytest.raises(BadSetting, match="Did you mean 'trainer'"):
        make_actor("ann", ["trainr"])
    for name, roles in (("ann", ["system"]), ("system", ["viewer"]), ("", ["viewer"]), ("  ", [])):
        with pytest.raises(BadSetting):
            make_actor(name, roles)


def test_require_gives_the_role_that_allowed_it_or_the_reason_it_did_not():
    assert require(make_actor("ann", ["trainer", "viewer"]), "decide") == "trainer"
    with pytest.raises(NotAllowed, match=r"ann \(viewer\) may not decide a case.*Nothing was changed"):
        require(make_actor("ann", ["viewer"]), "decide")
    with pytest.raises(NotAllowed, match="holds no role"):
        recorded_role(Actor("nobody", frozenset()))


def test_every_action_names_known_roles_only():
    assert all(set(roles) <= set(ROLES) and roles for _, roles in ACTIONS.values())
