"""A small session made by hand: ten items, one trainer-paced block, three rotated ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from risk.classroom import Recorded, Room, Setup, apply, control, ready_plan, rules
from risk.classroom import events as ev
from risk.classroom.item_sets import draw_sets
from risk.classroom.plan import ItemFacts, Plan, Step, williams
from risk.hall import Pool

PLAN = Plan(
    "tiny",
    5,
    (
        Step("lobby"),
        Step("check"),
        Step("warm_up", mode="WARM_UP", items=2),
        Step("block", mode="SCORE_WHY", items=4, pacing="trainer", seconds=30, reveal=True),
        Step("block", mode="BLIND", items=4, rotate=True),
        Step("block", mode="SCORE", items=4, rotate=True),
        Step("block", mode="OPERATIONAL", items=4, capacity=1),
        Step("debrief"),
        Step("exit"),
    ),
).check()


def facts(number: int, *, irregular: bool, examine: bool) -> ItemFacts:
    """An item by number."""
    return ItemFacts(f"CX{number:09d}QM", irregular, examine, 0.2 if examine else 0.01, 0.3, "QM", ("value",))


CELLS = ((True, True), (True, False), (False, True), (False, False))


def four(first: int) -> list[ItemFacts]:
    """Four items, one of each cell of truth × model right/wrong."""
    return [facts(first + i, irregular=t, examine=a) for i, (t, a) in enumerate(CELLS)]


def make_setup(plan: Plan = PLAN, *, study: bool = False, seed: int = 7) -> Setup:
    """Sets for every step of `plan`, all drawn from items numbered apart."""
    items, sets, at = {}, {}, 1
    for number, step in enumerate(plan.steps):
        if not step.judges:
            continue
        made = []
        for _ in range(3 if step.rotate else 1):
            ids = []
            while len(ids) < step.items:
                block = four(at)[: step.items - len(ids)]
                items |= {i.item_id: i for i in block}
                ids += [i.item_id for i in block]
                at += 4
            made.append(tuple(ids))
        sets[number] = tuple(made)
    orders = williams(len(plan.rotated)) if study else ()
    return Setup(plan, sets, items, "model-1", "digest", seed, orders=orders)


class Play:
    """Plays a session: keeps the recorded events and the state after them."""

    def __init__(self, setup: Setup | None = None) -> None:
        self.record: list[Recorded] = []
        self.room = Room()
        self.now = 1_000_000.0
        opened = ev.Opened("s1", "Monday class", "trainer", (setup or make_setup()).payload())
        self.take([opened])

    def take(self, events: Sequence[ev.Event], key: str = "") -> list[ev.Event]:
        """Record events as the store would: the key goes with the first."""
        for number, event in enumerate(events):
            one = Recorded(self.room.seq + 1, self.now, event, key if number == 0 else "")
            self.room = apply(self.room, one)
            self.record.append(one)
        self.now += 1.0
        return list(events)


def make_pool(n: int = 1200, seed: int = 5) -> Pool:
    """Candidates as a class stream would give them, without a model."""
    rng = np.random.default_rng(seed)
    facts = []
    for i in range(n):
        truth, right = bool(rng.random() < 0.3), bool(rng.random() < 0.7)
        facts.append(ItemFacts(f"CX{i:09d}QM", truth, truth == right, 0.2, float(rng.beta(1, 3)), f"Q{i % 3}",
                               ("value",), "scheme-a" if truth else ""))  # fmt: skip
    rows = pd.DataFrame(
        {"item_id": [f.item_id for f in facts], "truth_irregular": [f.irregular for f in facts]}
    )
    return Pool(tuple(facts), rows, 0.1, 0.02, "model-1")


def play_lesson(name: str, people: int, *, study: bool = False, until: str = "debrief") -> Play:
    """A whole lesson up to the debrief: first answers right two times in three, some follow the advice."""
    rng, plan = np.random.default_rng(11), ready_plan(name, study=study)
    pool = make_pool()
    sets = draw_sets(pool.facts, plan, seed=3, prevalence=0.02)
    used = {i for several in sets.values() for one in several for i in one}
    facts = {f.item_id: f for f in pool.facts if f.item_id in used}
    orders = williams(len(plan.rotated)) if study else ()
    play = Play(Setup(plan, sets, facts, "model-1", "d", 3, orders=orders))
    seats = [f"s{i}" for i in range(people)]
    for seat in seats:
        play.take(rules.join(play.room, seat, token_hash=seat))
    for number, step in enumerate(plan.steps[1:], start=1):
        play.take(control.go_on(play.room, to=number))
        if step.kind == "check":
            for seat in seats:
                for code in ("frequency", "reason", "bar"):
                    play.take(rules.check(play.room, ev.Checked(seat, code, 1)))
        for seat in seats if step.judges else ():
            while rules.place_of(play.room, play.room.seats[seat]).does in ("answer", "revise"):
                _judge(play, seat, rng)
        if step.kind == until:
            return play
    raise AssertionError("a plan has a debrief")


def _judge(play: Play, seat: str, rng: np.random.Generator) -> None:
    me = play.room.seats[seat]
    place = rules.place_of(play.room, me)
    item = play.room.facts(place.item_id)
    said = item.truth if rng.random() < 0.65 else {"examine": "release", "release": "examine"}[item.truth]
    if place.does == "revise" and rng.random() < 0.6:
        said = item.advice
    limit = play.room.step.capacity
    if limit and rules.used_capacity(play.room, me, place.step) >= limit:
        said = "release"
    sure = int(rng.choice([60, 70, 80, 90]))
    if place.does == "revise":
        play.take(rules.revise(play.room, ev.Revised(seat, place.step, place.item_id, said, sure)))
    else:
        play.take(rules.answer(play.room, ev.Answered(seat, place.step, place.item_id, said, sure)))
