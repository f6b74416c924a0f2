"""What else there is to know about one item: parties' past, similar items, single changes, other models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from risk.counterchecks import LaneLimits, Similar, agreement, differing_reasons, turning_changes
from risk.explanation import HARDLY
from risk.features.history import WINDOWS_DAYS, past_name
from risk.fitted import FittedModel
from risk.schema import Dictionary
from risk.ui.i18n import N_, _, moment, number, plural
from risk.ui.present.words import brief_frequency, exact, lane_title

__all__ = ["OtherModel", "PartyPast", "SimilarItem", "differing", "others", "parties", "similar", "turns"]

_READINGS = {
    "same direction": N_("same direction"),
    "opposite directions": N_("opposite directions"),
    "not for all": N_("not for all"),
}


@dataclass(frozen=True)
class PartyPast:
    """What was known of one party when the item came: `sentence`, and one row a window of days."""

    title: str
    sentence: str
    rows: tuple[tuple[str, str, str], ...]


def parties(dictionary: Dictionary, row: pd.DataFrame) -> tuple[PartyPast, ...]:
    """The past of each party of one stored row, as known at the item's moment; () where it was not kept."""
    cells = row.iloc[0]
    return tuple(
        _party(dictionary, f.name, cells)
        for f in dictionary.role("party")
        if past_name(f.name, "examined") in row and pd.notna(cells[f.name])
    )


def _party(dictionary: Dictionary, name: str, cells: pd.Series) -> PartyPast:
    age = cells[past_name(name, "age")]
    examined, found = (int(cells[past_name(name, what)]) for what in ("examined", "found"))
    if pd.isna(age):
        said = _("This is its first item here.")
    else:
        since = plural("First seen {n} day before.", "First seen {n} days before.", round(age))
        seen = plural("{n} earlier item was examined", "{n} earlier items were examined", examined)
        hits = plural("{n} find", "{n} finds", found)
        none = _("None of its earlier items was examined by then.")
        said = f"{since} {seen}: {hits}." if examined else f"{since} {none}"
    rows = tuple(
        (
            plural("{n} day before", "{n} days before", days),
            number(cells[past_name(name, "items", days)]),
            number(cells[past_name(name, "others", days)]),
        )
        for days in WINDOWS_DAYS
    )
    return PartyPast(_(dictionary[name].title), said, rows)


@dataclass(frozen=True)
class SimilarItem:
    """An earlier examined item that looked alike to the model, and what its examination showed."""

    item_id: str
    outcome: str
    found: bool
    frequency: str
    reported: str
    reasons: str


def similar(
    model: FittedModel, row: pd.DataFrame, past: pd.DataFrame | None, *, k: int = 6
) -> list[SimilarItem]:
    """The `k` examined items nearest to one, of those whose outcome was known at its moment."""
    if past is None:
        return []
    clock = model.dictionary.clock
    known = past[past["reported_utc"] < row[clock].iloc[0]] if clock else past
    if known.empty:
        return []
    names = [f"phi_{f.name}" for f in model.features.specs]
    features = [model.features.transform(part).to_numpy(np.float32) for part in (known, row)]
    rows, _distances = Similar(features[0], known[names].to_numpy()).nearest(features[1], k=k)
    found = known.iloc[rows[0]]
    said = model.reasons(found)
    return [_similar(model, one, raised) for one, raised in zip(found.to_dict("records"), said, strict=True)]


def _similar(model: FittedModel, one: Mapping, raised: Sequence) -> SimilarItem:
    titles = [_(model.dictionary.feature(r.feature).title) for r in raised if r.attribution > 0][:2]
    return SimilarItem(
        str(one[model.dictionary.id_field]),
        _("Irregular: confirmed") if one["found"] else _("Nothing found"),
        bool(one["found"]),
        brief_frequency(float(one["risk_score"])),
        moment(one["reported_utc"]),
        ", ".join(titles),
    )


def turns(model: FittedModel, row: pd.DataFrame, limits: LaneLimits, *, most: int = 5) -> list[str]:
    """Single stated fields that alone would have led to another lane, the smallest change first."""
    out = []
    for turn in turning_changes(model, row, limits)[:most]:
        field = model.dictionary[turn.field]
        out.append(
            _(
                "{field}: {instead} instead of {stated} would lead to {lane}",
                field=_(turn.title),
                instead=exact(turn.instead, field) or _("not stated"),
                stated=exact(turn.stated, field) or _("not stated"),
                lane=lane_title(turn.lane).lower(),
            )
        )
    return out


@dataclass(frozen=True)
class OtherModel:
    """What one model says about the item."""

    name: str
    frequency: str
    reason: str
    agrees: bool


def others(models: Mapping[str, FittedModel], row: pd.DataFrame) -> list[OtherModel]:
    """What several models say; the first is the one the queue was made with."""
    said = agreement(models, row)
    titles = {f.name: f.title for model in models.values() for f in model.features.specs}
    return [
        OtherModel(
            r.model,
            brief_frequency(r.risk_score),
            _(titles[r.top_feature]) if r.top_feature else _("Nothing raises it"),
            bool(r.same_top_reason),
        )
        for r in said.itertuples()
    ]


def differing(models: Mapping[str, FittedModel], row: pd.DataFrame) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Headers and rows: what each model makes of the details that any of them finds most important."""
    told = differing_reasons(models, row)
    names = [name for name in models if name in told]
    kinds = [models[name].kind for name in names]
    short = [kind if kinds.count(kind) == 1 else name for name, kind in zip(names, kinds, strict=True)]
    rows = [
        (_(r["title"]), *(_part(r[name]) for name in names), _(_READINGS[r["reading"]]))
        for r in told.to_dict("records")
    ]
    return (_("Detail"), *short, _("Together")), rows


def _part(attribution: float) -> str:
    """How many times the odds rise or fall, as short as a narrow column wants it."""
    if np.isnan(attribution):
        return _("does not use it")
    if abs(attribution) < HARDLY:
        return "–"
    return f"{'▲' if attribution > 0 else '▼'}\u00a0{number(float(np.exp(min(abs(attribution), 50))), 1)}×"
