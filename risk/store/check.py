"""Does the database say what its log says? Replays every case event and compares it with the tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace

from sqlalchemy import Connection, select

from risk.audit import Entry, Finding, Verification
from risk.casework import EVENTS, Case, CaseDecided, apply, batch_digest, event_from
from risk.store import queries
from risk.store.queries import Batch
from risk.store.record import OPENED, batch_of
from risk.store.tables import cases

__all__ = ["Replay"]

_FIXED = ("model_id", "lane", "channel", "inclusion_probability", "margin", "risk_score", "reason")
_BLANK = dict.fromkeys(_FIXED, "")


class Replay:
    """Cases, decisions, batches as the log tells them: `watch` listens, `compare` looks into the tables."""

    def __init__(self) -> None:
        self.states: dict[tuple[str, str], Case] = {}
        self.last: dict[tuple[str, str], int] = {}
        self.decided: dict[int, CaseDecided] = {}
        self.batches: dict[str, Batch] = {}

    def watch(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Pass the entries on unchanged, noting what they say; nonsense is left to the chain to report."""
        for entry in entries:
            try:
                self._note(entry)
            except (KeyError, TypeError, ValueError):
                pass  # its content was tampered with: its own hash says so
            yield entry

    def _note(self, entry: Entry) -> None:
        if entry.event == OPENED:
            batch = batch_of(entry)
            self.batches[batch.batch_id] = batch
        elif entry.event in EVENTS:
            event = event_from(entry.event, entry.item_id, entry.data())
            key = (event.batch_id, event.item_id)
            blank = Case(*key, **_BLANK)
            self.states[key], self.last[key] = apply(self.states.get(key, blank), event), entry.seq
            if isinstance(event, CaseDecided):
                self.decided[entry.seq] = event

    def compare(self, connection: Connection) -> list[Finding]:
        """Return one finding for every row that differs from the log, is missing, or is too many."""
        return [*self._batches(connection), *self._cases(connection), *self._decisions(connection)]

    def _batches(self, connection: Connection) -> Iterator[Finding]:
        stored = {batch.batch_id: batch for batch in queries.batch_list(connection)}
        for batch_id in sorted(stored.keys() | self.batches.keys()):
            told = self.batches.get(batch_id)
            if told is None or stored.get(batch_id) != told:
                yield Finding(
                    "table_differs",
                    told.seq if told else 0,
                    f"Batch {batch_id} is not stored as the log tells it.",
                )

    def _cases(self, connection: Connection) -> Iterator[Finding]:
        for batch_id, told in sorted(self.batches.items()):
            opened = []
            for case, seq in _stored_cases(connection, batch_id):
                key = (batch_id, case.item_id)
                opened.append(case)
                state = self.states.pop(key, Case(*key, **_BLANK))
                if replace(case, **_BLANK) != state or seq != self.last.get(key, told.seq):
                    yield Finding(
                        "table_differs",
                        self.last.get(key, told.seq),
                        f"Case {case.item_id} of batch "
                        f"{batch_id} is stored as '{case.status}'; the log says '{state.status}', or "
                        "other details differ.",
                    )
            if batch_digest(opened) != told.digest:
                yield Finding(
                    "table_differs",
                    told.seq,
                    f"The cases of batch {batch_id} are not those it was opened "
                    "with: one was changed, added or removed.",
                )
        for batch_id in sorted(queries.batches_with_cases(connection) - self.batches.keys()):
            yield Finding(
                "table_differs", 0, f"Cases are stored for batch {batch_id}, which the log never opened."
            )
        for batch_id, item_id in self.states:
            yield Finding(
                "table_differs",
                self.last[batch_id, item_id],
                f"Case {item_id} of batch {batch_id} is in the log but not in the table.",
            )

    def _decisions(self, connection: Connection) -> Iterator[Finding]:
        told = dict(self.decided)
        for row in queries.decision_list(connection):
            event = told.pop(row.seq, None)
            cells = asdict(row)
            seq = cells.pop("seq")
            del cells["role"]  # read from the entry itself
            if event is None or any(getattr(event, name) != value for name, value in cells.items()):
                yield Finding(
                    "table_differs",
                    seq,
                    f"The decision on {row.item_id} is not stored as entry {seq} of the log tells it.",
                )
        for seq, event in told.items():
            yield Finding(
                "table_differs",
                seq,
                f"The decision on {event.item_id} is in the log (entry {seq}) but not in the table.",
            )


def _stored_cases(connection: Connection, batch_id: str) -> Iterator[tuple[Case, int]]:
    columns = [cases.c[name] for name in Case.__dataclass_fields__]
    query = select(*columns, cases.c.changed_seq).where(cases.c.batch_id == batch_id)
    for row in connection.execute(query):
        yield Case(*row[:-1]), row[-1]


def merged(chain: Verification, more: list[Finding]) -> Verification:
    """Return the chain's verification with the table findings added."""
    return replace(
        chain, findings=(*chain.findings, *more)[: len(chain.findings) + 100], count=chain.count + len(more)
    )
