"""Interpretable estimators, one a file, and the compiled forms they share."""

from risk.models.ga2m import GA2MClassifier
from risk.models.logistic import BandedLogistic
from risk.models.profile_tables import ProfileTables, tables_from_arrays
from risk.models.profiles import ProfilesClassifier
from risk.models.scorecard import ScorecardClassifier
from risk.models.tables import AdditiveTables

__all__ = ["AdditiveTables", "BandedLogistic", "GA2MClassifier", "ProfileTables", "ProfilesClassifier",
           "ScorecardClassifier", "tables_from_arrays"]
