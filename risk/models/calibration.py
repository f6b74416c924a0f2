"""Calibration that keeps explanations exact: an affine map of the margin.

Platt's (1999) map ``margin = slope · raw + shift`` is affine, so attributions scale with it and still add
up; an isotonic map would break them.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

__all__ = ["fit_affine"]

_PRIOR = 0.25  # standard deviation of log(slope) around 1: a small slice cannot turn the model around


def fit_affine(raw: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> tuple[float, float]:
    """Slope (> 0) and shift that make ``expit(slope · raw + shift)`` the rate of y.

    Parameters
    ----------
    raw : (n_items,), log-odds of the fitted model
    y : (n_items,), labels in {0, 1} from a later slice
    weight : (n_items,), optional

    Notes
    -----
    Penalised likelihood with a log-normal prior on the slope around 1; weights are scaled to their
    effective sample size, so that a few heavy rows do not pass for many.

    >>> raw = np.linspace(-3, 3, 2001); y = np.random.default_rng(0).random(2001) < expit(2 * raw - 1)
    >>> slope, shift = fit_affine(raw, y)
    >>> bool(abs(slope - 2) < 0.3 and abs(shift + 1) < 0.3)
    True
    """
    y, w = np.asarray(y, float), np.ones(len(y)) if weight is None else np.asarray(weight, float)
    w = w * (w.sum() / (w**2).sum())

    def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
        slope, shift = np.exp(theta[0]), theta[1]
        z = slope * raw + shift
        miss = w * (expit(z) - y)
        value = float((w * (np.logaddexp(0, z) - y * z)).sum()) + 0.5 * (theta[0] / _PRIOR) ** 2
        return value, np.array([(miss * raw).sum() * slope + theta[0] / _PRIOR**2, miss.sum()])

    theta = minimize(loss, np.zeros(2), jac=True, method="L-BFGS-B", bounds=[(-3, 3), (-30, 30)]).x
    return float(np.exp(theta[0])), float(theta[1])
