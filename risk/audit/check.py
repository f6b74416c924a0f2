"""The check of a whole log: against itself, against its seals, and against what someone wrote down."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from risk.audit.entries import GENESIS, Entry, entry_hash
from risk.audit.seals import Seal, head_seal, plain_seal, seal_is_genuine, short_seal

__all__ = ["Finding", "Verification", "verify_chain"]

MAX_FINDINGS = 100  # a log rewritten from its start has as many findings as entries; a person reads a few
NEAR = 50  # how far a renumbered entry is looked for


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
        vouched = (
            f"sealed up to entry {self.sealed_to}"
            if self.sealed_to
            else ("no seal vouches for its end: a cut-off end would not show")
        )
        return f"The log is intact: {self.entries} entries, head {head_seal(self.head_hash)}, {vouched}."


class _Walk:
    """One pass over a log in file order: collects findings and remembers only the top, gaps and seals."""

    def __init__(self) -> None:
        self.found: list[Finding] = []
        self.count = self.entries = self.top = 0
        self.top_hashes = {GENESIS}
        self.gaps: list[list[int]] = []  # [first, last] of numbers passed over

    def report(self, code: str, seq: int, message: str) -> None:
        """Count a finding, and keep it while there is room in the list."""
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
            self.report(
                "edited",
                entry.seq - 1,
                f"Entry {entry.seq - 1} was edited and its hash recomputed: it "
                f"is not the entry that entry {entry.seq} was chained to.",
            )

    def _broken(self, entry: Entry) -> None:
        written = _written_as(entry, self.top + 1) if self.count < MAX_FINDINGS else 0
        if written:
            self.report(
                "renumbered",
                entry.seq,
                f"Entry {entry.seq} was written as number {written}: entries were reordered, deleted or "
                "inserted here and renumbered.",
            )
        else:
            self.report(
                "edited",
                entry.seq,
                f"Entry {entry.seq} was edited: its content does not match its own hash.",
            )
            if entry.seq > self.top + 1:
                self.gaps.append([self.top + 1, entry.seq - 1])
                self.top = entry.seq - 1
        # in renumbered stretches the next entry may be chained to any of them: say so once, not twice
        self.top_hashes = {entry.hash} | (self.top_hashes if written else set())
        self.top += 1

    def _late(self, entry: Entry) -> None:
        gap = next((g for g in self.gaps if g[0] <= entry.seq <= g[1]), None)
        if gap is None:
            self.report(
                "inserted",
                entry.seq,
                f"Entry {entry.seq} was inserted: another entry with this number comes before it.",
            )
            if entry.seq == self.top:
                self.top_hashes.add(entry.hash)
            return
        self.report(
            "reordered", entry.seq, f"Entry {entry.seq} stands after entry {self.top}: the order was changed."
        )
        self.gaps.remove(gap)
        self.gaps += [g for g in ([gap[0], entry.seq - 1], [entry.seq + 1, gap[1]]) if g[0] <= g[1]]

    def close_gaps(self) -> None:
        """Report the numbers that never came."""
        for first, last in self.gaps:
            which = f"Entry {first} was" if first == last else f"Entries {first} to {last} were"
            self.report("deleted", first, f"{which} deleted: the next entry is {last + 1}.")


def _written_as(entry: Entry, place: int) -> int:
    """Return the number under which a broken entry's hash is right, looked for nearby, or 0."""
    near = (place, *range(max(1, entry.seq - NEAR), entry.seq + NEAR + 1))
    return next((n for n in near if entry_hash(replace(entry, seq=n)) == entry.hash), 0)


def _genuine(
    walk: _Walk, seals: Iterable[Seal], public_key: Ed25519PublicKey | None
) -> dict[int, list[Seal]]:
    kept: dict[int, list[Seal]] = {}
    for seal in seals:
        if public_key is not None and seal_is_genuine(seal, public_key):
            kept.setdefault(seal.seq, []).append(seal)
        else:
            walk.report(
                "bad_signature",
                seal.seq,
                f"The seal of entry {seal.seq} was not signed with the key given here, or was altered.",
            )
    return kept


def verify_chain(
    entries: Iterable[Entry],
    *,
    seals: Iterable[Seal] = (),
    public_key: Ed25519PublicKey | None = None,
    written_down: Iterable[str] = (),
) -> Verification:
    """Check a log from its first entry to its last, against itself and against what was kept elsewhere.

    `seals` are checked with `public_key`; `written_down` are 16-character seals someone noted earlier.
    Codes from the chain alone: `empty`, `edited`, `deleted`, `inserted`, `reordered`, `renumbered`; against
    seals: `truncated`, `rewritten`, `bad_signature`, `seal_unknown`. Entries are read once, in order.
    """
    walk = _Walk()
    open_seals, sealed_to, head = _genuine(walk, seals, public_key), 0, GENESIS
    wanted = {plain_seal(text) for text in written_down}
    for entry in entries:
        walk.step(entry)
        head = entry.hash
        if wanted and entry_hash(entry) == entry.hash:
            wanted.discard(short_seal(entry.hash))
        for seal in open_seals.pop(entry.seq, ()):
            if seal.head_hash == entry.hash:
                sealed_to = max(sealed_to, entry.seq)
            else:
                walk.report(
                    "rewritten",
                    entry.seq,
                    f"The log was rewritten at or before entry {entry.seq}: the "
                    f"seal of {seal.utc} holds another hash.",
                )
    _report_end(walk, open_seals, wanted)
    return Verification(walk.entries, walk.top, head, sealed_to, tuple(walk.found), walk.count)


def _report_end(walk: _Walk, unmet: dict[int, list[Seal]], wanted: set[str]) -> None:
    """Report what only the end of the log shows: missing numbers, seals and notes that nothing matched."""
    walk.close_gaps()
    if not walk.entries:
        walk.report("empty", 0, "The log is empty: even the entry that opened it is missing.")
    for seq in sorted(s for s in unmet if s > walk.top):
        walk.report(
            "truncated",
            walk.top,
            f"The log was cut off after entry {walk.top}: a seal of "
            f"{unmet[seq][0].utc} vouches for entry {seq}.",
        )
    for text in sorted(wanted):
        walk.report(
            "seal_unknown",
            walk.top,
            f"No entry has the seal {text}: the log was rewritten or cut off "
            "since it was written down, or it was copied wrongly.",
        )
