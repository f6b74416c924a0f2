"""The door: keys that nobody can guess, and a limit for those who try.

A key is a session's id and a 128-bit secret. Only the secret's hash is stored. No address is kept: guesses
are counted under a hash salted anew in every process, for one minute.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import defaultdict, deque
from dataclasses import dataclass

from risk.classroom.names import ALPHABET, CODE_LENGTH
from risk.errors import ClassRefused

__all__ = ["Guesses", "Key", "new_code", "new_secret", "read_key"]

TRIES, WINDOW_SECONDS = 10, 60.0
SECRET_BYTES = 16


@dataclass(frozen=True, slots=True)
class Key:
    """A right to act in one session: as the trainer, as a seat, or to watch the board."""

    session_id: str
    secret: str

    def text(self) -> str:
        """How it is kept in a cookie or written down: ``session.secret``."""
        return f"{self.session_id}.{self.secret}"


def read_key(text: str) -> Key:
    """Read what `Key.text` wrote. Errors: `ClassRefused`.

    >>> read_key("s1.0123").session_id
    's1'
    >>> read_key("nothing")
    Traceback (most recent call last):
        ...
    risk.errors.ClassRefused: Training session: this is not a key. Copy it whole, with the dot. Nothing was \
changed.
    """
    session_id, dot, secret = text.strip().partition(".")
    if not (session_id and dot and secret):
        raise ClassRefused("this is not a key", todo="Copy it whole, with the dot.")
    return Key(session_id, secret)


def new_secret() -> str:
    """128 random bits as text."""
    return secrets.token_hex(SECRET_BYTES)


def new_code() -> str:
    """A join code: six symbols of 31 that are not mistaken for each other.

    >>> len(new_code()), set(new_code()) <= set(ALPHABET)
    (6, True)
    """
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


class Guesses:
    """Counts wrong codes: 10 a minute for each connection, then none is looked at until the minute is over.

    >>> limit = Guesses()
    >>> for n in range(10): limit.wrong("someone", now=float(n))
    >>> limit.check("someone", now=20.0)
    Traceback (most recent call last):
        ...
    risk.errors.ClassRefused: Training session: too many wrong codes. Wait a minute and look at the board \
again. Nothing was changed.
    >>> limit.check("someone else", now=20.0), limit.check("someone", now=70.0)
    (None, None)
    """

    def __init__(self) -> None:
        """Start with an empty count and a salt of its own."""
        self._salt, self._lock = secrets.token_bytes(16), threading.Lock()
        self._tries: dict[bytes, deque[float]] = defaultdict(deque)

    def _recent(self, visitor: str, now: float) -> deque[float]:
        tries = self._tries[hashlib.blake2b(visitor.encode(), key=self._salt).digest()]
        while tries and tries[0] <= now - WINDOW_SECONDS:
            tries.popleft()
        return tries

    def check(self, visitor: str, *, now: float) -> None:
        """Refuse a visitor with too many wrong codes in the last minute. `now` in seconds."""
        with self._lock:
            if len(self._recent(visitor, now)) >= TRIES:
                raise ClassRefused("too many wrong codes", todo="Wait a minute and look at the board again.")
            for old in [k for k, t in self._tries.items() if not t or t[-1] <= now - WINDOW_SECONDS]:
                del self._tries[old]

    def wrong(self, visitor: str, *, now: float) -> None:
        """Count a wrong code."""
        with self._lock:
            self._recent(visitor, now).append(now)
