"""The calibration plot as SVG text: no script, no font and no picture from outside; prints as it looks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

__all__ = ["calibration_svg"]

_WIDTH, _HEIGHT = 460, 330
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 12, 48
_TICKS = (0.0001, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99)


def calibration_svg(rows: Sequence[Mapping[str, Any]]) -> str:
    """Stated against observed rate on log-odds axes, with intervals; on the dashed line both are the same.

    Parameters
    ----------
    rows
        ``stated, observed, low, high, n`` per bin, rates 0–1, as `risk.evaluation.reliability` makes them.

    >>> svg = calibration_svg([{"stated": 0.01, "observed": 0.02, "low": 0.01, "high": 0.05, "n": 100}])
    >>> svg[:4], svg.count("<circle")
    ('<svg', 1)
    """
    low = max(1e-4, min(min(r["stated"], r["observed"] or 1) for r in rows) / 2)
    high = min(0.99, max(max(r["stated"], r["high"]) for r in rows) * 1.3)

    def place(p: float) -> float:
        p = min(max(p, low), high)
        a, b, z = (math.log(v / (1 - v)) for v in (low, high, p))
        return (z - a) / (b - a)

    def x(p: float) -> str:
        return f"{_LEFT + place(p) * (_WIDTH - _LEFT - _RIGHT):.1f}"

    def y(p: float) -> str:
        return f"{_HEIGHT - _BOTTOM - place(p) * (_HEIGHT - _TOP - _BOTTOM):.1f}"

    ticks = [t for t in _TICKS if low <= t <= high]
    parts = [_grid(t, x(t), y(t)) for t in ticks]
    parts.append(f'<path d="M{x(low)} {y(low)}L{x(high)} {y(high)}" stroke="#5b6670" stroke-dasharray="5 4"/>')
    for r in rows:
        at = x(r["stated"])
        title = f"{r['n']:,} items: said {r['stated']:.2%}, was {r['observed']:.2%} ({r['low']:.2%}–{r['high']:.2%})"
        parts.append(
            f'<g><title>{escape(title)}</title><path d="M{at} {y(r["low"])}V{y(r["high"])}" stroke="#0b5394" '
            f'stroke-width="2"/><circle cx="{at}" cy="{y(r["observed"])}" r="4.5" fill="#8f3f00"/></g>'
        )
    middle = (_LEFT + _WIDTH - _RIGHT) / 2, (_TOP + _HEIGHT - _BOTTOM) / 2
    parts.append(_text(middle[0], _HEIGHT - 8, "what the scores said"))
    parts.append(_text(14, middle[1], "what was irregular", f' transform="rotate(-90 14 {middle[1]:.0f})"'))
    said = "; ".join(f"said {r['stated']:.1%}, was {r['observed']:.1%}" for r in rows)
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="Calibration: {escape(said)}" fill="none" '
        f'font-family="sans-serif" font-size="12">{"".join(parts)}</svg>'
    )


def _grid(p: float, x: str, y: str) -> str:
    foot, end = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    label = f"{p:.2%}" if p < 0.001 else f"{p:.1%}" if p < 0.01 else f"{p:.0%}"
    return (
        f'<path d="M{x} {_TOP}V{foot}M{_LEFT} {y}H{end}" stroke="#d5dbe1"/>'
        + _text(x, foot + 16, label)
        + f'<text x="{_LEFT - 6}" y="{y}" dy="4" text-anchor="end" fill="#16202b">{label}</text>'
    )


def _text(x: float | str, y: float, words: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y:.0f}" text-anchor="middle" fill="#16202b"{more}>{words}</text>'
