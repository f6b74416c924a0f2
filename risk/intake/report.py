"""From a column of bad rows to findings: the first rows listed, all of them counted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from risk.intake.findings import Finding, Findings, excerpt
from risk.schema import Field

__all__ = ["report", "is_not"]


def report(
    findings: Findings,
    name: str,
    code: str,
    bad: np.ndarray | pa.ChunkedArray,
    given: pa.ChunkedArray,
    say: Callable[[object], str],
) -> None:
    """List the first rows of `bad` (bool, shape (n_rows,)) up to the cap, and count the rest."""
    if not isinstance(bad, np.ndarray):
        if not pc.any(bad).as_py():
            return
        bad = pc.fill_null(bad, False).to_numpy().astype(bool)
    rows = np.flatnonzero(bad)
    for i in rows[: findings.cap]:
        value = given[int(i)].as_py()
        shown = "" if value is None else value
        findings.add(Finding(int(i) + 1, name, code, f"Row {i + 1}: {name} {say(shown)}.", excerpt(shown)))
    if len(rows) > findings.cap:
        findings.count(code, len(rows) - findings.cap)


def is_not(f: Field) -> Callable[[object], str]:
    """How to say that a value is not what its field wants."""
    return lambda value: f"is '{excerpt(value)}'; expected {f.expected}"
