"""A small text model of descriptions: what words say about the commodity, and how much.

Fitted by counting which commodity chapter each word goes with, on the training period's declarations.
No language is built in, and every number can be traced to counts of words.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["words_of", "fit_words", "vagueness", "telling", "agreement", "speaking"]

_WORD = re.compile(r"[^\W\d_]{2,}")
_RARE = 3


def words_of(text: str) -> list[str]:
    """The words of a description: lower case, letters only, at least two.

    >>> words_of("Cotton T-shirt, 2 pcs")
    ['cotton', 'shirt', 'pcs']
    """
    return _WORD.findall(text.lower())


def fit_words(texts: list[str], chapters: list[str], counts: list[int]) -> dict[str, Any]:
    """Count words by chapter over distinct (text, chapter) rows that stand `counts` times.

    Returns a JSON-able state: ``chapters`` (names), ``share`` (of each chapter), ``words`` (word to log
    lift per chapter, shape (n_chapters,), smoothed) and ``spread`` (word to entropy in 0–1: 1 when the
    word is used for everything alike).
    """
    by_word: dict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    for text, chapter, n in zip(texts, chapters, counts, strict=True):
        total[chapter] += n
        for word in set(words_of(text)):
            by_word[word][chapter] += n
    names = sorted(total)
    share = np.array([total[c] for c in names], dtype=float)
    share /= share.sum() if names else 1.0
    kept = {w: np.array([c[x] for x in names], dtype=float) for w, c in sorted(by_word.items())
            if sum(c.values()) >= _RARE}
    return {"chapters": names, "share": share.tolist(),
            "words": {w: _lift(n, share) for w, n in kept.items()},
            "spread": {w: _spread(n, share) for w, n in kept.items()}}


def _lift(n: np.ndarray, share: np.ndarray) -> list[float]:
    given_word = (n + 2 * share) / (n.sum() + 2)
    return np.round(np.log(given_word / share), 4).tolist()


def _spread(n: np.ndarray, share: np.ndarray) -> float:
    """Entropy of the word's chapters, lift-corrected, over its maximum."""
    lift = (n + 2 * share) / (n.sum() + 2) / share
    p = lift / lift.sum()
    return round(float(-(p * np.log(p)).sum() / np.log(max(len(p), 2))), 4)


def vagueness(words: Sequence[str], state: dict[str, Any]) -> float:
    """0–1: how little the most telling word says about the commodity; 1 when no word is known.

    >>> state = fit_words(["cotton shirt", "steel gear", "gift"], ["61", "84", "61"], [9, 9, 1])
    >>> vagueness(["cotton"], state) < vagueness(["gift"], state)
    True
    """
    spread = state["spread"]
    known = [spread[w] for w in words if w in spread]
    return min(known, default=1.0)


def telling(words: Sequence[str], state: dict[str, Any]) -> str:
    """The word that says most about the commodity, the one `vagueness` goes by; "" where no word is known.

    >>> state = fit_words(["cotton shirt", "steel shirt", "gift"], ["61", "84", "61"], [9, 9, 1])
    >>> telling(["cotton", "shirt"], state), telling(["gift"], state)
    ('cotton', '')
    """
    known = [w for w in words if w in state["spread"]]
    return min(known, key=lambda w: state["spread"][w], default="")


def agreement(words: Sequence[str], chapter: str, state: dict[str, Any]) -> float:
    """Mean log lift of the chapter given each known word (nats); 0 when the words say nothing.

    >>> state = fit_words(["cotton shirt", "steel gear"], ["61", "84"], [9, 9])
    >>> said = words_of("cotton shirt")
    >>> agreement(said, "61", state) > 0 > agreement(said, "84", state)
    True
    """
    if chapter not in state["chapters"]:
        return float("nan")
    at, lift = state["chapters"].index(chapter), state["words"]
    lifts = [lift[w][at] for w in words if w in lift]
    return sum(lifts) / len(lifts) if lifts else 0.0


def speaking(words: Sequence[str], chapter: str, state: dict[str, Any]) -> tuple[list[str], str]:
    """The words that drive `agreement`, strongest first, and the chapter for which they speak.

    Words against the chapter where the agreement is below 0, else words for it; no words where none is known,
    and no chapter (``""``) where they make none twice as likely.

    >>> state = fit_words(["cotton shirt", "steel gear", "book"], ["61", "84", "49"], [9, 9, 9])
    >>> speaking(["cotton", "shirt", "gift"], "84", state), speaking(["gift"], "84", state)
    ((['cotton', 'shirt'], '61'), ([], ''))
    """
    at = state["chapters"].index(chapter)
    lifts = {w: state["words"][w] for w in words if w in state["words"]}
    if not lifts:
        return [], ""
    sign = 1 if agreement(words, chapter, state) >= 0 else -1
    driving = {w: lift for w, lift in lifts.items() if sign * lift[at] > 0} or lifts
    ordered = sorted(driving, key=lambda w: -sign * driving[w][at])
    together = np.mean([driving[w] for w in ordered], axis=0)
    best = int(np.argmax(together))
    return ordered, state["chapters"][best] if together[best] > np.log(2) else ""
