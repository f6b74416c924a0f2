"""Every error says what it is about and what state things are in, and is one that the command line prints."""

from __future__ import annotations

import inspect
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import errors

MADE = {
    "Refused": errors.Refused("Expected a table; got none. Nothing was imported."),
    "NotFound": errors.NotFound("model", "ga2n", known=["ga2m"], todo="List them: risk models list."),
    "RowRefused": errors.RowRefused(row=3, column="pieces", got="-1", expected="1–999"),
    "FileRefused": errors.FileRefused("Expected UTF-8; got none. Nothing was imported.", findings=()),
    "BadSetting": errors.BadSetting("capacity", got=-1, expected="at least 1", todo="Give a count."),
    "ExplanationWithheld": errors.ExplanationWithheld(item_id="CX000000005QM", gap=0.5, tolerance=1e-6),
    "NotAllowed": errors.NotAllowed("ann (viewer) may not decide a case."),
    "CaseRefused": errors.CaseRefused("CX000000005QM", "it was decided", todo="Reopen it first."),
    "ClassRefused": errors.ClassRefused("the item is closed", todo="Wait for the next one."),
    "NotRecorded": errors.NotRecorded("disk is full"),
    "StoreInUse": errors.StoreInUse("cases.db", holder="process 7"),
}
STATE = re.compile(r"Nothing was|score itself stands|half-written|Did you mean|expected at least 1")


def test_every_error_is_looked_at_here() -> None:
    public = {n for n, c in vars(errors).items() if inspect.isclass(c) and issubclass(c, errors.RiskError)}
    assert public - {"RiskError"} == set(MADE)


@pytest.mark.parametrize("name", MADE)
def test_it_can_be_printed_as_it_is(name: str) -> None:
    message = str(MADE[name])
    assert isinstance(MADE[name], errors.RiskError)
    assert message.endswith(".") and "  " not in message and "None" not in message
    assert STATE.search(message), message


@given(st.text(max_size=20), st.lists(st.text(min_size=1, max_size=20), max_size=5))
def test_the_nearest_word_is_one_of_those_known_or_none_is_named(word: str, known: list[str]) -> None:
    said = errors.nearest(word, known)
    assert said == "" or said in {f" Did you mean '{k}'?" for k in known}


def test_a_message_can_be_shortened_to_nothing_but_its_cause() -> None:
    assert errors.NotRecorded("disk is full").cause == "disk is full"
