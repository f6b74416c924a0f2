"""What was known at the moment an item is scored: of its parties counts, counterparts and findings; of its
commodity how often it had come from there.

A `PartyHistory` is a table of earlier items, one row an item, as compact arrays. An item's past is what
stands in that table strictly before the item's own moment (when its advance data came, else when it
arrived), and of examinations only what had been reported by then; deleting the future changes nothing.
Looking up a small batch costs in proportion to the batch and its parties' own rows, not to the stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd

from risk.errors import Refused
from risk.features.arrivals import Arrivals
from risk.features.columns import DAY_MS, NOT_STATED, Columns, place
from risk.features.novelty import DAYS, codes_of, novelties, novelty_name
from risk.features.windows import NEVER, WINDOWS_DAYS, party_past, ranges
from risk.schema import Dictionary

__all__ = ["PartyHistory", "WINDOWS_DAYS", "party_columns", "past_name", "past_columns", "past_of", "with_past"]


def past_name(party: str, what: str, days: int | None = None) -> str:
    """Column name of one thing known about a party.

    >>> past_name("sender_id", "items", 30), past_name("sender_id", "found")
    ('sender_id|items|30', 'sender_id|found')
    """
    return f"{party}|{what}|{days}" if days else f"{party}|{what}"


def past_columns(dictionary: Dictionary) -> tuple[str, ...]:
    """Columns of the past that a dictionary's features read."""
    new = [novelty_name(f.name, what) for f in novelties(dictionary) for what in ("came", "of", "code")]
    return (*party_columns(dictionary), *new)


def party_columns(dictionary: Dictionary) -> tuple[str, ...]:
    """Those columns of the past that tell of parties."""
    made = [past_name(f.reads[0], f.params["what"], f.params.get("days"))
            for f in dictionary.features if f.kind == "party"]
    return tuple(dict.fromkeys(made))


def with_past(declarations: pd.DataFrame, dictionary: Dictionary, *, outcomes: pd.DataFrame | None = None,
              earlier: "PartyHistory | None" = None) -> pd.DataFrame:
    """The declarations, with what was known of each item's parties at its moment in further columns.

    Nothing is added where the dictionary reads no past, or where the columns stand there already: what was
    known of an item then goes with its row and does not change.

    Parameters
    ----------
    declarations
        Shape (n_items, …). Each item's past is looked up among these rows too.
    outcomes
        Examinations of these items; each counts once it had been reported.
    earlier
        Items that came before these.
    """
    past = past_of(Columns.of(declarations), dictionary, outcomes=outcomes, earlier=earlier)
    if not past:
        return declarations
    return pd.concat([declarations.drop(columns=list(past), errors="ignore"),
                      pd.DataFrame(past, index=declarations.index)], axis=1)


def past_of(columns: Columns, dictionary: Dictionary, *, outcomes: pd.DataFrame | None = None,
            earlier: "PartyHistory | None" = None) -> dict[str, np.ndarray]:
    """The further columns of `with_past` by name; none where there is nothing to add."""
    wanted = past_columns(dictionary)
    if columns.names.issuperset(wanted):
        return {}
    batch = PartyHistory.of(columns, dictionary, outcomes=outcomes)
    past = (earlier or PartyHistory.empty(batch.names)).known(batch)
    return {name: past[name] for name in wanted}


@dataclass(frozen=True)
class PartyHistory:
    """Earlier items of a stream, one row an item.

    Attributes
    ----------
    item : uint64 (n,)
        Hash of the item's id.
    moment : int64 (n,)
        When the item became known, milliseconds UTC.
    party : uint64 (n, n_parties)
        Hashes of the parties, columns as in `names`.
    reported : int64 (n,)
        When its examination was reported; a far future where there was none.
    found : bool (n,)
        What the examination showed.
    names : tuple of str
        Names of the party fields.
    code : uint64 (n, 2 × n_novelties)
        Hashes that features of `novelties` count: of the combination and of its place.
    novel : tuple of (str, int)
        Those features: name, and days looked back.
    """

    ARRAYS: ClassVar[tuple[str, ...]] = ("item", "moment", "party", "reported", "found", "code")

    item: np.ndarray
    moment: np.ndarray
    party: np.ndarray
    reported: np.ndarray
    found: np.ndarray
    names: tuple[str, ...] = ()
    code: np.ndarray = None
    novel: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if self.code is None:
            object.__setattr__(self, "code", np.empty((len(self.item), 0), np.uint64))

    def __len__(self) -> int:
        return len(self.item)

    @classmethod
    def of(cls, declarations: pd.DataFrame | Columns, dictionary: Dictionary, *,
           outcomes: pd.DataFrame | None = None) -> "PartyHistory":
        """Rows of a frame of declarations, with what is known of their examinations."""
        columns, new = Columns.of(declarations), novelties(dictionary)
        names = tuple(f.name for f in dictionary.role("party") if f.known_at != "examination")
        ids = columns.hashes(dictionary.id_field)
        reported, found = _examined(ids, dictionary, outcomes)
        parties = [columns.hashes(p) for p in names]
        party = np.column_stack(parties) if names else np.empty((len(ids), 0), np.uint64)
        codes = [codes_of(f, columns) for f in new]
        code = np.column_stack(codes) if codes else None
        return cls(ids, columns.moments(dictionary.as_of), party, reported, found, names, code,
                   tuple((f.name, int(f.params.get("days", DAYS))) for f in new))

    @classmethod
    def empty(cls, names: Sequence[str]) -> "PartyHistory":
        """No earlier item at all."""
        none = np.empty(0)
        return cls(none.astype(np.uint64), none.astype(np.int64), np.empty((0, len(names)), np.uint64),
                   none.astype(np.int64), none.astype(bool), tuple(names))

    def take(self, rows: np.ndarray) -> "PartyHistory":
        """Some of the rows."""
        return replace(self, **{name: getattr(self, name)[rows] for name in self.ARRAYS})

    def merged(self, newer: "PartyHistory") -> "PartyHistory":
        """Both tables, `newer` last. Of an item in both the newer row stands, with whichever examination
        is known."""
        if not len(self):
            return newer
        again = np.isin(self.item, newer.item) if len(newer) != 1 else self.item == newer.item
        kept = self
        if again.any():
            kept, newer = self.take(~again), newer._remembering(self.take(again))
        return replace(newer, **{name: np.concatenate([getattr(kept, name), getattr(newer, name)])
                                 for name in self.ARRAYS})

    def _remembering(self, older: "PartyHistory") -> "PartyHistory":
        if not len(older):
            return self
        order = np.argsort(older.item, kind="stable")
        at = order[np.minimum(np.searchsorted(older.item[order], self.item), len(order) - 1)]
        same = older.item[at] == self.item
        known = same & (older.reported[at] < self.reported)
        return replace(self, reported=np.where(known, older.reported[at], self.reported),
                       found=np.where(known, older.found[at], self.found))

    def past(self, batch: "PartyHistory") -> pd.DataFrame:
        """What was known of each batch item's parties at its moment; one row a batch item, in its order.

        Columns, by `past_name`, for every party: ``items`` and ``others`` (distinct counterparts) in each
        of `WINDOWS_DAYS`, ``age`` (days since first seen, NaN when never), ``examined`` and ``found``
        (reported by then). For every novelty: ``came``, ``of`` and ``code``, by `novelty_name`.
        """
        return pd.DataFrame(self.known(batch))

    def known(self, batch: "PartyHistory") -> dict[str, np.ndarray]:
        """The columns of `past`, by name."""
        columns: dict[str, np.ndarray] = {}
        stored, bare = self._bare, batch.of_parties()
        restated = self._stored(batch.item)
        for k, name in enumerate(self.names):
            union = stored.take(self._needed(k, batch, restated)).merged(bare)
            party, other = union.party[:, k], union.party[:, (k + 1) % union.party.shape[1]]
            told = party_past(union, np.column_stack([party, other]))
            for what, values in told.items():
                columns[past_name(name, *what)] = values[len(union) - len(batch):]
        for j, (name, days) in enumerate(batch.novel):
            for what, values in zip(("came", "of"), self._came(2 * j, batch, days), strict=True):
                columns[novelty_name(name, what)] = values.astype(float)
            columns[novelty_name(name, "code")] = batch.code[:, 2 * j]
        return columns

    def of_parties(self) -> "PartyHistory":
        """The same rows without the codes that novelties count."""
        return replace(self, code=None, novel=())

    @cached_property
    def _bare(self) -> "PartyHistory":
        return self.of_parties()

    def arrivals(self, column: int) -> Arrivals:
        """Items by a column of `code` and day."""
        return Arrivals.of(self.code[:, column], self.moment // DAY_MS)

    def _came(self, first: int, batch: "PartyHistory", days: int) -> list[np.ndarray]:
        """Items of each batch item's combination, and of its place, on the days before; each counted once."""
        day, counts = batch.moment // DAY_MS, []
        again = self.take(self._stored(batch.item)) if self.novel else self
        for column in (first, first + 1):
            code = batch.code[:, column]
            came = batch.arrivals(column).before(code, day, days)
            if self.novel:
                came += self._arrivals[column].before(code, day, days)
            if len(again):
                came -= again.arrivals(column).before(code, day, days)
            counts.append(came)
        return counts

    @cached_property
    def _arrivals(self) -> list[Arrivals]:
        return [self.arrivals(column) for column in range(self.code.shape[1])]

    @cached_property
    def _by_item(self) -> tuple[np.ndarray, np.ndarray]:
        """Row numbers sorted by the item's hash, and the sorted hashes."""
        order = np.argsort(self.item, kind="stable")
        return order, self.item[order]

    def _stored(self, items: np.ndarray) -> np.ndarray:
        """Row numbers of those of the given items that stand here."""
        order, hashed = self._by_item
        wanted = _distinct(items)
        return order[ranges(np.searchsorted(hashed, wanted, "left"), np.searchsorted(hashed, wanted, "right"))]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for an ``npz`` file."""
        tables = {name: getattr(self, name) for name in self.ARRAYS}
        return {**tables, "names": np.array(self.names, dtype=str),
                "novel": np.array([name for name, _ in self.novel], dtype=str),
                "days": np.array([days for _, days in self.novel], dtype=np.int64)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "PartyHistory":
        """Rebuild from `to_arrays`."""
        given = {name: arrays[name] for name in cls.ARRAYS}
        if len({len(v) for v in given.values()}) > 1:
            raise Refused("The party history's columns differ in length. The model was not loaded.")
        novel = zip(map(str, arrays["novel"]), map(int, arrays["days"]), strict=True)
        return cls(**given, names=tuple(map(str, arrays["names"])), novel=tuple(novel))

    @cached_property
    def _by_party(self) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Per party field: row numbers sorted by its hash and the moment, and both in that order."""
        orders = [np.lexsort((self.moment, self.party[:, k])) for k in range(len(self.names))]
        return [(order, self.party[order, k], self.moment[order]) for k, order in enumerate(orders)]

    @cached_property
    def _looked(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Per party field: rows that were examined, sorted by its hash, and the sorted hashes."""
        looked = np.flatnonzero(self.reported != NEVER)
        return [(looked[order], hashed) for order, hashed, _ in self.take(looked)._by_party]

    def _needed(self, k: int, batch: "PartyHistory", restated: np.ndarray) -> np.ndarray:
        """Row numbers of all that tells of a batch's parties: their first items, those within the longest window,
        and those examined. All of a party's where one of its items is `restated`, so that none counts twice."""
        if not len(self) or not len(batch):
            return np.empty(0, np.int64)
        order, hashed, moment = self._by_party[k]
        wanted = _distinct(batch.party[:, k])
        first, last = np.searchsorted(hashed, wanted, "left"), np.searchsorted(hashed, wanted, "right")
        earliest = max(int(batch.moment.min()) - WINDOWS_DAYS[-1] * DAY_MS, NOT_STATED)
        since = np.full(len(wanted), earliest, np.int64)
        again = np.isin(wanted, self.party[restated, k]) if len(restated) else np.zeros(len(wanted), bool)
        recent = np.where(again, first, place(moment, since, first, last))
        examined, of = self._looked[k]
        rows = [order[first[first < last]], order[ranges(recent, last)],
                examined[ranges(np.searchsorted(of, wanted, "left"), np.searchsorted(of, wanted, "right"))]]
        return np.unique(np.concatenate(rows))


def _distinct(hashes: np.ndarray) -> np.ndarray:
    """Each once, sorted; at no cost for one alone, as a service is asked."""
    return hashes if len(hashes) == 1 else np.unique(hashes)


def _examined(ids: np.ndarray, dictionary: Dictionary,
              outcomes: pd.DataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    if outcomes is None or "reported_utc" not in outcomes:
        return np.full(len(ids), NEVER), np.zeros(len(ids), bool)
    known = Columns.of(outcomes).hashes(dictionary.id_field)
    order = np.argsort(known, kind="stable")
    at = order[np.minimum(np.searchsorted(known[order], ids), max(len(order) - 1, 0))] if len(order) else None
    if at is None:
        return np.full(len(ids), NEVER), np.zeros(len(ids), bool)
    hit = known[at] == ids
    reported = outcomes["reported_utc"].dt.as_unit("ms").astype("int64").to_numpy()[at]
    return np.where(hit, reported, NEVER), hit & outcomes[dictionary.label].to_numpy(dtype=bool)[at]
