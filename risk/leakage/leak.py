"""What the questions share: labelled rows, earlier and later ones, look-ups, the form of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from risk.schema import Dictionary, Field

__all__ = ["Answer", "Asked", "auc_low", "rates_from", "codes_of"]


@dataclass(frozen=True)
class Answer:
    """One answer: what was measured on which columns, the limit, and what to do where it is a leak."""

    code: str
    columns: tuple[str, ...]
    figure: float
    limit: float
    is_leak: bool
    message: str
    todo: str = ""


@dataclass(frozen=True)
class Asked:
    """The labelled rows: declarations, labels, slices (``fit``, ``tune``, ``later``), a model's scores."""

    frame: pd.DataFrame
    y: np.ndarray
    which: Mapping[str, np.ndarray]
    dictionary: Dictionary
    margin: np.ndarray | None = None

    @property
    def later(self) -> np.ndarray:
        """Rows that are judged."""
        return self.which["later"]

    @property
    def earlier(self) -> np.ndarray:
        """Rows that may be learnt from."""
        return ~self.which["later"]

    @property
    def base(self) -> float:
        """Share found among later rows."""
        return float(self.y[self.later].mean())

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Declared columns that say something of the item itself: no ids, times, parties, later ones."""
        return tuple(
            f
            for f in self.dictionary.fields()
            if f.role in ("categorical", "numeric", "text") and f.known_at != "examination"
        )

    @cached_property
    def codes(self) -> dict[str, np.ndarray]:
        """Every such column as whole numbers, equal where its values are equal (empty cells are equal)."""
        made = {f.name: codes_of(self.frame[f.name]) for f in self.fields}
        return {name: codes for name, codes in made.items() if codes.max() > 0}

    def key(self, names: Sequence[str]) -> np.ndarray:
        """Several columns as one whole number, equal where all of them are."""
        out = self.codes[names[0]]
        for name in names[1:]:
            out = pd.factorize(out * (int(self.codes[name].max()) + 1) + self.codes[name])[0]
        return out


def codes_of(column: pd.Series) -> np.ndarray:
    """Values as whole numbers from 0 up."""
    return pd.factorize(column, use_na_sentinel=False)[0].astype(np.int64)


def rates_from(key: np.ndarray, y: np.ndarray, learn: np.ndarray) -> np.ndarray:
    """A dictionary with no learning: each row's rate of finds among the rows `learn` of the same key.

    One find at the overall rate is added, so that a key never seen gets that rate.

    >>> rates_from(np.array([0, 0, 1, 1]), np.array([1.0, 1, 0, 0]), np.array([1, 0, 1, 0], bool)).tolist()
    [0.75, 0.75, 0.25, 0.25]
    """
    size = int(key.max()) + 1
    n = np.bincount(key[learn], minlength=size)
    found = np.bincount(key[learn], y[learn], minlength=size)
    return ((found + y[learn].mean()) / (n + 1))[key]


def auc_low(score: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Area under the curve and its lower 95 % bound (Hanley and McNeil 1982).

    >>> auc_low(np.array([1.0, 2, 3, 4]), np.array([0, 0, 1, 1]))
    (1.0, 1.0)
    """
    n1, n0 = float(y.sum()), float(len(y) - y.sum())
    if min(n1, n0) == 0:
        return 0.5, 0.0
    auc = float((rankdata(score)[y > 0].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))
    q1, q2 = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = (auc * (1 - auc) + (n1 - 1) * (q1 - auc**2) + (n0 - 1) * (q2 - auc**2)) / (n1 * n0)
    return auc, auc - 1.96 * float(np.sqrt(max(variance, 0.0)))
