"""Opening the database file: one writing connection behind a lock file, read-only connections beside it.

SQLite before 3.51.3 can lose committed pages when two connections of one WAL file write and checkpoint at
the same moment. Hence: exactly one writing connection in the whole machine, held by a lock that the
operating system releases even after kill -9. Readers are opened with ``mode=ro`` and never checkpoint.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, insert, select
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool, QueuePool

from risk.errors import BadSetting, NotFound, NotRecorded, Refused, StoreInUse
from risk.store import class_tables as _class_tables  # noqa: F401  (its tables are made too)
from risk.store.guards import GUARDS
from risk.store.tables import FORMAT, meta, metadata

__all__ = [
    "WriterLock",
    "check_file",
    "check_format",
    "create_tables",
    "database_path",
    "empty_log",
    "first_line",
    "read_engine",
    "write_engine",
]

BUSY_SECONDS = 5.0  # how long to wait when a foreign tool holds SQLite's own lock


def database_path(url: str) -> Path:
    """Return the file of a database URL (``sqlite:///file`` or a plain path). Errors: `BadSetting`.

    >>> database_path("sqlite:////var/lib/risk/cases.db").as_posix()
    '/var/lib/risk/cases.db'
    >>> database_path("mysql://host/db")
    Traceback (most recent call last):
        ...
    risk.errors.BadSetting: database is 'mysql://…'; expected sqlite:///FILE or postgresql+psycopg://…. \
Nothing was opened.
    """
    scheme, found, rest = str(url).partition("://")
    if not found:
        return Path(url).resolve()
    if scheme not in ("sqlite", "sqlite+pysqlite") or rest in ("", "/", "/:memory:"):
        expected = "sqlite:///FILE or postgresql+psycopg://…"
        raise BadSetting("database", got=f"{scheme}://…", expected=expected, todo="Nothing was opened.")
    return Path(rest.removeprefix("/")).resolve()


@dataclass
class WriterLock:
    """The right to write to one database file, held until `release` or until the process ends."""

    path: Path
    handle: int = -1

    def take(self, *, note: str) -> None:
        """Take the lock, leaving `note` (who, since when) for whoever is refused. Errors: `StoreInUse`."""
        self.handle = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(self.handle, 200).decode(errors="replace").strip() or "another process"
            self.release()
            raise StoreInUse(str(self.path.with_suffix("")), holder=holder) from error
        os.ftruncate(self.handle, 0)
        os.write(self.handle, note.encode())

    def release(self) -> None:
        """Give the lock back; the file stays (removing it would let two processes hold 'the' lock)."""
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1


def _engine(connect: Callable[[], sqlite3.Connection], *, begin: str, **pool: object) -> Engine:
    engine = create_engine("sqlite://", creator=connect, **pool)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _uri(path: Path, mode: str) -> str:
    return f"file:{quote(str(path))}?mode={mode}"


def write_engine(path: Path) -> Engine:
    """Return the engine of the one writing connection: WAL, every commit flushed to the disk."""

    def connect() -> sqlite3.Connection:
        # isolation_level=None: SQLAlchemy says BEGIN itself; else the driver begins at the first write only
        connection = sqlite3.connect(
            _uri(path, "rwc"), uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        # secure_delete: what is deleted (answers of a training session) is overwritten, not only unlinked
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "recursive_triggers=ON",
            "foreign_keys=ON",
            "secure_delete=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    return _engine(connect, begin="BEGIN IMMEDIATE", poolclass=NullPool)


def read_engine(path: Path) -> Engine:
    """Return the engine of the reading connections; each transaction sees one moment of the database."""

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            _uri(path, "ro"), uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA query_only=ON")
        return connection

    return _engine(connect, begin="BEGIN", poolclass=QueuePool, pool_size=4, max_overflow=60)


def empty_log(connection: Connection) -> None:
    """Write the write-ahead log into the database and cut it to nothing, outside any transaction.

    A reader in the middle of a question keeps SQLite from it; then closing the store does it at the latest.
    On PostgreSQL the emptied table is written anew without what was deleted; the server's own log forgets
    when it is recycled.
    """
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    else:
        driver.autocommit = True
        driver.execute("VACUUM FULL class_events")
        driver.autocommit = False


def first_line(error: DatabaseError) -> str:
    """What the database said, in one line; no driver repeats a password in it."""
    return (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]


def create_tables(engine: Engine, *, complete: Callable[[Connection], bool] = lambda connection: False) -> None:
    """Create what is missing, unless all is `complete`. Errors: `NotRecorded`."""
    try:
        with engine.begin() as connection:
            if complete(connection):
                return
            metadata.create_all(connection)
            for guard in GUARDS[engine.dialect.name]:
                connection.exec_driver_sql(guard)
            if connection.scalar(select(meta.c.value).where(meta.c.name == "format")) is None:
                connection.execute(insert(meta).values(name="format", value=FORMAT))
    except DatabaseError as error:
        raise NotRecorded(
            f"the database could not be opened for writing ({first_line(error)})",
            todo="check that the path is a database of this workbench and can be written to.",
        ) from error


def check_file(path: Path) -> None:
    """Refuse a file that is missing. Errors: `NotFound`."""
    if not path.is_file():
        raise NotFound("database", path.name, todo="It is made when the app or a selection first runs.")


def check_format(engine: Engine, name: str) -> None:
    """Refuse what is not a database of this workbench, or has another format number. Errors: `Refused`."""
    try:
        with engine.connect() as connection:
            found = connection.scalar(select(meta.c.value).where(meta.c.name == "format"))
    except DatabaseError as error:
        raise Refused(
            f"{name}: expected a database of this workbench; got: {first_line(error)}. Nothing was changed."
        ) from error
    if found != FORMAT:
        raise Refused(
            f"{name} has store format {found!r}; expected {FORMAT!r}. Open it with the version that "
            "wrote it. Nothing was changed."
        )
