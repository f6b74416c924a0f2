"""Calibration that keeps explanations exact: an affine map of the margin.

Platt's (1999) map ``margin = slope · raw + shift`` is affine, so attributions scale with it and still add
up; an isotonic map would break them.

Where only part of the stream was examined, the slope comes from the examined items and the level from an
estimate of the whole stream's rate: items picked by an office that knows more than the model are more
often irregular than others of the same margin, and would lift every stated probability with them.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.special import expit

__all__ = ["fit_affine", "pooled_rate", "shift_for_rate"]

# Standard deviation of log(slope) around 0: five kinds of models on six made streams (teaching and operational, seeds
# 31-33) needed slopes of 0.5 to 1.6 (root mean square of the logarithm 0.38). A small slice cannot turn a model around.
_PRIOR = 0.4


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


def pooled_rate(stated: float, estimated: float, effective: float) -> float:
    """The rate to calibrate to: what the model states on average, moved towards a sample's estimate.

    On the log scale, each weighs as much as it is sure of: the estimate by its binomial variance at
    `effective` items (Kish), the stated rate as if it were wrong by a factor of e one time in three.

    >>> round(pooled_rate(0.04, 0.02, 1e9), 4), round(pooled_rate(0.04, 0.02, 50), 4), pooled_rate(0.04, 0.0, 50)
    (0.02, 0.0282, 0.04)
    """
    if estimated <= 0:
        return stated
    sure = 1 / (1 + (1 - estimated) / (estimated * effective))
    return float(np.exp(sure * np.log(estimated) + (1 - sure) * np.log(stated)))


def shift_for_rate(raw: np.ndarray, slope: float, rate: float) -> float:
    """The shift under which the mean stated probability of all items is `rate` (0–1).

    >>> raw = np.linspace(-6, 2, 500)
    >>> round(float(expit(0.8 * raw + shift_for_rate(raw, 0.8, 0.02)).mean()), 6)
    0.02
    """
    return float(brentq(lambda shift: expit(slope * raw + shift).mean() - rate, -60, 60))
