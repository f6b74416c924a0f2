"""The policy lab: what a targeting policy does over a year, when it only learns from what it opens.

Week by week items arrive, a policy chooses what to examine within capacity, outcomes come back late, and the
model is trained anew on what was seen. `risk.simulation` is pure: a `Year` of items comes in, tables go out.
Years are made from the made world in `risk.lab`, which also runs policies × seeds and keeps results.
"""

from risk.simulation.loop import Plan, simulate
from risk.simulation.policies import POLICIES, Choice, Week, draw, named_policies
from risk.simulation.records import Run
from risk.simulation.year import Year

__all__ = ["Choice", "POLICIES", "Plan", "Run", "Week", "Year", "draw", "named_policies", "simulate"]
