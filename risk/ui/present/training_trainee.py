"""The trainee's page as a value: what this seat may see now, in words. Nothing else of the item is in it.

>>> from risk.classroom.state import Room
>>> TraineeView("lobby", "Calm Otter 42").advice is None
True
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from risk.classroom.plan import MODES
from risk.classroom.rules import is_done, place_of, used_capacity
from risk.classroom.state import Answer, Room, Seat
from risk.ui.i18n import _, number
from risk.ui.present.item import ItemView, Section
from risk.ui.present.training_words import ACTION_WORDS, KIND_TITLES, MODE_TITLES, mode_hint, sentence

__all__ = ["Advice", "Feedback", "TraineeView", "trainee_view"]

Views = Callable[[str], ItemView]
REASONS = 3  # of each side: more than six lines are not read


@dataclass(frozen=True)
class Advice:
    """The score as a frequency, what following it would do and, where the mode has them, the reasons."""

    sentence: str
    action: str
    has_reasons: bool
    shown: bool = False
    raising: tuple[tuple[str, str], ...] = ()
    lowering: tuple[tuple[str, str], ...] = ()
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True)
class Feedback:
    """What a finished item truly was, beside what was answered."""

    item_id: str
    said: str
    truth: str
    right: bool


@dataclass(frozen=True)
class TraineeView:
    """What the page draws.

    `does` is ``lobby``, ``check``, ``answer``, ``revise``, ``wait``, ``see``, ``done``, ``debrief``, ``exit``
    or ``over``. `hint` is said until the first item of a part is done; `full` where no examination is left.
    """

    does: str
    pseudonym: str
    title: str = ""
    hint: str = ""
    step: int = 0
    item_id: str = ""
    progress: str = ""
    ends_at: float = 0.0
    sections: tuple[Section, ...] = ()
    advice: Advice | None = None
    first: str = ""
    confidence: int = 0
    answered: str = ""
    feedback: Feedback | None = None
    capacity: str = ""
    full: bool = False


def trainee_view(room: Room, seat: Seat, views: Views) -> TraineeView:
    """What this seat may see now. `views` gives an item's full view; only what is due is taken from it."""
    if room.over:
        return TraineeView("over", seat.pseudonym, room.title)
    if not room.step.judges:
        return TraineeView(
            room.step.kind, seat.pseudonym, _(KIND_TITLES[room.step.kind]), step=room.stage.step
        )
    return _judging(room, seat, views)


def _judging(room: Room, seat: Seat, views: Views) -> TraineeView:
    place, mode = place_of(room, seat), room.mode_of(seat, room.stage.step)
    shows = place.does in ("answer", "revise", "see") and place.item_id
    view = views(place.item_id) if shows else None
    given = place.answer
    advised = place.does == "revise" or (place.does == "see" and given is not None)
    advice = _advice(room, view, given, MODES[mode].advice) if view and advised else None
    capacity, full = _capacity(room, seat)
    return TraineeView(
        place.does,
        seat.pseudonym,
        _(MODE_TITLES[mode]),
        "" if _begun(room, seat) else mode_hint(mode, room.setup.plan.name),
        place.step,
        place.item_id if shows else "",
        _("Item {n} of {of}", n=number(place.number), of=number(place.of)) if place.number else "",
        room.stage.ends_at if place.does in ("answer", "revise") else 0.0,
        () if view is None else view.sections if advice and advice.shown else _plain(view.sections),
        advice,
        given.first if given else "",
        given.confidence if given else 0,
        _answer_words(given),
        _feedback(room, seat, place.item_id if place.does == "see" else ""),
        capacity,
        full,
    )


def _begun(room: Room, seat: Seat) -> bool:
    """Whether a seat has finished an item of the present part: it knows by then what is asked."""
    step = room.stage.step
    return any(at == step and is_done(room, seat, a) for (at, _item), a in seat.answers.items())


def _plain(sections: tuple[Section, ...]) -> tuple[Section, ...]:
    """The declaration without the model's marks: they would tell which way it leans."""
    return tuple(Section(s.title, tuple(type(r)(r.title, r.value, r.note) for r in s.rows)) for s in sections)


def _advice(room: Room, view: ItemView, given: Answer | None, kind: str) -> Advice | None:
    if kind == "none":
        return None
    action = _(
        "Following the score alone: {action}.",
        action=_(ACTION_WORDS[room.facts(view.item_id).advice]).lower(),
    )
    said = sentence(view.frequency)
    if kind != "why" or given is None or not (given.looked_at or given.final):
        return Advice(said, action, kind == "why")
    return Advice(
        said,
        action,
        True,
        True,
        tuple((r.sentence, r.effect) for r in view.raising[:REASONS]),
        tuple((r.sentence, r.effect) for r in view.lowering[:REASONS]),
        view.unseen[:2],
    )


def _answer_words(given: Answer | None) -> str:
    if given is None:
        return ""
    said = _("{action}, {sure} % sure", action=_(ACTION_WORDS[given.first]), sure=given.confidence)
    if not given.final:
        return said
    final = _("{action}, {sure} % sure", action=_(ACTION_WORDS[given.final]), sure=given.final_confidence)
    return _("{first}; after the score: {final}", first=said, final=final)


def _feedback(room: Room, seat: Seat, item_id: str) -> Feedback | None:
    """Truth of the closed item where it is shown, or of the last item in a mode with feedback."""
    step = room.stage.step
    if item_id:
        return _told(room, seat.answers.get((step, item_id)), item_id) if room.truth.get(item_id) else None
    if not room.mode(seat, step).feedback:
        return None
    done = [a for (at, _item), a in seat.answers.items() if at == step]
    finished = [a for a in done if room.mode(seat, step).advice == "none" or a.final]
    return _told(room, finished[-1], finished[-1].item_id) if finished else None


def _told(room: Room, given: Answer | None, item_id: str) -> Feedback:
    facts = room.facts(item_id)
    final = (given.final or given.first) if given else ""
    truth = _("It is irregular: to examine it is right.") if facts.irregular else _(
        "It is regular: to release it is right."
    )  # fmt: skip
    return Feedback(item_id, _answer_words(given) or _("no answer"), truth, final == facts.truth)


def _capacity(room: Room, seat: Seat) -> tuple[str, bool]:
    """How many examinations are used, in words, and whether none is left."""
    limit = room.step.capacity
    if not limit:
        return "", False
    used = used_capacity(room, seat, room.stage.step)
    return _("{used} of {limit} examinations used", used=number(used), limit=number(limit)), used >= limit
