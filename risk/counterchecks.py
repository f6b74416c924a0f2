"""Checks of one explanation against other items, other values and other models.

*Robustness*: which single stated field would change the lane, and by how little. *Similar items*: what
happened to items that looked alike to the model. *Agreement*: what other models say about the same item.
All three are offered so that a person can doubt a score; none says what is inside the item.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from risk.errors import ExplanationWithheld, Refused
from risk.explanation import HARDLY, Reason
from risk.features import quantity
from risk.fitted import FittedModel
from risk.schema import Dictionary, Field

__all__ = [
    "LaneLimits",
    "Turn",
    "stated_fields",
    "turning_changes",
    "robustness_words",
    "Similar",
    "agreement",
    "differing_reasons",
]

_FACTORS = np.concatenate([1 / np.geomspace(1.02, 30, 24)[::-1], np.geomspace(1.02, 30, 24)])
_REFINE = 12
_MOST_LEVELS = 60


@dataclass(frozen=True)
class LaneLimits:
    """The lowest margins (log-odds) that led to a lane by score, as a selection came out.

    >>> LaneLimits(red=1.0, yellow=0.0).lane_of(0.4)
    'yellow'
    """

    red: float
    yellow: float

    def lane_of(self, margin: float) -> str:
        """The lane of a margin: ``red``, ``yellow`` or ``green``."""
        return "red" if margin >= self.red else "yellow" if margin >= self.yellow else "green"

    @classmethod
    def of(cls, margins: np.ndarray, lanes: np.ndarray, channels: np.ndarray) -> "LaneLimits":
        """From a selection: margins, lanes and channels (n_items,); the random channel sets no limit."""
        by_score = {lane: margins[(lanes == lane) & (channels != "random")] for lane in ("red", "yellow")}
        red = float(by_score["red"].min(initial=np.inf))
        return cls(red, float(min(red, by_score["yellow"].min(initial=np.inf))))


@dataclass(frozen=True)
class Turn:
    """One field's smallest tried change that alone changes the lane.

    `stated` and `instead` are values of the declaration (None: not stated); `size` is how large the change
    is: the absolute log ratio of a number, 1 for another code, 2 for leaving the field empty.
    """

    field: str
    title: str
    stated: Any
    instead: Any
    size: float
    margin: float
    lane: str


def stated_fields(dictionary: Dictionary) -> tuple[Field, ...]:
    """What the declarant states: numbers and categories known from the declaration."""
    return tuple(
        f for f in dictionary.fields() if f.role in ("numeric", "categorical") and f.known_at == "declaration"
    )


def turning_changes(
    model: FittedModel,
    row: pd.DataFrame,
    limits: LaneLimits,
    *,
    levels: Mapping[str, Sequence[Any]] | None = None,
) -> list[Turn]:
    """Every single stated field that alone would change the lane, the smallest change first.

    Parameters
    ----------
    model
        Features are made anew from each changed declaration by the model's own code.
    row
        One declaration, shape (1, …).
    limits
        Of the selection the item is part of.
    levels
        Codes to try for each categorical field; by default those its dictionary lists.

    Notes
    -----
    Numbers are tried from a thirtieth to thirty times their value, then more finely next to the smallest
    change that turned the lane; every category also as "not stated" where it may be. What is not tried
    is not found: this is a reading, no certificate.
    """
    if len(row) != 1:
        raise Refused(f"Expected one declaration, got {len(row)}. Nothing was checked.")
    now = limits.lane_of(_margins(model, row)[0])
    tried = [t for f in stated_fields(model.dictionary) for t in _first_tries(f, row, levels or {})]
    found = _turning(model, row, tried, limits, now)
    best = {name: min(turns, key=lambda t: t.size) for name, turns in _by_field(found).items()}
    finer = [t for turn in best.values() for t in _finer(model.dictionary[turn.field], turn)]
    for turn in _turning(model, row, finer, limits, now):
        best[turn.field] = min(best[turn.field], turn, key=lambda t: t.size)
    return sorted(best.values(), key=lambda t: (t.size, t.field))


Try = tuple[Field, Any, Any, float]  # field, value stated, value instead, size of the change


def _first_tries(f: Field, row: pd.DataFrame, levels: Mapping[str, Sequence[Any]]) -> list[Try]:
    stated = None if pd.isna(row[f.name].iloc[0]) else row[f.name].iloc[0]
    if f.role == "numeric":
        return [] if stated is None or float(stated) <= 0 else _numbers(f, stated, float(stated) * _FACTORS)
    codes = list(levels.get(f.name, ())) or list(f.constraints.get("enum", ())) or list(f.levels)
    codes = [True, False] if f.type == "boolean" else [c for c in codes if _may_be(f, c)][:_MOST_LEVELS]
    out = [(f, stated, code, 1.0) for code in codes if code != stated]
    return out + ([] if f.required or stated is None else [(f, stated, None, 2.0)])


def _may_be(f: Field, code: Any) -> bool:
    """Whether a code may stand in the field: levels may also name prefixes of codes."""
    return re.fullmatch(f.constraints.get("pattern", ".*"), str(code)) is not None


def _numbers(f: Field, stated: Any, values: np.ndarray) -> list[Try]:
    """The values that may stand in the field, each once."""
    low, high = f.constraints.get("minimum", -np.inf), f.constraints.get("maximum", np.inf)
    rounded = np.unique(np.round(values) if f.type == "integer" else np.round(values, 6))
    allowed = rounded[(rounded >= max(low, 1e-9)) & (rounded <= high) & (rounded != float(stated))]
    kind = int if f.type == "integer" else float
    return [(f, stated, kind(v), abs(float(np.log(v / float(stated))))) for v in allowed]


def _finer(f: Field, turn: Turn) -> list[Try]:
    """Numbers between what was stated and the smallest change known to turn the lane."""
    if f.role != "numeric":
        return []
    step = np.log(float(turn.instead) / float(turn.stated))
    fractions = 1 - np.arange(1, _REFINE) / _REFINE * 0.5
    return _numbers(f, turn.stated, float(turn.stated) * np.exp(step * fractions))


def _turning(
    model: FittedModel, row: pd.DataFrame, tried: Sequence[Try], limits: LaneLimits, now: str
) -> list[Turn]:
    if not tried:
        return []
    changed = pd.concat([row] * len(tried), ignore_index=True)
    for name in {f.name for f, *_ in tried}:
        values = [v if f.name == name else row[name].iloc[0] for f, _, v, _ in tried]
        changed[name] = pd.Series(values, dtype=_roomy(row[name].dtype))
    lanes = [(t, float(m), limits.lane_of(m)) for t, m in zip(tried, _margins(model, changed), strict=True)]
    return [
        Turn(f.name, f.title, stated, value, size, m, lane)
        for (f, stated, value, size), m, lane in lanes
        if lane != now
    ]


def _roomy(dtype: Any) -> Any:
    """A type that also holds "not stated"."""
    return {"b": "boolean", "i": "float64"}.get(getattr(dtype, "kind", "O"), dtype)


def _by_field(turns: Sequence[Turn]) -> dict[str, list[Turn]]:
    out: dict[str, list[Turn]] = {}
    for turn in turns:
        out.setdefault(turn.field, []).append(turn)
    return out


def _margins(model: FittedModel, frame: pd.DataFrame) -> np.ndarray:
    return model.score(frame)["margin"].to_numpy()


def robustness_words(turns: Sequence[Turn], dictionary: Dictionary) -> str:
    """The reading in one sentence.

    >>> weight = {"name": "w", "type": "number", "risk": {"role": "numeric", "unit": "g"}}
    >>> d = Dictionary({"name": "t", "resources": [{"name": "declarations", "schema": {"fields": [weight]}}]})
    >>> robustness_words([Turn("w", "Gross weight", 80.0, 95.0, 0.17, -1.0, "green")], d)
    'This lane hangs on one field: with gross weight 95 g instead of 80 g it would be green.'
    """
    if not turns:
        return "No single stated field that was tried changes the lane."
    first = turns[0]
    instead, stated = (_value(dictionary[first.field], v) for v in (first.instead, first.stated))
    title = first.title[:1].lower() + first.title[1:]
    change = f"with {title} {instead} instead of {stated} it would be {first.lane}"
    if len(turns) == 1:
        return f"This lane hangs on one field: {change}."
    return f"{len(turns)} single fields could change this lane; the least change: {change}."


def _value(f: Field, value: Any) -> str:
    if value is None:
        return "not stated"
    if f.role == "numeric":
        return quantity(float(value), f.unit if f.unit != f.name else "")
    return f.level(str(value).lower() if f.type == "boolean" else value)


# ------------------------------------------------------------------------------------------ similar items


class Similar:
    """Past items in one space: each feature by its rank among them, weighted by what it moves.

    Ranks make a gram and a franc comparable; weights (mean absolute attribution) keep features that the
    model ignores from making items look alike. A missing value lies half a range away from every stated one.

    Parameters
    ----------
    x, phi : (n_past, p)
        Features and attributions of the past items.

    >>> past = Similar(np.array([[1.0], [2.0], [9.0]]), np.array([[-1.0], [0.0], [1.0]]))
    >>> past.nearest(np.array([[8.0]]), k=2)[0].tolist()
    [[1, 2]]
    """

    def __init__(self, x: np.ndarray, phi: np.ndarray) -> None:
        self._sorted = [np.sort(column[np.isfinite(column)]) for column in x.T]
        self._weight = np.abs(phi).mean(axis=0)
        self._past = self._place(x)

    def nearest(self, x: np.ndarray, *, k: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers and distances, (n, k) each, of the past items nearest to `x` (n, p); ties by row."""
        k = min(k, len(self._past))
        rows, distances = np.empty((len(x), k), np.int64), np.empty((len(x), k))
        for i, place in enumerate(self._place(np.asarray(x, float))):
            gap = np.sqrt(((self._past - place) ** 2).sum(axis=1))
            rows[i] = np.argsort(gap, kind="stable")[:k]
            distances[i] = gap[rows[i]]
        return rows, distances

    def _place(self, x: np.ndarray) -> np.ndarray:
        places = [self._rank(column, known) for column, known in zip(x.T, self._sorted, strict=True)]
        return (np.column_stack(places) * self._weight).astype(np.float32)

    @staticmethod
    def _rank(column: np.ndarray, known: np.ndarray) -> np.ndarray:
        """Middle rank among the past values, 0–1; −0.5 for a missing one."""
        ends = np.searchsorted(known, column, "left") + np.searchsorted(known, column, "right")
        return np.where(np.isfinite(column), ends / max(2 * len(known), 1), -0.5)


# ------------------------------------------------------------------------------------------ other models


def agreement(models: Mapping[str, FittedModel], row: pd.DataFrame) -> pd.DataFrame:
    """What several models say about one item, and on which reason they differ.

    Parameters
    ----------
    models
        Name → model; each explains itself, or withholds.
    row
        One declaration, shape (1, …).

    Returns
    -------
    DataFrame
        ``model, margin, risk_score, top_feature, top_reason, same_top_reason``, the first model being what
        the others are compared with. A top reason is the feature that raises the odds most; of an explanation
        that was withheld, the message stands there instead.
    """
    out = [{"model": name, **_says(model, row)} for name, model in models.items()]
    return pd.DataFrame(out).assign(same_top_reason=[r["top_feature"] == out[0]["top_feature"] for r in out])


def _says(model: FittedModel, row: pd.DataFrame) -> dict[str, Any]:
    scored = model.score(row).iloc[0]
    out = {"margin": float(scored["margin"]), "risk_score": float(scored["risk_score"])}
    try:
        raising = [r for r in model.reasons(row)[0] if r.attribution > 0]
    except ExplanationWithheld as error:
        return {**out, "top_feature": "", "top_reason": str(error)}
    feature, text = (raising[0].feature, raising[0].text) if raising else ("", "Nothing raises the odds.")
    return {**out, "top_feature": feature, "top_reason": text}


def differing_reasons(models: Mapping[str, FittedModel], row: pd.DataFrame, *, k: int = 3) -> pd.DataFrame:
    """Where several models disagree on the reason: each model's part of what any of them finds important.

    Parameters
    ----------
    models
        Name → model; those that withhold their explanation are left out.
    row
        One declaration, shape (1, …).
    k
        How many of each model's largest attributions count as important.

    Returns
    -------
    DataFrame
        ``feature, title``, one column a model (log-odds; NaN where it does not use the feature), and
        ``reading``: *same direction*, *opposite directions*, or *not for all* where it hardly moves a score.
        What is important to most models comes first.
    """
    said = {name: listed for name, model in models.items() if (listed := _reasons_or_none(model, row)) is not None}
    order: dict[str, int] = {}
    for listed in said.values():
        for place, r in enumerate(listed[:k]):
            order[r.feature] = order.get(r.feature, 0) + k - place
    parts = {name: {r.feature: r.attribution for r in listed} for name, listed in said.items()}
    titles = {r.feature: r.title for listed in said.values() for r in listed}
    rows = [{"feature": f, "title": titles[f], **{name: part.get(f, np.nan) for name, part in parts.items()},
             "reading": _reading([part.get(f, np.nan) for part in parts.values()])}
            for f in sorted(order, key=lambda f: -order[f])]
    return pd.DataFrame(rows, columns=["feature", "title", *parts, "reading"])


def _reasons_or_none(model: FittedModel, row: pd.DataFrame) -> list[Reason] | None:
    try:
        return model.reasons(row)[0]
    except ExplanationWithheld:
        return None


def _reading(values: Sequence[float]) -> str:
    """How models' attributions of one feature go together.

    >>> _reading([0.5, 0.2]), _reading([0.5, -0.2, 0.0]), _reading([0.5, 0.01])
    ('same direction', 'opposite directions', 'not for all')
    """
    loud = [v for v in values if abs(v) >= HARDLY]
    if min(loud, default=0) < 0 < max(loud, default=0):
        return "opposite directions"
    return "same direction" if len(loud) == len(values) else "not for all"
