"""Tables of training sessions. Unlike the log they may be emptied: answers are deleted for good."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, PrimaryKeyConstraint, Table, UniqueConstraint

from risk.store.tables import String, Text, metadata

__all__ = ["class_events", "class_sessions"]

class_sessions = Table(
    "class_sessions",
    metadata,
    Column("session_id", String, primary_key=True),
    Column("code", String, nullable=False),
    Column("title", String, nullable=False),
    Column("trainer", String, nullable=False),
    Column("plan", String, nullable=False),
    Column("trainer_hash", String, nullable=False),
    Column("watch_hash", String, nullable=False),
    Column("opened_at", Float, nullable=False),
    Column("ended_at", Float, nullable=False, default=0.0),
    Column("erased_at", Float, nullable=False, default=0.0),
    Column("seal", String, nullable=False, default=""),
    Column("summary", Text, nullable=False, default=""),
)

class_events = Table(
    "class_events",
    metadata,
    Column("session_id", String, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("uid", String, nullable=False),
    Column("key", String),  # NULL for none: only given keys are unique
    Column("name", String, nullable=False),
    Column("payload", Text, nullable=False),
    PrimaryKeyConstraint("session_id", "seq"),
    UniqueConstraint("session_id", "key"),
)
