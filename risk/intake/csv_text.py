"""CSV bytes to columns of text: nothing is guessed, and whatever is ambiguous is refused.

What libraries let pass without a word is looked for here: an extra cell in every row, stray and unclosed
quotes, repeated names, NUL bytes, other encodings.
"""

from __future__ import annotations

import csv
from collections.abc import Collection

import numpy as np
import pyarrow as pa
import pyarrow.csv

from risk.errors import FileRefused
from risk.intake.findings import Finding, Findings, excerpt, printable, refusal, refuse_file
from risk.intake.limits import Limits

__all__ = ["parse_csv", "header_of", "check_names"]

_MAGIC = {
    b"PK\x03\x04": "a zip or Excel file",
    b"PK\x05\x06": "a zip file",
    b"\x1f\x8b": "a gzip file",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
    b"%PDF": "a PDF",
    b"PAR1": "a Parquet file",
    b"\xd0\xcf\x11\xe0": "an old Excel file",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a zstandard file",
    b"7z\xbc\xaf": "a 7-zip file",
    b"Rar!": "a rar file",
    b"ARROW1": "an Arrow file",
    b"SQLite format 3": "a database",
}
_MARK = b"\xef\xbb\xbf"
_BLOCK = 8 * 1024**2
_QUOTE, _COMMA, _LF, _CR = 34, 44, 10, 13


def parse_csv(
    name: str, data: bytes, findings: Findings, *, limits: Limits, wanted: Collection[str] | None = None
) -> tuple[list[str], pa.Table]:
    """The file's column names, and a table of text columns, those of `wanted` only where given.

    Raises
    ------
    risk.errors.FileRefused
        When the bytes are not UTF-8 text with commas, or a row does not fit the header.
    """
    start = len(_MARK) if data.startswith(_MARK) else 0
    names = header_of(name, data, limits=limits, wanted=wanted)
    stop = _end_of_rows(data)
    _check_quotes(name, data, start)
    _note_line_ends(data, findings)
    body = pa.BufferReader(pa.py_buffer(data).slice(start, stop - start))
    return names, _parse(name, body, data, names, wanted)


def header_of(name: str, data: bytes, *, limits: Limits, wanted: Collection[str] | None = None) -> list[str]:
    """The column names in the first line, refused when they are repeated, too many or not comma-separated."""
    if not data[:1000].strip() and not data.strip():
        raise refuse_file("empty_file", f"{name} is empty; expected a header line and at least one row.")
    for magic, what in _MAGIC.items():
        if data.startswith(magic):
            raise refuse_file("wrong_kind", f"{name} is {what}; expected UTF-8 text with commas.")
    _check_nul(name, data)
    _check_utf8(name, data)
    names = _names(name, data, limits.max_columns)
    if wanted is not None:
        check_names(name, names, wanted)
    twice = sorted({n for n in names if names.count(n) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise refuse_file(
            "duplicate_header",
            f"{name} has two columns named '{excerpt(twice[0])}'; each name may stand once.",
            column=excerpt(twice[0]),
        )
    return names


def check_names(name: str, names: list[str], wanted: Collection[str]) -> None:
    """Refuse a table in which no name is a declared one, even with its case and edges folded."""
    if not {w.strip().casefold() for w in wanted} & {n.strip().casefold() for n in names}:
        few = ", ".join(sorted(wanted)[:4])
        raise refuse_file(
            "no_header",
            f"{name} starts with '{excerpt(','.join(names[:20]))}'; expected column names, such as {few}.",
        )


def _names(name: str, data: bytes, most: int) -> list[str]:
    end = min((i for i in (data.find(b"\n"), data.find(b"\r")) if i >= 0), default=len(data))
    line = data[:end]
    if line.count(b",") >= most:
        raise refuse_file(
            "too_large", f"{name} has {line.count(b',') + 1:,} columns; at most {most:,} are read."
        )
    if len(line) > 1024**2:
        raise refuse_file(
            "too_long", f"{name} has a first line of {len(line):,} bytes; expected column names."
        )
    try:
        text = line.decode("utf-8-sig")
        names = next(csv.reader([text], strict=True), [""])
    except csv.Error:
        raise refuse_file(
            "bad_quote",
            f"{name} has a quotation mark in its first line that does not open and close a whole name.",
        ) from None
    for other, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if text.count(other) > text.count(","):
            raise refuse_file("wrong_delimiter", f"{name} is separated by {word}; expected commas.")
    return names


def _end_of_rows(data: bytes) -> int:
    """Where the last row ends: blank lines at the end of a file are no rows."""
    stop = len(data)
    while stop and data[stop - 1] in (_LF, _CR):
        stop -= 1
    return stop


def _check_nul(name: str, data: bytes) -> None:
    at = data.find(b"\x00")
    if at >= 0:
        raise refuse_file(
            "nul_byte",
            f"{name} holds a NUL byte at byte {at + 1}; expected text.",
            row=data.count(b"\n", 0, at),
        )


def _check_utf8(name: str, data: bytes) -> None:
    """Validate without making a text of it; only a failure is decoded, to name the byte."""
    whole = pa.Array.from_buffers(
        pa.large_binary(), 1, [None, pa.py_buffer(np.array([0, len(data)])), pa.py_buffer(data)]
    )
    try:
        whole.cast(pa.large_string())
    except pa.ArrowInvalid:
        raise _not_utf8(name, data) from None


def _check_quotes(name: str, data: bytes, start: int) -> None:
    """A quote opens or closes a cell or is doubled inside one; other quotes are read differently by all."""
    if b'"' not in data:
        return
    raw = np.frombuffer(data, np.uint8)
    at = np.concatenate(
        [i + np.flatnonzero(raw[i : i + _BLOCK] == _QUOTE) for i in range(0, len(raw), _BLOCK)]
    )
    opens, closes = at[0::2], at[1::2]
    before = np.where(opens > start, raw[opens - 1], _LF)
    after = np.where(closes + 1 < len(raw), raw[np.minimum(closes + 1, len(raw) - 1)], _LF)
    bad = np.concatenate(
        [
            opens[~np.isin(before, (_COMMA, _LF, _CR, _QUOTE))],
            closes[~np.isin(after, (_COMMA, _LF, _CR, _QUOTE))],
            opens[len(closes) :],
        ]
    )
    if len(bad):
        line = data.count(b"\n", 0, int(bad.min())) + 1
        raise refuse_file(
            "bad_quote",
            f"Line {line}: a quotation mark does not open or close a whole cell; "
            'expected "…" around the cell and "" inside it.',
            row=line - 1,
        )


def _note_line_ends(data: bytes, findings: Findings) -> None:
    returns = data.count(b"\r")
    if not returns:
        return
    pairs, feeds = data.count(b"\r\n"), data.count(b"\n")
    if len([n for n in (pairs, feeds - pairs, returns - pairs) if n]) > 1:
        findings.add(
            Finding(0, "", "mixed_line_ends", "Lines end in more than one way; all were read as line ends.")
        )


def _parse(
    name: str, body: pa.BufferReader, data: bytes, names: list[str], wanted: Collection[str] | None
) -> pa.Table:
    ragged: list[tuple[int, int]] = []

    def note(row: pa.csv.InvalidRow) -> str:
        ragged.append((row.number - 1, row.actual_columns))
        return "skip"

    keep = [n for n in names if wanted is None or n in wanted]
    try:
        table = pa.csv.read_csv(
            body,
            read_options=pa.csv.ReadOptions(use_threads=False, block_size=_BLOCK),
            parse_options=pa.csv.ParseOptions(
                newlines_in_values=b'"' in data, ignore_empty_lines=False, invalid_row_handler=note
            ),
            convert_options=pa.csv.ConvertOptions(
                column_types={n: pa.string() for n in keep},
                include_columns=keep,
                strings_can_be_null=False,
                null_values=[],
            ),
        )
    except pa.ArrowException as error:
        raise _why(name, error) from None
    if ragged:
        raise _ragged(ragged, len(names))
    return table


def _ragged(rows: list[tuple[int, int]], expected: int) -> FileRefused:
    """Only this is reported: while rows do not fit the header, nothing is in the column it seems to be in."""
    found = Findings()
    for number, came in rows[: found.cap]:
        found.add(
            Finding(
                number,
                "",
                "ragged_row",
                f"Row {number}: has {came:,} cells. Expected {expected:,} "
                "comma-separated columns in every row.",
            )
        )
    found.count("ragged_row", max(0, len(rows) - found.cap))
    return FileRefused(refusal(found), findings=found)


def _why(name: str, error: Exception) -> FileRefused:
    text = str(error)
    if "straddling" in text:
        return refuse_file(
            "too_long", f"{name} has a row of more than {_BLOCK:,} bytes; expected shorter cells."
        )
    if "Empty CSV" in text:
        return refuse_file("no_rows", f"{name} has a header but no row; expected at least one.")
    return refuse_file(
        "unreadable",
        f"{name} cannot be read as a table: {printable(text.splitlines()[0][:200].rstrip('.'))}.",
    )


def _not_utf8(name: str, data: bytes) -> FileRefused:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start)
        return refuse_file(
            "not_utf8",
            f"{name} is not UTF-8: byte {error.start + 1} (line {row + 1}) is "
            f"0x{data[error.start]:02x}. Save it as UTF-8.",
            row=row,
        )
    return refuse_file("not_utf8", f"{name} is not UTF-8. Save it as UTF-8.")
