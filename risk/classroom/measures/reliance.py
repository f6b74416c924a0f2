"""Appropriate reliance, counted by opportunity (Schemmer et al. 2023).

With truth y, advice a, first answer u0 and final answer u1:
RAIR (relative AI reliance) = #(u0≠y, a=y, u1=y)/#(u0≠y, a=y);
RSR (relative self-reliance) = #(u0=y, a≠y, u1=y)/#(u0=y, a≠y);
switch fraction = P(u1=a | u0≠a); harmful switches = P(u0=y, u1≠y).
No library computes these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from risk.classroom.measures.figure import LEAST, Figure, undefined, wilson
from risk.classroom.measures.judged import Judgement, people

__all__ = ["Reliance", "advised", "changes", "reliance"]


@dataclass(frozen=True, slots=True)
class Reliance:
    """The four figures, each with its Wilson interval or the name of what is missing."""

    rair: Figure
    rsr: Figure
    switches: Figure
    harmful: Figure


def advised(given: Sequence[Judgement]) -> list[Judgement]:
    """Judgements that were made again after advice."""
    return [j for j in given if j.advised]


def changes(given: Sequence[Judgement]) -> dict[str, int]:
    """What became of answers that the advice contradicted.

    ``rescued`` (wrong, advice right, changed) · ``stayed_wrong`` (wrong, advice right, kept) ·
    ``talked_out`` (right, advice wrong, changed) · ``resisted`` (right, advice wrong, kept); ``agreed`` had
    no contradiction and kept to it, ``left`` went against advice that agreed with them.
    """
    out = dict.fromkeys(("rescued", "stayed_wrong", "talked_out", "resisted", "agreed", "left"), 0)
    for j in advised(given):
        out[_change(j)] += 1
    return out


def _change(j: Judgement) -> str:
    if j.first == j.advice:
        return "agreed" if j.final == j.advice else "left"
    if j.item.model_right:
        return "rescued" if j.correct else "stayed_wrong"
    return "resisted" if j.correct else "talked_out"


def reliance(given: Sequence[Judgement], *, of_class: bool) -> Reliance:
    """The four figures of a person (least: 10 opportunities each) or a class (5 people, 30 opportunities).

    Named instead of shown: nobody disagreed with the advice; never wrong (right) before it.
    """
    with_advice = advised(given)
    if of_class and 0 < people(with_advice) < LEAST["class_people"]:  # even a named case would tell of few
        return Reliance(*[undefined("too_few_people", len(with_advice))] * 4)
    wrong = [j for j in with_advice if not j.first_correct and j.item.model_right]
    right = [j for j in with_advice if j.first_correct and not j.item.model_right]
    against = [j for j in with_advice if j.first != j.advice]
    none = "nobody_disagreed" if with_advice and not against else ""

    def share(chosen: list[Judgement], good: list[bool], why: str) -> Figure:
        return _share(chosen, sum(good), why=none or why, of_class=of_class, asked=bool(with_advice))

    return Reliance(
        share(wrong, [j.correct for j in wrong], "never_wrong_alone"),
        share(right, [j.correct for j in right], "never_right_alone"),
        share(against, [j.final == j.advice for j in against], "nobody_disagreed"),
        _share(
            with_advice,
            sum(j.first_correct and not j.correct for j in with_advice),
            why="no_items",
            of_class=of_class,
            asked=bool(with_advice),
        ),
    )


def _share(chosen: Sequence[Judgement], good: int, *, why: str, of_class: bool, asked: bool) -> Figure:
    n = len(chosen)
    if not asked:
        return undefined("not_asked")
    if n == 0:
        return undefined(why)
    if of_class and people(chosen) < LEAST["class_people"]:
        return undefined("too_few_people", n)
    if n < LEAST["class_opportunities" if of_class else "opportunities"]:
        return undefined("too_few", n)
    return wilson(good, n)
