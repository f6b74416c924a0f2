"""The view-model of the drift page: weekly monitors with their limits, in words."""

from __future__ import annotations

from typing import Any

from risk.drift import Watched
from risk.ui.i18n import N_, _, day, number, plural

__all__ = ["AXES", "TITLES", "WORDS", "alarm_rows", "monitors", "sentence", "week_rows"]

TITLES = {
    "calibration": N_("Finds against stated"),
    "random channel": N_("Random checks"),
    "stability": N_("Stability"),
    "unknown": N_("Never seen before"),
    "rising": N_("Words on the rise"),
}
AXES = {
    "calibration": N_("finds among examined items"),
    "random channel": N_("hit rate of random checks"),
    "stability": N_("population stability index"),
    "unknown": N_("share of items"),
    "rising": N_("items with the word"),
}
WORDS = {
    "calibration": N_(
        "Did examinations find as much as the scores said? Limits hold 99.7 % of weeks where they do."
    ),
    "random channel": N_("The only monitor that also sees what the model does not look at."),
    "stability": N_(
        "How far a week's values lie from those before: 0 is the same, above 0.2 is another stream."
    ),
    "unknown": N_("Items with a category that the training period did not hold."),
    "rising": N_("Words that come far more often than before; weeks without one count as 0."),
}
_MOST = 100


def monitors(watched: Watched) -> dict[str, list[str]]:
    """What each monitor compares, those with alarms first."""
    t = watched.table
    out = {}
    for monitor in [m for m in TITLES if m in set(t["monitor"])]:
        by = (
            t[t["monitor"] == monitor]
            .groupby("what")["alarm"]
            .sum()
            .sort_values(ascending=False, kind="stable")
        )
        out[monitor] = list(by.index)
    return out


def week_rows(watched: Watched, monitor: str, what: str) -> list[dict[str, Any]]:
    """Rows of the chart: week, value, limits, whether it alarmed."""
    t = watched.table[(watched.table["monitor"] == monitor) & (watched.table["what"] == what)].sort_values(
        "week"
    )
    return [
        {
            "week": r["week"].strftime("%Y-%m-%d"),
            "value": round(float(r["value"]), 5),
            "low": round(float(r["low"]), 5),
            "high": round(float(r["high"]), 5),
            "alarm": bool(r["alarm"]),
        }
        for r in t.to_dict("records")
    ]


def alarm_rows(watched: Watched) -> list[tuple[str, ...]]:
    """The newest alarms in words, at most 100."""
    t = watched.alarms.sort_values("week", ascending=False).head(_MOST)
    return [
        (
            day(r["week"]),
            _(TITLES[r["monitor"]]),
            _(str(r["what"])),
            number(r["n"]),
            number(r["value"], 3),
            f"{number(r['low'], 3)}–{number(r['high'], 3)}",
        )
        for r in t.to_dict("records")
    ]


def sentence(watched: Watched) -> str:
    """The result in one sentence, in the reader's language."""
    weeks, found = watched.table["week"].nunique(), watched.alarms
    if found.empty:
        return plural(
            "{n} week since {day}: no monitor raised an alarm.",
            "{n} weeks since {day}: no monitor raised an alarm.",
            weeks,
            day=day(watched.since),
        )
    first = found.sort_values("week").iloc[0]
    return plural(
        "{n} alarm since {day}; the first in the week of {week}: {monitor}, {what}.",
        "{n} alarms since {day}; the first in the week of {week}: {monitor}, {what}.",
        len(found),
        day=day(watched.since),
        week=day(first["week"]),
        monitor=_(TITLES[first["monitor"]]),
        what=_(str(first["what"])),
    )
