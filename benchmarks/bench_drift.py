"""How early the drift monitors speak, and how often they speak for nothing, on the made world.

    python -m benchmarks.bench_drift [ITEMS_A_WEEK] [SEEDS]

A model is trained on what came before the watch begins (by truth: this measures monitors, not models). Lead
time: weeks from a monitor's first alarm to the week by which half of the new scheme's items have passed.
False alarms: weeks with any alarm in a year of `calm`, where nothing changes.

For new words also what *any* count of a word could see: new items with it by the time half of them have
passed, in standard deviations of the ordinary items with it, against what a watch over all words needs for one
false alarm a year. It is told the word and the weeks, which no monitor is, so no monitor of counts does better.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

from benchmarks.measure import machine, table
from risk import workbench
from risk.drift import Watched, drift
from risk.features.text import words_of
from risk.intake import Data, load_truth
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


@dataclass(frozen=True)
class Stream:
    """A made stream with its truth, the day its watch begins, and when half of what is new has passed."""

    data: Data
    truth: pd.DataFrame
    clock: pd.Series
    since: pd.Timestamp
    half: pd.Timestamp | None


def stream(case: Case, a_week: int, seed: int) -> Stream:
    """What came before the watch, and a year since."""
    with tempfile.TemporaryDirectory() as folder:
        out, days = Path(folder) / "stream", case.since_day + 364
        workbench.generate(out, world=world_file(case.world), items=a_week * days // 7, days=days, seed=seed)
        data, truth = workbench.open_data(out), load_truth(out)
    clock = data.declarations[data.dictionary.clock]
    since = clock.min().normalize() + pd.Timedelta(days=case.since_day)
    late = _new(case, data.declarations, truth) & (clock >= since).to_numpy()
    return Stream(data, truth, clock, since, clock[late].quantile(0.5) if case.schemes else None)


def _new(case: Case, items: pd.DataFrame, truth: pd.DataFrame) -> np.ndarray:
    """Items of the new schemes, by their words where they have some; bool, shape (n_items,)."""
    new = truth["irregular"].to_numpy() & truth["scheme"].isin(case.schemes).to_numpy()
    return new & _holding(items, "|".join(case.words)) if case.words else new


def _holding(items: pd.DataFrame, words: str) -> np.ndarray:
    return items["description"].fillna("").str.contains(words).to_numpy()


def watched(of: Stream, seed: int) -> Watched:
    """What the monitors say of a year after the watch began."""
    early = replace(of.data, declarations=of.data.declarations[of.clock < of.since].reset_index(drop=True))
    model = fit_model(early, Plan(model="ga2m", labels="truth", seed=seed), truth=of.truth)
    return drift(model, of.data, since=of.since)


def audible(case: Case, of: Stream, seed: int) -> list[dict[str, object]]:
    """Per new word: new and ordinary items with it by the time half of the new ones have passed."""
    items = of.data.declarations
    words = set().union(*map(words_of, items["description"].fillna("").unique()))
    wave, new = ((of.clock >= of.since) & (of.clock <= of.half)).to_numpy(), _new(case, items, of.truth)
    here = {word: wave & _holding(items, word) for word in case.words}
    return [
        {"seed": seed, "word": w, "new": (h & new).sum(), "ordinary": (h & ~new).sum(), "words": len(words)}
        for w, h in here.items()
    ]


def _bound(heard: list[dict[str, object]], a_week: int) -> list[list[object]]:
    """Means over seeds; the needed deviations grow with the root of the stream's size."""
    rows = []
    for word, t in pd.DataFrame(heard).groupby("word"):
        seen = t["new"].mean() / np.sqrt(t["ordinary"].mean())
        needed = norm.isf(1 / (52 * t["words"].mean()))
        large = a_week * (needed / seen) ** 2
        counts = (f"{t[c].mean():.1f}" for c in ("new", "ordinary"))
        rows.append([word, *counts, f"{seen:.1f}", f"{needed:.1f}", f"{round(large, -3):,.0f}"])
    return rows


def main() -> None:
    """Measure and print."""
    a_week = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    seeds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    print(f"{machine('scikit-learn')} {a_week:,} items a week; {seeds} seeds\n")
    rows, heard = [], []
    for case in CASES:
        for seed in range(1, seeds + 1):
            made = stream(case, a_week, seed)
            rows += _rows(case, seed, watched(made, seed), made.half)
            heard += audible(case, made, seed) if case.words else []
    print(
        table(["world", "seed", "monitor", "weeks with an alarm", "first alarm, week", "lead, weeks"], rows)
    )
    head = ["word", "new items by the half", "ordinary ones", "deviations", "needed", "items a week for it"]
    print(f"\n{table(head, _bound(heard, a_week))}")


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
