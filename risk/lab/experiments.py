"""The committed experiments: what is run, with which seeds, by name; one command makes each again.

``python -m benchmarks.lab NAME`` runs what is missing, writes the figure, prints the table and the reading.
"""

from __future__ import annotations

from dataclasses import dataclass

from risk.errors import NotFound
from risk.lab.runs import Study
from risk.lab.years import Recipe
from risk.simulation import Plan

__all__ = ["EXPERIMENTS", "Experiment", "PRESETS", "SHIPPED", "experiment"]

PRESETS = ("operational", "teaching", "drift", "displacement", "calm")
FIXED = ("targeted", "hybrid-99-1", "hybrid-90-10", "hybrid-70-30")
_TWENTY = tuple(range(1, 21))


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


def _small(world: str, policies: tuple[str, ...], seeds: tuple[int, ...]) -> Study:
    """A year of 3,000 items a week after 8 weeks of warm-up, 3 % examined."""
    return Study(policies, seeds, Recipe(world, weeks=60, items_a_week=3000), Plan(capacity=0.03))


def _halls(policy: str, weights: str, learner: str = "cases") -> Study:
    return Study(
        (policy,),
        (1, 2, 3, 4, 5),
        Recipe("two-halls", weeks=60, items_a_week=4000, halls=True),
        Plan(capacity=0.05, weights=weights, cap=1000.0, only=("hall",), points=0.5, learner=learner),
    )


EXPERIMENTS = {
    e.name: e
    for e in (
        Experiment(
            "presets",
            "Which policy is best on each preset, and does the adaptive one keep up?",
            {world: _small(world, (*FIXED, "adaptive"), _TWENTY) for world in PRESETS},
        ),
        Experiment(
            "all-policies",
            "What do the other policies do on each preset?",
            {
                world: _small(world, ("random", "rules", "uncertainty", "stratified", "thompson"), (1, 2, 3))
                for world in PRESETS
            },
        ),
        Experiment(
            "domain-shift",
            "What happens to a policy that only sees what it targets when the world shifts?",
            {
                "domain-shift": Study(
                    (*FIXED, "adaptive", "random"),
                    (1, 2, 3, 4, 5),
                    Recipe("domain-shift", weeks=60, items_a_week=10_000),
                    Plan(capacity=0.05),
                )
            },
        ),
        Experiment(
            "calm",
            "Is a random share worth it where nothing changes?",
            {"calm": _small("calm", (*FIXED, "adaptive"), _TWENTY)},
        ),
        Experiment(
            "equal-lanes",
            "What does a policy make of two lanes with the same true rate?",
            {
                "targeted": _halls("targeted", "none"),
                "90/10, unweighted": _halls("hybrid-90-10", "none"),
                "90/10, weighted": _halls("hybrid-90-10", "capped"),
                "90/10, examined only": _halls("hybrid-90-10", "none", "boosted"),
            },
        ),
    )
}
#: What ships with the workbench: one seed in detail on every preset, for the page of the policy lab.
SHIPPED = 1


def experiment(name: str) -> Experiment:
    """An experiment by name."""
    if name not in EXPERIMENTS:
        raise NotFound("experiment", name, known=EXPERIMENTS, todo=f"Experiments: {', '.join(EXPERIMENTS)}.")
    return EXPERIMENTS[name]
