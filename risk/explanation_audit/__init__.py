"""Do explanations name the cause? Attributions of flagged items against what the made world altered.

Two questions that are never mixed. *Agrees with the cause* (`cause`): do the reasons point at the fields that
the item's scheme altered? Only a made world can tell. *Faithful to the model* (`faithful`): do the attributions
describe what the model computes, and do they stay put? A model can be explained faithfully and be wrong about
the cause.
"""

from risk.explanation_audit.cause import (
    MEASURES,
    Causes,
    cause_agreement,
    causes_of,
    field_relevance,
    rank_correlation,
    side_by_side,
)
from risk.explanation_audit.faithful import deletion_curves, faithfulness, stability
from risk.explanation_audit.stated import Stated, field_attributions

__all__ = [
    "Causes",
    "MEASURES",
    "causes_of",
    "field_relevance",
    "cause_agreement",
    "side_by_side",
    "deletion_curves",
    "faithfulness",
    "stability",
    "rank_correlation",
    "Stated",
    "field_attributions",
]
