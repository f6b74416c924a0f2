"""Made-up people in real sessions: the classes that the pictures of the training room show."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from risk.access import local_actor
from risk.classroom import control, ready_plan, rules
from risk.classroom import events as ev
from risk.hall import Hall, Key, Order, Pool, by_hand, make_pool, stream_for
from risk.hall.hall import Opened
from risk.workbench import Workspace

__all__ = ["CLASSES", "Class", "copy_of", "play"]

OTHER = {"examine": "release", "release": "examine"}


class Class:
    """A class of made-up people in one session."""

    def __init__(self, hall: Hall, pool: Pool, plan: str | Order, *, people: int, title: str = "") -> None:
        self.hall, self.pool, self.rng = hall, pool, np.random.default_rng(people)
        order = plan if isinstance(plan, Order) else Order(ready_plan(plan), title, seed=5)
        self.made: Opened = hall.open(order, pool, actor=local_actor("trainer"))
        self.seats: list[Key] = [hall.join(self.made.code, visitor="x") for _ in range(people)]

    @property
    def room(self):
        """The session's state."""
        return self.hall.rooms.room(self.made.session_id)

    def lead(self, rule: Callable, **wanted: object) -> None:
        """One act of the trainer."""
        self.hall.direct(self.made.trainer, rule, **wanted)

    def go(self, to: str, *, mode: str = "") -> Class:
        """Move on to a step of this kind (and mode), answering what is asked on the way."""
        while (self.room.step.kind, mode or self.room.step.mode) != (to, self.room.step.mode):
            self.play_step()
            self.lead(control.go_on, to=self.room.stage.step + 1)
        return self

    def play_step(self) -> None:
        """Everything that people do in the present step."""
        kind = self.room.step.kind
        if kind == "check":
            self.answer_checks()
        elif self.room.step.judges and self.room.step.pacing == "trainer":
            for _item in range(self.room.step.items):
                self.open_item()
                self.judge_all()
                self.lead(control.close_item)
        elif self.room.step.judges:
            self.judge_all()

    def open_item(self) -> None:
        """Put the next item before everyone."""
        self.lead(control.next_item, item=self.room.stage.item + 1)

    def answer_checks(self) -> None:
        """Seven in ten read the explanation rightly."""
        for key in self.seats:
            for code, right in (("frequency", 1), ("reason", 2), ("bar", 0)):
                choice = right if self.rng.random() < 0.7 else 1
                self.hall.answer(key, rules.check, lambda s, c=code, v=choice: ev.Checked(s, c, v), click="")

    def answer_exits(self) -> None:
        """Anything goes."""
        for key in self.seats:
            for code, of in (("trust", 5), ("reasons", 5), ("change", 4)):
                choice = int(self.rng.integers(of))
                made = lambda s, c=code, v=choice: ev.Exited(s, c, v)  # noqa: E731
                self.hall.answer(key, rules.exit_answer, made, click="")

    def judge_all(self) -> None:
        """Everyone judges what is before them until nothing is left."""
        for key in self.seats:
            while self.judge(key):
                pass

    def judge(self, key: Key) -> bool:
        """One act of one person: right two times in three, half follow the advice, some open the reasons."""
        room, seat = self.hall.seat(key)
        place = rules.place_of(room, seat)
        if place.does not in ("answer", "revise"):
            return False
        item, sure = room.facts(place.item_id), int(self.rng.choice([50, 60, 70, 80, 90, 100]))
        full = room.step.capacity and rules.used_capacity(room, seat, place.step) >= room.step.capacity
        if place.does == "answer":
            said = item.truth if self.rng.random() < 0.66 else OTHER[item.truth]
            said = "release" if full else said
            tags = (str(self.rng.choice(["value", "weight", "text", "route"])),)
            made = lambda s: ev.Answered(s, place.step, place.item_id, said, sure, tags)  # noqa: E731
            self.hall.answer(key, rules.answer, made, click="")
            return True
        if room.mode(seat, place.step).advice == "why" and self.rng.random() < 0.7:
            self.open_reasons(key)
        final = item.advice if self.rng.random() < 0.5 else place.answer.first
        final = "release" if full else final
        made = lambda s: ev.Revised(s, place.step, place.item_id, final, sure)  # noqa: E731
        self.hall.answer(key, rules.revise, made, click="")
        return True

    def open_reasons(self, key: Key) -> None:
        """Look at why the score is what it is."""
        place = rules.place_of(*self.hall.seat(key))
        self.hall.answer(key, rules.look, lambda s: ev.Looked(s, place.step, place.item_id), click="")


def copy_of(workspace: str | Path, folder: Path) -> Workspace:
    """A workspace of its own with the same models and class streams."""
    space = Workspace.at(folder / "w")
    for part in ("models", "results", "classes"):
        if (Path(workspace) / part).exists():
            shutil.copytree(Path(workspace) / part, space.root / part)
    return space


def play(space: Workspace, names: Iterable[str]) -> dict[str, Class]:
    """The classes with these names, each left in the state it is named for."""
    pool = make_pool(space.registry.load("champion"), stream_for(space))
    with space.store() as store:
        hall = Hall(space, store)
        return {name: CLASSES[name](lambda *a, **k: Class(hall, pool, *a, **k)) for name in sorted(set(names))}


Make = Callable[..., Class]


def _lobby(make: Make) -> Class:
    return make("lesson-45", people=14, title="Monday class")


def _item(make: Make) -> Class:
    here = make("taster-10", people=9, title="Ten minutes at the desk").go("block")
    here.open_item()
    for key in [*here.seats[2:], *here.seats[4:]]:
        here.judge(key)
    return here


def _closed(make: Make, people: int = 9) -> Class:
    here = make("taster-10", people=people, title="Ten minutes at the desk").go("block")
    here.open_item()
    here.judge_all()
    here.lead(control.close_item)
    return here


def _last(make: Make) -> Class:
    here = make("taster-10", people=9, title="Ten minutes at the desk").go("block")
    here.play_step()
    return here


def _block(make: Make) -> Class:
    here = make("lesson-45", people=15, title="Monday class").go("block", mode="SCORE_WHY")
    here.judge_all()
    here.lead(control.set_window, closed=True)
    return here


def _check(make: Make) -> Class:
    here = make("taster-10", people=7).go("check")
    here.seats, everyone = here.seats[:4], here.seats
    here.answer_checks()
    here.seats = everyone
    return here


def _at(mode: str) -> Callable[[Make], Class]:
    """Seat 0 has done nothing, 1 its first answer, 2 has the reasons open, 3 two items, 4 and 5 everything."""

    def make_it(make: Make) -> Class:
        here = make("lesson-90", people=7).go("warm_up" if mode == "WARM_UP" else "block", mode=mode)
        for key, acts in zip(here.seats[1:4], (1, 1, 4), strict=True):
            for _act in range(acts):
                here.judge(key)
        if mode == "SCORE_WHY":
            here.open_reasons(here.seats[2])
        for key in here.seats[4:6]:
            while here.judge(key):
                pass
        return here

    return make_it


def _hand(make: Make) -> Class:
    pool = make("taster-10", people=0).pool
    picked = tuple(f.item_id for f in pool.facts if f.irregular)[:6]
    here = make(Order(by_hand(6), "Six items picked for today", picked=picked), people=7).go("block")
    here.open_item()
    here.judge(here.seats[0])
    here.open_reasons(here.seats[0])
    return here


def _locked(make: Make) -> Class:
    here = make("taster-10", people=7)
    here.lead(control.lock, locked=True)
    here.lead(control.remove, seat=here.hall.seat(here.seats[0])[1].seat_id)
    return here


def _exit(make: Make) -> Class:
    here = make("taster-10", people=7).go("exit")
    here.seats, everyone = here.seats[:5], here.seats
    here.answer_exits()
    here.seats = everyone
    return here


def _over(make: Make, plan: str = "taster-10", people: int = 7) -> Class:
    here = make(plan, people=people, title="Monday class").go("exit")
    here.answer_exits()
    here.lead(control.end)
    return here


def _gone(make: Make) -> Class:
    here = make("taster-10", people=7).go("exit")
    here.hall.erase(here.made.trainer)
    return here


CLASSES: dict[str, Callable[[Make], Class]] = {
    "lobby": _lobby,
    "empty": lambda make: make("lesson-45", people=0),
    "check": _check,
    "warm": _at("WARM_UP"),
    "before": lambda make: make("taster-10", people=7).go("block"),
    "item": _item,
    "closed": _closed,
    "few": lambda make: _closed(make, people=3),
    "last": _last,
    "blind": _at("BLIND"),
    "score": _at("SCORE"),
    "why": _at("SCORE_WHY"),
    "burst": _at("BURST"),
    "office": _at("OPERATIONAL"),
    "block": _block,
    "hand": _hand,
    "locked": _locked,
    "taster": lambda make: make("taster-10", people=7).go("debrief"),
    "debrief": lambda make: make("lesson-45", people=12, title="Monday class").go("debrief"),
    "few-debrief": lambda make: make("lesson-45", people=3).go("debrief"),
    "exit": _exit,
    "over": _over,
    "ninety": lambda make: _over(make, "lesson-90", 12),
    "gone": _gone,
}
