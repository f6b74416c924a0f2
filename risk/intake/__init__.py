"""The one gate for data from outside: hostile files in, checked frames out, or a refusal and nothing else.

After this gate nobody checks again. Either a whole data set is accepted (with notices listed) or nothing
of it is.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import pandas as pd

from risk.errors import FileRefused, Refused
from risk.intake.codes import CODES
from risk.intake.columns import convert
from risk.intake.constraints import check_outcomes
from risk.intake.csv_text import check_names
from risk.intake.findings import Finding, Findings, excerpt, refusal, refuse_file
from risk.intake.limits import FILES, UPLOADS, Limits
from risk.intake.read import Raw, Source, read_raw, read_table, shown_name
from risk.intake.rows import RowGate
from risk.schema import Dictionary, Field

__all__ = [
    "Data",
    "load_data",
    "load_truth",
    "load_upload",
    "check_data",
    "check_upload",
    "check_frame",
    "read_table",
    "shown_name",
    "CODES",
    "Finding",
    "Findings",
    "Limits",
    "RowGate",
    "excerpt",
    "refusal",
]


@dataclass(frozen=True)
class Data:
    """A checked data set. Truth is not part of it: see `load_truth`.

    Attributes
    ----------
    declarations
        One row an item, columns as the dictionary says.
    outcomes
        Examinations so far, or None where the data set has none.
    dictionary
        What every column is.
    source
        Where it was read from.
    notices
        What was let pass, to be shown.
    """

    declarations: pd.DataFrame
    outcomes: pd.DataFrame | None
    dictionary: Dictionary
    source: Path
    notices: tuple[Finding, ...] = ()

    def digest(self) -> str:
        """SHA-256 of the content (not of the file's bytes, nor of columns added since), hex."""
        hashed, named = hashlib.sha256(), {f.name for f in self.dictionary.fields()}
        for frame, fields in ((self.declarations, named), (self.outcomes, None)):
            if frame is not None:
                kept = frame if fields is None else frame[[c for c in frame.columns if c in fields]]
                hashed.update(pd.util.hash_pandas_object(kept, index=False).to_numpy().tobytes())
        return hashed.hexdigest()


def load_data(path: str | Path, *, dictionary: Dictionary | None = None, now: datetime | None = None) -> Data:
    """Load a Data Package folder, a CSV or a Parquet file or folder through every check.

    Parameters
    ----------
    path
        A folder with ``datapackage.json``, or one table of declarations.
    dictionary
        For a single table; a folder brings its own. Without one, a ``datapackage.json`` beside the file
        is used.
    now
        If given (with its zone), later times are a notice.

    Raises
    ------
    risk.errors.Refused
        With the first error's row, column and expectation, and how many there are in all.
    """
    findings = Findings()
    return _accepted(_load(Path(path), dictionary, findings, now), findings)


def check_data(
    path: str | Path, *, dictionary: Dictionary | None = None, now: datetime | None = None
) -> Findings:
    """Every finding about a data set: totals exact, listing capped. Nothing is imported."""
    findings = Findings()
    try:
        _load(Path(path), dictionary, findings, now)
    except FileRefused as refused:
        findings.merge(refused.findings)
    return findings


def load_upload(
    name: str,
    content: bytes | BinaryIO,
    dictionary: Dictionary,
    *,
    limits: Limits = UPLOADS,
    now: datetime | None = None,
    findings: Findings | None = None,
) -> Data:
    """The same gate for one uploaded table of declarations. The name is shown and never used as a path.

    `findings`, where given, takes up everything that was found, also when the table is refused.

    >>> d = Dictionary({"name": "t", "resources": [{"name": "declarations", "schema": {"fields": [
    ...     {"name": "id", "risk": {"role": "id"}},
    ...     {"name": "weight", "type": "number", "constraints": {"minimum": 1},
    ...      "risk": {"role": "numeric"}}]}}]})
    >>> load_upload("../x.csv", b"id,weight\\na,5\\n", d).declarations["weight"].tolist()
    [5.0]
    >>> load_upload("../x.csv", b"id,weight\\na,-5\\n", d)
    Traceback (most recent call last):
        ...
    risk.errors.Refused: Row 1: weight is '-5'; expected a number, at least 1. Nothing was imported.
    """
    findings = Findings() if findings is None else findings
    return _accepted(_upload(name, content, dictionary, findings, limits, now), findings)


def check_upload(
    name: str,
    content: bytes | BinaryIO,
    dictionary: Dictionary,
    *,
    limits: Limits = UPLOADS,
    now: datetime | None = None,
) -> Findings:
    """Every finding about an uploaded table; nothing is imported."""
    findings = Findings()
    try:
        _upload(name, content, dictionary, findings, limits, now)
    except FileRefused as refused:
        findings.merge(refused.findings)
    return findings


def check_frame(
    frame: pd.DataFrame, dictionary: Dictionary, *, resource: str = "declarations"
) -> pd.DataFrame:
    """The same gate for a frame already in memory (a what-if); returns it converted, with a fresh index."""
    findings = Findings()
    checked = convert(Raw.of_frame(frame), dictionary.fields(resource), findings)
    if findings.errors:
        raise Refused(refusal(findings))
    return checked


def load_truth(path: str | Path) -> pd.DataFrame | None:
    """The truth of a made data set, or None where there is none. For evaluation, audit and debrief only."""
    path = Path(path)
    if not path.is_dir() or not (path / "truth.parquet").exists():
        return None
    return read_table(path / "truth.parquet")


def _accepted(data: Data, findings: Findings) -> Data:
    if findings.errors:
        raise Refused(refusal(findings))
    return data


def _load(path: Path, dictionary: Dictionary | None, findings: Findings, now: datetime | None) -> Data:
    is_package = _is_package(path)
    d = Dictionary.load(path) if is_package else dictionary or _beside(path)
    where = _resource(path, d, "declarations") if is_package else path
    declarations = _one(Source(where), d.fields(), findings, labels=d.fields("outcomes"), now=now)
    outcomes = _resource(path, d, "outcomes") if is_package else None
    looked = None
    if outcomes and d.fields("outcomes") and outcomes.exists():
        looked = _one(Source(outcomes), d.fields("outcomes"), findings, now=now)
        _match(declarations, looked, d, findings)
    return Data(declarations, looked, d, path, findings.notices)


def _upload(
    name: str,
    content: bytes | BinaryIO,
    d: Dictionary,
    findings: Findings,
    limits: Limits,
    now: datetime | None,
) -> Data:
    data = content if isinstance(content, bytes) else content.read(limits.max_bytes + 1)
    shown = Path(shown_name(name))
    declarations = _one(
        Source(shown, data), d.fields(), findings, labels=d.fields("outcomes"), limits=limits, now=now
    )
    return Data(declarations, None, d, Path("(uploaded)"), findings.notices)


def _is_package(path: Path) -> bool:
    try:
        return path.is_dir() and (path / "datapackage.json").exists()
    except (OSError, ValueError):  # no file system takes such a name
        return False


def _beside(path: Path) -> Dictionary:
    try:
        there = path.exists()
    except (OSError, ValueError):
        there = False
    if not there:
        raise refuse_file(
            "not_there", f"Expected a data file or folder at {shown_name(path.name)}, found none."
        )
    return Dictionary.load(path.parent)


def _resource(folder: Path, d: Dictionary, name: str) -> Path:
    for resource in d.descriptor["resources"]:
        if resource["name"] == name and "path" in resource:
            return _inside(folder, resource["path"])
    return _inside(folder, f"{name}.parquet")


def _inside(folder: Path, given: object) -> Path:
    """A resource's file, or the folder of its parts; never anything outside the package."""
    listed = given if isinstance(given, list) and given else [given]
    if not all(isinstance(p, str) and p and "\x00" not in p for p in listed):
        raise refuse_file(
            "outside_package",
            f"The package names '{excerpt(given)}' as a file; expected a path in its folder.",
        )
    first = Path(listed[0])
    target = (folder / (first.parent if isinstance(given, list) else first)).resolve()
    if "://" in listed[0] or folder.resolve() not in target.parents:
        raise refuse_file(
            "outside_package", f"The package names a file outside its folder ('{excerpt(listed[0])}')."
        )
    return target


def _one(
    source: Source,
    fields: tuple[Field, ...],
    findings: Findings,
    *,
    labels: tuple[Field, ...] = (),
    limits: Limits = FILES,
    now: datetime | None = None,
) -> pd.DataFrame:
    names = {f.name for f in fields}
    raw = read_raw(source, findings, limits=limits, wanted=names)
    if raw.n_rows == 0:
        raise refuse_file("no_rows", f"{source.name} has a header but no row; expected at least one.")
    check_names(source.name, raw.names, names)
    known = {f.name for f in labels if f.role == "label"} - names
    for name in sorted(known & set(raw.names)):
        findings.add(
            Finding(
                0,
                name,
                "label_ignored",
                f"Column {name} says what an examination showed; it is ignored here.",
            )
        )
    raw.names = [n for n in raw.names if n not in known]
    return convert(raw, fields, findings, now=now, max_cell=limits.max_cell)


def _match(declarations: pd.DataFrame, outcomes: pd.DataFrame, d: Dictionary, findings: Findings) -> None:
    ids = [f.name for f in d.role("id", "outcomes")]
    if ids and d.id_field in declarations:
        check_outcomes(declarations[d.id_field], outcomes, findings, column=ids[0])
