"""Ranges, lists, forms, check digits and uniqueness, each on a whole column at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from risk.errors import Refused
from risk.intake.findings import Finding, Findings, excerpt
from risk.intake.report import report
from risk.schema import Field

if TYPE_CHECKING:
    from risk.intake.columns import Column

__all__ = ["check_range", "check_text", "check_ids", "matches", "s10_wrong"]

_S10 = r"^[A-Z]{2}[0-9]{9}[A-Z]{2}$"
_S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def check_range(column: "Column", values: np.ndarray) -> None:
    """Minimum, maximum and allowed values of a numeric column; NaN is missing, not outside."""
    c = column.field.constraints
    low, high = c.get("minimum", -np.inf), c.get("maximum", np.inf)
    column.report("out_of_range", (values < low) | (values > high))
    if "enum" in c:
        column.report(
            "not_allowed",
            ~np.isnan(values) & ~np.isin(values, [v for v in c["enum"] if not isinstance(v, str)]),
        )
    if c.get("unique"):
        seen = pd.Series(values)
        column.report("duplicate", (seen.duplicated() & seen.notna()).to_numpy(), _again)


def check_text(column: "Column", text: pa.ChunkedArray) -> None:
    """Allowed values, form, check digit and uniqueness of a column of text."""
    f = column.field
    c = f.constraints
    if "enum" in c:
        allowed = pc.is_in(text, value_set=pa.array([str(v) for v in c["enum"]], text.type))
        column.report("not_allowed", pc.and_not(pc.is_valid(text), allowed))
    if "pattern" in c:
        column.report("wrong_form", pc.invert(matches(f, text)))
    if f.check == "s10":
        column.report("wrong_check_digit", s10_wrong(text), _wrong_digit)
    if c.get("unique") and f.role != "id":
        column.report("duplicate", _repeats(text), _again)


def matches(f: Field, text: pa.ChunkedArray) -> pa.ChunkedArray:
    """Whether each text has, from end to end, the form that the field declares; missing stays missing."""
    pattern = str(f.constraints["pattern"])
    try:
        return pc.match_substring_regex(text, f"^(?:{pattern})$")
    except pa.ArrowInvalid:
        raise Refused(
            f"Data dictionary: the pattern of field '{f.name}' ('{excerpt(pattern)}') is not a regular "
            "expression that RE2 accepts. Nothing was imported."
        ) from None


def _again(value: object) -> str:
    return f"is '{excerpt(value)}', which stands in an earlier row; expected each value once"


def _repeats(text: pa.ChunkedArray) -> np.ndarray:
    if pc.count_distinct(text).as_py() == len(text) - text.null_count:
        return np.zeros(len(text), bool)
    values = text.to_pandas()
    return (values.duplicated() & values.notna()).to_numpy()


# ---------------------------------------------------------------- identifiers


def check_ids(frame: pd.DataFrame, fields: tuple[Field, ...], findings: Findings) -> None:
    """Every item once: a copied row and a conflicting one are told apart."""
    for f in fields:
        if f.role == "id":
            _check_id(frame, f, findings)


def _check_id(frame: pd.DataFrame, f: Field, findings: Findings) -> None:
    ids = frame[f.name]
    given = pa.chunked_array([pa.array(ids, from_pandas=True)])
    if not _repeats(given).any():
        return
    again = (ids.duplicated() & ids.notna()).to_numpy()
    involved = frame[ids.isin(ids[again])]
    copied = np.zeros(len(frame), bool)
    copied[involved.index[involved.duplicated()]] = True
    report(
        findings,
        f.name,
        "duplicate_row",
        again & copied,
        given,
        lambda v: (
            f"is '{excerpt(v)}', which stands in an earlier row with the same values; expected each item once"
        ),
    )
    report(
        findings,
        f.name,
        "duplicate",
        again & ~copied,
        given,
        lambda v: (
            f"is '{excerpt(v)}', which stands in an earlier row with other values; expected each item once"
        ),
    )


def s10_wrong(text: pa.ChunkedArray) -> np.ndarray:
    """Rows in S10 form whose check digit does not fit, bool, shape (n_rows,).

    UPU S10: weights 8 6 4 2 3 5 9 7 over the serial number, 11 minus the remainder by 11, where 10 is
    written 0 and 11 is written 5.

    >>> s10_wrong(pa.chunked_array([["CX000000005QM", "CX000000001QM", "other", None]])).tolist()
    [False, True, False, False]
    """
    formed = pc.fill_null(pc.match_substring_regex(text, _S10), False).to_numpy().astype(bool)
    out = np.zeros(len(text), bool)
    if formed.any():
        numbers = pc.cast(
            pc.utf8_slice_codeunits(text.filter(pa.array(formed)), 2, 11), pa.int64()
        ).to_numpy()
        out[formed] = numbers % 10 != _check_digit(numbers // 10)
    return out


def _check_digit(serial: np.ndarray) -> np.ndarray:
    total = np.zeros(len(serial), np.int64)
    for place, weight in enumerate(reversed(_S10_WEIGHTS)):
        total += serial // 10**place % 10 * weight
    check = 11 - total % 11
    return np.where(check == 10, 0, np.where(check == 11, 5, check))


def _wrong_digit(value: object) -> str:
    right = int(_check_digit(np.array([int(str(value)[2:10])]))[0])
    return f"is '{excerpt(value)}', whose check digit should be {right}; it is taken as it stands"


def check_outcomes(ids: pd.Series, outcomes: pd.DataFrame, findings: Findings, *, column: str) -> None:
    """A notice about examinations of items that were not declared."""
    absent = int((~outcomes[column].isin(ids)).sum())
    if absent:
        findings.add(
            Finding(
                0,
                column,
                "unmatched_outcome",
                f"{absent:,} examinations are of items that are not among "
                "the declarations; they are not used.",
            ),
            times=absent,
        )
