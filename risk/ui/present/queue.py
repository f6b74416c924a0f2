"""The queue page's view-model: rows to work on, and what examinations buy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from risk.casework import CHANNELS, LANES, Case
from risk.store import CaseFilter
from risk.ui.present.words import CHANNEL_TITLES, LANE_TITLES, brief_frequency, status_words

__all__ = ["DOING", "QueueRow", "Worth", "choose", "lane_options", "queue_rows", "summary"]

#: What a person looks for, and the statuses that are meant by it.
DOING = {"To do": ("open", "claimed"), "Put aside": ("snoozed",), "Done": ("decided", "closed"), "All": ()}


@dataclass(frozen=True)
class QueueRow:
    """One line of the queue, in words."""

    item_id: str
    lane: str
    lane_title: str
    channel_title: str
    frequency: str
    reason: str
    status: str
    is_open: bool


def queue_rows(cases: Sequence[Case], *, who: str = "") -> list[QueueRow]:
    """The rows of one page of cases, for the person `who`."""
    return [
        QueueRow(
            c.item_id,
            c.lane,
            LANE_TITLES[c.lane],
            CHANNEL_TITLES[c.channel],
            brief_frequency(c.risk_score),
            c.reason,
            status_words(c, who),
            c.status == "open",
        )
        for c in cases
    ]


def choose(lane: str | None, doing: str | None, channel: str | None, text: str | None) -> CaseFilter:
    """The store's filter for what a person picked; nothing picked restricts nothing.

    >>> choose("red", "To do", None, " cx1 ")
    CaseFilter(batch_id='', lanes=('red',), channels=(), statuses=('open', 'claimed'), text='CX1', holder='')
    """
    return CaseFilter(
        lanes=(lane,) if lane in LANES else (),
        channels=(channel,) if channel in CHANNELS else (),
        statuses=DOING.get(doing or "All", ()),
        text=(text or "").strip().upper(),
    )


def lane_options(counts: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """The lanes that have cases, each with its number: what the lane filter offers.

    >>> lane_options({"lane": {"red": 40, "yellow": 0, "green": 0}})
    {'red': 'Examine (40)'}
    """
    return {lane: f"{LANE_TITLES[lane]} ({n:,})" for lane, n in counts["lane"].items() if n}


@dataclass(frozen=True)
class Worth:
    """What examinations buy in one batch, by its calibrated scores.

    `best` holds the expected finds among the k highest scores for k = 0 … n_items; `examined` and
    `drawn` say how many were picked to be examined, and how many of those at random; `finds` is what
    these are expected to show; `lowest` is the lowest score that led to each lane.
    """

    best: np.ndarray
    examined: int
    drawn: int
    finds: float
    lowest: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, items: pd.DataFrame) -> "Worth":
        """From every item's ``risk_score``, ``lane`` and ``channel``.

        >>> w = Worth.of(pd.DataFrame({"risk_score": [.5, .25, .25], "lane": ["red", "green", "green"],
        ...                            "channel": ["targeted", "", ""]}))
        >>> w.n, w.existing, w.finds, w.at(2)
        (3, 1.0, 0.5, 0.75)
        """
        score = items["risk_score"].to_numpy(dtype=float)
        red = (items["lane"] == "red").to_numpy()
        drawn = int((red & (items["channel"] == "random").to_numpy()).sum())
        best = np.concatenate([[0.0], np.cumsum(np.sort(score)[::-1])])
        lowest = items["risk_score"][items["channel"] != "random"].groupby(items["lane"]).min()
        return cls(best, int(red.sum()), drawn, float(score[red].sum()), lowest.to_dict())

    def lane_of(self, score: float) -> str:
        """The lane a score would have led to in this batch, but for a random check."""
        return next((lane for lane in ("red", "yellow") if score >= self.lowest.get(lane, np.inf)), "green")

    @property
    def n(self) -> int:
        """How many items the batch has, released ones included."""
        return len(self.best) - 1

    @property
    def existing(self) -> float:
        """How many irregular items the scores expect in the whole batch."""
        return float(self.best[-1])

    def at(self, capacity: int) -> float:
        """Expected finds when the `capacity` highest scores are examined."""
        return float(self.best[min(capacity, self.n)])

    def curve(self, points: int = 60) -> list[dict[str, float]]:
        """The expected finds at up to `points` capacities, for a chart."""
        at = np.unique(np.linspace(0, self.n, points).round().astype(int))
        return [{"examined": int(k), "finds": round(float(self.best[k]), 2)} for k in at]

    def sentence(self, capacity: int) -> str:
        """What a capacity would buy, in one sentence."""
        share = self.at(capacity) / self.existing if self.existing else 0.0
        return (
            f"{_many(capacity, 'examination')}, by score: about {_many(round(self.at(capacity)), 'find')} "
            f"of an estimated {self.existing:,.0f} ({share:.0%})."
        )


def summary(worth: Worth) -> str:
    """What this batch's examinations are expected to show."""
    by_chance = (
        f" {worth.drawn:,} of them {'is' if worth.drawn == 1 else 'are'} drawn at random, to measure what "
        "the score misses."
        if worth.drawn
        else ""
    )
    return (
        f"{_many(worth.examined, 'examination')}: about {_many(round(worth.finds), 'find')} of an estimated "
        f"{worth.existing:,.0f} irregular among {worth.n:,} items.{by_chance}"
    )


def _many(n: int, thing: str) -> str:
    return f"{n:,} {thing}{'' if n == 1 else 's'}"
