"""What a score saves, for any price of a miss: expected cost against the cost ratio.

The unit is one examination. A missed irregular item costs `cost_ratio` of them, a find nothing beyond its
examination. Drummond and Holte's cost curves (2006) ask the same over all ratios; here each ratio also
has its own best capacity, and the cost of following the stated probabilities, which is to examine an item
when its risk score times the ratio is at least 1. Whoever knows nothing of the single item can only examine
everything or nothing, whichever is cheaper.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import expit

from risk.evaluation.measures import stands_for

__all__ = ["RATIOS", "cost_table"]

RATIOS = (5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


def cost_table(margins: Mapping[str, np.ndarray], y: np.ndarray, *, weight: np.ndarray | None = None,
               ratios: tuple[float, ...] = RATIOS) -> pd.DataFrame:
    """Cost of each policy at its best capacity, per 1,000 items, in examinations.

    Parameters
    ----------
    margins
        Score of each policy, name → shape (n_items,).
    y
        What an examination would show, in {0, 1}, shape (n_items,).
    weight
        How many items of the stream each row stands for; None when every item is judged.
    ratios
        What one missed irregular item costs, in examinations.

    Returns
    -------
    DataFrame
        ``policy, cost_ratio, examination_rate, cost, saved, cost_as_stated``: `examination_rate` is the
        capacity at which the cost is lowest (in hindsight), `saved` the share saved against the cheaper of
        examining nothing and everything (0–1), `cost_as_stated` the cost of following the policy's stated
        probabilities (only for margins that are log-odds).

    >>> y, margin = np.array([1, 0, 0, 0]), np.array([2.0, -1, -2, -3])
    >>> cost_table({"m": margin}, y, ratios=(10.0,))[["examination_rate", "cost", "saved"]].values.tolist()
    [[0.25, 250.0, 0.75]]
    """
    w, total, existing = stands_for(y, weight)
    rows = []
    for name, margin in margins.items():
        examined, found = _steps(np.asarray(margin, float), np.asarray(y, float), w)
        stated = expit(margin)
        for ratio in ratios:
            cost = examined + ratio * (existing - found)
            best, blind = int(np.argmin(cost)), min(ratio * existing, total)
            taken = w * (stated * ratio >= 1)
            followed = float(taken.sum() + ratio * (existing - taken @ y))
            rows.append({"policy": name, "cost_ratio": ratio, "examination_rate": float(examined[best] / total),
                         "cost": float(1000 * cost[best] / total), "saved": float(1 - cost[best] / blind),
                         "cost_as_stated": 1000 * followed / total})
    return pd.DataFrame(rows)


def _steps(margin: np.ndarray, y: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mass examined and found after each distinct margin, from the highest down; nothing examined first."""
    levels, at = np.unique(-margin, return_inverse=True)
    return tuple(np.concatenate([[0.0], np.cumsum(np.bincount(at, v, len(levels)))]) for v in (w, w * y))
