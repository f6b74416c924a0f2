"""Attributions and reasons: gated for exactness, wrapped for shap's plots, spoken in plain words.

An explanation says what moved the *score*; it says nothing about what is inside the item.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from risk.errors import ExplanationWithheld
from risk.features import Columns, Features, Shown

if TYPE_CHECKING:
    import shap

__all__ = ["HARDLY", "Reason", "TOLERANCE", "check_additive", "as_shap", "reasons", "leading_reasons", "by_concept",
           "as_frequency", "odds_words", "tree_explainer", "tree_attributions"]

TOLERANCE = 1e-6
HARDLY = math.log(1.05)  # log-odds: below it, an attribution hardly changes the odds


@dataclass(frozen=True)
class Reason:
    """One feature's part in one item's score.

    `attribution` is in log-odds; `sentence` says the value in words, without the effect; `effect` says
    what it does to the odds.
    """

    feature: str
    title: str
    concept: str
    attribution: float
    sentence: str
    effect: str
    missing: bool = False

    @property
    def text(self) -> str:
        """The whole reason: value, then effect; of a missing value, that its absence has the effect.

        >>> Reason("w", "Weight", "weight", 0.4, "No weight is given", "raises the odds 1.5×", True).text
        'No weight is given, which itself raises the odds 1.5×.'
        """
        return f"{self.sentence}{', which itself' if self.missing else ':'} {self.effect}."


def check_additive(attributions: np.ndarray, base: float, margins: np.ndarray, ids: Sequence[str]) -> None:
    """Raise `ExplanationWithheld` unless every row's attributions add up to its margin within 1e-6.

    Parameters
    ----------
    attributions : (n_items, n_features), log-odds
    base : float
    margins : (n_items,), log-odds, computed apart from the attributions where the model can
    ids : (n_items,)

    >>> check_additive(np.array([[0.5, -0.2]]), 1.0, np.array([1.3]), ["CX000000005QM"])
    """
    gaps = np.abs(base + attributions.sum(axis=1) - margins)
    if len(gaps) and not gaps.max() <= TOLERANCE:  # also when the gap is not a number
        worst = int(np.argmax(np.nan_to_num(gaps, nan=np.inf)))
        raise ExplanationWithheld(item_id=str(ids[worst]), gap=float(gaps[worst]), tolerance=TOLERANCE)


def as_shap(attributions: np.ndarray, base: float, x: np.ndarray, names: Sequence[str]) -> "shap.Explanation":
    """The attributions as a `shap.Explanation`, so that every shap plot works on them."""
    import shap  # four seconds: only when somebody asks for this object

    return shap.Explanation(values=attributions, base_values=np.full(len(attributions), base), data=x,
                            feature_names=list(names))


def tree_explainer(booster: Any, background: np.ndarray) -> "shap.TreeExplainer":
    """shap's explainer of boosted trees, interventional (Lundberg et al. 2020) against `background` (n, p)."""
    import shap

    masker = shap.maskers.Independent(background.astype(np.float64), max_samples=len(background))
    return shap.TreeExplainer(booster, masker, feature_perturbation="interventional")


def tree_attributions(explainer: "shap.TreeExplainer", x: np.ndarray) -> np.ndarray:
    """SHAP values of `x` (n_items, p), log-odds. shap's own check is off: it passes what `check_additive` stops."""
    return explainer.shap_values(x.astype(np.float64), check_additivity=False)


#: Gives a text in the reader's language; templates keep their places (``{shown}``).
Translate = Callable[[str], str]


def reasons(features: Features, frame: pd.DataFrame | Columns, attributions: np.ndarray, *,
            translate: Translate = str) -> list[list[Reason]]:
    """Every item's reasons, the largest first (by absolute attribution).

    Parameters
    ----------
    features
        The fitted transformer that made the model's features.
    frame : (n_items, …)
        Raw declarations; a page of them, not a stream.
    attributions : (n_items, n_features)
    translate
        Puts the dictionary's sentences and the words in them into the reader's language.
    """
    said = features.say(frame)
    rows = []
    for i in range(len(frame)):
        row = [_reason(f, said[f.name][i], float(attributions[i, j]), translate)
               for j, f in enumerate(features.specs)]
        rows.append(sorted(row, key=lambda r: -abs(r.attribution)))
    return rows


def leading_reasons(features: Features, frame: pd.DataFrame | Columns, attributions: np.ndarray, *,
                    k: int = 5, translate: Translate = str) -> list[list[Reason]]:
    """Every item's `k` largest reasons; only what they need is put into words. Arguments as for `reasons`."""
    top, specs = np.argsort(-np.abs(attributions), axis=1, kind="stable")[:, :k], features.specs
    said = features.say(frame, {specs[j].name for j in np.unique(top)})
    return [[_reason(specs[j], said[specs[j].name][i], float(attributions[i, j]), translate) for j in row]
            for i, row in enumerate(top)]


def by_concept(features: Features, attributions: np.ndarray) -> pd.DataFrame:
    """Attributions added up by concept (value, weight, route, party, text …), (n_items, n_concepts), log-odds.

    A feature without a concept stands under its own title. Rows add up as the attributions do.
    """
    names = [f.concept or f.title for f in features.specs]
    return pd.DataFrame({concept: attributions[:, [n == concept for n in names]].sum(axis=1)
                         for concept in dict.fromkeys(names)})


def _reason(feature, shown: Shown, attribution: float, translate: Translate) -> Reason:
    return Reason(feature.name, translate(feature.title), feature.concept, attribution,
                  _sentence(feature, shown, attribution, translate), odds_words(attribution, translate), shown.missing)


def _sentence(feature, shown: Shown, attribution: float, translate: Translate) -> str:
    template = translate(_template(feature, shown, attribution))
    parts = {name: translate(words) for name, words in shown.parts.items()}
    return template.format(shown=translate(shown.text), relation=translate(shown.relation),
                           usual=translate(shown.usual), title=translate(feature.title), **parts)


def _template(feature, shown: Shown, attribution: float) -> str:
    templates = feature.reason
    if shown.missing:
        return templates.get("missing", "{title} is not stated")
    if shown.unknown:
        return templates.get("unknown", "{title} is {shown}, never seen in training")
    if shown.form in templates:
        return templates[shown.form]
    direction = "up" if attribution > 0 else "down"
    default = "{title} is {shown}, {relation} {usual}" if shown.relation else "{title} is {shown}"
    return templates.get(direction, templates.get("say", default))


def odds_words(attribution: float, translate: Translate = str) -> str:
    """What an attribution does to the odds.

    >>> odds_words(0.83), odds_words(-0.83), odds_words(0.01)
    ('raises the odds 2.3×', 'lowers the odds 2.3×', 'hardly changes the odds')
    """
    factor = math.exp(min(abs(attribution), 50))
    if abs(attribution) < HARDLY:
        return translate("hardly changes the odds")
    size = f"{factor:.2f}" if factor < 1.2 else f"{factor:.1f}" if factor < 20 else f"{factor:,.0f}"
    template = "raises the odds {size}×" if attribution > 0 else "lowers the odds {size}×"
    return translate(template).format(size=translate(size))


def as_frequency(probability: float, what: str = "irregular") -> str:
    """A probability as people count: of 100, of 1,000 or of 10,000 such items.

    >>> as_frequency(0.14), as_frequency(0.0031), as_frequency(0.00001)
    ('about 14 of 100 such items are irregular', 'about 3 of 1,000 such items are irregular', \
'fewer than 1 of 10,000 such items is irregular')
    >>> as_frequency(0.9999)
    'more than 99 of 100 such items are irregular'
    """
    if probability > 0.995:
        return f"more than 99 of 100 such items are {what}"
    for of in (100, 1000, 10_000):
        count = round(probability * of)
        if count >= (2 if of < 10_000 else 1):
            return f"about {count:,} of {of:,} such items {'is' if count == 1 else 'are'} {what}"
    return f"fewer than 1 of 10,000 such items is {what}"
