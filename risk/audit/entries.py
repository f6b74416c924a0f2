"""Entries of the log: their byte form, their hash, and how they are written as lines."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TypeVar

from risk.errors import Refused

__all__ = [
    "Draft",
    "Entry",
    "GENESIS",
    "canonical_json",
    "check_name",
    "entry_hash",
    "netstrings",
    "next_entry",
    "parse_entry",
    "parse_line",
    "to_line",
    "utc_text",
]

T = TypeVar("T")
FORMAT = "risk-log-1"
GENESIS = "0" * 64
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `utc` is ISO 8601 text in UTC, `payload` canonical JSON text, hashes are hex."""

    seq: int
    utc: str
    actor: str
    role: str
    event: str
    item_id: str
    payload: str
    prev_hash: str
    hash: str

    def data(self) -> dict:
        """Return the payload as a dictionary."""
        return json.loads(self.payload)


@dataclass(frozen=True, slots=True)
class Draft:
    """What an entry is to say, before it has a place, a time and a hash. A text payload is taken as it is."""

    actor: str
    role: str
    event: str
    payload: Mapping | str
    item_id: str = ""


def utc_text(moment: datetime) -> str:
    """Write a moment with a time zone as fixed-width ISO 8601 in UTC, so that text order is time order.

    >>> utc_text(datetime(2026, 1, 5, 8, tzinfo=UTC))
    '2026-01-05T08:00:00.000Z'
    """
    if moment.tzinfo is None:
        raise Refused(
            f"A moment with a time zone was expected; got {moment.isoformat()}. Nothing was written."
        )
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def canonical_json(payload: Mapping) -> str:
    """Write a mapping as JSON with sorted keys and no spaces; NaN, infinity and lone surrogates are refused.

    >>> canonical_json({"b": 1, "a": "é"})
    '{"a":"é","b":1}'
    >>> canonical_json({"a": float("nan")})
    Traceback (most recent call last):
        ...
    risk.errors.Refused: An event's content must be plain JSON (text, finite numbers, lists, objects): \
Out of range float values are not JSON compliant. Nothing was written.
    """
    try:
        text = json.dumps(
            dict(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
        )
        text.encode()
    except (TypeError, ValueError) as error:
        detail = str(error).removesuffix(": nan")
        raise Refused(
            "An event's content must be plain JSON (text, finite numbers, lists, objects): "
            f"{detail}. Nothing was written."
        ) from error
    return text


def check_name(text: str, what: str, *, maximum: int = 200, empty: bool = False) -> str:
    """Return `text` if it is one line without control characters and not too long; refuse it otherwise.

    >>> check_name("ann", "actor")
    'ann'
    """
    if (
        not isinstance(text, str)
        or len(text) > maximum
        or _CONTROL.search(text)
        or not (text.strip() or empty)
    ):
        raise Refused(
            f"{what} is {str(text)[:60]!a}; expected one line of 1–{maximum} characters without "
            "control characters. Nothing was written."
        )
    return text


def netstrings(*parts: object) -> bytes:
    """Join values so that no two different lists give the same bytes.

    >>> netstrings("ab", 12)
    b'2:ab,2:12,'
    """
    encoded = [str(part).encode() for part in parts]
    return b"".join(b"%d:%b," % (len(part), part) for part in encoded)


def entry_hash(entry: Entry) -> str:
    """Return the SHA-256 (hex) over the entry's byte form; the stored `hash` field takes no part."""
    return sha256(
        netstrings(
            FORMAT,
            entry.seq,
            entry.utc,
            entry.actor,
            entry.role,
            entry.event,
            entry.item_id,
            entry.payload,
            entry.prev_hash,
        )
    ).hexdigest()


def next_entry(previous: Entry | None, draft: Draft, *, utc: str) -> Entry:
    """Make the entry that follows `previous` (None at the start of a log). Errors: `Refused` on bad text."""
    payload = draft.payload if isinstance(draft.payload, str) else canonical_json(draft.payload)
    bare = Entry(
        seq=previous.seq + 1 if previous else 1,
        utc=utc,
        actor=check_name(draft.actor, "actor"),
        role=check_name(draft.role, "role"),
        event=check_name(draft.event, "event"),
        item_id=check_name(draft.item_id, "item_id", empty=True),
        payload=payload,
        prev_hash=previous.hash if previous else GENESIS,
        hash="",
    )
    return replace(bare, hash=entry_hash(bare))


def to_line(record: object) -> str:
    """Write an entry or a seal (any flat dataclass) as one line of JSON, without the line end."""
    return json.dumps(asdict(record), separators=(",", ":"), ensure_ascii=False)


def parse_line(line: str, kind: type[T]) -> T:
    """Read one line of JSON back into a dataclass of whole numbers (`seq`) and texts. Errors: `Refused`."""
    try:
        cells = json.loads(line)
        right = set(cells) == {f.name for f in fields(kind)} and all(
            type(value) is (int if name == "seq" else str) for name, value in cells.items()
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        right = False
    if not right:
        raise Refused(
            f"Expected one JSON object with the fields {', '.join(f.name for f in fields(kind))}; "
            f"got {line[:60]!a}."
        )
    return kind(**cells)


def parse_entry(line: str) -> Entry:
    """Read one exported line back. Errors: `Refused` when it is not an entry; its hash is *not* checked."""
    return parse_line(line, Entry)
