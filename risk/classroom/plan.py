"""What a session is made of: modes, steps, plans, and the facts about its items.

A plan is a list of steps. A step of kind ``warm_up`` or ``block`` has a mode, which decides what is shown
and when; nothing else decides it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from risk.errors import BadSetting, nearest

__all__ = [
    "ACTIONS",
    "CONFIDENCES",
    "DIAGNOSTIC",
    "KINDS",
    "MODES",
    "PLANS",
    "TAGS",
    "ItemFacts",
    "Mode",
    "Plan",
    "Setup",
    "Step",
    "plan_from",
    "ready_plan",
    "williams",
]

ACTIONS = ("examine", "release")
#: The six levels of confidence, in per cent. Below 50 one would choose the other answer.
CONFIDENCES = (50, 60, 70, 80, 90, 100)
#: Reason tags; those with a concept are compared with the concepts of the largest attributions.
TAGS: tuple[str, ...] = ("value", "weight", "commodity", "text", "route", "party", "declaration", "none")
KINDS = ("lobby", "check", "warm_up", "block", "debrief", "exit")
ADVICE = ("none", "score", "why")


@dataclass(frozen=True, slots=True)
class Mode:
    """What a block shows: which advice after the first answer, and whether truth follows each item."""

    advice: str
    feedback: bool = False
    counted: bool = True


#: ``OPERATIONAL`` works like an office: real prevalence, a limit of examinations, the score, no feedback.
MODES: dict[str, Mode] = {
    "WARM_UP": Mode("score", feedback=True, counted=False),
    "BLIND": Mode("none"),
    "SCORE": Mode("score"),
    "SCORE_WHY": Mode("why"),
    "BURST": Mode("none", feedback=True),
    "OPERATIONAL": Mode("score"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a plan.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    mode : str
        One of `MODES`, for ``warm_up`` and ``block``.
    items : int
        How many items each trainee judges.
    pacing : str
        ``trainer`` (everyone on the same item, opened and closed by the trainer) or ``self``.
    seconds : int
        Soft time of an item (``trainer``) or of the whole window (``self``); 0 for none.
    capacity : int
        How many items a trainee may send to examination; 0 for no limit.
    rotate : bool
        Whether three matched item sets rotate over the groups (``self`` pacing only).
    reveal : bool
        Whether truth is shown on the board when an item closes.
    """

    kind: str
    mode: str = ""
    items: int = 0
    pacing: str = "self"
    seconds: int = 0
    capacity: int = 0
    rotate: bool = False
    reveal: bool = False

    @property
    def judges(self) -> bool:
        """Whether items are judged in this step."""
        return self.kind in ("warm_up", "block")


@dataclass(frozen=True, slots=True)
class Plan:
    """A named sequence of steps that fits into `minutes`."""

    name: str
    minutes: int
    steps: tuple[Step, ...]
    study: bool = False

    def check(self) -> Plan:
        """Return the plan if it makes sense. Errors: `BadSetting`.

        >>> Plan("p", 5, (Step("lobby"), Step("block", mode="BLND", items=4))).check()
        Traceback (most recent call last):
            ...
        risk.errors.BadSetting: mode is 'BLND'; expected one of WARM_UP, BLIND, SCORE, SCORE_WHY, BURST, \
OPERATIONAL. Did you mean 'BLIND'?
        """
        if not self.steps or self.steps[0].kind != "lobby":
            raise BadSetting("plan", got=self.name, expected="a list of steps that begins with the lobby")
        for step in self.steps:
            _check_step(step)
        rotated = {s.items for s in self.steps if s.rotate}
        if len(rotated) > 1:
            raise BadSetting("items", got=sorted(rotated), expected="one number for all rotated blocks")
        if len(self.rotated) > 3:
            raise BadSetting(
                "rotate", got=len(self.rotated), expected="at most 3 blocks: there are 3 item sets"
            )
        if self.study and len(self.rotated) < 2:
            raise BadSetting("study", got=self.name, expected="at least two rotated blocks to counterbalance")
        return self

    @property
    def rotated(self) -> tuple[int, ...]:
        """Positions of the steps whose item sets rotate over groups."""
        return tuple(i for i, s in enumerate(self.steps) if s.rotate)


def _check_step(step: Step) -> None:
    if step.kind not in KINDS:
        raise BadSetting("kind", got=step.kind, expected=f"one of {', '.join(KINDS)}")
    if not step.judges:
        return
    if step.mode not in MODES:
        hint = nearest(step.mode, MODES).strip()
        raise BadSetting("mode", got=step.mode, expected=f"one of {', '.join(MODES)}", todo=hint)
    if step.items < 1:
        raise BadSetting("items", got=step.items, expected="at least 1 item in a block")
    if step.pacing not in ("trainer", "self"):
        raise BadSetting("pacing", got=step.pacing, expected="trainer or self")
    if step.rotate and step.pacing != "self":
        raise BadSetting("rotate", got=True, expected="self pacing: who looks together needs one set")
    if step.mode == "OPERATIONAL" and not 0 < step.capacity < step.items:
        raise BadSetting("capacity", got=step.capacity, expected=f"1 to {step.items - 1} examinations")


#: Modes whose items are made of equal cells; never pooled with ``OPERATIONAL`` or ``BURST``.
DIAGNOSTIC = ("BLIND", "SCORE", "SCORE_WHY")


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What measures need to know of an item.

    `route` is its origin; `difficulty` (0–1) is the chance, on an even bet, that the best possible judge of
    the declaration errs; `concepts` are those of the largest attributions; `examine` is the advice; `scheme`
    names what an irregular item follows.
    """

    item_id: str
    irregular: bool
    examine: bool
    risk_score: float
    difficulty: float
    route: str
    concepts: tuple[str, ...] = ()
    scheme: str = ""

    @property
    def cell(self) -> tuple[bool, bool]:
        """Which of the four cells it is in: truly irregular or not, advice right or not."""
        return self.irregular, self.model_right

    @property
    def truth(self) -> str:
        """The right action."""
        return "examine" if self.irregular else "release"

    @property
    def advice(self) -> str:
        """What following the score alone would do."""
        return "examine" if self.examine else "release"

    @property
    def model_right(self) -> bool:
        """Whether the advice is right."""
        return self.irregular == self.examine


@dataclass(frozen=True)
class Setup:
    """Everything fixed when a session is opened: plan, items of each step, and what was recorded about them.

    `sets[step]` holds one list of item ids, or three where sets rotate. `orders` are the counterbalanced
    orders of the rotated blocks (none outside study mode: as planned). `threshold` is the risk score from
    which the advice is to examine, `prevalence` the stream's share of irregular items, `cost_miss` how many
    needless examinations one missed irregular item weighs.
    """

    plan: Plan
    sets: Mapping[int, tuple[tuple[str, ...], ...]]
    items: Mapping[str, ItemFacts]
    model_id: str = ""
    digest: str = ""
    seed: int = 0
    threshold: float = 0.5
    prevalence: float = 0.0
    orders: tuple[tuple[int, ...], ...] = ()
    cost_miss: float = 10.0

    def payload(self) -> dict[str, Any]:
        """The setup as plain JSON values; `setup_from` reads it."""
        return {**asdict(self), "sets": {str(k): v for k, v in self.sets.items()},
                "items": [asdict(i) for i in self.items.values()]}  # fmt: skip


def plan_from(data: Mapping[str, Any]) -> Plan:
    """Read a plan from plain values. Errors: `BadSetting`.

    >>> plan_from({"name": "n", "minutes": 5, "steps": [{"kind": "lobby"}], "study": False}).steps[0].kind
    'lobby'
    """
    steps = tuple(Step(**step) for step in data["steps"])
    return Plan(str(data["name"]), int(data["minutes"]), steps, bool(data.get("study", False))).check()


def setup_from(data: Mapping[str, Any]) -> Setup:
    """Read what `Setup.payload` wrote."""
    items = [ItemFacts(**{**i, "concepts": tuple(i["concepts"])}) for i in data["items"]]
    rest = {k: data[k] for k in ("model_id", "digest", "seed", "threshold", "prevalence", "cost_miss")}
    return Setup(
        plan_from(data["plan"]),
        {int(k): tuple(tuple(s) for s in v) for k, v in data["sets"].items()},
        {i.item_id: i for i in items},
        orders=tuple(tuple(o) for o in data["orders"]),
        **rest,
    )


def williams(n: int) -> tuple[tuple[int, ...], ...]:
    """Orders of `n` conditions in which each follows each other equally often (Williams 1949).

    >>> williams(3)
    ((0, 1, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0), (0, 2, 1), (1, 0, 2))
    >>> williams(2)
    ((0, 1), (1, 0))
    """
    first, low, high = [0], 1, n - 1
    while len(first) < n:
        first.append(low if len(first) % 2 else high)
        low, high = (low + 1, high) if len(first) % 2 == 0 else (low, high - 1)
    rows = [tuple((c + shift) % n for c in first) for shift in range(n)]
    return tuple(rows) + (tuple(row[::-1] for row in rows) if n % 2 else ())


_START, _CHECK = Step("lobby"), Step("check")
_WARM = Step("warm_up", mode="WARM_UP", items=6)
_END = (Step("debrief"), Step("exit"))
_TWENTY = tuple(
    Step("block", mode=mode, items=20, seconds=600, rotate=True) for mode in ("BLIND", "SCORE", "SCORE_WHY")
)


def _taster() -> Plan:
    looks = Step("block", mode="SCORE_WHY", items=8, pacing="trainer", seconds=45, reveal=True)
    return Plan("taster-10", 10, (_START, _CHECK, replace(_WARM, items=2), looks, *_END))


def _long() -> Plan:
    burst = Step("block", mode="BURST", items=10, seconds=300)
    office = Step("block", mode="OPERATIONAL", items=30, seconds=900, capacity=4)
    return Plan("lesson-90", 90, (_START, _CHECK, _WARM, *_TWENTY, burst, office, *_END))


#: Plans that are ready to start.
PLANS: dict[str, Plan] = {
    "taster-10": _taster(),
    "lesson-45": Plan("lesson-45", 45, (_START, _CHECK, _WARM, *_TWENTY, *_END)),
    "lesson-90": _long(),
}


def ready_plan(name: str, *, study: bool = False) -> Plan:
    """A ready-made plan; with `study`, the rotated blocks in counterbalanced orders. Errors: `BadSetting`.

    >>> [len(ready_plan(name).steps) for name in PLANS]
    [6, 8, 10]
    """
    if name not in PLANS:
        raise BadSetting("plan", got=name, expected=f"one of {', '.join(PLANS)}", todo=nearest(name, PLANS))
    return replace(PLANS[name], study=study).check()
