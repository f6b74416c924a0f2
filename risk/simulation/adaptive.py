"""How much to draw at random next week, from what both channels have shown.

Two signals, both of them statistics that an office could compute:

*Shortfall*: the targeted channel finds fewer than the model said it would. That is how drift looks from
inside: what was learnt no longer holds.
*Surprise*: the random channel finds more than the model said of the very items it drew. That is what
targeting does not see.

Each is a difference of observed and stated finds over the last `WINDOW` reported weeks, in standard
deviations of a Poisson count. The share rises from `LEAST` towards `MOST` with the larger of the two.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Tally", "next_share", "signals", "LEAST", "MOST", "WINDOW"]

LEAST, MOST = 0.01, 0.30
WINDOW = 6
_CALM, _ALARM = 2.0, 4.0


@dataclass(frozen=True)
class Tally:
    """One reported week: examinations, finds, and finds that the model's scores had stated, by channel."""

    week: int
    targeted: int = 0
    targeted_found: int = 0
    targeted_stated: float = 0.0
    random: int = 0
    random_found: int = 0
    random_stated: float = 0.0


def signals(past: tuple[Tally, ...]) -> tuple[float, float]:
    """Shortfall of the targeted and surprise of the random channel, in standard deviations.

    >>> signals((Tally(0, 100, 5, 30.0, 20, 4, 0.25),))
    (4.56..., 3.75...)
    """
    recent = past[-WINDOW:]
    stated = sum(t.targeted_stated for t in recent)
    shortfall = (stated - sum(t.targeted_found for t in recent)) / np.sqrt(max(stated, 1.0))
    expected = sum(t.random_stated for t in recent)
    surprise = (sum(t.random_found for t in recent) - expected) / np.sqrt(max(expected, 1.0))
    return float(shortfall), float(surprise)


def next_share(past: tuple[Tally, ...]) -> float:
    """Random share of the next week, 0–1.

    >>> next_share(()), next_share((Tally(0, 100, 5, 90.0),))
    (0.01, 0.3)
    """
    alarm = max(signals(past), default=0.0) if past else 0.0
    pressure = float(np.clip((alarm - _CALM) / (_ALARM - _CALM), 0.0, 1.0))
    return LEAST + (MOST - LEAST) * pressure
