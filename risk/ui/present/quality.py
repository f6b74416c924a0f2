"""Data quality, drift and the process, from one queue: what came in, how it differs from what the model
learnt from, what the random checks found, and how reviewers decided."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from risk.casework import Case
from risk.evaluation import wilson
from risk.features.quality import DIMENSIONS, dimensions
from risk.fitted import FittedModel
from risk.store import DecisionRow
from risk.ui.i18n import N_, _, number, percent

__all__ = ["FEWEST", "Drifted", "QualityRow", "by_group", "drift", "quality", "random_check", "reviewers", "stability"]

_STEADY, _MOVED = 0.1, 0.25  # the customary limits of the population stability index
_FEW = 30
FEWEST = 5  # people, below which nothing is said of a group


@dataclass(frozen=True)
class QualityRow:
    """One group's data quality in four dimensions, in words; "–" where it has too few items."""

    title: str
    items: str
    completeness: str
    timeliness: str
    accuracy: str
    consistency: str


def quality(model: FittedModel, items: pd.DataFrame, by: str) -> list[QualityRow]:
    """Four dimensions of data quality by the values of one field, the largest group first.

    What each dimension is stands in `risk.features.quality`; "–" too where the data dictionary declares none.
    """
    found = dimensions(model.dictionary, items)
    groups = items[by].astype(object).where(items[by].notna(), "")
    counts = groups.value_counts()
    means = found.groupby(groups.to_numpy()).mean()
    field = model.dictionary[by]
    return [
        QualityRow(
            _(field.level(value)) if value else _("not stated"),
            number(n),
            *(percent(means.at[value, d]) if n >= _FEW and d in means else "–" for d in DIMENSIONS),
        )
        for value, n in counts.items()
    ]


def stability(expected: np.ndarray, seen: np.ndarray) -> float:
    """Population stability index of two distributions over the same bins, each summing to 1.

    >>> round(stability(np.array([.5, .5]), np.array([.5, .5])), 3), round(stability(np.array([.5, .5]),
    ...       np.array([.8, .2])), 3)
    (0.0, 0.416)
    """
    p, q = (np.maximum(np.asarray(d, float), 1e-4) for d in (expected, seen))
    p, q = p / p.sum(), q / q.sum()
    return float(((p - q) * np.log(p / q)).sum())


@dataclass(frozen=True)
class Drifted:
    """How far one feature has moved from what the model learnt from."""

    title: str
    index: float
    verdict: str


def drift(model: FittedModel, items: pd.DataFrame) -> list[Drifted]:
    """Every feature's population stability index against the model's background, the most moved first."""
    x, out = model.features.transform(items).to_numpy(np.float32), []
    for j, f in enumerate(model.features.specs):
        edges, expected = model.tables.edges[j], model.tables.density[j]
        column = x[:, j]
        at = np.where(np.isnan(column), len(expected) - 1, np.searchsorted(edges, column, side="left"))
        seen = np.bincount(at.astype(int), minlength=len(expected)) / max(len(at), 1)
        index = stability(*(_joined(d, expected) for d in (expected, seen)))
        out.append(Drifted(_(f.title), round(index, 3), _(_moved(index))))
    return sorted(out, key=lambda d: -d.index)


def _joined(share: np.ndarray, expected: np.ndarray, parts: int = 10) -> np.ndarray:
    """Neighbouring bins joined into about `parts` of equal expected share; missing stays by itself."""
    place = np.cumsum(expected[:-1]) - expected[:-1] / 2
    group = np.floor(place / max(place[-1], 1e-12) * (parts - 1e-9)).astype(int)
    return np.append(np.bincount(group, weights=share[:-1], minlength=parts), share[-1])


def _moved(index: float) -> str:
    return N_("steady") if index < _STEADY else N_("moved a little") if index < _MOVED else N_("moved")


def random_check(cases: Iterable[Case]) -> str:
    """What the random checks of a queue found, against what the scores had promised, in one sentence."""
    drawn = [c for c in cases if c.channel == "random" and c.outcome]
    if not drawn:
        return _(
            "No outcome of a random check is known yet. Record outcomes to measure what the score misses."
        )
    n, found = len(drawn), sum(c.outcome == "confirmed" for c in drawn)
    low, high = wilson(found, n)
    promised = sum(c.risk_score for c in drawn) / n
    within = low <= promised <= high
    verdict = _("That is within the limits.") if within else _("That is outside the limits.")
    said = _(
        "Random checks: {found} of {n} were irregular, {rate} (95 % limits: {low} to {high}); the scores had "
        "promised {promised}.",
        found=number(found),
        n=number(n),
        rate=percent(found / n, 1),
        low=percent(low, 1),
        high=percent(high, 1),
        promised=percent(promised, 1),
    )
    return f"{said} {verdict}"


def reviewers(decisions: Sequence[DecisionRow]) -> list[tuple[str, str, str, str, str]]:
    """For each suggestion: decisions, how many followed it, how many did not, and the followed share's interval.

    By suggestion and not by person: this page watches the process, and is no tool to watch people.
    """
    suggested = dict.fromkeys(d.suggested for d in decisions)
    return [(s, *_followed([d for d in decisions if d.suggested == s])) for s in suggested]


def by_group(decisions: Sequence[DecisionRow]) -> list[tuple[str, str, str, str, str, str]]:
    """The same for each group of people (the role they decided in), with the number of people before it.

    A group is shown from `FEWEST` people on; and where what is not shown would be fewer people than that, which
    the table by suggestion would give away by subtraction, the smallest shown group is left out too.
    """
    people: dict[str, set[str]] = {}
    for d in decisions:
        people.setdefault(d.role, set()).add(d.decided_by)
    shown, hidden = sorted(people, key=lambda role: len(people[role])), set()
    while shown and (len(people[shown[0]]) < FEWEST or 0 < len(hidden) < FEWEST):
        hidden |= people[shown.pop(0)]
    return [
        (_(role.replace("_", " ")), number(len(people[role])), *_followed([d for d in decisions if d.role == role]))
        for role in reversed(shown)
    ]


def _followed(decisions: Sequence[DecisionRow]) -> tuple[str, str, str, str]:
    n, agreed = len(decisions), sum(d.agrees for d in decisions)
    low, high = wilson(agreed, n)
    return number(n), number(agreed), number(n - agreed), f"{percent(low)}–{percent(high)}"
