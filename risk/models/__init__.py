"""Interpretable estimators, one a file, and `tables`, the compiled form they share."""

from risk.models.ga2m import GA2MClassifier
from risk.models.tables import AdditiveTables

__all__ = ["AdditiveTables", "GA2MClassifier"]
