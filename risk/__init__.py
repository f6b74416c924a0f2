"""Postal-shipment risk-scoring workbench: score declarations, explain every score, teach when to trust it.

The names below are imported on first use, so that ``import risk`` is quick.

>>> import risk
>>> sorted(risk.__all__)[:4]
['FittedModel', 'RiskError', 'Workspace', 'compare']
"""

from importlib import import_module
from typing import Any

_HOME = {
    "FittedModel": "risk.fitted", "RiskError": "risk.errors", "Workspace": "risk.workbench",
    "load_data": "risk.workbench", "load_truth": "risk.workbench", "generate": "risk.workbench",
    "train": "risk.workbench", "evaluate": "risk.workbench", "score": "risk.workbench",
    "compare": "risk.champions", "select": "risk.workbench", "explain_item": "risk.workbench",
}
__all__ = sorted(_HOME)
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'risk' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
