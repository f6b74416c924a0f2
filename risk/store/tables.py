"""The tables, the same in every database; `risk.store.guards` has the triggers that guard them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
)
from sqlalchemy import String as AnyString
from sqlalchemy import Text as AnyText

__all__ = [
    "FIXED",
    "FORMAT",
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

# Texts are ordered letter by letter everywhere, as Python and SQLite order them, not by a language's rules.
String = AnyString().with_variant(AnyString(collation="C"), "postgresql")
Text = AnyText().with_variant(AnyText(collation="C"), "postgresql")

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
