"""Do people agree on items? Krippendorff's alpha, with Gwet's AC1 beside it.

Alpha falls when nearly all items get the same answer, even where people agree (the kappa paradox); AC1 does
not. Both are shown so that neither is believed alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import krippendorff
import numpy as np

from risk.classroom.measures.figure import LEAST, Figure, normal_interval, undefined
from risk.classroom.measures.judged import Judgement
from risk.classroom.plan import ACTIONS

__all__ = ["ac1", "alpha", "answer_matrix", "gwet", "jackknife_alpha"]


def answer_matrix(given: Sequence[Judgement], *, first: bool = True) -> np.ndarray:
    """Answers as numbers (0 examine, 1 release, NaN none), shape (people, items)."""
    seats = sorted({j.seat for j in given})
    items = sorted({j.item.item_id for j in given})
    out = np.full((len(seats), len(items)), np.nan)
    for j in given:
        said = j.first if first else j.final
        out[seats.index(j.seat), items.index(j.item.item_id)] = ACTIONS.index(said)
    return out


def _alpha(matrix: np.ndarray) -> float:
    """Alpha, or NaN where nothing varies or no item has two answers."""
    pairable = matrix[:, (~np.isnan(matrix)).sum(axis=0) >= 2]
    if pairable.size == 0 or len(np.unique(pairable[~np.isnan(pairable)])) < 2:
        return math.nan
    return float(krippendorff.alpha(pairable, level_of_measurement="nominal"))


def jackknife_alpha(matrix: np.ndarray) -> tuple[float, float]:
    """(alpha, its standard error by leaving out one item at a time), shape of `matrix` (people, items)."""
    n = matrix.shape[1]
    left = np.array([_alpha(np.delete(matrix, item, axis=1)) for item in range(n)])
    return _alpha(matrix), float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum()))


def _missing(matrix: np.ndarray) -> str:
    people, items = matrix.shape
    if people < LEAST["agreement_raters"]:
        return "too_few_people"
    if items < LEAST["agreement_items"]:
        return "too_few"
    return "same_answer" if len(np.unique(matrix[~np.isnan(matrix)])) < 2 else ""


def alpha(matrix: np.ndarray) -> Figure:
    """Krippendorff's alpha for answers (people, items), jackknife interval over items.

    Named instead of shown: fewer than 20 items or 5 people; everyone answered the same.

    >>> alpha(np.zeros((6, 30))).why, alpha(np.zeros((4, 30))).why
    ('same_answer', 'too_few_people')
    """
    why = _missing(matrix)
    if why:
        return undefined(why, matrix.shape[1])
    value, se = jackknife_alpha(matrix)
    return undefined("same_answer", matrix.shape[1]) if math.isnan(value) else normal_interval(
        value, se, matrix.shape[1]
    )  # fmt: skip


def gwet(matrix: np.ndarray) -> float:
    """Gwet's AC1 (2008) for nominal answers with missing ones: (p_a − p_e)/(1 − p_e).

    p_a averages, over items with two answers or more, the share of agreeing pairs; p_e = Σ π(1−π)/(q−1)
    with π the mean share of each category.

    >>> gwet(np.array([[0, 0, 1], [0, 1, 1]])).__round__(6)
    0.333333
    """
    q = len(ACTIONS)
    by = np.stack([(matrix == k).sum(axis=0) for k in range(q)], axis=1).astype(float)  # (items, q)
    each = by.sum(axis=1)
    many, some = each >= 2, each >= 1
    agree = (by[many] * (by[many] - 1)).sum(axis=1) / (each[many] * (each[many] - 1))
    share = (by[some] / each[some][:, None]).mean(axis=0)
    chance = float((share * (1 - share)).sum() / (q - 1))
    return (float(agree.mean()) - chance) / (1 - chance)


def ac1(matrix: np.ndarray) -> Figure:
    """Gwet's AC1, jackknife interval over items; defined also where everyone answered the same."""
    why = _missing(matrix)
    if why and why != "same_answer":
        return undefined(why, matrix.shape[1])
    n = matrix.shape[1]
    left = np.array([gwet(np.delete(matrix, item, axis=1)) for item in range(n)])
    se = float(np.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum()))
    return normal_interval(gwet(matrix), se, n)
