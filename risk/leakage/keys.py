"""Look-ups: copies across the split, keys whose label never changes, a dictionary beside the model."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from sklearn.metrics import average_precision_score

from risk.evaluation import wilson
from risk.leakage.leak import Answer, Asked, auc_low, rates_from

__all__ = ["duplicates", "pure_keys", "lookup_against_model"]

_MOST_COLUMNS, _WIDEST = 16, 3
_COPIES, _COPIES_AUC = 0.01, 0.8
_PURE, _COVERED, _NEARLY = 0.7, 0.2, 0.9
_DRAWS = 200


def duplicates(asked: Asked) -> list[Answer]:
    """Later items that repeat an earlier one in every declared column, and whose label is then known."""
    key = asked.key(list(asked.codes))
    twin = asked.later & np.isin(key, key[asked.earlier])
    share = float(twin.sum() / asked.later.sum())
    rates = rates_from(key, asked.y, asked.earlier)
    low = auc_low(rates[twin], asked.y[twin])[1] if twin.any() else 0.0
    leak = share >= _COPIES and low > _COPIES_AUC
    told = f", and the earlier one's result says what theirs is (AUC at least {low:.2f})" if leak else ""
    return [
        Answer(
            "copies_across_the_split",
            tuple(asked.codes)[:3],
            share,
            _COPIES,
            leak,
            f"{twin.sum():,} of {asked.later.sum():,} later items ({share:.1%}) repeat an earlier one in all "
            f"{len(asked.codes)} declared columns{told}.",
            "Drop the copies, or keep all copies of an item on one side of the split; a score on them says "
            "nothing about new items.",
        )
    ]


def _sets(asked: Asked) -> Iterator[tuple[str, ...]]:
    """Sets of one to three columns; of many columns, those with the most values."""
    names = sorted(asked.codes, key=lambda n: -int(asked.codes[n].max()))[:_MOST_COLUMNS]
    for width in range(1, _WIDEST + 1):
        yield from combinations(sorted(names), width)


def pure_keys(asked: Asked) -> list[Answer]:
    """Keys of which later items are found wherever earlier ones were; the smallest that covers most."""
    judged = [_pure(asked, names) for names in _sets(asked)]
    leaks = [(covered, answer) for covered, answer in judged if answer.is_leak]
    if not leaks:
        return [max((answer for _, answer in judged), key=lambda a: a.figure)]
    most = max(covered for covered, _ in leaks)
    near = [(len(answer.columns), -covered, answer) for covered, answer in leaks if covered >= _NEARLY * most]
    return [min(near, key=lambda made: made[:2])[2]]


def _pure(asked: Asked, names: tuple[str, ...]) -> tuple[float, Answer]:
    """Share of later finds that a key covers, and the answer about it."""
    key = asked.key(names)
    size, y, earlier = int(key.max()) + 1, asked.y, asked.earlier
    n, found = (
        np.bincount(key[earlier], minlength=size),
        np.bincount(key[earlier], y[earlier], minlength=size),
    )
    hit = asked.later & ((n > 0) & (found >= 0.9 * n))[key]
    again, of, finds = float(y[hit].sum()), int(hit.sum()), float(y[asked.later].sum())
    low = wilson(again, of)[0] if of else 0.0
    leak = low >= max(_PURE, (1 + asked.base) / 2) and again >= _COVERED * finds
    joined = " × ".join(names)
    return again / finds, Answer(
        "label_pure_key",
        names,
        low,
        _PURE,
        leak,
        f"{joined}: of {of:,} later items whose combination was (almost) always found before, "
        f"{again:,.0f} were found ({again / finds:.0%} of all later finds).",
        f"Find out how the label came about: it seems glued to {joined}. While it is, no figure measured on "
        "these data says what a model is worth. Leave out or coarsen one of these columns (--without), or "
        "get labels from examinations.",
    )


def lookup_against_model(asked: Asked) -> list[Answer]:
    """The best dictionary with no learning, chosen before the last slice, beside the model on the last."""
    fit, tune, later, y = asked.which["fit"], asked.which["tune"], asked.later, asked.y
    if asked.margin is None or not 0 < y[tune].sum() < tune.sum():
        return []

    def worth(names: tuple[str, ...]) -> float:
        return float(average_precision_score(y[tune], rates_from(asked.key(names), y, fit)[tune]))

    names = max(_sets(asked), key=worth)
    rates = rates_from(asked.key(names), y, asked.earlier)[later]
    mine, its = (float(average_precision_score(y[later], s)) for s in (rates, asked.margin[later]))
    low = _ahead(rates, asked.margin[later], y[later])
    joined = " × ".join(names)
    return [
        Answer(
            "lookup_beats_model",
            names,
            mine,
            round(its, 4),
            low > 0,
            f"A dictionary of {joined} with no learning has an average precision of {mine:.3f}, the model "
            f"{its:.3f} (a random order {asked.base:.3f}).",
            f"Your labels leak through {joined}, or the model misses them: look at how labels came about, "
            "then name the columns as a pair or a past rate in the dictionary.",
        )
    ]


def _ahead(a: np.ndarray, b: np.ndarray, y: np.ndarray) -> float:
    """Lower 95 % bound of how far `a` is ahead of `b` in average precision (items resampled)."""
    rng, gaps = np.random.default_rng([len(y), 42]), []
    for _ in range(_DRAWS):
        i = rng.integers(0, len(y), len(y))
        if y[i].any():
            gaps.append(average_precision_score(y[i], a[i]) - average_precision_score(y[i], b[i]))
    return float(np.quantile(gaps, 0.025))
