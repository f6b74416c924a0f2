"""The hash chain: entries nobody can change unseen, seals that vouch for them, and the check of both.

An entry's hash is SHA-256 over its byte form, and the byte form contains the hash of the entry before, so
any change of one entry shows in every later one. The **byte form** is nine netstrings in a row
(``<length in bytes>:<UTF-8 bytes>,``), which no choice of field values can make ambiguous::

    format ("risk-log-1") · seq · utc · actor · role · event · item_id · payload · prev_hash

The first entry has seq 1 and a `prev_hash` of 64 zeros. A chain alone cannot show that its *end* was cut
off or that all of it was written anew; a **seal** can: an Ed25519 signature over the netstrings
``"risk-seal-1" · seq · utc · head_hash``, kept outside the database. Sixteen characters of the head hash
(`short_seal`) can be read out, written down and compared later.

What it cannot do: an attacker who holds the signing key and every copy of the seals can write a new,
consistent log. Write the sixteen characters down where that person cannot reach.

>>> claimed = Draft("ann", "reviewer", "case_claimed", {"minutes": 15}, "CX000000005QM")
>>> decided = Draft("ann", "reviewer", "case_decided", {"decision": "examine"}, "CX000000005QM")
>>> first = next_entry(None, claimed, utc="2026-01-05T08:00:00.000Z")
>>> second = next_entry(first, decided, utc="2026-01-05T08:01:00.000Z")
>>> verify_chain([first, second]).ok
True
>>> from dataclasses import replace
>>> print(verify_chain([replace(first, actor="bob"), second]).findings[0].message)
Entry 1 was edited: its content does not match its own hash.
"""

from risk.audit.check import Finding, Verification, verify_chain
from risk.audit.entries import (
    GENESIS,
    Draft,
    Entry,
    canonical_json,
    check_name,
    entry_hash,
    netstrings,
    next_entry,
    parse_entry,
    to_line,
    utc_text,
)
from risk.audit.seals import (
    Seal,
    head_seal,
    key_id,
    make_seal,
    parse_seal,
    seal_bytes,
    seal_is_genuine,
    short_seal,
)

__all__ = [
    "Draft",
    "Entry",
    "Finding",
    "GENESIS",
    "Seal",
    "Verification",
    "canonical_json",
    "check_name",
    "entry_hash",
    "head_seal",
    "key_id",
    "make_seal",
    "netstrings",
    "next_entry",
    "parse_entry",
    "parse_seal",
    "seal_bytes",
    "seal_is_genuine",
    "short_seal",
    "to_line",
    "utc_text",
    "verify_chain",
]
