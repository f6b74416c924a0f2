"""What a check found: one finding a cell, totals exact, listing capped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

__all__ = ["Finding", "Findings", "CODES", "excerpt"]

#: Every code, its severity, and what it means.
CODES: dict[str, tuple[str, str]] = {
    "missing_column": ("error", "A declared column that must be there is not."),
    "extra_column": ("notice", "A column that the dictionary does not know; it is ignored."),
    "label_ignored": ("notice", "A column that says what an examination showed; it is ignored here."),
    "missing_value": ("error", "A required value is empty."),
    "not_a_number": ("error", "Text where a number belongs."),
    "not_whole": ("error", "A number with a fraction where a whole one belongs."),
    "not_a_date": ("error", "Not a date and time in ISO 8601 form."),
    "not_true_false": ("error", "Neither true nor false."),
    "out_of_range": ("error", "A number below the minimum or above the maximum."),
    "not_allowed": ("error", "A text that is not one of the allowed values."),
    "wrong_form": ("error", "A text that does not have the declared form."),
    "duplicate": ("error", "A value that must be unique stands more than once."),
}


def excerpt(value: object) -> str:
    """At most 40 characters of a value, control characters escaped, for showing in a message.

    >>> excerpt("a\\tb" + "x" * 50)
    'a\\\\tbxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'
    """
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(value)[:60])
    return text if len(text) <= 40 else text[:39] + "…"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the dictionary says. `row` counts from 1 without the header; 0 is the whole file."""

    row: int
    column: str
    code: str
    message: str
    excerpt: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it keeps the file from being imported."""
        return CODES[self.code][0] == "error"


@dataclass
class Findings:
    """A growing list of findings: counts by code are exact, the listing stops at `cap` per column and code."""

    cap: int = 100
    listed: list[Finding] = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)

    def add(self, finding: Finding, *, times: int = 1) -> None:
        """Count a finding `times` over, and list it."""
        self.counts[finding.code] += times
        self.listed.append(finding)

    def count(self, code: str, times: int) -> None:
        """Count findings that are past the listing's cap."""
        self.counts[code] += times

    @property
    def errors(self) -> int:
        """How many findings keep the file from being imported."""
        return sum(n for code, n in self.counts.items() if CODES[code][0] == "error")

    @property
    def first_error(self) -> Finding | None:
        """The error of the smallest row number, for a one-line answer."""
        return min((f for f in self.listed if f.is_error), key=lambda f: f.row, default=None)

    def to_frame(self) -> pd.DataFrame:
        """The listing as a table: row, column, code, message, excerpt."""
        rows = [(f.row, f.column, f.code, f.message, f.excerpt) for f in sorted(self.listed, key=lambda f: f.row)]
        return pd.DataFrame(rows, columns=["row", "column", "code", "message", "excerpt"])
