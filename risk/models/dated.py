"""Tables that change with the day: for each item those that were in force on its own day.

A rule book has dates: a rule that was not yet, or no longer, in force on the day of an item does not fire for
it, whenever the item is scored. Between two changes the book is one additive model; all of them start from the
same base value, that of the newest, and what a rule out of force would have added on average is
taken from the details that it tests. So base value and attributions still add up to the margin.

The day is one more column after the features: whole days since 1970-01-01, NaN (or no such column) for the newest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from risk.models.tables import AdditiveTables

__all__ = ["DatedTables", "dated", "with_day"]

_DAY_MS = 86_400_000


@dataclass(frozen=True)
class DatedTables(AdditiveTables):
    """The newest tables, and the older ones with the days on which they ended.

    Attributes
    ----------
    changes
        Days since 1970 on which the tables changed, ascending, float32 (k,).
    older
        The tables before each change, oldest first, length k; with the base value of the newest.
    """

    changes: np.ndarray = field(default_factory=lambda: np.empty(0, np.float32))
    older: tuple[AdditiveTables, ...] = ()

    def scaled(self, slope: float, shift: float) -> "DatedTables":
        """The tables of ``slope · margin + shift``."""
        return replace(super().scaled(slope, shift), older=tuple(t.scaled(slope, shift) for t in self.older))

    def rebased(self, background: np.ndarray, weight: np.ndarray | None = None) -> "DatedTables":
        """Not offered: what is taken from which detail is known where the rules are. Compile the rule book anew."""
        raise NotImplementedError("Dated tables have no other background; compile the rules anew.")

    def margins(self, x: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Margins, shape (n_items,), by the tables of each item's day."""
        return self.explain(x, threads=threads)[1]

    def attributions(self, x: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Attributions, shape (n_items, p), by the tables of each item's day."""
        return self.explain(x, threads=threads)[0]

    def explain(self, x: np.ndarray, *, threads: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Attributions (n_items, p) and margins (n_items,); `x` is (n_items, p), or one column more with the day."""
        p = len(self.names)
        if x.ndim != 2 or x.shape[1] != p + 1:
            return super().explain(x, threads=threads)
        at = np.where(np.isnan(x[:, p]), len(self.older), np.searchsorted(self.changes, x[:, p], side="right"))
        phi, margin = np.empty((len(x), p)), np.empty(len(x))
        for k in np.unique(at):
            rows, newest = np.flatnonzero(at == k), k == len(self.older)
            of_day = super().explain if newest else self.older[k].explain
            phi[rows], margin[rows] = of_day(np.ascontiguousarray(x[rows, :p]), threads=threads)
        return phi, margin

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for an ``npz`` file: data only, no code."""
        out = super().to_arrays() | {"changes": self.changes}
        return out | {f"older_{k}_{name}": v for k, t in enumerate(self.older) for name, v in t.to_arrays().items()}

    @classmethod
    def from_arrays(cls, names: Sequence[str], arrays: Mapping[str, np.ndarray]) -> "DatedTables":
        """Rebuild from `to_arrays`, refusing tables whose shapes do not belong together."""
        newest = AdditiveTables.from_arrays(names, arrays)
        older = []
        for k in range(len(arrays["changes"])):
            start = f"older_{k}_"
            own = {name.removeprefix(start): v for name, v in arrays.items() if name.startswith(start)}
            older.append(AdditiveTables.from_arrays(names, own))
        return cls(**_fields(newest), changes=arrays["changes"], older=tuple(older))


def dated(
    newest: AdditiveTables, changes: np.ndarray, older: Sequence[tuple[AdditiveTables, np.ndarray]]
) -> DatedTables:
    """Join tables of several times.

    `older` has each time's tables, and by feature what to add to its attributions, (p,), for the base value of the
    newest; these add up to the difference of the two base values.
    """
    held = tuple(
        replace(t, base=newest.base, single=tuple(s + o for s, o in zip(t.single, offsets, strict=True)))
        for t, offsets in older
    )
    return DatedTables(**_fields(newest), changes=np.asarray(changes, np.float32), older=held)


def with_day(tables: object, x: np.ndarray, moment_ms: np.ndarray) -> np.ndarray:
    """The matrix for these tables: with the day of each item (int64 ms UTC) where they ask for it.

    >>> with_day(None, np.zeros((1, 2), np.float32), np.array([0])).shape
    (1, 2)
    """
    if not isinstance(tables, DatedTables):
        return x
    day = np.where(moment_ms > 0, moment_ms // _DAY_MS, np.nan)  # no time column, or none stated: the newest
    return np.column_stack([x, day]).astype(np.float32)


def _fields(tables: AdditiveTables) -> dict[str, object]:
    """The fields of plain additive tables."""
    return {name: getattr(tables, name) for name in AdditiveTables.__dataclass_fields__}
