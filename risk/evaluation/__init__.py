"""What a score is worth, what it costs, and how irregular a stream is that was only partly examined."""

from risk.evaluation.measures import RATES, capacity_table, discrimination, group_table, reliability, wilson

__all__ = ["RATES", "capacity_table", "discrimination", "group_table", "reliability", "wilson"]
