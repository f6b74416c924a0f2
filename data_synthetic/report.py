"""Sets made streams beside the public figures of their world: ``python -m data_synthetic report``.

>>> from data_synthetic.stream import generate
>>> from data_synthetic.world import load_world
>>> world = load_world("operational")
>>> rows = measure([generate(world, 3000, seed=1)], world)
>>> rows[1].figure.title, 0.7 < rows[1].measured < 0.8
('Letter packets among all', True)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data_synthetic.stream import Stream
from data_synthetic.world import Figure, World

__all__ = ["Row", "MEASURES", "measure", "report"]

EURO_FOR_SDR = 1.21   # chosen, a usual rate of the years of the surveys


@dataclass(frozen=True)
class Row:
    """One public figure and what the streams show: the mean over them, and the least and most."""

    figure: Figure
    measured: float
    least: float
    most: float

    @property
    def gap(self) -> float:
        """How far the mean lies outside what is public."""
        return self.figure.gap(self.measured)

    @property
    def verdict(self) -> str:
        """In words: met, within tolerance, OFF, cannot tell (nothing to measure), or not aimed at."""
        if self.figure.reason:
            return "not aimed at"
        if np.isnan(self.measured):
            return "cannot tell"
        return "met" if self.gap == 0 else "within tolerance" if self.gap <= self.figure.tolerance else "OFF"


def measure(streams: Sequence[Stream], world: World) -> list[Row]:
    """Every public figure of the world, measured on streams of one size and averaged over them."""
    rows = []
    for figure in world.calibration:
        found = np.array([float(MEASURES[figure.key](s, world)) for s in streams])
        found = (
            found[np.isfinite(found)] if np.isfinite(found).any() else found
        )  # a small stream may show none
        rows.append(Row(figure, float(found.mean()), float(found.min()), float(found.max())))
    return rows


def report(streams: Sequence[Stream], world: World) -> str:
    """The comparison as Markdown."""
    head = [
        "| figure | public | here | seeds from – to | outside by | tolerance | | source |",
        "|" + "---|" * 8,
    ]
    rows = measure(streams, world)
    notes = [f"- {r.figure.title}: {r.figure.reason}" for r in rows if r.figure.reason]
    first = streams[0].manifest
    seeds = ", ".join(str(s.manifest["seed"]) for s in streams)
    made = (f"World `{first['world']}` (`{first['world_id']}`), {first['n_items']:,} items over "
            f"{first['flow']['days']} days, mean of seeds {seeds}.")
    return "\n".join([made, "", *head, *map(_line, rows), "", "Not aimed at, and why:", "", *notes])


def _line(row: Row) -> str:
    f = row.figure
    cells = [f.title, _span(f.least, f.most, f), _number(row.measured, f), _span(row.least, row.most, f),
             _points(row.gap, f), _points(f.tolerance, f), row.verdict, f.source]
    return "| " + " | ".join(cells) + " |"


def _span(least: float, most: float, figure: Figure) -> str:
    low, high = (_number(v, figure) for v in (least, most))
    return low if low == high else f"{low} – {high}"


def _number(value: float, figure: Figure) -> str:
    if np.isnan(value):
        return "?"
    return (
        f"{value:.1f}"
        if figure.most > 1
        else f"{100 * value:.2f} %"
        if value < 0.02
        else f"{100 * value:.1f} %"
    )


def _points(value: float, figure: Figure) -> str:
    """A difference: of percentages in percentage points."""
    return "–" if not value > 0 else f"{value:.1f}" if figure.most > 1 else f"{100 * value:.2g} points"


# -- the measures -------------------------------------------------------------------------------------------

MEASURES: dict[str, Callable[[Stream, World], float]] = {}


def _measure(function: Callable[[Stream, World], float]) -> Callable[[Stream, World], float]:
    MEASURES[function.__name__] = function
    return function


def _share(name: str, condition: Callable[[pd.DataFrame], pd.Series]) -> None:
    MEASURES[name] = lambda stream, world: condition(stream.declarations).mean()


_share("letter_share", lambda d: d["mail_class"] == "U")
_share("parcel_share", lambda d: d["mail_class"] == "C")
_share("express_share", lambda d: d["mail_class"] == "E")
_share("under_500_g", lambda d: d["gross_weight_g"] < 500)
_share("up_to_2_kg", lambda d: d["gross_weight_g"] <= 2000)
_share("under_10_euro", lambda d: d["declared_value_sdr"] * EURO_FOR_SDR < 10)
_share("euro_10_to_49", lambda d: (d["declared_value_sdr"] * EURO_FOR_SDR).between(10, 49.999))


@_measure
def irregular_share(stream: Stream, world: World) -> float:
    """Irregular items among all."""
    return stream.truth["irregular"].mean()


def _group_share(group: str) -> Callable[[Stream, World], float]:
    def share(stream: Stream, world: World) -> float:
        codes = [c.hs_code for c in world.goods.commodities if c.group == group]
        return stream.declarations["hs_code"].dropna().isin(codes).mean()
    return share


for _group in ("clothing", "electronics", "books_media", "health_beauty"):
    MEASURES[_group] = _group_share(_group)


@_measure
def top_origin(stream: Stream, world: World) -> float:
    """Share of the largest origin."""
    return stream.declarations["origin"].value_counts(normalize=True).iloc[0]


def _ead_missing(stream: Stream) -> pd.Series:
    return stream.declarations["ead_received_utc"].isna().groupby(stream.declarations["origin"]).mean()


@_measure
def least_ead_missing(stream: Stream, world: World) -> float:
    """Advance data missing, best origin."""
    return _ead_missing(stream).min()


@_measure
def most_ead_missing(stream: Stream, world: World) -> float:
    """Advance data missing, worst origin."""
    return _ead_missing(stream).max()


@_measure
def vague_text(stream: Stream, world: World) -> float:
    """Descriptions whose words name no commodity."""
    nouns = "|".join(world.goods.vague)
    words = [*world.goods.qualifiers, *world.goods.tails]
    around = "|".join(w for w in words if w != "none")
    pattern = rf"(?:(?:{around}) )?(?:{nouns})(?: (?:{around}))?"
    return stream.declarations["description"].str.lower().str.fullmatch(pattern).mean()


def _busiest(parties: pd.Series) -> float:
    count = parties.value_counts()
    return count.iloc[: max(1, round(0.05 * len(count)))].sum() / count.sum()


@_measure
def seller_concentration(stream: Stream, world: World) -> float:
    """Items of the busiest 5 % of senders."""
    return _busiest(stream.declarations["sender_id"])


@_measure
def irregular_concentration(stream: Stream, world: World) -> float:
    """Irregular items of the busiest 5 % of irregular senders."""
    return _busiest(stream.declarations.loc[stream.truth["irregular"], "sender_id"])


def _counterfeit_pieces(stream: Stream) -> pd.Series:
    return stream.declarations.loc[(stream.truth["scheme"] == "counterfeit").to_numpy(), "pieces"]


@_measure
def counterfeit_one_piece(stream: Stream, world: World) -> float:
    """Counterfeits of one piece."""
    return (_counterfeit_pieces(stream) == 1).mean()


@_measure
def counterfeit_ten_pieces(stream: Stream, world: World) -> float:
    """Counterfeits of at most ten pieces."""
    return (_counterfeit_pieces(stream) <= 10).mean()


@_measure
def examined_share(stream: Stream, world: World) -> float:
    """Items examined and reported."""
    return len(stream.outcomes) / len(stream.declarations)


def _hit_rate(stream: Stream, random: bool) -> float:
    chosen = stream.outcomes.loc[(stream.outcomes["channel"] == "random") == random, "found"]
    return chosen.mean() if len(chosen) else np.nan


@_measure
def hit_rate(stream: Stream, world: World) -> float:
    """Found per examined, without the random channel."""
    return _hit_rate(stream, random=False)


@_measure
def targeted_against_random(stream: Stream, world: World) -> float:
    """Ratio of the two hit rates."""
    random = _hit_rate(stream, random=True)
    return _hit_rate(stream, random=False) / random if random else np.nan
