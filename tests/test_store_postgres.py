"""The store on PostgreSQL: the same tests as on SQLite, and what only a shared database has to hold."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from inspect import signature
from pathlib import Path

import pytest
from sqlalchemy.exc import InternalError

from risk import workbench
from risk.access import local_actor, make_actor
from risk.classroom import rules
from risk.errors import BadSetting, NotFound, NotRecorded, Refused
from risk.store import Rooms, Store, open_store
from tests import test_store as alone
from tests import test_store_rooms as alone_rooms
from tests.test_store import NEW, RELEASE, clock, item, raw, rows  # noqa: F401  (clock is a fixture)

ROOT = Path(__file__).parent.parent
#: About files, or written in words that only SQLite knows.
FILES = {
    "test_the_signing_key_is_private_and_outside_the_database",
    "test_one_writer_only_and_readers_beside_it",
    "test_a_failed_export_leaves_the_old_file",
    "test_the_tables_refuse_what_nobody_may_do",
    "test_tampering_is_found_even_by_the_owner_of_the_file",
}


def _shared(module: object, fixture: str) -> dict[str, Callable]:
    """The tests of a module that use a fixture; here they are given the one of this module."""
    return {
        name: test
        for name, test in vars(module).items()
        if name.startswith("test_") and fixture in signature(test).parameters and name not in FILES
    }


globals().update(_shared(alone, "store"))
globals().update(_shared(alone_rooms, "rooms"))


@pytest.fixture
def url(empty_store: str) -> str:
    return empty_store


@pytest.fixture
def store(url: str, tmp_path: Path, clock):  # noqa: F811
    with open_store(url, clock=clock, beside=tmp_path / "seals" / "risk.db") as opened:
        yield opened


@pytest.fixture
def rooms(url: str, tmp_path: Path):
    with open_store(url, beside=tmp_path / "risk.db") as opened:
        made = Rooms(opened)
        alone_rooms.start(made)
        yield made


def test_the_same_tests_are_run() -> None:
    assert len(_shared(alone, "store")) > 25 and len(_shared(alone_rooms, "rooms")) > 3


FORBIDDEN = [s for s in alone.FORBIDDEN if "REPLACE" not in s and "IGNORE" not in s]
FORBIDDEN += [
    "INSERT INTO entries SELECT * FROM entries ON CONFLICT (seq) DO UPDATE SET actor = 'x'",
    "INSERT INTO requests SELECT * FROM requests ON CONFLICT (key) DO UPDATE SET digest = 'x'",
    "INSERT INTO cases SELECT * FROM cases ON CONFLICT (batch_id, item_id) DO UPDATE SET decision = 'release'",
    "TRUNCATE entries",
    "TRUNCATE cases, decisions",
    "MERGE INTO batches b USING batches o ON b.batch_id = o.batch_id WHEN MATCHED THEN DELETE",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_tables_refuse_what_nobody_may_do(store: Store, statement: str) -> None:
    alone.test_the_tables_refuse_what_nobody_may_do(store, statement)


@pytest.mark.parametrize(("statement", "code"), alone.TAMPERING[::3])  # what finds it is the same for both
def test_tampering_is_found_even_by_the_owner(store: Store, statement: str, code: str) -> None:
    alone.test_tampering_is_found_even_by_the_owner_of_the_file(store, statement, code)


# -- two processes on one database

WORKER = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from risk.access import make_actor
from risk.casework import Decision
from risk.store import open_store
url, beside, first = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
with open_store(url, beside=beside) as store:
    print("ready", flush=True)
    batch, release = sys.stdin.readline().strip(), Decision("release", ("low_score",), "The catalogue shows it.")
    def work(number):
        who = make_actor(f"r{number}", ["reviewer"])
        return [store.decide(f"CX{i:09d}QM", release, actor=who, batch_id=batch, key=f"{i}").seq
                for i in range(number, 240, 60)]
    with ThreadPoolExecutor(30) as pool:
        print(json.dumps([seq for part in pool.map(work, range(first, first + 30)) for seq in part]))
"""


def begin(script: str, *given: object) -> subprocess.Popen:
    child = subprocess.Popen(
        [sys.executable, "-c", script, *map(str, given)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return child


def test_two_processes_and_sixty_writers_keep_one_chain(new_database, tmp_path: Path) -> None:
    """Both open an empty database at once: one log begins. Then both write with thirty people each."""
    url, beside = new_database(), tmp_path / "seals" / "risk.db"
    children = [begin(WORKER, url, beside, first) for first in (0, 30)]
    assert [child.stdout.readline() for child in children] == ["ready\n"] * 2
    with open_store(url, beside=beside) as store:
        batch = store.open_cases(rows(240), NEW)
        for child in children:
            child.stdin.write(f"{batch.batch_id}\n")
            child.stdin.flush()
        numbers = [seq for child in children for seq in json.loads(child.communicate(timeout=120)[0])]
        assert sorted(numbers) == list(range(3, 243))
        decided = {d.item_id: d.decided_by for d in store.decisions()}
        assert decided == {item(i): f"r{i % 60}" for i in range(240)}
        assert store.counts()["status"]["closed"] == 240
        report = store.verify()
        assert report.ok, report.findings
        assert store.append("note", {}, actor=alone.ANN).seq == 243  # goes on after what the others wrote


def test_the_same_key_in_two_processes_counts_once(store: Store, url: str, tmp_path: Path) -> None:
    store.open_cases(rows(3), NEW)
    first = store.decide(item(0), RELEASE, actor=alone.ANN, key="form-1")
    with open_store(url, beside=tmp_path / "seals" / "risk.db") as other:
        again = other.decide(item(0), RELEASE, actor=alone.ANN, key="form-1")
        assert (again.seq, again.repeated) == (first.seq, True)
        with pytest.raises(Refused, match="already used for another submission"):
            other.append("other", {}, actor=alone.ANN, key="form-1")
        assert other.append("note", {}, actor=alone.BOB).seq == first.seq + 1
    assert store.head().actor == "bob" and store.verify().ok


KILLED = """
import sys
from pathlib import Path
from risk.access import local_actor
from risk.store import open_store
store = open_store(sys.argv[1], beside=Path(sys.argv[2]))
while True:
    print(store.append("note", {}, actor=local_actor()).seq, flush=True)
"""


def test_a_killed_process_loses_nothing_acknowledged_and_holds_up_nobody(store, url, tmp_path) -> None:
    child = begin(KILLED, url, tmp_path / "seals" / "risk.db")
    told = [int(child.stdout.readline()) for _ in range(20)]
    child.send_signal(signal.SIGKILL)
    told += [int(line) for line in child.stdout.read().splitlines()]
    child.communicate()
    after = store.append("note", {}, actor=local_actor()).seq  # its turn ended with it
    assert told == sorted(set(told)) and after > told[-1]
    assert all(store.entry(seq).event == "note" for seq in told)
    assert store.verify().ok


def test_a_class_goes_on_in_another_process(rooms: Rooms, url: str, tmp_path: Path) -> None:
    """Two halls on one database: each sees what the other's class did, and no seat is given twice."""
    with open_store(url, beside=tmp_path / "risk.db") as second:
        other = Rooms(second)
        alone_rooms.sit(rooms, "a")
        alone_rooms.sit(other, "b")
        assert list(rooms.room("s1").seats) == list(other.room("s1").seats) == ["a", "b"]
        alone_rooms.go(other, 2)
        alone_rooms.say(rooms, "a", "k1")
        assert alone_rooms.say(other, "a", "k1").events == ()
        assert other.room("s1") == rooms.room("s1") and other.digest("s1") == rooms.digest("s1")
        pseudonym = rooms.room("s1").seats["a"].pseudonym
        other.erase("s1", {"people": 2}, note=alone_rooms.note("class_erased"))
        with pytest.raises(NotFound, match="deleted"):
            rooms.room("s1")
        with closing(raw(second)) as foreign:
            assert foreign.execute("SELECT count(*) FROM class_events").fetchone() == (0,)
            size = foreign.execute("SELECT pg_relation_size('class_events')").fetchone()
            assert size == (0,), f"{pseudonym} may still stand in the table's file"
        assert second.verify().ok
    assert rules.MAX_SEATS == 60


# -- opening


def test_a_server_that_went_away_meanwhile_is_found_again(store: Store) -> None:
    """Connections that were cut between two changes are opened anew; nothing is lost and nobody is bothered."""
    first = store.append("note", {}, actor=alone.ANN).seq
    with closing(raw(store)) as foreign:
        foreign.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
                        "AND datname = current_database() AND backend_type = 'client backend'")  # fmt: skip
    assert store.append("note", {}, actor=alone.ANN).seq == first + 1 and store.verify().ok


def test_a_role_that_owns_nothing_can_write_and_cannot_take_the_guards_away(store: Store, url: str, tmp_path) -> None:
    with closing(raw(store)) as owner:
        role = f"clerk{os.urandom(4).hex()}"
        owner.execute(f"CREATE ROLE {role} LOGIN")
        owner.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    with open_store(url.replace("risk@", f"{role}@"), beside=tmp_path / "seals" / "risk.db") as clerk:
        clerk.open_cases(rows(2), NEW)
        clerk.decide(item(1), RELEASE, actor=alone.ANN)
        with closing(raw(clerk)) as foreign, pytest.raises(Exception, match="must be owner"):
            foreign.execute("ALTER TABLE entries DISABLE TRIGGER USER")
        assert clerk.verify().ok


def test_guards_that_were_dropped_stand_again_after_opening(store: Store, url: str, tmp_path: Path) -> None:
    with closing(raw(store)) as foreign:
        foreign.execute("DROP TRIGGER entries_update ON entries")
    open_store(url, beside=tmp_path / "seals" / "risk.db").close()
    with closing(raw(store)) as foreign, pytest.raises(alone.REFUSED):
        foreign.execute("UPDATE entries SET actor = 'x'")


def test_reading_only_changes_nothing(store: Store, url: str, tmp_path: Path) -> None:
    with open_store(url, beside=tmp_path / "seals" / "risk.db", read_only=True) as reader:
        assert reader.verify().ok and reader.seal().seq == 1
        with pytest.raises(NotRecorded, match="open for reading only"):
            reader.append("note", {}, actor=make_actor("ann", ["reviewer"]))
        with reader._reader.begin() as connection, pytest.raises(InternalError, match="read-only"):
            connection.exec_driver_sql("INSERT INTO meta VALUES ('x', 'y')")


def test_what_cannot_be_opened_is_said_without_secrets(new_database, tmp_path: Path) -> None:
    nowhere = "postgresql+psycopg://u:secret@127.0.0.1:1/risk"
    with pytest.raises(NotRecorded, match="could not be opened for writing") as refusal:
        open_store(nowhere, beside=tmp_path / "risk.db")
    assert "secret" not in str(refusal.value) and "\n" not in str(refusal.value)
    with pytest.raises(Refused, match="expected a database of this workbench"):
        open_store(new_database(), beside=tmp_path / "risk.db", read_only=True)
    with pytest.raises(BadSetting, match="a folder for the log's signing key"):
        open_store(nowhere)
    with pytest.raises(BadSetting, match="postgresql"):
        open_store("postgresql+psycopg://u:secret@h:port/risk", beside=tmp_path / "risk.db")


def test_a_workspace_takes_its_database_from_the_environment(url: str, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("RISK_DATABASE", url)
    space = workbench.Workspace.at(tmp_path)
    with closing(space.store()) as one, closing(space.store()) as two:
        assert one.shared and two.append("note", {}, actor=local_actor()).seq == 2
    assert workbench.verify_log(space).ok and not (tmp_path / "risk.db").exists()
