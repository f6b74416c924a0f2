"""From a world and a seed to a stream: declarations, outcomes and, apart, truth.

>>> from data_synthetic.world import load_world
>>> made = generate(load_world("teaching"), 500, seed=7)
>>> len(made.declarations), len(made.truth), sorted(made.manifest)[:3]
(500, 500, ['block', 'days', 'end_utc'])
>>> again = generate(load_world("teaching"), 500, seed=7)
>>> bool(again.declarations.equals(made.declarations))
True
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from data_synthetic.declarations import Block, BlockMaker
from data_synthetic.densities import Densities
from data_synthetic.examinations import Office
from data_synthetic.oracle import History
from data_synthetic.parties import Population
from data_synthetic.skeleton import BLOCK, Clock, Skeleton, Skeletons
from data_synthetic.truth import truth_table
from data_synthetic.world import World
from risk.errors import BadSetting

__all__ = ["Stream", "Part", "Source", "StreamMaker", "generate"]

FORMAT = 1
MOST_ITEMS = 26 * 10**8
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Stream:
    """A stream in memory. `truth` is for evaluation only and never goes to a model."""

    declarations: pd.DataFrame
    outcomes: pd.DataFrame
    truth: pd.DataFrame
    manifest: dict[str, Any]


@dataclass(frozen=True)
class Part:
    """Some consecutive items of a stream as Arrow tables."""

    declarations: pa.Table
    outcomes: pa.Table
    truth: pa.Table


@dataclass(frozen=True)
class Source:
    """Where a stream comes from: everything its bytes depend on.

    `n_items` over `days` fix the flow; items `first`…`last`−1 are what is read from it, so that a stream can
    be continued. Nothing else (parts, processes, memory) may change a byte.
    """

    world: World
    seed: int
    n_items: int
    days: int
    first: int = 0
    last: int = -1

    def __post_init__(self) -> None:
        _check_whole("n_items", self.n_items, 1, MOST_ITEMS)
        _check_whole("seed", self.seed, 0, 2**63 - 1)
        _check_whole("days", self.days, 1, 36500)
        if self.last < 0:
            object.__setattr__(self, "last", self.n_items)
        _check_whole("last item", self.last, self.first + 1, MOST_ITEMS)

    def clock(self) -> Clock:
        """The clock of this flow."""
        return Clock(self.world, n_items=self.n_items, days=self.days)

    def period(self) -> tuple[float, float]:
        """First and last moment, in days since the world's first day."""
        clock = self.clock()
        return float(clock.day(np.array([self.first]))[0]), float(clock.day(np.array([self.last]))[0])

    def manifest(self) -> dict[str, Any]:
        """What a reader must know to make the same stream again, or to continue it."""
        begin, end = (_moment(self.world, d) for d in self.period())
        return {"format": FORMAT, "block": BLOCK, "world": self.world.name, "world_id": self.world.world_id,
                "seed": self.seed, "n_items": self.last - self.first, "first_item": self.first,
                "flow": {"n_items": self.n_items, "days": self.days},
                "days": round(self.period()[1] - self.period()[0], 6), "start_utc": begin, "end_utc": end}

    def parts(self, *, processes: int = 1, progress: Progress | None = None) -> Iterator[Part]:
        """The stream in order, a block at a time. Earlier items are made again, to know their parties."""
        maker = StreamMaker(self)
        for block in maker.blocks(processes):
            part = maker.finish(block)
            if progress:
                done = min((block.skeleton.block + 1) * BLOCK, self.last) - self.first
                progress(max(done, 0), self.last - self.first)
            if part is not None:
                yield part


def generate(world: World, n_items: int, *, seed: int = 0, days: int | None = None) -> Stream:
    """Make a stream in memory.

    Parameters
    ----------
    world
        From `load_world`.
    n_items
        Items, over `days` days (the world's own period by default).
    seed
        The same seed gives the same stream on any machine.

    Raises
    ------
    risk.errors.BadSetting
        When a number is out of range.
    """
    source = Source(world, seed, n_items, world.days if days is None else days)
    parts = list(source.parts())
    frames = (_frame(pa.concat_tables([getattr(p, name) for p in parts])) for name in
              ("declarations", "outcomes", "truth"))
    return Stream(*frames, manifest=source.manifest())


class StreamMaker:
    """The machinery behind `Source.parts`: identities, blocks, running sums of the oracle, the office."""

    def __init__(self, source: Source) -> None:
        self.source, world = source, source.world
        clock = source.clock()
        begin, end = source.period()
        self.window = (int(begin * 86_400_000), int(np.ceil(end * 86_400_000)))
        densities = Densities(world, weeks=int(end // 7) + 2)
        self.population = Population(world, densities, items_a_week=clock.items_a_week)
        self.skeletons = Skeletons(self.population, clock, source.seed)
        self.maker = BlockMaker(self.population, source.seed)
        self.start_ms = int(np.datetime64(world.start, "ms").astype(np.int64))
        self.office = Office(
            world.examination, families=tuple(world.families.values()), start_ms=self.start_ms
        )
        once = np.array([p.once for p in world.profiles])
        self.history = History(imitated=densities.imitated, archetypes=len(world.archetypes), once=once)

    def blocks(self, processes: int) -> Iterator[Block]:
        """The blocks in order, made by this process or by several."""
        last = self.source.last
        skeletons = (self.skeletons.make(b, min(BLOCK, last - b * BLOCK)) for b in range(-(-last // BLOCK)))
        if processes <= 1:
            yield from map(self.maker.make, skeletons)
            return
        with ProcessPoolExecutor(processes, initializer=_set_maker, initargs=(self.maker,)) as pool:
            yield from _in_order(pool, skeletons, ahead=processes + 1)

    def add(self, block: Block) -> tuple[np.ndarray, np.ndarray]:
        """Add a block to the oracle's sums: history-aware margins, and what earlier items told (nats)."""
        s = block.skeleton
        return self.history.step(s.identity, log_kind=lambda rows: self._log_kind(s, rows),
                                 likelihood=block.likelihood, kind=s.kind)

    def finish(self, block: Block) -> Part | None:
        """Examine the block and add it to the oracle's sums; None for a block before all items wanted."""
        s = block.skeleton
        margin, past = self.add(block)
        outcomes = self._reported(self.office.examine(block.prospects, block.declarations["item_id"]))
        skip = max(self.source.first - s.block * BLOCK, 0)
        if skip >= len(s.number) and not len(outcomes):
            return None
        truth = truth_table(self.source.world, block, margin, past - self._prior_odds(s))
        return Part(block.declarations.slice(skip), outcomes, truth.slice(skip))

    def _reported(self, outcomes: pa.Table) -> pa.Table:
        reported = outcomes["reported_utc"].cast(pa.int64()).to_numpy() - self.start_ms
        return outcomes.filter(pa.array((reported >= self.window[0]) & (reported < self.window[1])))

    def _log_kind(self, s: Skeleton, rows: np.ndarray) -> np.ndarray:
        out = np.empty((len(rows), self.population.kinds))
        for born in np.unique(s.born[rows]):
            at = s.born[rows] == born
            out[at] = self.population.log_kind(int(born))[s.volume[rows[at]], s.home[rows[at]]]
        return out

    def _prior_odds(self, s: Skeleton) -> np.ndarray:
        """Log-odds of each irregular item's true kind against the imitated one, before any item; else 0."""
        out, bad = np.zeros(len(s.number)), np.flatnonzero(s.irregular)
        logp, kind = self._log_kind(s, bad), s.kind[bad]
        at = np.arange(len(bad))
        out[bad] = logp[at, kind] - logp[at, self.population.imitated[kind]]
        return out


_MAKER: BlockMaker | None = None


def _set_maker(maker: BlockMaker) -> None:
    global _MAKER
    _MAKER = maker


def _make(skeleton: Skeleton) -> Block:
    assert _MAKER is not None
    return _MAKER.make(skeleton)


def _in_order(pool: ProcessPoolExecutor, skeletons: Iterator[Skeleton], *, ahead: int) -> Iterator[Block]:
    """Blocks in order, with only a few under way, so that memory stays constant."""
    waiting = []
    for skeleton in skeletons:
        waiting.append(pool.submit(_make, skeleton))
        if len(waiting) > ahead:
            yield waiting.pop(0).result()
    while waiting:
        yield waiting.pop(0).result()


def _frame(table: pa.Table) -> pd.DataFrame:
    return table.to_pandas()


def _moment(world: World, day: float) -> str:
    start = datetime.combine(world.start, time(), UTC)
    return (start + timedelta(days=day)).isoformat(timespec="seconds")


def _check_whole(name: str, value: object, low: int, high: int) -> None:
    if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or not low <= value <= high:
        raise BadSetting(name, got=value, expected=f"a whole number, {low} to {high}")
