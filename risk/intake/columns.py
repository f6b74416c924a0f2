"""Column by column from text to what the dictionary says, each failure a finding with its row."""

from __future__ import annotations

from typing import Callable

import numpy as np
import pandas as pd

from risk.errors import nearest
from risk.intake.findings import Finding, Findings, excerpt
from risk.schema import Field

__all__ = ["convert"]

_NUMBER = r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"
_TRUTH = {"true": True, "false": False, "1": True, "0": False}


def convert(frame: pd.DataFrame, fields: tuple[Field, ...], findings: Findings) -> pd.DataFrame:
    """A frame with exactly the declared columns, converted; what cannot be is missing, and a finding.

    Optional columns that the file does not have come out all missing.
    """
    _check_columns(frame, fields, findings)
    out = {f.name: _convert_one(frame[f.name], f, findings) if f.name in frame.columns
           else _all_missing(f, len(frame)) for f in fields}
    return pd.DataFrame(out)


def _check_columns(frame: pd.DataFrame, fields: tuple[Field, ...], findings: Findings) -> None:
    names, present = {f.name for f in fields}, [str(c) for c in frame.columns]
    for f in fields:
        if f.name not in present and f.required:
            hint = nearest(f.name, [c for c in present if c not in names])
            findings.add(Finding(0, f.name, "missing_column",
                                 f"Column {f.name} is missing; expected {f.expected} in every row.{hint}"))
    for column in present:
        if column not in names:
            hint = nearest(column, [f.name for f in fields if f.name not in present])
            findings.add(Finding(0, column, "extra_column",
                                 f"Column '{excerpt(column)}' is not in the dictionary and is ignored.{hint}"))


def _all_missing(f: Field, n: int) -> pd.Series:
    if f.type == "datetime":
        return pd.Series(np.full(n, "NaT", "datetime64[ms]")).dt.tz_localize("UTC")
    return pd.Series(np.full(n, np.nan)) if f.type in ("number", "integer") else pd.Series([None] * n, dtype="str")


def _convert_one(given: pd.Series, f: Field, findings: Findings) -> pd.Series:
    is_text = not (pd.api.types.is_numeric_dtype(given) or pd.api.types.is_bool_dtype(given)
                   or pd.api.types.is_datetime64_any_dtype(given))
    text = given.where(given.notna(), None).astype("str") if is_text else given
    empty = (text.isna() | (text == "")).to_numpy() if is_text else given.isna().to_numpy()
    if f.required:
        _report(findings, f, "missing_value", empty, given, lambda v: f"is empty; expected {f.expected}")
    values = _CONVERTERS[f.type](text.where(~empty) if is_text else given, f, findings)
    _check_constraints(values, given, f, findings)
    return values


def _report(findings: Findings, f: Field, code: str, bad: np.ndarray, given: pd.Series,
            say: Callable[[object], str]) -> None:
    """List the first rows of `bad` up to the cap, and count the rest."""
    rows = np.flatnonzero(bad)
    for i in rows[: findings.cap]:
        value = given.iloc[i]
        findings.add(Finding(int(i) + 1, f.name, code, f"Row {i + 1}: {f.name} {say(value)}.", excerpt(value)))
    findings.count(code, max(0, len(rows) - findings.cap))


def _is(f: Field) -> Callable[[object], str]:
    return lambda value: f"is '{excerpt(value)}'; expected {f.expected}"


def _to_number(text: pd.Series, f: Field, findings: Findings) -> pd.Series:
    if pd.api.types.is_numeric_dtype(text):
        values = text.astype(float)
        fails = np.isinf(values.to_numpy())
    else:
        fits = text.str.fullmatch(_NUMBER).fillna(False).to_numpy(dtype=bool)
        values = pd.to_numeric(text.where(fits), errors="coerce").astype(float)
        fails = text.notna().to_numpy() & ~(fits & np.isfinite(values.to_numpy()))
    _report(findings, f, "not_a_number", fails, text, _is(f))
    return values.where(~fails)


def _to_integer(text: pd.Series, f: Field, findings: Findings) -> pd.Series:
    values = _to_number(text, f, findings)
    fails = (values.notna() & (values != np.floor(values))).to_numpy()
    _report(findings, f, "not_whole", fails, text, _is(f))
    values = values.where(~fails)
    return values if values.isna().any() else values.astype("int64")


def _to_boolean(text: pd.Series, f: Field, findings: Findings) -> pd.Series:
    if pd.api.types.is_bool_dtype(text):
        return text
    values = text.astype("str").str.lower().map(_TRUTH)
    fails = (text.notna() & values.isna()).to_numpy()
    _report(findings, f, "not_true_false", fails, text, _is(f))
    return values.astype("bool") if values.notna().all() else values.astype("boolean")


def _to_datetime(text: pd.Series, f: Field, findings: Findings) -> pd.Series:
    if pd.api.types.is_datetime64_any_dtype(text):
        values = text if text.dt.tz is not None else text.dt.tz_localize("UTC")
        return values.dt.tz_convert("UTC").dt.as_unit("ms")
    fits = text.str.fullmatch(_DATE).fillna(False).to_numpy(dtype=bool)
    values = pd.to_datetime(text.where(fits), format="ISO8601", utc=True, errors="coerce").dt.as_unit("ms")
    fails = text.notna().to_numpy() & values.isna().to_numpy()
    _report(findings, f, "not_a_date", fails, text, _is(f))
    return values


def _to_string(text: pd.Series, f: Field, findings: Findings) -> pd.Series:
    return text.where(text.notna(), None).astype("str")


_CONVERTERS = {"number": _to_number, "integer": _to_integer, "boolean": _to_boolean,
               "datetime": _to_datetime, "string": _to_string}


def _check_constraints(values: pd.Series, given: pd.Series, f: Field, findings: Findings) -> None:
    c = f.constraints
    if f.type in ("number", "integer"):
        low, high = c.get("minimum", -np.inf), c.get("maximum", np.inf)
        outside = (values.notna() & ((values < low) | (values > high))).to_numpy()
        _report(findings, f, "out_of_range", outside, given, _is(f))
    if "enum" in c:
        other = (values.notna() & ~values.isin(list(c["enum"]))).to_numpy()
        _report(findings, f, "not_allowed", other, given, _is(f))
    if "pattern" in c and f.type == "string":
        other = values.notna().to_numpy() & ~values.str.fullmatch(c["pattern"].strip("^$")).fillna(False).to_numpy(bool)
        _report(findings, f, "wrong_form", other, given, _is(f))
    if c.get("unique"):
        again = values.duplicated().to_numpy() & values.notna().to_numpy()
        _report(findings, f, "duplicate", again, given,
                lambda v: f"is '{excerpt(v)}', which stands in an earlier row; expected each value once")
