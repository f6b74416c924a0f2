"""Charts of the policy lab as Vega-Lite specifications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from risk.ui.charts import base
from risk.ui.i18n import _

__all__ = ["burden", "limits", "missed", "year"]

Spec = dict[str, Any]
_COLORS = {"light": ["#0b6bb0", "#c9521a", "#00795c"], "dark": ["#6bb7ee", "#f0904f", "#3fc79c"]}


def _policy(rows: Sequence[dict[str, Any]], theme: str) -> Spec:
    names = list(dict.fromkeys(r["policy"] for r in rows))
    return {
        "field": "policy",
        "type": "nominal",
        "sort": names,
        "title": None,
        "scale": {"domain": names, "range": _COLORS[theme][: len(names)]},
        "legend": {"title": None, "orient": "top"},
    }


def year(rows: Sequence[dict[str, Any]], *, week: int, title: str, theme: str) -> Spec:
    """A rolling measure over the year, one line a policy, with the chosen week marked."""
    color = _policy(rows, theme)
    shape = {k: color[k] for k in ("field", "type", "sort", "title", "legend")}
    last = max((r["week"] for r in rows), default=1)
    lines = {
        "data": {"values": list(rows)},
        "mark": {"type": "line", "strokeWidth": 2.5},
        "encoding": {
            "x": {
                "field": "week",
                "type": "quantitative",
                "title": _("week"),
                "scale": {"domain": [1, last], "nice": False},
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": title,
                "axis": {"format": ".0%"},
                "scale": {"domainMin": 0},
            },
            "color": color,
            "strokeDash": shape,
            "tooltip": [
                {"field": "policy"},
                {"field": "week"},
                {"field": "value", "format": ".1%", "title": title},
            ],
        },
    }
    here = {
        "data": {"values": [{"week": week}]},
        "mark": {"type": "rule", "aria": False, "strokeDash": [4, 3], "strokeWidth": 1.5},
        "encoding": {"x": {"field": "week", "type": "quantitative"}},
    }
    return base(theme, 300) | {"layer": [lines, here]}


def missed(rows: Sequence[dict[str, Any]], theme: str) -> Spec:
    """Share of each scheme's items that went past, one dot a policy."""
    order = list(dict.fromkeys(r["scheme"] for r in rows))
    return _dots(
        rows,
        theme,
        {"field": "scheme", "type": "nominal", "sort": order, "title": None},
        {
            "field": "missed",
            "type": "quantitative",
            "title": "went past unexamined",
            "axis": {"format": ".0%"},
            "scale": {"domain": [0, 1]},
        },
        [{"field": "scheme"}, {"field": "policy"}, {"field": "words", "title": "missed"}],
        len(order),
    )


def burden(rows: Sequence[dict[str, Any]], theme: str) -> Spec:
    """Examinations without a finding per 1,000 items of each origin, one dot a policy."""
    order = list(dict.fromkeys(r["origin"] for r in rows))
    return _dots(
        rows,
        theme,
        {"field": "origin", "type": "nominal", "sort": order, "title": "origin"},
        {
            "field": "burden",
            "type": "quantitative",
            "title": "regular items examined, of 1,000",
            "scale": {"domainMin": 0},
        },
        [
            {"field": "origin"},
            {"field": "policy"},
            {"field": "burden", "title": "of 1,000"},
            {"field": "n", "title": "items", "format": ","},
        ],
        len(order),
    )


def _dots(rows: Sequence[dict[str, Any]], theme: str, y: Spec, x: Spec, tooltip: list[Spec], n: int) -> Spec:
    color = _policy(rows, theme)
    shape = {k: color[k] for k in ("field", "type", "sort", "title", "legend")}
    return base(theme, 24 * n + 90) | {
        "data": {"values": list(rows)},
        "mark": {"type": "point", "filled": True, "size": 85, "opacity": 0.9},
        "encoding": {
            "y": y | {"axis": {"grid": True, "labelLimit": 260}},
            "x": x,
            "color": color,
            "shape": shape,
            "tooltip": tooltip,
        },
    }


def limits(rows: Sequence[dict[str, Any]], *, title: str, theme: str) -> Spec:
    """A monitor by week with its limits as a band; alarms are larger and of another colour and shape."""
    blue, orange = _COLORS[theme][:2]
    weeks = {"format": "%-d %b", "tickCount": 8, "labelOverlap": True, "labelSeparation": 12}
    x = {"field": "week", "type": "temporal", "title": None, "axis": weeks}
    band = {
        "mark": {"type": "area", "aria": False, "opacity": 0.18, "color": blue},
        "encoding": {
            "x": x,
            "y": {"field": "low", "type": "quantitative", "title": title},
            "y2": {"field": "high"},
        },
    }
    line = {
        "mark": {"type": "line", "color": blue, "strokeWidth": 2},
        "encoding": {"x": x, "y": {"field": "value", "type": "quantitative"}},
    }
    dots = {
        "mark": {"type": "point", "filled": True},
        "encoding": {
            "x": x,
            "y": {"field": "value", "type": "quantitative"},
            "color": {"condition": {"test": "datum.alarm", "value": orange}, "value": blue},
            "size": {"condition": {"test": "datum.alarm", "value": 130}, "value": 40},
            "shape": {"condition": {"test": "datum.alarm", "value": "triangle-up"}, "value": "circle"},
            "tooltip": [{"field": "week"}, {"field": "value"}, {"field": "low"}, {"field": "high"}],
        },
    }
    return base(theme, 280) | {"data": {"values": list(rows)}, "layer": [band, line, dots]}
