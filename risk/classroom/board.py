"""What every board shows: counts while an item is open, its answers once closed, the class after a block.

While people answer, only how many have answered is known here, so no screen can give the answers away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from risk.classroom.measures import confidence, detection, reliance
from risk.classroom.measures.figure import LEAST, Figure, undefined, wilson
from risk.classroom.measures.judged import Judgement, judgements, people
from risk.classroom.measures.reliance import Reliance
from risk.classroom.plan import DIAGNOSTIC, MODES
from risk.classroom.rules import is_done, place_of
from risk.classroom.state import Room, Seat

__all__ = ["BlockPanel", "Board", "Contested", "ItemPanel", "SeatRow", "board", "contested", "seat_rows"]

CONTESTED = 3


@dataclass(frozen=True, slots=True)
class ItemPanel:
    """How a closed item was answered. `why` names what keeps it hidden; the counts are then empty."""

    item_id: str
    people: int
    before: dict[str, int]
    after: dict[str, int]
    switched: int
    confidence: dict[int, int]
    advice: str
    risk_score: float
    truth: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Contested:
    """An item on which answers divided most."""

    item_id: str
    examine: float
    n: int


@dataclass(frozen=True, slots=True)
class BlockPanel:
    """The class at the end of a block, or over all blocks: per mode rates and reliance; calibration."""

    rates: dict[str, tuple[Figure, Figure]]
    reliance: dict[str, Reliance]
    right: dict[str, tuple[Figure, Figure]]
    curve: tuple[confidence.Level, ...]
    contested: tuple[Contested, ...]


@dataclass(frozen=True, slots=True)
class Board:
    """One aggregate for all boards, at one moment of a session."""

    seq: int
    step: int
    steps: int
    kind: str
    mode: str
    pacing: str
    locked: bool
    over: bool
    joined: int
    open: bool
    item: int
    items: int
    ends_at: float
    answered: int
    expected: int
    closed: ItemPanel | None = None
    block: BlockPanel | None = None


def board(room: Room) -> Board:
    """The aggregate of a session's present state."""
    stage, step = room.stage, room.step
    answered, expected = _progress(room)
    closed = block = None
    if step.judges and not stage.open and stage.item >= 0:
        closed = _item_panel(room, room.setup.sets[stage.step][0][stage.item])
    if _finished(room):
        block = _block_panel([j for j in judgements(room) if j.step == stage.step])
    elif step.kind == "debrief" or room.over:
        block = _block_panel(judgements(room))
    return Board(room.seq, stage.step, len(room.setup.plan.steps), step.kind, step.mode, step.pacing,
                 room.locked, room.over, len(room.present), stage.open, stage.item, step.items,
                 stage.ends_at, answered, expected, closed, block)  # fmt: skip


def _finished(room: Room) -> bool:
    """Whether a counted block has just ended: its window closed, or its last item.

    Not in a study: there each block holds parts of several modes, and a small part would be the difference
    between what the blocks showed and the sums of the debrief.
    """
    if room.step.kind != "block" or room.stage.open or room.setup.orders:
        return False
    return room.step.pacing == "self" or room.stage.item == room.step.items - 1


def _progress(room: Room) -> tuple[int, int]:
    """How many answers are complete of those expected now: of the open item, or of the whole window."""
    step, seats = room.stage.step, room.present
    if room.step.kind in ("check", "exit"):
        given = [s.checks if room.step.kind == "check" else s.exits for s in seats]
        return sum(len(g) for g in given), 3 * len(seats)
    if not room.step.judges:
        return 0, 0
    if room.step.pacing == "trainer":
        if room.stage.item < 0:
            return 0, len(seats)
        item = room.setup.sets[step][0][room.stage.item]
        here = [s for s in seats if s.from_step != step or s.from_item <= room.stage.item]
        return sum(is_done(room, s, s.answers.get((step, item))) for s in here), len(here)
    done = sum(is_done(room, s, a) for s in seats for (at, _), a in s.answers.items() if at == step)
    return done, room.step.items * len(seats)


def _item_panel(room: Room, item_id: str) -> ItemPanel:
    facts, key = room.facts(item_id), (room.stage.step, item_id)
    given = [(s, s.answers[key]) for s in room.seats.values() if key in s.answers]
    truth = facts.truth if room.truth.get(item_id) else ""
    if len(given) < LEAST["class_people"]:
        return ItemPanel(item_id, len(given), {}, {}, 0, {}, facts.advice, facts.risk_score, truth,
                         "too_few_people")  # fmt: skip
    final = [a for s, a in given if is_done(room, s, a)]
    return ItemPanel(
        item_id,
        len(given),
        dict(Counter(a.first for _, a in given)),
        dict(Counter(a.final or a.first for a in final)),
        sum(bool(a.final) and a.final != a.first for a in final),
        dict(Counter(a.final_confidence or a.confidence for a in final)),
        facts.advice,
        facts.risk_score,
        truth,
    )


def _block_panel(given: Sequence[Judgement]) -> BlockPanel:
    modes = {mode: [j for j in given if j.mode == mode] for mode in MODES if mode in {j.mode for j in given}}
    return BlockPanel(
        {mode: detection.class_rates(part) for mode, part in modes.items()},
        {mode: reliance.reliance(part, of_class=True) for mode, part in modes.items()},
        {mode: _right(part) for mode, part in modes.items()},
        confidence.curve([j for j in given if len(modes) == 1 or j.mode in DIAGNOSTIC]),
        contested(given, CONTESTED),
    )


def _right(given: Sequence[Judgement]) -> tuple[Figure, Figure]:
    """How often the class was right where the model was right, and where it was wrong."""
    out = []
    for right in (True, False):
        part = [j for j in given if j.item.model_right == right]
        if people(part) < LEAST["class_people"]:
            out.append(undefined("too_few_people", len(part)))
        elif len(part) < LEAST["class_opportunities"]:
            out.append(undefined("too_few", len(part)))
        else:
            out.append(wilson(sum(j.correct for j in part), len(part)))
    return out[0], out[1]


def contested(given: Sequence[Judgement], count: int) -> tuple[Contested, ...]:
    """The items whose first answers divided most, those nearest to half and half first; from 5 people."""
    out = []
    for item_id in sorted({j.item.item_id for j in given}):
        said = [j.first == "examine" for j in given if j.item.item_id == item_id]
        if len(said) >= LEAST["class_people"]:
            out.append(Contested(item_id, sum(said) / len(said), len(said)))
    return tuple(sorted(out, key=lambda c: (abs(c.examine - 0.5), c.item_id))[:count])


@dataclass(frozen=True, slots=True)
class SeatRow:
    """A line of the trainer's side panel: who, what they are doing, how far they are; no answers."""

    seat: str
    pseudonym: str
    does: str
    done: int
    of: int
    last_at: float


def seat_rows(room: Room) -> list[SeatRow]:
    """Where each seat stands, in order of joining."""
    return [_seat_row(room, seat) for seat in room.present]


def _seat_row(room: Room, seat: Seat) -> SeatRow:
    place = place_of(room, seat)
    given = [a for (at, _), a in seat.answers.items() if at == room.stage.step]
    done = sum(is_done(room, seat, a) for a in given)
    last = max((max(a.at, a.final_at) for a in seat.answers.values()), default=seat.joined_at)
    return SeatRow(seat.seat_id, seat.pseudonym, place.does, done, place.of, last)
