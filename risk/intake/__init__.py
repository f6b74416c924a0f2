"""The one gate for data from outside: hostile files in, checked frames out, or a refusal and nothing else.

After this gate nobody checks again. Either a whole data set is accepted (with notices listed) or nothing
of it is.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from risk.errors import Refused
from risk.intake.columns import convert
from risk.intake.findings import CODES, Finding, Findings, excerpt
from risk.intake.read import read_table
from risk.schema import Dictionary, Field

__all__ = ["Data", "load_data", "load_truth", "check_data", "check_frame", "CODES", "Finding", "Findings",
           "excerpt"]


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
        """SHA-256 of the content (not of the file's bytes), hex."""
        hashed = hashlib.sha256()
        for frame in (self.declarations, self.outcomes):
            if frame is not None:
                hashed.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
        return hashed.hexdigest()


def load_data(path: str | Path, *, dictionary: Dictionary | None = None) -> Data:
    """Load a Data Package folder, a CSV or a Parquet file or folder through every check.

    Parameters
    ----------
    path
        A folder with ``datapackage.json``, or one table of declarations.
    dictionary
        For a single table; a folder brings its own. Without one, a ``datapackage.json`` beside the file
        is used.

    Raises
    ------
    risk.errors.Refused
        With the first error's row, column and expectation, and how many there are in all.
    """
    data, findings = _load(Path(path), dictionary)
    if findings.errors:
        raise Refused(_refusal(findings))
    return data


def check_data(path: str | Path, *, dictionary: Dictionary | None = None) -> Findings:
    """Every finding about a data set: totals exact, listing capped. Nothing is imported."""
    return _load(Path(path), dictionary)[1]


def check_frame(frame: pd.DataFrame, dictionary: Dictionary, *, resource: str = "declarations") -> pd.DataFrame:
    """The same gate for a frame already in memory (an upload, a what-if)."""
    findings = Findings()
    checked = convert(frame, dictionary.fields(resource), findings)
    if findings.errors:
        raise Refused(_refusal(findings))
    return checked


def load_truth(path: str | Path) -> pd.DataFrame | None:
    """The truth of a made data set, or None where there is none. For evaluation, audit and debrief only."""
    path = Path(path)
    if not path.is_dir() or not (path / "truth.parquet").exists():
        return None
    return read_table(path / "truth.parquet")


def _load(path: Path, dictionary: Dictionary | None) -> tuple[Data, Findings]:
    is_package = path.is_dir() and (path / "datapackage.json").exists()
    d = Dictionary.load(path) if is_package else dictionary or _beside(path)
    findings = Findings()
    where = _resource(path, d, "declarations") if is_package else path
    declarations = _one(where, d.fields("declarations"), findings, labels=d.fields("outcomes"))
    outcomes = _resource(path, d, "outcomes") if is_package else None
    looked = _one(outcomes, d.fields("outcomes"), findings) if outcomes and outcomes.exists() else None
    notices = tuple(f for f in findings.listed if not f.is_error)
    return Data(declarations, looked, d, path, notices), findings


def _beside(path: Path) -> Dictionary:
    if not path.exists():
        raise Refused(f"Expected a data file or folder at {path.name}, found none. Nothing was imported.")
    return Dictionary.load(path.parent)


def _resource(folder: Path, d: Dictionary, name: str) -> Path:
    for resource in d.descriptor["resources"]:
        if resource["name"] == name and "path" in resource:
            return _parts(folder, resource["path"])
    return folder / f"{name}.parquet"


def _parts(folder: Path, given: object) -> Path:
    """A resource's file, or the folder of its parts; never anything outside the package."""
    first = Path(str(given[0] if isinstance(given, list) else given))
    target = (folder / (first.parent if isinstance(given, list) else first)).resolve()
    if folder.resolve() not in target.parents:
        raise Refused(f"The package names a file outside its folder ('{excerpt(first)}'). Nothing was imported.")
    return target


def _one(path: Path, fields: tuple[Field, ...], findings: Findings,
         labels: tuple[Field, ...] = ()) -> pd.DataFrame:
    frame = read_table(path)
    if frame.empty:
        raise Refused(f"{path.name} has a header but no row; expected at least one. Nothing was imported.")
    given = {f.name for f in labels if f.role == "label"} & set(frame.columns) - {f.name for f in fields}
    for name in sorted(given):
        findings.add(Finding(0, name, "label_ignored",
                             f"Column {name} says what an examination showed; it is ignored here."))
    return convert(frame.drop(columns=list(given)), fields, findings)


def _refusal(findings: Findings) -> str:
    first, more = findings.first_error, findings.errors - 1
    rest = f" ({more:,} more finding{'s' if more > 1 else ''}; list them with: risk check DATA.)" if more else ""
    return f"{first.message} Nothing was imported.{rest}"
