"""From bytes to a table of text (CSV) or of typed columns (Parquet), refusing what cannot be read for sure."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from risk.errors import Refused

__all__ = ["read_table", "MAX_BYTES"]

MAX_BYTES = 4 * 1024**3
_MAGIC = {b"PK\x03\x04": "a zip or Excel file", b"\x1f\x8b": "a gzip file", b"\xff\xfe": "UTF-16 text",
          b"\xfe\xff": "UTF-16 text", b"%PDF": "a PDF", b"\xd0\xcf\x11\xe0": "an old Excel file"}


def read_table(path: Path) -> pd.DataFrame:
    """Read a CSV (every column as text, nothing guessed) or a Parquet file or folder of parts.

    Raises
    ------
    risk.errors.Refused
        When the file is absent, too large, of another kind than it says, or has ragged rows; the
        message names the line where it can.
    """
    if not path.exists():
        raise Refused(f"Expected a data file or folder at {path.name}, found none. Nothing was imported.")
    if path.is_dir() or path.suffix.lower() == ".parquet":
        return _read_parquet(path)
    return _read_csv(path)


def _read_parquet(path: Path) -> pd.DataFrame:
    try:
        return pa.parquet.read_table(path).to_pandas()
    except (pa.ArrowInvalid, OSError) as error:
        raise Refused(f"{path.name} is not a readable Parquet file: {_first_line(error)}. "
                      "Nothing was imported.") from None


def _read_csv(path: Path) -> pd.DataFrame:
    data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else None
    if data is None:
        raise Refused(f"{path.name} has {path.stat().st_size:,} bytes; at most {MAX_BYTES:,} are read. "
                      "Split it, or convert it to Parquet parts. Nothing was imported.")
    _check_bytes(path.name, data)
    names = _header(path.name, data)
    try:
        table = pa.csv.read_csv(
            io.BytesIO(data), parse_options=pa.csv.ParseOptions(newlines_in_values=False),
            convert_options=pa.csv.ConvertOptions(column_types={n: pa.string() for n in names},
                                                  strings_can_be_null=False, null_values=[]))
    except pa.ArrowInvalid as error:
        raise Refused(f"{path.name} cannot be read as a table: {_first_line(error)}. Expected "
                      f"{len(names)} comma-separated columns in every row. Nothing was imported.") from None
    return table.to_pandas()


def _check_bytes(name: str, data: bytes) -> None:
    if not data.strip():
        raise Refused(f"{name} is empty; expected a header line and at least one row. Nothing was imported.")
    for magic, what in _MAGIC.items():
        if data.startswith(magic):
            raise Refused(f"{name} is {what}; expected UTF-8 text with commas. Nothing was imported.")
    at = data.find(b"\x00")
    if at >= 0:
        raise Refused(f"{name} holds a NUL byte at byte {at + 1}; expected text. Nothing was imported.")
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Refused(f"{name} is not UTF-8: byte {error.start + 1} is 0x{data[error.start]:02x}. "
                      "Save it as UTF-8. Nothing was imported.") from None


def _header(name: str, data: bytes) -> list[str]:
    line = data.split(b"\n", 1)[0].decode("utf-8-sig").rstrip("\r")
    names = next(csv.reader([line]))
    for other, word in ((";", "semicolons"), ("\t", "tabs")):
        if len(names) == 1 and other in line:
            raise Refused(f"{name} is separated by {word}; expected commas. Nothing was imported.")
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise Refused(f"{name} has two columns named '{twice[0]}'; each name may stand once. "
                      "Nothing was imported.")
    return names


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].rstrip(".")[:200]
