"""Telling irregular from regular: hit and false-alarm rates, d' and criterion.

With S signals and h hits, N noises and f false alarms, log-linear corrected (Hautus 1995):
``H' = (h+.5)/(S+1)``, ``F' = (f+.5)/(N+1)``, ``d' = z(H') − z(F')``, ``c = −½[z(H') + z(F')]`` and
``SE(d')² = H'(1−H')/((S+1) φ(zH')²) + F'(1−F')/((N+1) φ(zF')²)`` (Gourevitch and Galanter 1967).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import norm

from risk.classroom.measures.figure import LEAST, Figure, normal_interval, undefined, wilson
from risk.classroom.measures.judged import Judgement, people
from risk.errors import BadSetting

__all__ = ["Counts", "class_rates", "counts", "criterion", "log_linear", "sensitivity"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Hits of signals and false alarms of noises."""

    hits: int
    signals: int
    false_alarms: int
    noises: int

    @property
    def hit_rate(self) -> Figure:
        """Examined among the irregular."""
        return wilson(self.hits, self.signals)

    @property
    def false_alarm_rate(self) -> Figure:
        """Examined among the regular."""
        return wilson(self.false_alarms, self.noises)


def counts(given: Sequence[Judgement], *, first: bool = False) -> Counts:
    """Counts over judgements, of the final answers or, with `first`, of those before advice."""
    said = [(j.item.irregular, (j.first if first else j.final) == "examine") for j in given]
    return Counts(
        sum(y and u for y, u in said),
        sum(y for y, _ in said),
        sum(u and not y for y, u in said),
        sum(not y for y, _ in said),
    )


def log_linear(hits: int, signals: int, *, false_alarms: int, noises: int) -> tuple[float, float, float]:
    """(d', criterion, standard error of d').

    >>> d, c, se = log_linear(15, 20, false_alarms=5, noises=20)
    >>> round(d, 6), abs(round(c, 6)), round(se, 6)
    (1.274968, 0.0, 0.416743)
    """
    if not (0 <= hits <= signals and 0 <= false_alarms <= noises):
        got = f"{hits} of {signals}, {false_alarms} of {noises}"
        raise BadSetting("counts", got=got, expected="no more hits than signals")
    h, f = (hits + 0.5) / (signals + 1), (false_alarms + 0.5) / (noises + 1)
    zh, zf = float(norm.ppf(h)), float(norm.ppf(f))
    variance = h * (1 - h) / ((signals + 1) * norm.pdf(zh) ** 2)
    variance += f * (1 - f) / ((noises + 1) * norm.pdf(zf) ** 2)
    return zh - zf, -0.5 * (zh + zf), math.sqrt(variance)


def _missing(hits: int, signals: int, false_alarms: int, noises: int) -> str:
    if signals < LEAST["signals"] or noises < LEAST["noises"]:
        return "too_few"
    return "same_answer" if hits + false_alarms in (0, signals + noises) else ""


def sensitivity(hits: int, signals: int, *, false_alarms: int, noises: int) -> Figure:
    """A person's d' with its interval; ``indicative`` under 80 items.

    Named instead of shown: fewer than 10 signals or 10 noises; the same answer to everything.

    >>> sensitivity(3, 5, false_alarms=1, noises=20).why, sensitivity(0, 20, false_alarms=0, noises=20).why
    ('too_few', 'same_answer')
    """
    why, n = _missing(hits, signals, false_alarms, noises), signals + noises
    if why:
        return undefined(why, n)
    d, _, se = log_linear(hits, signals, false_alarms=false_alarms, noises=noises)
    shown = normal_interval(d, se, n)
    return Figure(shown.value, shown.low, shown.high, n, indicative=n < LEAST["indicative"])


def criterion(hits: int, signals: int, *, false_alarms: int, noises: int) -> Figure:
    """A person's criterion: above 0 leans to release, below 0 to examine. Named as `sensitivity`."""
    why, n = _missing(hits, signals, false_alarms, noises), signals + noises
    if why:
        return undefined(why, n)
    d, c, se = log_linear(hits, signals, false_alarms=false_alarms, noises=noises)
    shown = normal_interval(c, se / 2, n)  # the same two variances, each times ¼
    return Figure(shown.value, shown.low, shown.high, n, indicative=n < LEAST["indicative"])


def class_rates(given: Sequence[Judgement], *, first: bool = False) -> tuple[Figure, Figure]:
    """The class's hit and false-alarm rates; each from at least 5 people and 30 opportunities."""
    found = counts(given, first=first)
    out = []
    for figure, truth in ((found.hit_rate, True), (found.false_alarm_rate, False)):
        who = people([j for j in given if j.item.irregular == truth])
        if who < LEAST["class_people"]:
            out.append(undefined("too_few_people", figure.n))
        elif figure.n < LEAST["class_opportunities"]:
            out.append(undefined("too_few", figure.n))
        else:
            out.append(figure)
    return out[0], out[1]
