"""The store: what is acknowledged is there, what is not is not, and nothing is changed unseen."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import risk.verify_log as lone
from risk.access import SYSTEM, local_actor, make_actor
from risk.audit import Draft, head_seal, next_entry, short_seal
from risk.casework import CHANNELS, LANES, Decision, Outcome
from risk.errors import BadSetting, CaseRefused, NotAllowed, NotFound, NotRecorded, Refused, StoreInUse
from risk.store import CaseFilter, EntryFilter, NewBatch, Store, open_store
from risk.store import database as database_module

try:
    from psycopg import IntegrityError
except ImportError:  # an extra: without it the tests on PostgreSQL are skipped
    from sqlite3 import IntegrityError
REFUSED = (sqlite3.IntegrityError, IntegrityError)

ANN, BOB = make_actor("ann", ["reviewer"]), make_actor("bob", ["reviewer"])
EXAMINE = Decision("examine", ("score_reasons",))
RELEASE = Decision("release", ("low_score",), "The catalogue shows this price.")
NEW = NewBatch("model-1", "digest-1", 50)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 8, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_minutes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


def rows(count: int, **cells: object) -> list[dict]:
    """Return a selection of `count` items with lanes, channels and margins mixed."""
    lanes, channels = list(LANES), list(CHANNELS)
    made = [
        {
            "item_id": f"CX{i:09d}QM",
            "lane": lanes[i % 3],
            "channel": channels[i // 3 % 3],
            "inclusion_probability": 0.5,
            "margin": (i * 37 % 101) / 10 - 5,
            "risk_score": 0.25,
            "reason": "Declared value is low for its weight",
        }
        for i in range(count)
    ]
    return [row | cells for row in made]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path, clock: Clock):
    with open_store(tmp_path / "cases.db", clock=clock) as opened:
        yield opened


def raw(store: Store):
    """Return a foreign connection to the store's database, as a stranger with a shell has it."""
    if not store.shared:
        return sqlite3.connect(store.path, timeout=5, isolation_level=None)
    import psycopg

    url = store._reader.url
    return psycopg.connect(host=url.query["host"], user=url.username, dbname=url.database, autocommit=True)


def content(foreign) -> list[list[tuple]]:
    """Everything in the guarded tables."""
    names = ("entries", "decisions", "cases", "batches", "requests")
    return [sorted(foreign.execute(f"SELECT * FROM {n}").fetchall(), key=repr) for n in names]


def item(number: int) -> str:
    return f"CX{number:09d}QM"


# -- the life of cases


def test_a_decision_and_its_entry_are_written_together(store, clock):
    batch = store.open_cases(rows(3), NEW)
    receipt = store.decide(item(0), EXAMINE, actor=ANN, batch_id=batch.batch_id, key="k")
    case, entry = store.case(item(0)), store.entry(receipt.seq)
    assert (case.status, case.decision, case.agrees, case.decided_by) == ("decided", "examine", True, "ann")
    assert (entry.event, entry.actor, entry.role, entry.item_id) == (
        "case_decided",
        "ann",
        "reviewer",
        item(0),
    )
    assert entry.data()["model_id"] == "model-1" and entry.hash == receipt.hash
    assert entry.utc == case.decided_utc == "2026-01-05T08:00:00.000Z"
    decision = store.decisions(item_id=item(0))[0]
    assert decision.role == "reviewer"
    assert (decision.seq, decision.reason_codes) == (receipt.seq, ("score_reasons",))
    store.record_outcome(item(0), Outcome("confirmed", "yes"), actor=ANN)
    assert store.case(item(0)).status == "closed" and store.verify().ok
    assert [e.event for e in store.entries_of(item(0))] == ["case_decided", "outcome_recorded"]


def test_a_refused_step_writes_nothing(store):
    store.open_cases(rows(3), NEW)
    before = store.head()
    for attempt in (
        lambda: store.decide(item(0), Decision("examine", ()), actor=ANN),
        lambda: store.record_outcome(item(0), Outcome("confirmed"), actor=ANN),
        lambda: store.reopen(item(0), "x", actor=ANN),
        lambda: store.release_claim(item(0), actor=ANN),
        lambda: store.snooze(item(0), "", actor=ANN),
    ):
        with pytest.raises(CaseRefused, match="Nothing was changed"):
            attempt()
    with pytest.raises(NotFound, match="No case named 'CX9'"):
        store.decide("CX9", EXAMINE, actor=ANN)
    assert store.head() == before and store.case(item(0)).status == "open"


def test_who_may_not_act_changes_nothing(store):
    store.open_cases(rows(3), NEW)
    before, viewer = store.head(), make_actor("vera", ["viewer"])
    for attempt in (
        lambda: store.decide(item(0), EXAMINE, actor=viewer),
        lambda: store.claim(item(0), actor=viewer),
        lambda: store.claim_next(actor=viewer),
        lambda: store.snooze(item(0), "x", actor=viewer),
        lambda: store.record_outcome(item(0), Outcome("confirmed"), actor=viewer),
        lambda: store.reopen(item(0), "x", actor=viewer),
        lambda: store.release_claim(item(0), actor=viewer),
        lambda: store.open_cases(rows(2), NEW, actor=viewer),
        lambda: store.append("model_promoted", {}, actor=viewer, action="promote"),
        lambda: store.decide(item(0), EXAMINE, actor=SYSTEM),
    ):
        with pytest.raises(NotAllowed, match="may not"):
            attempt()
    assert store.head() == before


def test_claims_and_snoozes_run_out_by_the_clock(store, clock):
    store.open_cases(rows(4), NEW)
    store.claim(item(0), actor=ANN, minutes=15)
    store.snooze(item(1), "waiting for documents", actor=ANN, hours=2)
    assert store.case(item(0)).holder == "ann"
    assert store.counts()["status"] == {"open": 2, "claimed": 1, "snoozed": 1, "decided": 0, "closed": 0}
    with pytest.raises(CaseRefused, match="ann is working on it"):
        store.decide(item(0), EXAMINE, actor=BOB)
    clock.pass_minutes(15)
    assert store.case(item(0)).status == "open" and store.counts()["status"]["open"] == 3
    assert {c.item_id for c in store.cases(CaseFilter(statuses=("open",))).rows} == {
        item(0),
        item(2),
        item(3),
    }
    store.decide(item(0), EXAMINE, actor=BOB)
    clock.pass_minutes(120)
    assert store.counts()["status"]["open"] == 3 and store.verify().ok


def test_two_reviewers_never_hold_the_same_case(store):
    store.open_cases(rows(30), NEW)
    people = [make_actor(f"r{i}", ["reviewer"]) for i in range(10)]
    with ThreadPoolExecutor(10) as pool:
        same = list(pool.map(lambda who: attempt_claim(store, who), people))
        taken = list(pool.map(lambda who: store.claim_next(actor=who).item_id, people))
    assert sum(same) == 1
    assert len(set(taken)) == 10 and item(0) not in taken
    best = [c.item_id for c in store.cases(size=30).rows if c.item_id != item(0)][:10]
    assert set(taken) == set(best)


def attempt_claim(store: Store, who) -> bool:
    try:
        store.claim(item(0), actor=who)
    except CaseRefused:
        return False
    return True


def test_claiming_next_under_a_filter_says_when_nothing_is_left(store):
    store.open_cases(rows(3), NEW)
    assert store.claim_next(actor=ANN, which=CaseFilter(lanes=("red",))).item_id == item(0)
    with pytest.raises(NotFound, match="Every case under this filter"):
        store.claim_next(actor=BOB, which=CaseFilter(lanes=("red",)))


def test_reopening_keeps_the_earlier_decision_on_record(store):
    store.open_cases(rows(3), NEW)
    store.decide(item(0), RELEASE, actor=ANN)
    store.reopen(item(0), "clicked the wrong item", actor=ANN)
    store.decide(item(0), EXAMINE, actor=ANN)
    assert [d.decision for d in store.decisions(item_id=item(0))] == ["release", "examine"]
    assert store.case(item(0)).decision == "examine" and store.verify().ok


def test_the_newest_batch_is_the_default_and_older_ones_stay(store):
    old = store.open_cases(rows(3), NEW)
    new = store.open_cases(rows(2), NewBatch("model-2", "digest-2", 2))
    assert [b.batch_id for b in store.batches()] == [new.batch_id, old.batch_id]
    assert store.cases().total == 2 and store.cases(CaseFilter(batch_id=old.batch_id)).total == 3
    store.decide(item(0), EXAMINE, actor=ANN, batch_id=old.batch_id)
    assert store.case(item(0)).status == "open" and store.case(item(0)).model_id == "model-2"
    assert store.case(item(0), batch_id=old.batch_id).status == "decided"
    assert store.case(item(2)).batch_id == old.batch_id  # only the older batch has this item
    assert store.verify().ok


# -- opening batches


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ({"lane": "blue"}, "lane is 'blue'"),
        ({"margin": float("nan")}, "margin is nan"),
        ({"item_id": "CX000000000QM"}, "twice"),
        ({"item_id": "a\nb"}, "item_id is"),
    ],
)
def test_a_selection_with_one_bad_row_opens_nothing(store, bad, said):
    made = rows(5)
    made[3] |= bad
    before = store.head()
    with pytest.raises(Refused, match=said):
        store.open_cases(made, NEW)
    del made[3]["reason"]
    with pytest.raises(Refused, match="no reason; expected item_id, lane"):
        store.open_cases(made, NEW)
    assert store.head() == before and store.batches() == []


def test_a_batch_is_one_entry_with_the_digest_of_its_cases(store):
    batch = store.open_cases(rows(500), NEW, key="run-1")
    again = store.open_cases(rows(500)[::-1], NEW, key="run-1")
    assert again == batch and batch.cases == 500 and store.cases().total == 500
    assert store.head().event == "batch_opened" and store.head().data()["digest"] == batch.digest
    assert store.head().seq == 2 and store.verify().ok


def test_an_empty_selection_is_a_batch_too(store):
    store.open_cases([], NEW)
    assert store.cases().total == 0 and store.cases().pages == 1 and store.verify().ok


def test_frames_with_numpy_values_are_taken(store):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rows(20))
    batch = store.open_cases(frame.to_dict("records"), NewBatch("m", "d", frame["margin"].size))
    assert batch.cases == 20 and store.verify().ok


# -- paging and filters


def test_pages_together_are_the_whole_in_order(store):
    store.open_cases(rows(57), NEW)
    whole = store.cases(size=100).rows
    parts = [c for page in range(1, 8) for c in store.cases(page=page, size=10).rows]
    assert parts == whole and len(whole) == 57 and store.cases(page=7, size=10).rows == []
    assert [c.margin for c in whole] == sorted((c.margin for c in whole), reverse=True)
    by_id = store.cases(size=100, order="item_id").rows
    assert [c.item_id for c in by_id] == sorted(c.item_id for c in whole)
    store.decide(item(7), RELEASE, actor=ANN)
    assert store.cases(order="changed").rows[0].item_id == item(7)


def test_filters_agree_with_filtering_in_python(store):
    store.open_cases(rows(60), NEW)
    for number in range(0, 60, 7):
        store.claim(item(number), actor=ANN)
    whole = store.cases(size=100).rows
    for lanes, channels, statuses, text in product(
        ((), ("red",), ("red", "green")), ((), ("random",)), ((), ("claimed",)), ("", "00001", "%", "cx", "_")
    ):
        which = CaseFilter(lanes=lanes, channels=channels, statuses=statuses, text=text)
        expected = [
            c
            for c in whole
            if (not lanes or c.lane in lanes)
            and (not channels or c.channel in channels)
            and (not statuses or c.status in statuses)
            and text.lower() in c.item_id.lower()
        ]
        assert store.cases(which, size=100).rows == expected
        counts = store.counts(which)
        assert all(sum(part.values()) == len(expected) for part in counts.values())
        assert counts["lane"]["red"] == sum(c.lane == "red" for c in expected)
    assert {c.holder for c in store.cases(CaseFilter(holder="ann")).rows} == {"ann"}


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda s: s.cases(CaseFilter(lanes=("rd",))), "Did you mean 'red'"),
        (lambda s: s.cases(CaseFilter(statuses=("done",))), "status is 'done'"),
        (lambda s: s.cases(order="score"), "one of margin, item_id, changed"),
        (lambda s: s.cases(page=0), "page at least 1"),
        (lambda s: s.cases(size=1001), "size 1–1000"),
        (lambda s: s.append("case_decided", {}, actor=ANN), "an event of another room"),
    ],
)
def test_questions_that_make_no_sense_are_refused(store, ask, said):
    with pytest.raises(BadSetting, match=said):
        ask(store)


def test_log_entries_are_found_by_filter_and_page(store, clock):
    for number in range(12):
        clock.pass_minutes(1)
        who = ANN if number % 2 else BOB
        store.append(f"event_{number % 3}", {"n": number}, actor=who, item_id=item(number % 4))
    page = store.entries(EntryFilter(events=("event_1", "event_2"), actor="ann"), size=2)
    assert page.total == 4 and page.pages == 2 and [e.data()["n"] for e in page.rows] == [11, 7]
    since = store.entries(
        EntryFilter(since_utc="2026-01-05T08:10:00.000Z", until_utc="2026-01-05T08:12:00.000Z")
    )
    assert [e.data()["n"] for e in since.rows] == [10, 9]
    assert [e.data()["n"] for e in store.entries_of(item(1))] == [1, 5, 9]
    with pytest.raises(NotFound, match="log entry named '99'"):
        store.entry(99)


# -- submitted twice


def test_a_double_submit_returns_the_first_result(store):
    store.open_cases(rows(3), NEW)
    first = store.decide(item(0), EXAMINE, actor=ANN, key="form-1")
    again = store.decide(item(0), EXAMINE, actor=ANN, key="form-1")
    assert (again.seq, again.hash, again.repeated) == (first.seq, first.hash, True) and not first.repeated
    assert len(store.decisions()) == 1


def test_a_double_submit_at_the_same_moment_writes_once(store):
    store.open_cases(rows(3), NEW)
    with ThreadPoolExecutor(20) as pool:
        receipts = list(
            pool.map(lambda _: store.decide(item(0), EXAMINE, actor=ANN, key="form-1"), range(20))
        )
    assert len({r.seq for r in receipts}) == 1 and sum(not r.repeated for r in receipts) == 1
    assert len(store.decisions()) == 1


def test_a_key_is_for_one_submission_only(store):
    store.open_cases(rows(3), NEW)
    store.decide(item(0), EXAMINE, actor=ANN, key="form-1")
    for attempt in (
        lambda: store.decide(item(0), RELEASE, actor=ANN, key="form-1"),
        lambda: store.decide(item(1), EXAMINE, actor=ANN, key="form-1"),
        lambda: store.decide(item(0), EXAMINE, actor=BOB, key="form-1"),
        lambda: store.append("other", {}, actor=ANN, key="form-1"),
    ):
        with pytest.raises(Refused, match="already used for another submission"):
            attempt()
    assert store.head().event == "case_decided" and len(store.decisions()) == 1


def test_a_key_whose_first_submission_was_refused_can_be_used_again(store):
    store.open_cases(rows(3), NEW)
    with pytest.raises(CaseRefused):
        store.decide(item(0), Decision("examine", ()), actor=ANN, key="form-1")
    assert not store.decide(item(0), EXAMINE, actor=ANN, key="form-1").repeated


def test_a_key_is_remembered_after_a_restart(tmp_path):
    with open_store(tmp_path / "cases.db") as store:
        first = store.append("note", {"a": 1}, actor=ANN, key="k")
    with open_store(tmp_path / "cases.db") as store:
        assert store.append("note", {"a": 1}, actor=ANN, key="k").seq == first.seq


# -- many at once


def test_sixty_writers_at_once_lose_nothing(store):
    batch = store.open_cases(rows(300), NEW)
    start = threading.Barrier(60)

    def work(number: int) -> list[int]:
        who = make_actor(f"r{number}", ["reviewer"])
        start.wait()
        return [
            store.decide(item(i), RELEASE, actor=who, batch_id=batch.batch_id, key=f"{number}-{i}").seq
            for i in range(number, 300, 60)
        ]

    with ThreadPoolExecutor(60) as pool:
        numbers = [seq for part in pool.map(work, range(60)) for seq in part]
    assert sorted(numbers) == list(range(3, 303))
    assert {d.item_id: d.decided_by for d in store.decisions()} == {item(i): f"r{i % 60}" for i in range(300)}
    assert store.counts()["status"]["closed"] == 300 and store.verify().ok


def test_a_refusal_or_a_bug_does_not_disturb_the_changes_committed_with_it(store):
    store.open_cases(rows(10), NEW)
    started, hold = threading.Event(), threading.Event()

    def blocker(ledger) -> str:
        started.set()
        hold.wait(10)
        return "first"

    def bug(ledger) -> None:
        ledger.connection.exec_driver_sql("INSERT INTO meta VALUES ('half', 'written')")
        raise KeyError("a programming mistake")

    with ThreadPoolExecutor(5) as pool:
        jobs = [pool.submit(store._writer.run, blocker)]
        started.wait(10)
        jobs.append(pool.submit(store.decide, item(0), RELEASE, actor=ANN))
        jobs.append(pool.submit(store.decide, item(1), Decision("examine", ()), actor=ANN))
        jobs.append(pool.submit(store._writer.run, bug))
        jobs.append(pool.submit(store.decide, item(2), RELEASE, actor=BOB))
        while store._writer._queue.qsize() < 4:
            pass
        hold.set()
    assert jobs[0].result() == "first" and {jobs[1].result().seq, jobs[4].result().seq} == {3, 4}
    with pytest.raises(CaseRefused):
        jobs[2].result()
    with pytest.raises(KeyError):
        jobs[3].result()
    with closing(raw(store)) as foreign:
        assert foreign.execute("SELECT count(*) FROM meta WHERE name = 'half'").fetchone() == (0,)
    assert store.verify().ok


# -- guards

FORBIDDEN = [
    "UPDATE entries SET actor = 'x' WHERE seq = 2",
    "UPDATE OR REPLACE entries SET seq = 1 WHERE seq = 2",
    "DELETE FROM entries WHERE seq = 3",
    "DELETE FROM entries",
    "INSERT INTO entries VALUES (99, 't', 'a', 'r', 'e', '', '{}', 'p', 'h')",
    "INSERT INTO entries SELECT seq + 2, utc, actor, role, event, item_id, payload, prev_hash, hash "
    "FROM entries",
    "INSERT OR REPLACE INTO entries SELECT seq, utc, 'x', role, event, item_id, payload, prev_hash, hash "
    "FROM entries WHERE seq = 3",
    "REPLACE INTO entries VALUES (2, 't', 'a', 'r', 'e', '', '{}', 'p', 'h')",
    "INSERT OR IGNORE INTO entries (rowid, utc, actor, role, event, item_id, payload, prev_hash, hash) "
    "VALUES (NULL, 't', 'a', 'r', 'e', '', '{}', 'p', 'h')",
    "UPDATE decisions SET decision = 'release'",
    "DELETE FROM decisions",
    "INSERT OR REPLACE INTO decisions SELECT seq, batch_id, item_id, 'release', suggested, agrees, "
    "reason_codes, comment, decided_by, decided_utc FROM decisions",
    "INSERT INTO decisions SELECT seq + 1, batch_id, item_id, 'release', suggested, agrees, reason_codes, "
    "comment, decided_by, decided_utc FROM decisions",
    "UPDATE cases SET decision = 'release'",
    "UPDATE cases SET margin = 9, changed_seq = 3 WHERE changed_seq = 2",
    "UPDATE cases SET outcome = 'confirmed', changed_seq = 3 WHERE changed_seq = 3",
    "DELETE FROM cases",
    "INSERT OR REPLACE INTO cases SELECT * FROM cases",
    "UPDATE batches SET capacity = 1",
    "DELETE FROM batches",
    "INSERT OR REPLACE INTO batches SELECT * FROM batches",
    "UPDATE requests SET seq = 2",
    "DELETE FROM requests",
    "INSERT OR REPLACE INTO requests SELECT key, 'x', seq FROM requests",
]


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_tables_refuse_what_nobody_may_do(store, statement):
    store.open_cases(rows(3), NEW)
    store.decide(item(0), EXAMINE, actor=ANN, key="k")
    with closing(raw(store)) as foreign:
        before = content(foreign)
        with pytest.raises(REFUSED):
            foreign.execute(statement)
        assert content(foreign) == before
    assert store.verify().ok


# -- tampering past the guards


def without_guards(store: Store):
    """Return a connection after dropping every trigger: someone who owns the database."""
    foreign = raw(store)
    if store.shared:
        for table in ("entries", "decisions", "cases", "batches", "requests"):
            foreign.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        return foreign
    for (name,) in foreign.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        foreign.execute(f"DROP TRIGGER {name}")
    return foreign


TAMPERING = [
    ("UPDATE entries SET actor = 'bob' WHERE seq = 4", "edited"),
    ("UPDATE entries SET payload = replace(payload, 'examine', 'release') WHERE seq = 3", "edited"),
    ("UPDATE entries SET payload = 'not json' WHERE seq = 3", "edited"),
    ("DELETE FROM entries WHERE seq = 4", "deleted"),
    ("DELETE FROM entries WHERE seq = 1", "deleted"),
    ("DELETE FROM entries WHERE seq >= 5", "truncated"),
    ("DELETE FROM entries", "empty"),
    ("UPDATE entries SET seq = CASE seq WHEN 4 THEN -5 ELSE -4 END WHERE seq IN (4, 5)", "renumbered"),
    ("INSERT INTO entries SELECT 7, utc, actor, role, event, item_id, payload, hash, hash FROM entries "
     "WHERE seq = 6", "edited"),
    ("UPDATE decisions SET decision = 'release' WHERE seq = 3", "table_differs"),
    ("UPDATE decisions SET comment = 'x' WHERE seq = 3", "table_differs"),
    ("DELETE FROM decisions WHERE seq = 3", "table_differs"),
    ("INSERT INTO decisions SELECT 99, batch_id, item_id, decision, suggested, agrees, reason_codes, "
     "comment, decided_by, decided_utc FROM decisions LIMIT 1", "table_differs"),
    ("UPDATE cases SET decision = 'release' WHERE decision = 'examine'", "table_differs"),
    ("UPDATE cases SET status = 'closed' WHERE status = 'open'", "table_differs"),
    ("UPDATE cases SET changed_seq = 6", "table_differs"),
    ("UPDATE cases SET margin = 9 WHERE status = 'open'", "table_differs"),
    ("DELETE FROM cases WHERE status = 'open'", "table_differs"),
    ("DELETE FROM cases", "table_differs"),
    ("INSERT INTO cases SELECT batch_id, 'CX9', model_id, lane, channel, inclusion_probability, margin, "
     "risk_score, reason, 'open', '', '', '', '', '', NULL, '', '', '', '', 2 FROM cases LIMIT 1",
     "table_differs"),
    ("INSERT INTO cases SELECT 'b9', item_id, model_id, lane, channel, inclusion_probability, margin, "
     "risk_score, reason, 'open', '', '', '', '', '', NULL, '', '', '', '', 2 FROM cases LIMIT 1",
     "table_differs"),
    ("UPDATE batches SET capacity = 1", "table_differs"),
    ("DELETE FROM batches", "table_differs"),
    ("INSERT INTO batches VALUES ('b9', 9, 'm', 'd', 1, 0, 'x', 't')", "table_differs"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "code"), TAMPERING)
def test_tampering_is_found_even_by_the_owner_of_the_file(store, statement, code):
    store.open_cases(rows(3), NEW)
    store.decide(item(0), EXAMINE, actor=ANN)
    for number in range(3):
        store.append("note", {"n": number}, actor=ANN)
    store.seal()
    foreign = without_guards(store)
    assert store.verify().ok
    foreign.execute(statement)
    foreign.execute("UPDATE entries SET seq = -seq WHERE seq < 0")
    foreign.close()
    report = store.verify()
    assert code in [f.code for f in report.findings], report.findings
    assert "NOT intact" in report.sentence


def test_a_log_rewritten_with_recomputed_hashes_shows_against_the_seal(store):
    for number in range(6):
        store.append("note", {"n": number}, actor=ANN)
    noted = short_seal(store.seal().head_hash)
    entries = store.entries(size=100).rows[::-1]
    foreign, before = without_guards(store), entries[2]
    for entry in entries[3:]:  # from entry 4 on, everything says bob, with every hash made to fit
        before = next_entry(before, Draft("bob", entry.role, entry.event, entry.payload), utc=entry.utc)
        forged = (before.actor, before.prev_hash, before.hash, before.seq)
        mark = "%s" if store.shared else "?"
        sql = f"UPDATE entries SET actor={mark}, prev_hash={mark}, hash={mark} WHERE seq={mark}"
        foreign.execute(sql, forged)
    foreign.close()
    assert [f.code for f in store.verify().findings] == ["rewritten"]
    store._book.seals_file.unlink()
    assert store.verify().ok  # without seals a consistent rewrite cannot be seen …
    assert [f.code for f in store.verify(written_down=[noted]).findings] == [
        "seal_unknown"
    ]  # … but by a note


# -- seals and export


def test_the_signing_key_is_private_and_outside_the_database(store, tmp_path):
    seal = store.seal()
    key = tmp_path / "cases.seal-key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600 and b"PRIVATE KEY" in key.read_bytes()
    assert b"PRIVATE" not in store.path.read_bytes()
    assert store.seals() == [seal] and store.verify().sealed_to == seal.seq == 1
    assert store.verify(written_down=[head_seal(seal.head_hash)]).ok


def test_the_log_is_sealed_when_the_store_closes_and_now_and_then(tmp_path, monkeypatch):
    monkeypatch.setattr("risk.store.store.Store._seal_if_due.__kwdefaults__", {"every": 5})
    with open_store(tmp_path / "cases.db") as store:
        for number in range(9):
            store.append("note", {"n": number}, actor=ANN)
        store._writer.run(lambda ledger: None)  # the writer seals before it takes the next change
        assert [seal.seq for seal in store.seals()] == [5, 10]
        store.append("note", {"n": 9}, actor=ANN)
    with open_store(tmp_path / "cases.db") as store:
        assert [seal.seq for seal in store.seals()] == [5, 10, 11]
    with open_store(tmp_path / "cases.db", read_only=True) as reader:
        assert [seal.seq for seal in reader.seals()] == [5, 10, 11]


def test_a_seal_line_cut_short_by_a_crash_spoils_only_itself(store):
    first = store.seal()
    with open(store._book.seals_file, "a") as file:
        file.write('{"seq":2,"utc":"2026-')
    assert store.verify().ok
    second = store.seal()
    assert store.seals() == [first, second] and store.verify().ok


def test_an_altered_seals_file_is_reported(store):
    store.seal()
    text = store._book.seals_file.read_text()
    store._book.seals_file.write_text("something else\n" + text.replace('"signature":"', '"signature":"00'))
    assert [f.code for f in store.verify().findings] == ["bad_signature", "bad_signature"]


def test_entries_stay_recorded_when_sealing_fails_and_the_store_says_so(tmp_path):
    store = open_store(tmp_path / "cases.db")
    store._book.seals_file.mkdir()
    store.close()
    assert "could not be sealed" in store.seal_problem
    store._book.seals_file.rmdir()
    with open_store(tmp_path / "cases.db") as store:
        assert store.verify().ok and store.head().seq == 1


def test_an_export_is_whole_and_a_stranger_can_check_it(store, tmp_path, capsys):
    store.open_cases(rows(5), NEW)
    store.append("note", {"text": 'quotes " \u2028 é =cmd()'}, actor=ANN)
    store.seal()
    done = store.export(tmp_path / "log.jsonl")
    assert done.entries == 3 and lone.main([str(done.path)]) == 0
    assert f"head {done.head}" in capsys.readouterr().out and (tmp_path / "log.jsonl.public.pem").is_file()
    lines = done.path.read_text(encoding="utf-8").split("\n")
    done.path.write_text("\n".join([lines[0], *lines[2:]]), encoding="utf-8")
    assert lone.main([str(done.path)]) == 1
    store.export(tmp_path / "log.jsonl")
    assert lone.main([str(done.path)]) == 0
    assert not list(tmp_path.glob("*.part"))


def test_a_failed_export_leaves_the_old_file(store, tmp_path):
    done = store.export(tmp_path / "log.jsonl")
    before = done.path.read_bytes()
    foreign = without_guards(store)
    foreign.execute("UPDATE entries SET payload = x'ff'")
    foreign.close()
    with pytest.raises(Exception, match="bytes"):
        store.export(tmp_path / "log.jsonl")
    assert done.path.read_bytes() == before and not list(tmp_path.glob("*.part"))


@settings(max_examples=25, deadline=None)
@given(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=50
    ).filter(str.strip)
)
def test_any_text_comes_back_as_it_was_written(tmp_path_factory, text):
    with open_store(tmp_path_factory.mktemp("text") / "cases.db") as store:
        store.open_cases(rows(1, reason=text), NEW)
        store.decide(item(0), Decision("release", ("other",), text), actor=ANN)
        assert store.decisions()[0].comment == text.strip() and store.case(item(0)).reason == text
        assert store.verify().ok


def test_newlines_in_a_comment_forge_no_entry(store, tmp_path):
    """Neither in the log nor in its export, where an entry is a line."""
    store.open_cases(rows(1), NEW)
    lie = 'fine\n{"seq": 3, "event": "promote", "actor": "ann"}\r\n\u2028{"seq": 4}\x85\x0b end'
    store.decide(item(0), Decision("release", ("other",), lie), actor=ANN)
    done = store.export(tmp_path / "log.jsonl")
    lines = done.path.read_bytes().rstrip(b"\n").split(b"\n")
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, store.head().seq + 1)) == [1, 2, 3]
    assert store.decisions()[0].comment == lie and store.verify().ok and lone.main([str(done.path)]) == 0


# -- opening, closing, and everything that can go wrong


def test_one_writer_only_and_readers_beside_it(store, tmp_path):
    with pytest.raises(
        StoreInUse, match=rf"cases.db is already open for writing \(process {os.getpid()} since"
    ):
        open_store(store.path)
    with pytest.raises(StoreInUse):
        open_store(f"sqlite:///{store.path}")
    script = "import sys; from risk.store import open_store; open_store(sys.argv[1])"
    done = subprocess.run(
        [sys.executable, "-c", script, str(store.path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1 and "StoreInUse" in done.stderr
    store.append("note", {}, actor=ANN)
    with open_store(store.path, read_only=True) as reader:
        assert reader.verify().ok and reader.head().seq == 2
        assert reader.export(tmp_path / "log.jsonl").entries == 2 and reader.seal().seq == 2
        with pytest.raises(NotRecorded, match="open for reading only"):
            reader.append("note", {}, actor=ANN)
    store.append("note", {}, actor=ANN)
    assert store.verify().ok


def test_a_closed_store_says_not_recorded_and_can_be_opened_again(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/deep/folder/cases.db")
    store.close()
    store.close()
    with pytest.raises(NotRecorded, match="not recorded – do not continue"):
        store.append("note", {}, actor=ANN)
    assert not list((tmp_path / "deep/folder").glob("*-wal"))
    with open_store(tmp_path / "deep/folder/cases.db") as again:
        assert again.head().event == "log_opened"


def test_two_logs_never_share_a_seal(tmp_path, clock):
    with open_store(tmp_path / "a.db", clock=clock) as one, open_store(tmp_path / "b.db", clock=clock) as two:
        assert one.head().hash != two.head().hash


@pytest.mark.parametrize(
    "url", ["postgresql://u:secret@h/db", "sqlite://", "sqlite:///:memory:", "mysql://u:secret@h/d"]
)
def test_a_database_that_is_not_a_file_is_refused_without_repeating_secrets(url):
    with pytest.raises(BadSetting, match="expected sqlite:///FILE") as refusal:
        open_store(url)
    assert "secret" not in str(refusal.value)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(NotRecorded, match="file cannot be written to .*name a folder"):
        open_store(tmp_path / "file" / "cases.db")


def test_files_that_are_no_store_are_refused_and_left_alone(tmp_path):
    path = tmp_path / "cases.db"
    with pytest.raises(NotFound, match="No database named"):
        open_store(path, read_only=True)
    path.write_bytes(b"something else entirely, not a database" * 100)
    before = path.read_bytes()
    with pytest.raises(NotRecorded, match="not a database"):
        open_store(path)
    with pytest.raises(Refused, match="not a database"):
        open_store(path, read_only=True)
    assert path.read_bytes() == before


def test_a_store_of_another_format_is_refused(tmp_path):
    with open_store(tmp_path / "cases.db") as store:
        foreign = raw(store)
        foreign.execute("UPDATE meta SET value = '99' WHERE name = 'format'")
        foreign.close()
    for read_only in (False, True):
        with pytest.raises(Refused, match="store format '99'; expected '1'"):
            open_store(tmp_path / "cases.db", read_only=read_only)


def test_a_locked_database_says_not_recorded_and_goes_on_later(tmp_path, monkeypatch):
    monkeypatch.setattr(database_module, "BUSY_SECONDS", 0.05)
    with open_store(tmp_path / "cases.db") as store:
        store.open_cases(rows(2), NEW)
        foreign = raw(store)
        foreign.execute("BEGIN IMMEDIATE")
        with pytest.raises(NotRecorded, match="do not continue. Cause: database is locked"):
            store.decide(item(0), RELEASE, actor=ANN, key="k")
        assert store.case(item(0)).status == "open"  # reading still works
        foreign.execute("ROLLBACK")
        foreign.close()
        assert not store.decide(item(0), RELEASE, actor=ANN, key="k").repeated
        assert store.verify().ok


FULL_DISK = """
import resource, sys
from risk.access import SYSTEM
from risk.errors import NotRecorded
from risk.store import open_store
store = open_store(sys.argv[1])
kept = []
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, resource.RLIM_INFINITY))  # files may not grow past this
refused = 0
for number in range(400):
    try:
        kept.append(store.append("note", {"n": number, "text": "x" * 500}, actor=SYSTEM).seq)
    except NotRecorded as error:
        assert str(error).startswith("not recorded"), error
        refused += 1
        if refused == 5:
            break
assert refused == 5, "the disk never filled up"
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
kept.append(store.append("note", {"n": "after"}, actor=SYSTEM).seq)
report = store.verify()
assert report.ok, report.findings
assert kept == list(range(2, 2 + len(kept))) and report.entries == len(kept) + 1, (kept[-3:], report.entries)
store.close()
print("done", len(kept))
"""


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "cases.db")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and done.stdout.startswith("done"), done.stderr
    with open_store(tmp_path / "cases.db") as store:
        assert store.verify().ok


KILL = """
import json, os, random, select, signal, sys, threading, time
from pathlib import Path
from risk.access import local_actor
from risk.casework import Decision
from risk.errors import Refused, NotFound
from risk.store import NewBatch, open_store

folder, rounds, chance = Path(sys.argv[1]), int(sys.argv[2]), random.Random(20260105)
me = local_actor()
RELEASE = Decision("release", ("low_score",))
ROW = dict(lane="green", channel="random", inclusion_probability=0.5, margin=0.0, risk_score=0.5, reason="x")

def child(path, pipe, number):
    store = open_store(path)
    batch = store.open_cases([ROW | {"item_id": f"CX{i}"} for i in range(30)], NewBatch("m", "d", 30))
    def work(part):
        for i in range(part, 30, 3):
            key = f"{number}-{i}"
            done = store.decide(f"CX{i}", RELEASE, actor=me, batch_id=batch.batch_id, key=key)
            os.write(pipe, f"{done.seq} {done.hash}\\n".encode())
        while True:
            done = store.append("note", {"round": number}, actor=me)
            os.write(pipe, f"{done.seq} {done.hash}\\n".encode())
    for part in range(3):
        threading.Thread(target=work, args=(part,)).start()

def one_round(path, number):
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        child(path, writing, number)
        signal.pause()
    os.close(writing)
    if number % 4:  # in three of four rounds it is writing when it is killed, however busy the machine
        select.select([reading], [], [], 5)
    time.sleep(chance.uniform(0.0, 0.1))
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    told = b"".join(iter(lambda: os.read(reading, 65536), b""))
    os.close(reading)
    return [line.split() for line in told.decode().split("\\n")[:-1]]

kept, total, during_start, path = {}, 0, 0, None
for number in range(rounds):
    if number % 20 == 0:  # start a new file now and then: the moments of creation are hit too
        kept, path = {}, folder / f"cases{number}.db"
    told = one_round(path, number)
    kept.update({int(seq): hash_ for seq, hash_ in told})
    total += len(told)
    during_start += not told
    if number % 20 == 0 and not kept:
        open_store(path).close()  # a file killed at birth must still open
        continue
    with open_store(path, read_only=True) as store:
        report = store.verify()
        assert report.ok, (number, report.findings[:3])
        pages = [store.entries(page=page, size=1000).rows for page in range(1, 9)]
        found = {entry.seq: entry.hash for page in pages for entry in page}
        lost = {seq for seq, hash_ in kept.items() if found.get(seq) != hash_}
        assert not lost, (number, sorted(lost)[:5])
print(json.dumps({"rounds": rounds, "acknowledged": total, "killed_while_opening": during_start}))
"""


def test_killed_a_hundred_times_nothing_acknowledged_is_lost(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", KILL, str(tmp_path), "100"], capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout)
    assert seen["rounds"] == 100 and seen["acknowledged"] > 300
    for path in tmp_path.glob("*.db"):
        with open_store(path) as store:
            assert store.verify().ok and store.append("note", {}, actor=local_actor()).seq > 1
