"""Item sets: the four cells of truth × model right/wrong, matched in difficulty, drawn with a recorded seed.

A diagnostic set is half irregular, and the model is wrong about half of it: made so on purpose, and said so.
An operational set has the stream's own share of irregular items.

>>> from risk.classroom.plan import ready_plan
>>> rng = np.random.default_rng(7)
>>> pool = [ItemFacts(f"I{i}", i % 2 == 0, i % 4 < 2, 0.1, float(rng.random()), "QM") for i in range(400)]
>>> sets = draw_sets(pool, ready_plan("lesson-45"), seed=7, prevalence=0.02)
>>> [len(s) for s in sets[3]], sets[3] == sets[4] == sets[5]
([20, 20, 20], True)
>>> parallel_gap([[next(i for i in pool if i.item_id == x) for x in s] for s in sets[3]]) <= MOST_GAP
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from zlib import crc32

import numpy as np

from risk.classroom.plan import ItemFacts, Plan, Step
from risk.errors import Refused

__all__ = ["BANDS", "CELLS", "MOST_GAP", "band", "cell_counts", "draw_sets", "interleave", "parallel_gap"]

Sets = Mapping[int, tuple[tuple[str, ...], ...]]
CELLS = ((True, True), (True, False), (False, False), (False, True))  # (irregular, model right)
CELL_WORDS = {
    (True, True): "irregular items that the model flags",
    (True, False): "irregular items that the model misses",
    (False, False): "regular items that the model flags",
    (False, True): "regular items that the model lets pass",
}
#: Difficulty from … on; see `ItemFacts.difficulty`.
BANDS = {"easy": 0.0, "medium": 0.2, "hard": 0.5}
MOST_GAP = 0.02  # between the mean difficulties of parallel sets
_TRIES = 25


def band(difficulty: float) -> str:
    """The difficulty band: ``easy``, ``medium`` or ``hard``.

    >>> band(0.1), band(0.2), band(0.9)
    ('easy', 'medium', 'hard')
    """
    return [name for name, start in BANDS.items() if difficulty >= start][-1]


def cell_counts(items: int) -> tuple[int, int, int, int]:
    """How many items of each of `CELLS` a set of this size has: as equal as the number allows.

    >>> cell_counts(20), cell_counts(6), cell_counts(10)
    ((5, 5, 5, 5), (2, 1, 1, 2), (3, 2, 2, 3))
    """
    base, rest = divmod(items, 4)
    extra = {0: (0, 0, 0, 0), 1: (0, 0, 0, 1), 2: (1, 0, 0, 1), 3: (1, 1, 0, 1)}[rest]
    return tuple(base + more for more in extra)  # type: ignore[return-value]


def parallel_gap(sets: Sequence[Sequence[ItemFacts]]) -> float:
    """The largest difference between the sets' mean difficulties (0–1)."""
    means = [float(np.mean([item.difficulty for item in one])) for one in sets]
    return max(means) - min(means)


def draw_sets(
    pool: Iterable[ItemFacts],
    plan: Plan,
    *,
    seed: int,
    prevalence: float,
    bands: Sequence[str] = tuple(BANDS),
) -> Sets:
    """Item ids for every step that is judged; no item comes twice in a session.

    Parameters
    ----------
    pool
        Candidates with truth and advice.
    plan
        The steps; rotated ones share three matched sets.
    seed
        The same pool, plan and seed give the same sets.
    prevalence
        The stream's share of irregular items, for operational blocks.
    bands
        Which difficulty bands diagnostic items come from.

    Raises
    ------
    risk.errors.Refused
        When the pool has too few items of a cell, or no matched sets; nothing is opened then.
    """
    rng = np.random.default_rng([seed, crc32(b"classroom.item_sets")])
    left = {item.item_id: item for item in pool}
    out: dict[int, tuple[tuple[str, ...], ...]] = {}
    rotated = plan.rotated
    if rotated:
        three = _matched(left, plan.steps[rotated[0]].items, rng, bands=bands)
        out |= {step: three for step in rotated}
    for number, step in enumerate(plan.steps):
        if not step.judges or step.rotate:
            continue
        one = _operational if step.mode == "OPERATIONAL" else _diagnostic
        out[number] = (one(left, step, rng, prevalence=prevalence, bands=bands),)
    return out


def _cells(left: Mapping[str, ItemFacts], bands: Sequence[str]) -> dict[tuple[bool, bool], list[ItemFacts]]:
    kept = [i for i in left.values() if band(i.difficulty) in bands]
    return {cell: [i for i in kept if i.cell == cell] for cell in CELLS}


def _need(found: int, needed: int, what: str) -> None:
    if found < needed:
        raise Refused(
            f"The stream has {found} {what}; expected at least {needed} for this plan. Draw from a larger "
            "stream, or choose a shorter plan. No session was opened."
        )


def _take(left: dict[str, ItemFacts], ids: Iterable[str]) -> None:
    for item_id in ids:
        del left[item_id]


def _diagnostic(
    left: dict[str, ItemFacts],
    step: Step,
    rng: np.random.Generator,
    *,
    prevalence: float,
    bands: Sequence[str],
) -> tuple[str, ...]:
    chosen: list[ItemFacts] = []
    for cell, count in zip(CELLS, cell_counts(step.items), strict=True):
        items = _cells(left, bands)[cell]
        _need(len(items), count, CELL_WORDS[cell])
        chosen += [items[i] for i in rng.choice(len(items), count, replace=False)] if count else []
    _take(left, [i.item_id for i in chosen])
    return interleave(chosen, rng)


def _operational(
    left: dict[str, ItemFacts],
    step: Step,
    rng: np.random.Generator,
    *,
    prevalence: float,
    bands: Sequence[str],
) -> tuple[str, ...]:
    """As the post brings them: the stream's share of irregular items, but at least one."""
    irregular = max(1, round(prevalence * step.items))
    chosen: list[ItemFacts] = []
    for truth, count in ((True, irregular), (False, step.items - irregular)):
        items = [i for i in left.values() if i.irregular == truth]
        _need(len(items), count, "irregular items" if truth else "regular items")
        chosen += [items[i] for i in rng.choice(len(items), count, replace=False)]
    _take(left, [i.item_id for i in chosen])
    return interleave(chosen, rng)


def _matched(
    left: dict[str, ItemFacts], items: int, rng: np.random.Generator, *, bands: Sequence[str]
) -> tuple[tuple[str, ...], ...]:
    """Three sets of equal cells: neighbours in difficulty are dealt to the three sets at random."""
    cells = _cells(left, bands)
    for cell, count in zip(CELLS, cell_counts(items), strict=True):
        _need(len(cells[cell]), 3 * count, CELL_WORDS[cell])
    best: list[list[ItemFacts]] = []
    for _ in range(_TRIES):
        sets: list[list[ItemFacts]] = [[], [], []]
        for cell, count in zip(CELLS, cell_counts(items), strict=True):
            for triplet in _triplets(cells[cell], count, rng):
                for one, item in zip(sets, triplet, strict=True):
                    one.append(item)
        if not best or parallel_gap(sets) < parallel_gap(best):
            best = sets
    if parallel_gap(best) > MOST_GAP:
        raise Refused(
            f"The best matched sets differ by {parallel_gap(best):.3f} in mean difficulty; expected at most "
            f"{MOST_GAP}. Draw from a larger stream. No session was opened."
        )
    _take(left, [i.item_id for one in best for i in one])
    return tuple(interleave(one, rng) for one in best)


def _triplets(items: list[ItemFacts], count: int, rng: np.random.Generator) -> list[list[ItemFacts]]:
    """`count` runs of three neighbours in difficulty, one from each of `count` equal parts, each shuffled."""
    ordered = sorted(items, key=lambda i: (i.difficulty, i.item_id))
    out = []
    for part in np.array_split(np.arange(len(ordered)), count) if count else []:
        at = int(rng.integers(part[0], part[-1] - 1))
        out.append([ordered[at + i] for i in rng.permutation(3)])
    return out


def interleave(items: Sequence[ItemFacts], rng: np.random.Generator) -> tuple[str, ...]:
    """Ids in random order, such that neighbours differ in route, and no cell runs on, where that can be."""
    waiting = [items[i] for i in rng.permutation(len(items))]
    out: list[ItemFacts] = []
    while waiting:
        free = [i for i in waiting if not out or i.route != out[-1].route]
        fresh = [i for i in free if not out or i.cell != out[-1].cell]
        pick = (fresh or free or waiting)[0]
        waiting.remove(pick)
        out.append(pick)
    return tuple(item.item_id for item in out)
