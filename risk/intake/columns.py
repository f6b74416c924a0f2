"""Column by column from what came to what the dictionary says, each failure a finding with its row.

Everything is done on Arrow arrays, whole columns at a time; patterns run on RE2, whose time is linear in the
text whatever the pattern is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from risk.errors import nearest
from risk.intake import constraints, dates, spelling
from risk.intake.findings import Finding, Findings, excerpt
from risk.intake.read import Raw
from risk.intake.report import is_not, report
from risk.schema import Field

__all__ = ["convert", "NUMBER", "MISSING_WORDS", "whole"]

NUMBER = r"^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?$"
_EXACT = float(2**53)
MISSING_WORDS = frozenset(
    {"na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "--", "?", ".", "missing", "unknown"}
)


@dataclass(frozen=True)
class Column:
    """One declared column as it came, with where to report."""

    given: pa.ChunkedArray
    field: Field
    findings: Findings
    now: datetime | None = None

    def report(
        self, code: str, bad: np.ndarray | pa.ChunkedArray, say: Callable[[object], str] | None = None
    ) -> None:
        """Report the rows of a bool array."""
        report(self.findings, self.field.name, code, bad, self.given, say or is_not(self.field))


def convert(
    raw: Raw,
    fields: tuple[Field, ...],
    findings: Findings,
    *,
    now: datetime | None = None,
    max_cell: int = 100_000,
) -> pd.DataFrame:
    """A frame with exactly the declared columns, converted; what cannot be is missing, and a finding.

    Optional columns that the file does not have come out all missing. `raw` is used up: each column is
    given back to the memory as soon as it is converted.
    """
    _check_columns(raw.names, fields, findings)
    out = {}
    for f in fields:
        given = raw.columns.pop(f.name, None)
        out[f.name] = (
            _all_missing(f, raw.n_rows) if given is None else _one(given, f, findings, now, max_cell)
        )
    frame = pd.DataFrame(out, copy=False)
    constraints.check_ids(frame, fields, findings)
    return frame


def _check_columns(present: list[str], fields: tuple[Field, ...], findings: Findings) -> None:
    names = {f.name for f in fields}
    for f in fields:
        if f.name not in present and (f.required or f.role == "id"):
            findings.add(
                Finding(
                    0,
                    f.name,
                    "missing_column",
                    f"Column {f.name} is missing; expected {f.expected} in "
                    f"every row.{_hint(f.name, set(present) - names)}",
                )
            )
    for column in present:
        if column not in names:
            hint = _hint(column, names - set(present))
            findings.add(
                Finding(
                    0,
                    excerpt(column),
                    "extra_column",
                    f"Column '{excerpt(column)}' is not in the dictionary and is ignored.{hint}",
                )
            )


def _hint(name: str, others: set[str]) -> str:
    """The same name in other case or with spaces, else the nearest one. Names are never changed silently."""
    same = [o for o in sorted(others) if o.strip().casefold() == name.strip().casefold()]
    if same:
        return f" It is written '{excerpt(same[0])}' there; names must be written alike."
    near = nearest(name, sorted(others)[:1000])
    return excerpt_hint(near)


def excerpt_hint(hint: str) -> str:
    """A hint that quotes a name from outside, with what cannot be printed escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in hint[:120])


def _all_missing(f: Field, n: int) -> pd.Series:
    if f.type == "datetime":
        return pd.Series(np.full(n, "NaT", "datetime64[ms]")).dt.tz_localize("UTC")
    if f.type == "boolean":
        return pd.Series(pd.array([pd.NA] * n, dtype="boolean"))
    return (
        pd.Series(np.full(n, np.nan))
        if f.type in ("number", "integer")
        else pd.Series([None] * n, dtype="str")
    )


def _one(
    given: pa.ChunkedArray, f: Field, findings: Findings, now: datetime | None, max_cell: int
) -> pd.Series:
    if spelling.is_text(given.type) or pa.types.is_null(given.type):
        given = _empty_to_null(given.cast(pa.string()) if pa.types.is_null(given.type) else given, f)
        column = Column(given, f, findings, now)
        long = pc.greater(pc.binary_length(given), max_cell)
        column.report(
            "too_long", long, lambda v: f"has {len(str(v)):,} characters; expected at most {max_cell:,}"
        )
    else:
        column = Column(given, f, findings, now)
    if f.required or f.role == "id":
        column.report(
            "missing_value", pc.is_null(given, nan_is_null=True), lambda v: f"is empty; expected {f.expected}"
        )
    values = _CONVERTERS[f.type](column)
    return _all_missing(f, len(given)) if values is None else values


def _empty_to_null(given: pa.ChunkedArray, f: Field) -> pa.ChunkedArray:
    absent = pc.is_in(given, value_set=pa.array({"", *f.missing_values}, given.type))
    return pc.if_else(absent, pa.scalar(None, given.type), given) if pc.any(absent).as_py() else given


# ---------------------------------------------------------------- numbers


def _to_number(column: Column) -> pd.Series | None:
    made = _floats(column)
    if made is None:
        return None
    constraints.check_range(column, made)
    return pd.Series(made)


def _to_integer(column: Column) -> pd.Series | None:
    made = _floats(column)
    if made is None:
        return None
    fraction = made != np.floor(made)
    fraction &= ~np.isnan(made)
    column.report("not_whole", fraction)
    made = np.where(fraction, np.nan, made)
    constraints.check_range(column, made)
    return pd.Series(made) if np.isnan(made).any() else pd.Series(made.astype("int64"))


def _floats(column: Column) -> np.ndarray | None:
    """Finite float64, NaN where missing or not a number; None for a column that cannot hold numbers."""
    kind = column.given.type
    if spelling.is_text(kind):
        made = _parsed(column)
    elif pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        made = _numpy(pc.cast(column.given, pa.float64(), safe=False))
    else:
        return _wrong_type(column)
    with np.errstate(invalid="ignore"):
        column.report(
            "not_finite",
            np.isinf(made),
            lambda v: f"is '{excerpt(v)}', which is not a finite number; expected {column.field.expected}",
        )
        large = np.abs(made) >= _EXACT
    if large.any():
        large &= _whole_as_written(column)
        column.report(
            "too_many_digits",
            large,
            lambda v: (
                f"is '{excerpt(v)}', too large to be held exactly; expected "
                f"{column.field.expected}, or a column declared as text"
            ),
        )
    return np.where(np.isfinite(made) & ~large, made, np.nan)


def _whole_as_written(column: Column) -> np.ndarray:
    if pa.types.is_floating(column.given.type):
        return np.zeros(len(column.given), bool)
    return _bools(pc.match_substring_regex(pc.cast(column.given, pa.string()), r"^[+-]?[0-9]+$"))


def _parsed(column: Column) -> np.ndarray:
    text = column.given
    quick = _cast_whole(text)
    if quick is not None:
        return quick
    fits = pc.match_substring_regex(text, NUMBER)
    if not pc.all(fits).as_py():
        bad = pc.and_not(pc.is_valid(text), pc.fill_null(fits, False))
        column.report(
            "not_a_number",
            bad,
            lambda v: f"is '{excerpt(v)}'{_why_no_number(str(v))}; expected {column.field.expected}",
        )
        text = pc.if_else(fits, text, pa.scalar(None, text.type))
    return _numpy(pc.cast(text, pa.float64()))


def _cast_whole(text: pa.ChunkedArray) -> np.ndarray | None:
    """The whole column at once where every value is a finite number; Arrow's reader has the same grammar."""
    try:
        made = pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        return None
    return _numpy(made) if pc.all(pc.is_finite(made)).as_py() else None


def _why_no_number(text: str) -> str:
    """What a person would recognise, so that the message says what to mend."""
    bare = text.strip()
    if bare.casefold() in MISSING_WORDS:
        return " (a word for a missing value: leave the cell empty, or declare it in missingValues)"
    if bare.casefold().lstrip("+-") in ("inf", "infinity"):
        return " (not finite)"
    if any(c.isdigit() and not c.isascii() for c in bare):
        return " (digits of another script)"
    if "," in bare and bare.replace(",", "").replace(".", "").lstrip("+-").isdigit():
        return " (a comma: it could part decimals or thousands)"
    if bare != text and bare.replace(".", "", 1).isdigit():
        return " (spaces around it)"
    return ""


def _numpy(column: pa.ChunkedArray) -> np.ndarray:
    return column.to_numpy().astype(float, copy=False)


def _bools(mask: pa.ChunkedArray) -> np.ndarray:
    return pc.fill_null(mask, False).to_numpy().astype(bool)


def _wrong_type(column: Column) -> None:
    f = column.field
    column.findings.add(
        Finding(
            0,
            f.name,
            "wrong_type",
            f"Column {f.name} holds {str(column.given.type)[:60]}; expected {f.expected} in every row.",
        )
    )


# ---------------------------------------------------------------- true and false, times, texts


def _to_boolean(column: Column) -> pd.Series | None:
    given, f = whole(column.given), column.field
    kind = given.type
    if pa.types.is_boolean(kind):
        made = given
    elif spelling.is_text(kind) or pa.types.is_integer(kind):
        text = pc.cast(given, pa.string())
        yes, no = (
            pc.is_in(text, value_set=pa.array(v, pa.string())) for v in (f.true_values, f.false_values)
        )
        column.report("not_true_false", pc.and_not(pc.is_valid(text), pc.or_(yes, no)))
        made = pc.if_else(pc.or_(yes, no), yes, pa.scalar(None, pa.bool_()))
    else:
        return _wrong_type(column)
    if made.null_count == 0:
        return pd.Series(made.to_numpy().astype(bool))
    return pd.Series(made.to_pandas(types_mapper=lambda kind: pd.BooleanDtype()))


def _to_datetime(column: Column) -> pd.Series | None:
    kind = column.given.type
    if spelling.is_text(kind):
        values, naive = dates.parse(column.given, column.field.format)
        bad = pc.is_valid(column.given).to_numpy() & values.isna().to_numpy()
        column.report(
            "not_a_date",
            bad,
            lambda v: f"is '{excerpt(v)}'{dates.why_not(str(v))}; expected {column.field.expected}",
        )
    elif pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        values, naive = dates.typed(column.given)
    else:
        return _wrong_type(column)
    dates.check(column, values, naive)
    return values


def whole(given: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whole numbers that came as fractions (3.0 is how many programs write a 3 beside a gap); others as they are."""
    if not pa.types.is_floating(given.type):
        return given
    given = pc.if_else(pc.is_nan(given), pa.scalar(None, given.type), given)
    fits = pc.and_(pc.equal(given, pc.floor(given)), pc.less(pc.abs(given), _EXACT))
    return given.cast(pa.int64()) if pc.all(fits).as_py() else given


def _to_string(column: Column) -> pd.Series | None:
    given, f = whole(column.given), column.field
    if pa.types.is_integer(given.type):
        column.findings.add(
            Finding(
                0,
                f.name,
                "read_as_text",
                f"Column {f.name} holds numbers where {f.expected} was "
                "expected; they are read as text as they stand, without any leading zero.",
            )
        )
        given = pc.cast(given, pa.string())
    if not spelling.is_text(given.type):
        return _wrong_type(column)
    spelling.check(column, given)
    constraints.check_text(column, given)
    return given.to_pandas().astype("str")


_CONVERTERS: dict[str, Callable[[Column], pd.Series | None]] = {
    "number": _to_number,
    "integer": _to_integer,
    "boolean": _to_boolean,
    "datetime": _to_datetime,
    "string": _to_string,
}
