"""The scored items behind a queue: written once, highest scores first, read a page at a time.

A queue's folder holds ``items.parquet`` (declaration, score, attributions, lane, and `REASONS`: the one or
two features that raise the score most), a small index from item ids to rows, and, where examinations were
known when it was opened, ``past.parquet``: the examined items that a reviewer can compare with.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from risk.errors import NotFound
from risk.features.history import PartyHistory
from risk.fitted import FittedModel
from risk.schema import Dictionary

__all__ = [
    "REASONS",
    "ItemFilter",
    "ItemPage",
    "QueueFolder",
    "facet_fields",
    "facets_of",
    "known_examinations",
    "leading_features",
    "leading_reasons",
    "party_past",
    "table_digest",
]

#: Column with the features that raise a score most, as ``|first|second|``, ``|first|`` or ``|``.
REASONS = "raised_by"
_ROW_GROUP = 2**14
_BLOCK = 2**17
_NOTICEABLE = float(np.log(1.1))


@dataclass(frozen=True)
class ItemFilter:
    """Which items: an empty field does not restrict. `values` are column names with the values wanted."""

    lanes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    text: str = ""
    reason: str = ""
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether every item passes."""
        return self == ItemFilter()


@dataclass(frozen=True)
class ItemPage:
    """Some items of many: `rows` on this `page` (from 1, `size` rows a page) out of `total`."""

    rows: pd.DataFrame
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // self.size))


def leading_features(attributions: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The one or two features that raise each score most, joined as in `REASONS`; sorted, so that the
    same two in another order are the same reasons.

    Parameters
    ----------
    attributions : (n_items, n_features), log-odds
    names
        Of the features.

    >>> leading_features(np.array([[.5, 0, .9], [0, 0, .2], [-1, 0, 0]]), ["a", "b", "c"]).tolist()
    ['|a|c|', '|c|', '|']
    """
    out = np.empty(len(attributions), object)
    named = [*names, ""]
    for start in range(0, len(attributions), _BLOCK):
        block = np.array(attributions[start : start + _BLOCK], dtype=float)
        rows, top = np.arange(len(block)), np.full((2, len(block)), len(names))
        for k in range(2):
            best = block.argmax(axis=1)
            top[k] = np.where(block[rows, best] >= _NOTICEABLE, best, len(names))
            block[rows, best] = -np.inf
        pairs, place = np.unique(np.sort(top, axis=0), axis=1, return_inverse=True)
        words = ["|".join(["", *filter(None, (named[i] for i in pair)), ""]) or "|" for pair in pairs.T]
        out[start : start + _BLOCK] = np.array(words, object)[place.ravel()]
    return out


def leading_reasons(model: FittedModel, declarations: pd.DataFrame) -> list[str]:
    """The strongest reason that raises each item's odds, as a sentence; else the strongest of all."""
    out = []
    for listed in model.reasons(declarations):
        up = [r for r in listed if r.attribution > 0]
        out.append((up or listed)[0].sentence)
    return out


def facet_fields(dictionary: Dictionary) -> tuple[str, ...]:
    """The fields a queue can be filtered by: categories of the route, and those reported by group."""
    fields = (f for f in dictionary.fields() if f.role == "categorical")
    return tuple(f.name for f in fields if f.group or f.concept == "route")


def facets_of(table: pd.DataFrame, dictionary: Dictionary) -> list[list[tuple[str, str]]]:
    """Each item's values to filter by, as (name, value) pairs: its fields, the features that raise its score
    (``reason``) and both together (`REASONS`)."""
    names = [n for n in facet_fields(dictionary) if n in table]
    stated = [table[n].astype(object).where(table[n].notna(), None).tolist() for n in names]
    rows = []
    for i, raised in enumerate(table[REASONS].tolist()):
        cells = zip(names, (column[i] for column in stated), strict=True)
        listed = [(n, str(value)) for n, value in cells if value is not None]
        listed += [("reason", name) for name in raised.split("|") if name]
        rows.append([*listed, (REASONS, raised)])
    return rows


def known_examinations(
    model: FittedModel, declarations: pd.DataFrame, outcomes: pd.DataFrame
) -> pd.DataFrame:
    """Examined items with what was found, when that became known, and the attributions of their scores."""
    id_field = model.dictionary.id_field
    seen = outcomes[[id_field, "reported_utc", "found"]].dropna().drop_duplicates(id_field)
    items = declarations.merge(seen, on=id_field, how="inner", suffixes=("", "_seen"))
    phi = model.attribute(items).drop(columns=[id_field])
    return items.reset_index(drop=True).join(phi.reset_index(drop=True))


def party_past(
    dictionary: Dictionary, table: pd.DataFrame, known: pd.DataFrame, outcomes: pd.DataFrame | None
) -> pd.DataFrame:
    """What was known of each item's parties at its moment (`PartyHistory.past`), one row an item."""
    history = PartyHistory.of(known, dictionary, outcomes=outcomes)
    return history.past(PartyHistory.of(table, dictionary, outcomes=outcomes))


def table_digest(table: pd.DataFrame) -> str:
    """SHA-256 of a table's content, hex."""
    hashed = hashlib.sha256(json.dumps(list(table.columns)).encode())
    hashed.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    return hashed.hexdigest()


@dataclass(frozen=True)
class QueueFolder:
    """The folder of one queue."""

    path: Path

    @property
    def id_field(self) -> str:
        """Name of the column with the item ids."""
        told = self.path / "queue.json"
        return json.loads(told.read_text(encoding="utf-8"))["id_field"] if told.exists() else "item_id"

    @property
    def items_file(self) -> Path:
        """Its scored items."""
        return self.path / "items.parquet"

    def write(self, table: pd.DataFrame, *, id_field: str, past: pd.DataFrame | None = None) -> None:
        """Write all items, the highest margin first; each file appears whole or not at all."""
        self.path.mkdir(parents=True, exist_ok=True)
        (self.path / "queue.json").write_text(json.dumps({"id_field": id_field}), encoding="utf-8")
        table = table.sort_values("margin", ascending=False, kind="stable", ignore_index=True)
        self._index(table[id_field])
        if past is not None:
            _whole(past, self.path / "past.parquet")
        _whole(table, self.items_file)

    def _index(self, ids: pd.Series) -> None:
        hashed = pd.util.hash_array(ids.astype("str").to_numpy(dtype=object))
        order = np.argsort(hashed, kind="stable")
        for name, values in (("hashes", hashed[order]), ("places", order.astype(np.uint32))):
            beside = self.path / f".{name}.npy"
            np.save(beside, values)
            os.replace(beside, self.path / f"{name}.npy")

    def item(self, item_id: str) -> pd.DataFrame:
        """The stored row of one item, shape (1, …). Errors: `NotFound`."""
        for place in self._places(item_id):
            row = self._take(np.array([place]), None)
            if str(row[self.id_field].iloc[0]) == item_id:
                return row
        raise NotFound("item", item_id, todo="It is not part of this queue.")

    def _places(self, item_id: str) -> np.ndarray:
        if not (self.path / "hashes.npy").exists():  # written by an older version
            ids = self.columns([self.id_field])[self.id_field].astype("str")
            return np.flatnonzero((ids == item_id).to_numpy())
        hashes, wanted = np.load(self.path / "hashes.npy", mmap_mode="r"), _hash(item_id)
        low, high = (int(np.searchsorted(hashes, wanted, side)) for side in ("left", "right"))
        return np.asarray(np.load(self.path / "places.npy", mmap_mode="r")[low:high])

    def columns(self, names: Sequence[str]) -> pd.DataFrame:
        """Some columns of every item, released ones included; the other columns are not read."""
        return pq.read_table(self.items_file, columns=list(names)).to_pandas()

    def names(self) -> list[str]:
        """The columns there are."""
        return pq.read_schema(self.items_file).names

    def past(self) -> pd.DataFrame | None:
        """Examined items known when the queue was opened, or None."""
        path = self.path / "past.parquet"
        return pd.read_parquet(path) if path.exists() else None

    def page(
        self, which: ItemFilter, *, page: int = 1, size: int = 20, columns: Sequence[str] = ()
    ) -> ItemPage:
        """One page of the items that pass, the highest scores first; a page past the end is the last one.

        Only the rows shown are read whole; of the others, the columns that are filtered by.
        """
        stamp = self.items_file.stat().st_mtime_ns
        found = None if which.is_empty else _passing(self, which, stamp)
        total = self._length() if found is None else len(found)
        page = min(max(page, 1), max(1, -(-total // size)))
        first = (page - 1) * size
        rows = np.arange(first, min(first + size, total)) if found is None else found[first : first + size]
        return ItemPage(self._take(rows, list(columns) or None), total, page, size)

    def spread(self, most: int) -> pd.DataFrame:
        """All items; of more than `most`, that many evenly spaced from the highest score to the lowest."""
        total = self._length()
        return self._take(np.unique(np.linspace(0, total - 1, min(most, total)).astype(np.int64)), None)

    def counts(self, name: str) -> Mapping[str, int]:
        """How many items have each value of a column, the most frequent first."""
        counted = pc.value_counts(self._column(name)).to_pylist()
        kept = [(str(c["values"]), int(c["counts"])) for c in counted if c["values"] is not None]
        return dict(sorted(kept, key=lambda pair: (-pair[1], pair[0])))

    def _length(self) -> int:
        return pq.read_metadata(self.items_file).num_rows

    def _column(self, name: str) -> pa.ChunkedArray:
        return pq.read_table(self.items_file, columns=[name], read_dictionary=[name]).column(name)

    def _take(self, rows: np.ndarray, columns: list[str] | None) -> pd.DataFrame:
        with pq.ParquetFile(self.items_file) as file:
            sizes = [file.metadata.row_group(k).num_rows for k in range(file.num_row_groups)]
            ends = np.cumsum(sizes)
            groups = np.searchsorted(ends, rows, side="right")
            parts = [
                file.read_row_group(int(g), columns=columns).take(rows[groups == g] - ends[g] + sizes[g])
                for g in np.unique(groups)
            ]
            if not parts:
                return file.schema_arrow.empty_table().to_pandas()
            return pa.concat_tables(parts).to_pandas()


def _whole(table: pd.DataFrame, path: Path) -> None:
    beside = path.with_name(f".{path.name}.new")
    table.to_parquet(beside, index=False, row_group_size=_ROW_GROUP)
    os.replace(beside, path)


def _hash(item_id: str) -> np.uint64:
    return pd.util.hash_array(np.array([item_id], dtype=object))[0]


@lru_cache(maxsize=32)
def _passing(folder: QueueFolder, which: ItemFilter, stamp: int) -> np.ndarray:
    """Row numbers of the items that pass; kept for the next page. `stamp` is the file's time."""
    wanted = [("lane", which.lanes), ("channel", which.channels), *which.values]
    keep = np.ones(folder._length(), bool)
    for name, values in wanted:
        if values:
            keep &= _mask(pc.is_in, folder._column(name), value_set=pa.array(list(values)))
    if which.reason:
        wanted_reason = f"|{which.reason}|"
        keep &= _mask(pc.match_substring, folder._column(REASONS), pattern=wanted_reason)
    if which.text:
        ids = pq.read_table(folder.items_file, columns=[folder.id_field]).column(0)  # nearly all are distinct
        keep &= pc.match_substring(ids.cast(pa.string()), which.text).to_numpy().astype(bool)
    return np.flatnonzero(keep).astype(np.uint32)


def _mask(test, column: pa.ChunkedArray, **how) -> np.ndarray:
    """A test of each row, done once per distinct value."""
    masks = []
    for chunk in column.chunks:
        passed = test(chunk.dictionary.cast(pa.string()), **how).to_numpy(zero_copy_only=False).astype(bool)
        codes = chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        masks.append(np.append(passed, False)[codes])  # a missing value never passes
    return np.concatenate(masks) if masks else np.zeros(0, bool)
