"""Times to UTC milliseconds: ISO 8601, or the one form a dictionary declares; nothing is guessed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from risk.intake.findings import Finding

if TYPE_CHECKING:
    from risk.intake.columns import Column

__all__ = ["parse", "typed", "check", "why_not"]

_ISO = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?$"
)
_NAIVE = r"[T ][0-9:.]+$"


def parse(text: pa.ChunkedArray, form: str) -> tuple[pd.Series, int]:
    """Times (UTC, ms, NaT where not a time) and how many had a time of day without a zone."""
    if form:
        made = pd.to_datetime(text.to_pandas(), format=form, errors="coerce", utc=True)
        return made.dt.as_unit("ms"), 0
    made = _cast_whole(text, pa.timestamp("ms", "UTC"))
    if made is not None:  # every value says its zone
        return made, 0
    fits = pc.match_substring_regex(text, _ISO)
    naive = int(pc.sum(pc.match_substring_regex(text, _NAIVE)).as_py() or 0)
    made = _cast_whole(text, pa.timestamp("ms")) if pc.all(fits).as_py() else None
    if made is None:
        kept = pc.if_else(fits, text, pa.scalar(None, text.type)).to_pandas()
        made = pd.to_datetime(kept, format="ISO8601", utc=True, errors="coerce").dt.as_unit("ms")
    return made, naive


def _cast_whole(text: pa.ChunkedArray, kind: pa.DataType) -> pd.Series | None:
    """Arrow's own reader, for columns that are alike in every row; None where it refuses one."""
    try:
        return _series(pc.cast(text, kind))
    except pa.ArrowInvalid:
        return None


def _series(made: pa.ChunkedArray) -> pd.Series:
    values = pc.cast(made, pa.timestamp("ms"), safe=False).to_numpy().astype("datetime64[ms]", copy=False)
    return pd.Series(values, copy=False).dt.tz_localize("UTC")


def typed(given: pa.ChunkedArray) -> tuple[pd.Series, int]:
    """Times of a typed column; those without a zone are counted and read as UTC."""
    is_naive = pa.types.is_timestamp(given.type) and given.type.tz is None
    made = pc.cast(given, pa.timestamp("ms")) if pa.types.is_date(given.type) else given
    return _series(pc.cast(made, pa.timestamp("ms", "UTC"), safe=False)), len(
        given
    ) - given.null_count if is_naive else 0


def check(column: "Column", values: pd.Series, naive: int) -> None:
    """Notices about times that are probably not what they seem, and the declared range."""
    f = column.field
    if naive:
        column.findings.add(
            Finding(
                0,
                f.name,
                "no_time_zone",
                f"Column {f.name} has {naive:,} times without a zone; they are read as UTC.",
            )
        )
    at = values.dt.tz_localize(None).to_numpy().astype("datetime64[ms]").astype(np.int64)
    column.report(
        "epoch_date", (at >= 0) & (at < 86_400_000), lambda v: "is the day on which computers' clocks begin"
    )
    if column.now is not None:
        latest = int((column.now + timedelta(days=1)).timestamp() * 1000)
        column.report("future_date", at > latest, lambda v: "is later than now")
    _check_range(column, values)


def _check_range(column: "Column", values: pd.Series) -> None:
    c = column.field.constraints
    outside = np.zeros(len(values), bool)
    for key, past in (("minimum", values.lt), ("maximum", values.gt)):
        bound = pd.to_datetime(c[key], utc=True, errors="coerce") if key in c else pd.NaT
        if bound is not pd.NaT:
            outside |= past(bound).to_numpy()
    column.report("out_of_range", outside)


def why_not(text: str) -> str:
    """What a person would recognise in a text that is no ISO date.

    >>> why_not("2026-02-31"), why_not("31/12/2026")
    (' (there is no such day or time)', ' (write it as 2026-12-31, or declare the format)')
    """
    digits = text[:10].replace("-", "")
    if len(digits) == 8 and digits.isdigit() and text[4:5] == "-":
        return " (there is no such day or time)"
    parts = text[:10].replace(".", "/").split("/")
    return " (write it as 2026-12-31, or declare the format)" if len(parts) == 3 else ""
