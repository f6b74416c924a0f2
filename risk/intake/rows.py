"""The gate for a few declarations that a program sends: what is plainly in order passes without a frame.

A `RowGate` lets a value pass only where the gate of files (`check_frame`) would pass it unchanged: text in
printable ASCII, numbers inside their range, times in the one form that programs write. Whatever leaves a doubt
goes through `check_frame` itself, which decides, converts and refuses in its own words. So this module can be
slow to trust, but never more lenient; a test holds the two together over whole samples and hostile values.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import pandas as pd
import pyarrow as pa

from risk.errors import Refused
from risk.intake import constraints
from risk.schema import Dictionary, Field

__all__ = ["RowGate"]

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3})?Z")
_PLAIN = re.compile(r"[!-~](?:[ -~]*[!-~])?")  # printable ASCII without a space at its edge
_EXACT = 2**53
_LONGEST = 10_000
_REMEMBERED = 100_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Doubt(Exception):
    """A value that the gate of files has to look at."""


class RowGate:
    """Lets rows of plain values pass, or says that it cannot tell.

    Parameters
    ----------
    dictionary
        Whose declarations come.

    Examples
    --------
    >>> d = Dictionary({"name": "t", "resources": [{"name": "declarations", "schema": {"fields": [
    ...     {"name": "id", "constraints": {"pattern": "[a-z]+"}, "risk": {"role": "id"}},
    ...     {"name": "weight", "type": "number", "constraints": {"minimum": 1}, "risk": {"role": "numeric"}}]}}]})
    >>> gate = RowGate(d)
    >>> gate.plain([{"id": "a", "weight": 5}, {"id": "b"}])
    {'id': ['a', 'b'], 'weight': [5.0, None]}
    >>> gate.plain([{"id": "a", "weight": -5}]) is None, gate.plain([{"id": "A"}]) is None
    (True, True)
    """

    def __init__(self, dictionary: Dictionary) -> None:
        fields = dictionary.fields()
        self._unique = [f.name for f in fields if f.role == "id" or f.constraints.get("unique")]
        self._whole = [f.name for f in fields if f.type == "integer"]
        self._takes = [(f.name, _optional(f, _TAKES[f.type](f))) for f in fields]

    def plain(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]] | None:
        """The columns that `check_frame` would make of these rows, as plain values (times in ms UTC).

        None where it has to decide itself.
        """
        try:
            made = {name: [take(row.get(name)) for row in rows] for name, take in self._takes}
        except _Doubt:
            return None
        if len(rows) > 1 and any(_repeats(made[name]) for name in self._unique):
            return None
        for name in self._whole:  # as in a frame: a column of whole numbers with a gap is one of fractions
            if None not in made[name]:
                made[name] = [int(v) for v in made[name]]
        return made


def _repeats(values: list[Any]) -> bool:
    stated = [v for v in values if v is not None]
    return len(set(stated)) < len(stated)


def _optional(f: Field, take: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A missing value passes where the field may be empty."""
    needed, absent = f.required or f.role == "id", {"", *f.missing_values}

    def one(value: Any) -> Any:
        if value is not None and not (isinstance(value, str) and value in absent):
            return take(value)
        if needed:
            raise _Doubt
        return None

    return one


def _number(f: Field) -> Callable[[Any], float]:
    c, whole = f.constraints, f.type == "integer"
    low, high = c.get("minimum", -float("inf")), c.get("maximum", float("inf"))
    allowed = {v for v in c["enum"] if not isinstance(v, str)} if "enum" in c else None

    def take(value: Any) -> float:
        if type(value) not in (int, float) or not (-_EXACT < value < _EXACT) or not low <= value <= high:
            raise _Doubt
        if (allowed is not None and value not in allowed) or (whole and value != int(value)):
            raise _Doubt
        return float(value)

    return take


def _boolean(f: Field) -> Callable[[Any], bool]:
    def take(value: Any) -> bool:
        if type(value) is not bool:
            raise _Doubt
        return value

    return take


def _time(f: Field) -> Callable[[Any], int]:
    low, high = (_bound(f, key) for key in ("minimum", "maximum"))

    def take(value: Any) -> int:
        if f.format or not isinstance(value, str) or not _TIME.fullmatch(value):
            raise _Doubt
        try:
            since = datetime.fromisoformat(value) - _EPOCH
        except ValueError:
            raise _Doubt from None
        made = since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000
        if (low is not None and made < low) or (high is not None and made > high):
            raise _Doubt
        return made

    return take


def _bound(f: Field, key: str) -> float | None:
    made = pd.to_datetime(f.constraints[key], utc=True, errors="coerce") if key in f.constraints else pd.NaT
    return None if made is pd.NaT else made.timestamp() * 1000


def _text(f: Field) -> Callable[[Any], str]:
    c, free = f.constraints, f.role == "text"
    allowed = {str(v) for v in c["enum"]} if "enum" in c else None
    fits = _form(f) if "pattern" in c else None

    def take(value: Any) -> str:
        if not isinstance(value, str) or len(value) > _LONGEST:
            raise _Doubt
        if not _PLAIN.fullmatch(value) and not (free and _encodes(value)):  # of a free text it is but a notice
            raise _Doubt
        if (allowed is not None and value not in allowed) or (fits is not None and not fits(value)):
            raise _Doubt
        return value

    return take


def _encodes(value: str) -> bool:
    """Whether a text has a UTF-8 form: half a character (a lone surrogate) has none."""
    try:
        return bool(value.encode())
    except UnicodeEncodeError:
        return False


def _form(f: Field) -> Callable[[str], bool]:
    """Whether a value has the field's declared form, by the gate's own engine; codes come again and again."""

    @lru_cache(_REMEMBERED)
    def fits(value: str) -> bool:
        try:
            return bool(constraints.matches(f, pa.chunked_array([[value]]))[0].as_py())
        except Refused:  # no expression that the engine takes: the gate says so
            return False

    return fits


_TAKES: dict[str, Callable[[Field], Callable[[Any], Any]]] = {
    "number": _number,
    "integer": _number,
    "boolean": _boolean,
    "datetime": _time,
    "string": _text,
}
