#!/usr/bin/env python3
"""Check an exported log with nothing but Python: copy this one file, it imports nothing of the workbench.

    python verify_log.py log.jsonl                            the chain, and log.jsonl.seals when it is there
    python verify_log.py log.jsonl --seal 03ZG-1ZR0-ZW0F-Y07Z     a seal someone wrote down earlier
    python verify_log.py log.jsonl --signatures DIR           lay out the newest seal for openssl

Exit code 0: intact. 1: not intact, or unreadable. 2: wrong usage.

What is checked, so that anyone can do it again in another language. Every line is a JSON object with seq,
utc, actor, role, event, item_id, payload (JSON text, taken as text), prev_hash, hash. `hash` is the SHA-256
(hex) of nine netstrings in a row (byte length, colon, UTF-8 bytes, comma): "risk-log-1", then the fields
from seq to prev_hash in that order, seq in decimal. `seq` counts 1, 2, 3, …; `prev_hash` is the `hash` of
the line before, 64 zeros on the first line. A seal line holds seq, utc, head_hash, key_id and signature
(hex, Ed25519) over the netstrings "risk-seal-1", seq, utc, head_hash. The sixteen characters are the first
80 bits of a head hash in Crockford's base 32.

The chain shows edits, deletions, insertions and changes of order. That the end was cut off, or everything
written anew, shows against seals only, and seals are worth as much as the care with which they were kept.

>>> sound = {"seq": 1, "utc": "2026-01-05T08:00:00.000Z", "actor": "ann", "role": "reviewer", "event": "e",
...          "item_id": "", "payload": "{}", "prev_hash": "0" * 64}
>>> sound["hash"] = line_hash(sound)
>>> list(check_chain([sound])), list(check_chain([sound | {"actor": "bob"}]))
([], ['line 1 (entry 1): its content does not match its hash: it was edited, renumbered or moved'])
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

FIELDS = ("seq", "utc", "actor", "role", "event", "item_id", "payload", "prev_hash")
SEAL_FIELDS = ("seq", "utc", "head_hash", "key_id", "signature")
_BASE32 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")
_SHOWN = 20


def netstrings(*parts: object) -> bytes:
    """Join values so that no two different lists give the same bytes.

    >>> netstrings("é", 7)
    b'2:\\xc3\\xa9,1:7,'
    """
    encoded = [str(part).encode() for part in parts]
    return b"".join(b"%d:%b," % (len(part), part) for part in encoded)


def line_hash(entry: dict) -> str:
    """Return the SHA-256 (hex) that an entry's `hash` must be."""
    return hashlib.sha256(netstrings("risk-log-1", *(entry[name] for name in FIELDS))).hexdigest()


def sixteen(head_hash: str) -> str:
    """Return the sixteen characters that stand for a head hash."""
    text = base64.b32encode(bytes.fromhex(head_hash)[:10]).decode().translate(_BASE32)
    return "-".join(text[i : i + 4] for i in range(0, 16, 4))


def read_lines(path: Path, names: tuple[str, ...]) -> list[dict]:
    """Read JSON lines of exactly these fields, `seq` a whole number, the others text. Errors: ValueError."""
    rows = []
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line:
            continue
        try:
            row = json.loads(line)
            netstrings(*row.values())  # text that has no UTF-8 form is refused here
            right = set(row) == set(names) and all(
                type(row[n]) is (int if n == "seq" else str) for n in names
            )
        except (ValueError, TypeError, AttributeError, RecursionError):
            right = False
        if not right:
            raise ValueError(f"{path.name}, line {number}: expected an object with {', '.join(names)}")
        rows.append(row)
    return rows


def check_chain(entries: Iterable[dict]) -> Iterator[str]:
    """Give one sentence for every line that does not fit its content or the line before."""
    seq, head = 0, "0" * 64
    for number, entry in enumerate(entries, start=1):
        where = f"line {number} (entry {entry['seq']})"
        if line_hash(entry) != entry["hash"]:
            yield f"{where}: its content does not match its hash: it was edited, renumbered or moved"
        elif entry["seq"] != seq + 1:
            what = "entries were deleted before it" if entry["seq"] > seq else "it was inserted or moved"
            yield f"{where}: expected entry {seq + 1} here: {what}, or the order was changed"
        elif entry["prev_hash"] != head:
            yield f"{where}: it was chained to another entry {seq} than the one here: that one was replaced"
        seq, head = entry["seq"], entry["hash"]


def check_seals(entries: list[dict], seals: Iterable[dict], *, written_down: Iterable[str]) -> Iterator[str]:
    """Give one sentence for every seal that the entries do not match. Signatures are not checked here."""
    heads = {entry["seq"]: entry["hash"] for entry in entries}
    last = max(heads, default=0)
    for seal in seals:
        if seal["seq"] > last:
            yield f"a seal of {seal['utc']} vouches for entry {seal['seq']}: the log was cut off after {last}"
        elif heads.get(seal["seq"]) != seal["head_hash"]:
            yield f"the seal of {seal['utc']} holds another hash for entry {seal['seq']}: it was rewritten"
    known = {sixteen(line_hash(entry)).replace("-", "") for entry in entries}
    for text in written_down:
        plain = text.upper().translate(str.maketrans("OIL", "011", "- "))
        if plain not in known:
            yield f"no entry has the seal {text}: the log was rewritten or cut off, or it was copied wrongly"


def lay_out(seal: dict, folder: Path) -> str:
    """Write a seal's message and signature as files and return the `openssl` command that checks them."""
    folder.mkdir(parents=True, exist_ok=True)
    message = netstrings("risk-seal-1", seal["seq"], seal["utc"], seal["head_hash"])
    (folder / "seal.message").write_bytes(message)
    (folder / "seal.signature").write_bytes(bytes.fromhex(seal["signature"]))
    return (
        "openssl pkeyutl -verify -pubin -inkey PUBLIC_KEY.pem -rawin "
        f"-in {folder / 'seal.message'} -sigfile {folder / 'seal.signature'}"
    )


def main(arguments: list[str] | None = None) -> int:
    """Check the log named on the command line; print what was found; return the exit code."""
    parser = argparse.ArgumentParser(description="Check an exported log. Needs nothing but Python.")
    parser.add_argument("log", type=Path, help="the exported log (JSON lines)")
    parser.add_argument("--seals", type=Path, help="the seals (default: LOG.seals when it exists)")
    parser.add_argument("--seal", action="append", default=[], help="16 characters written down earlier")
    parser.add_argument("--signatures", type=Path, metavar="DIR", help="lay out the newest seal for openssl")
    given = parser.parse_args(arguments)
    beside = given.seals or given.log.with_name(given.log.name + ".seals")
    try:
        entries = read_lines(given.log, (*FIELDS, "hash"))
        seals = read_lines(beside, SEAL_FIELDS) if given.seals or beside.is_file() else []
        problems = [*check_chain(entries), *check_seals(entries, seals, written_down=given.seal)]
        if not entries:
            problems.append("the log is empty; a log has at least the entry that opened it")
        if given.signatures and seals:
            print("Signature of the newest seal:", lay_out(seals[-1], given.signatures))
    except (OSError, ValueError) as error:
        print(f"NOT VERIFIED: {error}", file=sys.stderr)
        return 1
    return report(entries, seals, problems=problems)


def report(entries: list[dict], seals: list[dict], *, problems: list[str]) -> int:
    """Print the result and return the exit code."""
    for problem in problems[:_SHOWN]:
        print(problem, file=sys.stderr)
    if problems:
        print(f"NOT INTACT: {len(problems)} problem(s) in {len(entries)} entries", file=sys.stderr)
        return 1
    sealed = max((seal["seq"] for seal in seals), default=0)
    print(
        f"INTACT: {len(entries)} entries, head {sixteen(entries[-1]['hash'])}, seals up to entry {sealed} "
        "(signatures are not checked here: --signatures DIR)"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
