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

import numba
import numpy as np
import pandas as pd

from risk.errors import Refused
from risk.features.arrivals import Arrivals
from risk.features.columns import DAY_MS, Columns, mixed
from risk.features.novelty import DAYS, codes_of, novelty_name
from risk.schema import Dictionary, Feature

__all__ = ["PartyHistory", "WINDOWS_DAYS", "novelties", "novelty_past", "party_columns", "past_name", "past_columns",
           "past_of", "with_past"]

WINDOWS_DAYS = (7, 30, 90)
_NEVER = np.iinfo(np.int64).max
_FEW = 500


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


def novelties(dictionary: Dictionary) -> tuple[Feature, ...]:
    """The dictionary's features of how new a code is from a place."""
    return tuple(f for f in dictionary.features if f.kind == "novelty")


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


def novelty_past(declarations: pd.DataFrame, dictionary: Dictionary, came: Sequence[Arrivals]) -> pd.DataFrame:
    """The further columns of novelties, from counts of a whole stream: two a feature, of the combination and of
    its place. One row a declaration."""
    given, out = Columns.of(declarations), {}
    day = given.moments(dictionary.as_of) // DAY_MS
    for j, f in enumerate(novelties(dictionary)):
        code, days = codes_of(f, given), int(f.params.get("days", DAYS))
        for k, what in enumerate(("came", "of")):
            out[novelty_name(f.name, what)] = came[2 * j + k].before(code[:, k], day, days).astype(float)
        out[novelty_name(f.name, "code")] = code[:, 0]
    return pd.DataFrame(out, index=declarations.index)


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
        kept, restated = self.take(~again), self.take(again)
        newer = newer._remembering(restated)
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
        stored, bare = self.of_parties(), batch.of_parties()
        for k, name in enumerate(self.names):
            union = stored.take(self._rows_of(k, batch.party[:, k])).merged(bare)
            for what, values in _party_past(union, k).items():
                columns[past_name(name, *what)] = values[len(union) - len(batch):]
        for j, (name, days) in enumerate(batch.novel):
            for what, values in zip(("came", "of"), self._came(2 * j, batch, days), strict=True):
                columns[novelty_name(name, what)] = values.astype(float)
            columns[novelty_name(name, "code")] = batch.code[:, 2 * j]
        return columns

    def of_parties(self) -> "PartyHistory":
        """The same rows without the codes that novelties count."""
        return replace(self, code=None, novel=())

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
        return order[_ranges(hashed, np.unique(items))]

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
    def _by_party(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """Per party field: row numbers sorted by its hash, and the sorted hashes."""
        orders = [np.argsort(self.party[:, k], kind="stable") for k in range(len(self.names))]
        return [(order, self.party[order, k]) for k, order in enumerate(orders)]

    def _rows_of(self, k: int, parties: np.ndarray) -> np.ndarray:
        """Row numbers of all stored items of the given parties."""
        order, hashed = self._by_party[k]
        return order[_ranges(hashed, np.unique(parties))]


def _ranges(hashed: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Places of all rows of sorted `hashed` that equal one of `wanted`, without a loop."""
    first, last = np.searchsorted(hashed, wanted, "left"), np.searchsorted(hashed, wanted, "right")
    lengths = last - first
    before = np.cumsum(lengths) - lengths  # ranges first…last end to end
    return np.repeat(first - before, lengths) + np.arange(lengths.sum())


def _party_past(rows: PartyHistory, k: int) -> dict[tuple, np.ndarray]:
    """Of every row: what was known of its party k strictly before its moment."""
    party, counterpart = rows.party[:, k], rows.party[:, (k + 1) % rows.party.shape[1]]
    rank = _numbered(party)
    start = int(rows.moment.min()) if len(rows) else 0
    order = np.lexsort((rows.item, rows.moment, rank))
    pair = _numbered(mixed(party, counterpart))[order]
    moment, segment = rows.moment[order] - start, rank[order]
    out: dict[tuple, np.ndarray] = {}
    n_pairs = pair.max(initial=-1) + 1
    for days in WINDOWS_DAYS:
        out["items", days], out["others", days] = _windows(segment, moment, pair, days * DAY_MS, n_pairs)
    out["age",] = _age(segment, moment)
    back = np.empty(len(order), np.int64)
    back[order] = np.arange(len(order))
    out = {what: values[back] for what, values in out.items()}
    out["examined",], out["found",] = _reported(rank, rows, start)
    return out


def _numbered(hashes: np.ndarray) -> np.ndarray:
    """Equal hashes by equal numbers from 0 on, in no order of meaning."""
    few = len(hashes) <= _FEW  # sorting a few is quicker than setting up a hash table
    return np.unique(hashes, return_inverse=True)[1] if few else pd.factorize(hashes)[0]


def _reported(rank: np.ndarray, rows: PartyHistory, start: int) -> tuple[np.ndarray, np.ndarray]:
    """Examinations and finds of each row's party that had been reported strictly before its moment."""
    looked = np.flatnonzero(rows.reported != _NEVER)
    order = looked[np.lexsort((rows.reported[looked], rank[looked]))]
    keys, finds = rank[order], np.concatenate([[0], np.cumsum(rows.found[order])])
    span = np.int64(1) << 45  # ms in a thousand years: rank and time share one sortable number
    sortable = keys * span + (rows.reported[order] - start)
    first = np.searchsorted(keys, rank, "left")
    until = np.searchsorted(sortable, rank * span + np.maximum(rows.moment - start, 0), "left")
    until = np.maximum(until, first)
    return (until - first).astype(np.float64), (finds[until] - finds[first]).astype(np.float64)


@numba.njit(cache=True, nogil=True)
def _windows(segment, moment, pair, width, n_pairs):
    """Items and distinct counterparts in [moment − width, moment) per row; rows sorted by segment, moment."""
    n = len(segment)
    items, others = np.zeros(n), np.zeros(n)
    seen = np.zeros(n_pairs, np.int32)
    low = high = 0
    distinct = 0
    for i in range(n):
        if i == 0 or segment[i] != segment[i - 1]:
            while low < high:  # leave nothing of the former party behind
                seen[pair[low]] -= 1
                low += 1
            low = high = i
            distinct = 0
        while moment[high] < moment[i]:
            distinct += seen[pair[high]] == 0
            seen[pair[high]] += 1
            high += 1
        while low < high and moment[low] < moment[i] - width:
            seen[pair[low]] -= 1
            distinct -= seen[pair[low]] == 0
            low += 1
        items[i] = high - low
        others[i] = distinct
    return items, others


@numba.njit(cache=True, nogil=True)
def _age(segment, moment):
    """Days since the party's first item, NaN for none earlier; rows sorted by segment, moment."""
    n = len(segment)
    age = np.empty(n)
    first = 0
    for i in range(n):
        if i == 0 or segment[i] != segment[i - 1]:
            first = i
        earlier = moment[i] - moment[first]
        age[i] = earlier / 86_400_000 if earlier > 0 else np.nan
    return age


def _examined(ids: np.ndarray, dictionary: Dictionary,
              outcomes: pd.DataFrame | None) -> tuple[np.ndarray, np.ndarray]:
    if outcomes is None or "reported_utc" not in outcomes:
        return np.full(len(ids), _NEVER), np.zeros(len(ids), bool)
    known = Columns.of(outcomes).hashes(dictionary.id_field)
    order = np.argsort(known, kind="stable")
    at = order[np.minimum(np.searchsorted(known[order], ids), max(len(order) - 1, 0))] if len(order) else None
    if at is None:
        return np.full(len(ids), _NEVER), np.zeros(len(ids), bool)
    hit = known[at] == ids
    reported = outcomes["reported_utc"].dt.as_unit("ms").astype("int64").to_numpy()[at]
    return np.where(hit, reported, _NEVER), hit & outcomes[dictionary.label].to_numpy(dtype=bool)[at]
