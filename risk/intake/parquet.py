"""Parquet to typed columns: what a file says of itself is checked before a page of it is unpacked."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from risk.errors import FileRefused
from risk.intake.findings import printable, refuse_file
from risk.intake.limits import Limits

__all__ = ["parse_parquet", "parts_of"]


def parts_of(folder: Path, *, limits: Limits) -> list[Path]:
    """The Parquet parts of a folder by name; hidden files and marker files are no parts."""
    parts = sorted(p for p in folder.iterdir() if p.suffix.lower() == ".parquet" and p.name[0] not in "._")
    if not parts:
        raise refuse_file("not_there", f"Expected Parquet parts in the folder {folder.name}, found none.")
    if len(parts) > limits.max_parts:
        raise refuse_file(
            "too_large", f"{folder.name} has {len(parts):,} parts; at most {limits.max_parts:,} are read."
        )
    return parts


def parse_parquet(
    name: str, sources: list[Path | bytes], *, limits: Limits, wanted: Collection[str] | None = None
) -> tuple[list[str], pa.Table]:
    """The file's column names, and a table of the wanted columns.

    Raises
    ------
    risk.errors.FileRefused
        When a part is damaged, parts differ, or they would unpack to more than `limits` allow.
    """
    try:
        files = [pq.ParquetFile(pa.BufferReader(s) if isinstance(s, bytes) else s) for s in sources]
        names = _same_names(name, files, wanted, limits)
        keep = [n for n in names if wanted is None or n in wanted]
        _check_size(name, files, keep, limits)
        parts = [_read(name, f, s, keep, limits) for f, s in zip(files, sources, strict=True)]
        return names, pa.concat_tables(parts)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _unreadable(name, error) from None


def _unreadable(name: str, error: Exception) -> FileRefused:
    first = (str(error).splitlines() or ["no reason given"])[0].rstrip(".")[:200]
    return refuse_file("unreadable", f"{name} is not a readable Parquet file: {printable(first)}.")


def _same_names(
    name: str, files: list[pq.ParquetFile], wanted: Collection[str] | None, limits: Limits
) -> list[str]:
    first = files[0].schema_arrow
    if len(first.names) > limits.max_columns:
        raise refuse_file(
            "too_large", f"{name} has {len(first.names):,} columns; at most {limits.max_columns:,} are read."
        )
    if len(set(first.names)) < len(first.names):
        raise refuse_file(
            "duplicate_header", f"{name} has two columns of the same name; each may stand once."
        )
    for i, f in enumerate(files):
        other = f.schema_arrow
        for column in set(first.names) | set(other.names):
            mine, its = first.get_field_index(column), other.get_field_index(column)
            if (wanted is None or column in wanted) and (
                min(mine, its) < 0 or first.field(mine).type != other.field(its).type
            ):
                raise refuse_file(
                    "parts_differ",
                    f"{name}: part {i + 1} has another column {column} than part 1; "
                    "expected the same columns and types in every part.",
                    column=column,
                )
    return list(first.names)


def _check_size(name: str, files: list[pq.ParquetFile], keep: list[str], limits: Limits) -> None:
    rows = sum(f.metadata.num_rows for f in files)
    packed = sum(_unpacked(f) for f in files)
    held = max(packed, 8 * rows * max(1, len(keep)))  # what is read takes eight bytes a cell or more
    if rows > limits.max_rows:
        raise refuse_file(
            "too_large",
            f"{name} says it has {rows:,} rows; at most {limits.max_rows:,} are read at "
            "once. Split it into parts.",
        )
    if held > limits.max_bytes:
        raise refuse_file(
            "too_large", f"{name} unpacks to {held:,} bytes; at most {limits.max_bytes:,} are read."
        )


def _unpacked(f: pq.ParquetFile) -> int:
    """Bytes that the file says it unpacks to.

    Asked of row groups and never of their columns: pyarrow ends the whole process (measured with 26.0 on damaged
    files) when the metadata of a column is damaged.
    """
    return sum(f.metadata.row_group(g).total_byte_size for g in range(f.metadata.num_row_groups))


def _read(name: str, file: pq.ParquetFile, source: Path | bytes, keep: list[str], limits: Limits) -> pa.Table:
    """Texts are read as dictionaries, weighed, and only then written out: a few can stand for much."""
    texts = [n for n in keep if _is_text(file.schema_arrow.field(n).type)]
    reader = pa.BufferReader(source) if isinstance(source, bytes) else source
    table = pq.ParquetFile(reader, read_dictionary=texts).read(columns=keep, use_threads=False)
    for i, column in enumerate(table.column_names):
        if pa.types.is_dictionary(table.schema.field(i).type):
            table = table.set_column(i, column, _text(name, column, table.column(i), limits))
    return table


def _text(name: str, column: str, given: pa.ChunkedArray, limits: Limits) -> pa.ChunkedArray:
    try:
        given.validate(full=True)
    except pa.ArrowInvalid:
        raise refuse_file(
            "not_utf8", f"{name}: column {column} holds bytes that are not UTF-8 text.", column=column
        ) from None
    written = sum(_written(chunk) for chunk in given.chunks)
    if written > limits.max_bytes:
        raise refuse_file(
            "too_large",
            f"{name}: column {column} unpacks to {written:,} bytes; at most {limits.max_bytes:,} are read.",
            column=column,
        )
    return _decoded(given)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)


def _decoded(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type.value_type
    return pa.chunked_array([chunk.dictionary_decode() for chunk in column.chunks], type=kind)


def _written(chunk: pa.DictionaryArray) -> int:
    """Bytes of a dictionary column written out."""
    if not _is_text(chunk.dictionary.type) or len(chunk.dictionary) == 0:
        return 8 * len(chunk)
    lengths = pa.compute.binary_length(chunk.dictionary).to_numpy(zero_copy_only=False)
    used = chunk.indices.drop_null().to_numpy(zero_copy_only=False)
    return int(np.bincount(used, minlength=len(lengths)) @ np.nan_to_num(lengths).astype(np.int64))
