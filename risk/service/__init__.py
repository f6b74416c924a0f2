"""Scores over HTTP, for alerts as items arrive: one item or a batch, through the same gate as files.

Needs the extra ``[service]``. Start it with ``risk serve``; the OpenAPI document is at ``/openapi.json``.
"""

from risk.service.app import make_app
from risk.service.scorer import Lanes, Scorer, make_scorer

__all__ = ["Lanes", "Scorer", "make_app", "make_scorer"]
