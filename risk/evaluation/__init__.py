"""What a score is worth, what it costs, and how irregular a stream is that was only partly examined."""

from risk.evaluation.costs import RATIOS, cost_table
from risk.evaluation.estimators import estimate_table
from risk.evaluation.measures import (
    RATES,
    capacity_table,
    discrimination,
    group_table,
    reliability,
    scheme_table,
    wilson,
)

__all__ = ["RATES", "RATIOS", "capacity_table", "cost_table", "discrimination", "estimate_table", "group_table",
           "reliability", "scheme_table", "wilson"]
