"""What a check found: one finding a cell, totals exact, listing capped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

from risk.errors import FileRefused
from risk.intake.codes import CODES

__all__ = ["Finding", "Findings", "excerpt", "printable", "refusal", "refuse_file"]


def excerpt(value: object) -> str:
    """At most 40 characters of a value, control characters escaped, for showing in a message.

    >>> excerpt("a\\tb" + "x" * 50)
    'a\\\\tbxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…'
    """
    text = printable(str(value)[:60])
    return text if len(text) <= 40 else text[:39] + "…"


def printable(text: str) -> str:
    """The text with everything that cannot be printed escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@dataclass(frozen=True)
class Finding:
    """One thing that is not as the dictionary says. `row` counts from 1, header excluded; 0 is the file."""

    row: int
    column: str
    code: str
    message: str
    excerpt: str = ""

    @property
    def is_error(self) -> bool:
        """Whether it keeps the file from being imported."""
        return CODES[self.code].severity == "error"


@dataclass
class Findings:
    """A growing list of findings: counts by code are exact, the listing is capped.

    Attributes
    ----------
    cap
        Findings listed per column and code.
    most
        Findings listed in all.
    listed, counts
        The listing; the exact totals by code.
    first_error
        The error of the smallest row number, for a one-line answer, listed or not.
    """

    cap: int = 100
    most: int = 2000
    listed: list[Finding] = field(default_factory=list)
    counts: Counter = field(default_factory=Counter)
    first_error: Finding | None = None

    def add(self, finding: Finding, *, times: int = 1) -> None:
        """Count a finding `times` over, and list it while there is room."""
        self.counts[finding.code] += times
        if finding.is_error and (self.first_error is None or finding.row < self.first_error.row):
            self.first_error = finding
        if len(self.listed) < self.most:
            self.listed.append(finding)

    def count(self, code: str, times: int) -> None:
        """Count findings that are past the listing's cap."""
        self.counts[code] += times

    def merge(self, other: "Findings") -> None:
        """Take over everything another list holds."""
        for finding in other.listed:
            self.add(finding, times=0)
        self.counts.update(other.counts)

    @property
    def errors(self) -> int:
        """How many findings keep the file from being imported."""
        return sum(n for code, n in self.counts.items() if CODES[code].severity == "error")

    @property
    def notices(self) -> tuple[Finding, ...]:
        """What is let pass, to be shown."""
        return tuple(f for f in self.listed if not f.is_error)

    def to_frame(self) -> pd.DataFrame:
        """The listing as a table: row, column, code, severity, message, excerpt, and the exact total of the code."""
        listed = sorted(self.listed, key=lambda f: f.row)
        rows = [
            (f.row, f.column, f.code, CODES[f.code].severity, f.message, f.excerpt, self.counts[f.code])
            for f in listed
        ]
        names = ["row", "column", "code", "severity", "message", "excerpt", "total"]
        return pd.DataFrame(rows, columns=names)


def refusal(findings: Findings) -> str:
    """One line that says what was wrong first, that nothing was imported, and how much more there is."""
    first, more = findings.first_error, findings.errors - 1
    rest = (
        f" ({more:,} more finding{'s' if more > 1 else ''}; list them with: risk check DATA.)" if more else ""
    )
    return f"{first.message} Nothing was imported.{rest}"


def refuse_file(code: str, message: str, *, row: int = 0, column: str = "") -> FileRefused:
    """The error to raise when a file cannot be read as a table at all."""
    findings = Findings()
    findings.add(Finding(row, column, code, message))
    return FileRefused(refusal(findings), findings=findings)
