"""Faithfulness to the model: do attributions add up, order the margin's fall, and stay put?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from risk.explanation_audit.cause import rank_correlation

__all__ = ["deletion_curves", "faithfulness", "stability"]


def deletion_curves(
    margins: Callable[[np.ndarray], np.ndarray],
    x: np.ndarray,
    phi: np.ndarray,
    background: np.ndarray,
    *,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Mean margin while features are replaced by those of background rows, one after another.

    Parameters
    ----------
    margins
        The model: feature matrix (n, p) → margins (n,).
    x, phi : (n, p)
        Features and attributions of the items.
    background : (n_background, p)
        Each deleted value is that of one background row, drawn anew for every item, the same in all curves.

    Returns
    -------
    dict
        ``deletion`` (largest attribution first), ``insertion`` (largest first into the background row) and
        ``random`` (deletion in a random order): mean margins after 0…p steps, shape (p + 1,).
    """
    rng = np.random.default_rng([seed, 42])
    other = background[rng.integers(0, len(background), len(x))]
    largest = np.argsort(-phi, axis=1, kind="stable")
    shuffled = rng.permuted(largest, axis=1)
    return {
        "deletion": _curve(margins, x, other, largest),
        "insertion": _curve(margins, other, x, largest),
        "random": _curve(margins, x, other, shuffled),
    }


def _curve(
    margins: Callable[[np.ndarray], np.ndarray], start: np.ndarray, end: np.ndarray, order: np.ndarray
) -> np.ndarray:
    at, out = start.copy(), [float(margins(start).mean())]
    rows = np.arange(len(at))
    for step in range(order.shape[1]):
        at[rows, order[:, step]] = end[rows, order[:, step]]
        out.append(float(margins(at).mean()))
    return np.array(out)


def faithfulness(curves: Mapping[str, np.ndarray], gaps: np.ndarray) -> pd.DataFrame:
    """Whether attributions describe the model: ``measure, value, beside, what``.

    `gaps` (n,) are the differences of base value plus attributions from the margin. Areas are mean margins
    over a curve, in log-odds; deletion should lie below the random order's, insertion above its end points'
    mean.
    """
    area = {name: float(np.trapezoid(curve) / (len(curve) - 1)) for name, curve in curves.items()}
    ends = (curves["insertion"][0] + curves["insertion"][-1]) / 2
    rows = [
        ("greatest gap of additivity", float(np.abs(gaps).max()), 1e-6, "log-odds; at most"),
        ("deletion area", area["deletion"], area["random"], "log-odds; random order gives"),
        ("insertion area", area["insertion"], float(ends), "log-odds; a straight line gives"),
    ]
    return pd.DataFrame(rows, columns=["measure", "value", "beside", "what"])


def stability(phi: np.ndarray, others: Sequence[np.ndarray]) -> dict[str, float]:
    """How alike attributions stay under changes: mean rank correlation, share with the same top reason.

    Parameters
    ----------
    phi : (n, p)
    others
        Attributions of the same items, each (n, p): of slightly changed declarations, or of models trained
        again on bootstrap samples.

    >>> stability(np.array([[3.0, 2, 1]]), [np.array([[3.0, 1, 2]])])
    {'rank_correlation': 0.5, 'same_top_reason': 1.0}
    """
    same = [float((phi.argmax(axis=1) == o.argmax(axis=1)).mean()) for o in others]
    return {
        "rank_correlation": float(np.nanmean([rank_correlation(phi, o) for o in others])),
        "same_top_reason": float(np.mean(same)),
    }
