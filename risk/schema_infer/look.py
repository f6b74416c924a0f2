"""What a column of a stranger's file looks like: its distinct values, and what they can be read as."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from risk.intake import dates
from risk.intake.columns import MISSING_WORDS, NUMBER, whole
from risk.intake.findings import excerpt

__all__ = ["Look", "look_at"]

_PAIRS = (
    {"true": True, "false": False},
    {"yes": True, "no": False},
    {"y": True, "n": False},
    {"t": True, "f": False},
    {"1": True, "0": False},
    {"1.0": True, "0.0": False},
)
_FORMS = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%Y/%m/%d",
    "%d %b %Y",
    "%d/%m/%y",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%Y/%m/%d %H:%M:%S",
)
_COMMA = r"^[+-]?[0-9]{1,3}(?:[. ]?[0-9]{3})*,[0-9]+$|^[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?$"
_DATED = r"^[0-9]{1,4}[-/. ](?:[0-9]{1,2}|[A-Za-z]{3})[-/. ][0-9]{2}"
_MOSTLY, _MOST_SPELLINGS = 0.95, 12


@dataclass(frozen=True)
class Look:
    """One column's looks.

    Attributes
    ----------
    name
        Of the column.
    rows, empty
        Rows in all, and those without a value (words for a missing value included).
    counts
        Distinct values as text and how often each stands.
    kind
        ``boolean``, ``integer``, ``number``, ``datetime``, ``text``, ``comma`` (numbers with commas in them)
        or ``other`` (lists, structs, bytes).
    missing
        Spellings of a missing value found among the values; of texts they are still counted as values.
    strays
        Values that do not fit the kind, most frequent first.
    true, false
        Spellings, for booleans.
    form
        ``strptime`` form, for times that are not ISO 8601.
    low, high
        Range of numbers.
    typed
        Whether the file itself says the type (Parquet).
    """

    name: str
    rows: int
    empty: int
    counts: pd.Series
    kind: str
    missing: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()
    true: tuple[str, ...] = ()
    false: tuple[str, ...] = ()
    form: str = ""
    low: float = np.nan
    high: float = np.nan
    typed: bool = False

    @property
    def distinct(self) -> int:
        """How many values there are, missing ones not counted."""
        return len(self.counts)

    @property
    def filled(self) -> int:
        """Rows with a value."""
        return self.rows - self.empty

    @property
    def unique(self) -> bool:
        """Whether every row has a value of its own."""
        return self.empty == 0 and self.distinct == self.rows

    @property
    def examples(self) -> str:
        """The three most frequent values, for a note."""
        return ", ".join(f"'{excerpt(v)}'" for v in self.counts.index[:3])

    @property
    def has_leading_zeros(self) -> bool:
        """Whether a number starts with a zero that would be lost."""
        return bool(self.counts.index.str.match(r"^0[0-9]+$").any()) if self.distinct else False

    @property
    def equal_length(self) -> int:
        """Digits of every whole number where all have as many and at least four; else 0."""
        sizes = set(self.counts.index.str.len())
        return sizes.pop() if len(sizes) == 1 and min(sizes) >= 4 else 0

    @property
    def words(self) -> float:
        """Mean number of words in a value, weighted by how often it stands."""
        spaces = self.counts.index.str.count(r"\S+").to_numpy()
        return float(np.average(spaces, weights=self.counts.to_numpy())) if self.distinct else 0.0


def look_at(name: str, given: pa.ChunkedArray) -> Look:
    """Look at every value of a column. Texts are read, typed columns are believed.

    >>> look_at("w", pa.chunked_array([["1", "2.5", "NA", ""]])).kind
    'number'
    """
    if pa.types.is_timestamp(given.type) or pa.types.is_date(given.type):
        return Look(
            name, len(given), given.null_count, _counted(given.cast(pa.string())), "datetime", typed=True
        )
    if pa.types.is_null(given.type) or _is_nested(given.type):
        kind = "text" if pa.types.is_null(given.type) else "other"
        nothing = pd.Series(dtype="int64", index=pd.Index([], dtype="str"))
        return Look(name, len(given), given.null_count, nothing, kind)
    text = _as_text(given)
    counts = _counted(text)
    return _read(
        Look(
            name,
            len(given),
            len(given) - int(counts.sum()),
            counts,
            "text",
            typed=not pa.types.is_string(given.type),
        )
    )


def _is_nested(kind: pa.DataType) -> bool:
    return not (
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_decimal(kind)
    )


def _as_text(given: pa.ChunkedArray) -> pa.ChunkedArray:
    return whole(given).cast(pa.string())


def _counted(text: pa.ChunkedArray) -> pd.Series:
    table = pc.value_counts(text)
    values = pd.Index(table.field("values").to_pandas(), dtype="str")
    counts = pd.Series(table.field("counts").to_numpy(), index=values)
    counts = counts[counts.index.notna() & (counts.index != "")]
    return counts.sort_index().sort_values(ascending=False, kind="stable")


def _read(raw: Look) -> Look:
    """What the values can be read as, with words for a missing value set apart where the rest allows it."""
    is_word = raw.counts.index.str.strip().str.lower().isin(MISSING_WORDS)
    spelled, rest = tuple(raw.counts.index[is_word]), raw.counts[~is_word]
    for read in (_boolean, _day_number, _number, _datetime, _comma):
        found = read(rest) if len(rest) else None
        if found is not None:
            empty = raw.empty + int(raw.counts[is_word].sum())
            return replace(raw, empty=empty, counts=rest, missing=spelled, **found)
    return replace(raw, missing=spelled)


def _boolean(counts: pd.Series) -> dict | None:
    if not 2 <= len(counts) <= _MOST_SPELLINGS:
        return None
    folded = counts.index.str.strip().str.casefold()
    for pair in _PAIRS:
        if set(folded) == set(pair) and (folded == counts.index.str.casefold()).all():
            yes = [pair[v] for v in folded]
            return {
                "kind": "boolean",
                "true": tuple(counts.index[yes]),
                "false": tuple(counts.index[[not v for v in yes]]),
            }
    return None


def _day_number(counts: pd.Series) -> dict | None:
    """Days written as 20260131: numbers by their looks, so they are asked first."""
    if not counts.index.str.match(r"^(?:19|20)[0-9]{6}$").all():
        return None
    days = pd.to_datetime(counts.index, format="%Y%m%d", errors="coerce")
    return {"kind": "datetime", "form": "%Y%m%d"} if days.notna().all() else None


def _number(counts: pd.Series) -> dict | None:
    """Numbers, with at most a few strays."""
    fits = counts.index.str.match(NUMBER)
    if counts[fits].sum() < _MOSTLY * counts.sum():
        return None
    values = pd.to_numeric(pd.Series(counts.index[fits], dtype=object).astype(str)).to_numpy(float)
    whole = bool(counts.index[fits].str.match(r"^[+-]?[0-9]+$").all())
    return (
        {
            "kind": "integer" if whole else "number",
            "strays": tuple(counts.index[~fits][:5]),
            "low": float(np.min(values)),
            "high": float(np.max(values)),
        }
        if np.isfinite(values).all()
        else None
    )


def _datetime(counts: pd.Series) -> dict | None:
    if counts[counts.index.str.match(_DATED)].sum() < _MOSTLY * counts.sum():
        return None
    text = pa.chunked_array([pa.array(counts.index, pa.string())])
    for form in ("", *_FORMS):
        values, _ = dates.parse(text, form)
        fits = values.notna().to_numpy() & (values.dt.year.between(1900, 2199)).to_numpy()
        if counts.to_numpy()[fits].sum() >= _MOSTLY * counts.sum():
            return {"kind": "datetime", "form": form, "strays": tuple(counts.index[~fits][:5])}
    return None


def _comma(counts: pd.Series) -> dict | None:
    return {"kind": "comma"} if counts.index.str.match(_COMMA).all() else None
