"""The explanation audit in words: agreement with the cause and faithfulness to the model, two tables."""

from __future__ import annotations

import math

import pandas as pd

from risk.ui.i18n import N_, _, number, percent

__all__ = ["MEASURES", "cause_rows", "faithful_rows"]

#: What each measure of agreement asks, and whether it is a share.
MEASURES = {
    "pointing_game": (N_("The strongest reason reads an altered field"), True),
    "pointing_game_contained": (N_("… or one that holds it, such as the description"), True),
    "relevance_mass": (N_("Part of all that raises the score which falls on altered fields"), True),
    "rank_accuracy": (N_("Altered fields among as many strongest reasons"), True),
    "top_3_intersection": (N_("Shared by the three strongest reasons and causes"), True),
    "spearman": (N_("Order of reasons against the recorded evidence (rank correlation)"), False),
}
_FAITHFUL = {
    "greatest gap of additivity": N_("Greatest gap between the parts' sum and the score"),
    "deletion area": N_("Taking away the strongest details first: mean score"),
    "insertion area": N_("Putting back the strongest details first: mean score"),
    "stability: rank correlation": N_("Order of reasons after a small change (rank correlation)"),
    "stability: same top reason": N_("Same strongest reason after a small change"),
}
_BESIDE = {
    "log-odds; at most": N_("the most that is let pass, log-odds"),
    "log-odds; random order gives": N_("in random order, log-odds"),
    "log-odds; a straight line gives": N_("on a straight line, log-odds"),
    "weights and values changed by about 1 %": N_("unchanged; weights and values moved by about 1 %"),
}


def cause_rows(cause: pd.DataFrame) -> list[tuple[str, ...]]:
    """Agreement over all schemes: measure, value, interval, by chance, global order, best possible."""
    rows = []
    for r in cause[cause["scheme"] == "all"].to_dict("records"):
        title, share = MEASURES.get(r["measure"], (r["measure"], False))
        value, low, high, *others = (
            percent(r[k]) if share else number(r[k], 2)
            for k in ("value", "low", "high", "random", "global", "ceiling")
        )
        rows.append((_(title), value, f"{low}–{high}", *others))
    return rows


def faithful_rows(faithful: pd.DataFrame) -> list[tuple[str, ...]]:
    """Faithfulness: measure, value, what stands beside it and what that is."""
    return [
        (_(_FAITHFUL.get(r.measure, r.measure)), _small(r.value), _small(r.beside), _(_BESIDE.get(r.what, r.what)))
        for r in faithful.itertuples()
    ]


def _small(value: float) -> str:
    """Two places, or the power of ten where these would show nothing.

    >>> _small(0.987), _small(2e-13), _small(0.0)
    ('0.99', '1e-13', '0.00')
    """
    if value and abs(value) < 0.005:
        return f"1e{math.floor(math.log10(abs(value)))}"
    return number(value, 2)
