"""The reader's language: catalogues are complete, numbers and moments follow it."""

from __future__ import annotations

import pytest

from risk.ui import i18n


@pytest.fixture
def french():
    before = i18n._asked[0]
    i18n.speak(lambda: "fr")
    yield
    i18n.speak(before)


def test_numbers_and_moments_follow_the_reader(french):
    assert i18n.number(1234567.5, 1) == "1\u202f234\u202f567,5"
    assert i18n.percent(0.125, 1) == "12,5\u202f%"
    assert i18n.moment("2031-02-28T14:05:11Z") == "28 févr. 2031, 14:05 UTC"
    assert i18n.plural("{n} item", "{n} items", 0).startswith("0 ")


def test_an_unknown_language_is_english():
    before = i18n._asked[0]
    i18n.speak(lambda: "xx")
    assert i18n.language() == "en"
    i18n.speak(before)
