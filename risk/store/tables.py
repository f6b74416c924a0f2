"""The tables, and the triggers that guard them, per database dialect.

The guards stop mistakes and casual edits through any connection; the hash chain shows what gets past
them (whoever owns the file can drop a trigger, but cannot make the chain fit again unseen).
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from risk.audit import GENESIS

__all__ = [
    "FIXED",
    "FORMAT",
    "GUARDS",
    "batches",
    "cases",
    "decisions",
    "entries",
    "facets",
    "meta",
    "metadata",
    "requests",
]

FORMAT = "1"  # raise it when a table changes, and say in CHANGELOG.md how an old file is carried over
metadata = MetaData()

meta = Table(
    "meta", metadata, Column("name", String, primary_key=True), Column("value", String, nullable=False)
)

entries = Table(
    "entries",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    *(
        Column(name, Text, nullable=False)
        for name in ("utc", "actor", "role", "event", "item_id", "payload", "prev_hash", "hash")
    ),
)
# No unique constraint on `hash`: INSERT OR REPLACE would delete the old row without asking any trigger.
Index("entries_item", entries.c.item_id, entries.c.seq)
Index("entries_event", entries.c.event, entries.c.seq)

batches = Table(
    "batches",
    metadata,
    Column("batch_id", String, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("model_id", String, nullable=False),
    Column("data_digest", String, nullable=False),
    Column("capacity", Integer, nullable=False),
    Column("cases", Integer, nullable=False),
    Column("digest", String, nullable=False),
    Column("created_utc", String, nullable=False),
)

cases = Table(
    "cases",
    metadata,
    *(
        Column(name, String, nullable=False)
        for name in ("batch_id", "item_id", "model_id", "lane", "channel")
    ),
    *(Column(name, Float, nullable=False) for name in ("inclusion_probability", "margin", "risk_score")),
    Column("reason", Text, nullable=False),
    *(
        Column(name, String, nullable=False, default="")
        for name in ("status", "holder", "held_until_utc", "snoozed_until_utc", "snooze_reason", "decision")
    ),
    Column("agrees", Boolean),
    *(
        Column(name, String, nullable=False, default="")
        for name in ("decided_by", "decided_utc", "outcome", "deserved_review")
    ),
    Column("changed_seq", Integer, nullable=False),
    PrimaryKeyConstraint("batch_id", "item_id"),
)
Index("cases_queue", cases.c.batch_id, cases.c.margin.desc(), cases.c.item_id)
Index("cases_item", cases.c.item_id)

decisions = Table(
    "decisions",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    *(Column(name, String, nullable=False) for name in ("batch_id", "item_id", "decision", "suggested")),
    Column("agrees", Boolean, nullable=False),
    Column("reason_codes", Text, nullable=False),
    Column("comment", Text, nullable=False),
    Column("decided_by", String, nullable=False),
    Column("decided_utc", String, nullable=False),
)
Index("decisions_item", decisions.c.item_id, decisions.c.seq)

facets = Table(  # what the queue is filtered by; not part of a case's digest, and of no weight in a decision
    "facets",
    metadata,
    *(Column(name, String, nullable=False) for name in ("batch_id", "name", "value", "item_id")),
    PrimaryKeyConstraint("batch_id", "name", "value", "item_id"),
)

requests = Table(  # idempotency: which request with which key led to which entry
    "requests",
    metadata,
    Column("key", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("seq", Integer, nullable=False),
)

_HEAD = "(SELECT seq FROM entries ORDER BY seq DESC LIMIT 1)"
FIXED = (
    "batch_id",
    "item_id",
    "model_id",
    "lane",
    "channel",
    "inclusion_probability",
    "margin",
    "risk_score",
    "reason",
)


def _sqlite_guards() -> list[str]:
    """Return SQLite's triggers. BEFORE INSERT fires before INSERT OR REPLACE deletes anything."""
    guards = [
        f"""CREATE TRIGGER IF NOT EXISTS entries_insert BEFORE INSERT ON entries BEGIN
            SELECT RAISE(ABORT, 'log: the sequence number does not follow')
              WHERE NEW.seq IS NOT COALESCE({_HEAD}, 0) + 1;
            SELECT RAISE(ABORT, 'log: the previous hash does not match')
              WHERE NEW.prev_hash IS NOT COALESCE(
                (SELECT hash FROM entries ORDER BY seq DESC LIMIT 1), '{GENESIS}');
            END""",
        f"""CREATE TRIGGER IF NOT EXISTS decisions_insert BEFORE INSERT ON decisions BEGIN
            SELECT RAISE(ABORT, 'decisions: a decision is written with its own log entry only')
              WHERE NEW.seq IS NOT {_HEAD} OR EXISTS (SELECT 1 FROM decisions WHERE seq = NEW.seq)
                 OR 'case_decided' IS NOT (SELECT event FROM entries WHERE seq = NEW.seq);
            END""",
        f"""CREATE TRIGGER IF NOT EXISTS cases_insert BEFORE INSERT ON cases BEGIN
            SELECT RAISE(ABORT, 'cases: a case is opened once, with a log entry')
              WHERE NEW.changed_seq IS NOT {_HEAD} OR EXISTS (
                SELECT 1 FROM cases WHERE batch_id = NEW.batch_id AND item_id = NEW.item_id);
            END""",
        f"""CREATE TRIGGER IF NOT EXISTS cases_update BEFORE UPDATE ON cases BEGIN
            SELECT RAISE(ABORT, 'cases: a case changes with a new log entry only')
              WHERE NEW.changed_seq IS NOT {_HEAD} OR NEW.changed_seq <= OLD.changed_seq;
            SELECT RAISE(ABORT, 'cases: what a case was opened with is fixed')
              WHERE {" OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in FIXED)};
            END""",
    ]
    for table in ("batches", "requests"):
        key = "batch_id" if table == "batches" else "key"
        guards.append(f"""CREATE TRIGGER IF NOT EXISTS {table}_insert BEFORE INSERT ON {table} BEGIN
            SELECT RAISE(ABORT, '{table}: written once')
              WHERE EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}); END""")
    for table in ("entries", "decisions", "batches", "requests"):
        guards.append(f"""CREATE TRIGGER IF NOT EXISTS {table}_update BEFORE UPDATE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table}: nothing written is ever changed'); END""")
    for table in ("entries", "decisions", "batches", "requests", "cases"):
        guards.append(f"""CREATE TRIGGER IF NOT EXISTS {table}_delete BEFORE DELETE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table}: nothing written is ever deleted'); END""")
    return guards


GUARDS: dict[str, list[str]] = {"sqlite": _sqlite_guards()}
