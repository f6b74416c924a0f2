"""The signing key and the seals, kept in files beside the database and never in it.

For ``cases.db`` these are ``cases.seal-key.pem`` (private, mode 0600), ``cases.seal-public.pem`` (give it to
whoever should be able to verify) and ``cases.seals.jsonl`` (one seal a line, only ever appended to).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from risk.audit import Entry, Seal, make_seal, parse_seal, to_line
from risk.errors import Refused

__all__ = ["SealBook", "public_pem"]

K = TypeVar("K")


class SealBook:
    """The seals of one database: makes, appends and reads them. Safe to use from several processes."""

    def __init__(self, database: Path) -> None:
        self.key_file = database.with_suffix(".seal-key.pem")
        self.public_file = database.with_suffix(".seal-public.pem")
        self.seals_file = database.with_suffix(".seals.jsonl")

    def add(self, entry: Entry, *, utc: str) -> Seal:
        """Sign `entry` as the head of the log and append the seal; it is on the disk when this returns."""
        seal = make_seal(entry, utc=utc, private_key=self._private_key())
        # a line that a crash cut short is closed off first, so that it spoils itself only
        with open(self.seals_file, "a+b") as file:
            torn = file.tell() > 0 and os.pread(file.fileno(), 1, file.tell() - 1) != b"\n"
            file.write((b"\n" if torn else b"") + to_line(seal).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        return seal

    def all(self) -> list[Seal]:
        """Return every seal in the file, oldest first; `unreadable` lists what is not a seal."""
        seals = []
        for _, line in self._lines():
            try:
                seals.append(parse_seal(line))
            except Refused:
                continue
        return seals

    def unreadable(self) -> list[int]:
        """Return the numbers of the lines that are not seals. A line cut short by a crash does not count."""
        bad = []
        for number, line in self._lines():
            try:
                parse_seal(line)
            except Refused:
                if line.endswith("}") or not line.startswith('{"seq":'):
                    bad.append(number)
        return bad

    def public_key(self) -> Ed25519PublicKey | None:
        """Return the key that seals are checked with, or None when nothing was ever sealed here.

        Who may read the private key checks with its public half; anyone else with the public file.
        """
        if self.key_file.is_file() and os.access(self.key_file, os.R_OK):
            return self._private_key().public_key()
        if not self.public_file.is_file():
            return None
        try:
            return _of_kind(load_pem_public_key(self.public_file.read_bytes()), Ed25519PublicKey)
        except ValueError as error:
            raise Refused(
                f"{self.public_file.name}: expected an Ed25519 public key as PEM. Restore it from a copy."
            ) from error

    def _lines(self) -> list[tuple[int, str]]:
        if not self.seals_file.is_file():
            return []
        text = self.seals_file.read_text(encoding="utf-8", errors="replace")
        return [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line]

    def _private_key(self) -> Ed25519PrivateKey:
        if not self.key_file.exists():
            self._make_key()
        try:
            key = _of_kind(load_pem_private_key(self.key_file.read_bytes(), password=None), Ed25519PrivateKey)
        except ValueError as error:
            raise Refused(
                f"{self.key_file.name}: expected an Ed25519 private key as PEM. Restore it from a copy."
            ) from error
        if not self.public_file.exists():
            _write_whole(self.public_file, 0o644, public_pem(key.public_key()).encode())
        return key

    def _make_key(self) -> None:
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write_whole(self.key_file, 0o600, pem)


def public_pem(key: Ed25519PublicKey) -> str:
    """Return a public key in the form that `openssl` reads."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _of_kind(key: object, kind: type[K]) -> K:
    if not isinstance(key, kind):
        raise ValueError(f"expected {kind.__name__}")
    return key


def _write_whole(path: Path, mode: int, content: bytes) -> None:
    """Make the file whole or not at all; when two processes make it at once, the first one's stays."""
    draft = path.with_name(f"{path.name}.{os.urandom(4).hex()}.part")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            os.link(draft, path)
        except FileExistsError:
            pass  # the other process was first: its key is the key
        finally:
            os.unlink(draft)
