"""What a trainee may do, and when. Each rule looks at the state and returns the events that follow.

A rule never changes anything itself: whoever stores the events applies them. A submission that was taken
before (same key) returns no event, so nothing is counted twice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from risk.classroom import events as ev
from risk.classroom.names import pseudonym
from risk.classroom.plan import ACTIONS, CONFIDENCES, TAGS
from risk.classroom.questions import CHECKS, EXITS, Question
from risk.classroom.state import Answer, Room, Seat
from risk.errors import BadSetting, ClassRefused

__all__ = [
    "MAX_SEATS",
    "Place",
    "answer",
    "check",
    "exit_answer",
    "is_done",
    "join",
    "look",
    "place_of",
    "revise",
    "seat_by_token",
    "used_capacity",
]

MAX_SEATS = 60
MAX_TAGS = 2


@dataclass(frozen=True, slots=True)
class Place:
    """Where a seat stands: which item it is at and what it may do there.

    `does` is ``wait``, ``answer``, ``revise``, ``see`` (feedback of a finished item) or ``done``.
    """

    step: int
    item_id: str = ""
    number: int = 0
    of: int = 0
    does: str = "wait"
    answer: Answer | None = None


def join(room: Room, seat: str, *, token_hash: str, key: str = "") -> list[ev.Event]:
    """Take a seat. Late joiners enter at the next item of a trainer-paced block. Errors: `ClassRefused`."""
    if room.knows(key, seat):
        return []
    if room.over:
        raise ClassRefused("it is over", todo="Ask the trainer for the code of a new one.")
    if room.locked:
        raise ClassRefused("the trainer has closed the door", todo="Ask the trainer to open it for a moment.")
    if len(room.present) >= MAX_SEATS:
        raise ClassRefused("all {n} seats are taken", todo="Ask the trainer to open a second one.", n=MAX_SEATS)
    rng = np.random.default_rng([room.setup.seed, len(room.seats)])
    group = _fewest([s.group for s in room.present], 3, rng)
    order = _fewest([s.order for s in room.present], max(1, len(room.setup.orders)), rng)
    taken = {s.pseudonym for s in room.seats.values()}
    next_item = room.stage.item + 1 if _is_paced(room) else 0
    return [ev.Joined(seat, pseudonym(rng, taken), token_hash, group, order, room.stage.step, next_item)]


def _fewest(used: list[int], of: int, rng: np.random.Generator) -> int:
    """A random one of the least used numbers, so that groups stay of equal size."""
    counts = [used.count(number) for number in range(of)]
    return int(rng.choice([n for n in range(of) if counts[n] == min(counts)]))


def _is_paced(room: Room) -> bool:
    return room.step.judges and room.step.pacing == "trainer"


def seat_by_token(room: Room, token_hash: str) -> Seat:
    """The seat a resume token belongs to. Errors: `ClassRefused` when there is none, or it was removed."""
    found = next((s for s in room.seats.values() if s.token_hash == token_hash), None)
    if found is None:
        raise ClassRefused("this browser has no seat here", todo="Join with the code on the board.")
    if found.removed:
        raise ClassRefused("the trainer has taken this seat out", todo="Speak to the trainer.")
    return found


def is_done(room: Room, seat: Seat, answer: Answer | None) -> bool:
    """Whether a seat has finished an item: also the answer after advice, where the mode gives advice."""
    return answer is not None and (room.mode(seat, answer.step).advice == "none" or bool(answer.final))


def place_of(room: Room, seat: Seat) -> Place:
    """Where a seat stands now."""
    step = room.stage.step
    items = room.items_of(seat, step)
    if not room.step.judges or not items:
        return Place(step)
    if _is_paced(room):
        return _paced_place(room, seat, items)
    for number, item_id in enumerate(items, start=1):
        given = seat.answers.get((step, item_id))
        if not is_done(room, seat, given):
            does = ("revise" if given else "answer") if room.stage.open else "wait"
            return Place(step, item_id, number, len(items), does, given)
    return Place(step, number=len(items), of=len(items), does="done")


def _paced_place(room: Room, seat: Seat, items: tuple[str, ...]) -> Place:
    step, item = room.stage.step, room.stage.item
    late = seat.from_step == step and item < seat.from_item
    if item < 0 or late:
        return Place(step, number=item + 1, of=len(items))
    given = seat.answers.get((step, items[item]))
    if not room.stage.open:
        does = "see"
    elif is_done(room, seat, given):
        does = "wait"
    else:
        does = "revise" if given else "answer"
    return Place(step, items[item], item + 1, len(items), does, given)


def used_capacity(room: Room, seat: Seat, step: int) -> int:
    """How many items a seat has sent to examination for good at a step."""
    given = [a for (at, _), a in seat.answers.items() if at == step and is_done(room, seat, a)]
    return sum((a.final or a.first) == "examine" for a in given)


def answer(room: Room, given: ev.Answered, *, key: str = "") -> list[ev.Event]:
    """Take a first answer. Errors: `ClassRefused`, `BadSetting`."""
    if room.knows(key, given.seat):
        return []
    seat = _may_act(room, given.seat)
    _check_choice(given.action, given.confidence)
    if len(given.tags) > MAX_TAGS or set(given.tags) - set(TAGS) or len(set(given.tags)) < len(given.tags):
        raise BadSetting("tags", got=given.tags, expected=f"up to {MAX_TAGS} of {', '.join(TAGS)}")
    _must_be_at(room, seat, given, does="answer")
    if room.mode(seat, given.step).advice == "none":
        _within_capacity(room, seat, given)
    return [given]


def look(room: Room, given: ev.Looked, *, key: str = "") -> list[ev.Event]:
    """Note that the reasons were opened; only after the first answer, only where the mode shows them."""
    if room.knows(key, given.seat):
        return []
    seat = _may_act(room, given.seat)
    _must_be_at(room, seat, given, does="revise")
    if room.mode(seat, given.step).advice != "why":
        raise ClassRefused("this block does not show the reasons", todo="Answer by the score.")
    return [] if seat.answers[given.step, given.item_id].looked_at else [given]


def revise(room: Room, given: ev.Revised, *, key: str = "") -> list[ev.Event]:
    """Take the answer after advice. Errors: `ClassRefused`, `BadSetting`."""
    if room.knows(key, given.seat):
        return []
    seat = _may_act(room, given.seat)
    _check_choice(given.action, given.confidence)
    _must_be_at(room, seat, given, does="revise")
    _within_capacity(room, seat, given)
    return [given]


def check(room: Room, given: ev.Checked, *, key: str = "") -> list[ev.Event]:
    """Take an answer to the chart check; the first one counts."""
    return _questioned(room, given, CHECKS, key=key)


def exit_answer(room: Room, given: ev.Exited, *, key: str = "") -> list[ev.Event]:
    """Take an answer to an exit question; the first one counts."""
    return _questioned(room, given, EXITS, key=key)


def _questioned(room: Room, given: ev.Checked | ev.Exited, asked: tuple[Question, ...], *, key: str) -> list:
    if room.knows(key, given.seat):
        return []
    seat, kind = _may_act(room, given.seat), "check" if isinstance(given, ev.Checked) else "exit"
    if room.step.kind != kind:
        raise ClassRefused("these questions are not asked now", todo="Follow the trainer.")
    known = {q.code: q for q in asked}
    if given.question not in known or not 0 <= given.choice < known[given.question].choices:
        raise BadSetting("question", got=f"{given.question}:{given.choice}", expected=", ".join(known))
    already = seat.checks if kind == "check" else seat.exits
    return [] if given.question in already else [given]


def _may_act(room: Room, seat_id: str) -> Seat:
    seat = room.seats.get(seat_id)
    if room.over:
        raise ClassRefused("it is over", todo="Your card and the report stay as they are.")
    if seat is None or seat.removed:
        raise ClassRefused("this seat is not part of it", todo="Join with the code on the board.")
    return seat


def _check_choice(action: str, confidence: int) -> None:
    if action not in ACTIONS:
        raise BadSetting("action", got=action, expected=" or ".join(ACTIONS))
    if confidence not in CONFIDENCES:
        raise BadSetting("confidence", got=confidence, expected=f"one of {CONFIDENCES}")


def _must_be_at(room: Room, seat: Seat, given: ev.Event, *, does: str) -> None:
    """Refuse an answer to anything but the item this seat is at, in the stage it is in."""
    place = place_of(room, seat)
    already = seat.answers.get((given.step, given.item_id))
    if already is not None and (does == "answer" or already.final):
        raise ClassRefused("item {item} has your answer already", todo="The first one stands.", item=given.item_id)
    if (given.step, given.item_id) != (place.step, place.item_id):
        raise ClassRefused("item {item} is not open", todo="Go on with the item on your screen.", item=given.item_id)
    if place.does in ("see", "wait"):
        raise ClassRefused("item {item} is closed", todo="Wait for the trainer.", item=given.item_id)
    if place.does != does:
        raise ClassRefused("item {item} needs your first answer first", todo="Commit, then look.", item=given.item_id)


def _within_capacity(room: Room, seat: Seat, given: ev.Answered | ev.Revised) -> None:
    limit = room.setup.plan.steps[given.step].capacity
    if limit and given.action == "examine" and used_capacity(room, seat, given.step) >= limit:
        raise ClassRefused("all {n} examinations are used", todo="Only release is left in this block.", n=limit)
