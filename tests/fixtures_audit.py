"""Logs to verify and to break."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from risk.audit import (
    Draft,
    Entry,
    next_entry,
    utc_text,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def make_log(length: int, *, salt: str = "") -> list[Entry]:
    """Return a sound log of `length` entries; another `salt` gives other contents."""
    log: list[Entry] = []
    for i in range(length):
        payload = {"decision": "examine", "n": i, "salt": salt}
        draft = Draft(f"reviewer-{i % 3}", "reviewer", "case_decided", payload, f"CX{i:09d}QM")
        log.append(next_entry(log[-1] if log else None, draft, utc=utc_text(START + timedelta(seconds=i))))
    return log


def edit(log: list[Entry], at: int, **cells: object) -> list[Entry]:
    return [*log[:at], replace(log[at], **cells), *log[at + 1 :]]
