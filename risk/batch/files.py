"""Reading parts in slices through the gate, and files and folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from risk.batch.plan import ROW_GROUP
from risk.errors import Refused
from risk.intake import check_frame
from risk.schema import Dictionary

__all__ = ["slices", "whole", "rows_written", "PARQUET"]

#: How Parquet is written: no statistics of attributions, no time, so that the same rows give the same bytes.
PARQUET = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": ["item_id"],
    "version": "2.6",
    "store_schema": False,
}


def slices(
    path: Path, dictionary: Dictionary, rows: int, *, columns: Sequence[str] | None = None
) -> Iterator[pd.DataFrame]:
    """A part's declarations, at most `rows` at a time, checked by the gate of every other input.

    Raises
    ------
    risk.errors.Refused
        With the part, the row and the column that is not as the dictionary wants it.
    """
    try:
        file = pq.ParquetFile(path)
        at = 0
        for batch in file.iter_batches(batch_size=rows, columns=None if columns is None else list(columns)):
            frame = batch.to_pandas()
            yield _checked(frame, path, at, dictionary) if columns is None else frame
            at += len(frame)
        if not at:
            empty = file.schema_arrow.empty_table().to_pandas()
            yield _checked(empty, path, at, dictionary) if columns is None else empty[list(columns)]
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0][:120]
        raise Refused(f"{path.name} cannot be read ({first}). Its scores were not written.") from None


def _checked(frame: pd.DataFrame, path: Path, at: int, dictionary: Dictionary) -> pd.DataFrame:
    try:
        return check_frame(frame, dictionary)
    except Refused as refused:
        raise Refused(
            f"{path.name}, rows {at + 1:,}–{at + len(frame):,} (rows below count from the first of "
            f"them): {refused}"
        ) from None


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A hidden file or folder to write; it takes its name when the block ends well, and is removed when not.

    Where something of that name is there already (another worker was faster), that one stays.
    """
    beside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.new")
    beside.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield beside
        _sync(beside)
        if not path.exists():
            os.rename(beside, path)
    finally:
        if beside.is_dir():
            shutil.rmtree(beside, ignore_errors=True)
        else:
            beside.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Make a file, or the files of a folder, durable before it gets its name."""
    for each in path.iterdir() if path.is_dir() else [path]:
        with each.open("rb") as file:
            os.fsync(file.fileno())


def rows_written(path: Path, frames: Iterator[pd.DataFrame]) -> int:
    """Write frames as one Parquet file, in row groups of one size however they were cut; returns rows."""
    waiting: list[pa.Table] = []
    writer, done = None, 0
    try:
        for frame in frames:
            table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
            writer = writer or pq.ParquetWriter(path, table.schema, **PARQUET)
            waiting.append(table)
            done += len(table)
            while sum(map(len, waiting)) >= ROW_GROUP:
                joined = pa.concat_tables(waiting)
                writer.write_table(joined.slice(0, ROW_GROUP), row_group_size=ROW_GROUP)
                waiting = [joined.slice(ROW_GROUP)]
        if writer and sum(map(len, waiting)):
            writer.write_table(pa.concat_tables(waiting), row_group_size=ROW_GROUP)
    finally:
        if writer:
            writer.close()
    return done
