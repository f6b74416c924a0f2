"""The made world: reads a world file into frozen tables, checks every number, gives it a `world_id`.

A world file is TOML. The shipped ``world.toml`` is complete; a file of one's own may say
``extends = "operational"`` (or another preset) and give only what differs.

>>> world = load_world("teaching")
>>> world.name, len(world.schemes), len(world.archetypes)
('teaching', 18, 8)
>>> load_world("teeching")
Traceback (most recent call last):
    ...
risk.errors.NotFound: No world named 'teeching'. Did you mean 'teaching'? Presets: operational, teaching, \
drift, displacement, calm; or give the path of a TOML file.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from data_synthetic.toml_reader import Table, merge
from risk.errors import NotFound, Refused

__all__ = [
    "World",
    "Profile",
    "Timed",
    "Origin",
    "Commodity",
    "Group",
    "Goods",
    "Figure",
    "PRESETS",
    "load_world",
    "make_world",
    "COLUMN_OF",
    "CONTAINS",
]

HERE = Path(__file__).parent
PRESETS = ("operational", "teaching", "drift", "displacement", "calm")
MAIL_CLASSES = ("U", "C", "E")
HEAVINESS = ("light", "medium", "heavy")

# Every distribution that a profile may alter, and the item column that shows it.
COLUMN_OF: Mapping[str, str] = {
    "nature_of_transaction": "nature_of_transaction", "hs_missing": "hs_code", "hs_code": "hs_code",
    "description_kind": "description", "description_qualifier": "description",
    "description_tail": "description", "pieces": "pieces", "mail_class": "mail_class",
    "declared_net_weight_g": "declared_net_weight_g", "gross_weight_g": "gross_weight_g",
    "nominal_value": "declared_value_sdr", "declared_value_sdr": "declared_value_sdr",
    "insured": "insured", "licence_reference_present": "licence_reference_present",
    "origin_operator": "origin_operator", "transit": "transit",
    "country_of_manufacture": "country_of_manufacture", "ead_received_utc": "ead_received_utc",
    "sender_type": "sender_type", "recipient_type": "recipient_type",
    "destination_region": "destination_region", "origin": "origin",
}
# Stated amounts that include another stated amount: gross weight is net weight and packaging.
CONTAINS: Mapping[str, tuple[str, ...]] = {"gross_weight_g": ("declared_net_weight_g",)}
NUMBERS = ("pieces", "declared_net_weight_g", "gross_weight_g", "declared_value_sdr")
ODDS = ("hs_missing", "nominal_value", "insured", "licence_reference_present", "origin_operator",
        "country_of_manufacture")
IDENTITY = ("sender_type", "recipient_type", "destination_region", "origin")


@dataclass(frozen=True)
class Group:
    """A group of commodities: share of items, spreads on the log scale, whether licences are usual."""

    key: str
    share: float
    net_spread: float
    value_spread: float
    regulated: bool


@dataclass(frozen=True)
class Commodity:
    """One commodity: HS-like code, net weight (g) and value (SDR) of a piece, the nouns that name it."""

    key: str
    group: str
    hs_code: str
    title: str
    net_g: float
    value_sdr: float
    weight: float
    nouns: tuple[str, ...]


@dataclass(frozen=True)
class Goods:
    """What items may hold and the words for it (``goods.toml``)."""

    groups: tuple[Group, ...]
    commodities: tuple[Commodity, ...]
    qualifiers: Mapping[str, float]
    tails: Mapping[str, float]
    vague: tuple[str, ...]


@dataclass(frozen=True)
class Origin:
    """A made-up origin: share and yearly trend, transit days, data quality."""

    code: str
    share: float
    trend: float
    days: float
    ead_missing: float
    ead_fall: float
    hs_missing: float


@dataclass(frozen=True)
class Timed:
    """Factors on one distribution between two days, with a straight ramp at either end (days)."""

    field: str
    factors: Mapping[str, float]
    from_day: float
    until_day: float
    ramp_days: float


@dataclass(frozen=True)
class Profile:
    """An archetype, or a scheme with the archetype that it imitates.

    `share` is of regular items for an archetype and of irregular items for a scheme; `rate` is the share of
    a scheme's items that are irregular while it is active; `sender_role` is the probability that its
    identity is the sender, for identities younger and older than `turn_days`.
    """

    key: str
    title: str
    source: str
    share: float
    imitates: str | None
    family: str | None
    rate: float
    once: bool
    volume: float
    most: int
    novelty: float
    sender_role: tuple[float, float]
    turn_days: float
    activity: Mapping[str, Any]
    fields: Mapping[str, Mapping[str, float]]
    timed: tuple[Timed, ...]

    @property
    def altered(self) -> tuple[str, ...]:
        """The item columns that this profile alters, in the declaration's order."""
        named = {COLUMN_OF[f] for f in self.fields} | {COLUMN_OF[t.field] for t in self.timed}
        return tuple(c for c in dict.fromkeys(COLUMN_OF.values()) if c in named)


@dataclass(frozen=True)
class Figure:
    """A public figure that the stream is set beside; `reason` says why it is not aimed at, if so."""

    key: str
    title: str
    least: float
    most: float
    tolerance: float
    source: str
    reason: str

    def gap(self, measured: float) -> float:
        """How far a measured value lies outside [least, most]; 0 inside.

        >>> round(Figure("k", "t", 0.4, 0.5, 0.1, "s", "").gap(0.55), 6)
        0.05
        """
        return max(self.least - measured, measured - self.most, 0.0)


@dataclass(frozen=True)
class World:
    """Everything that a world file says, checked. `raw` is the merged TOML, and `world_id` its hash
    without `calibration`."""

    name: str
    world_id: str
    start: date
    days: int
    weekdays: tuple[float, ...]
    season: tuple[float, float]
    irregular_share: float
    strength: float
    stationary: bool
    parties: Mapping[str, float]
    origins: tuple[Origin, ...]
    base: Mapping[str, Any]
    shipping: Mapping[str, Any]
    examination: Mapping[str, Any]
    calibration: tuple[Figure, ...]
    families: Mapping[str, str]
    archetypes: tuple[Profile, ...]
    schemes: tuple[Profile, ...]
    goods: Goods
    raw: Mapping[str, Any] = field(repr=False, compare=False)

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """Archetypes, then schemes: the order of every table over identity kinds and item modes."""
        return self.archetypes + self.schemes

    def imitated(self) -> list[int]:
        """For each profile, the index of the archetype that it imitates (itself for an archetype)."""
        keys = [a.key for a in self.archetypes]
        return [keys.index(p.imitates or p.key) for p in self.profiles]


def load_world(name_or_path: str | Path = "operational") -> World:
    """Load a preset by name, or a world file by path.

    Raises
    ------
    risk.errors.NotFound
        When it is neither a preset nor a file.
    risk.errors.BadSetting
        When a key is unknown, missing or out of range; the message names key, expected and given value.
    """
    name = str(name_or_path)
    if name in PRESETS:
        return make_world(_preset(name), name=name)
    path = Path(name)
    if not path.is_file():
        raise NotFound("world", name, known=PRESETS,
                       todo=f"Presets: {', '.join(PRESETS)}; or give the path of a TOML file.")
    raw = _read_toml(path)
    under = Table({"extends": raw.pop("extends", "operational")}).one_of("extends", PRESETS)
    return make_world(merge(_preset(under), raw), name=path.stem)


def make_world(raw: Mapping[str, Any], *, name: str) -> World:
    """Check a merged world table and build the `World`; the goods may be given under ``goods``."""
    raw = {k: v for k, v in raw.items() if k != "presets"}
    # figures for comparison change no stream, so correcting one must not make packages of another world
    digest = hashlib.sha256(json.dumps({k: v for k, v in raw.items() if k != "calibration"},
                                       sort_keys=True).encode()).hexdigest()
    from data_synthetic.world_reader import read_world  # here, because the reader needs these classes
    return read_world(Table(raw), name=name, world_id=digest[:16])


def _preset(name: str) -> dict[str, Any]:
    raw = dict(_shipped())
    presets = raw.pop("presets")
    return merge(raw, presets[name])


@lru_cache(maxsize=1)
def _shipped() -> Mapping[str, Any]:
    return {**_read_toml(HERE / "world.toml"), "goods": _read_toml(HERE / "goods.toml")}


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Refused(f"{path.name} is not valid TOML ({error}). Nothing was generated.") from None
