"""The state of a session, and how events change it: ``fold(events)`` is all there is to know.

States are values. `apply` returns a new one and copies only what changes, so that sixty people's answers
cost microseconds each.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import singledispatch

from risk.classroom import events as ev
from risk.classroom.events import Recorded
from risk.classroom.plan import MODES, ItemFacts, Mode, Setup, Step, setup_from
from risk.errors import Refused

__all__ = ["Answer", "Room", "Seat", "Stage", "apply", "fold"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one seat said about one item; `final` is empty until the advice was seen and answered.

    Times are seconds since 1970; `looked_at` is 0 where the reasons were not opened.
    """

    item_id: str
    step: int
    first: str
    confidence: int
    tags: tuple[str, ...]
    at: float
    final: str = ""
    final_confidence: int = 0
    final_at: float = 0.0
    looked_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Seat:
    """One trainee's place, under a pseudonym."""

    seat_id: str
    pseudonym: str
    token_hash: str
    group: int
    order: int
    joined_at: float
    from_step: int = 0
    from_item: int = 0
    removed: bool = False
    answers: Mapping[tuple[int, str], Answer] = field(default_factory=dict)
    checks: Mapping[str, int] = field(default_factory=dict)
    exits: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the class is. `item` is -1 before the first that the trainer opens; `ends_at` 0: no timer."""

    step: int = 0
    item: int = -1
    open: bool = False
    since: float = 0.0
    ends_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Room:
    """A session's state after `seq` events. `closings` says when each step's window was closed."""

    session_id: str = ""
    title: str = ""
    trainer: str = ""
    setup: Setup | None = None
    stage: Stage = Stage()
    seats: Mapping[str, Seat] = field(default_factory=dict)
    locked: bool = False
    over: bool = False
    truth: Mapping[str, bool] = field(default_factory=dict)
    bookmarks: tuple[str, ...] = ()
    skipped: frozenset[tuple[int, str]] = frozenset()
    keys: frozenset[str] = frozenset()
    seat_keys: Mapping[str, frozenset[str]] = field(default_factory=dict)
    opened_at: float = 0.0
    seq: int = 0
    closings: Mapping[int, tuple[float, ...]] = field(default_factory=dict)

    @property
    def step(self) -> Step:
        """The present step."""
        return self.setup.plan.steps[self.stage.step]

    @property
    def present(self) -> list[Seat]:
        """Seats that were not removed, in order of joining."""
        return [seat for seat in self.seats.values() if not seat.removed]

    def mode_of(self, seat: Seat, step: int) -> str:
        """The mode a seat works in at a step: in study mode each order permutes the rotated blocks."""
        plan = self.setup.plan
        if step not in plan.rotated or not self.setup.orders:
            return plan.steps[step].mode
        order = self.setup.orders[seat.order % len(self.setup.orders)]
        return plan.steps[plan.rotated[order[plan.rotated.index(step)]]].mode

    def mode(self, seat: Seat, step: int) -> Mode:
        """What that mode shows."""
        return MODES[self.mode_of(seat, step)]

    def items_of(self, seat: Seat, step: int) -> tuple[str, ...]:
        """Item ids a seat judges at a step, in order: the sets rotate over groups."""
        sets = self.setup.sets.get(step, ())
        if not sets:
            return ()
        turn = self.setup.plan.rotated.index(step) if step in self.setup.plan.rotated else 0
        return sets[(seat.group + turn) % len(sets)]

    def facts(self, item_id: str) -> ItemFacts:
        """What is known of an item."""
        return self.setup.items[item_id]

    def knows(self, key: str, seat: str = "") -> bool:
        """Whether this submission was already taken."""
        return bool(key) and key in (self.seat_keys.get(seat, frozenset()) if seat else self.keys)


def fold(recorded: Iterable[Recorded]) -> Room:
    """The state after these events."""
    room = Room()
    for one in recorded:
        room = apply(room, one)
    return room


def apply(room: Room, recorded: Recorded) -> Room:
    """The state after one more event. Errors: `Refused` when it does not follow."""
    if recorded.seq != room.seq + 1:
        raise Refused(
            f"Event {recorded.seq} came after event {room.seq}; expected {room.seq + 1}. The session's "
            "record is not whole. Nothing was changed."
        )
    after = _apply(recorded.event, room, recorded.at)
    changes: dict = {"seq": recorded.seq}
    if recorded.key:
        seat = getattr(recorded.event, "seat", "")
        if seat and not isinstance(recorded.event, ev.Removed):
            mine = room.seat_keys.get(seat, frozenset()) | {recorded.key}
            changes["seat_keys"] = {**room.seat_keys, seat: mine}
        else:
            changes["keys"] = room.keys | {recorded.key}
    return replace(after, **changes)


@singledispatch
def _apply(event: ev.Event, room: Room, at: float) -> Room:
    raise Refused(f"An event of kind {type(event).__name__} has no effect defined. Nothing was changed.")


@_apply.register
def _(event: ev.Opened, room: Room, at: float) -> Room:
    setup = setup_from(event.setup)
    return replace(room, session_id=event.session_id, title=event.title, trainer=event.trainer,
                   setup=setup, opened_at=at, stage=Stage(since=at))  # fmt: skip


@_apply.register
def _(event: ev.Joined, room: Room, at: float) -> Room:
    seat = Seat(event.seat, event.pseudonym, event.token_hash, event.group, event.order, at,
                event.from_step, event.from_item)  # fmt: skip
    return replace(room, seats={**room.seats, event.seat: seat})


def _seat(room: Room, seat_id: str, **changes: object) -> Room:
    return replace(room, seats={**room.seats, seat_id: replace(room.seats[seat_id], **changes)})


@_apply.register
def _(event: ev.Removed, room: Room, at: float) -> Room:
    return _seat(room, event.seat, removed=True)


@_apply.register
def _(event: ev.Locked, room: Room, at: float) -> Room:
    return replace(room, locked=event.locked)


@_apply.register
def _(event: ev.Stepped, room: Room, at: float) -> Room:
    step = room.setup.plan.steps[event.step]
    window = step.kind in ("check", "exit") or (step.judges and step.pacing == "self")
    ends = at + step.seconds if window and step.seconds else 0.0
    return replace(room, stage=Stage(event.step, open=window, since=at, ends_at=ends))


@_apply.register
def _(event: ev.WindowClosed, room: Room, at: float) -> Room:
    step, closings = room.stage.step, room.closings
    if event.closed:
        closings = {**closings, step: (*closings.get(step, ()), at)}
    return replace(room, stage=replace(room.stage, open=not event.closed, ends_at=0.0), closings=closings)


@_apply.register
def _(event: ev.ItemOpened, room: Room, at: float) -> Room:
    ends = at + room.step.seconds if room.step.seconds else 0.0
    return replace(room, stage=Stage(room.stage.step, event.item, True, at, ends))


@_apply.register
def _(event: ev.ItemClosed, room: Room, at: float) -> Room:
    return replace(room, stage=replace(room.stage, open=False, ends_at=0.0))


@_apply.register
def _(event: ev.ItemSkipped, room: Room, at: float) -> Room:
    left_out = (room.stage.step, room.setup.sets[room.stage.step][0][event.item])
    stage = replace(room.stage, open=False, ends_at=0.0)
    return replace(room, stage=stage, skipped=room.skipped | {left_out})


@_apply.register
def _(event: ev.Extended, room: Room, at: float) -> Room:
    ends = max(room.stage.ends_at, at) + event.seconds
    return replace(room, stage=replace(room.stage, ends_at=ends))


@_apply.register
def _(event: ev.Answered, room: Room, at: float) -> Room:
    answer = Answer(event.item_id, event.step, event.action, event.confidence, tuple(event.tags), at)
    return _answer(room, event.seat, answer)


def _answer(room: Room, seat_id: str, answer: Answer) -> Room:
    answers = {**room.seats[seat_id].answers, (answer.step, answer.item_id): answer}
    return _seat(room, seat_id, answers=answers)


@_apply.register
def _(event: ev.Looked, room: Room, at: float) -> Room:
    answer = room.seats[event.seat].answers[event.step, event.item_id]
    return _answer(room, event.seat, replace(answer, looked_at=answer.looked_at or at))


@_apply.register
def _(event: ev.Revised, room: Room, at: float) -> Room:
    answer = room.seats[event.seat].answers[event.step, event.item_id]
    final = replace(answer, final=event.action, final_confidence=event.confidence, final_at=at)
    return _answer(room, event.seat, final)


@_apply.register
def _(event: ev.Checked, room: Room, at: float) -> Room:
    checks = {**room.seats[event.seat].checks, event.question: event.choice}
    return _seat(room, event.seat, checks=checks)


@_apply.register
def _(event: ev.Exited, room: Room, at: float) -> Room:
    exits = {**room.seats[event.seat].exits, event.question: event.choice}
    return _seat(room, event.seat, exits=exits)


@_apply.register
def _(event: ev.TruthShown, room: Room, at: float) -> Room:
    return replace(room, truth={**room.truth, event.item_id: event.shown})


@_apply.register
def _(event: ev.Bookmarked, room: Room, at: float) -> Room:
    others = tuple(item for item in room.bookmarks if item != event.item_id)
    return replace(room, bookmarks=(*others, event.item_id) if event.marked else others)


@_apply.register
def _(event: ev.Ended, room: Room, at: float) -> Room:
    return replace(room, over=True, locked=True, stage=replace(room.stage, open=False, ends_at=0.0))
