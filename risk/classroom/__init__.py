"""The training room, pure: typed events, a fold, and rules; no clock, no store, no browser.

>>> from risk.classroom import Recorded, Room, fold
>>> fold([]) == Room()
True
"""

from risk.classroom.events import Recorded
from risk.classroom.plan import PLANS, ItemFacts, Plan, Setup, Step, ready_plan
from risk.classroom.state import Answer, Room, Seat, apply, fold

__all__ = [
    "PLANS",
    "Answer",
    "ItemFacts",
    "Plan",
    "Recorded",
    "Room",
    "Seat",
    "Setup",
    "Step",
    "apply",
    "fold",
    "ready_plan",
]
