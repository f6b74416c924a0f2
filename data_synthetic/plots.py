"""Draws how a world behaves in time, one picture a preset: ``python -m data_synthetic plots``.

Four panels: irregular items by scheme; the words of the emergence scheme with the days on which they are
listed; where items of the drifting scheme come from; what was known when (irregular, found, reported).
Needs matplotlib, a development dependency. Shares are of a large stream, means of three weeks.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data_synthetic.stream import Stream, generate
from data_synthetic.world import World, load_world
from risk.errors import Refused

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw", "weekly", "ITEMS", "SEED"]

ITEMS, SEED = 400_000, 1
_SMOOTH = 3          # weeks
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")   # Okabe and Ito 2008
_SHOWN = (
    "new_substance",
    "takedown_displacement",
    "counterfeit",
    "production_equipment",
    "collection_points",
    "high_worth",
)


def weekly(stream: Stream, of: pd.Series, *, among: np.ndarray | None = None) -> pd.DataFrame:
    """Items by week (rows) and value of `of` (columns), smoothed; whole weeks of the stream only.

    Parameters
    ----------
    of
        A value an item; missing values are not counted.
    among
        Shape (n_items,), boolean: the items that count; all by default.
    """
    arrived = stream.declarations["arrived_utc"]
    start = pd.Timestamp(stream.manifest["start_utc"])
    week = ((arrived - start).dt.total_seconds() // 604_800).astype(int)
    keep = of.notna().to_numpy() & (True if among is None else among) & (week < week.max()).to_numpy()
    table = pd.crosstab(week[keep], of[keep]).reindex(range(week.max()), fill_value=0)
    return table.rolling(_SMOOTH, min_periods=1, center=True).mean()


def draw(preset: str, out: Path, *, items: int = ITEMS, seed: int = SEED) -> Path:
    """Draw the picture of a preset into the file `out` (PNG).

    Raises
    ------
    risk.errors.Refused
        When matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise Refused("Plots need matplotlib, which is not installed. Install the development dependencies "
                      "(make setup). Nothing was drawn.") from None
    world = load_world(preset)
    stream = generate(world, items, seed=seed)
    figure = Figure(figsize=(12, 8.4), dpi=100, layout="constrained")
    axes = figure.subplots(2, 2).ravel()
    for panel, axis in zip((_schemes, _words, _origins, _known), axes, strict=True):
        panel(axis, stream, world)
        axis.set_xlabel("week of the stream")
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    figure.suptitle(
        f"World '{preset}': {items:,} items over {world.days} days, seed {seed}; means of three weeks",
        fontsize=13,
    )
    figure.savefig(out, metadata={"Software": None})
    return out


def _lines(axis: "Axes", table: pd.DataFrame, names: Any) -> None:
    for colour, (column, name) in zip(_COLOURS, names, strict=False):
        if column in table:
            axis.plot(table.index, table[column], color=colour, label=name, linewidth=1.8)
    axis.legend(frameon=False, fontsize=8, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.15))


def _schemes(axis: "Axes", stream: Stream, world: World) -> None:
    table = weekly(stream, stream.truth["scheme"])
    _lines(axis, table, [(s, s.replace("_", " ")) for s in _SHOWN])
    closed = next(s.activity for s in world.schemes if s.key == "takedown_displacement").get("days", ())
    for day in closed:
        axis.axvline(day / 7, color="#666", linestyle=":", linewidth=1)
        axis.text(
            day / 7, axis.get_ylim()[1], " takedown", fontsize=8, va="bottom", ha="center", color="#444"
        )
    axis.set_title("Irregular items a week, six schemes", pad=14)


def _words(axis: "Axes", stream: Stream, world: World) -> None:
    last = stream.declarations["description"].str.lower().str.split().str[-1]
    waves = [t.factors for t in next(s for s in load_world().schemes if s.key == "new_substance").timed]
    number = {word: str(k) for k, wave in enumerate(waves) for word in wave}
    table = weekly(stream, last.map(number), among=stream.truth["irregular"].to_numpy())
    _lines(axis, table, [(str(k), " and ".join(wave)) for k, wave in enumerate(waves)])
    for colour, listed in zip(_COLOURS, world.examination["listed"], strict=False):
        if listed["from_day"] < world.days:
            axis.axvline(listed["from_day"] / 7, color=colour, linestyle=":", linewidth=1)
            axis.text(
                listed["from_day"] / 7,
                axis.get_ylim()[1],
                "listed",
                fontsize=8,
                va="bottom",
                ha="center",
                color=colour,
            )
    axis.set_title("Irregular items a week that carry a new word", pad=14)


def _origins(axis: "Axes", stream: Stream, world: World) -> None:
    drifting = (stream.truth["scheme"] == "route_drift").to_numpy()
    table = weekly(stream, stream.declarations["origin"], among=drifting)
    share = table.div(table.sum(axis=1).clip(lower=1e-9), axis=0)
    east, west = share.filter(["QM", "QT"]).sum(axis=1), share.filter(["QR", "XC", "XL"]).sum(axis=1)
    _lines(axis, pd.DataFrame({"a": east, "b": west}), [("a", "from QM and QT"), ("b", "from QR, XC and XL")])
    axis.set_ylim(0, 1)
    axis.set_title("Scheme route drift: share of its irregular items by origin")


def _known(axis: "Axes", stream: Stream, world: World) -> None:
    d, o = stream.declarations, stream.outcomes
    start = pd.Timestamp(stream.manifest["start_utc"])
    reported = o[o["found"]].set_index("item_id")["reported_utc"]
    irregular = weekly(stream, stream.truth["irregular"].map({True: "x", False: None}))["x"]
    found = weekly(stream, d["item_id"].isin(reported.index).map({True: "x", False: None})).get(
        "x", 0 * irregular
    )
    week = ((reported - start).dt.total_seconds() // 604_800).astype(int)
    known = (
        week.value_counts()
        .reindex(irregular.index, fill_value=0)
        .rolling(_SMOOTH, min_periods=1, center=True)
        .mean()
    )
    _lines(axis, pd.DataFrame({"a": irregular, "b": found, "c": known}),
           [("a", "irregular, by arrival"), ("b", "found, by arrival"), ("c", "found, by report")])
    axis.set_title("What is there, what is found, when it is reported")
