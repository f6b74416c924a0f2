"""Words, numbers and moments in the reader's language.

Every text a person reads is marked ``_("…")`` in English; ``locale/<language>.po`` (gettext's own format)
holds the others. The language is asked for at every call and never installed for the process: sessions run
in threads beside each other. A text without a translation is shown in English.

>>> _("{n} items", n=number(12345))
'12,345 items'
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

import pandas as pd
from babel.dates import format_date, format_time
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent

from risk.errors import ClassRefused, RiskError

__all__ = [
    "LANGUAGES",
    "N_",
    "_",
    "day",
    "language",
    "moment",
    "number",
    "percent",
    "plural",
    "settle",
    "speak",
    "told",
    "translator",
]

LANGUAGES = {"en": "English", "fr": "Français"}
_LOCALES = {"en": "en_GB", "fr": "fr_FR"}
_FOLDER = Path(__file__).parent / "locale"
#: Each session is drawn in a thread of its own, and each thread has its own value.
_present: ContextVar[str] = ContextVar("language", default="")
_asked: list[Callable[[], str]] = [lambda: "en"]


def speak(which: Callable[[], str]) -> None:
    """Say once how the language of the present reader is found."""
    _asked[0] = which
    _present.set("")


def language() -> str:
    """The present reader's language, a key of `LANGUAGES`."""
    return _present.get() or _ask()


def _ask() -> str:
    asked = _asked[0]()
    return asked if asked in LANGUAGES else "en"


def settle(spoken: str = "") -> None:
    """Keep a language (by default the reader's) for this thread: asked once a drawing, not once a word."""
    _present.set(spoken or _ask())


@cache
def catalog(code: str) -> dict[str | tuple[str, str], str | tuple[str, ...]]:
    """The translations of one language, by English text (or by its singular and plural)."""
    path = _FOLDER / f"{code}.po"
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {m.id: m.string for m in read_po(file, locale=code) if m.id and m.string}


def _(text: str, /, **values: object) -> str:
    """The text in the reader's language, with `values` put in their places."""
    words = catalog(language()).get(text, text)
    return words.format(**values) if values else words


def N_(text: str) -> str:
    """Mark a text that is translated where it is shown.

    >>> N_("Queue")
    'Queue'
    """
    return text


def plural(one: str, many: str, n: int, /, **values: object) -> str:
    """One of two texts by a number, in the reader's language; ``{n}`` is the number.

    >>> plural("{n} item", "{n} items", 1), plural("{n} item", "{n} items", 1200)
    ('1 item', '1,200 items')
    """
    code = language()
    forms = catalog(code).get((one, many), (one, many))
    first = abs(n) < 2 if code == "fr" else n == 1
    return forms[0 if first else 1].format(n=number(n), **values)


def told(error: RiskError) -> str:
    """An error's words in the reader's language, where the catalogue has them.

    >>> told(ClassRefused("item {item} is closed", todo="Wait for the trainer.", item="X1"))
    'Training session: item X1 is closed. Wait for the trainer. Nothing was changed.'
    """
    if not isinstance(error, ClassRefused):
        return str(error)
    problem, todo = _(error.problem, **error.values), _(error.todo) if error.todo else ""
    words = _("Training session: {problem}. {todo} Nothing was changed.", problem=problem, todo=todo)
    return words.replace("  ", " ")


def translator() -> Callable[[str], str]:
    """The present language's look-up as a plain function, for code that knows nothing of languages.

    A value in words (``1.25 kg``, ``30 days``) is no text of the catalogue: its digits and its unit are put
    into the language.

    >>> translator()("1.25 kg")
    '1.25 kg'
    """
    words = catalog(language())
    if language() == "en":
        return lambda text: text
    return lambda text: words.get(text) or _VALUE.sub(lambda found: _value(found, words), text)


_UNIT = "pieces?|items?|senders?|recipients?|days?|SDR/kg|SDR|h"
_VALUE = re.compile(rf"(?<![\w.,])(\d[\d,]*)(\.\d+)?(?: ({_UNIT}))?(?!\w)")


def _value(found: re.Match, words: dict) -> str:
    whole, part, unit = found.groups()
    shown = whole.replace(",", "\u202f") + (part.replace(".", ",") if part else "")
    return f"{shown} {words.get(unit, unit)}" if unit else shown


def number(value: float, places: int = 0) -> str:
    """A number as the reader writes it.

    >>> number(1234.5, 1), number(float("nan"))
    ('1,234.5', '–')
    """
    if not math.isfinite(value):
        return "–"
    return _decimal(round(float(value), places), places, language())


@lru_cache(20_000)  # a page shows the same few numbers again and again
def _decimal(value: float, places: int, code: str) -> str:
    return format_decimal(value, format=_pattern(places), locale=_LOCALES[code])


@cache
def _pattern(places: int) -> str:
    return "#,##0" + ("." + "0" * places if places else "")


def percent(share: float, places: int = 0) -> str:
    """A share as the reader writes per cent.

    >>> percent(0.1234), percent(0.005, 1)
    ('12%', '0.5%')
    """
    if not math.isfinite(share):
        return "–"
    pattern = _pattern(places) + ("\u202f%" if language() == "fr" else "%")
    return format_percent(share, format=pattern, locale=_LOCALES[language()])


def day(utc: str | datetime | pd.Timestamp) -> str:
    """A day as people write it, in UTC.

    >>> day("2031-04-28")
    '28 Apr 2031'
    """
    return format_date(pd.Timestamp(utc).to_pydatetime(warn=False), "d MMM y", locale=_LOCALES[language()])


def moment(utc: str | datetime | pd.Timestamp) -> str:
    """A moment as people write it, to the minute, in UTC.

    >>> moment("2031-04-28T14:05:11.123Z")
    '28 Apr 2031, 14:05 UTC'
    """
    at, locale = pd.Timestamp(utc).to_pydatetime(warn=False), _LOCALES[language()]
    return f"{format_date(at, 'd MMM y', locale=locale)}, {format_time(at, 'HH:mm', locale=locale)} UTC"
