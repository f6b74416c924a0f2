"""How long the past takes: of parties (windows, counterparts, findings), of how new a code is from a place, and
of columns with many values.

    python -m benchmarks.bench_past [ITEMS]

Processor time, median of three runs on one thread, compilation not counted. The parties' past
stands beside its limit (10 s for a million items) and beside the windows alone in pandas, for a
part of the items; a small batch over a stored history beside the whole, and beside the same batch
over a quarter of that history; the past rate beside
scikit-learn's `TargetEncoder`, which is out of fold and knows no time.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from sklearn.preprocessing import TargetEncoder

from benchmarks.measure import FIGURES, machine, table
from risk.features import Features, PartyHistory
from risk.schema import Dictionary

_PANDAS_SHARE = 50
_BATCH = 1_000
_LEVELS = 10_000


def dictionary() -> Dictionary:
    """Two parties, a clock, how new a code is from its origin, and the past rate of one column."""
    fields = [
        {"name": "item_id", "risk": {"role": "id"}},
        {"name": "seen", "type": "datetime", "risk": {"role": "time"}},
        {"name": "sender", "risk": {"role": "party"}},
        {"name": "recipient", "risk": {"role": "party"}},
        {"name": "code", "risk": {"role": "categorical", "feature": False}},
        {"name": "origin", "risk": {"role": "categorical", "feature": False}},
    ]
    rate = {"name": "code_rate", "kind": "rate", "reads": ["code"]}
    new = {"name": "new", "kind": "novelty", "reads": ["code", "origin"], "params": {"digits": 3}}
    return Dictionary(
        {
            "name": "past",
            "risk": {"features": [rate, new]},
            "resources": [{"name": "declarations", "schema": {"fields": fields}}],
        }
    )


def made(n: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Items of a year, in order; parties and codes of very different size; labels."""
    r = np.random.default_rng([n, 51])
    day = pd.Timestamp("2025-01-01", tz="UTC")
    frame = pd.DataFrame(
        {
            "item_id": [f"i{k}" for k in range(n)],
            "seen": day + pd.to_timedelta(np.sort(r.integers(0, 365 * 86_400, n)), unit="s"),
            "sender": [f"s{k}" for k in (n // 10 * r.random(n) ** 3).astype(int)],
            "recipient": [f"r{k}" for k in r.integers(0, n // 3, n)],
            "origin": [f"O{k}" for k in r.integers(0, 30, n)],
            "code": [f"c{k}" for k in (_LEVELS * r.random(n) ** 3).astype(int)],
        }
    )
    return frame, (r.random(n) < 0.05).astype(float)


def seconds(work: Callable[[], object], *, warm: bool = True) -> float:
    """Median processor time of three runs, which other processes of the machine do not lengthen."""
    spent = []
    for _ in range(3 + warm):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return statistics.median(spent[warm:])


def windows_in_pandas(frame: pd.DataFrame) -> None:
    """Items of each sender in the last 7, 30 and 90 days, and nothing else."""
    by = frame.assign(one=1.0).set_index("seen").groupby("sender")["one"]
    for days in (7, 30, 90):
        by.rolling(f"{days}D", closed="left").count()


def main(items: int = 1_000_000) -> None:
    """Measure and print."""
    d, (frame, y) = dictionary(), made(items)
    outcomes = pd.DataFrame(
        {"item_id": frame["item_id"], "found": y > 0, "reported_utc": frame["seen"] + pd.Timedelta(days=3)}
    ).iloc[::20]
    history = PartyHistory.of(frame, d, outcomes=outcomes)
    nothing, batch = PartyHistory.empty(history.names), history.take(np.arange(items - _BATCH, items))
    whole = seconds(lambda: nothing.past(history))
    stored = history.take(np.arange(items - _BATCH))
    quarter = stored.take(np.arange(items * 3 // 4, items - _BATCH))
    small, smaller = seconds(lambda: stored.past(batch)), seconds(lambda: quarter.past(batch))
    part = frame.iloc[: items // _PANDAS_SHARE]
    pandas = seconds(lambda: windows_in_pandas(part), warm=False) * _PANDAS_SHARE
    ours = seconds(lambda: Features(d, without=("new",)).fit(frame, y).transform(frame))
    codes = frame[["code"]].to_numpy(object)
    theirs = seconds(lambda: TargetEncoder().fit_transform(codes, y))
    print(machine("numpy", "numba", "pandas", "scikit-learn"))
    rows = [
        [f"past of 2 parties and a code's novelty, {items:,} items", whole, "limit", 10.0],
        ["the same", whole, "one party's counts alone in pandas", pandas],
        [f"{_BATCH:,} new items over it", small, "all items", whole],
        ["the same", small, "over a quarter of the history", smaller],
        [f"past rate, {_LEVELS:,} values", ours, "TargetEncoder", theirs],
    ]
    shown = [[what, f"{a:.3g} s", f"{peer} {b:.3g} s", f"{a / b:.3f}"] for what, a, peer, b in rows]
    print("\n" + table(FIGURES, shown))


if __name__ == "__main__":
    main(*[int(a) for a in sys.argv[1:2]])
