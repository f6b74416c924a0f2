"""Sessions in the database: durable, never twice, one order for all; deletion that leaves no byte behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from risk.access import local_actor
from risk.classroom import control, rules
from risk.classroom import events as ev
from risk.errors import ClassRefused, NotFound, NotRecorded, RiskError
from risk.store import Header, Note, Rooms, open_store
from tests.fixtures_classroom import make_setup

ME = local_actor("trainer")


def note(event: str = "class_opened", **payload) -> Note:
    return Note(ME, "run_session", event, payload)


def start(rooms: Rooms, session_id: str = "s1") -> None:
    header = Header(session_id, "ABCDEF", "Monday class", "trainer", "tiny", "th", "wh")
    rooms.open(header, ev.Opened(session_id, "Monday class", "trainer", make_setup().payload()), note=note())


def sit(rooms: Rooms, *names: str) -> None:
    for name in names:
        rooms.act(
            "s1", lambda room, n=name: rules.join(room, n, token_hash=f"secret-{n}"), key=f"join-{name}"
        )


def go(rooms: Rooms, to: int) -> None:
    for step in range(rooms.room("s1").stage.step + 1, to + 1):
        rooms.act("s1", lambda room, s=step: control.go_on(room, to=s), note=note("class_step", step=step))


def say(rooms: Rooms, seat: str, key: str, action: str = "release"):
    def rule(room):
        if room.knows(key, seat):
            return []
        place = rules.place_of(room, room.seats[seat])
        kind, do = (ev.Revised, rules.revise) if place.does == "revise" else (ev.Answered, rules.answer)
        return do(room, kind(seat, place.step, place.item_id, action, 70), key=key)

    return rooms.act("s1", rule, key=key)


@pytest.fixture
def rooms(tmp_path: Path):
    with open_store(tmp_path / "risk.db") as store:
        made = Rooms(store)
        start(made)
        yield made


def test_a_restart_finds_everything_where_it_was(tmp_path: Path) -> None:
    with open_store(tmp_path / "risk.db") as store:
        rooms = Rooms(store)
        start(rooms)
        sit(rooms, "a", "b")
        go(rooms, 2)
        say(rooms, "a", "k1", "examine")
        before, digest = rooms.room("s1"), rooms.digest("s1")
    with open_store(tmp_path / "risk.db") as store:
        again = Rooms(store)
        assert again.room("s1") == before and again.digest("s1") == digest
        assert again.headers()[0].code == "ABCDEF" and len(again.headers()[0].seal.replace("-", "")) == 16
        assert say(again, "a", "k1", "examine").events == (), "the same submission after a restart"
        say(again, "a", "k2")
        assert store.verify().ok


def test_a_submission_is_counted_once_however_often_it_is_sent(rooms: Rooms) -> None:
    sit(rooms, "a")
    go(rooms, 2)
    threads = [threading.Thread(target=say, args=(rooms, "a", "same")) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rooms.room("s1").seats["a"].answers) == 1


def test_sixty_at_once_get_sixty_different_seats_and_the_next_is_refused(rooms: Rooms) -> None:
    problems: list[str] = []

    def come(number: int) -> None:
        try:
            sit(rooms, f"p{number}")
        except ClassRefused as error:
            problems.append(str(error))

    threads = [threading.Thread(target=come, args=(n,)) for n in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    room = rooms.room("s1")
    assert len(room.seats) == rules.MAX_SEATS == 60 and len(problems) == 4
    assert len({s.pseudonym for s in room.seats.values()}) == 60


def test_a_refused_act_leaves_nothing(rooms: Rooms) -> None:
    before = rooms.room("s1")
    with pytest.raises(ClassRefused):
        rooms.act("s1", lambda room: control.go_on(room, to=5))
    with pytest.raises(NotFound):
        rooms.act("none", control.end)
    nobody = Note(local_actor("x").__class__("x", frozenset({"trainee"})), "run_session", "class_step", {})
    with pytest.raises(RiskError, match="may not run a training session"):
        rooms.act("s1", lambda room: control.go_on(room, to=1), note=nobody)
    assert rooms.room("s1") == before
    go(rooms, 1)


def test_a_failed_commit_is_not_remembered(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state in memory is made from rows that are really there, also after the disk refused a group."""
    from sqlalchemy.exc import OperationalError

    sit(rooms, "a")
    real = Rooms._write

    def broken(self, ledger, session_id, events, **more):
        done = real(self, ledger, session_id, events, **more)
        raise OperationalError("COMMIT", {}, OSError("database or disk is full")) if done else AssertionError

    monkeypatch.setattr(Rooms, "_write", broken)
    with pytest.raises(NotRecorded, match="do not continue"):
        sit(rooms, "b")
    monkeypatch.undo()
    assert list(rooms.room("s1").seats) == ["a"]
    sit(rooms, "c")
    assert list(rooms.room("s1").seats) == ["a", "c"]


def test_erasing_leaves_no_byte_of_a_person_in_any_file(tmp_path: Path) -> None:
    with open_store(tmp_path / "risk.db") as store:
        rooms = Rooms(store)
        start(rooms)
        sit(rooms, *(f"p{n}" for n in range(40)))
        go(rooms, 2)
        for n in range(40):
            say(rooms, f"p{n}", f"key-{n}")
        names = [s.pseudonym for s in rooms.room("s1").seats.values()]
        rooms.erase("s1", {"people": 40}, note=note("class_erased"))
        header = rooms.headers()[0]
        assert json.loads(header.summary) == {"people": 40} and header.erased_at > 0
        with pytest.raises(NotFound):
            rooms.room("s1")
        assert store.verify().ok
        kept = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
        traces = [n for n in names if n.encode() in kept] + [
            n for n in range(40) if f"secret-p{n}".encode() in kept
        ]
        assert not traces
        assert b"key-7" not in kept and b"join-p7" not in kept


KILL = """
import json, os, signal, sys, time
from tests.test_store_rooms import *

def child(path, pipe):
    rooms = Rooms(open_store(path))
    if not rooms.headers():
        start(rooms); sit(rooms, *(f"p{n}" for n in range(50))); go(rooms, 2)
    os.write(pipe, b"ready\\n")
    for n in range(50):
        for turn in range(4):
            if say(rooms, f"p{n}", f"p{n}-{turn}").events:
                os.write(pipe, f"p{n}-{turn}\\n".encode())
    signal.pause()

def one_round(path, turn):
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        child(path, writing)
    os.close(writing)
    assert os.read(reading, 6) == b"ready\\n"
    time.sleep(0.01 + 0.013 * turn)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    told = b"".join(iter(lambda: os.read(reading, 65536), b""))
    os.close(reading)
    return told.decode().split()

print(json.dumps([one_round(sys.argv[1], turn) for turn in range(6)]))
"""


def test_killed_again_and_again_no_acknowledged_answer_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "risk.db"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)}
    done = subprocess.run([sys.executable, "-c", KILL, str(path)], capture_output=True, text=True, timeout=200,
                          env=environment)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    acknowledged = [key for told in json.loads(done.stdout) for key in told]
    with open_store(path) as store:
        rooms = Rooms(store)
        keys = set().union(*rooms.room("s1").seat_keys.values())
        assert acknowledged and set(acknowledged) <= keys
        assert len(acknowledged) == len(set(acknowledged)), "none was counted twice"
        assert store.verify().ok
