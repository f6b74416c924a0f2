"""`open_store` and `Store`: one method for each thing that is kept or asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from risk import casework
from risk.access import SYSTEM, Actor, recorded_role, require
from risk.audit import Entry, canonical_json, utc_text
from risk.casework import Case, CaseEvent, Decision, Outcome
from risk.errors import BadSetting, NotFound, NotRecorded, Refused
from risk.store import postgres, queries
from risk.store.database import (
    WriterLock,
    check_file,
    check_format,
    create_tables,
    database_path,
    read_engine,
    write_engine,
)
from risk.store.queries import EVERY_CASE, Batch, CaseFilter
from risk.store.reading import Clock, Reading
from risk.store.record import (
    OPENED,
    Ledger,
    NewBatch,
    Receipt,
    Request,
    batch_of,
    facets_of,
    make_request,
    new_cases,
)
from risk.store.tables import FORMAT
from risk.store.writer import Writer

__all__ = ["Store", "open_store"]

SEAL_EVERY = 200  # entries between two seals made without being asked; each costs one flush to the disk
CLAIM_MINUTES = 15.0


def _utc_now() -> datetime:
    return datetime.now(UTC)


def open_store(
    url: str | os.PathLike, *, clock: Clock = _utc_now, read_only: bool = False, beside: Path | None = None
) -> Store:
    """Open (and make, unless `read_only`) the database at ``sqlite:///FILE``, a plain path, or on PostgreSQL.

    To one ``postgresql+psycopg://…`` several processes may write. Its signing key and seals are kept under the
    name of `beside` (`risk.store.seals`), which all of them must see.
    Errors: `StoreInUse` when another process writes to the file, `NotRecorded` when it cannot be written,
    `NotFound`/`Refused` when `read_only` and there is none, or none of this workbench.
    """
    given = os.fspath(url)
    if str(given).startswith(postgres.SCHEME):
        return _open_shared(str(given), clock, read_only=read_only, beside=beside)
    path = database_path(given)
    if read_only:
        check_file(path)
        reader = read_engine(path)
        check_format(reader, path.name)
        return Store(path, reader, clock)
    lock = WriterLock(path.with_name(path.name + ".lock"))
    _make_folder(path, lambda: lock.take(note=f"process {os.getpid()} since {utc_text(clock())}"))
    try:
        writing = write_engine(path)
        create_tables(writing)
        reader = read_engine(path)
        check_format(reader, path.name)
        store = Store(path, reader, clock, writing=(writing, lock))
    except BaseException:
        lock.release()
        raise
    return _begun(store)


def _open_shared(url: str, clock: Clock, *, read_only: bool, beside: Path | None) -> Store:
    if beside is None:
        raise BadSetting("beside", got=None, expected="a name in a folder for the log's signing key and seals")
    reader, path, name = postgres.read_engine(url), Path(beside).resolve(), postgres.database_name(url)
    try:
        if read_only:
            check_format(reader, name)
            return Store(path, reader, clock)
        writing = postgres.write_engine(url)
        create_tables(writing, complete=postgres.complete)
        check_format(reader, name)
        _make_folder(path, lambda: None)
        store = Store(path, reader, clock, writing=(writing, None))
    except BaseException:
        reader.dispose()
        raise
    return _begun(store)


def _make_folder(path: Path, then: Callable[[], None]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        then()
    except OSError as error:
        todo = "name a folder that this user may write to."
        raise NotRecorded(f"{path.parent} cannot be written to ({error.strerror})", todo=todo) from error


def _begun(store: Store) -> Store:
    try:
        store._begin_log()
    except BaseException:
        store.close()
        raise
    return store


class Store(Reading):
    """Cases, decisions and the audit log of one workspace. Safe to share between threads.

    Every changing method returns after its change and its log entry are durable together, checks the
    actor's role, and takes an optional `key`: a second call with the same key and content changes nothing
    and returns the first result (``repeated=True``). Errors of all changing methods: `NotAllowed`,
    `CaseRefused`/`Refused` (nothing changed), `NotFound`, `NotRecorded` (stop and tell someone).
    """

    def __init__(
        self, path: Path, reader: Engine, clock: Clock, *, writing: tuple[Engine, WriterLock | None] | None = None
    ) -> None:
        """Use `open_store`."""
        super().__init__(path, reader, clock)
        self._sealed, self.seal_problem = 0, ""
        self._lock = writing[1] if writing else None
        self._writer, self._newest = None, None
        if writing:
            self._sealed = max((seal.seq for seal in self._book.all()), default=0)
            self._writer = Writer(writing[0], lambda connection: Ledger(connection, clock), self._seal_if_due)

    # -- changes ------------------------------------------------------------------------------------------

    def open_cases(
        self, rows: Iterable[Mapping], new: NewBatch, *, actor: Actor = SYSTEM, key: str = ""
    ) -> Batch:
        """Open one case for every row of a selection, as one batch with one log entry.

        Rows are mappings (``frame.to_dict("records")``) with `item_id`, `lane`, `channel`,
        `inclusion_probability`, `margin`, `risk_score`, `reason`, and may bring `facets`, the (name, value)
        pairs that the queue can be filtered by. All or none are opened.
        """
        rows = list(rows)
        opened, found = new_cases(rows, new.model_id), facets_of(rows)
        content = {
            "event": OPENED,
            "model_id": new.model_id,
            "data_digest": new.data_digest,
            "capacity": int(new.capacity),
            "digest": casework.batch_digest(opened),
        }
        request = make_request(actor.name, require(actor, "select"), key=key, content=content)
        new = replace(new, capacity=int(new.capacity))  # numpy's whole numbers are not JSON
        receipt = self._run(
            lambda ledger: ledger.once(
                request, lambda: ledger.open_batch(request, new, opened=opened, found=found)
            )
        )
        return batch_of(self.entry(receipt.seq))

    def claim(
        self, item_id: str, *, actor: Actor, minutes: float = CLAIM_MINUTES, batch_id: str = "", key: str = ""
    ) -> Receipt:
        """Take a case to work on it alone for some minutes; nobody else can then decide it."""
        request = _request(actor, "claim", key=key, item_id=item_id, batch_id=batch_id)
        return self._case_change(
            request,
            lambda case, now: casework.claim(
                case, actor.name, now_utc=utc_text(now), until_utc=_after(now, minutes=minutes)
            ),
        )

    def claim_next(
        self, *, actor: Actor, which: CaseFilter = EVERY_CASE, minutes: float = CLAIM_MINUTES, key: str = ""
    ) -> Receipt:
        """Claim the open case with the highest margin under a filter; two callers never get the same one.

        Errors: `NotFound` when no case is open under the filter.
        """
        request = _request(actor, "claim", key=key, next=repr(which))

        def change(ledger: Ledger) -> Entry:
            now = ledger.now
            case = queries.first_workable(ledger.connection, which, now_utc=utc_text(now))
            if case is None:
                raise NotFound("open case", "next", todo="Every case under this filter is taken or decided.")
            until = _after(now, minutes=minutes)
            claimed = casework.claim(case, actor.name, now_utc=utc_text(now), until_utc=until)
            return ledger.step(request, case, event=claimed)

        return self._run(lambda ledger: ledger.once(request, lambda: change(ledger)))

    def release_claim(self, item_id: str, *, actor: Actor, batch_id: str = "", key: str = "") -> Receipt:
        """Give a claimed case back undecided."""
        request = _request(actor, "claim", key=key, item_id=item_id, batch_id=batch_id, release=True)
        return self._case_change(
            request, lambda case, now: casework.release_claim(case, actor.name, now_utc=utc_text(now))
        )

    def snooze(
        self,
        item_id: str,
        reason: str,
        *,
        actor: Actor,
        hours: float = 24.0,
        batch_id: str = "",
        key: str = "",
    ) -> Receipt:
        """Put a case aside for some hours, saying why; it comes back by itself."""
        request = _request(
            actor, "snooze", key=key, item_id=item_id, batch_id=batch_id, reason=reason, hours=hours
        )
        return self._case_change(
            request,
            lambda case, now: casework.snooze(
                case,
                actor.name,
                reason=reason,
                now_utc=utc_text(now),
                until_utc=_after(now, minutes=60 * hours),
            ),
        )

    def decide(
        self, item_id: str, choice: Decision, *, actor: Actor, batch_id: str = "", key: str = ""
    ) -> Receipt:
        """Decide a case. Give the `batch_id` the person was looking at, and a `key` per shown form."""
        request = _request(
            actor,
            "decide",
            key=key,
            item_id=item_id,
            batch_id=batch_id,
            choice=asdict(choice),
        )
        return self._case_change(
            request, lambda case, now: casework.decide(case, choice, who=actor.name, now_utc=utc_text(now))
        )

    def record_outcome(
        self, item_id: str, outcome: Outcome, *, actor: Actor, batch_id: str = "", key: str = ""
    ) -> Receipt:
        """Say what the examination showed and whether the item deserved review."""
        request = _request(
            actor, "record_outcome", key=key, item_id=item_id, batch_id=batch_id, outcome=asdict(outcome)
        )
        return self._case_change(request, lambda case, now: casework.record_outcome(case, outcome))

    def reopen(
        self, item_id: str, reason: str, *, actor: Actor, batch_id: str = "", key: str = ""
    ) -> Receipt:
        """Open a decided case again, saying why; the earlier decision stays on record."""
        request = _request(actor, "reopen", key=key, item_id=item_id, batch_id=batch_id, reason=reason)
        return self._case_change(request, lambda case, now: casework.reopen(case, reason=reason))

    def append(
        self,
        event: str,
        payload: Mapping,
        *,
        actor: Actor,
        action: str = "",
        item_id: str = "",
        key: str = "",
    ) -> Receipt:
        """Record an event of another room (a model trained, data brought in, a session step) in the log.

        With `action` (of `risk.access.ACTIONS`) the actor's right to it is checked and that role recorded.
        """
        if event == OPENED or event in casework.EVENTS:
            raise BadSetting(
                "event", got=event, expected="an event of another room; cases have their own methods"
            )
        role = require(actor, action) if action else recorded_role(actor)
        text = canonical_json(payload)
        content = {"event": event, "item_id": item_id, "payload": text}
        request = make_request(actor.name, role, key=key, content=content)
        return self._run(
            lambda ledger: ledger.once(
                request, lambda: ledger.write(request, event, payload=text, item_id=item_id)
            )
        )

    # -- life ---------------------------------------------------------------------------------------------

    def _begin_log(self) -> None:
        """Write the entry that opens a new log: an id of its own, so that no two logs have the same seals."""
        if self.head() is not None:
            return
        told = {"format": FORMAT, "log_id": os.urandom(16).hex()}
        request = make_request(SYSTEM.name, recorded_role(SYSTEM), key="", content={})
        # asked again in the writer's turn: another process may have been first
        self._run(lambda ledger: ledger.head or ledger.write(request, "log_opened", payload=canonical_json(told)))

    def close(self) -> None:
        """Write what is waiting, seal the head, and give the file back. Closing twice does nothing."""
        if self._writer is not None:
            self._reader.dispose()  # first: the last connection to close folds the WAL file back in
            self._writer.close()
            self._seal_if_due(self._newest, every=1)
            self._writer = None
        self._reader.dispose()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Store:
        """Use the store in a `with` block, which closes it."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the store."""
        self.close()

    # -- inside -------------------------------------------------------------------------------------------

    def _run(self, job: Callable[[Ledger], Any]) -> Any:
        if self._writer is None:
            raise NotRecorded(
                "this store is closed, or open for reading only",
                todo="open the app again, then submit again.",
            )
        return self._writer.run(job)

    def _case_change(self, request: Request, make: Callable[[Case, datetime], CaseEvent]) -> Receipt:
        def change(ledger: Ledger) -> Entry:
            where = {name: request.content[name] for name in ("item_id", "batch_id")}
            case = queries.case_at(ledger.connection, **where, now_utc=utc_text(ledger.now))
            return ledger.step(request, case, event=make(case, ledger.now))

        return self._run(lambda ledger: ledger.once(request, lambda: change(ledger)))

    def _seal_if_due(self, head: Entry | None, *, every: int = SEAL_EVERY) -> None:
        """Seal when enough entries came since the last seal. The entries are safe even if sealing fails."""
        self._newest = head
        if head is None or head.seq - self._sealed < every:
            return
        try:
            self._book.add(head, utc=utc_text(self._clock()))
            self._sealed, self.seal_problem = head.seq, ""
        except (OSError, Refused) as error:
            self.seal_problem = f"The log could not be sealed: {error}. Entries are recorded; seal by hand."


def _request(actor: Actor, action: str, *, key: str, **content: object) -> Request:
    return make_request(actor.name, require(actor, action), key=key, content={"action": action, **content})


def _after(now: datetime, *, minutes: float) -> str:
    return utc_text(now + timedelta(minutes=minutes))
