"""PostgreSQL as the store: several processes write to one database, one transaction at a time.

A writing transaction begins with an advisory lock that ends with it, so the entries of all processes stand in
one order and each sees the newest before it writes the next; the database's own guards take the same lock. Readers
see one moment of the database each. A commit returns when the server has it on its disk.
"""

from __future__ import annotations

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool

from risk.errors import BadSetting
from risk.store.guards import ONE_WRITER, POSTGRES_TRIGGERS

__all__ = ["SCHEME", "complete", "database_name", "read_engine", "write_engine"]

SCHEME = "postgresql+psycopg://"
_WAIT_MS, _STUCK_MS = 25_000, 60_000  # for another writer's turn to end; for one that went away in its turn
_WRITING = {"synchronous_commit": "on", "lock_timeout": _WAIT_MS, "idle_in_transaction_session_timeout": _STUCK_MS}
_READING = {"default_transaction_read_only": "on"}
_PRESENT = text(
    "SELECT count(DISTINCT t.tgname) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
    "WHERE c.relnamespace = current_schema()::regnamespace AND t.tgname = ANY(:names) AND t.tgenabled IN ('O', 'A')"
)


def _url(given: str) -> URL:
    try:
        return make_url(given)
    except (ArgumentError, ValueError):
        expected = f"{SCHEME}USER@HOST/DATABASE"
        raise BadSetting("database", got=f"{SCHEME}…", expected=expected, todo="Nothing was opened.") from None


def database_name(given: str) -> str:
    """The database's name, for messages: never its address or a password.

    >>> database_name("postgresql+psycopg://me:secret@host/risk")
    'risk'
    """
    return _url(given).database or "the database"


def _engine(given: str, settings: dict[str, object], **more: object) -> Engine:
    url = _url(given)
    own = " ".join([str(url.query.get("options", "")), *(f"-c {k}={v}" for k, v in settings.items())])
    try:
        return create_engine(url, connect_args={"options": own.strip(), "connect_timeout": 10}, **more)
    except ModuleNotFoundError:
        raise BadSetting(
            "database",
            got=f"{SCHEME}…",
            expected="the extra [postgres] to be installed",
            todo="Install it with: pip install 'postal-risk-workbench[postgres]'.",
        ) from None


def write_engine(given: str) -> Engine:
    """Return the engine of this process's one writing connection. Errors: `BadSetting`."""
    engine = _engine(given, _WRITING, isolation_level="READ COMMITTED", poolclass=NullPool)
    turn = f"SELECT pg_advisory_xact_lock({ONE_WRITER})"
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(turn))
    return engine


def read_engine(given: str) -> Engine:
    """Return the engine of the reading connections; each transaction sees one moment of the database."""
    pool = {"poolclass": QueuePool, "pool_size": 4, "max_overflow": 60, "pool_pre_ping": True}
    return _engine(given, _READING, isolation_level="REPEATABLE READ", **pool)


def complete(connection: Connection) -> bool:
    """Whether every guard is in its place: then the role in use needs no right to make any."""
    return connection.scalar(_PRESENT, {"names": list(POSTGRES_TRIGGERS)}) == len(POSTGRES_TRIGGERS)
