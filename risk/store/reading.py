"""What can be asked of a store without changing it: cases, decisions, the log, and the log as evidence."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine

from risk.audit import Entry, Finding, Seal, Verification, head_seal, to_line, utc_text, verify_chain
from risk.casework import Case
from risk.errors import Refused
from risk.store import queries
from risk.store.check import Replay, merged
from risk.store.queries import EVERY_CASE, EVERY_ENTRY, Batch, CaseFilter, DecisionRow, EntryFilter, Page
from risk.store.seals import SealBook, public_pem

__all__ = ["Clock", "Exported", "Reading"]

Clock = Callable[[], datetime]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported log: where it is, how many entries, its head's 16 characters, and the seals beside it."""

    path: Path
    entries: int
    head: str
    seals_path: Path


class Reading:
    """A store's questions. Each is answered from one moment of the database, while others write."""

    def __init__(self, path: Path, reader: Engine, clock: Clock) -> None:
        """Use `risk.store.open_store`."""
        self.path, self._reader, self._clock, self._book = path, reader, clock, SealBook(path)

    @property
    def shared(self) -> bool:
        """Whether other processes may write to this database too."""
        return self._reader.dialect.name != "sqlite"

    def _ask(self, question: Callable[[Connection], T]) -> T:
        with self._reader.connect() as connection:
            return question(connection)

    # -- questions ----------------------------------------------------------------------------------------

    def batches(self) -> list[Batch]:
        """Return every batch, the newest first."""
        return self._ask(queries.batch_list)

    def cases(
        self, which: CaseFilter = EVERY_CASE, *, page: int = 1, size: int = 50, order: str = "margin"
    ) -> Page[Case]:
        """Return one page of cases, the highest margin first (or by `item_id`, or newest `changed` first)."""
        now = utc_text(self._clock())
        return self._ask(
            lambda c: queries.case_page(c, which, now_utc=now, page=page, size=size, order=order)
        )

    def counts(self, which: CaseFilter = EVERY_CASE) -> dict[str, dict[str, int]]:
        """Return the number of cases per value of `lane`, `channel` and `status` under a filter."""
        now = utc_text(self._clock())
        return self._ask(lambda c: queries.case_counts(c, which, now_utc=now))

    def facets(self, name: str, which: CaseFilter = EVERY_CASE) -> list[tuple[str, int, float]]:
        """Return each value of a facet: how many cases have it, and the finds their scores expect."""
        now = utc_text(self._clock())
        return self._ask(lambda c: queries.facet_counts(c, name, which, now_utc=now))

    def case(self, item_id: str, *, batch_id: str = "") -> Case:
        """Return a case, of the newest batch that has the item unless one is named. Errors: `NotFound`."""
        now = utc_text(self._clock())
        return self._ask(lambda c: queries.case_at(c, item_id, batch_id=batch_id, now_utc=now))

    def decisions(self, *, item_id: str = "", batch_id: str = "") -> list[DecisionRow]:
        """Return stored decisions in the order they were made."""
        return self._ask(lambda c: list(queries.decision_list(c, item_id=item_id, batch_id=batch_id)))

    def entry(self, seq: int) -> Entry:
        """Return one log entry by number. Errors: `NotFound`."""
        return self._ask(lambda c: queries.entry(c, seq))

    def entries(self, which: EntryFilter = EVERY_ENTRY, *, page: int = 1, size: int = 50) -> Page[Entry]:
        """Return one page of the log, the newest entry first."""
        return self._ask(lambda c: queries.entry_page(c, which, page=page, size=size))

    def entries_of(self, item_id: str) -> list[Entry]:
        """Return everything the log says about one item, oldest first (its batch's opening names no item)."""
        return self._ask(lambda c: list(queries.all_entries(c, item_id)))

    def head(self) -> Entry | None:
        """Return the newest log entry, or None."""
        return self._ask(queries.head)

    # -- the log as evidence ------------------------------------------------------------------------------

    def verify(self, *, written_down: Iterable[str] = ()) -> Verification:
        """Check the chain, the seals, seals written down as 16 characters, and the tables against the log."""
        seals, key = self._book.all(), self._book.public_key()  # before the snapshot: none is newer than it
        unreadable = [
            Finding("bad_signature", 0, f"{self._book.seals_file.name}, line {number} is not a seal.")
            for number in self._book.unreadable()
        ]
        with self._reader.connect() as connection:
            replay = Replay()
            told = replay.watch(queries.all_entries(connection))
            chain = verify_chain(told, seals=seals, public_key=key, written_down=written_down)
            return merged(chain, [*unreadable, *replay.compare(connection)])

    def seal(self) -> Seal:
        """Sign the present head and keep the seal beside the database.

        Its 16 characters for a person to write down are `risk.audit.head_seal(seal.head_hash)`.
        Works on a read-only store too. Errors: `Refused` when the log is empty.
        """
        newest = self.head()
        if newest is None:
            raise Refused("The log is empty; expected at least one entry. Nothing was sealed.")
        return self._book.add(newest, utc=utc_text(self._clock()))

    def seals(self) -> list[Seal]:
        """Return every seal kept beside the database, oldest first."""
        return self._book.all()

    def export(self, path: str | os.PathLike) -> Exported:
        """Write the log as JSON lines; ``FILE.seals`` and ``FILE.public.pem`` beside it. Whole files or none.

        Check it anywhere with ``python verify_log.py FILE`` (from this package; it needs nothing but Python).
        """
        target, seals, key = Path(path), self._book.all(), self._book.public_key()
        seals_path = target.with_name(target.name + ".seals")
        seen = _Counter()
        with self._reader.connect() as connection:
            _write_lines(target, map(to_line, seen.watch(queries.all_entries(connection))))
        _write_lines(seals_path, map(to_line, seals))
        if key is not None:
            _write_lines(target.with_name(target.name + ".public.pem"), [public_pem(key)])
        return Exported(target, seen.count, head_seal(seen.head) if seen.count else "", seals_path)


class _Counter:
    """Counts the entries that pass and remembers the last one's hash."""

    def __init__(self) -> None:
        self.count, self.head = 0, ""

    def watch(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Pass the entries on."""
        for entry in entries:
            self.count, self.head = self.count + 1, entry.hash
            yield entry


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write a text file beside its final place, flush it, and move it there."""
    draft = path.with_name(f"{path.name}.{os.urandom(4).hex()}.part")
    try:
        with open(draft, "w", encoding="utf-8", newline="\n") as file:
            for line in lines:
                file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
