"""What can happen in a session. A session is nothing but the list of these, in order.

Each event is a small frozen record; its `name` and plain values are what is stored. No event carries a
name, an address or anything else of a person: a seat has a pseudonym and the hash of its token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from risk.errors import Refused

__all__ = [
    "EVENTS",
    "Answered",
    "Bookmarked",
    "Checked",
    "Ended",
    "Event",
    "Exited",
    "Extended",
    "ItemClosed",
    "ItemOpened",
    "ItemSkipped",
    "Joined",
    "Locked",
    "Looked",
    "Opened",
    "Recorded",
    "Removed",
    "Revised",
    "Stepped",
    "TruthShown",
    "WindowClosed",
    "event_from",
    "payload_of",
]


class Event:
    """Base of all events."""

    name: ClassVar[str] = ""


@dataclass(frozen=True, slots=True)
class Opened(Event):
    """The session exists: its plan, items and seed are fixed from here on (`setup` is `Setup.payload`)."""

    name: ClassVar[str] = "opened"
    session_id: str
    title: str
    trainer: str
    setup: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Joined(Event):
    """Someone took a seat under a pseudonym; `group` and `order` rotate item sets and modes."""

    name: ClassVar[str] = "joined"
    seat: str
    pseudonym: str
    token_hash: str
    group: int
    order: int
    from_step: int
    from_item: int


@dataclass(frozen=True, slots=True)
class Removed(Event):
    """The trainer took a seat out of the session: it can do nothing more."""

    name: ClassVar[str] = "removed"
    seat: str


@dataclass(frozen=True, slots=True)
class Locked(Event):
    """Joining was closed or opened again."""

    name: ClassVar[str] = "locked"
    locked: bool


@dataclass(frozen=True, slots=True)
class Stepped(Event):
    """The class moved to another step of the plan."""

    name: ClassVar[str] = "stepped"
    step: int


@dataclass(frozen=True, slots=True)
class WindowClosed(Event):
    """The self-paced window of a block was closed (or opened again)."""

    name: ClassVar[str] = "window_closed"
    closed: bool


@dataclass(frozen=True, slots=True)
class ItemOpened(Event):
    """The trainer put an item before everyone."""

    name: ClassVar[str] = "item_opened"
    item: int


@dataclass(frozen=True, slots=True)
class ItemClosed(Event):
    """Answers to the present item are no longer taken."""

    name: ClassVar[str] = "item_closed"
    item: int


@dataclass(frozen=True, slots=True)
class ItemSkipped(Event):
    """The present item was left out; answers given to it do not count."""

    name: ClassVar[str] = "item_skipped"
    item: int


@dataclass(frozen=True, slots=True)
class Extended(Event):
    """More time for the present item or window."""

    name: ClassVar[str] = "extended"
    seconds: int


@dataclass(frozen=True, slots=True)
class Answered(Event):
    """A first answer, given before any advice was seen. `confidence` in per cent."""

    name: ClassVar[str] = "answered"
    seat: str
    step: int
    item_id: str
    action: str
    confidence: int
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Looked(Event):
    """The reasons behind the score were opened."""

    name: ClassVar[str] = "looked"
    seat: str
    step: int
    item_id: str


@dataclass(frozen=True, slots=True)
class Revised(Event):
    """The final answer, after the advice was seen; it may equal the first."""

    name: ClassVar[str] = "revised"
    seat: str
    step: int
    item_id: str
    action: str
    confidence: int


@dataclass(frozen=True, slots=True)
class Checked(Event):
    """An answer to a question of the chart check."""

    name: ClassVar[str] = "checked"
    seat: str
    question: str
    choice: int


@dataclass(frozen=True, slots=True)
class Exited(Event):
    """An answer to an exit question."""

    name: ClassVar[str] = "exited"
    seat: str
    question: str
    choice: int


@dataclass(frozen=True, slots=True)
class TruthShown(Event):
    """The truth of an item was put on the board, or taken off it."""

    name: ClassVar[str] = "truth_shown"
    item_id: str
    shown: bool


@dataclass(frozen=True, slots=True)
class Bookmarked(Event):
    """An item was marked for discussion, or unmarked."""

    name: ClassVar[str] = "bookmarked"
    item_id: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Ended(Event):
    """The session is over: nothing more is taken."""

    name: ClassVar[str] = "ended"


EVENTS: dict[str, type[Event]] = {kind.name: kind for kind in Event.__subclasses__()}


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event with its place in the session, its time (seconds since 1970, UTC) and its idempotency key."""

    seq: int
    at: float
    event: Event
    key: str = ""


def payload_of(event: Event) -> dict[str, Any]:
    """The event's values, without its name.

    >>> payload_of(Locked(True))
    {'locked': True}
    """
    return asdict(event)


def event_from(name: str, payload: Mapping[str, Any]) -> Event:
    """Read a stored event. Errors: `Refused` for one that this version does not know.

    >>> event_from("removed", {"seat": "s3"})
    Removed(seat='s3')
    >>> event_from("danced", {})
    Traceback (most recent call last):
        ...
    risk.errors.Refused: The session holds an event 'danced' that this version does not know; expected one \
it wrote itself. Open it with the version that wrote it. Nothing was changed.
    """
    kind = EVENTS.get(name)
    if kind is None or set(payload) - {f.name for f in fields(kind)}:
        raise Refused(
            f"The session holds an event '{name}' that this version does not know; expected one it wrote "
            "itself. Open it with the version that wrote it. Nothing was changed."
        )
    return kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in payload.items()})
