"""How early the drift monitors speak, and how often they speak for nothing, on the made world.

    python -m benchmarks.bench_drift [ITEMS_A_WEEK] [SEEDS]

A model is trained on what came before the watch begins (by truth: this measures monitors, not models). Lead
time: weeks from a monitor's first alarm to the week by which half of the new scheme's items have passed.
False alarms: weeks with any alarm in a year of `calm`, where nothing changes.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from benchmarks.measure import machine, table
from risk import workbench
from risk.drift import Watched, drift
from risk.intake import load_truth
from risk.lab.years import world_file
from risk.training import Plan, fit_model


@dataclass(frozen=True)
class Case:
    """A world, the day the watch begins, and what is new since then."""

    world: str
    since_day: int
    schemes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


CASES = (
    Case("calm", 91),
    Case("domain-shift", 140, ("mid_level", "route_drift")),
    Case("drift", 84, ("new_substance",), ("mivox", "norvela")),
)


def watched(case: Case, a_week: int, seed: int) -> tuple[Watched, pd.Timestamp | None]:
    """What the monitors say of a year after the watch began, and when half of the new scheme had passed."""
    with tempfile.TemporaryDirectory() as folder:
        out, days = Path(folder) / "stream", case.since_day + 364
        workbench.generate(out, world=world_file(case.world), items=a_week * days // 7, days=days, seed=seed)
        data, truth = workbench.open_data(out), load_truth(out)
    clock = data.declarations[data.dictionary.clock]
    since = clock.min().normalize() + pd.Timedelta(days=case.since_day)
    early = replace(data, declarations=data.declarations[clock < since].reset_index(drop=True))
    model = fit_model(early, Plan(model="ga2m", labels="truth", seed=seed), truth=truth)
    return drift(model, data, since=since), _half(case, data.declarations, truth, clock)


def _half(case: Case, items: pd.DataFrame, truth: pd.DataFrame, clock: pd.Series) -> pd.Timestamp | None:
    if not case.schemes:
        return None
    new = truth["irregular"].to_numpy() & truth["scheme"].isin(case.schemes).to_numpy()
    if case.words:
        new &= items["description"].fillna("").str.contains("|".join(case.words)).to_numpy()
    start = clock.min().normalize() + pd.Timedelta(days=case.since_day)
    return clock[new & (clock >= start).to_numpy()].quantile(0.5)


def main() -> None:
    """Measure and print."""
    a_week = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print(f"{machine('scikit-learn')} {a_week:,} items a week; {seeds} seeds\n")
    rows = []
    for case in CASES:
        for seed in range(1, seeds + 1):
            found, half = watched(case, a_week, seed)
            rows += _rows(case, seed, found, half)
    print(
        table(["world", "seed", "monitor", "weeks with an alarm", "first alarm, week", "lead, weeks"], rows)
    )


def _rows(case: Case, seed: int, found: Watched, half: pd.Timestamp | None) -> list[list[object]]:
    start, rows = pd.Timestamp(found.since).normalize(), []
    for monitor in ("any", *sorted(found.table["monitor"].unique())):
        alarms = found.alarms if monitor == "any" else found.alarms[found.alarms["monitor"] == monitor]
        first = alarms["week"].min() if len(alarms) else None
        lead = "–" if first is None or half is None else f"{(half - first).days / 7:.1f}"
        rows.append(
            [
                case.world,
                seed,
                monitor,
                alarms["week"].nunique(),
                "–" if first is None else (first - start).days // 7 + 1,
                lead,
            ]
        )
    return rows


if __name__ == "__main__":
    main()
