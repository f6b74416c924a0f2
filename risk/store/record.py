"""What one change writes: the case, its log entry and its idempotency key, in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, bindparam, insert, select, update

from risk.audit import Draft, Entry, canonical_json, check_name, next_entry, utc_text
from risk.casework import Case, CaseDecided, CaseEvent, apply, batch_digest, check_case, payload_of
from risk.errors import Refused
from risk.store import queries
from risk.store.queries import Batch
from risk.store.tables import FIXED, batches, cases, decisions, entries, facets, requests

__all__ = ["Ledger", "NewBatch", "Receipt", "Request", "batch_of", "new_cases"]

OPENED = "batch_opened"
_STATE = [f.name for f in fields(Case) if f.name not in FIXED]  # the others are in indexes: leave them alone
_DECISION = [c.name for c in decisions.columns if c.name not in ("seq", "reason_codes")]
# Statements built once: building them anew for every change took three quarters of the writer's time.
_ADD_ENTRY, _ADD_DECISION, _ADD_REQUEST = insert(entries), insert(decisions), insert(requests)
_FIND_REQUEST = select(requests).where(requests.c.key == bindparam("key"))
_CHANGE_CASE = update(cases).where(
    cases.c.batch_id == bindparam("in_batch"), cases.c.item_id == bindparam("of_item")
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a change became: its log entry's number, time and hash; `repeated` if the key came before."""

    seq: int
    utc: str
    event: str
    item_id: str
    hash: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class NewBatch:
    """A selection run about to be opened: the model, the data it scored, how many items it could take."""

    model_id: str
    data_digest: str
    capacity: int


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for a change, in which role, under which idempotency key ('' for none), for what exactly.

    The same key must always come with the same digest.
    """

    actor: str
    role: str
    key: str
    content: Mapping
    digest: str


def make_request(actor: str, role: str, *, key: str, content: Mapping) -> Request:
    """Make a request with the SHA-256 of who asks for what. Errors: `Refused` when it is not plain JSON."""
    check_name(key, "key", empty=True)
    text = canonical_json({"actor": actor, **content})
    return Request(actor, role, key, content, sha256(text.encode()).hexdigest())


def receipt_of(entry: Entry, *, repeated: bool = False) -> Receipt:
    """Return the receipt of a log entry."""
    return Receipt(entry.seq, entry.utc, entry.event, entry.item_id, entry.hash, repeated)


Facets = Sequence[tuple[str, str, str]]
_KEYS = ("item_id", "lane", "channel", "inclusion_probability", "margin", "risk_score", "reason")


def new_cases(rows: Iterable[Mapping], model_id: str) -> list[Case]:
    """Make checked cases of a selection's rows. Errors: `Refused`, naming the item and the column."""
    made: dict[str, Case] = {}
    for row in rows:
        missing = [key for key in _KEYS if key not in row]
        if missing:
            raise Refused(
                f"A row of the selection has no {missing[0]}; expected {', '.join(_KEYS)}. No case was "
                "opened."
            )
        item_id = check_name(str(row["item_id"]), "item_id")
        if item_id in made:
            raise Refused(f"Item {item_id} is in the selection twice; expected once. No case was opened.")
        made[item_id] = check_case(
            Case(
                "",
                item_id,
                model_id,
                str(row["lane"]),
                str(row["channel"]),
                float(row["inclusion_probability"]),
                float(row["margin"]),
                float(row["risk_score"]),
                str(row["reason"]).replace("\x00", ""),
            )
        )
    return list(made.values())


class Ledger:
    """One transaction's view of the log: knows the head, writes the next entries. For the writer thread."""

    def __init__(self, connection: Connection, clock: Callable[[], datetime]) -> None:
        self.connection, self._clock, self.now = connection, clock, clock()
        self.head: Entry | None = queries.head(connection)
        self.scrub = False  # set when rows were deleted that must not linger in the write-ahead log

    def write(self, request: Request, event: str, *, payload: Mapping | str, item_id: str = "") -> Entry:
        """Append one entry to the log."""
        draft = Draft(request.actor, request.role, event, payload, item_id)
        entry = next_entry(self.head, draft, utc=utc_text(self.now))
        self.connection.execute(_ADD_ENTRY, asdict(entry))
        self.head = entry
        return entry

    def once(self, request: Request, change: Callable[[], Entry]) -> Receipt:
        """Make the change unless this key was submitted before; then return the first result."""
        self.now = self._clock()  # one moment for all that this change writes
        if not request.key:
            return receipt_of(change())
        known = self.connection.execute(_FIND_REQUEST, {"key": request.key}).one_or_none()
        if known is None:
            entry = change()
            self.connection.execute(
                _ADD_REQUEST, {"key": request.key, "digest": request.digest, "seq": entry.seq}
            )
            return receipt_of(entry)
        if known.digest != request.digest:
            raise Refused(
                "This submission's key was already used for another submission; expected a new key for "
                "every new action. Reload the page. Nothing was changed."
            )
        return receipt_of(queries.entry(self.connection, known.seq), repeated=True)

    def step(self, request: Request, case: Case, *, event: CaseEvent) -> Entry:
        """Write a case's event: the log entry, the decision if it is one, and the case's new state."""
        entry = self.write(request, event.name, payload=payload_of(event), item_id=event.item_id)
        if isinstance(event, CaseDecided):
            self._write_decision(entry, event)
        after = apply(case, event)
        cells = {name: getattr(after, name) for name in _STATE}
        where = {"in_batch": case.batch_id, "of_item": case.item_id}
        self.connection.execute(_CHANGE_CASE, {**cells, **where, "changed_seq": entry.seq})
        return entry

    def _write_decision(self, entry: Entry, event: CaseDecided) -> None:
        cells = {name: getattr(event, name) for name in _DECISION}
        self.connection.execute(
            _ADD_DECISION, {**cells, "seq": entry.seq, "reason_codes": json.dumps(event.reason_codes)}
        )

    def open_batch(
        self, request: Request, new: NewBatch, *, opened: list[Case], found: Facets = ()
    ) -> Entry:
        """Write a batch, all its cases, and one log entry that carries the digest of them all.

        `found` are the facets, as (item_id, name, value).
        """
        digest = batch_digest(opened)
        batch_id = f"b{self.head.seq + 1 if self.head else 1:06d}-{digest[:8]}"
        cells = {
            "batch_id": batch_id,
            **asdict(new),
            "cases": len(opened),
            "digest": digest,
            "created_utc": utc_text(self.now),
        }
        entry = self.write(request, OPENED, payload=cells)
        self.connection.execute(insert(batches).values(seq=entry.seq, **cells))
        names = [f.name for f in fields(Case)]
        if opened:
            self.connection.execute(
                insert(cases),
                [
                    {name: getattr(case, name) for name in names}
                    | {"batch_id": batch_id, "changed_seq": entry.seq}
                    for case in opened
                ],
            )
        if found:
            names = ("item_id", "name", "value")
            rows = [dict(zip(names, one, strict=True), batch_id=batch_id) for one in dict.fromkeys(found)]
            self.connection.execute(insert(facets), rows)
        return entry


def facets_of(rows: Iterable[Mapping]) -> list[tuple[str, str, str]]:
    """The (item_id, name, value) triples of a selection's rows: each row may bring ``facets``, its pairs."""
    return [
        (str(row["item_id"]), str(name), str(value).replace("\x00", ""))
        for row in rows
        for name, value in row.get("facets", ())
    ]


def batch_of(entry: Entry) -> Batch:
    """Return the batch that a `batch_opened` entry opened."""
    return Batch(seq=entry.seq, **entry.data())
