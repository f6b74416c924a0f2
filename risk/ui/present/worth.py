"""What examinations buy in one batch, by its calibrated scores."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from risk.counterchecks import LaneLimits
from risk.ui.i18n import _, number, percent, plural

__all__ = ["Worth", "summary"]


@dataclass(frozen=True)
class Worth:
    """What examinations buy in one batch.

    `best` holds the expected finds among the k highest scores for k = 0 … n_items, and `spread` their
    variance (each item is irregular or not, independently, with its score's probability); `examined` and
    `drawn` say how many were picked to be examined, and how many of those at random; `finds` is what
    these are expected to show; `lowest` is the lowest score that led to each lane.
    """

    best: np.ndarray
    spread: np.ndarray
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
        by_chance = (items["channel"] == "random").to_numpy()
        down = np.sort(score)[::-1]
        best, spread = (np.concatenate([[0.0], np.cumsum(v)]) for v in (down, down * (1 - down)))
        lanes = {lane: (items["lane"] == lane).to_numpy() & ~by_chance for lane in ("red", "yellow", "green")}
        lowest = {lane: float(score[rows].min()) for lane, rows in lanes.items() if rows.any()}
        return cls(best, spread, int(red.sum()), int((red & by_chance).sum()),
                   float(score[red].sum()), lowest)

    @property
    def limits(self) -> LaneLimits:
        """The lowest margins (log-odds) that led to the red and yellow lanes."""
        red, yellow = (_logit(self.lowest.get(lane, math.inf)) for lane in ("red", "yellow"))
        return LaneLimits(red, min(red, yellow))

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

    def likely(self, capacity: int) -> tuple[int, int]:
        """Between which numbers the finds lie in 95 of 100 cases, if the scores hold; whole finds.

        >>> Worth.of(pd.DataFrame({"risk_score": [.5] * 100, "lane": "red", "channel": "targeted"})).likely(100)
        (40, 60)
        """
        k = min(capacity, self.n)
        reach = 1.96 * math.sqrt(self.spread[k])
        return max(0, math.floor(self.best[k] - reach + 0.5)), min(k, math.floor(self.best[k] + reach + 0.5))

    def curve(self, points: int = 60) -> list[dict[str, float]]:
        """The expected finds at up to `points` capacities, for a chart."""
        at = np.unique(np.linspace(0, self.n, points).round().astype(int))
        return [{"examined": int(k), "finds": round(float(self.best[k]), 2)} for k in at]

    def sentence(self, capacity: int) -> str:
        """What a capacity would buy, in one sentence."""
        share = self.at(capacity) / self.existing if self.existing else 0.0
        low, high = self.likely(capacity)
        return _(
            "{examinations}, by score: about {finds} ({low}–{high}) of an estimated {existing} irregular, {share}.",
            examinations=plural("{n} examination", "{n} examinations", capacity),
            finds=plural("{n} find", "{n} finds", round(self.at(capacity))),
            low=number(low),
            high=number(high),
            existing=number(self.existing),
            share=percent(share),
        )


def _logit(score: float) -> float:
    return math.log(score / (1 - score)) if 0 < score < 1 else math.inf if score > 0 else -math.inf


def summary(worth: Worth) -> str:
    """What this batch's examinations are expected to show."""
    by_chance = plural(
        " {n} of them is drawn at random, to measure what the score misses.",
        " {n} of them are drawn at random, to measure what the score misses.",
        worth.drawn,
    )
    said = _(
        "{examinations}: about {finds} of an estimated {existing} irregular among {items}.",
        examinations=plural("{n} examination", "{n} examinations", worth.examined),
        finds=plural("{n} find", "{n} finds", round(worth.finds)),
        existing=number(worth.existing),
        items=plural("{n} item", "{n} items", worth.n),
    )
    return said + (by_chance if worth.drawn else "")
