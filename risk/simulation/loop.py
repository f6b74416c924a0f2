"""The weekly loop: items arrive, a policy chooses, outcomes come back late, the model learns from them.

A run learns from what it examined itself, and from nothing else. Every run of a year begins with the same
warm-up: some weeks in which half of the capacity goes by rules and half at random, whatever the policy.
In each later week the model is trained anew on all that was reported by the week's start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from scipy.special import expit

from risk.errors import BadSetting
from risk.simulation.adaptive import Tally
from risk.simulation.boosting import Setting, Tables, fit_bags, fit_tables
from risk.simulation.policies import POLICIES, Policy, Week, draw, hybrid
from risk.simulation.reaction import Faces
from risk.simulation.records import Picked, Recorder, Run, Scored
from risk.simulation.year import PARTY_BINS, PARTY_COLUMNS, Year

__all__ = ["Plan", "simulate"]

_EXAMINED_EDGES, _FOUND_EDGES = np.array([1, 2, 4, 10]), np.array([1, 2, 3])
_MIN_FOUND = 5


@dataclass(frozen=True)
class Plan:
    """One run.

    Attributes
    ----------
    policy
        A name in `POLICIES`.
    capacity
        Share of a week's items that can be examined, 0–1.
    warm_up
        Weeks before the policy takes over.
    weights
        ``none``, or ``capped``: learn with inverse inclusion probabilities.
    cap
        Largest weight, relative to the smallest.
    seed
        Seeds every draw of the run.
    hidden
        Features that the model is not given.
    only
        If any: the only features it is given.
    points
        Added to the model's margin: factor on the rule book's points.
    learner
        ``boosted`` learns from examined items. ``cases`` is an office's case statistics: finds of each value
        of the first feature per item that passed, examined or not, as if what was not examined were regular.
    """

    policy: str = "targeted"
    capacity: float = 0.01
    warm_up: int = 8
    weights: str = "none"
    cap: float = 10.0
    seed: int = 0
    hidden: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    points: float = 0.0
    learner: str = "boosted"
    setting: Setting = field(default_factory=Setting)

    def check(self) -> Policy:
        """The policy, or `BadSetting` for a value that makes no sense."""
        if self.policy not in POLICIES:
            raise BadSetting("policy", got=self.policy, expected=f"one of {', '.join(POLICIES)}")
        if not 0 < self.capacity <= 1:
            raise BadSetting(
                "capacity", got=self.capacity, expected="a share of items, above 0 and at most 1"
            )
        if self.learner not in ("boosted", "cases"):
            raise BadSetting("learner", got=self.learner, expected="'boosted' or 'cases'")
        if self.weights not in ("none", "capped"):
            raise BadSetting("weights", got=self.weights, expected="'none' or 'capped'")
        if self.warm_up < 1:
            raise BadSetting("warm_up", got=self.warm_up, expected="at least 1 week")
        return POLICIES[self.policy]


def simulate(year: Year, plan: Plan, *, tell: Callable[[int, int], None] | None = None) -> Run:
    """Run one policy through a year.

    Parameters
    ----------
    year
        The items.
    plan
        The policy and its settings.
    tell
        Called after each week with (weeks done, weeks in all); may raise to stop the run.

    Raises
    ------
    risk.errors.BadSetting
        When the plan or the length of the year makes no sense.
    """
    chosen = plan.check()
    if year.weeks <= plan.warm_up:
        raise BadSetting("weeks", got=year.weeks, expected=f"more than the warm-up's {plan.warm_up} weeks")
    run = _Running(year, plan, chosen)
    for week in range(year.weeks):
        run.step(week)
        if tell:
            tell(week + 1, year.weeks)
    return run.record.finish()


class _Running:
    """One run under way."""

    def __init__(self, year: Year, plan: Plan, chosen: Policy) -> None:
        self.year, self.plan, self.policy = year, plan, chosen
        self.draws = np.random.default_rng([plan.seed, 11])
        self.resamples = np.random.default_rng([plan.seed, 12])
        names = np.array([*year.names, *PARTY_COLUMNS])
        self.masked = np.isin(names, plan.hidden) | (~np.isin(names, plan.only) if plan.only else False)
        self.faces = Faces(year, np.random.default_rng([plan.seed, 13]))
        self.examined = [np.zeros(k, np.int32) for k in self.faces.people]
        self.found = [np.zeros(k, np.int32) for k in self.faces.people]
        n = len(year.week)
        self.weight = np.zeros(n)
        self.known = np.empty(0, np.int64)  # rows whose result is reported
        self.waiting = np.empty(0, np.int64)  # rows examined and not yet reported
        self.bins_of = np.empty((0, year.bins.shape[1] + len(PARTY_BINS)), np.uint8)
        self.bins_waiting = self.bins_of
        self.tallies: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
        self.record = Recorder(year, plan.policy, plan.warm_up)

    def step(self, week: int) -> None:
        """One week: take in reports, learn, choose, examine, record."""
        rows = self.year.rows(week)
        like = self.faces.like[rows]
        self._take_in(7.0 * week)
        bins = self._bins(rows)
        warm = week < self.plan.warm_up
        model, bags = (None, []) if warm else self._learn(week)
        margin = self._margin(model, bins, like)
        view = Week(
            margin,
            round(self.plan.capacity * len(bins)),
            self.year.rules[like],
            self.year.lane[like],
            np.array([b.margins(bins) for b in bags]),
            self._past(week),
        )
        choice = hybrid(view.rules, view.room, 0.5) if warm else self.policy.choose(view)
        picked = draw(choice.probability, self.draws)
        at_random = self.draws.random(len(picked)) * choice.probability[picked] < choice.random[picked]
        self._examine(week, rows.start + picked, bins[picked], choice.probability[picked])
        stated = expit(margin)
        self.tallies[week] = (rows.start + picked, at_random, stated[picked])
        if not warm:
            self.record.add(week, choice, Picked(picked, at_random), Scored(margin, bins, model, like))
        self.faces.react(rows.start + picked[self.year.find[rows][picked]], rows.stop)

    def _bins(self, rows: slice) -> np.ndarray:
        """Bins of a week's items, with what is now known of their parties."""
        self._make_room()
        own = [
            np.searchsorted(edges, count[k][self.faces.party[rows, k]], side="right")
            for k in (0, 1)
            for count, edges in ((self.examined, _EXAMINED_EDGES), (self.found, _FOUND_EDGES))
        ]
        bins = np.column_stack([self.year.bins[self.faces.like[rows]], *own]).astype(np.uint8)
        bins[:, self.masked] = 0
        return bins

    def _make_room(self) -> None:
        """Nothing is known of names that came up since last week."""
        for counts in (self.examined, self.found):
            for k in (0, 1):
                counts[k] = np.pad(counts[k], (0, self.faces.people[k] - len(counts[k])))

    def _margin(self, model: Tables | None, bins: np.ndarray, like: np.ndarray) -> np.ndarray:
        margin = np.full(len(bins), -20.0) if model is None else model.margins(bins)
        return margin + self.plan.points * self.year.rules[like] if self.plan.points else margin

    def _examine(self, week: int, rows: np.ndarray, bins: np.ndarray, probability: np.ndarray) -> None:
        self.waiting = np.concatenate([self.waiting, rows])
        self.bins_waiting = np.concatenate([self.bins_waiting, bins])
        self.weight[rows] = 1.0 / probability

    def _take_in(self, day: float) -> None:
        """What was reported before this day becomes known."""
        done = self.year.reported_day[self.waiting] < day
        rows = self.waiting[done]
        self.known = np.concatenate([self.known, rows])
        self.bins_of = np.concatenate([self.bins_of, self.bins_waiting[done]])
        self.waiting, self.bins_waiting = self.waiting[~done], self.bins_waiting[~done]
        for k in (0, 1):
            np.add.at(self.examined[k], self.faces.party[rows, k], 1)
            np.add.at(self.found[k], self.faces.party[rows, k], self.year.find[rows].astype(np.int32))

    def _learn(self, week: int) -> tuple[Tables | None, list[Tables]]:
        """The week's model and, where the policy wants them, its resamples; none before there are finds."""
        y = self.year.find[self.known].astype(float)
        if not self.policy.learns or y.sum() < _MIN_FOUND:
            return None, [Tables(0.0, np.zeros((self.bins_of.shape[1], 256)))] if self.policy.bags else []
        weight = np.ones(len(y))
        if self.plan.weights == "capped":
            weight = self.weight[self.known]
            weight = np.minimum(weight, self.plan.cap * weight.min())
        if self.plan.learner == "cases":
            return self._cases(week, y * weight), []
        form, setting = self.year.form, self.plan.setting
        bags = (
            fit_bags(self.bins_of, y, form, weight=weight, rng=self.resamples, setting=setting)
            if self.policy.bags
            else []
        )
        return fit_tables(self.bins_of, y, form, weight=weight, setting=setting), bags

    def _cases(self, week: int, found: np.ndarray) -> Tables:
        """Finds per item that passed, by value of the first feature (half a find added), as log-odds."""
        size = int(self.year.form.sizes[0])
        passed = np.bincount(self.year.bins[: self.year.rows(week).start, 0], minlength=size)
        finds = np.bincount(self.bins_of[:, 0], found, minlength=size)
        table = np.zeros((self.bins_of.shape[1], 256))
        table[0, :size] = np.log((finds + 0.5) / (passed + 1.0))
        return Tables(0.0, table)

    def _past(self, week: int) -> tuple[Tally, ...]:
        """Weeks of the policy's own whose every report is in, as tallies by channel."""
        day, out = 7.0 * week, []
        for then in range(self.plan.warm_up, week):
            rows, at_random, stated = self.tallies[then]
            if len(rows) and self.year.reported_day[rows].max() >= day:
                continue
            y = self.year.find[rows]
            out.append(
                Tally(
                    then,
                    int((~at_random).sum()),
                    int(y[~at_random].sum()),
                    float(stated[~at_random].sum()),
                    int(at_random.sum()),
                    int(y[at_random].sum()),
                    float(stated[at_random].sum()),
                )
            )
        return tuple(out)
