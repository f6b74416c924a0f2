"""What a registered model is worth on items it has not learnt from: one evaluation, every table of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from risk import evaluation, training
from risk.datasets import known
from risk.features.columns import moments
from risk.fitted import FittedModel
from risk.intake import Data
from risk.models.dated import with_day
from risk.models.rules import RuleBook
from risk.results import Evaluation
from risk.schema import Dictionary

__all__ = ["baselines", "judge", "oracle_sentence"]


def judge(model: FittedModel, data: Data, *, truth: pd.DataFrame | None = None) -> Evaluation:
    """Judge a model by truth where it is given, else by examinations weighted by inverse inclusion probability.

    Beside the model stand a random choice, the rule book (where its features exist) and, on made data,
    the history-aware oracle: the best any model could do.
    """
    rows = np.flatnonzero(training.unseen_rows(model.facts, data))
    items = known(data, model.dictionary).declarations.iloc[rows]
    margin = model.score(items)["margin"].to_numpy()
    labels = training.labels_of(data, truth=truth).iloc[rows]
    judged = labels["y"].notna().to_numpy()
    items, seen = items[judged], margin[judged]
    y, weight = (labels[name].to_numpy()[judged] for name in ("y", "weight"))
    policies = {**baselines(model, items, truth, data.dictionary), model.kind: seen}
    groups = {f.name: evaluation.group_table(items[f.name], seen, y, weight=weight) for f in data.dictionary.groups}
    return Evaluation(
        "examinations" if truth is None else "truth", len(items), _period(items, data.dictionary),
        evaluation.capacity_table(policies, y, weight=weight),
        evaluation.discrimination(seen, y, weight=weight),
        evaluation.reliability(seen, y, weight=weight), groups,
        costs=evaluation.cost_table(policies, y, weight=weight),
        estimates=_estimates(data, rows, margin, truth),
        schemes=_schemes(items, truth, seen, data.dictionary))  # fmt: skip


def baselines(model: FittedModel, items: pd.DataFrame, truth: pd.DataFrame | None,
              dictionary: Dictionary) -> dict[str, np.ndarray]:
    """Margins of the rule book and the oracle, as far as there are such."""
    x, book, out = model.features.transform(items).to_numpy(np.float32), RuleBook.default(), {}
    if model.kind != "rules" and book.applies_to(model.features):
        tables = book.compile(model.features, x)
        out["rules"] = tables.margins(with_day(tables, x, moments(items, dictionary.as_of)))
    if truth is not None and "oracle_margin" in truth:
        best = truth.set_index(dictionary.id_field)["oracle_margin"]
        out["oracle"] = items[dictionary.id_field].map(best).to_numpy(dtype=float)
    return out


def oracle_sentence(found: Evaluation, kind: str, *, rate: float = 0.01) -> str:
    """How far the model is from the best any model could do; empty where no oracle stands beside it."""
    at = found.capacity[np.isclose(found.capacity["examination_rate"], rate)].set_index("policy")["detection_rate"]
    if "oracle" not in at:
        return ""
    return (f"At an examination rate of {rate:.0%} the model finds {at[kind] / at['oracle']:.0%} of what any model "
            "could find.")


def _period(items: pd.DataFrame, dictionary: Dictionary) -> tuple[str, str] | None:
    clock = dictionary.clock
    return (items[clock].min().isoformat(), items[clock].max().isoformat()) if clock else None


def _estimates(data: Data, rows: np.ndarray, margin: np.ndarray, truth: pd.DataFrame | None) -> pd.DataFrame:
    """Naive, Horvitz–Thompson and Hájek estimates; empty where no inclusion probabilities are recorded."""
    if data.outcomes is None or "inclusion_probability" not in data.outcomes:
        return pd.DataFrame()
    seen = training.labels_of(data).iloc[rows]
    irregular = None if truth is None else training.labels_of(data, truth=truth)["y"].to_numpy()[rows]
    return evaluation.estimate_table(margin, seen["y"].to_numpy(), 1 / seen["weight"].to_numpy(),
                                     rates=(0.01, 0.05), truth=irregular)


def _schemes(items: pd.DataFrame, truth: pd.DataFrame | None, margin: np.ndarray,
             dictionary: Dictionary) -> pd.DataFrame:
    """Detection rate of each scheme of a made world; empty elsewhere."""
    if truth is None or "scheme" not in truth:
        return pd.DataFrame()
    scheme = items[dictionary.id_field].map(truth.set_index(dictionary.id_field)["scheme"])
    return evaluation.scheme_table(scheme, margin)
