"""A small session made by hand: ten items, one trainer-paced block, three rotated ones."""

from __future__ import annotations

from collections.abc import Sequence

from risk.classroom import Recorded, Room, Setup, apply
from risk.classroom import events as ev
from risk.classroom.plan import ItemFacts, Plan, Step, williams

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
