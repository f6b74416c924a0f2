"""Judgements: one row for each answer that counts, made from a session's state."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from risk.classroom.plan import ItemFacts
from risk.classroom.privacy import counted_until
from risk.classroom.rules import is_done
from risk.classroom.state import Answer, Room, Seat

__all__ = ["Judgement", "judgements"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One person's judgement of one item: truth y, advice a, first answer u0, final answer u1.

    `final` equals `first` in modes without advice. Confidences are 0–1; times are seconds; `looked` is how
    long the reasons were open before the final answer (None where they were not opened).
    """

    seat: str
    item: ItemFacts
    step: int
    mode: str
    advised: bool
    first: str
    final: str
    first_confidence: float
    confidence: float
    tags: tuple[str, ...] = ()
    looked: float | None = None

    @property
    def truth(self) -> str:
        """y."""
        return self.item.truth

    @property
    def advice(self) -> str:
        """a."""
        return self.item.advice

    @property
    def correct(self) -> bool:
        """u1 = y."""
        return self.final == self.truth

    @property
    def first_correct(self) -> bool:
        """u0 = y."""
        return self.first == self.truth


def judgements(room: Room, *, counted: bool = True, own: bool = False) -> list[Judgement]:
    """Every finished judgement; with `counted`, warm-ups are left out.

    Skipped items and items whose advice was never answered do not count. What a seat said before it was
    removed does count: else the figures before and after would give its answers away by subtraction. For the
    same reason answers of a few after the class saw its figures are left out, except for their `own` cards.
    """
    out, until = [], {} if own else {step: _until(room, step) for step in room.closings}
    for seat in room.seats.values():
        for (step, item_id), answer in seat.answers.items():
            if (step, item_id) in room.skipped or not is_done(room, seat, answer):
                continue
            if max(answer.at, answer.final_at) > until.get(step, math.inf):
                continue
            if counted and not room.mode(seat, step).counted:
                continue
            out.append(_judgement(room, seat, answer))
    return out


def _until(room: Room, step: int) -> float:
    done = [(seat.seat_id, max(a.at, a.final_at)) for seat in room.seats.values()
            for (at, _item), a in seat.answers.items() if at == step and is_done(room, seat, a)]  # fmt: skip
    return counted_until(room.closings[step], done)


def _judgement(room: Room, seat: Seat, given: Answer) -> Judgement:
    looked = given.final_at - given.looked_at if given.looked_at else None
    return Judgement(
        seat.seat_id,
        room.facts(given.item_id),
        given.step,
        room.mode_of(seat, given.step),
        bool(given.final),
        given.first,
        given.final or given.first,
        given.confidence / 100,
        (given.final_confidence or given.confidence) / 100,
        given.tags,
        looked,
    )


def people(given: Sequence[Judgement]) -> int:
    """How many people these judgements come from."""
    return len({j.seat for j in given})


def signals(given: Sequence[Judgement]) -> list[ItemFacts]:
    """The irregular items among them, once for each judgement."""
    return [j.item for j in given if j.item.irregular]
