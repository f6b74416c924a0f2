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

>>> first = next_entry(None, utc="2026-01-05T08:00:00.000Z", actor="ann", role="reviewer",
...                    event="case_claimed", item_id="CX000000005QM", payload={"minutes": 15})
>>> second = next_entry(first, utc="2026-01-05T08:01:00.000Z", actor="ann", role="reviewer",
...                     event="case_decided", item_id="CX000000005QM", payload={"decision": "examine"})
>>> verify_chain([first, second]).ok
True
>>> from dataclasses import replace
>>> print(verify_chain([replace(first, actor="bob"), second]).findings[0].message)
Entry 1 was edited: its content does not match its own hash.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timezone
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from risk.errors import Refused

__all__ = [
    "Entry", "Finding", "GENESIS", "Seal", "Verification", "canonical_json", "check_name", "entry_hash",
    "head_seal", "key_id", "make_seal", "netstrings", "next_entry", "parse_entry", "parse_seal",
    "seal_is_genuine", "short_seal", "to_line", "utc_text", "verify_chain",
]

FORMAT = "risk-log-1"
SEAL_FORMAT = "risk-seal-1"
GENESIS = "0" * 64
MAX_FINDINGS = 100  # a log rewritten from its start has as many findings as entries; a person reads a few
NEAR = 50  # how far a renumbered entry is looked for
_BASE32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_LOOKALIKE = str.maketrans("OIL", "011", "- ")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `utc` is ISO 8601 text in UTC, `payload` canonical JSON text, hashes are hex."""

    seq: int
    utc: str
    actor: str
    role: str
    event: str
    item_id: str
    payload: str
    prev_hash: str
    hash: str

    def data(self) -> dict:
        """Return the payload as a dictionary."""
        return json.loads(self.payload)


@dataclass(frozen=True, slots=True)
class Seal:
    """A signed checkpoint: at `utc` entry `seq` was the head and had `head_hash`. `signature` is hex."""

    seq: int
    utc: str
    head_hash: str
    key_id: str
    signature: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a log: a code (`edited`, `deleted`, …), the entry number, and a sentence."""

    code: str
    seq: int
    message: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of the whole log found; `sealed_to` is the last entry number a genuine seal vouches for.

    `count` is the exact number of findings, `findings` lists the first hundred.
    """

    entries: int
    head_seq: int
    head_hash: str
    sealed_to: int
    findings: tuple[Finding, ...]
    count: int

    @property
    def ok(self) -> bool:
        """True when nothing is wrong."""
        return self.count == 0

    @property
    def sentence(self) -> str:
        """The result in one sentence, for a page or a terminal."""
        if not self.ok:
            return f"The log is NOT intact: {self.count} finding(s). First: {self.findings[0].message}"
        vouched = f"sealed up to entry {self.sealed_to}" if self.sealed_to else (
            "no seal vouches for its end: a cut-off end would not show")
        return f"The log is intact: {self.entries} entries, head {head_seal(self.head_hash)}, {vouched}."


def utc_text(moment: datetime) -> str:
    """Write a moment with a time zone as fixed-width ISO 8601 in UTC, so that text order is time order.

    >>> utc_text(datetime(2026, 1, 5, 8, tzinfo=timezone.utc))
    '2026-01-05T08:00:00.000Z'
    """
    if moment.tzinfo is None:
        raise Refused(f"A moment with a time zone was expected; got {moment.isoformat()}. Nothing was written.")
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def canonical_json(payload: Mapping) -> str:
    """Write a mapping as JSON with sorted keys and no spaces; NaN, infinity and lone surrogates are refused.

    >>> canonical_json({"b": 1, "a": "é"})
    '{"a":"é","b":1}'
    >>> canonical_json({"a": float("nan")})
    Traceback (most recent call last):
        ...
    risk.errors.Refused: An event's content must be plain JSON (text, finite numbers, lists, objects): \
Out of range float values are not JSON compliant. Nothing was written.
    """
    try:
        text = json.dumps(dict(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False,
                          allow_nan=False)
        text.encode()
    except (TypeError, ValueError) as error:
        detail = str(error).removesuffix(": nan")
        raise Refused("An event's content must be plain JSON (text, finite numbers, lists, objects): "
                      f"{detail}. Nothing was written.") from error
    return text


def check_name(text: str, what: str, *, maximum: int = 200, empty: bool = False) -> str:
    """Return `text` if it is one line without control characters and not too long; refuse it otherwise.

    >>> check_name("ann", "actor")
    'ann'
    """
    if not isinstance(text, str) or len(text) > maximum or _CONTROL.search(text) or not (text.strip() or empty):
        raise Refused(f"{what} is {str(text)[:60]!a}; expected one line of 1–{maximum} characters without "
                      "control characters. Nothing was written.")
    return text


def netstrings(*parts: object) -> bytes:
    """Join values so that no two different lists give the same bytes.

    >>> netstrings("ab", 12)
    b'2:ab,2:12,'
    """
    encoded = [str(part).encode() for part in parts]
    return b"".join(b"%d:%b," % (len(part), part) for part in encoded)


def entry_hash(entry: Entry) -> str:
    """Return the SHA-256 (hex) over the entry's byte form; the stored `hash` field takes no part."""
    return sha256(netstrings(FORMAT, entry.seq, entry.utc, entry.actor, entry.role, entry.event,
                             entry.item_id, entry.payload, entry.prev_hash)).hexdigest()


def next_entry(previous: Entry | None, *, utc: str, actor: str, role: str, event: str, payload: Mapping | str,
               item_id: str = "") -> Entry:
    """Make the entry that follows `previous` (None at the start of a log). Errors: `Refused` on bad text."""
    text = payload if isinstance(payload, str) else canonical_json(payload)
    bare = Entry(
        seq=previous.seq + 1 if previous else 1, utc=utc, actor=check_name(actor, "actor"),
        role=check_name(role, "role"), event=check_name(event, "event"),
        item_id=check_name(item_id, "item_id", empty=True), payload=text,
        prev_hash=previous.hash if previous else GENESIS, hash="")
    return replace(bare, hash=entry_hash(bare))


def to_line(record: Entry | Seal) -> str:
    """Write an entry or a seal as one line of JSON, without the line end."""
    return json.dumps(asdict(record), separators=(",", ":"), ensure_ascii=False)


def _parse(line: str, kind: type) -> Entry | Seal:
    try:
        cells = json.loads(line)
        right = set(cells) == {f.name for f in fields(kind)} and all(
            type(value) is (int if name == "seq" else str) for name, value in cells.items())
    except (ValueError, TypeError, AttributeError):
        right = False
    if not right:
        raise Refused(f"Expected one JSON object with the fields {', '.join(f.name for f in fields(kind))}; "
                      f"got {line[:60]!a}.")
    return kind(**cells)


def parse_entry(line: str) -> Entry:
    """Read one exported line back. Errors: `Refused` when it is not an entry; its hash is *not* checked."""
    return _parse(line, Entry)


def parse_seal(line: str) -> Seal:
    """Read one line of a seals file back. Errors: `Refused` when it is not a seal; nothing is checked."""
    return _parse(line, Seal)


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
    return "-".join(text[i:i + 4] for i in range(0, 16, 4))


def key_id(public_key: Ed25519PublicKey) -> str:
    """Return 16 hex digits that name a public key (SHA-256 of its 32 bytes)."""
    return sha256(public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def seal_bytes(seal: Seal) -> bytes:
    """Return the bytes that a seal's signature is made over."""
    return netstrings(SEAL_FORMAT, seal.seq, seal.utc, seal.head_hash)


def make_seal(entry: Entry, *, utc: str, private_key: Ed25519PrivateKey) -> Seal:
    """Sign `entry` as the head of its log.

    >>> key = Ed25519PrivateKey.from_private_bytes(bytes(32))
    >>> head = next_entry(None, utc="2026-01-05T08:00:00.000Z", actor="a", role="system", event="e", payload={})
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


class _Walk:
    """One pass over a log in file order: collects findings and remembers only the top, gaps and seals."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.count = self.entries = self.top = 0
        self.top_hashes = {GENESIS}
        self.gaps: list[list[int]] = []  # [first, last] of numbers passed over

    def report(self, code: str, seq: int, message: str) -> None:
        self.count += 1
        if len(self.found) < MAX_FINDINGS:
            self.found.append(Finding(code, seq, message))

    def step(self, entry: Entry) -> None:
        """Take the next entry: check it against itself, then against its place."""
        self.entries += 1
        if entry_hash(entry) != entry.hash:
            self._broken(entry)
        elif entry.seq == self.top + 1:
            self._link(entry)
            self.top, self.top_hashes = entry.seq, {entry.hash}
        elif entry.seq > self.top:
            self.gaps.append([self.top + 1, entry.seq - 1])
            self.top, self.top_hashes = entry.seq, {entry.hash}
        else:
            self._late(entry)

    def _link(self, entry: Entry) -> None:
        if entry.prev_hash in self.top_hashes:
            return
        if entry.seq == 1:
            self.report("edited", 1, "Entry 1 was replaced: it does not start a log.")
        else:
            self.report("edited", entry.seq - 1, f"Entry {entry.seq - 1} was edited and its hash recomputed: it "
                        f"is not the entry that entry {entry.seq} was chained to.")

    def _broken(self, entry: Entry) -> None:
        written = _written_as(entry) if self.count < MAX_FINDINGS else 0
        if written:
            self.report("renumbered", entry.seq, f"Entry {entry.seq} was written as number {written}: entries "
                        "were reordered, deleted or inserted here and renumbered.")
        else:
            self.report("edited", entry.seq, f"Entry {entry.seq} was edited: its content does not match its "
                        "own hash.")
        self.top, self.top_hashes = self.top + 1, {entry.hash}

    def _late(self, entry: Entry) -> None:
        gap = next((g for g in self.gaps if g[0] <= entry.seq <= g[1]), None)
        if gap is None:
            self.report("inserted", entry.seq, f"Entry {entry.seq} was inserted: another entry with this number "
                        "comes before it.")
            if entry.seq == self.top:
                self.top_hashes.add(entry.hash)
            return
        self.report("reordered", entry.seq, f"Entry {entry.seq} stands after entry {self.top}: the order was "
                    "changed.")
        self.gaps.remove(gap)
        self.gaps += [g for g in ([gap[0], entry.seq - 1], [entry.seq + 1, gap[1]]) if g[0] <= g[1]]

    def close_gaps(self) -> None:
        """Report the numbers that never came."""
        for first, last in self.gaps:
            which = f"Entry {first} was" if first == last else f"Entries {first} to {last} were"
            self.report("deleted", first, f"{which} deleted: the next entry is {last + 1}.")


def _written_as(entry: Entry) -> int:
    """Return the number under which a broken entry's hash is right, looked for nearby, or 0."""
    near = range(max(1, entry.seq - NEAR), entry.seq + NEAR + 1)
    return next((n for n in near if entry_hash(replace(entry, seq=n)) == entry.hash), 0)


def _genuine(walk: _Walk, seals: Iterable[Seal], public_key: Ed25519PublicKey | None) -> dict[int, list[Seal]]:
    kept: dict[int, list[Seal]] = {}
    for seal in seals:
        if public_key is not None and seal_is_genuine(seal, public_key):
            kept.setdefault(seal.seq, []).append(seal)
        else:
            walk.report("bad_signature", seal.seq, f"The seal of entry {seal.seq} was not signed with the key "
                        "given here, or was altered.")
    return kept


def verify_chain(entries: Iterable[Entry], *, seals: Iterable[Seal] = (),
                 public_key: Ed25519PublicKey | None = None, written_down: Iterable[str] = ()) -> Verification:
    """Check a log from its first entry to its last, against itself and against what was kept elsewhere.

    `seals` are checked with `public_key`; `written_down` are 16-character seals someone noted earlier.
    Codes: `edited`, `deleted`, `inserted`, `reordered`, `renumbered` (from the chain alone); `truncated`,
    `rewritten`, `bad_signature`, `seal_unknown` (against seals). Entries are read once, in order.
    """
    walk = _Walk()
    open_seals, sealed_to, head = _genuine(walk, seals, public_key), 0, GENESIS
    wanted = {text.upper().translate(_LOOKALIKE) for text in written_down}
    for entry in entries:
        walk.step(entry)
        head = entry.hash
        if wanted and entry_hash(entry) == entry.hash:
            wanted.discard(short_seal(entry.hash))
        for seal in open_seals.pop(entry.seq, ()):
            if seal.head_hash == entry.hash:
                sealed_to = max(sealed_to, entry.seq)
            else:
                walk.report("rewritten", entry.seq, f"The log was rewritten at or before entry {entry.seq}: the "
                            f"seal of {seal.utc} holds another hash.")
    walk.close_gaps()
    for seq in sorted(s for s in open_seals if s > walk.top):
        walk.report("truncated", walk.top, f"The log was cut off after entry {walk.top}: a seal of "
                    f"{open_seals[seq][0].utc} vouches for entry {seq}.")
    for text in sorted(wanted):
        walk.report("seal_unknown", walk.top, f"No entry has the seal {text}: the log was rewritten or cut off "
                    "since it was written down, or it was copied wrongly.")
    return Verification(walk.entries, walk.top, head, sealed_to, tuple(walk.found), walk.count)
