"""Requests to scores: each alone, in its own few columns, with whichever model is promoted when it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from risk import datasets
from risk.counterchecks import LaneLimits
from risk.errors import BadSetting
from risk.explanation import check_additive, leading_reasons
from risk.features import Columns, PartyHistory, past_of
from risk.fitted import FittedModel
from risk.intake import RowGate, check_frame
from risk.registry import Registry
from risk.workbench import Workspace

__all__ = ["Lanes", "Scorer", "make_scorer"]

_AT_ONCE = 8  # declarations that are scored where they arrive; more go to a thread, so that nobody waits for them
_REASONS = 5
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Lanes:
    """Limits of the lanes, from the margins of a stream and the share of it that can be examined.

    >>> Lanes.from_margins(np.arange(100.0), rate=0.02).limits
    LaneLimits(red=97.02, yellow=95.03999999999999)
    """

    limits: LaneLimits

    @classmethod
    def from_margins(cls, margins: np.ndarray, *, rate: float) -> "Lanes":
        """The highest `rate` of the margins leads to red, as much again to yellow."""
        red, yellow = np.quantile(margins, [1 - rate, max(0.0, 1 - 2 * rate)])
        return cls(LaneLimits(float(red), float(yellow)))


@dataclass
class Scorer:
    """Scores declarations with a registered model; one batch at a time, in a thread of its own.

    Parameters
    ----------
    registry, name
        The model; ``champion`` follows promotions.
    lanes
        None where no lane is to be stated.
    history
        Earlier items, for what was known of parties.
    """

    registry: Registry
    name: str = "champion"
    lanes: Lanes | None = None
    history: PartyHistory | None = None
    model: FittedModel = field(init=False)

    def __post_init__(self) -> None:
        self._take(self.registry.load(self.name))
        self._thread = ThreadPoolExecutor(1)

    def _take(self, model: FittedModel) -> None:
        """Make a model the present one, once its loops are compiled and its gate is ready."""
        if past := past_of(_empty(model), model.dictionary, earlier=self.history):
            model.features.values(_empty(model).adding(past))
        model.tables.explain(np.full((1, len(model.tables.names)), np.nan, np.float32))
        self._ready = model, RowGate(model.dictionary)
        self.model = model

    async def submit(self, rows: Sequence[Row]) -> dict[str, Any]:
        """The answer to one request. Errors: those of the gate and of the model."""
        if len(rows) <= _AT_ONCE:
            return self.answer(rows)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.answer, rows)

    def refresh(self) -> bool:
        """Load the model that the name stands for now; True where it is another one."""
        if self.registry.resolve(self.name) == self.model.model_id:
            return False
        self._take(self.registry.load(self.name))
        return True

    def answer(self, rows: Sequence[Row]) -> dict[str, Any]:
        """Score, lane, attributions and leading reasons of each declaration, and the model's id."""
        model, gate = self._ready  # a promotion in the middle changes nothing about this answer
        columns = _columns(rows, gate, model)
        past = past_of(columns, model.dictionary, earlier=self.history)
        columns = columns.adding(past) if past else columns
        phi, margin = model.tables.explain(model.matrix(columns))
        ids = columns.texts(model.dictionary.id_field).rows()
        check_additive(phi, model.base_value, margin, ids)
        reasons = leading_reasons(model.features, columns, phi, k=_REASONS)
        lane_of = self.lanes.limits.lane_of if self.lanes else lambda margin: None
        items = [
            {
                "item_id": item_id,
                "margin": m,
                "risk_score": score,
                "lane": lane_of(m),
                "base_value": model.base_value,
                "attributions": dict(zip(model.tables.names, parts, strict=True)),
                "reasons": [{"feature": r.feature, "attribution": r.attribution, "text": r.text} for r in said],
            }
            for item_id, m, score, parts, said in zip(
                ids, margin.tolist(), expit(margin).tolist(), phi.tolist(), reasons, strict=True
            )
        ]
        return {"model_id": model.model_id, "items": items}


def _columns(rows: Sequence[Row], gate: RowGate, model: FittedModel) -> Columns:
    """The declarations behind the gate: at once where they are plain, else through a frame."""
    plain = gate.plain(rows)
    if plain is not None:
        return Columns(plain, len(rows))
    names = [f.name for f in model.dictionary.fields()]
    given = pd.DataFrame({n: pd.Series([row.get(n) for row in rows], dtype=object) for n in names})
    return Columns.of(check_frame(given, model.dictionary))


def _empty(model: FittedModel) -> Columns:
    """One declaration in which nothing is stated."""
    return Columns({f.name: [None] for f in model.dictionary.fields()}, 1)


def make_scorer(
    workspace: Workspace,
    name: str = "champion",
    *,
    history: str | Path | None = None,
    scores: str | Path | None = None,
    rate: float = 0.02,
) -> Scorer:
    """A scorer as ``risk serve`` asks for it.

    Parameters
    ----------
    workspace, name
        Where the model is, and what it is called.
    history
        A data set whose items came before.
    scores, rate
        A stream's scores (from ``risk score``), and the share of such a stream that can be examined.
    """
    if not 0 < rate < 1:
        raise BadSetting("rate", got=rate, expected="a share between 0 and 1")
    lanes = None
    if scores is not None:
        lanes = Lanes.from_margins(datasets.read_scores(scores)["margin"].to_numpy(dtype=float), rate=rate)
    known = None
    if history is not None:
        data = datasets.open_data(history)
        known = PartyHistory.of(data.declarations, data.dictionary, outcomes=data.outcomes)
    return Scorer(workspace.registry, name, lanes, known)
