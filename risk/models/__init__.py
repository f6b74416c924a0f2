"""Interpretable estimators, one a file, and the compiled forms they share."""

from risk.models.ga2m import GA2MClassifier
from risk.models.profile_tables import ProfileTables, tables_from_arrays
from risk.models.profiles import ProfilesClassifier
from risk.models.tables import AdditiveTables

__all__ = ["AdditiveTables", "GA2MClassifier", "ProfileTables", "ProfilesClassifier", "tables_from_arrays"]
