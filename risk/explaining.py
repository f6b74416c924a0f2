"""Putting explanations to the test: the audit against the made world's causes, and checks of one item.

Beside `risk.workbench`: one function per thing a person can do with an explanation other than read it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from data_synthetic.world import CONTAINS
from risk import explanation_audit, training, workbench
from risk.counterchecks import (
    LaneLimits,
    Similar,
    Turn,
    agreement,
    differing_reasons,
    robustness_words,
    turning_changes,
)
from risk.errors import BadSetting, NotFound, Refused
from risk.explanation_audit import (
    Stated,
    cause_agreement,
    causes_of,
    deletion_curves,
    field_attributions,
    side_by_side,
)
from risk.fitted import FittedModel
from risk.intake import Data, load_truth
from risk.models.dated import DatedTables
from risk.results import AuditTables

__all__ = ["ExplanationAudit", "CounterCheck", "audit_explanations", "compare_item", "counter_check",
           "stated_attributions"]

_STEADY_ITEMS, _NUDGES, _NUDGE = 2000, 3, 0.01
_ADDED_UP = 5000  # items beside the flagged ones whose attributions are added up


@dataclass(frozen=True)
class ExplanationAudit:
    """Two answers, never one.

    Attributes
    ----------
    model_id : str
    flagged : int, irregular items among the highest scores; what `cause` is about
    rate : float, share of items flagged
    cause : DataFrame, agreement with the cause: ``scheme, n, measure, value, low, high, random, global,
        ceiling``
    faithful : DataFrame, faithfulness to the model: ``measure, value, beside, what``
    beside : DataFrame, the pointing game of this and other models on the same items, as
        `risk.explanation_audit.side_by_side` gives it; empty where no other model was named
    cause_by_field, beside_by_field : DataFrame, the same of attributions to the fields that were stated, as
        `stated_attributions` gives them, instead of to features
    """

    model_id: str
    flagged: int
    rate: float
    cause: pd.DataFrame
    faithful: pd.DataFrame
    beside: pd.DataFrame
    cause_by_field: pd.DataFrame
    beside_by_field: pd.DataFrame

    @property
    def tables(self) -> AuditTables:
        """What is kept of it beside the model."""
        return AuditTables(self.flagged, self.rate, self.cause, self.faithful)

    def to_frame(self) -> pd.DataFrame:
        """All answers as one table for machines; ``question`` says which a row belongs to."""
        cause = self.cause.assign(question="agrees with the cause")
        beside = self.beside.assign(question="agrees with the cause, models side by side")
        by_field = [self.cause_by_field.assign(question="agrees with the cause, by field"),
                    self.beside_by_field.assign(question="agrees with the cause, by field, models side by side")]
        told = [cause, self.faithful.assign(question="faithful to the model"), beside, *by_field]
        return pd.concat([t for t in told if len(t)], ignore_index=True)


def audit_explanations(
    model: FittedModel,
    data: Data,
    *,
    rate: float = 0.02,
    retrain: int = 0,
    beside: Mapping[str, FittedModel] | None = None,
    seed: int = 0,
) -> ExplanationAudit:
    """Compare the attributions of flagged irregular items with what their schemes altered.

    Parameters
    ----------
    model, data
        On the data the model learnt from, only its evaluation slice is used.
    rate
        Share of the items, by score, that counts as flagged, 0–1.
    retrain
        How often to train again on a bootstrap sample of the items to see whether reasons stay; 0 for not.
    beside
        Further models by name, asked about the same items.

    Raises
    ------
    risk.errors.Refused
        When the data has no truth with recorded causes, or no irregular item is flagged.
    """
    if not 0 < rate <= 1:
        raise BadSetting("rate", got=rate, expected="a share above 0, at most 1")
    items, known = _judged(model, data)
    order = np.argsort(-model.score(items)["margin"].to_numpy(), kind="stable")[: max(1, round(rate * len(items)))]
    rows = order[known["irregular"].to_numpy(dtype=bool)[order]]
    if not len(rows):
        raise Refused(
            f"None of the {len(order):,} items with the highest scores is irregular, so no explanation "
            "can be compared with a cause. Use a longer stream or a larger --rate. Nothing was audited."
        )
    models = {model.model_id or model.kind: model, **(beside or {})}
    phis = {name: _phi(m.attribute(items.iloc[rows])) for name, m in models.items()}
    reads = {name: list(m.features.reads().values()) for name, m in models.items()}
    causes, first = causes_of(known.iloc[rows], contains=CONTAINS), next(iter(models))
    by_field, alone = stated_attributions(models, items.iloc[rows], _past(data), seed=seed)
    faithful = [*_faithful(model, items, order, seed),
                *_steadiness(model, data, items.iloc[order[:_STEADY_ITEMS]], retrain, seed)]
    return ExplanationAudit(
        model.model_id,
        len(rows),
        rate,
        cause_agreement(phis[first], reads[first], causes, seed=seed),
        pd.DataFrame(faithful),
        side_by_side(phis, reads, causes, seed=seed) if beside else pd.DataFrame(),
        cause_agreement(by_field[first], alone[first], causes, seed=seed),
        side_by_side(by_field, alone, causes, seed=seed) if beside else pd.DataFrame(),
    )


def stated_attributions(
    models: Mapping[str, FittedModel], items: pd.DataFrame, background: pd.DataFrame, *,
    contains: Mapping[str, Sequence[str]] = CONTAINS, draws: int = 32, seed: int = 0
) -> tuple[dict[str, np.ndarray], dict[str, list[tuple[str]]]]:
    """Attributions to the raw fields that were stated, the same questions asked of every model.

    Parameters
    ----------
    models
        By name.
    items, background
        Declarations that know their parties' past; `background` are past ones that items are compared with.
    contains
        Fields whose stated amount includes that of another, here the first named: gross weight is played as what
        is beyond net weight.
    draws
        How many past declarations each item is compared with.

    Returns
    -------
    tuple of dict
        By model, Shapley values (n_items, fields of that model) in log-odds, as
        `risk.explanation_audit.field_attributions` defines them, and those fields, each alone in a tuple.
    """
    phis: dict[str, np.ndarray] = {}
    alone: dict[str, list[tuple[str]]] = {}
    for names in _alike(models):
        some = [models[name] for name in names]
        game = Stated.of(some[0].features, parts={whole: parts[0] for whole, parts in contains.items()})
        told = field_attributions(lambda frame, some=some: _margins(some, frame), items, background, game,
                                  draws=draws, seed=seed)
        phis |= {name: told[..., k] for k, name in enumerate(names)}
        alone |= {name: [(f,) for f in game.fields] for name in names}
    return {name: phis[name] for name in models}, alone


def _alike(models: Mapping[str, FittedModel]) -> list[list[str]]:
    """Names of models that read the same matrix of a declaration, together: its features are made once."""
    groups: list[tuple[object, list[str]]] = []
    for name, model in models.items():
        reads = (isinstance(model.tables, DatedTables), model.features.to_state())
        same = next((names for state, names in groups if state == reads), None)
        if same is None:
            groups.append((reads, [name]))
        else:
            same.append(name)
    return [names for _, names in groups]


def _margins(models: Sequence[FittedModel], frame: pd.DataFrame) -> np.ndarray:
    x = models[0].matrix(frame)
    return np.column_stack([model.tables.margins(x) for model in models])


def _past(data: Data) -> pd.DataFrame:
    """The declarations that come first, as many as are learnt from."""
    return data.declarations[training.slices_of(data.declarations, data.dictionary).rows(training.FIT)]


def _judged(model: FittedModel, data: Data) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Declarations that the model has not learnt from, and their truth in the same order."""
    truth = load_truth(data.source)
    if truth is None:
        raise Refused(
            "Expected made data with its truth; this data set has none, so nobody knows the causes. "
            "Make some with: risk generate --out DIR. Nothing was audited."
        )
    items = data.declarations[training.unseen_rows(model.facts, data)].reset_index(drop=True)
    id_field = data.dictionary.id_field
    return items, truth.set_index(id_field).loc[items[id_field].astype("str")]


def _phi(scored: pd.DataFrame) -> np.ndarray:
    return scored[[c for c in scored.columns if c.startswith("phi_")]].to_numpy()


def _faithful(model: FittedModel, items: pd.DataFrame, order: np.ndarray, seed: int) -> list[dict]:
    """Additivity of flagged items and some thousand others; deletion and insertion curves of the flagged ones."""
    x = model.features.transform(items).to_numpy(dtype=np.float32)
    others = np.random.default_rng([seed, 46]).permutation(len(x))[:_ADDED_UP]
    rows = np.concatenate([order, others])
    phi = model.tables.attributions(x[rows])
    gaps = model.base_value + phi.sum(axis=1) - model.tables.margins(x[rows])
    curves = deletion_curves(model.tables.margins, x[order], phi[: len(order)], x, seed=seed)
    return explanation_audit.faithfulness(curves, gaps).to_dict("records")


def _steadiness(
    model: FittedModel, data: Data, items: pd.DataFrame, retrain: int, seed: int
) -> Iterator[dict]:
    phi = _phi(model.attribute(items))
    nudged = [_phi(model.attribute(_nudge(model, items, seed + k))) for k in range(_NUDGES)]
    yield from _steady_rows(
        explanation_audit.stability(phi, nudged), "weights and values changed by about 1 %"
    )
    if retrain:
        again = [_phi(_retrained(model, data, seed + k).attribute(items)) for k in range(retrain)]
        times = "once" if retrain == 1 else f"{retrain} times"
        yield from _steady_rows(
            explanation_audit.stability(phi, again), f"trained again {times}, on bootstrap samples"
        )


def _steady_rows(found: dict[str, float], what: str) -> Iterator[dict]:
    for measure, value in found.items():
        yield {
            "measure": f"stability: {measure.replace('_', ' ')}",
            "value": value,
            "beside": 1.0,
            "what": what,
        }


def _nudge(model: FittedModel, items: pd.DataFrame, seed: int) -> pd.DataFrame:
    rng, out = np.random.default_rng([seed, 43]), items.copy()
    for f in model.dictionary.role("numeric"):
        if f.type == "number" and f.known_at == "declaration":
            out[f.name] = out[f.name] * np.exp(rng.normal(0, _NUDGE, len(out)))
    return out


def _retrained(model: FittedModel, data: Data, seed: int) -> FittedModel:
    """The same kind of model, trained the same way on items drawn with replacement, in their order."""
    n = len(data.declarations)
    drawn = np.sort(np.random.default_rng([seed, 44]).integers(0, n, n))
    part = replace(data, declarations=data.declarations.iloc[drawn].reset_index(drop=True))
    facts = model.facts
    return workbench.train(
        part,
        model.kind,
        labels=facts.get("labels", "examined"),
        seed=int(facts.get("seed", 0)),
        without=tuple(facts.get("without", ())),
    )


# ------------------------------------------------------------------------------------------ one item


@dataclass(frozen=True)
class CounterCheck:
    """What else there is to know about one item's score.

    Attributes
    ----------
    item_id, lane : str
        The lane its score leads to at the capacity given.
    robustness : str, the reading in one sentence
    turns : tuple of Turn, the single fields that would change the lane
    similar : DataFrame, ``item_id, distance, margin, outcome`` of the nearest earlier items
    agreement : DataFrame, what each model says
    """

    item_id: str
    lane: str
    robustness: str
    turns: tuple[Turn, ...]
    similar: pd.DataFrame
    agreement: pd.DataFrame


def counter_check(
    model: FittedModel,
    data: Data,
    item_id: str,
    *,
    capacity: int | None = None,
    k: int = 8,
    others: dict[str, FittedModel] | None = None,
) -> CounterCheck:
    """Does the flag hang on one field, what became of similar items, and do other models agree?

    Parameters
    ----------
    capacity
        How many items of the data set could be examined; by default 2 % of them.
    k
        How many similar earlier items to list.
    others
        Further models by name.
    """
    at = _place(data, item_id)
    row, scored = data.declarations.iloc[[at]], model.attribute(data.declarations)
    limits = _limits(scored, capacity or max(1, len(scored) // 50))
    turns = turning_changes(model, row, limits)
    return CounterCheck(
        item_id,
        limits.lane_of(float(scored["margin"].iloc[at])),
        robustness_words(turns, model.dictionary),
        tuple(turns),
        similar_items(model, data, scored, at, k=k),
        agreement({model.model_id or model.kind: model, **(others or {})}, row),
    )


def compare_item(models: Mapping[str, FittedModel], data: Data, item_id: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What several models say about one item, and where they disagree on the reasons.

    Returns what `risk.counterchecks.agreement` and `risk.counterchecks.differing_reasons` return.
    """
    row = data.declarations.iloc[[_place(data, item_id)]]
    return agreement(models, row), differing_reasons(models, row)


def _place(data: Data, item_id: str) -> int:
    at = np.flatnonzero(data.declarations[data.dictionary.id_field].astype("str") == item_id)
    if not len(at):
        raise NotFound("item", item_id, todo="Check the identifier; it must be in the data set given.")
    return int(at[0])


def _limits(scored: pd.DataFrame, capacity: int) -> LaneLimits:
    lanes = workbench.select(scored, capacity=capacity)
    return LaneLimits.of(scored["margin"].to_numpy(), lanes["lane"].to_numpy(), lanes["channel"].to_numpy())


def similar_items(
    model: FittedModel, data: Data, scored: pd.DataFrame, at: int, *, k: int = 8
) -> pd.DataFrame:
    """The `k` items before row `at` that were nearest to it, with what an examination showed."""
    clock = data.dictionary.clock
    time = (
        data.declarations[clock]
        if clock
        else pd.Series(np.arange(len(scored)), index=data.declarations.index)
    )
    before = np.flatnonzero((time < time.iloc[at]).to_numpy())
    x = model.features.transform(data.declarations).to_numpy(dtype=np.float32)
    phi = _phi(scored)
    if not len(before):
        return pd.DataFrame(columns=["item_id", "distance", "margin", "outcome"])
    rows, distances = Similar(x[before], phi[before]).nearest(x[[at]], k=k)
    found = scored.iloc[before[rows[0]]][["item_id", "margin"]].reset_index(drop=True)
    found.insert(1, "distance", distances[0])
    return found.assign(outcome=_outcomes(data, found["item_id"]))


def _outcomes(data: Data, ids: pd.Series) -> list[str]:
    if data.outcomes is None:
        return ["not examined"] * len(ids)
    known = data.outcomes.drop_duplicates(data.dictionary.id_field, keep="last")
    result = known.set_index(known[data.dictionary.id_field].astype("str"))[data.dictionary.label]
    return [("irregular" if result[i] else "in order") if i in result.index else "not examined" for i in ids]
