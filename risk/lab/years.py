"""From a world and a seed to a `Year`: the stream, its features in bins, and what examinations would show."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd

from data_synthetic import World, generate, load_dictionary, load_world
from risk.errors import BadSetting
from risk.features import Features, PartyHistory
from risk.features.history import past_name
from risk.models.rules import RuleBook
from risk.schema import Dictionary
from risk.simulation.boosting import Form
from risk.simulation.year import Year, cut, form_of

__all__ = [
    "LAB_WORLDS",
    "REACTION",
    "Made",
    "Recipe",
    "in_halls",
    "load_lab_world",
    "make_year",
    "world_file",
    "year_of",
]

_WORLDS = Path(__file__).parent / "worlds"
#: Worlds made for the lab's experiments.
LAB_WORLDS = tuple(sorted(path.stem for path in _WORLDS.glob("*.toml")))
#: Of the parties behind a find this share goes on under new names and with another face. Chosen.
REACTION = {"reacting": 0.8}
_DAY_MS = 86_400_000
_WARM_UP_ITEMS = 40_000
_PAST = (("items", 30), ("others", 30), ("age", None))


@dataclass(frozen=True)
class Recipe:
    """What a year is made from.

    Attributes
    ----------
    world
        A preset, one of `LAB_WORLDS`, or a world file.
    seed
        Seeds the stream and everything examinations would show.
    weeks
        Weeks in all, the warm-up included.
    items_a_week
        Items of an average week.
    halls
        For the lesson on equal lanes: a coin sends every item to one of two halls, and the hall is all that
        a model sees. Both halls have the same true rate by construction.
    """

    world: str = "operational"
    seed: int = 1
    weeks: int = 60
    items_a_week: int = 5000
    halls: bool = False

    def check(self) -> None:
        """Raise `BadSetting` for a value that makes no sense."""
        if self.items_a_week < 50:
            raise BadSetting("items_a_week", got=self.items_a_week, expected="at least 50")
        if self.weeks < 2:
            raise BadSetting("weeks", got=self.weeks, expected="at least 2")

    def label(self) -> str:
        """A short name for files.

        >>> Recipe().label()
        'operational-s1-w60-i5000'
        """
        return f"{Path(self.world).stem}-s{self.seed}-w{self.weeks}-i{self.items_a_week}"


@dataclass(frozen=True)
class Made:
    """A year with the declarations and truth it was made from, row by row."""

    year: Year
    declarations: pd.DataFrame
    truth: pd.DataFrame


def load_lab_world(name: str) -> World:
    """A world by preset, by the name of one of the lab's own, or by path.

    >>> load_lab_world("two-halls").name
    'two-halls'
    """
    return load_world(world_file(name))


def world_file(name: str) -> str:
    """The path of one of the lab's own worlds; any other name as it is."""
    return str(_WORLDS / f"{name}.toml") if name in LAB_WORLDS else name


def year_of(recipe: Recipe) -> Year:
    """The year of a recipe; the same recipe gives the same year."""
    year = make_year(recipe).year
    return in_halls(year, recipe.seed) if recipe.halls else year


def in_halls(year: Year, seed: int) -> Year:
    """The same items, each in one of two halls by a coin; the hall is their lane, group and only feature."""
    hall = np.random.default_rng([seed, crc32(b"lab hall")]).integers(0, 2, len(year.week))
    return replace(
        year,
        bins=hall.astype(np.uint8)[:, None],
        names=("hall",),
        lane=hall,
        group=hall,
        form=form_of([3], unordered=[True], direction=[0]),
        groups=("hall A", "hall B"),
    )


def make_year(recipe: Recipe) -> Made:
    """Make the stream, and from it everything that no policy can change.

    Norms, words and bin thresholds are learnt once, on the first items, without any label.

    Raises
    ------
    risk.errors.BadSetting, risk.errors.NotFound
        For a recipe that makes no sense, or a world that is not there.
    """
    recipe.check()
    world, dictionary = load_lab_world(recipe.world), load_dictionary()
    days = 7 * recipe.weeks
    stream = generate(world, recipe.items_a_week * recipe.weeks, seed=recipe.seed, days=days)
    items, truth = stream.declarations, stream.truth
    start = np.datetime64(world.start, "ms").astype(np.int64)
    arrived = (items["arrived_utc"].dt.as_unit("ms").astype("int64").to_numpy() - start) / _DAY_MS
    features, bins, sizes, x = _features(items, dictionary)
    lane, _ = pd.factorize(items["origin"] + "|" + items["mail_class"], sort=True)
    group, groups = pd.factorize(items["origin"], sort=True)
    schemes = tuple(p.key for p in world.schemes)
    scheme = pd.Categorical(truth["scheme"], categories=schemes).codes.astype(np.int64)
    find, reported = _examinations(world, truth["irregular"].to_numpy(), arrived, recipe.seed)
    year = Year(
        week=np.minimum(arrived // 7, recipe.weeks - 1).astype(np.int64),
        bins=bins,
        names=tuple(x.columns),
        form=_form(features, tuple(x.columns), sizes),
        party=_parties(items, dictionary),
        rules=_rules(features, x),
        lane=lane,
        group=group,
        groups=tuple(groups),
        reported_day=reported,
        find=find,
        irregular=truth["irregular"].to_numpy(),
        scheme=scheme,
        schemes=schemes,
        oracle=truth["oracle_margin"].to_numpy(),
        reaction=REACTION.get(recipe.world, 0.0),
        facts={
            "world": recipe.world,
            "world_id": world.world_id,
            "seed": recipe.seed,
            "items_a_week": recipe.items_a_week,
            "weeks": recipe.weeks,
        },
    )
    return Made(year, items, truth)


def _features(
    items: pd.DataFrame, dictionary: Dictionary
) -> tuple[Features, np.ndarray, list[int], pd.DataFrame]:
    """Bins of the item's own features, and of what the stream (not a policy) knew of its parties."""
    plain = Features(dictionary)
    features = Features(dictionary, without=tuple(f.name for f in plain.past_specs))
    first = min(_WARM_UP_ITEMS, max(len(items) // 4, 1))
    x = features.fit(items.head(first)).transform(items)
    history = PartyHistory.of(items, dictionary)
    past = PartyHistory.empty(history.names).past(history)
    for party in history.names:
        for what, days in _PAST:
            x[f"{party.removesuffix('_id')} {what}"] = past[past_name(party, what, days)].to_numpy(
                dtype=float
            )
    categories = [f.name for f in features.specs if f.kind == "category"]
    bins, sizes = cut(x, unordered=categories, first=first)
    return features, bins, sizes, x


def _form(features: Features, names: tuple[str, ...], sizes: list[int]) -> Form:
    kinds = {f.name: f for f in features.specs}
    return form_of(
        sizes,
        unordered=[n in kinds and kinds[n].kind == "category" for n in names],
        direction=[kinds[n].monotone if n in kinds else 0 for n in names],
    )


def _parties(items: pd.DataFrame, dictionary: Dictionary) -> np.ndarray:
    return np.column_stack([pd.factorize(items[f.name])[0] for f in dictionary.role("party")][:2]).astype(
        np.int64
    )


def _rules(features: Features, x: pd.DataFrame) -> np.ndarray:
    """Points of the rule book, from the items' own features."""
    own = x[list(features.get_feature_names_out())].to_numpy(np.float32)
    return RuleBook.default().compile(features, own[:1000]).margins(own)


def _examinations(
    world: World, irregular: np.ndarray, arrived: np.ndarray, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each item's examination would find something, and when it would be reported (days)."""
    e = world.examination
    u = {
        name: np.random.default_rng([seed, crc32(f"lab {name}".encode())]).random(len(irregular))
        for name in ("check", "open", "opening", "wait", "delay")
    }
    opened = (u["check"] < e["check_sensitivity"]) | (u["open"] < e["open_anyway"])
    find = irregular & opened & (u["opening"] < e["opening_sensitivity"])
    least, most = e["wait_hours"]
    wait = (least + (most - least) * u["wait"]) / 24
    delay = np.maximum(0.1, e["delay_days"] + e["delay_spread_days"] * (2 * u["delay"] - 1))
    return find, arrived + wait + delay
