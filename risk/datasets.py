"""Data in, tables out: the gate for files and uploads, dictionaries, files that appear whole or not."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from risk import intake, schema_infer
from risk.errors import FileRefused, Refused
from risk.features import PartyHistory, with_past
from risk.intake import Data
from risk.schema import Dictionary

__all__ = [
    "Upload",
    "check",
    "check_upload",
    "default_dictionary",
    "dictionary_table",
    "formula_safe",
    "guesses_table",
    "infer_dictionary",
    "known",
    "load_data",
    "open_data",
    "read_scores",
    "write_dictionary",
    "write_table",
]


def default_dictionary() -> Dictionary:
    """The data dictionary of the made stream, for postal files that bring none of their own."""
    from data_synthetic import load_dictionary

    return load_dictionary()


def check(path: str | Path, *, schema: str | Path | None = None) -> intake.Findings:
    """Every finding about a data set; nothing is imported."""
    return intake.check_data(path, dictionary=_dictionary_for(path, schema), now=_now())


def open_data(
    path: str | Path, *, schema: str | Path | None = None, history: str | Path | None = None
) -> Data:
    """Load a data set; a single file uses `schema`, a ``datapackage.json`` beside it, or the postal one.

    With `history`, a data set of the same kind, what was known at each item's moment is looked up there too.
    """
    dictionary = _dictionary_for(path, schema)
    if history is None:
        return load_data(path, dictionary=dictionary)
    before = intake.load_data(history, dictionary=_dictionary_for(history, schema), now=_now())
    data = intake.load_data(path, dictionary=dictionary, now=_now())
    earlier = PartyHistory.of(before.declarations, data.dictionary, outcomes=before.outcomes)
    return known(data, earlier=earlier)


def load_data(path: str | Path, *, dictionary: Dictionary | None = None) -> Data:
    """Load a data set through every check, with what was known of each item's parties at its moment.

    See `risk.intake.load_data` for what is read and refused, and `risk.features.with_past` for the past.
    """
    return known(intake.load_data(path, dictionary=dictionary, now=_now()))


def known(data: Data, dictionary: Dictionary | None = None, *, earlier: PartyHistory | None = None) -> Data:
    """The data with its past, as `dictionary` (by default the data's own) asks for it; `earlier` came before."""
    dictionary = dictionary or data.dictionary
    past = with_past(data.declarations, dictionary, outcomes=data.outcomes, earlier=earlier)
    return replace(data, declarations=past)


@dataclass(frozen=True)
class Upload:
    """What became of an uploaded file: every finding, and the data only when all of it was accepted."""

    name: str
    findings: intake.Findings
    data: Data | None

    @property
    def sentence(self) -> str:
        """The outcome in one line."""
        if self.data is None:
            return intake.refusal(self.findings)
        n, notices = len(self.data.declarations), sum(self.findings.counts.values())
        return f"{self.name}: {n:,} items read, {notices:,} notice{'' if notices == 1 else 's'}."


def check_upload(
    name: str, content: bytes | BinaryIO, *, schema: bytes | str | Dictionary | None = None
) -> Upload:
    """Pass an uploaded table through the gate; nothing is kept anywhere unless the caller does so.

    Parameters
    ----------
    name
        The file's name as it came; shown, never used as a path.
    content
        Its bytes, or an open file of them, read up to the limit of uploads.
    schema
        Its data dictionary: JSON, or one already read; by default that of the made stream.

    Raises
    ------
    risk.errors.Refused
        When the dictionary is not one. What is wrong with the table is in `Upload.findings`.
    """
    d = _uploaded_dictionary(schema)
    findings = intake.Findings()
    try:
        data = intake.load_upload(name, content, d, findings=findings, now=_now())
    except FileRefused as refused:
        findings.merge(refused.findings)
        data = None
    except Refused:
        if not findings.errors:  # the dictionary is at fault, not the table
            raise
        data = None
    return Upload(intake.shown_name(name), findings, data)


def _now() -> datetime:
    return datetime.now(UTC)


def _uploaded_dictionary(schema: bytes | str | Dictionary | None) -> Dictionary:
    if schema is None:
        return default_dictionary()
    if isinstance(schema, Dictionary):
        return schema
    try:
        return Dictionary(json.loads(schema))
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(f"The data dictionary is not valid JSON ({error}). Nothing was imported.") from None


def infer_dictionary(path: str | Path, *, id: str = "", time: str = "", label: str = "") -> Mapping[str, Any]:
    """Draft a data dictionary for a stranger's table, every guess marked for review; nothing is imported."""
    descriptor = schema_infer.infer_dictionary(path, id=id, time=time, label=label)
    Dictionary(descriptor)  # a draft that could not be used is never handed out
    return descriptor


def write_dictionary(descriptor: Mapping[str, Any], path: str | Path) -> None:
    """Write a dictionary as JSON; the file appears whole or not at all."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(json.dumps(descriptor, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    os.replace(beside, path)


def guesses_table(descriptor: Mapping[str, Any]) -> pd.DataFrame:
    """What was guessed of each column, and which features were drafted: ``field, role, type, review``."""
    d = Dictionary(descriptor)
    fields = [{"field": f.name, "role": f.role, "type": f.type, "review": f.review} for f in d.fields()]
    drafted = [
        {"field": f.name, "role": f"feature ({f.kind})", "type": "number", "review": f.review}
        for f in d.features
        if f.review
    ]
    return pd.DataFrame(fields + drafted)


def _dictionary_for(path: str | Path, schema: str | Path | None) -> Dictionary | None:
    path = Path(path)
    if schema is not None:
        return Dictionary.load(schema)
    try:
        is_single = path.exists() and not (path / "datapackage.json").exists()
    except (OSError, ValueError):  # no file system takes such a name; the gate says so
        return None
    return default_dictionary() if is_single and not (path.parent / "datapackage.json").exists() else None


_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def formula_safe(table: pd.DataFrame) -> pd.DataFrame:
    """The table with texts that a spreadsheet would run as a formula made harmless by an apostrophe."""

    def safe(value: object) -> object:
        return "'" + value if isinstance(value, str) and value.startswith(_FORMULA_STARTS) else value

    return table.rename(columns=safe).apply(
        lambda column: column if column.dtype.kind in "fiubM" else column.map(safe)
    )


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write Parquet, or CSV where the name says so; the file appears whole or not at all."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.new")
    if path.suffix.lower() == ".csv":
        formula_safe(table).to_csv(beside, index=False)
    else:
        table.to_parquet(beside, index=False)
    os.replace(beside, path)


def read_scores(path: str | Path) -> pd.DataFrame:
    """Scores as ``risk score`` wrote them."""
    return intake.read_table(Path(path))


def dictionary_table(schema: str | Path | None = None) -> pd.DataFrame:
    """The data dictionary as a table."""
    d = default_dictionary() if schema is None else Dictionary.load(schema)
    rows = [
        {
            "resource": r,
            "field": f.name,
            "role": f.role,
            "known at": f.known_at,
            "expected": f.expected,
            "mirrors": f.standard,
            "description": f.description,
        }
        for r in ("declarations", "outcomes", "truth")
        for f in d.fields(r)
    ]
    return pd.DataFrame(rows)
