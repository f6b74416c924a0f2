"""Policies × seeds, in parallel and resumable: every finished run is a small file, and is not run again.

A study is one recipe of a world, some policies and some seeds. Runs of one seed share one year, so the unit
of parallel work is a seed. A run's files are named by everything that it depends on; each appears whole or
not at all, so that a study that was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed

from data_synthetic import load_dictionary
from risk.batch.engines import Engine
from risk.errors import BadSetting
from risk.lab.years import Recipe, load_lab_world, year_of
from risk.simulation import Plan, Run, Year, named_policies, simulate

__all__ = ["Cancelled", "Study", "TABLES", "results", "run_study"]

TABLES = ("weekly", "schemes", "groups", "missed")
#: Raised to make old files unreadable when what a run means changes.
_FORMAT = 1
Progress = Callable[[int, int, str], None]


class Cancelled(Exception):
    """A study was stopped by the person who started it; finished runs are kept."""


@dataclass(frozen=True)
class Study:
    """What to run.

    Attributes
    ----------
    policies
        Names in `risk.simulation.POLICIES`.
    seeds
        One year each.
    recipe
        The world and its size; its seed is replaced by each of `seeds`.
    plan
        Settings of every run; its policy and seed are replaced.
    """

    policies: tuple[str, ...]
    seeds: tuple[int, ...]
    recipe: Recipe = Recipe()
    plan: Plan = Plan()

    def check(self) -> None:
        """Raise an error that says what makes no sense, before anything is run."""
        named_policies(list(self.policies))
        if not self.policies:
            raise BadSetting("policy", got="nothing", expected="at least one policy")
        if not self.seeds:
            raise BadSetting("seeds", got=0, expected="at least 1 seed")
        self.recipe.check()
        self.plan.check()
        if self.recipe.weeks <= self.plan.warm_up:
            raise BadSetting("weeks", got=self.recipe.weeks - self.plan.warm_up, expected="at least 1 week")
        load_lab_world(self.recipe.world)

    def of(self, seed: int) -> Recipe:
        """The recipe of one seed's year."""
        return replace(self.recipe, seed=seed)

    def plan_of(self, policy: str, seed: int) -> Plan:
        """The plan of one run."""
        return replace(self.plan, policy=policy, seed=seed)

    def name_of(self, policy: str, seed: int) -> str:
        """File name of one run, without its end: readable, and a hash of everything that it depends on."""
        world = load_lab_world(self.recipe.world).world_id
        facts = [_FORMAT, world, _features(), _differing(self.of(seed)), _differing(self.plan_of(policy, seed))]
        digest = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode()).hexdigest()
        return f"{self.of(seed).label()}-{policy}-{digest[:10]}"

    def runs(self) -> list[tuple[int, str]]:
        """All runs as (seed, policy)."""
        return [(seed, policy) for seed in self.seeds for policy in self.policies]


@lru_cache(maxsize=1)
def _features() -> str:
    """Digest of the data dictionary, of which the features of every item are read."""
    told = json.dumps(load_dictionary().to_descriptor(), sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


def _differing(given: Recipe | Plan) -> dict[str, object]:
    """What differs from the defaults, so that a new setting leaves the names of old runs alone."""
    usual = asdict(type(given)())
    return {k: v for k, v in asdict(given).items() if v != usual[k]}


def run_study(
    study: Study,
    folder: Path,
    *,
    processes: int = 1,
    engine: Engine | None = None,
    progress: Progress | None = None,
) -> None:
    """Run what is not yet there.

    Parameters
    ----------
    study
        What to run.
    folder
        Where runs are kept, one Parquet file a table.
    processes
        Worker processes; the results do not depend on it.
    engine
        Where years are made instead, such as `risk.batch.cluster`; its workers must see `folder`.
    progress
        Called with (runs done, runs in all, words) as they finish; may raise `Cancelled`.
    """
    study.check()
    folder.mkdir(parents=True, exist_ok=True)
    todo = {
        seed: [p for p in study.policies if not _is_there(folder, study.name_of(p, seed))]
        for seed in study.seeds
    }
    done = len(study.runs()) - sum(map(len, todo.values()))
    if progress:
        progress(
            done, len(study.runs()), f"{done} runs were already there" if done else "making the first year"
        )
    tell = _within(progress, done, len(study.runs())) if progress else None
    todo = {s: p for s, p in todo.items() if p}
    each = _elsewhere(engine, study, todo, folder) if engine else _each(study, todo, folder, processes, tell)
    for words in each:
        done += 1
        if progress:
            progress(done, len(study.runs()), words)


def _elsewhere(engine: Engine, study: Study, todo: dict[int, list[str]], folder: Path) -> Iterator[str]:
    """Run them where the engine says, a year a task; a task that a lost worker had begun is begun again."""
    with engine() as run:
        for words in run(_seed_whole, [(study, s, policies, folder.resolve()) for s, policies in todo.items()]):
            yield from words


def _within(progress: Progress, done: int, total: int) -> Callable[[str, int, int], None]:
    """Tell of the weeks inside a run as well, for a person who waits or wants to stop it."""
    begun: dict[str, int] = {}

    def tell(words: str, week: int, weeks: int) -> None:
        before = begun.setdefault(words, len(begun))
        progress(done + before, total, f"{words}, week {week} of {weeks}")

    return tell


def _each(
    study: Study,
    todo: dict[int, list[str]],
    folder: Path,
    processes: int,
    tell: Callable[[str, int, int], None] | None,
) -> Iterator[str]:
    """Run them; within one process with word of every week."""
    if processes == 1 or len(todo) <= 1:
        for seed, policies in todo.items():
            yield from _seed(study, seed, policies, folder, tell)
        return
    jobs = (delayed(_seed_whole)(study, seed, policies, folder) for seed, policies in todo.items())
    for words in Parallel(n_jobs=processes, return_as="generator_unordered")(jobs):
        yield from words


def _seed_whole(study: Study, seed: int, policies: list[str], folder: Path) -> list[str]:
    return list(_seed(study, seed, policies, folder))


def _seed(
    study: Study,
    seed: int,
    policies: list[str],
    folder: Path,
    tell: Callable[[str, int, int], None] | None = None,
) -> Iterator[str]:
    year = _year(study.of(seed))
    for policy in policies:
        words = f"{policy}, seed {seed}"
        run = simulate(year, study.plan_of(policy, seed), tell=tell and partial(tell, words))
        _keep(run, year, study, folder / study.name_of(policy, seed))
        yield words


@lru_cache(maxsize=5)
def _year(recipe: Recipe) -> Year:
    """A recipe's year; the latest few are kept, for studies that share their years."""
    return year_of(recipe)


def _keep(run: Run, year: Year, study: Study, path: Path) -> None:
    """Write the run's tables; the weekly one last, since its presence says that the run is whole."""
    tables = run.tables()
    for name in reversed(TABLES):
        table = tables[name].assign(
            world=Path(study.recipe.world).stem, seed=int(year.facts["seed"]), weights=study.plan.weights
        )
        beside = path.with_name(f".{path.name}.{name}.new")
        table.to_parquet(beside, index=False)
        os.replace(beside, _file(path, name))


def _file(path: Path, table: str) -> Path:
    return path.with_name(f"{path.name}.{table}.parquet")


def _is_there(folder: Path, name: str) -> bool:
    return _file(folder / name, "weekly").exists()


def results(study: Study, folder: Path, table: str = "weekly") -> pd.DataFrame:
    """One tidy table of all runs that are there, with ``world, seed, policy, weights`` in front."""
    if table not in TABLES:
        raise BadSetting("table", got=table, expected=f"one of {', '.join(TABLES)}")
    parts = [
        pd.read_parquet(_file(folder / study.name_of(policy, seed), table))
        for seed, policy in study.runs()
        if _is_there(folder, study.name_of(policy, seed))
    ]
    if not parts:
        return pd.DataFrame()
    whole = pd.concat(parts, ignore_index=True)
    keys = ["world", "seed", "policy", "weights"]
    return whole[keys + [c for c in whole if c not in keys]]
