"""One thread that writes, committing many waiting changes at once (group commit).

A flush to the disk costs milliseconds, so changes that wait together share one. Each change runs in a
savepoint of its own: a refused one leaves nothing behind and does not disturb its neighbours. Nobody is
told "done" before the commit has returned.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from sqlalchemy import Connection, Engine, RootTransaction
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from risk.audit import Entry
from risk.errors import NotRecorded
from risk.store.database import empty_log, first_line
from risk.store.record import Ledger

__all__ = ["Writer"]

MAX_GROUP = 256
PATIENCE_SECONDS = 30.0

Job = Callable[[Ledger], Any]


@dataclass
class _Waiting:
    """A change that waits to be written, and the place where its caller waits for the answer."""

    job: Job
    future: Future = field(default_factory=Future)


class Writer:
    """Runs jobs one after another on the only writing connection; `run` blocks until the job is durable."""

    def __init__(
        self,
        engine: Engine,
        make_ledger: Callable[[Connection], Ledger],
        after_commit: Callable[[Entry], None],
    ) -> None:
        self._engine, self._make_ledger, self._after_commit = engine, make_ledger, after_commit
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._gate, self._stopped = threading.Lock(), False
        self._connection = engine.connect()
        self._thread = threading.Thread(target=self._loop, name="store-writer", daemon=True)
        self._thread.start()

    def run(self, job: Job) -> Any:
        """Write `job` and return its result once it is durable. Errors: `NotRecorded`, or the job's own."""
        waiting = _Waiting(job)
        with self._gate:
            if self._stopped or not self._thread.is_alive():
                raise NotRecorded("the store is closed", todo="open the app again, then submit again.")
            self._queue.put(waiting)
        try:
            return waiting.future.result(timeout=PATIENCE_SECONDS)
        except TimeoutError:
            if waiting.future.cancel():  # never started, so never written
                raise NotRecorded(f"the database did not answer in {PATIENCE_SECONDS:.0f} s") from None
            return waiting.future.result()  # it is being written: only its end can say what became of it

    def close(self) -> None:
        """Write what is waiting, then stop. Later calls of `run` are refused."""
        with self._gate:
            if not self._stopped:
                self._stopped = True
                self._queue.put(None)
        self._thread.join()
        self._connection.close()

    def _loop(self) -> None:
        running = True
        while running:
            group: list[_Waiting | None] = [self._queue.get()]
            try:
                while len(group) < MAX_GROUP:
                    group.append(self._queue.get_nowait())
            except Empty:
                pass
            running = None not in group
            self._write([w for w in group if w is not None and w.future.set_running_or_notify_cancel()])

    def _write(self, group: list[_Waiting]) -> None:
        """Write one group in one transaction; answer every caller only after the commit."""
        if not group:
            return
        head: Entry | None = None
        try:
            with self._begin():
                ledger = self._make_ledger(self._connection)
                answers = [self._write_one(ledger, waiting.job) for waiting in group]
            head = ledger.head
            if ledger.scrub:
                empty_log(self._connection)
        except SQLAlchemyError as error:
            cause = first_line(error) if isinstance(error, DBAPIError) else str(error)
            self._connection.invalidate()  # start the next group on a fresh connection
            answers = [(None, NotRecorded(cause)) for _ in group]
        for waiting, (result, problem) in zip(group, answers, strict=True):
            if problem is None:
                waiting.future.set_result(result)
            else:
                waiting.future.set_exception(problem)
        if head is not None:
            self._after_commit(head)

    def _begin(self) -> RootTransaction:
        """Begin a transaction; where the server has gone away meanwhile, on a fresh connection."""
        try:
            return self._connection.begin()
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return self._connection.begin()  # nothing of this group was sent yet

    def _write_one(self, ledger: Ledger, job: Job) -> tuple[Any, Exception | None]:
        """Run one job in a savepoint. A database error ends the whole group; anything else only this job."""
        head, savepoint = ledger.head, self._connection.begin_nested()
        try:
            result = job(ledger)
            savepoint.commit()
            return result, None
        except SQLAlchemyError:
            raise
        except Exception as error:  # handed to the caller, in whose thread it is raised again
            savepoint.rollback()
            ledger.head = head
            return None, error
