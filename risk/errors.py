"""Everything that can go wrong, each error building its own message.

A message says what was expected, what came, what to do, and what state things are in now, so that
the command line and the web app only have to print it.

>>> raise RowRefused(row=17, column="gross_weight_g", got="-3", expected="1–31500 g")
Traceback (most recent call last):
    ...
risk.errors.RowRefused: Row 17: gross_weight_g is '-3'; expected 1–31500 g. Nothing was imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "RiskError",
    "Refused",
    "NotFound",
    "RowRefused",
    "FileRefused",
    "BadSetting",
    "ExplanationWithheld",
    "CaseRefused",
    "ClassRefused",
    "NotAllowed",
    "NotRecorded",
    "StoreInUse",
    "nearest",
]


def nearest(word: str, known: Iterable[str]) -> str:
    """Return ``" Did you mean 'x'?"`` for the known word closest to `word`, or an empty string.

    >>> nearest("orgin", ["origin", "transit"])
    " Did you mean 'origin'?"
    """
    close = get_close_matches(word, list(known), n=1)
    return f" Did you mean '{close[0]}'?" if close else ""


class RiskError(Exception):
    """Base of every error that a person can act on. The command line prints it and exits with 1."""


class Refused(RiskError):
    """Something from outside was not accepted, and nothing was changed."""


class NotFound(RiskError):
    """A named thing (model, item, data set, session) does not exist here.

    >>> raise NotFound("model", "ga2n", known=["ga2m", "rules"], todo="List them: risk models list.")
    Traceback (most recent call last):
        ...
    risk.errors.NotFound: No model named 'ga2n'. Did you mean 'ga2m'? List them: risk models list.
    """

    def __init__(self, what: str, name: str, *, known: Iterable[str] = (), todo: str = "") -> None:
        hint = nearest(name, known)
        super().__init__(f"No {what} named '{name}'.{hint}{' ' + todo if todo else ''}")


class RowRefused(Refused):
    """One cell of an outside file is not what its dictionary allows. Rows count from 1, header excluded."""

    def __init__(self, *, row: int, column: str, got: str, expected: str) -> None:
        super().__init__(
            f"Row {row}: {column} is {got!r}; expected {expected}. Nothing was imported."
        )


class FileRefused(Refused):
    """A file from outside cannot be read as a table at all; `findings` says the same for machines."""

    def __init__(self, message: str, *, findings: object) -> None:
        self.findings = findings
        super().__init__(message)


class BadSetting(RiskError):
    """A setting, option or configuration key has a value that makes no sense.

    >>> raise BadSetting("capacity", got=-1, expected="a whole number of items, at least 1")
    Traceback (most recent call last):
        ...
    risk.errors.BadSetting: capacity is -1; expected a whole number of items, at least 1.
    """

    def __init__(self, name: str, *, got: object, expected: str, todo: str = "") -> None:
        super().__init__(f"{name} is {got!r}; expected {expected}.{' ' + todo if todo else ''}")


class ExplanationWithheld(RiskError):
    """Attributions did not add up to the model's own margin, so they are not shown.

    >>> raise ExplanationWithheld(item_id="CX000000005QM", gap=0.31, tolerance=1e-6)
    Traceback (most recent call last):
        ...
    risk.errors.ExplanationWithheld: The explanation of CX000000005QM is withheld: its attributions miss \
the score by 0.31 log-odds (at most 1e-06 is accepted). The score itself stands.
    """

    def __init__(self, *, item_id: str, gap: float, tolerance: float) -> None:
        super().__init__(
            f"The explanation of {item_id} is withheld: its attributions miss the score by "
            f"{gap:.3g} log-odds (at most {tolerance:g} is accepted). The score itself stands."
        )


class NotAllowed(Refused):
    """The actor's roles do not allow the action; the message is the verdict's reason.

    >>> raise NotAllowed("ann (viewer) may not decide a case: this needs the role reviewer or trainer.")
    Traceback (most recent call last):
        ...
    risk.errors.NotAllowed: ann (viewer) may not decide a case: this needs the role reviewer or trainer. \
Nothing was changed.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"{reason} Nothing was changed.")


class CaseRefused(Refused):
    """A step in the life of a referral is not allowed from the state the case is in, or is incomplete.

    >>> raise CaseRefused("CX000000005QM", "it was decided by ann at 2026-01-05T08:00:00.000Z",
    ...                   todo="Reopen it with a reason first.")
    Traceback (most recent call last):
        ...
    risk.errors.CaseRefused: Case CX000000005QM: it was decided by ann at 2026-01-05T08:00:00.000Z. Reopen it \
with a reason first. Nothing was changed.
    """

    def __init__(self, item_id: str, problem: str, *, todo: str = "") -> None:
        super().__init__(f"Case {item_id}: {problem}.{' ' + todo if todo else ''} Nothing was changed.")


class ClassRefused(Refused):
    """A step in a training session is not allowed now, or not to this person.

    >>> raise ClassRefused("the item is closed", todo="Wait for the next one.")
    Traceback (most recent call last):
        ...
    risk.errors.ClassRefused: Training session: the item is closed. Wait for the next one. Nothing was changed.

    `problem` may have places for `values`; they are kept apart so that pages can say it in another language.

    >>> ClassRefused("item {item} is closed", item="X1").problem
    'item {item} is closed'
    """

    def __init__(self, problem: str, *, todo: str = "", **values: object) -> None:
        self.problem, self.todo, self.values = problem, todo, values
        said = problem.format(**values)
        super().__init__(f"Training session: {said}.{' ' + todo if todo else ''} Nothing was changed.")


class NotRecorded(RiskError):
    """The store could not make a change durable. The person must stop; nothing was half-written.

    >>> raise NotRecorded("database or disk is full")
    Traceback (most recent call last):
        ...
    risk.errors.NotRecorded: not recorded – do not continue. Cause: database or disk is full. Nothing was \
half-written: free space or tell whoever runs this machine, then submit again.
    """

    def __init__(self, cause: str, *, todo: str = "") -> None:
        self.cause = cause
        todo = todo or "free space or tell whoever runs this machine, then submit again."
        super().__init__(f"not recorded – do not continue. Cause: {cause}. Nothing was half-written: {todo}")


class StoreInUse(Refused):
    """Another process already writes to this database file; a second writer is never admitted.

    >>> raise StoreInUse("workspace/cases.db", holder="process 4711 since 2026-01-05T08:00:00.000Z")
    Traceback (most recent call last):
        ...
    risk.errors.StoreInUse: workspace/cases.db is already open for writing (process 4711 since \
2026-01-05T08:00:00.000Z); expected to be its only writer. Close that app first, or open read-only (risk log \
verify and risk log export do). Nothing was changed.
    """

    def __init__(self, path: str, *, holder: str) -> None:
        super().__init__(
            f"{path} is already open for writing ({holder}); expected to be its only writer. Close that app "
            "first, or open read-only (risk log verify and risk log export do). Nothing was changed."
        )
