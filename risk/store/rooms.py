"""Training sessions in the database: every event durable before it is acknowledged, none counted twice.

A rule (of `risk.classroom`) is asked inside the writer's transaction, against the state that is being
written, so that two people cannot both get the last seat. The state is kept in memory as a cache: it is
used only where the newest stored event is the one it was made from, else it is folded again from the rows.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from risk.access import Actor, require
from risk.audit import canonical_json, head_seal
from risk.classroom import Recorded, Room, apply
from risk.classroom.events import Ended, Event, event_from, payload_of
from risk.errors import NotFound
from risk.store.class_tables import class_events, class_sessions
from risk.store.record import Ledger, make_request
from risk.store.store import Store

__all__ = ["Acted", "Header", "Note", "Rooms"]

Rule = Callable[[Room], Sequence[Event]]
_ADD = insert(class_events)
_OF = class_events.c.session_id == bindparam("of")
_HEAD = select(class_events.c.seq, class_events.c.uid).where(_OF).order_by(class_events.c.seq.desc()).limit(1)
_ALL = select(class_events).where(_OF).order_by(class_events.c.seq)
_SINCE = select(class_events).where(_OF, class_events.c.seq > bindparam("after")).order_by(class_events.c.seq)
_ROW = class_sessions.c.session_id == bindparam("of")


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a session without its events. Times are seconds since 1970, 0 for not yet."""

    session_id: str
    code: str
    title: str
    trainer: str
    plan: str
    trainer_hash: str
    watch_hash: str
    opened_at: float = 0.0
    ended_at: float = 0.0
    erased_at: float = 0.0
    seal: str = ""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Acted:
    """A rule's outcome: the state after it and the events it led to (none where the key came before)."""

    room: Room
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """What the audit log is to say of an act: who, by which right, what. The session's digest is added."""

    actor: Actor
    action: str
    event: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Known:
    """A cached state, the event it was made from, and the digest of all events up to it."""

    room: Room
    uid: str
    digest: str

    def after(self, one: Recorded, uid: str, text: str) -> _Known:
        """The same with one more event."""
        line = canonical_json({"prev": self.digest, "seq": one.seq, "at": one.at, "name": one.event.name,
                               "payload": text})  # fmt: skip
        return _Known(apply(self.room, one), uid, hashlib.sha256(line.encode()).hexdigest())


_EMPTY = _Known(Room(), "", "")


class Rooms:
    """The sessions of one store. Safe to share between threads. Errors of all changes: `NotRecorded`."""

    def __init__(self, store: Store) -> None:
        """Keep sessions in `store`; reading works with a read-only one too."""
        self._store, self._lock = store, threading.Lock()
        self._writing: dict[str, _Known] = {}  # only the writer's thread looks at it
        self._shown: dict[str, Room] = {}

    # -- questions ----------------------------------------------------------------------------------------

    def headers(self) -> list[Header]:
        """Every session, the newest first."""
        query = select(class_sessions).order_by(class_sessions.c.opened_at.desc())
        return self._store._ask(lambda c: [Header(**row._mapping) for row in c.execute(query)])

    def header(self, session_id: str) -> Header:
        """One session's header. Errors: `NotFound`."""
        query = select(class_sessions).where(_ROW)
        row = self._store._ask(lambda c: c.execute(query, {"of": session_id}).one_or_none())
        if row is None:
            raise NotFound("session", session_id, todo="Choose one of the list, or open a new one.")
        return Header(**row._mapping)

    def room(self, session_id: str) -> Room:
        """A session's state, with everything that was acknowledged. Errors: `NotFound`."""
        found = self._shown.get(session_id)
        if found is None:
            found = self._store._ask(lambda c: _folded(c, session_id)).room
            if not found.seq:
                raise NotFound("session", session_id, todo="It was deleted, or never opened.")
            found = self._show(found)
        elif self._store.shared:  # another process may have gone on with it
            found = self._show(self._store._ask(lambda c: _gone_on(c, found)))
        return found

    def digest(self, session_id: str) -> str:
        """SHA-256 over all stored events, each with the one before; what the audit log's notes carry."""
        return self._store._ask(lambda c: _folded(c, session_id)).digest

    # -- changes ------------------------------------------------------------------------------------------

    def open(self, header: Header, first: Event, *, note: Note) -> Acted:
        """Store a new session with its first event."""

        def job(ledger: Ledger) -> Acted:
            cells = {name: getattr(header, name) for name in Header.__dataclass_fields__}
            cells["opened_at"] = self._now()
            ledger.connection.execute(insert(class_sessions), cells)
            return self._write(ledger, header.session_id, [first], key="", note=note)

        return self._publish(self._store._run(job))

    def act(self, session_id: str, rule: Rule, *, key: str = "", note: Note | None = None) -> Acted:
        """Ask a rule and store what follows; returns once it is durable. Errors: also those of the rule."""

        def job(ledger: Ledger) -> Acted:
            events = list(rule(self._current(ledger.connection, session_id).room))
            return self._write(ledger, session_id, events, key=key, note=note)

        return self._publish(self._store._run(job))

    def erase(self, session_id: str, summary: Mapping[str, Any], *, note: Note) -> None:
        """Delete every event of a session for good; only the `summary` of aggregates stays.

        Deleted rows are overwritten with zeros, and the write-ahead log is emptied.
        """

        def job(ledger: Ledger) -> None:
            gone = ledger.connection.execute(delete(class_events).where(_OF), {"of": session_id}).rowcount
            cells = {"erased_at": self._now(), "summary": canonical_json(summary), "code": ""}
            ledger.connection.execute(update(class_sessions).where(_ROW).values(**cells), {"of": session_id})
            self._note(ledger, note, session_id=session_id, events=gone)
            ledger.scrub = True
            self._writing.pop(session_id, None)

        self._store._run(job)
        with self._lock:
            self._shown.pop(session_id, None)

    # -- inside -------------------------------------------------------------------------------------------

    def _now(self) -> float:
        return self._store._clock().timestamp()

    def _publish(self, acted: Acted) -> Acted:
        return replace(acted, room=self._show(acted.room))

    def _show(self, room: Room) -> Room:
        """Keep the newest committed state; calls of several threads may end in any order."""
        with self._lock:
            known = self._shown.get(room.session_id)
            if known is None or known.seq < room.seq:
                self._shown[room.session_id] = room
            return self._shown[room.session_id]

    def _current(self, connection: Connection, session_id: str) -> _Known:
        """The state in this transaction. A cache left by a transaction that failed is noticed by its uid."""
        head = connection.execute(_HEAD, {"of": session_id}).one_or_none()
        if head is None:
            raise NotFound("session", session_id, todo="It was deleted, or never opened.")
        known = self._writing.get(session_id)
        if known is None or (known.room.seq, known.uid) != (head.seq, head.uid):
            known = self._writing[session_id] = _folded(connection, session_id)
        return known

    def _write(
        self, ledger: Ledger, session_id: str, events: Sequence[Event], *, key: str, note: Note | None
    ) -> Acted:
        known = self._writing.get(session_id, _EMPTY)
        if not events:
            return Acted(known.room, ())
        rows, at = [], self._now()
        for number, event in enumerate(events):
            given, uid = key if number == 0 else "", os.urandom(12).hex()
            one, text = Recorded(known.room.seq + 1, at, event, given), canonical_json(payload_of(event))
            known = known.after(one, uid, text)
            rows.append({"session_id": session_id, "seq": one.seq, "at": at, "uid": uid,
                         "key": given or None, "name": event.name, "payload": text})  # fmt: skip
        ledger.connection.execute(_ADD, rows)
        if any(isinstance(event, Ended) for event in events):
            ended = update(class_sessions).where(_ROW).values(ended_at=at)
            ledger.connection.execute(ended, {"of": session_id})
        if note is not None:
            self._note(ledger, note, session_id=session_id, events=known.room.seq, digest=known.digest)
        self._writing[session_id] = known
        return Acted(known.room, tuple(events))

    def _note(self, ledger: Ledger, note: Note, **more: Any) -> None:
        """Write the log's entry in the same transaction, and keep its seal with the session."""
        payload = {**note.payload, **more}
        role = require(note.actor, note.action)
        request = make_request(
            note.actor.name, role, key="", content={"event": note.event, "payload": payload}
        )
        entry = ledger.write(request, note.event, payload=payload)
        values = {"seal": head_seal(entry.hash)}
        ledger.connection.execute(
            update(class_sessions).where(_ROW).values(**values), {"of": more["session_id"]}
        )


def _gone_on(connection: Connection, shown: Room) -> Room:
    """A state with the events that were stored after it. Errors: `NotFound` when they were deleted."""
    head = connection.execute(_HEAD, {"of": shown.session_id}).one_or_none()
    if head is None:
        raise NotFound("session", shown.session_id, todo="It was deleted, or never opened.")
    if head.seq > shown.seq:
        for row in connection.execute(_SINCE, {"of": shown.session_id, "after": shown.seq}):
            shown = apply(shown, _recorded(row))
    return shown


def _recorded(row: Any) -> Recorded:
    return Recorded(row.seq, row.at, event_from(row.name, json.loads(row.payload)), row.key or "")


def _folded(connection: Connection, session_id: str) -> _Known:
    known = _EMPTY
    for row in connection.execute(_ALL, {"of": session_id}):
        known = known.after(_recorded(row), row.uid, row.payload)
    return known
