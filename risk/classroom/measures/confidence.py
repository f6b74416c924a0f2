"""Is confidence worth what it says? Brier score, over-confidence, reliability at the six levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sklearn.metrics import brier_score_loss

from risk.classroom.measures.figure import LEAST, Figure, undefined, wilson
from risk.classroom.measures.judged import Judgement, people
from risk.classroom.plan import CONFIDENCES

__all__ = ["Level", "brier", "curve", "histogram", "over_confidence"]


@dataclass(frozen=True, slots=True)
class Level:
    """One of the six levels: what was said (0–1), how often it was right."""

    said: float
    right: Figure


def _floor(given: Sequence[Judgement], of_class: bool) -> str:
    if not given:
        return "no_items"
    if of_class and people(given) < LEAST["class_people"]:
        return "too_few_people"
    return "too_few" if len(given) < LEAST["class_opportunities" if of_class else "opportunities"] else ""


def brier(given: Sequence[Judgement], *, of_class: bool = False) -> Figure:
    """Mean (c − correct)²: 0 is perfect, 0.25 is what always saying 50 % gives (scikit-learn)."""
    why = _floor(given, of_class)
    if why:
        return undefined(why, len(given))
    said, right = [j.confidence for j in given], [int(j.correct) for j in given]
    return Figure(float(brier_score_loss(right, said, pos_label=1, labels=[0, 1])), n=len(given))


def over_confidence(given: Sequence[Judgement], *, of_class: bool = False) -> Figure:
    """Mean confidence less accuracy: above 0 claims more than it keeps."""
    why = _floor(given, of_class)
    if why:
        return undefined(why, len(given))
    accuracy = wilson(sum(j.correct for j in given), len(given))
    mean = sum(j.confidence for j in given) / len(given)
    return Figure(mean - accuracy.value, mean - accuracy.high, mean - accuracy.low, len(given))


def curve(given: Sequence[Judgement]) -> tuple[Level, ...]:
    """How often each level of confidence was right; empty under 100 judgements or 5 people."""
    if len(given) < LEAST["curve"] or people(given) < LEAST["class_people"]:
        return ()
    out = []
    for level in CONFIDENCES:
        at = [j for j in given if round(100 * j.confidence) == level]
        out.append(Level(level / 100, wilson(sum(j.correct for j in at), len(at))))
    return tuple(out)


def histogram(given: Sequence[Judgement]) -> dict[int, int]:
    """How often each level was said."""
    return {level: sum(round(100 * j.confidence) == level for j in given) for level in CONFIDENCES}
