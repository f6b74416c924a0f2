"""How much of an outside file is read at all."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Limits", "FILES", "UPLOADS"]


@dataclass(frozen=True)
class Limits:
    """Caps that stand before any parsing, so that a small hostile file cannot fill the memory.

    Attributes
    ----------
    max_bytes
        Size of the file, and of everything a Parquet file unpacks to.
    max_rows, max_columns, max_parts
        Rows; columns of the file; Parquet parts of a folder.
    max_cell
        Bytes of one cell.
    """

    max_bytes: int = 4 * 1024**3
    max_rows: int = 50_000_000
    max_columns: int = 2_000
    max_parts: int = 10_000
    max_cell: int = 100_000


FILES = Limits()
UPLOADS = Limits(max_bytes=256 * 1024**2, max_rows=2_000_000, max_columns=500)
