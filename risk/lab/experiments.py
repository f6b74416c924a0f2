"""The committed experiments: what is run, with which seeds, by name; one command makes each again.

``python -m benchmarks.lab NAME`` runs what is missing, writes the figure, prints the table and the reading.
"""

from __future__ import annotations

from dataclasses import dataclass

from risk.errors import NotFound
from risk.lab.runs import Study
from risk.lab.years import Recipe
from risk.simulation import Plan

__all__ = ["EXPERIMENTS", "Experiment", "PRESETS", "experiment"]

PRESETS = ("operational", "teaching", "drift", "displacement", "calm")
FIXED = ("targeted", "hybrid-99-1", "hybrid-90-10", "hybrid-70-30")
_TWENTY, _FEW = tuple(range(1, 21)), (1, 2, 3)


@dataclass(frozen=True)
class Experiment:
    """Some studies and what they are to show.

    Attributes
    ----------
    studies
        What to run, by a short name.
    question
        What it asks.
    """

    name: str
    question: str
    studies: dict[str, Study]


def _preset(world: str, policies: tuple[str, ...], seeds: tuple[int, ...], *, large: bool = False) -> Study:
    """A year after 8 weeks of warm-up: 1,000 items a week of which 5 % are examined; large: 3,000 and 3 %."""
    a_week, capacity = (3000, 0.03) if large else (1000, 0.05)
    return Study(policies, seeds, Recipe(world, weeks=60, items_a_week=a_week), Plan(capacity=capacity))


def _halls(policy: str, weights: str, learner: str = "cases", cap: float = 1000.0) -> Study:
    return Study(
        (policy,),
        _TWENTY,
        Recipe("two-halls", weeks=60, items_a_week=4000, halls=True),
        Plan(capacity=0.05, weights=weights, cap=cap, only=("hall",), points=0.3, learner=learner),
    )


EXPERIMENTS = {
    e.name: e
    for e in (
        Experiment(
            "presets",
            "Which policy is best on each preset, and does the adaptive one keep up?",
            {world: _preset(world, (*FIXED, "adaptive"), _TWENTY) for world in PRESETS},
        ),
        Experiment(
            "presets-large",
            "And with three times the items?",
            {world: _preset(world, (*FIXED, "adaptive"), _FEW, large=True) for world in PRESETS},
        ),
        Experiment(
            "all-policies",
            "What do the other policies do on each preset?",
            {world: _preset(world, ("random", "rules", "stratified"), _FEW, large=True) for world in PRESETS},
        ),
        Experiment(
            "bagged",
            "What do the policies do that ask several models?",
            {"operational": _preset("operational", ("uncertainty", "thompson"), _FEW, large=True)},
        ),
        Experiment(
            "domain-shift",
            "What happens to a policy that only sees what it targets when the world shifts?",
            {
                "domain-shift": Study(
                    (*FIXED, "adaptive", "random"),
                    _TWENTY,
                    Recipe("domain-shift", weeks=60, items_a_week=6000),
                    Plan(capacity=0.03),
                )
            },
        ),
        Experiment(
            "reacting",
            "What is a policy worth where those who are found go on under new names and with another face?",
            {w: _preset(w, (*FIXED, "adaptive"), _TWENTY) for w in ("reacting", "teaching")},
        ),
        Experiment(
            "calm",
            "Is a random share worth it where nothing changes?",
            {"calm": _preset("calm", (*FIXED, "adaptive"), _TWENTY)},
        ),
        Experiment(
            "equal-lanes",
            "What does a policy make of two lanes with the same true rate?",
            {
                "targeted only": _halls("targeted", "none"),
                "90/10": _halls("hybrid-90-10", "none"),
                "90/10, weights up to 10": _halls("hybrid-90-10", "capped", cap=10.0),
                "90/10, weights up to 1,000": _halls("hybrid-90-10", "capped"),
                "70/30, weights up to 1,000": _halls("hybrid-70-30", "capped"),
                "90/10, examined items only": _halls("hybrid-90-10", "none", "boosted"),
            },
        ),
    )
}


def experiment(name: str) -> Experiment:
    """An experiment by name."""
    if name not in EXPERIMENTS:
        raise NotFound("experiment", name, known=EXPERIMENTS, todo=f"Experiments: {', '.join(EXPERIMENTS)}.")
    return EXPERIMENTS[name]
