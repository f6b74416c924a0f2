"""Leakage audit: can the label be had without learning anything?

Six questions, each with a figure, a limit and what to do. Labels are asked of later items with what earlier
items showed, as a model would be; a column, a key or an id that answers too well is a leak (Kaufman et al.
2012, "Leakage in data mining"; Kapoor and Narayanan 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from risk.errors import Refused
from risk.intake import Data
from risk.leakage.columns import gives_away, ids_that_predict, known_too_late
from risk.leakage.keys import duplicates, lookup_against_model, pure_keys
from risk.leakage.leak import Answer, Asked
from risk.training import CALIBRATE, EVALUATE, FIT, slices_of

__all__ = ["Answer", "Audit", "audit_leakage"]

_MIN_FOUND = 10
_MOST_ROWS = 50_000


@dataclass(frozen=True)
class Audit:
    """What was asked, and every answer; those that are leaks first."""

    answers: tuple[Answer, ...]
    n: int
    found: int

    @property
    def leaks(self) -> tuple[Answer, ...]:
        """The answers that are leaks."""
        return tuple(a for a in self.answers if a.is_leak)

    def to_frame(self) -> pd.DataFrame:
        """``code, columns, figure, limit, leak, message, todo``, leaks first."""
        rows = [
            (a.code, " × ".join(a.columns), round(a.figure, 4), a.limit, a.is_leak, a.message, a.todo)
            for a in sorted(self.answers, key=lambda a: not a.is_leak)
        ]
        names = ["code", "columns", "figure", "limit", "leak", "message", "todo"]
        return pd.DataFrame(rows, columns=names)


def audit_leakage(data: Data, y: np.ndarray, *, margin: np.ndarray | None = None, seed: int = 0) -> Audit:
    """Ask every question of a data set.

    Parameters
    ----------
    data
        From the gate.
    y
        Labels in {0, 1}, NaN where unknown, shape (n_items,).
    margin
        A model's scores of the same items, for the look-up beside it; it must not have learnt from the last
        slice. None leaves that question out.
    seed
        Of the split, where there is no time column.

    Raises
    ------
    risk.errors.Refused
        When too few later items have a label to say anything.
    """
    slices = slices_of(data.declarations, data.dictionary, seed=seed)
    keep = _sample(np.isfinite(y), seed)
    found = int(y[keep & slices.rows(EVALUATE)].sum())
    if min(found, int(y[keep & ~slices.rows(EVALUATE)].sum())) < _MIN_FOUND:
        raise Refused(
            f"The last slice has {found:,} finds among labelled items; expected at least {_MIN_FOUND} there "
            "and before it. Use a longer period, or (on made data) --labels truth. Nothing was audited."
        )
    which = {
        name: slices.rows(k)[keep] for name, k in (("fit", FIT), ("tune", CALIBRATE), ("later", EVALUATE))
    }
    asked = Asked(
        data.declarations[keep].reset_index(drop=True),
        y[keep],
        which,
        data.dictionary,
        None if margin is None else margin[keep],
    )
    answers = [
        *duplicates(asked),
        *pure_keys(asked),
        *lookup_against_model(asked),
        *gives_away(asked),
        *known_too_late(data, np.isfinite(y)),
        *ids_that_predict(asked, np.flatnonzero(keep)),
    ]
    return Audit(tuple(answers), int(which["later"].sum()), found)


def _sample(labelled: np.ndarray, seed: int) -> np.ndarray:
    """At most 50,000 labelled rows, drawn at random: enough to see a leak."""
    rows = np.flatnonzero(labelled)
    if len(rows) > _MOST_ROWS:
        rows = np.random.default_rng([seed, 41]).choice(rows, _MOST_ROWS, replace=False)
    out = np.zeros(len(labelled), bool)
    out[rows] = True
    return out
