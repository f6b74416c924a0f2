"""Who may do what: roles, actions, and a verdict that carries its reason.

Decided on the server at every action, never by hiding a button. The default on one's own machine is one
person who holds every role; a site gives each person theirs.

>>> ann = make_actor("ann", ["trainee"])
>>> may(ann, "see_truth").reason
'ann (trainee) may not see what is true before the debrief: this needs the role trainer or data_scientist.'
>>> may(ann, "answer").allowed
True
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from risk.errors import BadSetting, NotAllowed, nearest

__all__ = [
    "ACTIONS",
    "Actor",
    "ROLES",
    "SYSTEM",
    "Verdict",
    "local_actor",
    "make_actor",
    "may",
    "recorded_role",
    "require",
]

# Order matters: it is the order in which the role that allowed an action is looked for and recorded.
ROLES: dict[str, str] = {
    "reviewer": "works the queue: claims, decides, records outcomes",
    "trainer": "runs training sessions, sees truth at the debrief, corrects cases",
    "data_scientist": "brings data, trains, compares and promotes models, runs the policy lab",
    "trainee": "answers in a training session",
    "viewer": "looks on and changes nothing",
}

_ALL = tuple(ROLES)
# action -> (what it is in words, the roles that allow it)
ACTIONS: dict[str, tuple[str, tuple[str, ...]]] = {
    "view_queue": ("see the queue", ("reviewer", "trainer", "data_scientist", "viewer")),
    "view_item": ("open an item", ("reviewer", "trainer", "data_scientist", "viewer")),
    "view_model": ("see what the model does", _ALL),
    "view_log": ("read the log", ("reviewer", "trainer", "data_scientist", "viewer")),
    "verify_log": ("verify the log", ("reviewer", "trainer", "data_scientist", "viewer")),
    "export_log": ("export the log", ("reviewer", "trainer", "data_scientist")),
    "seal_log": ("seal the log", ("reviewer", "trainer", "data_scientist")),
    "claim": ("claim a case", ("reviewer", "trainer")),
    "snooze": ("put a case aside", ("reviewer", "trainer")),
    "decide": ("decide a case", ("reviewer", "trainer")),
    "record_outcome": ("record an outcome", ("reviewer", "trainer")),
    "reopen": ("reopen a decided case", ("reviewer", "trainer")),
    "select": ("open cases for a selection of items", ("reviewer", "trainer", "data_scientist")),
    "bring_data": ("bring in or generate data", ("trainer", "data_scientist")),
    "train": ("train a model", ("data_scientist",)),
    "promote": ("promote a model", ("data_scientist",)),
    "simulate": ("run the policy lab", ("trainer", "data_scientist")),
    "see_truth": ("see what is true before the debrief", ("trainer", "data_scientist")),
    "run_session": ("run a training session", ("trainer",)),
    "delete_session": ("delete a training session", ("trainer",)),
    "answer": ("answer in a training session", ("trainee",)),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person (or the system) with the roles they hold here."""

    name: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an action is allowed, why, and by which role (empty when it is not)."""

    allowed: bool
    reason: str
    role: str = ""

    def __bool__(self) -> bool:
        """A verdict is true when it allows."""
        return self.allowed


SYSTEM = Actor("system", frozenset({"system"}))  # the program itself: opens selections, records its own runs


def make_actor(name: str, roles: Iterable[str]) -> Actor:
    """Make an actor, refusing a role that does not exist. Errors: `BadSetting`.

    >>> make_actor("ann", ["reviwer"])
    Traceback (most recent call last):
        ...
    risk.errors.BadSetting: role is 'reviwer'; expected one of reviewer, trainer, data_scientist, trainee, \
viewer. Did you mean 'reviewer'?
    """
    held = frozenset(roles)
    if not name.strip() or name == SYSTEM.name:
        raise BadSetting("actor", got=name, expected=f"a person's name, not empty and not '{SYSTEM.name}'")
    for role in sorted(held - set(ROLES)):
        raise BadSetting(
            "role", got=role, expected=f"one of {', '.join(ROLES)}", todo=nearest(role, ROLES).strip()
        )
    return Actor(name, held)


def local_actor(name: str = "local") -> Actor:
    """Return the one person of a local installation, who holds every role.

    >>> all(may(local_actor(), action) for action in ACTIONS)
    True
    """
    return make_actor(name, ROLES)


def may(actor: Actor, action: str) -> Verdict:
    """Say whether `actor` may do `action` (a key of `ACTIONS`), with the reason in words.

    The system may do what a program does by itself (`select`), nothing that needs a person's judgement.
    Errors: `BadSetting` for an action that does not exist: a misspelt check must never allow.
    """
    if action not in ACTIONS:
        raise BadSetting(
            "action",
            got=action,
            expected="a key of risk.access.ACTIONS",
            todo=nearest(action, ACTIONS).strip(),
        )
    words, allowing = ACTIONS[action]
    if "system" in actor.roles and action == "select":
        return Verdict(True, "The program itself may open cases for a selection.", "system")
    role = next((r for r in ROLES if r in allowing and r in actor.roles), "")
    if role:
        return Verdict(True, f"{actor.name} may {words} as {role}.", role)
    held = ", ".join(sorted(actor.roles)) or "no role"
    return Verdict(
        False, f"{actor.name} ({held}) may not {words}: this needs the role {' or '.join(allowing)}."
    )


def recorded_role(actor: Actor) -> str:
    """Return the role that the log names where no particular action is asked for. Errors: `NotAllowed`.

    >>> recorded_role(local_actor()), recorded_role(SYSTEM)
    ('reviewer', 'system')
    """
    role = next((r for r in (*ROLES, "system") if r in actor.roles), "")
    if not role:
        raise NotAllowed(f"{actor.name} holds no role here.")
    return role


def require(actor: Actor, action: str) -> str:
    """Return the role that allows the action, or raise `NotAllowed` with the verdict's reason.

    >>> require(local_actor(), "decide")
    'reviewer'
    """
    verdict = may(actor, action)
    if not verdict:
        raise NotAllowed(verdict.reason)
    return verdict.role
