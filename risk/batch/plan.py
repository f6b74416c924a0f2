"""What a batch run is: which parts, which model, how much memory; and a digest that tells two runs apart."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from risk.errors import BadSetting, Refused
from risk.features import party_columns, past_columns
from risk.fitted import FittedModel

__all__ = ["GIGABYTE", "Part", "Plan", "make_plan", "memory_bytes", "ROW_GROUP"]

GIGABYTE = 10**9
ROW_GROUP = 2**17  # rows of a row group written; part of the bytes, so it must not follow the memory
_BASE = 0.35 * GIGABYTE  # of a process with every library loaded (measured: 0.31 GB)
_ROW = 2500.0  # bytes a row takes while it is read, checked, made into features and explained
_BUCKET_ROW = 500.0  # bytes a row takes while a bucket's past is worked out
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(B|KB|MB|GB|TB)?\s*", re.IGNORECASE)
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def memory_bytes(text: str) -> int:
    """A size in words as bytes (decimal units).

    >>> memory_bytes("2GB"), memory_bytes("500 mb")
    (2000000000, 500000000)
    """
    match = _SIZE.fullmatch(text)
    if not match:
        raise BadSetting("memory-limit", got=text, expected="a size such as 2GB or 800MB")
    return int(Decimal(match[1]) * _UNITS[(match[2] or "B").upper()])


@dataclass(frozen=True)
class Part:
    """One input file of declarations: its place among the parts, and how many rows it holds."""

    index: int
    path: Path
    rows: int


@dataclass(frozen=True)
class Plan:
    """A batch run, ready to be cut into tasks; small enough to travel to a worker.

    Attributes
    ----------
    model : FittedModel
    parts : tuple of Part
    outcomes : tuple of Path, examinations so far, for the parties' past
    folder : Path, where tasks leave what they made
    explain : bool, whether attributions are written too
    rows_at_once : int, rows read and scored together
    buckets : int, how many parts the parties are cut into; 0 where the model reads no past
    single : bool, whether the declarations are one file rather than a folder of parts
    """

    model: FittedModel
    parts: tuple[Part, ...]
    outcomes: tuple[Path, ...]
    folder: Path
    explain: bool
    rows_at_once: int
    buckets: int
    single: bool

    @property
    def parties(self) -> tuple[str, ...]:
        """Party fields whose past is wanted."""
        return tuple(dict.fromkeys(name.split("|")[0] for name in party_columns(self.model.dictionary)))

    @property
    def n_items(self) -> int:
        """Rows of all parts."""
        return sum(p.rows for p in self.parts)

    def digest(self) -> str:
        """SHA-256 of everything the output depends on: the model, the input files, what is written."""
        facts = [
            self.model.model_id,
            self.explain,
            self.buckets,
            [_stamp(p.path) for p in self.parts],
            [_stamp(p) for p in self.outcomes],
            self.model.features.to_state(),
        ]
        hashed = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode())
        for name, array in sorted(self.model.tables.to_arrays().items()):
            hashed.update(name.encode() + array.tobytes())
        return hashed.hexdigest()


def _stamp(path: Path) -> list[object]:
    stat = path.stat()
    return [path.name, stat.st_size, stat.st_mtime_ns]


def make_plan(
    model: FittedModel,
    source: Path,
    folder: Path,
    *,
    explain: bool,
    memory: int = 2 * GIGABYTE,
    at_once: int = 1,
) -> Plan:
    """Look at the input and decide how to cut the work.

    Parameters
    ----------
    model
        Trained and calibrated.
    source
        A Data Package folder, a folder of Parquet parts, or one Parquet file.
    folder
        Where tasks leave what they made; every worker must see it under this name.
    explain
        Whether to write attributions.
    memory, at_once
        Bytes the run may take together, and how many tasks run at once within them.

    Raises
    ------
    risk.errors.Refused
        When the input is no Parquet, or the memory is too little to begin with.
    """
    source = Path(source)
    table = source / "declarations.parquet" if (source / "datapackage.json").exists() else source
    files = _files(table)
    parts = tuple(Part(i, path, _rows(path)) for i, path in enumerate(files))
    room = memory / at_once - _BASE
    rows_at_once = int(room / 2 / _ROW)
    if rows_at_once < 1000:
        least = math.ceil((_BASE + 2000 * _ROW) * at_once / 10**6)
        raise BadSetting(
            "memory-limit",
            got=f"{memory / 10**6:,.0f} MB",
            expected=f"at least {least:,} MB for {at_once} task(s) at once",
        )
    reads_past = bool(past_columns(model.dictionary))
    buckets = max(1, math.ceil(sum(p.rows for p in parts) * _BUCKET_ROW / room)) if reads_past else 0
    examined = source / "outcomes.parquet"
    outcomes = tuple(_files(examined)) if reads_past and examined.exists() else ()
    return Plan(
        model, parts, outcomes, Path(folder), explain, min(rows_at_once, ROW_GROUP), buckets, table.is_file()
    )


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted(p for p in path.iterdir() if p.suffix.lower() == ".parquet" and p.name[0] not in "._")
    else:
        found = [path] if path.suffix.lower() == ".parquet" and path.exists() else []
    if not found:
        raise Refused(
            f"Expected Parquet at {path.name} (a file, or a folder of parts); found none. Nothing was scored."
        )
    return found


def _rows(path: Path) -> int:
    try:
        return pq.ParquetFile(path).metadata.num_rows
    except (pa.ArrowException, OSError, ValueError):
        raise Refused(f"{path.name} is not a readable Parquet file. Nothing was scored.") from None
