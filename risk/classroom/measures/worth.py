"""What decisions cost, and how explanations were used."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from risk.classroom.measures.figure import LEAST, Figure, undefined, wilson
from risk.classroom.measures.judged import Judgement, people

__all__ = ["advice_cost", "cost_of", "mean_cost", "opened", "opened_seconds", "tag_overlap"]


def _cost(irregular: bool, action: str, cost_miss: float) -> float:
    if irregular:
        return cost_miss if action == "release" else 0.0
    return 1.0 if action == "examine" else 0.0


def cost_of(j: Judgement, *, cost_miss: float, alone: bool = False) -> float:
    """What one final decision cost, or, `alone`, what following the score would have cost."""
    return _cost(j.item.irregular, j.advice if alone else j.final, cost_miss)


def mean_cost(given: Sequence[Judgement], *, cost_miss: float, first: bool = False) -> Figure:
    """Mean cost of the decisions an item; the unit is one needless examination, a miss costs `cost_miss`."""
    if not given:
        return undefined("no_items")
    spent = [_cost(j.item.irregular, j.first if first else j.final, cost_miss) for j in given]
    return Figure(sum(spent) / len(spent), n=len(spent))


def advice_cost(given: Sequence[Judgement], *, cost_miss: float) -> Figure:
    """What following the score alone would have cost on the same items."""
    if not given:
        return undefined("no_items")
    spent = [_cost(j.item.irregular, j.advice, cost_miss) for j in given]
    return Figure(sum(spent) / len(spent), n=len(spent))


def _explained(given: Sequence[Judgement]) -> list[Judgement]:
    return [j for j in given if j.mode == "SCORE_WHY"]


def opened(given: Sequence[Judgement], *, of_class: bool = True) -> Figure:
    """How often the reasons were opened where they could be."""
    shown = _explained(given)
    if not shown:
        return undefined("not_asked")
    if of_class and people(shown) < LEAST["class_people"]:
        return undefined("too_few_people", len(shown))
    return wilson(sum(j.looked is not None for j in shown), len(shown))


def opened_seconds(given: Sequence[Judgement]) -> Figure:
    """Median seconds between opening the reasons and the final answer; from 5 people."""
    times = [j.looked for j in _explained(given) if j.looked is not None]
    who = people([j for j in _explained(given) if j.looked is not None])
    if who < LEAST["class_people"]:
        return undefined("too_few_people", len(times))
    return Figure(float(median(times)), n=len(times))


def tag_overlap(given: Sequence[Judgement], *, of_class: bool = True) -> Figure:
    """How often a person's own reason, given before advice, is among those of the largest attributions."""
    told = [j for j in given if set(j.tags) - {"none"}]
    if not told:
        return undefined("no_items")
    if of_class and people(told) < LEAST["class_people"]:
        return undefined("too_few_people", len(told))
    return wilson(sum(bool(set(j.tags) & set(j.item.concepts)) for j in told), len(told))
