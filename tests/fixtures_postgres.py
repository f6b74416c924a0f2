"""A PostgreSQL server of the tests' own, where Debian's (or any other) is installed; no network, no trace."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest


def _program(name: str) -> Path | None:
    found = shutil.which(name)
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: int(p.parts[4]))
    return Path(found) if found else newest[-1] if newest else None


def _as_nobody_special() -> list[str]:
    """PostgreSQL refuses to run as root: what to write before a command so that it does not."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []


def missing() -> str:
    """Why there can be no server here; empty where there can."""
    if find_spec("psycopg") is None:
        return "the extra [postgres] is not installed"
    if _program("initdb") is None or _program("postgres") is None:
        return "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
    return ""


@contextmanager
def running_server(*, fsync: bool) -> Iterator[Path]:
    """A server for as long as the block runs: the folder of its socket. Superuser ``risk``, no password."""
    with tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as name:
        folder, user = Path(name), _as_nobody_special()
        if user:
            shutil.chown(folder, "postgres", "postgres")
        quiet = {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        init = [_program("initdb"), "-D", folder / "data", "-A", "trust", "-U", "risk", "-E", "UTF8", "--no-sync"]
        subprocess.run([*user, *map(str, init)], check=True, **quiet)
        options = ["-c", "listen_addresses=", "-c", f"fsync={'on' if fsync else 'off'}", "-c", "max_connections=200"]
        start = [_program("postgres"), "-D", folder / "data", "-k", folder]
        process = subprocess.Popen([*user, *map(str, start), *options], **quiet)
        try:
            _await(folder)
            yield folder
        finally:
            process.send_signal(signal.SIGQUIT)  # at once: nothing of it is kept
            process.wait(timeout=30)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Path]:
    """The folder of a running server's socket. Skips, with the reason, where there is no PostgreSQL."""
    if why := missing():
        pytest.skip(why)
    with running_server(fsync=False) as folder:  # these tests end processes, not the machine
        yield folder


def _await(folder: Path) -> None:
    import psycopg

    for _ in range(300):
        try:
            psycopg.connect(host=str(folder), user="risk", dbname="postgres").close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise AssertionError("the PostgreSQL server did not start")


def _sql(server: Path, statement: str, database: str = "postgres") -> None:
    import psycopg

    with psycopg.connect(host=str(server), user="risk", dbname=database, autocommit=True) as connection:
        connection.execute(statement)


def url_of(server: Path, name: str) -> str:
    return f"postgresql+psycopg://risk@/{name}?host={server}"


@pytest.fixture(scope="session")
def _with_tables(postgres_server: Path) -> str:
    """A database whose tables and guards are made once; emptied for every test, which is quicker."""
    from risk.store import postgres
    from risk.store.database import create_tables

    _sql(postgres_server, "CREATE DATABASE made")
    create_tables(postgres.write_engine(url_of(postgres_server, "made")), complete=postgres.complete)
    return "made"


@pytest.fixture
def empty_store(postgres_server: Path, _with_tables: str) -> str:
    """The URL of a database with tables, guards and no row."""
    from risk.store.tables import metadata

    tables = [t.name for t in metadata.sorted_tables if t.name != "meta"]
    enabled = "; ".join(f"ALTER TABLE {t} ENABLE TRIGGER USER" for t in tables)
    emptied = f"SET session_replication_role = replica; TRUNCATE {', '.join(tables)}; {enabled}"
    _sql(postgres_server, emptied, _with_tables)
    return url_of(postgres_server, _with_tables)


@pytest.fixture
def new_database(postgres_server: Path) -> Callable[[], str]:
    """Makes databases without anything in them and returns their URLs."""

    def make() -> str:
        name = f"d{os.urandom(6).hex()}"
        _sql(postgres_server, f"CREATE DATABASE {name}")
        return url_of(postgres_server, name)

    return make
