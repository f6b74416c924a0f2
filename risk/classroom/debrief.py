"""The debrief: what the class did, what the score and the explanation changed, and a person's own card.

Everything here is an aggregate over at least 5 people, except `card`, which only its owner sees.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from risk.classroom.board import Contested, contested
from risk.classroom.measures import agreement, confidence, detection, worth
from risk.classroom.measures.contrasts import Contrast, contrast
from risk.classroom.measures.figure import LEAST, Figure, undefined, wilson
from risk.classroom.measures.judged import Judgement, judgements, people
from risk.classroom.measures.reliance import Reliance, changes, reliance
from risk.classroom.plan import DIAGNOSTIC
from risk.classroom.privacy import hidden_groups
from risk.classroom.questions import CHECKS, EXITS
from risk.classroom.state import Room, Seat

__all__ = ["Card", "CardItem", "Change", "ModeRow", "Report", "Slice", "card", "report"]

TALK_ABOUT = 5
Sides = Callable[[Judgement], bool]


@dataclass(frozen=True, slots=True)
class ModeRow:
    """One line of the class table. Costs are a mean per item; the unit is one needless examination."""

    mode: str
    people: int
    judgements: int
    hit_rate: Figure
    false_alarm_rate: Figure
    accuracy: Figure
    reliance: Reliance
    brier: Figure
    over_confidence: Figure
    alpha: Figure
    ac1: Figure
    cost: Figure
    cost_alone: Figure


@dataclass(frozen=True, slots=True)
class Change:
    """A contrast with a name: `what` codes the question, `slice` the items it is asked of ('' for all)."""

    what: str
    slice: str
    contrast: Contrast


@dataclass(frozen=True, slots=True)
class Slice:
    """A share for one value of a column (a scheme, a route), hidden where few people stand behind it."""

    name: str
    people: int
    figure: Figure


@dataclass(frozen=True, slots=True)
class Report:
    """The trainer's report. `moved` counts, per mode, what became of answers the advice contradicted."""

    session_id: str
    title: str
    opened_at: float
    plan: str
    minutes: int
    study: bool
    model_id: str
    digest: str
    seed: int
    joined: int
    table: tuple[ModeRow, ...]
    moved: dict[str, dict[str, int]]
    changes: tuple[Change, ...]
    curve: tuple[confidence.Level, ...]
    opened: Figure
    opened_seconds: Figure
    overlap: Figure
    checks: dict[str, Figure]
    exits: dict[str, dict[int, int]]
    talk_about: tuple[Contested, ...]
    alarms: tuple[Slice, ...]
    schemes: tuple[Slice, ...]
    repeat: tuple[str, ...]


def report(room: Room) -> Report:
    """The report of a session: the same record gives the same report."""
    given = judgements(room)
    setup, modes = room.setup, _modes(given)
    why = modes.get("SCORE_WHY", [])
    return Report(
        room.session_id,
        room.title,
        room.opened_at,
        setup.plan.name,
        setup.plan.minutes,
        setup.plan.study,
        setup.model_id,
        setup.digest,
        setup.seed,
        len(room.present),
        tuple(_mode_row(mode, part, setup.cost_miss) for mode, part in modes.items()),
        {mode: changes(part) for mode, part in modes.items() if _enough(part)},
        (*_changes(modes, setup.seed), *_cost_changes(modes, setup.seed, setup.cost_miss)),
        confidence.curve([j for mode in DIAGNOSTIC for j in modes.get(mode, [])]),
        worth.opened(why),
        worth.opened_seconds(why),
        worth.tag_overlap(given),
        _checks(room),
        _exits(room),
        _talk_about(room, given),
        _slices([j for j in given if not j.item.irregular], key=lambda j: j.item.route, good=_examined),
        _slices([j for j in given if j.item.irregular], key=lambda j: j.item.scheme, good=_examined),
        _repeat(given),
    )


def _modes(given: Sequence[Judgement]) -> dict[str, list[Judgement]]:
    """Judgements by mode, in the order of teaching; diagnostic and operational blocks are never pooled."""
    order = (*DIAGNOSTIC, "BURST", "OPERATIONAL")
    by = {mode: [j for j in given if j.mode == mode] for mode in order}
    return {mode: part for mode, part in by.items() if part}


def _enough(given: Sequence[Judgement]) -> bool:
    return people(given) >= LEAST["class_people"]


def _class_share(good: Sequence[bool], given: Sequence[Judgement]) -> Figure:
    if not _enough(given):
        return undefined("too_few_people", len(given))
    return wilson(sum(good), len(given)) if len(given) >= LEAST["class_opportunities"] else undefined(
        "too_few", len(given)
    )  # fmt: skip


def _mode_row(mode: str, given: Sequence[Judgement], cost_miss: float) -> ModeRow:
    hit, false = detection.class_rates(given)
    matrix = agreement.answer_matrix(given)
    few = undefined("too_few_people", len(given))
    spent = (worth.mean_cost(given, cost_miss=cost_miss), worth.advice_cost(given, cost_miss=cost_miss))
    return ModeRow(
        mode,
        people(given),
        len(given),
        hit,
        false,
        _class_share([j.correct for j in given], given),
        reliance(given, of_class=True),
        confidence.brier(given, of_class=True),
        confidence.over_confidence(given, of_class=True),
        agreement.alpha(matrix),
        agreement.ac1(matrix),
        *(spent if _enough(given) else (few, few)),
    )


_SLICES: dict[str, Sides] = {
    "": lambda j: True,
    "model_right": lambda j: j.item.model_right,
    "model_wrong": lambda j: not j.item.model_right,
}


def _changes(modes: dict[str, list[Judgement]], seed: int) -> list[Change]:
    """What the score changed (after against before, on the same items), and what the reasons added."""
    out = []
    for what, mode in (("score", "SCORE"), ("score_why", "SCORE_WHY")):
        for name, keep in _SLICES.items():
            part = [j for j in modes.get(mode, []) if keep(j)]
            before, after = [(j, float(j.first_correct)) for j in part], [(j, float(j.correct)) for j in part]
            if part:
                out.append(Change(what, name, contrast(before, after, seed=seed)))
    for what, first, second in (
        ("blind_to_score", "BLIND", "SCORE"),
        ("why_over_score", "SCORE", "SCORE_WHY"),
    ):
        for name, keep in _SLICES.items():
            sides = [[(j, float(j.correct)) for j in modes.get(m, []) if keep(j)] for m in (first, second)]
            if all(sides):
                out.append(Change(what, name, contrast(*sides, seed=seed)))
    return out + _scheme_changes(modes, seed)


def _cost_changes(modes: dict[str, list[Judgement]], seed: int, cost_miss: float) -> list[Change]:
    """Cost per item against following the score alone, and against the person's own BLIND block."""
    out = []
    for mode in ("SCORE", "SCORE_WHY"):
        part = modes.get(mode, [])
        mine = [(j, worth.cost_of(j, cost_miss=cost_miss)) for j in part]
        alone = [(j, worth.cost_of(j, cost_miss=cost_miss, alone=True)) for j in part]
        blind = [(j, worth.cost_of(j, cost_miss=cost_miss)) for j in modes.get("BLIND", [])]
        for what, before in (("cost_alone", alone), ("cost_blind", blind)):
            if mine and before:
                out.append(Change(what, mode, contrast(before, mine, seed=seed)))
    return out


def _scheme_changes(modes: dict[str, list[Judgement]], seed: int) -> list[Change]:
    advised = [j for mode in ("SCORE", "SCORE_WHY") for j in modes.get(mode, []) if j.item.scheme]
    out = []
    for scheme in sorted({j.item.scheme for j in advised}):
        part = [j for j in advised if j.item.scheme == scheme]
        sides = [(j, float(j.first_correct)) for j in part], [(j, float(j.correct)) for j in part]
        out.append(Change("scheme", scheme, contrast(*sides, seed=seed)))
    return out


def _examined(j: Judgement) -> bool:
    return j.final == "examine"


def _slices(
    given: Sequence[Judgement], *, key: Callable[[Judgement], str], good: Callable[[Judgement], bool]
) -> tuple[Slice, ...]:
    """A share per value of a column. Groups of judges are hidden together with what would give them away."""
    names = sorted({key(j) for j in given})
    parts = {name: [j for j in given if key(j) == name] for name in names}
    hidden = hidden_groups({name: people(part) for name, part in parts.items()})
    out = []
    for name, part in parts.items():
        few = undefined("too_few_people", 0)
        figure = few if name in hidden else _class_share([good(j) for j in part], part)
        out.append(Slice(name, 0 if name in hidden else people(part), figure))
    return tuple(out)


def _checks(room: Room) -> dict[str, Figure]:
    out = {}
    for question in CHECKS:
        said = [s.checks[question.code] for s in room.seats.values() if question.code in s.checks]
        few = len(said) < LEAST["class_people"]
        right = sum(choice == question.right for choice in said)
        out[question.code] = undefined("too_few_people", len(said)) if few else wilson(right, len(said))
    return out


def _exits(room: Room) -> dict[str, dict[int, int]]:
    """Answers to the exit questions; empty under 5 people, and until the session is over.

    Before that each new answer would be the difference between two looks at the report.
    """
    out: dict[str, dict[int, int]] = {}
    for question in EXITS:
        said = [s.exits[question.code] for s in room.seats.values() if question.code in s.exits]
        enough = room.over and len(said) >= LEAST["class_people"]
        out[question.code] = dict(Counter(said)) if enough else {}
    return out


def _talk_about(room: Room, given: Sequence[Judgement]) -> tuple[Contested, ...]:
    """Five items for the discussion: the trainer's bookmarks first, then those that divided the class."""
    marked = [j for j in given if j.item.item_id in room.bookmarks]
    first = contested(marked, TALK_ABOUT)
    rest = contested([j for j in given if j.item.item_id not in room.bookmarks], TALK_ABOUT)
    return (*first, *rest)[:TALK_ABOUT]


def _repeat(given: Sequence[Judgement]) -> tuple[str, ...]:
    """Items worth seeing again after one and seven days: those most often wrong at the end; from 5 people."""
    wrong = {}
    for item_id in sorted({j.item.item_id for j in given}):
        part = [j for j in given if j.item.item_id == item_id]
        if _enough(part):
            wrong[item_id] = sum(not j.correct for j in part) / len(part)
    return tuple(sorted((i for i in wrong if wrong[i] > 0), key=lambda i: (-wrong[i], i))[:TALK_ABOUT])


@dataclass(frozen=True, slots=True)
class CardItem:
    """One of a person's own judgements."""

    item_id: str
    mode: str
    first: str
    final: str
    truth: str
    advice: str


@dataclass(frozen=True, slots=True)
class Card:
    """A person's own card: no rank, no comparison with anyone. `strength` and `habit` are codes for words."""

    pseudonym: str
    judged: int
    correct: int
    hits: tuple[CardItem, ...]
    misses: tuple[CardItem, ...]
    alarms: tuple[CardItem, ...]
    sensitivity: Figure
    criterion: Figure
    reliance: Reliance
    confidence: float
    accuracy: float
    over_confidence: Figure
    strength: str
    habit: str


def card(room: Room, seat: Seat) -> Card:
    """What a person takes home. `sensitivity` rests on diagnostic blocks only."""
    mine = [j for j in judgements(room, own=True) if j.seat == seat.seat_id]
    told = [CardItem(j.item.item_id, j.mode, j.first, j.final, j.truth, j.advice) for j in mine]
    counted = detection.counts([j for j in mine if j.mode in DIAGNOSTIC])
    numbers = (counted.hits, counted.signals)
    noise = {"false_alarms": counted.false_alarms, "noises": counted.noises}
    n = max(1, len(mine))
    return Card(
        seat.pseudonym,
        len(mine),
        sum(j.correct for j in mine),
        tuple(t for t in told if t.truth == "examine" == t.final),
        tuple(t for t in told if t.truth == "examine" != t.final),
        tuple(t for t in told if t.truth == "release" != t.final),
        detection.sensitivity(*numbers, **noise),
        detection.criterion(*numbers, **noise),
        reliance(mine, of_class=False),
        sum(j.confidence for j in mine) / n,
        sum(j.correct for j in mine) / n,
        confidence.over_confidence(mine),
        *_advice_to(mine),
    )


def _advice_to(mine: Sequence[Judgement]) -> tuple[str, str]:
    """One strength and one habit to try, from what is largest in the person's own numbers."""
    if len(mine) < 4:
        return "took_part", "judge_more"
    moved, n = changes(mine), len(mine)
    counted = detection.counts(mine)
    gap = sum(j.confidence for j in mine) / n - sum(j.correct for j in mine) / n
    strengths = {
        "found": counted.hits / max(1, counted.signals),
        "let_pass": 1 - counted.false_alarms / max(1, counted.noises),
        "resisted": moved["resisted"] / max(1, moved["resisted"] + moved["talked_out"]),
        "took_help": moved["rescued"] / max(1, moved["rescued"] + moved["stayed_wrong"]),
        "knew_limits": 1 - abs(gap),
    }
    habits = {
        "look_for_missed": 1 - strengths["found"],
        "open_less": 1 - strengths["let_pass"],
        "keep_reasons": moved["talked_out"] / max(1, moved["resisted"] + moved["talked_out"]),
        "ask_why_not": moved["stayed_wrong"] / max(1, moved["rescued"] + moved["stayed_wrong"]),
        "slow_down": max(0.0, gap),
        "trust_yourself": max(0.0, -gap),
    }
    return max(strengths, key=strengths.__getitem__), max(habits, key=habits.__getitem__)
