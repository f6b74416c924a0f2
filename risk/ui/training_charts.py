"""Charts of the training room as Vega-Lite specifications: plain dictionaries, like `risk.ui.charts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from risk.ui.charts import INK, Spec, base
from risk.ui.i18n import _, percent

__all__ = ["before_after", "confidence_curve", "histogram", "plane"]

SIZE = 18  # read from the back row
#: Okabe and Ito's colours, told apart by shape as well.
COLOURS = {
    "light": ["#0b6bb0", "#c9521a", "#00795c", "#8a5a00", "#7b4173"],
    "dark": ["#6bb7ee", "#f0904f", "#3fc79c", "#e6b84c", "#d79ad0"],
}


def _base(theme: str, height: int) -> Spec:
    """Letters for the back row, and the legend above."""
    spec = base(theme, height, size=SIZE)
    spec["config"]["legend"] |= {"orient": "top", "title": None, "labelLimit": 400}
    spec["config"]["text"] |= {"fontSize": SIZE}
    return spec


def _shares() -> str:
    """A Vega expression that writes a share as the reader writes per cent."""
    return f"round(100 * datum.value) + '{percent(0.5).removeprefix('50')}'"


def before_after(rows: Sequence[dict[str, Any]], theme: str) -> Spec:
    """How many said what, before the score and after it."""
    order = list(dict.fromkeys(r["when"] for r in rows))
    colour = {"field": "action", "type": "nominal", "scale": {"range": COLOURS[theme][1::-1]}}
    y = {"field": "when", "type": "nominal", "sort": order, "title": None}
    x = {"field": "people", "type": "quantitative", "title": _("people"), "axis": {"tickMinStep": 1}}
    offset = {"field": "action", "type": "nominal"}
    words = {"mark": {"type": "text", "align": "left", "dx": 6, "fontSize": 24, "fontWeight": 600},
             "encoding": {"y": y, "x": x, "yOffset": offset, "text": {"field": "people"}}}  # fmt: skip
    bars = {"mark": {"type": "bar"}, "encoding": {"y": y, "x": x, "yOffset": offset, "color": colour}}
    return _base(theme, 230) | {"data": {"values": list(rows)}, "layer": [bars, words]}


def histogram(rows: Sequence[dict[str, Any]], theme: str) -> Spec:
    """How sure people were of their final answers."""
    x = {"field": "level", "type": "nominal", "sort": None, "title": _("how sure"), "axis": {"labelAngle": 0}}
    y = {"field": "people", "type": "quantitative", "title": _("people"), "axis": {"tickMinStep": 1}}
    mark = {"type": "bar", "color": COLOURS[theme][0]}
    return _base(theme, 190) | {"data": {"values": list(rows)}, "mark": mark, "encoding": {"x": x, "y": y}}


def plane(points: Sequence[dict[str, Any]], *, x: str, y: str, theme: str, diagonal: bool) -> Spec:
    """Points with intervals in the unit square."""
    _ink, faint, _up, _down = INK[theme]
    axis = {"labelExpr": _shares(), "values": [0, 0.25, 0.5, 0.75, 1]}
    sides = {
        name: {"type": "quantitative", "scale": {"domain": [0, 1]}, "axis": axis, "title": title}
        for name, title in (("x", x), ("y", y))
    }
    alone = {"legend": None} if len(points) == 1 else {"legend": {"columns": 1}}  # long names, one a line
    colour = {"field": "name", "type": "nominal", "sort": None, "scale": {"range": COLOURS[theme]}, **alone}
    at = {"x": sides["x"] | {"field": "x"}, "y": sides["y"] | {"field": "y"}}
    across = {
        "mark": "rule",
        "encoding": {**at, "x": sides["x"] | {"field": "x1"}, "x2": {"field": "x2"}, "color": colour},
    }
    up = {
        "mark": "rule",
        "encoding": {**at, "y": sides["y"] | {"field": "y1"}, "y2": {"field": "y2"}, "color": colour},
    }
    shape = {"field": "name", "type": "nominal", "sort": None, **alone}
    dots = {"mark": {"type": "point", "filled": True, "size": 170},
            "encoding": {**at, "color": colour, "shape": shape}}  # fmt: skip
    chance = {"data": {"values": [{"x": 0, "y": 0}, {"x": 1, "y": 1}]},
              "mark": {"type": "line", "strokeDash": [4, 3], "color": faint}, "encoding": at}  # fmt: skip
    return _base(theme, 330) | {
        "data": {"values": list(points)},
        "layer": [*([chance] if diagonal else []), across, up, dots],
    }


def confidence_curve(rows: Sequence[dict[str, Any]], theme: str) -> Spec:
    """How sure people were against how often they were right; on the line is exact."""
    _ink, faint, _up, _down = INK[theme]
    axis = {"labelExpr": _shares(), "values": [0.5, 0.6, 0.7, 0.8, 0.9, 1]}
    x = {
        "type": "quantitative",
        "field": "said",
        "scale": {"domain": [0.48, 1.02]},
        "axis": axis,
        "title": _("how sure"),
    }
    y = {
        "type": "quantitative",
        "scale": {"domain": [0, 1]},
        "axis": axis | {"values": [0, 0.25, 0.5, 0.75, 1]},
        "title": _("how often right"),
    }
    line = {"data": {"values": [{"said": 0.5, "right": 0.5}, {"said": 1, "right": 1}]},
            "mark": {"type": "line", "strokeDash": [4, 3], "color": faint},
            "encoding": {"x": x, "y": y | {"field": "right"}}}  # fmt: skip
    reach = {"mark": "rule", "encoding": {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}}}
    dots = {"mark": {"type": "point", "filled": True, "size": 150, "color": COLOURS[theme][0]},
            "encoding": {"x": x, "y": y | {"field": "right"}}}  # fmt: skip
    return _base(theme, 330) | {"data": {"values": list(rows)}, "layer": [line, reach, dots]}
