"""The queue page's view-model: rows to work on, what they can be filtered by, what examinations buy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from risk.casework import CHANNELS, LANES, Case
from risk.fitted import FittedModel
from risk.queues import REASONS, ItemFilter
from risk.schema import Dictionary
from risk.store import CaseFilter
from risk.ui.i18n import N_, _, number
from risk.ui.present.words import brief_frequency, channel_title, lane_title, status_words

__all__ = [
    "DOING",
    "EVERY",
    "Cluster",
    "Picked",
    "QueueRow",
    "cluster_rows",
    "feature_titles",
    "item_rows",
    "lane_options",
    "queue_rows",
    "value_words",
]

#: What a person looks for, and the statuses that are meant by it; `EVERY` also lists released items.
EVERY = "every"
DOING = {
    "to_do": (N_("To do"), ("open", "claimed")),
    "aside": (N_("Put aside"), ("snoozed",)),
    "done": (N_("Done"), ("decided", "closed")),
    "all": (N_("All cases"), ()),
    EVERY: (N_("Every item"), ()),
}


@dataclass(frozen=True)
class QueueRow:
    """One line of the queue, in words."""

    item_id: str
    lane: str
    lane_title: str
    channel: str
    channel_title: str
    frequency: str
    reason: str
    status: str


@dataclass(frozen=True)
class Picked:
    """What a person picked to see; nothing picked restricts nothing.

    >>> Picked(lane="red", text=" cx1 ", reason="origin").cases()  # doctest: +NORMALIZE_WHITESPACE
    CaseFilter(batch_id='', lanes=('red',), channels=(), statuses=('open', 'claimed'), text='CX1', holder='',
    facets=(('reason', ('origin',)),))
    """

    doing: str = "to_do"
    lane: str = ""
    channel: str = ""
    text: str = ""
    reason: str = ""
    cluster: str = ""
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def cases(self) -> CaseFilter:
        """The same as a filter of the store's cases."""
        raised = (("reason", (self.reason,)),) if self.reason else ()
        together = ((REASONS, (self.cluster,)),) if self.cluster else ()
        return CaseFilter(
            lanes=(self.lane,) if self.lane in LANES else (),
            channels=(self.channel,) if self.channel in CHANNELS else (),
            statuses=DOING.get(self.doing, DOING["all"])[1],
            text=self.text.strip().upper(),
            facets=(*raised, *together, *self.values),
        )

    def items(self) -> ItemFilter:
        """The same as a filter of the items behind the queue, released ones included."""
        together = ((REASONS, (self.cluster,)),) if self.cluster else ()
        return ItemFilter(
            lanes=(self.lane,) if self.lane in LANES else (),
            channels=(self.channel,) if self.channel in CHANNELS else (),
            text=self.text.strip().upper(),
            reason=self.reason,
            values=(*together, *self.values),
        )

    @property
    def narrowed(self) -> int:
        """How many of the further filters restrict."""
        return sum(map(bool, (self.channel, self.reason, self.cluster, *(v for _name, v in self.values))))


def queue_rows(cases: Sequence[Case], *, who: str = "") -> list[QueueRow]:
    """The rows of one page of cases, for the person `who`."""
    return [
        QueueRow(
            c.item_id,
            c.lane,
            lane_title(c.lane),
            c.channel,
            channel_title(c.channel),
            brief_frequency(c.risk_score),
            c.reason,
            status_words(c, who),
        )
        for c in cases
    ]


def item_rows(items: pd.DataFrame, model: FittedModel, statuses: Mapping[str, str]) -> list[QueueRow]:
    """The rows of one page of items, with or without a case; `statuses` has words for those with one."""
    titles = feature_titles(model)
    released = _("Released by its score")
    return [
        QueueRow(
            row["item_id"],
            row["lane"],
            lane_title(row["lane"]),
            row["channel"] or "targeted",
            channel_title(row["channel"] or "targeted"),
            brief_frequency(float(row["risk_score"])),
            cluster_title(row[REASONS], titles),
            statuses.get(row["item_id"], released),
        )
        for row in items.to_dict("records")
    ]


def lane_options(counts: Mapping[str, int]) -> dict[str, str]:
    """The lanes that have cases, each with its number: what the lane filter offers.

    >>> lane_options({"red": 40, "yellow": 0, "green": 0})
    {'red': 'Examine (40)'}
    """
    return {lane: f"{lane_title(lane)} ({number(n)})" for lane, n in counts.items() if n and lane in LANES}


def feature_titles(model: FittedModel) -> dict[str, str]:
    """The title of each feature, in the reader's language."""
    return {f.name: _(f.title or f.name) for f in model.features.specs}


def value_words(dictionary: Dictionary, name: str, value: str) -> str:
    """One value of a field to filter by, in words."""
    return _(dictionary[name].level(value))


@dataclass(frozen=True)
class Cluster:
    """Cases flagged for the same reasons: `key` as stored, how many, and the finds their scores expect."""

    key: str
    title: str
    cases: int
    expected: float


def cluster_title(key: str, titles: Mapping[str, str]) -> str:
    """The reasons of a cluster, in words.

    >>> cluster_title("|a|b|", {"a": "Origin", "b": "Weight"}), cluster_title("|", {})
    ('Origin + Weight', 'No detail stands out')
    """
    named = [titles.get(name, name) for name in key.split("|") if name]
    return " + ".join(named) if named else _("No detail stands out")


def cluster_rows(found: Sequence[tuple[str, int, float]], titles: Mapping[str, str]) -> list[Cluster]:
    """Clusters as the store counted them, in its order."""
    return [Cluster(key, cluster_title(key, titles), n, expected) for key, n, expected in found]
