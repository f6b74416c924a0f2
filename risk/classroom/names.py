"""Pseudonyms, seats and join codes: what people read, type and shout across a room."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

import numpy as np

from risk.errors import ClassRefused

__all__ = ["ALPHABET", "CODE_LENGTH", "clean_code", "pseudonym", "token_hash"]

#: 31 symbols that are not mistaken for each other when read aloud or from a projector (no 0 O 1 I L).
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_LENGTH = 6
_FIRST = (
    "Amber Azure Brisk Calm Cedar Clear Coral Crisp Dusky Early Fern Flint Golden Green Hazel Indigo Ivory "
    "Jade Lilac Lunar Maple Misty Noble Ochre Olive Opal Pearl Quiet Rapid Rosy Russet Sandy Silver Snowy "
    "Solar Steady Sunny Teal Tidal Velvet Vivid Willow"
).split()
_SECOND = (
    "Badger Beaver Bison Crane Curlew Dolphin Egret Falcon Finch Gecko Heron Ibis Jackdaw Kestrel Lark Lynx "
    "Marten Merlin Newt Oriole Osprey Otter Petrel Plover Puffin Quail Raven Robin Seal Shrike Sparrow Stork "
    "Swift Tern Thrush Toad Turtle Vole Walrus Weasel Wren Yak"
).split()


def pseudonym(rng: np.random.Generator, taken: Collection[str] = ()) -> str:
    """Two words and a number that nobody here has yet.

    >>> pseudonym(np.random.default_rng(7))
    'Velvet Raven 71'
    """
    while True:
        made = f"{rng.choice(_FIRST)} {rng.choice(_SECOND)} {rng.integers(10, 100)}"
        if made not in taken:
            return made


def clean_code(text: str) -> str:
    """A join code as typed by a person. Errors: `ClassRefused`.

    >>> clean_code(" ab3-xy7 ")
    'AB3XY7'
    >>> clean_code("AB3")
    Traceback (most recent call last):
        ...
    risk.errors.ClassRefused: Training session: a code has 6 letters or digits; this one has 3. Look at the \
board. Nothing was changed.
    """
    code = "".join(c for c in text.upper() if c.isalnum())
    if len(code) != CODE_LENGTH:
        problem = "a code has {n} letters or digits; this one has {m}"
        raise ClassRefused(problem, todo="Look at the board.", n=CODE_LENGTH, m=len(code))
    return code


def token_hash(token: str) -> str:
    """What is stored of a token: its SHA-256, so that reading the database gives nobody a seat.

    >>> len(token_hash("f" * 32))
    64
    """
    return hashlib.sha256(token.encode()).hexdigest()
