"""Is the stream still the one the model learnt from? Weekly monitors, each with a limit and an alarm.

Everything since a day is compared with what came before it:

*stability*: population stability index of every feature and of the score (Siddiqi 2006); an alarm needs a
size that matters and that chance does not give (for equal streams ``PSI · nm/(n+m)`` is about χ² with bins
− 1 degrees, Yurdakul 2018) and that is unlike the weeks before, which differ as busy parties come and go;
what is known of parties grows by itself and is left out;
*unknown*: share of items with a category that the training period did not hold;
*rising*: words that come far more often than before (exact Poisson tail);
*calibration*: finds among examined items against what their scores stated;
*random channel*: hit rate of random checks within binomial control limits, the only monitor that also sees
what the model does not look at.

>>> round(psi(np.array([50, 50]), np.array([40, 60])), 3)
0.04
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom, chi2, poisson

from risk.errors import Refused
from risk.features import Features
from risk.features.text import words_of
from risk.fitted import FittedModel
from risk.intake import Data

__all__ = ["Limits", "Watched", "drift", "psi", "rising_words"]

_BINS = 10
_WEEK = pd.Timedelta(days=7)


@dataclass(frozen=True)
class Limits:
    """When a monitor raises an alarm.

    `psi` is the size that matters: by custom 0.1 is moderate, 0.2 to 0.25 large; in a small stream one busy
    sender who comes or goes moves the origins by 0.1 to 0.15. `chance` is the probability that one comparison
    alarms although nothing changed; `control` the same for the two rates that people watch (three standard
    deviations by custom).
    """

    psi: float = 0.2
    chance: float = 1e-5
    control: float = 0.00135


@dataclass(frozen=True)
class Watched:
    """What was found.

    Attributes
    ----------
    table
        One row a week and comparison: ``week`` (its first day), ``monitor``, ``what``, ``n``, ``value``,
        ``low``, ``high`` (limits), ``alarm``.
    before, since
        Periods that were compared, as text.
    """

    table: pd.DataFrame
    before: str
    since: str

    @property
    def alarms(self) -> pd.DataFrame:
        """The rows that raised an alarm."""
        return self.table[self.table["alarm"]].reset_index(drop=True)

    @property
    def sentence(self) -> str:
        """The result in one sentence."""
        weeks, found = self.table["week"].nunique(), self.alarms
        if found.empty:
            return f"{weeks} weeks since {self.since[:10]}: no monitor raised an alarm."
        first = found.sort_values("week").iloc[0]
        return (
            f"{weeks} weeks since {self.since[:10]}: {len(found)} alarms, the first in the week of "
            f"{first['week']:%Y-%m-%d} ({first['monitor']}: {first['what']})."
        )


def drift(model: FittedModel, data: Data, *, since: pd.Timestamp, limits: Limits = Limits()) -> Watched:
    """Watch a living stream week by week.

    Parameters
    ----------
    model
        Its features' memory of the training period is what "unknown" is measured against.
    data
        Declarations with a time, from before and after `since`, and outcomes where there are any.
    since
        The first moment of what is watched.

    Raises
    ------
    risk.errors.Refused
        When the data has no time, or too few items before or since.
    """
    clock = data.dictionary.clock
    if clock is None:
        raise Refused(
            "Drift is watched over time, and this data set has no column with the role 'time'. "
            "Nothing was measured."
        )
    items, time = data.declarations, data.declarations[clock]
    before, after = (time < since).to_numpy(), (time >= since).to_numpy()
    if before.sum() < 500 or after.sum() < 100:
        raise Refused(
            f"Expected at least 500 items before {since:%Y-%m-%d} and 100 since; got {int(before.sum()):,} "
            f"and {int(after.sum()):,}. Choose another day. Nothing was measured."
        )
    week = ((time - since) // _WEEK).to_numpy()
    rows = [
        *_stability(model, items, before, week, limits),
        *_unknown(model.features, items, before, week, limits),
        *_rising(model.features, items, before, week, limits),
    ]
    if data.outcomes is not None:
        rows += _channels(model, data, since, limits)
    table = pd.DataFrame(rows)
    table["week"] = since.normalize() + table["week"].to_numpy() * _WEEK
    return Watched(
        table.sort_values(["week", "monitor"], kind="stable").reset_index(drop=True),
        f"{time.min().isoformat()} to {since.isoformat()}",
        since.isoformat(),
    )


def psi(expected: np.ndarray, actual: np.ndarray) -> float:
    """Population stability index of two vectors of counts; half an item is added to every bin."""
    p, q = ((c + 0.5) / (c + 0.5).sum() for c in (np.asarray(expected, float), np.asarray(actual, float)))
    return float(((q - p) * np.log(q / p)).sum())


def _row(week: int, monitor: str, what: str, n: float, value: float, low: float, high: float) -> dict:
    return {
        "week": int(week),
        "monitor": monitor,
        "what": what,
        "n": int(n),
        "value": float(value),
        "low": float(low),
        "high": float(high),
        "alarm": bool(value < low or value > high),
    }


def _stability(
    model: FittedModel, items: pd.DataFrame, before: np.ndarray, week: np.ndarray, limits: Limits
) -> Iterator[dict]:
    x = model.features.transform(items).drop(columns=[f.name for f in model.features.past_specs])
    x["score"] = model.score(items)["margin"].to_numpy()
    titles = {f.name: f.title for f in model.features.specs}
    weeks, earlier = np.unique(week[week >= 0]), np.unique(week[before])
    for name in x:
        bins, size = _binned(x[name].to_numpy(dtype=float), before)
        reference = np.bincount(bins[before], minlength=size)
        usual = [psi(reference, np.bincount(bins[week == k], minlength=size)) for k in earlier[1:]]
        spread = np.mean(usual) + 4 * np.std(usual) if len(usual) > 3 else 0.0
        for k in weeks:
            counts = np.bincount(bins[week == k], minlength=size)
            n, m = counts.sum(), reference.sum()
            chance = chi2.ppf(1 - limits.chance, max(size - 1, 1)) * (1 / n + 1 / m)
            high = max(limits.psi, chance, spread)
            yield _row(k, "stability", titles.get(name, "Score"), n, psi(reference, counts), 0.0, high)


def _binned(values: np.ndarray, before: np.ndarray) -> tuple[np.ndarray, int]:
    """Bins at the reference's deciles (each value its own where there are few), the last for missing."""
    known = values[before & np.isfinite(values)]
    edges = (
        np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1], method="lower"))
        if len(known)
        else []
    )
    at = np.searchsorted(edges, values, side="left")
    return np.where(np.isnan(values), len(edges) + 1, at), len(edges) + 2


def _unknown(
    features: Features, items: pd.DataFrame, before: np.ndarray, week: np.ndarray, limits: Limits
) -> Iterator[dict]:
    """Share of items with a level that the training period did not hold."""
    titles = {f.name: f.title for f in features.specs}
    for name, new in features.unknown(items).items():
        yield from _rate(new.to_numpy(), before, week, ("unknown", titles[name]), limits.chance)


def _rate(
    hit: np.ndarray, before: np.ndarray, week: np.ndarray, names: tuple[str, str], chance: float
) -> Iterator[dict]:
    """A share by week against binomial limits around the share before (half an item added)."""
    usual = (hit[before].sum() + 0.5) / (before.sum() + 1.0)
    for k in np.unique(week[week >= 0]):
        here = hit[week == k]
        high = binom.ppf(1 - chance, len(here), usual) / max(len(here), 1)
        yield _row(k, *names, len(here), here.mean(), 0.0, high)


def _rising(
    features: Features, items: pd.DataFrame, before: np.ndarray, week: np.ndarray, limits: Limits
) -> Iterator[dict]:
    fields = dict.fromkeys(f.reads[0] for f in features.specs if f.kind in ("vague", "agreement"))
    for name in fields:
        yield from rising_words(items[name], before, week, limits=limits)


def rising_words(
    texts: pd.Series, before: np.ndarray, week: np.ndarray, *, limits: Limits = Limits()
) -> list[dict]:
    """Words that come more often in a week than before; one row a week and word that alarms, else one a week.

    Parameters
    ----------
    texts
        Descriptions, shape (n_items,).
    before
        Rows of the reference period, bool, shape (n_items,).
    week
        Week of each row since the watch began (negative before it), shape (n_items,).
    """
    codes, distinct = pd.factorize(texts.fillna("").astype("str"))
    words = [set(words_of(text)) for text in distinct]
    known = {w: k for k, w in enumerate(sorted(set().union(*words)))}
    usual = (_counts(codes[before], words, known) + 0.5) / max(before.sum(), 1)
    rows = []
    for k in np.unique(week[week >= 0]):
        here = codes[week == k]
        counts, expected = _counts(here, words, known), usual * len(here)
        tail = poisson.sf(counts - 1, expected)
        up = np.flatnonzero((tail < limits.chance / max(len(known), 1)) & (counts > 1.5 * expected))
        listed = sorted(known, key=known.get)
        rows += [
            _row(
                k,
                "rising",
                f"the word '{listed[j]}'",
                len(here),
                counts[j],
                0.0,
                max(poisson.ppf(1 - limits.chance / len(known), expected[j]), counts[j] - 1),
            )
            for j in up
        ]
        rows += [] if len(up) else [_row(k, "rising", "no word", len(here), 0.0, 0.0, 0.0)]
    return rows


def _counts(codes: np.ndarray, words: list[set[str]], known: dict[str, int]) -> np.ndarray:
    """How many rows hold each word."""
    out, times = np.zeros(len(known)), np.bincount(codes, minlength=len(words))
    for text in np.flatnonzero(times):
        for word in words[text]:
            out[known[word]] += times[text]
    return out


def _channels(model: FittedModel, data: Data, since: pd.Timestamp, limits: Limits) -> list[dict]:
    """Finds against stated finds, and the random channel's hit rate, by week of report."""
    d, known = data.dictionary, data.outcomes
    if "reported_utc" not in known:
        return []
    scored = data.declarations[data.declarations[d.id_field].isin(known[d.id_field])]
    stated = model.score(scored).set_index("item_id")["risk_score"]
    known = known.assign(stated=known[d.id_field].astype("str").map(stated)).dropna(subset=["stated"])
    week, early = (
        ((known["reported_utc"] - since) // _WEEK).to_numpy(),
        (known["reported_utc"] < since).to_numpy(),
    )
    y = known[d.label].to_numpy(dtype=float)
    rows = _calibration(known["stated"].to_numpy(), y, early, week, limits)
    if "channel" in known:
        random = (known["channel"] == "random").to_numpy()
        rows += _random_channel(y[random], early[random], week[random], limits)
    return rows


def _calibration(
    stated: np.ndarray, y: np.ndarray, early: np.ndarray, week: np.ndarray, limits: Limits
) -> list[dict]:
    """Finds by week against stated ones, scaled by how the two stood before; Poisson limits."""
    scale = (y[early].sum() + 0.5) / (stated[early].sum() + 0.5)
    rows = []
    for k in np.unique(week[week >= 0]):
        here = week == k
        expected = scale * stated[here].sum()
        low, high = poisson.ppf([limits.control, 1 - limits.control], expected)
        rows.append(
            _row(k, "calibration", "finds against stated finds", here.sum(), y[here].sum(), low, high)
        )
    return rows


def _random_channel(y: np.ndarray, early: np.ndarray, week: np.ndarray, limits: Limits) -> list[dict]:
    usual = (y[early].sum() + 0.5) / (early.sum() + 1.0)
    rows = []
    for k in np.unique(week[week >= 0]):
        here = y[week == k]
        low, high = binom.ppf([limits.control, 1 - limits.control], len(here), usual) / max(len(here), 1)
        rows.append(_row(k, "random channel", "hit rate", len(here), here.mean(), low, high))
    return rows
