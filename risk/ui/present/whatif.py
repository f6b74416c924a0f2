"""The what-if view-model: what can be changed, and what that would do to score, lane and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from risk import workbench
from risk.fitted import FittedModel
from risk.schema import Field
from risk.ui.i18n import _, translator
from risk.ui.present.words import brief_frequency, exact, lane_title
from risk.ui.present.worth import Worth

__all__ = ["Changed", "changeable", "choices", "what_if"]

_NOTICEABLE = 0.095  # log-odds: a tenth more or less


@dataclass(frozen=True)
class Changed:
    """What a changed declaration would have led to."""

    sentence: str
    lane: str
    reasons: tuple[tuple[str, str, str], ...]


def changeable(model: FittedModel) -> tuple[Field, ...]:
    """Fields that a declarant states and the model reads, in the dictionary's order."""
    read = {name for names in model.features.reads().values() for name in names}
    return tuple(
        f
        for f in model.dictionary.fields()
        if f.name in read and f.known_at == "declaration" and f.role in ("categorical", "numeric", "text")
    )


def choices(model: FittedModel, field: Field) -> list[Any]:
    """The values to choose from where there are few: the field's codes, or those seen in training; else none.

    >>> choices(None, Field("insured", "boolean"))
    [True, False]
    """
    if field.type == "boolean":
        return [True, False]
    open_ended = "pattern" in field.constraints  # its levels name some codes, and prefixes of codes
    listed = list(field.constraints.get("enum", ())) or ([] if open_ended else list(field.levels))
    if listed or field.role != "categorical":
        return listed
    for feature in model.features.specs:
        if feature.kind == "category" and feature.reads == (field.name,) and not feature.params:
            return sorted(model.features.state_[feature.name]["known"])
    return []


def what_if(model: FittedModel, row: pd.DataFrame, changes: Mapping[str, Any], worth: Worth) -> Changed:
    """What the item would have scored with these values. Errors: `Refused` when a value cannot be."""
    words = translator()
    now = workbench.explain_item(model, row, str(row[model.dictionary.id_field].iloc[0]), translate=words)
    then = workbench.what_if(model, row, changes, translate=words)
    lane, before = worth.lane_of(then.risk_score), worth.lane_of(now.risk_score)
    said = ", ".join(_change(model.dictionary[name], row, value) for name, value in changes.items())
    sentence = _(
        "With {changes}: {then} instead of {now}. Its score would {how} lead to: {lane}.",
        changes=said,
        then=brief_frequency(then.risk_score),
        now=brief_frequency(now.risk_score),
        how=_("still") if lane == before else _("instead"),
        lane=lane_title(lane).lower(),
    )
    was = {r.feature: r for r in now.reasons}
    moved = [r for r in then.reasons if abs(r.attribution - was[r.feature].attribution) > _NOTICEABLE]
    return Changed(sentence, lane, tuple((r.title, was[r.feature].text, r.text) for r in moved))


def _change(field: Field, row: pd.DataFrame, value: Any) -> str:
    return _(
        "{field} {value} (declared: {stated})",
        field=_(field.title).lower(),
        value=exact(value, field) or _("not stated"),
        stated=exact(row[field.name].iloc[0], field) or _("not stated"),
    )
