"""From a path or an upload to raw columns: text (CSV) or typed (Parquet), or a refusal."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa

from risk.errors import Refused
from risk.intake.csv_text import parse_csv
from risk.intake.findings import Findings, excerpt, refuse_file
from risk.intake.limits import FILES, Limits
from risk.intake.parquet import parse_parquet, parts_of

__all__ = ["Raw", "Source", "read_raw", "read_table", "shown_name"]


@dataclass(frozen=True)
class Source:
    """Where bytes come from: a file or folder, or an upload's bytes under the name it came with."""

    path: Path
    content: bytes | None = None

    @property
    def name(self) -> str:
        """The name to show; never used as a path for an upload."""
        return shown_name(self.path.name)


@dataclass
class Raw:
    """Columns as they came. `names` are all columns of the file, `columns` those that were wanted."""

    names: list[str]
    columns: dict[str, pa.ChunkedArray]
    n_rows: int

    @classmethod
    def of_table(cls, table: pa.Table, names: list[str] | None = None) -> "Raw":
        """From an Arrow table."""
        columns = {n: table.column(i) for i, n in enumerate(table.column_names)}
        return cls(names or list(columns), columns, table.num_rows)

    @classmethod
    def of_frame(cls, frame: pd.DataFrame) -> "Raw":
        """From a frame in memory; columns of mixed kinds become text."""
        columns = {str(n): _arrow(frame.iloc[:, i]) for i, n in enumerate(frame.columns)}
        if len(columns) < frame.shape[1]:
            raise refuse_file(
                "duplicate_header", "The table has two columns of the same name; each may stand once."
            )
        return cls(list(columns), columns, len(frame))


def shown_name(name: str) -> str:
    """A file name made harmless for messages: no folders, control characters escaped, 40 characters.

    >>> shown_name("../../x\\u202egnp.csv")
    'x\\\\u202egnp.csv'
    """
    return excerpt(name.replace("\\", "/").rsplit("/", 1)[-1] or "the file")


def read_raw(
    source: Source, findings: Findings, *, limits: Limits = FILES, wanted: Collection[str] | None = None
) -> Raw:
    """The raw columns of a CSV, a Parquet file, or a folder of Parquet parts.

    Raises
    ------
    risk.errors.FileRefused
        When it is absent, too large, of another kind than it says, or not a table.
    """
    name, content = source.name, source.content
    if content is None and _kind_of(source.path) == "folder":
        parts: list[Path | bytes] = list(parts_of(source.path, limits=limits))
        return _raw_parquet(name, parts, limits, wanted)
    if content is None:
        _check_file_size(name, source.path.stat().st_size, limits)
        if source.path.suffix.lower() == ".parquet":
            return _raw_parquet(name, [source.path], limits, wanted)
        content = source.path.read_bytes()
    _check_file_size(name, len(content), limits)
    if source.path.suffix.lower() == ".parquet":
        return _raw_parquet(name, [content], limits, wanted)
    names, table = parse_csv(name, content, findings, limits=limits, wanted=wanted)
    return Raw.of_table(table, names)


def read_table(path: Path) -> pd.DataFrame:
    """Every column of a CSV (as text) or a Parquet file or folder, for files this program wrote itself.

    Raises
    ------
    risk.errors.Refused
        When it cannot be read.
    """
    raw = read_raw(Source(Path(path)), Findings())
    return pd.DataFrame({name: column.to_pandas() for name, column in raw.columns.items()})


def _raw_parquet(
    name: str, sources: list[Path | bytes], limits: Limits, wanted: Collection[str] | None
) -> Raw:
    names, table = parse_parquet(name, sources, limits=limits, wanted=wanted)
    return Raw.of_table(table, names) if table.num_columns else Raw(names, {}, table.num_rows)


def _kind_of(path: Path) -> str:
    try:
        if path.is_dir():
            return "folder"
        if path.is_file():
            return "file"
        exists = path.exists()
    except (OSError, ValueError):  # a name too long for any file system, a NUL in it
        exists = False
    what = "a data file or folder" if not exists else "an ordinary file, not a device or a pipe,"
    raise refuse_file("not_there", f"Expected {what} at {shown_name(path.name)}, found none.")


def _check_file_size(name: str, size: int, limits: Limits) -> None:
    if size > limits.max_bytes:
        raise refuse_file(
            "too_large",
            f"{name} has {size:,} bytes; at most {limits.max_bytes:,} are read. Split it, "
            "or convert it to Parquet parts.",
        )


def _arrow(column: pd.Series) -> pa.ChunkedArray:
    try:
        made = pa.array(column, from_pandas=True)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        try:
            made = pa.array(
                [None if v is None or v is pd.NA or v != v else str(v) for v in column], pa.string()
            )
        except UnicodeEncodeError:  # half a character (a lone surrogate) is no text
            raise Refused(
                f"Column '{excerpt(column.name)}' holds half a character. Nothing was imported."
            ) from None
    return made if isinstance(made, pa.ChunkedArray) else pa.chunked_array([made])
