"""What pages look up again and again about one queue or item: made once, kept for all sessions.

In a module of its own because Streamlit runs a page's file anew at every click, caches included.
"""

from __future__ import annotations

import json

import pandas as pd

from risk import champions, workbench
from risk.cards import card_page
from risk.store import Batch, CaseFilter
from risk.ui import charts, shared
from risk.ui.i18n import language
from risk.ui.present import model as model_words
from risk.ui.present import quality as quality_words
from risk.ui.present.item import Bar

__all__ = [
    "card",
    "drifted",
    "facets",
    "importance",
    "lane_counts",
    "newest_count",
    "quality_rows",
    "waterfall",
]

_MOST = 100_000
Facet = tuple[str, int, float]


@shared.kept(8)
def lane_counts(batch: Batch) -> dict[str, int]:
    """How many cases each lane has, whatever became of them: this never changes once a queue is open."""
    return shared.house().store.counts(CaseFilter(batch_id=batch.batch_id))["lane"]


@shared.kept(200)
def facets(batch: Batch, name: str) -> tuple[Facet, ...]:
    """All values of one facet of a queue's cases: they never change once it is open."""
    return tuple(sorted(shared.house().store.facets(name, CaseFilter(batch_id=batch.batch_id))))


def waterfall(bars: tuple[Bar, ...], theme: str) -> charts.Spec:
    """The waterfall's drawing in the reader's language."""
    return _waterfall(bars, theme, language())


@shared.kept(4000)
def _waterfall(bars: tuple[Bar, ...], theme: str, spoken: str) -> charts.Spec:
    return charts.waterfall(bars, theme)


def importance(batch: Batch) -> list[dict]:
    """How much each detail typically moves the scores of a queue, the largest first."""
    return _importance(batch, language())


@shared.kept(16)
def _importance(batch: Batch, spoken: str) -> list[dict]:
    model = shared.model(batch.model_id)
    columns = [f"phi_{f.name}" for f in model.features.specs]
    found = workbench.queue_columns(shared.house().workspace, batch, columns)
    return model_words.importance_rows(model, found)


def card(model_id: str) -> tuple[str, str]:
    """A model's card as JSON and as a page, made from the model and its newest evaluation. Errors: `RiskError`."""
    return _card(model_id, shared.house().workspace.results.stamp(model_id))


@shared.kept(8)
def _card(model_id: str, stamp: int) -> tuple[str, str]:
    made = champions.model_card(shared.house().workspace, model_id)
    return json.dumps(made, indent=1, ensure_ascii=False), card_page(made)


def quality_rows(batch: Batch, by: str) -> tuple[quality_words.QualityRow, ...]:
    """The quality of a queue's data by the values of one field."""
    return _quality_rows(batch, by, language())


@shared.kept(64)
def _quality_rows(batch: Batch, by: str, spoken: str) -> tuple[quality_words.QualityRow, ...]:
    return tuple(quality_words.quality(shared.model(batch.model_id), _items(batch), by))


def drifted(batch: Batch) -> tuple[quality_words.Drifted, ...]:
    """How far each detail of a queue has moved from what its model learnt from."""
    return _drifted(batch, language())


@shared.kept(8)
def _drifted(batch: Batch, spoken: str) -> tuple[quality_words.Drifted, ...]:
    return tuple(quality_words.drift(shared.model(batch.model_id), _items(batch)))


@shared.kept(2)
def _items(batch: Batch) -> pd.DataFrame:
    """The declarations of a queue; of a large one, evenly spaced rows."""
    return workbench.queue_folder(shared.house().workspace, batch).spread(_MOST)


@shared.kept(16)
def newest_count(path: str, days: float) -> int:
    """How many items a stream on disk has in its newest days. Errors: as `workbench.load_data`."""
    return len(workbench.newest(workbench.load_data(path), days=days))
