"""What was examined and what an officer wrote down: the only labels there are.

Each item has, before anyone looks, a probability to be examined by any channel: a random share of
everything, a part of what matches a rule, and a part of the rest by points. `inclusion_probability` is that
total, so that weighting by its inverse is right on average. Points come from the office's risk profiles (the
best-matching one counts), from what it remembers of the item's parties (findings add, examinations without
one take away, as reported before the item arrived) and from what no field shows, which has nothing to do with
the truth. Examination has
two stages, a non-intrusive check that errs and an opening that may miss; a finding is reported days later,
and its family is sometimes misrecorded.

`prospect` tells of a block what would be seen if one looked; it can be made in any process. `Office.examine`
then goes through the blocks in order, because where the office looks depends on what it found before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import numpy as np
import pyarrow as pa

from data_synthetic.indicators import indicators
from data_synthetic.items import Items

__all__ = ["Prospects", "Office", "prospect", "inclusion_probability", "points"]

_HOUR_MS, _DAY_MS = 3_600_000, 86_400_000
_DECIMALS = 9   # of probabilities: hides last-bit differences between processors' exp


@dataclass(frozen=True)
class Prospects:
    """What a block's examinations would be, item by item; arrays of shape (n,) but for `parties`."""

    u: np.ndarray             # the uniform that decides
    rule: np.ndarray          # probability by rule
    points: np.ndarray        # of past targeting, without what is remembered of the parties
    found: np.ndarray         # whether an examination would find something
    family: np.ndarray        # what would be written down: row of the world's families
    arrived_ms: np.ndarray    # milliseconds since the stream's first day, as the next two
    examined_ms: np.ndarray
    reported_ms: np.ndarray
    parties: np.ndarray       # (n, 2) hashes of sender and recipient


def prospect(items: Items, parties: np.ndarray) -> Prospects:
    """Look at every item of a block, without choosing."""
    examined, reported = _times(items)
    seen = indicators(items)
    return Prospects(u=items.uniform("examined"), rule=_rule(items, seen), points=points(items, seen),
                     found=_found(items), family=_families(items), arrived_ms=items.skeleton.arrived_ms,
                     examined_ms=examined, reported_ms=reported, parties=parties)


def inclusion_probability(random: float, rule: np.ndarray, targeted: np.ndarray) -> np.ndarray:
    """Probability to be examined by any of three channels that are tried in turn.

    >>> float(inclusion_probability(0.1, np.array([0.0]), np.array([0.5]))[0])
    0.55
    """
    return random + (1 - random) * (rule + (1 - rule) * targeted)


def points(items: Items, seen: Mapping[str, np.ndarray]) -> np.ndarray:
    """Points of the best-matching risk profile of each item, plus what no field shows."""
    e = items.world.examination
    noise = items.uniform("officer") + items.uniform("officer_again") - 1.0  # triangular
    best = np.max(
        [sum(p * seen[name] for name, p in profile.items()) for profile in e["profiles"].values()], axis=0
    )
    return best + e["officer_noise"] * np.sqrt(6.0) * noise


class Office:
    """Goes through the blocks of a stream in order: who is examined, given what was reported before.

    It remembers, by party, findings and examinations without one; a report counts from when it comes in.
    """

    def __init__(self, examination: Mapping[str, Any], *, families: tuple[str, ...], start_ms: int) -> None:
        self._e, self._families, self._start_ms = examination, families, start_ms
        self._finds: Counter[int] = Counter()
        self._clears: Counter[int] = Counter()
        self._waiting: list[tuple[int, bool, list[int]]] = []   # reports to come: when, found, parties

    def examine(self, made: Prospects, item_id: pa.ChunkedArray) -> pa.Table:
        """The examinations of the next block, reported or not: one row per examined item."""
        rows, total = self._choose(made)
        random = self._e["random_share"]
        edges = np.stack([np.full(len(rows), random), random + (1 - random) * made.rule[rows]], axis=1)
        channel = (made.u[rows, None] >= edges).sum(axis=1)
        utc, found = pa.timestamp("ms", tz="UTC"), made.found[rows]
        return pa.table({
            "item_id": item_id.take(pa.array(rows)).combine_chunks(),
            "examined_utc": pa.array(made.examined_ms[rows] + self._start_ms).cast(utc),
            "reported_utc": pa.array(made.reported_ms[rows] + self._start_ms).cast(utc),
            "channel": pa.array(["random", "rule", "targeted"]).take(pa.array(channel)),
            "inclusion_probability": pa.array(total), "found": pa.array(found),
            "finding_family": pa.array(self._families).take(pa.array(made.family[rows], mask=~found))})

    def _choose(self, made: Prospects) -> tuple[np.ndarray, np.ndarray]:
        """Rows examined and their inclusion probabilities: one by one, as a report changes what follows."""
        rows, total = [], []
        usual = made.u < self._chance(made.rule, made.points)
        for i in np.flatnonzero(
            made.u < self._chance(made.rule, made.points + self._e["watch_points"])
        ).tolist():
            self._take_in(made.arrived_ms[i])
            parties = made.parties[i].tolist()
            if not usual[i] and self._finds.keys().isdisjoint(parties):
                continue   # nothing is remembered that could add points
            chance = float(self._chance(made.rule[i], made.points[i] + self._remembered(parties)))
            if made.u[i] < chance:
                rows.append(i)
                total.append(chance)
                heappush(self._waiting, (int(made.reported_ms[i]), bool(made.found[i]), parties))
        return np.array(rows, dtype=np.int64), np.array(total, dtype=float)

    def _chance(self, rule: np.ndarray, points: np.ndarray) -> np.ndarray:
        e = self._e
        targeted = np.minimum(e["targeted_most"], e["targeted_rate"] * np.exp(e["steepness"] * points))
        return np.round(inclusion_probability(e["random_share"], rule, targeted), _DECIMALS)

    def _take_in(self, now_ms: int) -> None:
        """Reports that came in before `now_ms`."""
        while self._waiting and self._waiting[0][0] < now_ms:
            _, found, parties = heappop(self._waiting)
            (self._finds if found else self._clears).update(parties)

    def _remembered(self, parties: list[int]) -> float:
        """Points for what is remembered of an item's parties; at most `watch_points`."""
        finds, clears = (sum(c[p] for p in parties) for c in (self._finds, self._clears))
        e = self._e
        return e["watch_points"] * (finds > 0) - e["cleared_points"] * min(clears, e["cleared_most"])


def _rule(items: Items, seen: Mapping[str, np.ndarray]) -> np.ndarray:
    odd_route = seen["operator_differs"] & seen["no_advance_data"]
    disagrees = seen["regulated_without_licence"] & (seen["vague"] | seen["words_against_code"])
    return items.world.examination["rule_rate"] * (odd_route | disagrees)


def _found(items: Items) -> np.ndarray:
    """Whether an examination would find something: check, then opening."""
    e, irregular = items.world.examination, items.skeleton.irregular
    reacts = items.uniform("check") < np.where(irregular, e["check_sensitivity"], e["check_false_alarm"])
    opened = reacts | (items.uniform("open") < e["open_anyway"])
    return irregular & opened & (items.uniform("opening") < e["opening_sensitivity"])


def _times(items: Items) -> tuple[np.ndarray, np.ndarray]:
    e = items.world.examination
    least, most = e["wait_hours"]
    wait = (least + (most - least) * items.uniform("wait")) * _HOUR_MS
    delay = (
        np.maximum(0.1, e["delay_days"] + e["delay_spread_days"] * (2 * items.uniform("delay") - 1)) * _DAY_MS
    )
    examined = items.skeleton.arrived_ms + wait.astype(np.int64)
    return examined, examined + delay.astype(np.int64)


def _families(items: Items) -> np.ndarray:
    """The family that would be recorded: the scheme's own, sometimes "other", sometimes another one."""
    e, names = items.world.examination, list(items.world.families)
    own = np.array([names.index(p.family) if p.family else 0 for p in items.world.profiles])[
        items.skeleton.mode
    ]
    u, other = items.uniform("family"), names.index("other") if "other" in names else len(names) - 1
    wrong = (own + 1 + np.floor(items.uniform("family_wrong") * (len(names) - 1)).astype(np.int64)) % len(
        names
    )
    return np.select([u < e["family_wrong"], u < e["family_wrong"] + e["family_other"]], [wrong, other], own)
