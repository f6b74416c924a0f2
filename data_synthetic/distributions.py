"""The distributions of the made world, each with `sample` and `log_prob` of one and the same law.

Sampling is by inversion of uniforms that the caller supplies, so that a named random stream decides a value
whatever else is drawn. Functions take parameters per item (arrays that broadcast); the classes hold one law
and are what tests, documents and the brute-force oracle use.

>>> import numpy as np
>>> coin = Categorical(("no", "yes"), np.array([0.25, 0.75]))
>>> coin.sample(np.random.default_rng(0), 4).tolist(), np.exp(coin.log_prob(np.array([1]))).tolist()
([1, 1, 0, 0], [0.75])
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = [
    "Categorical",
    "LogLogistic",
    "NominalValue",
    "Repeats",
    "log_softmax",
    "pick",
    "loglogistic_sample",
    "loglogistic_log_prob",
]

_FAR = 300.0  # logits beyond this are certain in double precision; keeps exp() finite


def log_softmax(weights: np.ndarray, axis: int = -1) -> np.ndarray:
    """Log-probabilities from log-weights; −inf stays −inf.

    >>> np.exp(log_softmax(np.log(np.array([1.0, 3.0])))).round(6).tolist()
    [0.25, 0.75]
    """
    top = np.max(weights, axis=axis, keepdims=True)
    shifted = weights - top
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def pick(cumulative: np.ndarray, row: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Invert a table of cumulative probabilities: for each item its table row and a uniform.

    Parameters
    ----------
    cumulative
        Shape (rows, levels); every row rises to exactly 1.
    row, u
        Shape (n,): which row, and a uniform in [0, 1).

    Returns
    -------
    ndarray of int, shape (n,)
        The chosen level.

    >>> pick(np.array([[0.5, 1.0], [0.1, 1.0]]), np.array([0, 1]), np.array([0.3, 0.3])).tolist()
    [0, 1]
    """
    rows, levels = cumulative.shape
    flat = (cumulative + np.arange(rows)[:, None]).ravel()
    found = np.searchsorted(flat, row + u, side="right") - row * levels
    return np.clip(found, 0, levels - 1)


def loglogistic_sample(u: np.ndarray, mu: np.ndarray, spread: np.ndarray, low: np.ndarray,
                       high: np.ndarray) -> np.ndarray:
    """Whole numbers in [low, high] whose logarithm is logistic around `mu` with scale `spread`.

    >>> loglogistic_sample(np.array([0.5]), np.log(200.0), 0.3, 1, 2000).tolist()
    [200.0]
    """
    below, above = (_cdf((np.log(edge) - mu) / spread) for edge in (low - 0.5, high + 0.5))
    p = np.clip(below + u * (above - below), 1e-300, 1.0 - 1e-16)
    x = np.exp(mu + spread * (np.log(p) - np.log1p(-p)))
    return np.clip(np.floor(x + 0.5), low, high)


def loglogistic_log_prob(k: np.ndarray, mu: np.ndarray, spread: np.ndarray, low: np.ndarray,
                         high: np.ndarray) -> np.ndarray:
    """Log-probability of the whole number `k` under the law of `loglogistic_sample`.

    With F the logistic function, F(b) − F(a) = F(b)·F(−a)·(1 − exp(a−b)), which is stable in both tails.

    >>> k = np.arange(1, 51)
    >>> float(np.exp(loglogistic_log_prob(k, np.log(3.0), 0.5, 1, 50)).sum().round(12))
    1.0
    """
    a, b, below, above = (np.clip((np.log(edge) - mu) / spread, -_FAR, _FAR)
                          for edge in (k - 0.5, k + 0.5, low - 0.5, high + 0.5))
    ratio = (1.0 + np.exp(below)) / (1.0 + np.exp(a)) * ((1.0 + np.exp(above)) / (1.0 + np.exp(b)))
    return (b - above) + np.log(ratio) + np.log1p(-np.exp(a - b)) - np.log1p(-np.exp(below - above))


def _cdf(x: np.ndarray) -> np.ndarray:
    return 1.0 / (1.0 + np.exp(-np.clip(x, -_FAR, _FAR)))


@dataclass(frozen=True)
class Categorical:
    """One of several labels; values are label numbers."""

    labels: tuple[str, ...]
    p: np.ndarray

    def sample(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draw `size` label numbers."""
        cumulative = np.cumsum(self.p)[None, :]
        return pick(cumulative / cumulative[:, -1:], np.zeros(size, dtype=np.int64), rng.random(size))

    def log_prob(self, values: np.ndarray) -> np.ndarray:
        """Log-probability (nats) of label numbers."""
        with np.errstate(divide="ignore"):
            return np.log(self.p)[values]


@dataclass(frozen=True)
class LogLogistic:
    """Whole numbers in [low, high] with a log-logistic law: `median`, and `spread` on the log scale."""

    median: float
    spread: float
    low: int
    high: int

    def sample(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draw `size` whole numbers (as floats)."""
        return loglogistic_sample(rng.random(size), np.log(self.median), self.spread, self.low, self.high)

    def log_prob(self, values: np.ndarray) -> np.ndarray:
        """Log-probability (nats) of whole numbers in [low, high]."""
        return loglogistic_log_prob(np.asarray(values), np.log(self.median), self.spread, self.low, self.high)


@dataclass(frozen=True)
class NominalValue:
    """A declared value in hundredths: 0 or 1 SDR with probability `nominal`, else the `honest` law."""

    nominal: float
    honest: LogLogistic

    def sample(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draw `size` values in hundredths of an SDR."""
        u = rng.random(size)
        return np.where(u < self.nominal, 100.0 * (u < self.nominal / 2), self.honest.sample(rng, size))

    def log_prob(self, values: np.ndarray) -> np.ndarray:
        """Log-probability (nats) of values in hundredths of an SDR."""
        honest = np.log1p(-self.nominal) + self.honest.log_prob(np.maximum(values, 1))
        return mix_nominal(values, np.log(self.nominal), honest)


def mix_nominal(values: np.ndarray, log_nominal: np.ndarray, log_honest: np.ndarray) -> np.ndarray:
    """Log-probability of a value that is 0 or 1 SDR by habit, or honest; both logs hold their own weight.

    0 comes from the habit only; 100 (one SDR) from both; every other value from honesty only.
    """
    habit = log_nominal - np.log(2.0)
    with_one = np.where(values == 100, np.logaddexp(habit, log_honest), log_honest)
    return np.where(values == 0, habit, with_one)


@dataclass(frozen=True)
class Repeats:
    """A sequence of counterparts: each is new with probability `novelty`, else that of a uniformly chosen
    earlier item (Simon 1955). The choice among earlier ones tells nothing about who chose, so it has no
    part in the likelihood ratio; `log_prob` is of the pattern new/seen only."""

    novelty: float

    def sample(self, rng: np.random.Generator, size: int) -> np.ndarray:
        """Draw `size` steps of new (1) or seen (0); the first is always new."""
        new = (rng.random(size) < self.novelty).astype(np.int64)
        new[:1] = 1
        return new

    def log_prob(self, values: np.ndarray) -> np.ndarray:
        """Log-probability (nats) of each step of a pattern; 0 for the first."""
        steps = np.where(values == 1, np.log(self.novelty), np.log1p(-self.novelty))
        steps[:1] = 0.0
        return steps
