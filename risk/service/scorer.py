"""Requests to scores: what waits is scored together, and a promoted model takes over between two batches."""

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
from risk.errors import BadSetting, RiskError
from risk.explanation import check_additive, leading_reasons
from risk.features import PartyHistory, with_past
from risk.fitted import FittedModel
from risk.intake import check_frame
from risk.registry import Registry
from risk.workbench import Workspace

__all__ = ["Lanes", "Scorer", "make_scorer"]

_MOST_TOGETHER = 256
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
    _waiting: "asyncio.Queue[tuple[Sequence[Row], asyncio.Future]]" = field(init=False)

    def __post_init__(self) -> None:
        self.model = self.registry.load(self.name)
        self._thread = ThreadPoolExecutor(1)

    async def run(self) -> None:
        """Score what is submitted until cancelled."""
        self._waiting = asyncio.Queue()
        loop = asyncio.get_running_loop()
        while True:
            together = [await self._waiting.get()]
            while not self._waiting.empty() and sum(len(rows) for rows, _ in together) < _MOST_TOGETHER:
                together.append(self._waiting.get_nowait())
            answers = await loop.run_in_executor(self._thread, self._answers, [rows for rows, _ in together])
            for (_, future), answer in zip(together, answers, strict=True):
                _settle(future, answer)

    async def submit(self, rows: Sequence[Row]) -> dict[str, Any]:
        """The answer to one request. Errors: those of the gate and of the model."""
        future = asyncio.get_running_loop().create_future()
        await self._waiting.put((rows, future))
        return await future

    def refresh(self) -> bool:
        """Load the model that the name stands for now; True where it is another one."""
        if self.registry.resolve(self.name) == self.model.model_id:
            return False
        self.model = self.registry.load(self.name)
        return True

    def _answers(self, asked: Sequence[Sequence[Row]]) -> list[dict[str, Any] | RiskError]:
        """One answer or error for each request. What is refused together is asked again one by one."""
        model = self.model  # a promotion in the middle of a batch changes nothing about it
        try:
            scored = self.score(model, [row for rows in asked for row in rows])
        except RiskError as error:
            return [error] if len(asked) == 1 else [a for rows in asked for a in self._answers([rows])]
        out, at = [], 0
        for rows in asked:
            out.append({"model_id": model.model_id, "items": scored[at : at + len(rows)]})
            at += len(rows)
        return out

    def score(self, model: FittedModel, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Score, lane, attributions and leading reasons of each declaration."""
        d = model.dictionary
        names = [f.name for f in d.fields()]
        given = pd.DataFrame({n: pd.Series([row.get(n) for row in rows], dtype=object) for n in names})
        frame = with_past(check_frame(given, d), d, earlier=self.history)
        x = model.features.transform(frame).to_numpy(dtype=np.float32)
        phi, margin = model.tables.explain(x)
        ids = frame[d.id_field].astype("str").tolist()
        check_additive(phi, model.base_value, margin, ids)
        reasons = leading_reasons(model.features, frame, phi, k=_REASONS)
        features = model.tables.names
        return [
            {
                "item_id": ids[i],
                "margin": float(margin[i]),
                "risk_score": float(expit(margin[i])),
                "lane": self.lanes.limits.lane_of(float(margin[i])) if self.lanes else None,
                "base_value": model.base_value,
                "attributions": {n: float(v) for n, v in zip(features, phi[i], strict=True)},
                "reasons": [
                    {"feature": r.feature, "attribution": r.attribution, "text": r.text} for r in reasons[i]
                ],
            }
            for i in range(len(rows))
        ]


def _settle(future: asyncio.Future, answer: dict[str, Any] | RiskError) -> None:
    if future.done():  # whoever asked has gone
        return
    if isinstance(answer, RiskError):
        future.set_exception(answer)
    else:
        future.set_result(answer)


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
