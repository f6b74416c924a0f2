"""Charts as Vega-Lite specifications: plain dictionaries, made once, never a chart object.

Orange raises, blue lowers (Okabe and Ito's colour-blind-safe pair), and every bar also carries its words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

from babel import Locale

from risk.ui.i18n import N_, _, language, number
from risk.ui.present.item import Bar

__all__ = [
    "INK",
    "LEGEND",
    "POLICIES",
    "base",
    "calibration",
    "capacity_curve",
    "detection",
    "drift",
    "importance",
    "policy_lines",
    "waterfall",
]

Spec = dict[str, Any]
#: Of each theme: text, faint lines, what raises, what lowers.
INK = {
    "light": ("#16202b", "#8a949e", "#c9521a", "#0b6bb0"),
    "dark": ("#eef2f6", "#77838f", "#f0904f", "#6bb7ee"),
}
#: One ink a way to choose items, in the order of the capacity table: random, rules, oracle, model.
POLICIES = {
    "light": ["#0b6bb0", "#c9521a", "#5b6670", "#00795c"],
    "dark": ["#6bb7ee", "#f0904f", "#aab4be", "#3fc79c"],
}
#: A legend that also fits a telephone.
LEGEND = {"title": None, "orient": "top", "columns": 2}
#: Where a log-odds axis has ticks, and how people say them.
_TICKS = [
    (p, words)
    for p, words in [
        (0.00001, N_("1 in 100,000")),
        (0.0001, N_("1 in 10,000")),
        (0.001, N_("1 in 1,000")),
        (0.01, N_("1 in 100")),
        (0.1, N_("1 in 10")),
        (0.5, N_("1 in 2")),
        (0.9, N_("9 in 10")),
        (0.99, N_("99 in 100")),
        (0.999, N_("999 in 1,000")),
    ]
]


def _logit(p: float) -> float:
    return math.log(p / (1 - p))


#: How axes and tooltips write numbers, by language (d3's own form).
_NUMBERS = {
    "en": {"decimal": ".", "thousands": ",", "grouping": [3], "currency": ["", ""]},
    "fr": {"decimal": ",", "thousands": "\u202f", "grouping": [3], "currency": ["", ""], "percent": "\u202f%"},
}


@cache
def _times(code: str) -> dict[str, str | list[str]]:
    """Names of months and days for axes of time, in d3's own form."""
    told = Locale(code)
    months, days = told.months["format"], told.days["format"]
    sunday_first = (6, 0, 1, 2, 3, 4, 5)
    return {
        "dateTime": "%x, %X",
        "date": "%d/%m/%Y",
        "time": "%H:%M:%S",
        "periods": ["AM", "PM"],
        "months": [months["wide"][k] for k in range(1, 13)],
        "shortMonths": [months["abbreviated"][k] for k in range(1, 13)],
        "days": [days["wide"][k] for k in sunday_first],
        "shortDays": [days["abbreviated"][k] for k in sunday_first],
    }


def base(theme: str, height: int, *, size: int = 12) -> Spec:
    """What every chart starts from: inks of the theme, axes, a height and a size of letters in pixels."""
    ink, faint, _up, _down = INK[theme]
    text = {"labelColor": ink, "titleColor": ink, "labelFontSize": size, "titleFontSize": size}
    lines = {"gridColor": faint, "gridOpacity": 0.35, "domainColor": faint, "tickColor": faint}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "width": "container",
        "height": height,
        "autosize": {"type": "fit", "contains": "padding"},
        "background": None,
        "config": {
            "axis": {**text, **lines, "labelLimit": 230, "titleFontWeight": 500},
            "axisX": {"titleAnchor": "end"},  # this and the next for telephones
            "axisXQuantitative": {"labelOverlap": "greedy", "labelSeparation": 8},
            "legend": text,
            "view": {"stroke": None},
            "text": {"color": ink},
            "rule": {"color": ink},
            "title": {"color": ink},
            "locale": {"number": _NUMBERS[language()], "time": _times(language())},
        },
    }


def _frequency_axis(low: float, high: float) -> Spec:
    shown = [(_logit(p), words) for p, words in _TICKS if low <= _logit(p) <= low + 0.88 * (high - low)]
    words = " : ".join(f"abs(datum.value - ({at:.6f})) < 0.01 ? '{_(text)}'" for at, text in shown)
    return {
        "values": [round(at, 6) for at, _ in shown],
        "labelExpr": f"{words} : ''",
        "labelOverlap": "greedy",
        "title": _("irregular among such items"),
    }


def waterfall(bars: Sequence[Bar], theme: str) -> Spec:
    """How the score moves from a typical item to this one; log-odds, said as frequencies."""
    _ink, faint, up, down = INK[theme]
    rows, order = [_step(b) for b in bars], [b.title for b in bars]
    ends = [x for b in bars for x in (b.start, b.end)]
    low, high = min(ends), max(ends)
    pad, room = 0.05 * (high - low) + 0.2, 0.22 * (high - low) + 0.4  # room for the words right of a bar
    y = {"field": "what", "type": "nominal", "sort": order, "title": None, "axis": {"labelLimit": 210}}
    x = {
        "field": "from",
        "type": "quantitative",
        "axis": _frequency_axis(low - pad, high + room),
        "scale": {"domain": [low - pad, high + room], "nice": False, "zero": False},
    }
    tip = [{"field": "what", "title": _("Detail")}, {"field": "effect", "title": _("Effect")}]
    color = {
        "field": "way",
        "type": "nominal",
        "scale": {"domain": [_("raises"), _("lowers")], "range": [up, down]},
        "legend": {"title": None, "orient": "top"},
    }
    bar = {
        "mark": {"type": "bar", "height": {"band": 0.62}},
        "encoding": {"y": y, "x": x, "x2": {"field": "to"}, "color": color, "tooltip": tip},
    }
    words = {
        "mark": {"type": "text", "aria": False, "align": "left", "dx": 5, "fontSize": 12},
        "encoding": {"y": y, "x": {"field": "right", "type": "quantitative"}, "text": {"field": "short"}},
    }
    start = {
        "mark": {"type": "rule", "aria": False, "strokeDash": [4, 3], "color": faint},
        "encoding": {"x": {"datum": bars[0].start if bars else 0}},
    }
    return base(theme, 34 * len(rows) + 70) | {"data": {"values": rows}, "layer": [start, bar, words]}


def _step(bar: Bar) -> dict[str, Any]:
    """A bar's row: where it begins and ends in log-odds, its rightmost point, and its words."""
    begins, ends = round(bar.start, 4), round(bar.end, 4)
    return {
        "what": bar.title,
        "from": begins,
        "to": ends,
        "right": max(begins, ends),
        "effect": bar.effect,
        "way": _("raises") if bar.end > bar.start else _("lowers"),
        "short": _short(bar),
    }


def _short(bar: Bar) -> str:
    factor = math.exp(min(abs(bar.end - bar.start), 20))
    if factor < 1.05:
        return ""
    size = number(factor, 1 if factor < 20 else 0)
    return ("×" if bar.end > bar.start else "÷") + size


def capacity_curve(points: Sequence[dict[str, float]], *, at: int, finds: float, theme: str) -> Spec:
    """Expected finds against the number of examinations, with the present capacity marked."""
    ink, _faint, up, down = INK[theme]
    x = {"field": "examined", "type": "quantitative", "title": _("items examined, highest scores first")}
    y = {"field": "finds", "type": "quantitative", "title": _("expected finds")}
    line = {
        "mark": {"type": "line", "color": down, "strokeWidth": 2.5},
        "encoding": {
            "x": x,
            "y": y,
            "tooltip": [{"field": "examined", "format": ","}, {"field": "finds", "format": ".0f"}],
        },
    }
    here = {
        "data": {"values": [{"examined": at, "finds": round(finds, 1)}]},
        "layer": [
            {"mark": {"type": "rule", "aria": False, "strokeDash": [4, 3]}, "encoding": {"x": x}},
            {
                "mark": {"type": "point", "filled": True, "size": 90, "color": up},
                "encoding": {"x": x, "y": y},
            },
        ],
    }
    return base(theme, 230) | {"data": {"values": list(points)}, "layer": [line, here]}


def detection(rows: Sequence[dict[str, Any]], theme: str) -> Spec:
    """Detection rate of each policy against the examination rate."""
    x = {
        "field": "rate",
        "type": "quantitative",
        "title": _("share of items examined"),
        "axis": {"format": ".1%", "values": sorted({r["rate"] for r in rows})},
    }
    tooltip = [
        {"field": "policy"},
        {"field": "rate", "format": ".1%", "title": _("examined")},
        {"field": "detected", "format": ".1%", "title": _("found")},
        {"field": "hit", "format": ".1%", "title": _("hit rate")},
    ]
    y = {"field": "detected", "title": _("share of irregular items found")}
    return policy_lines(rows, x=x, y=y, tooltip=tooltip, inks=POLICIES[theme], theme=theme)


def policy_lines(
    rows: Sequence[dict[str, Any]], *, x: Spec, y: Spec, tooltip: list[Spec], inks: Sequence[str], theme: str
) -> Spec:
    """A line a way to choose items, told apart by ink and by shape; `y` is a share of 0 to 1."""
    names = list(dict.fromkeys(r["policy"] for r in rows))
    who = {"field": "policy", "type": "nominal", "sort": names, "title": None, "legend": LEGEND}
    share = {"type": "quantitative", "axis": {"format": ".0%"}, "scale": {"domain": [0, 1]}}
    return base(theme, 280) | {
        "data": {"values": list(rows)},
        "mark": {"type": "line", "point": {"filled": True, "size": 70}, "strokeWidth": 2.5},
        "encoding": {
            "x": x,
            "y": share | y,
            "color": who | {"scale": {"range": list(inks[: len(names)])}},
            "shape": who,
            "tooltip": tooltip,
        },
    }


def calibration(rows: Sequence[dict[str, float]], theme: str) -> Spec:
    """Stated against observed rate on logarithmic axes, with intervals; on the line is exact."""
    _ink, faint, up, down = INK[theme]
    low = max(1e-4, min(r["stated"] for r in rows) / 1.5)
    axis = {"format": "~%", "values": [p for p in (0.0001, 0.001, 0.01, 0.1, 1) if p >= low]}
    scale = {"type": "log", "domain": [low, 1]}
    x = {
        "field": "stated",
        "type": "quantitative",
        "scale": scale,
        "title": _("what the scores said"),
        "axis": axis,
    }
    y = {
        "type": "quantitative",
        "scale": scale | {"clamp": True},
        "title": _("what was irregular"),
        "axis": axis,
    }
    shown = [r | {k: max(r[k], low) for k in ("observed", "low", "high")} for r in rows]
    diagonal = {
        "data": {"values": [{"stated": low, "at": low}, {"stated": 1, "at": 1}]},
        "mark": {"type": "line", "aria": False, "strokeDash": [4, 3], "color": faint},
        "encoding": {"x": x, "y": y | {"field": "at"}},
    }
    bars = {
        "mark": {"type": "rule", "color": down, "strokeWidth": 2},
        "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}},
    }
    dots = {
        "mark": {"type": "point", "filled": True, "size": 70, "color": up},
        "encoding": {"x": x, "y": y | {"field": "observed"}},
    }
    return base(theme, 320) | {"data": {"values": shown}, "layer": [diagonal, bars, dots]}


def importance(rows: Sequence[dict[str, Any]], theme: str) -> Spec:
    """Mean absolute effect of each feature."""
    _ink, _faint, _up, down = INK[theme]
    return base(theme, 26 * len(rows) + 50) | {
        "data": {"values": list(rows)},
        "mark": {"type": "bar", "color": down, "height": {"band": 0.65}},
        "encoding": {
            "y": {"field": "title", "type": "nominal", "sort": [r["title"] for r in rows], "title": None},
            "x": {
                "field": "factor",
                "type": "quantitative",
                "title": _("typical change of the odds, times"),
                "scale": {"type": "log", "domainMin": 1},
                "axis": {"tickCount": 6, "format": ".2~f"},
            },
            "x2": {"datum": 1},
        },
    }


def drift(rows: Sequence[dict[str, Any]], theme: str) -> Spec:
    """Each detail's population stability index, with the two customary limits."""
    _ink, faint, up, down = INK[theme]
    y = {"field": "title", "type": "nominal", "sort": [r["title"] for r in rows], "title": None}
    x = {"field": "index", "type": "quantitative", "title": _("population stability index")}
    bars = {
        "mark": {"type": "bar", "height": {"band": 0.65}},
        "encoding": {
            "y": y,
            "x": x,
            "color": {"condition": {"test": "datum.index >= 0.25", "value": up}, "value": down},
            "tooltip": [{"field": "title"}, {"field": "index"}, {"field": "verdict"}],
        },
    }
    limits = {
        "data": {"values": [{"at": 0.1}, {"at": 0.25}]},
        "mark": {"type": "rule", "aria": False, "strokeDash": [4, 3], "color": faint},
        "encoding": {"x": {"field": "at", "type": "quantitative"}},
    }
    return base(theme, 26 * len(rows) + 50) | {"data": {"values": list(rows)}, "layer": [bars, limits]}
