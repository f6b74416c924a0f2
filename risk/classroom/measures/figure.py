"""A figure with its interval, or the name of the reason why there is none."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import binomtest, norm

__all__ = ["LEAST", "REASONS", "Figure", "normal_interval", "undefined", "wilson"]

#: Why a figure is not shown. Words for people are in `risk.ui.present`.
REASONS = (
    "too_few",
    "too_few_people",
    "no_items",
    "same_answer",
    "nobody_disagreed",
    "never_wrong_alone",
    "never_right_alone",
    "not_asked",
)

#: Least numbers: of a person's signals and noises, of a person's opportunities, of people and opportunities
#: in a class figure, of judgements on a calibration curve, of items and raters for agreement; and the
#: number of items under which a person's d' is only indicative.
LEAST = {
    "signals": 10,
    "noises": 10,
    "opportunities": 10,
    "class_people": 5,
    "class_opportunities": 30,
    "curve": 100,
    "agreement_items": 20,
    "agreement_raters": 5,
    "indicative": 80,
}


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, its 95 % interval and how many observations it rests on; `why` names what is missing.

    `value` is None exactly where `why` is not empty. `indicative` marks figures from few items.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    why: str = ""
    indicative: bool = False

    @property
    def known(self) -> bool:
        """Whether there is a figure to show."""
        return self.value is not None


def undefined(why: str, n: int = 0) -> Figure:
    """A figure that is not shown, with the name of the reason.

    >>> undefined("nobody_disagreed").known
    False
    """
    if why not in REASONS:
        raise KeyError(why)
    return Figure(None, n=n, why=why)


def wilson(count: int, of: int) -> Figure:
    """A share with its Wilson 95 % interval (Wilson 1927; computed by SciPy).

    >>> f = wilson(8, 10)
    >>> round(f.value, 3), round(f.low, 3), round(f.high, 3), f.n
    (0.8, 0.49, 0.943, 10)
    """
    if of == 0:
        return undefined("no_items")
    interval = binomtest(count, of).proportion_ci(0.95, method="wilson")
    return Figure(count / of, float(interval.low), float(interval.high), of)


def normal_interval(value: float, se: float, n: int) -> Figure:
    """A figure with value ± 1.96 standard errors."""
    reach = float(norm.ppf(0.975)) * se
    return Figure(value, value - reach, value + reach, n) if math.isfinite(se) else undefined("too_few", n)
