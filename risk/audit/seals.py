"""Seals: signed checkpoints of a log, and the sixteen characters a person can write down."""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from risk.audit.entries import Entry, netstrings, parse_line

__all__ = [
    "Seal",
    "head_seal",
    "key_id",
    "make_seal",
    "parse_seal",
    "plain_seal",
    "seal_bytes",
    "seal_is_genuine",
    "short_seal",
]

SEAL_FORMAT = "risk-seal-1"
_BASE32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_LOOKALIKE = str.maketrans("OIL", "011", "- ")


@dataclass(frozen=True, slots=True)
class Seal:
    """A signed checkpoint: at `utc` entry `seq` was the head and had `head_hash`. `signature` is hex."""

    seq: int
    utc: str
    head_hash: str
    key_id: str
    signature: str


def parse_seal(line: str) -> Seal:
    """Read one line of a seals file back. Errors: `Refused` when it is not a seal; nothing is checked."""
    return parse_line(line, Seal)


def short_seal(head_hash: str) -> str:
    """Return the 16 characters (80 bits; no I, L, O, U) that stand for a head hash.

    >>> short_seal("00ff" * 16)
    '03ZG1ZR0ZW0FY07Z'
    """
    return base64.b32encode(bytes.fromhex(head_hash)[:10]).decode().translate(_BASE32)


def head_seal(head_hash: str) -> str:
    """Return `short_seal` in four groups of four, as a person reads it out.

    >>> head_seal("00ff" * 16)
    '03ZG-1ZR0-ZW0F-Y07Z'
    """
    text = short_seal(head_hash)
    return "-".join(text[i : i + 4] for i in range(0, 16, 4))


def key_id(public_key: Ed25519PublicKey) -> str:
    """Return 16 hex digits that name a public key (SHA-256 of its 32 bytes)."""
    return sha256(public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def seal_bytes(seal: Seal) -> bytes:
    """Return the bytes that a seal's signature is made over."""
    return netstrings(SEAL_FORMAT, seal.seq, seal.utc, seal.head_hash)


def make_seal(entry: Entry, *, utc: str, private_key: Ed25519PrivateKey) -> Seal:
    """Sign `entry` as the head of its log.

    >>> key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    >>> from risk.audit import Draft, next_entry
    >>> moment = "2026-01-05T08:00:00.000Z"
    >>> head = next_entry(None, Draft("ann", "reviewer", "e", {}), utc=moment)
    >>> seal_is_genuine(make_seal(head, utc=head.utc, private_key=key), key.public_key())
    True
    """
    bare = Seal(entry.seq, utc, entry.hash, key_id(private_key.public_key()), "")
    return replace(bare, signature=private_key.sign(seal_bytes(bare)).hex())


def seal_is_genuine(seal: Seal, public_key: Ed25519PublicKey) -> bool:
    """Say whether the seal's signature was made with the private half of `public_key`."""
    try:
        public_key.verify(bytes.fromhex(seal.signature), seal_bytes(seal))
    except (InvalidSignature, ValueError):
        return False
    return True


def plain_seal(text: str) -> str:
    """Return a seal as someone typed it in the form `short_seal` gives: no groups, look-alikes resolved.

    >>> plain_seal("o3zg-1zro-zw0f-y07z")
    '03ZG1ZR0ZW0FY07Z'
    """
    return text.upper().translate(_LOOKALIKE)
