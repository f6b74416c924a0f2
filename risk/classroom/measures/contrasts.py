"""Did it help? Paired differences with intervals that know both people and items are samples.

Each person is compared with themselves; the bootstrap draws people and items anew, both at once (the
pigeonhole bootstrap, Owen 2007), so that a handful of odd items cannot pass for an effect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from risk.classroom.measures.figure import LEAST, Figure, undefined
from risk.classroom.measures.judged import Judgement

__all__ = ["Contrast", "Value", "VALUES", "contrast"]

Value = Callable[[Judgement], float]
REPEATS = 2000
VALUES: dict[str, Value] = {
    "correct": lambda j: float(j.correct),
    "first_correct": lambda j: float(j.first_correct),
    "confidence": lambda j: j.confidence,
}


@dataclass(frozen=True, slots=True)
class Contrast:
    """A mean difference within people; `verdict` is ``more``, ``less``, ``cannot_tell`` or ``too_few``."""

    figure: Figure
    people: int

    @property
    def verdict(self) -> str:
        """What may be said: nothing when the interval covers 0."""
        if not self.figure.known:
            return "too_few"
        if self.figure.low > 0:
            return "more"
        return "less" if self.figure.high < 0 else "cannot_tell"


def contrast(
    before: Sequence[tuple[Judgement, float]], after: Sequence[tuple[Judgement, float]], *, seed: int
) -> Contrast:
    """Mean over people of (their mean value after − before), 95 % interval over people and items.

    Parameters
    ----------
    before, after
        Judgements with their values; only people who have both are compared.
    seed
        The same data and seed give the same interval.
    """
    both = {j.seat for j, _ in before} & {j.seat for j, _ in after}
    kept = [[(j, v) for j, v in side if j.seat in both] for side in (before, after)]
    n = min(len(side) for side in kept)
    if len(both) < LEAST["class_people"]:
        return Contrast(undefined("too_few_people", n), len(both))
    if n < LEAST["class_opportunities"]:
        return Contrast(undefined("too_few", n), len(both))
    seats = sorted(both)
    items = sorted({j.item.item_id for side in kept for j, _ in side})
    sides = [_matrix(side, seats, items) for side in kept]
    draws = _bootstrap(sides, np.random.default_rng([seed, crc32(b"classroom.contrast")]))
    one = np.ones(len(items))
    value = float(np.mean(_means(sides[1], one) - _means(sides[0], one)))
    low, high = np.quantile(draws, [0.025, 0.975])
    return Contrast(Figure(value, float(low), float(high), n), len(both))


def _matrix(side: list, seats: list[str], items: list[str]) -> np.ndarray:
    """Values with NaN where someone did not judge an item, shape (people, items)."""
    row, column = {s: i for i, s in enumerate(seats)}, {s: i for i, s in enumerate(items)}
    out = np.full((len(seats), len(items)), np.nan)
    for j, value in side:
        out[row[j.seat], column[j.item.item_id]] = value
    return out


def _means(matrix: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Each person's mean under item weights (items,) or (items, repeats); NaN where nothing has weight."""
    seen = ~np.isnan(matrix)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (np.nan_to_num(matrix) @ weights) / (seen.astype(float) @ weights)


def _bootstrap(sides: list[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    people, items = sides[0].shape
    of_items = rng.multinomial(items, np.full(items, 1 / items), REPEATS).T.astype(float)
    of_people = rng.multinomial(people, np.full(people, 1 / people), REPEATS).T.astype(float)
    gaps = _means(sides[1], of_items) - _means(sides[0], of_items)  # (people, repeats)
    weights = np.where(np.isnan(gaps), 0.0, of_people)
    total = weights.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        draws = (np.nan_to_num(gaps) * weights).sum(axis=0) / total
    return draws[np.isfinite(draws)]
