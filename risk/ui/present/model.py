"""The model page's view-model: what it learnt from, what it is worth, what each detail does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from risk.boosted import BoostedTrees
from risk.explanation import odds_words
from risk.features import quantity
from risk.fitted import FittedModel
from risk.results import Evaluation
from risk.schema import Feature
from risk.ui.i18n import N_, _, moment, number, percent, plural, translator

__all__ = [
    "Shape",
    "ESTIMATES",
    "capacity_rows",
    "cost_rows",
    "estimate_rows",
    "facts",
    "importance_rows",
    "pair_rows",
    "pair_titles",
    "shape_of",
    "unit_words",
]

_POLICY = {
    "random": N_("random choice"),
    "rules": N_("rule book"),
    "oracle": N_("best possible (made world only)"),
}
_CELLS = 14


def facts(model: FittedModel, manifest: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the model is and learnt from, as titles and values."""
    f, calibration = model.facts, model.facts.get("calibration", {})
    examined = f.get("labels") == "examined"
    rows = [
        (_("Model"), model.model_id),
        (_("Made"), moment(manifest["created_utc"])),
        (_("Learnt from"), _("what examinations showed") if examined else _("the made world's truth")),
        (_("Items it was fitted on"), _items_and_finds(f, "fit")),
        (_("Explained against"), _background(f.get("n_stream", 0))),
        (_("Calibrated on later items"), _items_and_finds(f, "calibrate")),
        (_("Details it uses"), _uses(model)),
    ]
    if f.get("fit_until"):
        rows.insert(4, (_("Newest item it learnt from"), moment(f["fit_until"])))
    if calibration.get("note"):
        rows.append((_("Note"), _(calibration["note"])))
    return rows


def _background(n: int) -> str:
    return plural("{n} item of the same period", "{n} items of the same period", n)


def _items_and_finds(facts: Mapping[str, Any], part: str) -> str:
    items = plural("{n} examined item", "{n} examined items", facts.get(f"n_{part}", 0))
    return f"{items}, {plural('{n} find', '{n} finds', facts.get(f'found_{part}', 0))}"


def _uses(model: FittedModel) -> str:
    if isinstance(model.tables, BoostedTrees):
        return _("{n}, mixed in any way", n=number(len(model.tables.names)))
    alone = _("{n}, each by itself", n=number(len(model.tables.names)))
    pairs = len(model.tables.pairs)
    return alone + (", " + plural("and {n} pair of them", "and {n} pairs of them", pairs) if pairs else "")


def capacity_rows(judged: Evaluation) -> list[dict[str, Any]]:
    """The capacity table, for the chart and the table, one row a rate and policy."""
    return [
        {
            "policy": _(_POLICY.get(r.policy, N_("this model"))),
            "rate": r.examination_rate,
            "hit": r.hit_rate,
            "hit_low": r.hit_rate_low,
            "hit_high": r.hit_rate_high,
            "detected": r.detection_rate,
            "lift": r.lift,
        }
        for r in judged.capacity.itertuples()
    ]


def cost_rows(judged: Evaluation) -> list[dict[str, Any]]:
    """The cost table, for its chart, one row a policy and price of a miss; empty where it was not measured."""
    return [
        {
            "policy": _(_POLICY.get(r.policy, N_("this model"))),
            "ratio": r.cost_ratio,
            "saved": round(r.saved, 4),
            "rate": r.examination_rate,
        }
        for r in judged.costs.itertuples()
    ]


#: What each estimate of a stream's rate is called, and what it speaks of.
ESTIMATES = {
    "naive": (N_("naive"), N_("what was picked")),
    "horvitz-thompson": ("Horvitz–Thompson", N_("the stream")),
    "hajek": ("Hájek", N_("the stream")),
}


def estimate_rows(judged: Evaluation) -> list[tuple[str, ...]]:
    """Estimates of the stream's rate from examined items, as table cells; empty where there are none."""
    return [
        (
            _("all items") if r.among == 1 else _("highest {share}", share=percent(r.among)),
            _(ESTIMATES[r.estimator][0]),
            _(ESTIMATES[r.estimator][1]),
            number(100 * r.rate, 1),
            f"{number(100 * r.low, 1)}–{number(100 * r.high, 1)}",
            number(100 * r.truth, 1) if hasattr(r, "truth") else "",
        )
        for r in judged.estimates.itertuples()
    ]


def importance_rows(model: FittedModel, attributions: pd.DataFrame) -> list[dict[str, Any]]:
    """Features by their mean absolute attribution over some items, the largest first; silent ones left out.

    `attributions` has one ``phi_<feature>`` column a feature, log-odds.
    """
    means = {f.name: float(attributions[f"phi_{f.name}"].abs().mean()) for f in model.features.specs}
    listed = sorted(((v, k) for k, v in means.items() if v >= 0.01), reverse=True)
    return [
        {"name": k, "title": _(model.dictionary.feature(k).title), "factor": round(math.exp(v), 3)}
        for v, k in listed
    ]


@dataclass(frozen=True)
class Shape:
    """One feature's effect over its values; rows have ``at, until, words, factor, share``.

    Where the model was fitted several times, also ``low, high``: two standard deviations of those fits.
    """

    title: str
    unit: str
    categorical: bool
    rows: tuple[dict[str, Any], ...]
    missing: str
    because: str

    @property
    def banded(self) -> bool:
        """Whether it is known how far each step may be off."""
        return any("low" in row for row in self.rows)


def shape_of(model: FittedModel, name: str) -> Shape:
    """The effect of one feature, pairs averaged over the background, with the share of items in each bin."""
    feature = model.dictionary.feature(name)
    edges, effect = model.tables.shape(name)
    share = model.tables.density[model.tables.names.index(name)]
    band = model.tables.band(name)
    of_bin = [
        {"factor": round(math.exp(v), 4), "share": round(float(share[k]), 5)} for k, v in enumerate(effect)
    ]
    for row, v, reach in zip(of_bin, effect, [] if band is None else 2 * band, strict=band is not None):
        row |= {"low": round(math.exp(v - reach), 4), "high": round(math.exp(v + reach), 4)}
    known = (
        _levels(model, feature, edges, of_bin) if feature.kind == "category" else _steps(feature, edges, of_bin)
    )
    missing = _(
        "Not stated ({share} of items): {effect}.",
        share=percent(float(share[-1]), 1),
        effect=odds_words(float(effect[-1]), translator()),
    )
    return Shape(
        _(feature.title),
        unit_words(feature),
        feature.kind == "category",
        tuple(known),
        missing if share[-1] else "",
        _(feature.because) if feature.because else "",
    )


def unit_words(feature: Feature) -> str:
    """What a feature's axis counts.

    >>> unit_words(Feature("h", "hours", (), "Notice", "h")), unit_words(Feature("d", "differs", ()))
    ('Notice, h', 'number of differences')
    """
    if feature.kind == "relative":
        return _("distance from what is typical for its commodity (0 = typical)")
    scale = {
        "vague": _("specific (0) … could be anything (1)"),
        "agreement": _("do not fit (low) … fit (high)"),
        "rarity": _("common (low) … rare (high)"),
        "novelty": _("known to come (low) … new (high)"),
        "differs": _("number of differences"),
    }.get(feature.kind)
    return scale or (f"{_(feature.title)}, {_(feature.unit)}" if feature.unit else _(feature.title))


def _steps(feature: Feature, edges: np.ndarray, of_bin: list[dict[str, float]]) -> list[dict[str, Any]]:
    inner = [float(e) for e in edges]
    width = (
        (inner[-1] - inner[0]) * 0.08 + 1e-3
        if len(inner) > 1
        else max(abs(inner[0]) * 0.5, 0.5)
        if inner
        else 1.0
    )
    low, high = ((inner[0] - width), (inner[-1] + width)) if inner else (0.0, 1.0)
    ends = [low, *inner, high]
    return [
        {
            "at": round(a, 4),
            "until": round(b, 4),
            "words": _("{low} to {high}", low=_said(a, feature), high=_said(b, feature)),
            **of_bin[k],
        }
        for k, (a, b) in enumerate(zip(ends, ends[1:], strict=False))
    ]


def _said(value: float, feature: Feature) -> str:
    return translator()(quantity(value, "" if feature.kind == "relative" else feature.unit))


def _levels(
    model: FittedModel, feature: Feature, edges: np.ndarray, of_bin: list[dict[str, float]]
) -> list[dict[str, Any]]:
    state = model.features.state_[feature.name]
    order = state["levels"]
    at = np.searchsorted(edges, np.arange(len(order)), side="left")
    together = {int(k): [order[i] for i in np.flatnonzero(at == k)] for k in np.unique(at)}
    rows = []
    for k, codes in together.items():
        said = [_(state["words"].get(c, c)) for c in codes]
        words = ", ".join(said[:3]) + (f" +{len(said) - 3}" if len(said) > 3 else "")
        rows.append(
            {
                "at": words,
                "until": words,
                "words": ", ".join(said[:12]),
                **of_bin[k],
            }
        )
    return rows


def pair_titles(model: FittedModel) -> list[str]:
    """The named pairs, in words."""
    titles = [_(model.dictionary.feature(n).title) for n in model.tables.names]
    return [f"{titles[a]} × {titles[b]}" for a, b in model.tables.pairs]


def pair_rows(model: FittedModel, k: int) -> tuple[list[dict[str, Any]], str, str]:
    """Pair k's joint effect as at most 14 × 14 cells (bins joined by their share), and both axis titles."""
    a, b = model.tables.pairs[k]
    table = model.tables.interaction(k)
    sides = [_cells(model, j) for j in (a, b)]
    rows = [
        {"a": wa, "b": wb, "effect": round(_mean(table, ia, ib, model, (a, b)), 4)}
        for ia, wa in sides[0]
        for ib, wb in sides[1]
    ]
    for row in rows:
        row["words"] = odds_words(row["effect"], translator())
    features = [model.dictionary.feature(model.tables.names[j]) for j in (a, b)]
    typical = " " + _("(0 = typical)")
    return rows, *(_(f.title) + (typical if f.kind == "relative" else "") for f in features)


def _mean(
    table: np.ndarray, ia: np.ndarray, ib: np.ndarray, model: FittedModel, pair: tuple[int, int]
) -> float:
    da, db = (model.tables.density[j][i] + 1e-12 for j, i in zip(pair, (ia, ib), strict=True))
    return float(da @ table[np.ix_(ia, ib)] @ db / (da.sum() * db.sum()))


def _cells(model: FittedModel, j: int) -> list[tuple[np.ndarray, str]]:
    """Bins of one feature joined into a few groups of about equal share, each with its words."""
    name, edges, share = model.tables.names[j], model.tables.edges[j], model.tables.density[j]
    feature, known = model.dictionary.feature(name), np.arange(len(edges) + 1)
    place = np.cumsum(share[known]) - share[known] / 2
    group = np.floor(place / max(place[-1], 1e-12) * (min(_CELLS, len(known)) - 1e-9)).astype(int)
    cells = [
        (known[group == g], _range_words(model, feature, edges, known[group == g])) for g in np.unique(group)
    ]
    return cells + ([(np.array([len(edges) + 1]), _("not stated"))] if share[-1] > 0 else [])


def _range_words(model: FittedModel, feature: Feature, edges: np.ndarray, bins: np.ndarray) -> str:
    low, high = bins[0] - 1, bins[-1]
    if feature.kind == "category":
        state = model.features.state_[feature.name]
        at = np.searchsorted(edges, np.arange(len(state["levels"])), side="left")
        said = [
            _(state["words"].get(c, c))
            for c, i in zip(state["levels"], at, strict=True)
            if i in set(bins.tolist())
        ]
        return ", ".join(said[:2]) + (" …" if len(said) > 2 else "")
    if low < 0:
        if high >= len(edges):
            return _("any")
        return _("up to {high}", high=_said(float(edges[high]), feature))
    start = _said(float(edges[low]), feature)
    if high >= len(edges):
        return _("over {low}", low=start)
    return f"{start} – {_said(float(edges[high]), feature)}"
