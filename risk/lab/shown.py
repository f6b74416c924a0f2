"""What the page of the policy lab shows: the tables of some runs, and items that every one of them missed.

A set of such tables for every preset ships with the workbench, so that a class never waits; a new run makes
one of its own. Both are read by `load_shown`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from risk.errors import NotFound
from risk.lab.runs import Study, results
from risk.lab.years import Made, load_lab_world, make_year

__all__ = ["SHIPPED", "Shown", "load_shown", "make_shown", "save_shown"]

#: The tables that ship with the workbench; ``python -m risk.lab.ship`` makes them again.
SHIPPED = Path(__file__).parent / "shipped"
TABLES = ("weekly", "schemes", "groups", "missed", "items")
_KEPT = 60
_FIELDS = (
    "item_id",
    "arrived_utc",
    "origin",
    "transit",
    "mail_class",
    "nature_of_transaction",
    "description",
    "hs_code",
    "pieces",
    "gross_weight_g",
    "declared_net_weight_g",
    "declared_value_sdr",
    "sender_type",
    "recipient_type",
    "licence_reference_present",
)


@dataclass(frozen=True)
class Shown:
    """Tables by world and policy, for one seed each.

    Attributes
    ----------
    weekly, schemes, groups
        As in `risk.simulation.records.Run`, with ``world`` and ``policy``.
    missed
        Per item that no policy examined and per policy: ``world, row, policy, place, n, lowering, raising``.
    items
        Those items: ``world, row, week, scheme``, declared fields, ``oracle`` (what the best observer would
        have said, 0–1) and ``causes`` (the fields that spoke most for the scheme).
    facts
        By world: its size and seed, titles of its schemes, versions.
    """

    weekly: pd.DataFrame
    schemes: pd.DataFrame
    groups: pd.DataFrame
    missed: pd.DataFrame
    items: pd.DataFrame
    facts: Mapping[str, Any]

    @property
    def worlds(self) -> list[str]:
        """The worlds that there are runs of."""
        return list(self.facts)

    def policies(self, world: str) -> list[str]:
        """The policies that ran in a world."""
        return list(dict.fromkeys(self.weekly.loc[self.weekly["world"] == world, "policy"]))

    def of(self, table: str, world: str, policies: list[str]) -> pd.DataFrame:
        """The rows of some policies in one world."""
        whole = getattr(self, table)
        return whole[(whole["world"] == world) & whole["policy"].isin(policies)]


def make_shown(studies: list[Study], folder: Path) -> Shown:
    """Gather the first seed of some finished studies; studies of one world are laid together."""
    worlds: dict[str, list[Study]] = {}
    for study in studies:
        worlds.setdefault(Path(study.recipe.world).stem, []).append(study)
    parts: dict[str, list[pd.DataFrame]] = {name: [] for name in TABLES}
    facts = {}
    for world, alike in worlds.items():
        tables = {t: _first_seed(alike, folder, t) for t in ("weekly", "schemes", "groups", "missed")}
        made = make_year(alike[0].of(alike[0].seeds[0]))
        rows = _rows_missed(tables["missed"])
        tables["items"] = _items(made, rows, tables["missed"]).assign(world=world)
        tables["missed"] = tables["missed"][tables["missed"]["row"].isin(rows)]
        facts[world] = _facts(alike[0], made)
        for name in TABLES:
            parts[name].append(tables[name])
    return Shown(**{n: _small(pd.concat(p, ignore_index=True)) for n, p in parts.items()}, facts=facts)


def _first_seed(studies: list[Study], folder: Path, table: str) -> pd.DataFrame:
    found = [results(s, folder, table) for s in studies]
    whole = pd.concat(
        [t[t["seed"] == s.seeds[0]] for s, t in zip(studies, found, strict=True) if len(t)], ignore_index=True
    )
    return whole.drop(columns=["seed", "weights"])


def _rows_missed(missed: pd.DataFrame) -> np.ndarray:
    """Up to `_KEPT` items that no policy examined, as evenly over schemes and weeks as they come."""
    never = (
        missed.groupby("row").agg(examined=("examined", "any"), scheme=("scheme", "first")).query("~examined")
    )
    place = never.groupby("scheme").cumcount() / never.groupby("scheme")["examined"].transform("size")
    turn = never.assign(turn=(place * 4).astype(int), hashed=np.random.default_rng(1).random(len(never)))
    picked = turn.sort_values("hashed").groupby(["scheme", "turn"]).head(1)
    return np.sort(picked.head(_KEPT).index.to_numpy())


def _items(made: Made, rows: np.ndarray, missed: pd.DataFrame) -> pd.DataFrame:
    declared = made.declarations.iloc[rows][[c for c in _FIELDS if c in made.declarations]].reset_index(
        drop=True
    )
    week = missed.drop_duplicates("row").set_index("row")["week"].reindex(rows).to_numpy()
    truth = made.truth.iloc[rows]
    return declared.assign(
        row=rows,
        week=week,
        scheme=truth["scheme"].astype("str").to_numpy(),
        oracle=expit(truth["oracle_margin"].to_numpy()),
        causes=_causes(truth),
    )


def _causes(truth: pd.DataFrame) -> list[str]:
    """Per item the three fields that spoke most for its scheme, with their evidence in nats."""
    columns = [c for c in truth if c.startswith("evidence_")]
    out = []
    for row in truth[columns].fillna(0.0).to_numpy():
        top = [j for j in np.argsort(-row)[:3] if row[j] > 0.05]
        out.append("; ".join(f"{columns[j].removeprefix('evidence_')} {row[j]:+.1f}" for j in top))
    return out


def _facts(study: Study, made: Made) -> dict[str, Any]:
    from importlib.metadata import version

    world = load_lab_world(study.recipe.world)
    return {
        **made.year.facts,
        "capacity": study.plan.capacity,
        "warm_up": study.plan.warm_up,
        "schemes": {p.key: p.title for p in world.schemes},
        "versions": {name: version(name) for name in ("numpy", "pandas", "scikit-learn")},
    }


def _small(table: pd.DataFrame) -> pd.DataFrame:
    """The same in fewer bytes: whole numbers as int32, others as float32, repeated words as categories."""
    out = table.copy()
    for name in out:
        if out[name].dtype.kind == "i":
            out[name] = out[name].astype("int32")
        elif out[name].dtype.kind == "f":
            out[name] = out[name].astype("float32")
    return out


def save_shown(shown: Shown, folder: Path) -> None:
    """Write the tables; ``facts.json`` last, since its presence says that all are there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        getattr(shown, name).to_parquet(folder / f"{name}.parquet", index=False, compression="zstd")
    text = json.dumps(shown.facts, indent=1, ensure_ascii=False, default=str) + "\n"
    (folder / "facts.json").write_text(text, encoding="utf-8")


def load_shown(folder: Path = SHIPPED) -> Shown:
    """Read what `save_shown` wrote.

    Raises
    ------
    risk.errors.NotFound
        When the folder holds no such tables.
    """
    if not (folder / "facts.json").exists():
        raise NotFound(
            "set of runs", folder.name, todo="Make one: risk simulate, or the page of the policy lab."
        )
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    return Shown(**{name: pd.read_parquet(folder / f"{name}.parquet") for name in TABLES}, facts=facts)
