"""Charts of the model page as Vega-Lite specifications: shapes with their bands, pairs, costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from risk.ui.charts import INK, POLICIES, base, policy_lines
from risk.ui.i18n import _

__all__ = ["costs", "crowd", "heat_map", "shape"]

Spec = dict[str, Any]


def _values_axis(unit: str, categorical: bool) -> Spec:
    if categorical:
        axis = {"labelAngle": -60, "labelLimit": 140}
        return {"x": {"field": "at", "type": "nominal", "sort": None, "title": unit, "axis": axis}}
    x = {"field": "at", "type": "quantitative", "title": unit, "scale": {"zero": False, "nice": False}}
    return {"x": x, "x2": {"field": "until"}}


def _left(categorical: bool) -> int:
    """Room left of the plot, the same in the two charts of a feature: slanting labels need more."""
    return 80 if categorical else 45


def _factors(rows: Sequence[dict[str, Any]]) -> Spec:
    """A logarithmic scale that just holds what the chart shows, with round factors as its ticks."""
    ends = [r[k] for r in rows for k in ("factor", "low", "high") if k in r] + [0.8, 1.25]
    low, high = min(ends) / 1.1, max(ends) * 1.1
    leading = (1, 1.5, 2, 3, 5, 7) if high / low < 8 else (1, 2, 5) if high / low < 1000 else (1,)
    round_ones = [float(f"{m}e{k}") for k in range(math.floor(math.log10(low)), 7) for m in leading]
    return {
        "scale": {"type": "log", "domain": [low, high], "nice": False},
        "axis": {"format": "~g", "labelOverlap": "greedy", "values": [v for v in round_ones if low <= v <= high]},
    }


def shape(rows: Sequence[dict[str, Any]], *, unit: str, categorical: bool, theme: str) -> Spec:
    """A feature's effect on the odds over its values."""
    _ink, faint, up, _down = INK[theme]
    mark = (
        {"type": "point", "filled": True, "size": 90} if categorical else {"type": "rule", "strokeWidth": 3}
    )
    y = {"field": "factor", "type": "quantitative", "title": _("odds, times"), **_factors(rows)}
    y["axis"] |= {"minExtent": _left(categorical)}
    tooltip = [
        {"field": "words", "title": _("value")},
        {"field": "factor", "format": ".2f", "title": _("odds ×")},
        {"field": "share", "format": ".1%", "title": _("of items")},
    ]
    effect = {
        "mark": mark | {"color": up},
        "encoding": _values_axis(unit, categorical) | {"y": y, "tooltip": tooltip},
    }
    level = {
        "mark": {"type": "rule", "aria": False, "strokeDash": [4, 3], "color": faint},
        "encoding": {"y": {"datum": 1}},
    }
    layers = [_band(y, unit, categorical, up)] if rows and "low" in rows[0] else []
    height = 360 if categorical else 280  # slanting labels stand within it
    return base(theme, height) | {"data": {"values": list(rows)}, "layer": [*layers, level, effect]}


def _band(y: Spec, unit: str, categorical: bool, color: str) -> Spec:
    """How far each step may be off: a shaded box over its values, a thin line for a level."""
    mark = {"type": "rule", "strokeWidth": 2} if categorical else {"type": "rect"}
    axes = _values_axis(unit, categorical) | {"y": y | {"field": "low"}, "y2": {"field": "high"}}
    return {"mark": mark | {"aria": False, "color": color, "opacity": 0.45 if categorical else 0.2}, "encoding": axes}


def costs(rows: Sequence[dict[str, Any]], theme: str) -> Spec:
    """What each way to choose saves, against the price of a miss in examinations (a logarithmic axis)."""
    prices = sorted({r["ratio"] for r in rows})
    x = {
        "field": "ratio",
        "type": "quantitative",
        "scale": {"type": "log", "domain": [prices[0], prices[-1]]},
        "title": _("one miss costs as much as so many examinations"),
        "axis": {"values": prices, "format": "~g"},
    }
    tooltip = [
        {"field": "policy"},
        {"field": "ratio", "title": _("a miss costs")},
        {"field": "rate", "format": ".1%", "title": _("examined")},
        {"field": "saved", "format": ".0%", "title": _("saved")},
    ]
    y = {"field": "saved", "title": _("share of the cost saved")}
    return policy_lines(rows, x=x, y=y, tooltip=tooltip, inks=POLICIES[theme][1:], theme=theme)  # chance saves nothing


def crowd(rows: Sequence[dict[str, Any]], *, unit: str, categorical: bool, theme: str) -> Spec:
    """The share of items behind each part of a feature's effect, drawn below it on the same axis."""
    _ink, faint, _up, _down = INK[theme]
    y = {
        "field": "share",
        "type": "quantitative",
        "title": _("of items"),
        "axis": {"format": "~%", "tickCount": 2, "minExtent": _left(categorical)},
    }
    axes = _values_axis(unit, categorical)
    axes["x"] |= {"title": None, "axis": {"labels": False, "ticks": False}}  # the chart above says them
    return base(theme, 90) | {
        "data": {"values": list(rows)},
        "mark": {"type": "bar" if categorical else "rect", "color": faint},
        "encoding": axes | {"y": y, "y2": {"datum": 0}},
    }


def heat_map(rows: Sequence[dict[str, Any]], *, x: str, y: str, theme: str) -> Spec:
    """A pair's joint effect beyond what each does alone: orange raises, blue lowers, pale does nothing."""
    _ink, _faint, up, down = INK[theme]
    most = max([abs(r["effect"]) for r in rows] + [0.05])
    middle = "#f4f4f4" if theme == "light" else "#2a333d"
    order = {"x": list(dict.fromkeys(r["a"] for r in rows)), "y": list(dict.fromkeys(r["b"] for r in rows))}
    return base(theme, max(160, 24 * len(order["y"]) + 60)) | {
        "data": {"values": list(rows)},
        "mark": "rect",
        "encoding": {
            "x": {
                "field": "a",
                "type": "ordinal",
                "sort": order["x"],
                "title": x,
                "axis": {"labelAngle": -40},
            },
            "y": {"field": "b", "type": "ordinal", "sort": order["y"][::-1], "title": y},
            "color": {
                "field": "effect",
                "type": "quantitative",
                "title": _("log-odds"),
                "scale": {"domain": [-most, 0, most], "range": [down, middle, up]},
            },
            "tooltip": [
                {"field": "a", "title": x},
                {"field": "b", "title": y},
                {"field": "words", "title": _("Effect")},
            ],
        },
    }
