"""Groups and models side by side: who bears false alarms, and which model finds more; or "we cannot tell"."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from risk.results import Evaluation
from risk.schema import Field
from risk.ui.i18n import N_, _, number, percent

__all__ = ["Group", "Versus", "compared", "groups"]

_FEW = 100  # regular items in a group below which no rate is shown
_VERDICTS = {
    "few": N_("too few items to say"),
    "higher": N_("higher than elsewhere"),
    "lower": N_("lower than elsewhere"),
    "open": N_("we cannot tell"),
}


@dataclass(frozen=True)
class Group:
    """One value of a group field, in words; `burden`: examined per 1,000 regular items, with interval.

    `irregular` is how many of 1,000 were irregular, with interval, and `promised` what the scores had said of
    them, with a word where that lies outside the interval.
    """

    title: str
    n: str
    examined: str
    hits: str
    burden: str
    verdict: str
    irregular: str = ""
    promised: str = ""


def groups(field: Field, table: pd.DataFrame) -> list[Group]:
    """A group table (`risk.evaluation.group_table`) in words, the largest group first."""
    shown = table.sort_values("n", ascending=False).to_dict("records")
    regular = {r["group"]: r["n"] - _finds(r) for r in shown}
    return [_group(field, r, _elsewhere(shown, r["group"], regular), regular[r["group"]]) for r in shown]


def _finds(row: Mapping) -> float:
    examined = row["n"] * row["examination_rate"]
    return examined * row["hit_rate"] if np.isfinite(row["hit_rate"] or np.nan) else 0.0


def _elsewhere(rows: list[dict], group: str, regular: Mapping[str, float]) -> float:
    """The false-alarm rate of all other groups together."""
    others = [r for r in rows if r["group"] != group and _known(r["false_alarm_rate"])]
    weight = sum(regular[r["group"]] for r in others)
    return sum(regular[r["group"]] * r["false_alarm_rate"] for r in others) / weight if weight else np.nan


def _known(value: float | None) -> bool:
    return value is not None and np.isfinite(value)


def _group(field: Field, row: Mapping, elsewhere: float, regular: float) -> Group:
    few = regular < _FEW or not _known(row["false_alarm_rate"])
    interval = _rate(row, "false_alarm_rate", "false_alarm_low", "false_alarm_high", of=1000)
    hits = _rate(row, "hit_rate", "hit_rate_low", "hit_rate_high", of=100)
    return Group(
        _(field.level(row["group"])),
        number(row["n"]),
        percent(row["examination_rate"], 1),
        hits if row["n"] * row["examination_rate"] >= 10 else "–",
        "–" if few else interval,
        _(_VERDICTS["few" if few else _verdict(row, elsewhere)]),
        *(("–", "–") if few or not _known(row.get("stated")) else _calibration(row)),
    )


def _calibration(row: Mapping) -> tuple[str, str]:
    said = number(1000 * row["stated"], 1)
    if row["stated"] > row["observed_high"]:
        said = _("{n}: too many", n=said)
    elif row["stated"] < row["observed_low"]:
        said = _("{n}: too few", n=said)
    return _rate(row, "observed", "observed_low", "observed_high", of=1000), said


def _verdict(row: Mapping, elsewhere: float) -> str:
    if not _known(elsewhere):
        return "open"
    low, high = row["false_alarm_low"], row["false_alarm_high"]
    return "higher" if low > elsewhere else "lower" if high < elsewhere else "open"


def _rate(row: Mapping, middle: str, low: str, high: str, *, of: int) -> str:
    if not _known(row[middle]):
        return "–"
    middle_words, low_words, high_words = (number(of * row[k], 1) for k in (middle, low, high))
    return f"{middle_words} ({low_words}–{high_words})"


@dataclass(frozen=True)
class Versus:
    """Two models at one examination rate, with a verdict that claims no more than the intervals do."""

    rate: str
    champion: str
    challenger: str
    verdict: str


def compared(champion: Evaluation, challenger: Evaluation) -> list[Versus]:
    """Hit rates of two models judged on the same items, at each examination rate.

    The intervals are of each model by itself; they overlap more often than the difference deserves, so
    "we cannot tell" is said rather too often than too rarely.
    """
    left, right = (_own(e) for e in (champion, challenger))
    rates = [rate for rate in left.index if rate in right.index]
    return [_versus(rate, left.loc[rate], right.loc[rate]) for rate in rates]


def _own(judged: Evaluation) -> pd.DataFrame:
    table = judged.capacity
    own = table[~table["policy"].isin(("random", "rules", "oracle"))]
    own = table[table["policy"] == "rules"] if own.empty else own
    return own.set_index("examination_rate")


def _versus(rate: float, a: pd.Series, b: pd.Series) -> Versus:
    words = [_rate(r, "hit_rate", "hit_rate_low", "hit_rate_high", of=100) for r in (a, b)]
    if b["hit_rate_low"] > a["hit_rate_high"]:
        verdict = _("the challenger finds more")
    elif a["hit_rate_low"] > b["hit_rate_high"]:
        verdict = _("the champion finds more")
    else:
        verdict = _("we cannot tell")
    return Versus(percent(rate, 1), *words, verdict)
