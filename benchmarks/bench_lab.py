"""A year of the policy lab: making it, and running one policy through it, on one core.

    python -m benchmarks.bench_lab [ITEMS_A_WEEK]      (20,000 by default)

The limit is three minutes of one core for one policy and one seed (processor time, so that other work on the
machine does not count): 52 weeks of 20,000 items after 8 weeks of warm-up,
1 % examined, the model trained anew every week. Peer: the workbench's own `GA2MClassifier` on the labels of
the last week (time of one training, and average precision on the items of that week).
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from sklearn.metrics import average_precision_score

from benchmarks.measure import FIGURES, machine, seconds, table
from risk.lab.years import Recipe, year_of
from risk.models.ga2m import GA2MClassifier
from risk.simulation import Plan, Year, simulate
from risk.simulation.boosting import fit_tables

T = TypeVar("T")
LIMIT = 180.0
POLICIES = ("targeted", "hybrid-90-10", "thompson")


def learners(year: Year) -> tuple[float, float, float, float]:
    """Seconds of one training and average precision, of the lab's learner and of GA²M, on a year's labels."""
    rng = np.random.default_rng([1, 77])
    last = year.rows(year.weeks - 1)
    rows = np.sort(rng.choice(last.start, min(last.start, 10_000), replace=False))
    y, form = year.find[rows].astype(float), year.form
    bins, late = (np.pad(year.bins[at], ((0, 0), (0, 4))) for at in (rows, last))
    ours = fit_tables(bins, y, form)
    theirs = GA2MClassifier(max_pairs=0, max_iter=80, max_leaf_nodes=3, random_state=0)
    fast = seconds(lambda: fit_tables(bins, y, form), repeats=3)
    slow = seconds(lambda: theirs.fit(bins, y), repeats=3)
    margins = ours.margins(late), theirs.decision_function(late)
    quality = [average_precision_score(year.irregular[last], m) for m in margins]
    return fast, slow, quality[0], quality[1]


def _cpu(act: Callable[[], T]) -> tuple[T, float]:
    """What an act gives, and the processor time that it took, in seconds."""
    began = time.process_time()
    return act(), time.process_time() - began


def main() -> None:
    """Measure and print the rows."""
    a_week = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    print(f"{machine()}; {a_week:,} items a week, 60 weeks, world operational, seed 1\n")
    year_of(Recipe("operational", 1, 10, 300))  # compiles what numba compiles
    year, made = _cpu(lambda: year_of(Recipe("operational", 1, 60, a_week)))
    simulate(year, Plan("thompson", capacity=0.01, warm_up=58))
    rows = [
        [
            "policy lab: make a year once for all policies",
            f"{made:.1f} s",
            f"limit {LIMIT:.0f} s",
            f"{made / LIMIT:.2f}",
        ]
    ]
    for policy in POLICIES:
        taken = _cpu(lambda name=policy: simulate(year, Plan(name, capacity=0.01)))[1]
        rows.append(
            [
                f"policy lab: {policy}, one seed, with its year",
                f"{made + taken:.1f} s ({taken:.1f} s to run)",
                f"limit {LIMIT:.0f} s",
                f"{(made + taken) / LIMIT:.2f}",
            ]
        )
    fast, slow, ours, theirs = learners(year)
    rows.append(
        [
            "policy lab: one training on 10,000 labels",
            f"{1000 * fast:.0f} ms",
            f"GA²M {1000 * slow:.0f} ms",
            f"{fast / slow:.2f}",
        ]
    )
    rows.append(
        [
            "policy lab: average precision of that training",
            f"{ours:.3f}",
            f"GA²M {theirs:.3f}",
            f"{ours / max(theirs, 1e-9):.2f}",
        ]
    )
    print(table(FIGURES, rows))


if __name__ == "__main__":
    main()
