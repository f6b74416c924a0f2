"""Items by falling score, ranked once and judged under any weights: what a bootstrap asks hundreds of times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

__all__ = ["Ranked"]


@dataclass(frozen=True)
class Ranked:
    """A score's items by falling margin.

    Attributes
    ----------
    place : int array, shape (n_items,), each item's place among the distinct margins, the highest first
    levels : int, how many distinct margins there are
    stated : float array, shape (n_items,), the probability that each margin states
    """

    place: np.ndarray
    levels: int
    stated: np.ndarray

    @classmethod
    def of(cls, margin: np.ndarray) -> "Ranked":
        """Rank margins (log-odds), shape (n_items,)."""
        levels, place = np.unique(-np.asarray(margin, float), return_inverse=True)
        return cls(place, len(levels), expit(np.asarray(margin, float)))

    def measures(self, y: np.ndarray, w: np.ndarray, *, rates: tuple[float, ...] = ()) -> dict[str, float]:
        """Average precision, AUC, Brier score, and the detection rate at each of `rates`, under item weights.

        Equal margins share their place equally. There must be weight on both sides of `y` (0 or 1).

        >>> y, w = np.array([1.0, 0, 1, 0]), np.ones(4)
        >>> found = Ranked.of(np.array([3.0, 2, 1, 0])).measures(y, w, rates=(0.5,))
        >>> {k: round(v, 3) for k, v in found.items()}
        {'average_precision': 0.833, 'auc': 0.75, 'brier': 0.275, 'detection_rate at 50.0%': 0.5}
        """
        mass, found = np.bincount(self.place, w, self.levels), np.bincount(self.place, w * y, self.levels)
        so_far, found_so_far, existing = np.cumsum(mass), np.cumsum(found), float((w * y).sum())
        regular, precision = mass - found, found_so_far / np.maximum(so_far, 1e-300)
        out = {"average_precision": float(found @ precision) / existing,
               "auc": float(regular @ (found_so_far - found / 2)) / (existing * float(regular.sum())),
               "brier": float(w @ (self.stated - y) ** 2 / w.sum())}
        for rate in rates:
            share = np.clip((rate * so_far[-1] - (so_far - mass)) / np.maximum(mass, 1e-300), 0, 1)
            out[f"detection_rate at {rate:.1%}"] = float(found @ share) / existing
        return out
