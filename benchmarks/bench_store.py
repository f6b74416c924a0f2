"""How long a decision takes to be durable when sixty people decide at once, against the naive way.

    python -m benchmarks.bench_store [--writers 60] [--each 20] [--folder DIR]

Both ways write the same rows (log entry, decision, case, key) with ``synchronous=FULL`` and a write-ahead
log, in the same run, in a folder on the same disk. *Naive*: every write opens its own connection, begins an
immediate transaction, commits, closes. *Store*: the one writer thread with group commit. Each writer sends
its next decision as soon as the last is acknowledged, which is harsher than people are. The naive way's
median is low because SQLite's lock is unfair: its last holder mostly gets it again while others wait. Where a
PostgreSQL server is installed one is started on the same disk, and the same store is measured on it.
Nothing here is a test: the table states what this machine did.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

from benchmarks.measure import FIGURES, machine, table
from risk.access import make_actor
from risk.audit import Draft, Entry, next_entry
from risk.casework import Decision
from risk.store import NewBatch, Store, open_store
from tests.fixtures_postgres import missing, running_server

PARTS = (0.5, 0.99, 1.0)
CHOICE = Decision("examine", ("score_reasons",))


def selection(count: int) -> list[dict]:
    """Return `count` made rows of a selection."""
    same = {"lane": "red", "channel": "targeted", "inclusion_probability": 1.0, "risk_score": 0.4}
    return [
        same | {"item_id": f"CX{i:09d}QM", "margin": i % 997 / 100, "reason": "Low value for its weight"}
        for i in range(count)
    ]


def crowd(writers: int, each: int, write: Callable[[int, int], None]) -> list[float]:
    """Have `writers` threads write `each` times at once; return every wait in milliseconds, sorted."""
    waits: list[float] = []
    start = threading.Barrier(writers)

    def work(number: int) -> None:
        start.wait()
        for turn in range(each):
            began = time.perf_counter()
            write(number, turn)
            waits.append(1000 * (time.perf_counter() - began))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(waits)


def store_way(store: Store, each: int, *, batch_id: str) -> Callable[[int, int], None]:
    """Return a write that goes through the store."""

    def write(number: int, turn: int) -> None:
        who = make_actor(f"reviewer-{number}", ["reviewer"])
        item_id = f"CX{number * each + turn:09d}QM"
        store.decide(item_id, CHOICE, actor=who, batch_id=batch_id, key=f"{number}-{turn}")

    return write


def naive_way(path: Path, each: int) -> Callable[[int, int], None]:
    """Return a write that opens a connection of its own and writes the same rows by hand."""

    def write(number: int, turn: int) -> None:
        item_id = f"CX{number * each + turn:09d}QM"
        connection = sqlite3.connect(path, timeout=60, isolation_level=None)
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("BEGIN IMMEDIATE")
        row = connection.execute("SELECT * FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
        payload = '{"decision":"examine","reason_codes":["score_reasons"],"comment":"","agrees":true}'
        draft = Draft(f"reviewer-{number}", "reviewer", "case_decided", payload, item_id)
        entry = next_entry(Entry(*row), draft, utc="2026-01-05T08:00:00.000Z")
        connection.execute("INSERT INTO entries VALUES (?,?,?,?,?,?,?,?,?)", astuple(entry))
        cells = (entry.seq, "b", item_id, "examine", "examine", True, "[]", "", entry.actor, entry.utc)
        connection.execute("INSERT INTO decisions VALUES (?,?,?,?,?,?,?,?,?,?)", cells)
        change = (
            "UPDATE cases SET status = 'decided', decision = 'examine', changed_seq = ? WHERE item_id = ?"
        )
        connection.execute(change, (entry.seq, item_id))
        connection.execute("INSERT INTO requests VALUES (?,?,?)", (f"{number}-{turn}", "x", entry.seq))
        connection.execute("COMMIT")
        connection.close()

    return write


def milliseconds(work: Callable[[], object], times: int = 5) -> float:
    """Return the median time of `work` in milliseconds."""
    spent = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - began))
    return statistics.median(spent)


def share(waits: list[float], part: float) -> float:
    """Return the wait that `part` of all waits do not exceed."""
    return waits[min(len(waits) - 1, int(part * len(waits)))]


def row_of(name: str, numbers: list[float]) -> str:
    """Return one row of the table."""
    return f"| {name} | " + " | ".join(f"{number:.2f}" for number in numbers) + " |"


def measured(store: Store, writers: int, each: int) -> tuple[list[float], float]:
    """Return the waits of a crowd of writers, and how long its cases took to open, s."""
    rows = selection(max(writers * each, 10_000))
    began = time.perf_counter()
    batch = store.open_cases(rows, NewBatch("m", "d", writers * each))
    opening = time.perf_counter() - began
    return crowd(writers, each, store_way(store, each, batch_id=batch.batch_id)), opening


def on_postgres(folder: Path, writers: int, each: int) -> list[float]:
    """Return the waits on PostgreSQL; empty where there is no server."""
    if missing():
        return []
    with running_server(fsync=True) as server:
        url = f"postgresql+psycopg://risk@/postgres?host={server}"
        with open_store(url, beside=folder / "shared.db") as store:
            return measured(store, writers, each)[0]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--writers", type=int, default=60)
    parser.add_argument("--each", type=int, default=20)
    parser.add_argument("--folder", type=Path, help="where to write (default: a temporary folder)")
    given = parser.parse_args()
    total = given.writers * given.each
    print(machine("sqlalchemy"))
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        naive_path = Path(folder) / "naive.db"
        with open_store(naive_path) as made:
            made.open_cases(selection(total), NewBatch("m", "d", total))
        naive = crowd(given.writers, given.each, naive_way(naive_path, given.each))
        with open_store(Path(folder) / "store.db") as store:
            ours, opening = measured(store, given.writers, given.each)
            page, counts, verified = milliseconds(store.cases), milliseconds(store.counts), milliseconds(store.verify)
        shared = on_postgres(Path(folder), given.writers, given.each)
    ways = {"one connection a write": naive, "store, one writer": ours, "store on PostgreSQL": shared}
    ways = {name: [share(waits, part) for part in PARTS] for name, waits in ways.items() if waits}
    print(f"\n{given.writers} writers × {given.each} decisions, SQLite {sqlite3.sqlite_version}, wait in ms\n")
    print("| way | p50 | p99 | longest |\n|---|---|---|---|")
    print("\n".join(row_of(name, numbers) for name, numbers in ways.items()))
    print(f"\n10,000 cases opened in {opening:.2f} s, one log entry; a page of 50 of them {page:.1f} ms; counts per "
          f"lane, channel, status {counts:.1f} ms; {total + 2} entries, seals and tables verified in {verified:.0f} ms")
    first = ways.pop("one connection a write")
    rows = [[f"{name}: {given.writers} deciding at once, p50 {w[0]:.1f} ms; p99", f"{w[1]:.1f} ms",
             f"one connection a write (SQLite): {first[1]:.1f} ms", f"{w[1] / first[1]:.2f}"]
            for name, w in ways.items()]
    print("\n" + table(FIGURES, rows))


if __name__ == "__main__":
    main()
