"""The office: chooses by random share, rules and points; remembers what was reported, and only that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_synthetic.examinations import Office, Prospects, inclusion_probability
from data_synthetic.stream import Source, StreamMaker
from data_synthetic.world import load_world

DAY = 86_400_000
SETTINGS = {"random_share": 0.05, "targeted_rate": 0.01, "targeted_most": 0.9, "steepness": 1.0,
            "watch_points": 3.0, "cleared_points": 1.0, "cleared_most": 2.0}


def prospects(
    n: int, *, parties: object, u: object = 0.5, points: object = 0.0, found: object = False
) -> Prospects:
    """One item a day, examined on the day, reported three days later."""
    day = np.arange(n) * DAY
    full = [np.full(n, v, dtype=t) for v, t in ((u, float), (0.0, float), (points, float), (found, bool))]
    return Prospects(
        u=full[0],
        rule=full[1],
        points=full[2],
        found=full[3],
        family=np.zeros(n, dtype=int),
        arrived_ms=day,
        examined_ms=day + 1,
        reported_ms=day + 3 * DAY,
        parties=np.array(parties),
    )


def examine(made: Prospects, office: Office | None = None) -> dict[str, list]:
    office = office or Office(SETTINGS, families=("other",), start_ms=0)
    ids = pa.chunked_array([[f"i{k}" for k in range(len(made.u))]])
    return office.examine(made, ids).to_pydict()


def plain(made: Prospects) -> dict[str, list]:
    """The same told slowly: every item against all that was reported before it."""
    e, rows, total, seen = SETTINGS, [], [], []
    for i in range(len(made.u)):
        known = [f for when, f, who in seen for p in made.parties[i]
                 for q in who if p == q and when < made.arrived_ms[i]]
        points = made.points[i] + e["watch_points"] * any(known) - e["cleared_points"] * min(
            known.count(False), e["cleared_most"])
        targeted = min(e["targeted_most"], e["targeted_rate"] * np.exp(points * e["steepness"]))
        chance = round(inclusion_probability(e["random_share"], made.rule[i], targeted), 9)
        if made.u[i] < chance:
            rows.append(f"i{i}")
            total.append(chance)
            seen.append((made.reported_ms[i], bool(made.found[i]), made.parties[i]))
    return {"item_id": rows, "inclusion_probability": total}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 80), st.integers(1, 6))
def test_the_office_equals_a_slow_telling(seed: int, n: int, people: int) -> None:
    rng = np.random.default_rng(seed)
    made = replace(prospects(n, parties=rng.integers(0, people, (n, 2)) * 2 + [0, 1]), u=rng.random(n) ** 3,
                   rule=0.2 * (rng.random(n) < 0.2), points=rng.normal(0, 2, n), found=rng.random(n) < 0.4)
    said, slow = examine(made), plain(made)
    assert said["item_id"] == slow["item_id"]
    assert said["inclusion_probability"] == pytest.approx(slow["inclusion_probability"])


def test_blocks_change_nothing() -> None:
    rng = np.random.default_rng(5)
    made = replace(prospects(60, parties=rng.integers(0, 4, (60, 2))), u=rng.random(60) ** 3,
                   found=rng.random(60) < 0.5)
    office, said = Office(SETTINGS, families=("other",), start_ms=0), []
    for part in (slice(0, 7), slice(7, 31), slice(31, 60)):
        said += examine(Prospects(*(getattr(made, f)[part] for f in Prospects.__dataclass_fields__)),
                        office)["inclusion_probability"]
    assert said == examine(made)["inclusion_probability"]


def test_a_find_counts_once_reported_and_for_its_parties_only() -> None:
    chance = [0.0, 0.2, 0.2, 0.2, 0.2, 0.2]   # the first is examined by chance, the rest only when watched
    made = prospects(6, parties=[[1, 2], [1, 3], [4, 2], [5, 6], [1, 7], [8, 2]], u=chance, found=True)
    assert examine(made)["item_id"] == ["i0", "i4", "i5"]   # reported on day 3: items of days 4 and 5
    assert examine(replace(made, parties=made.parties + 10 * np.arange(6)[:, None]))["item_id"] == ["i0"]


def test_examinations_without_a_finding_take_points_away() -> None:
    made = prospects(6, parties=[[1, 2 + k] for k in range(6)], u=0.0, points=3.0)
    chance = examine(made)["inclusion_probability"]
    assert chance[0] == chance[3] > chance[4] > chance[5]


def test_nothing_but_reports_is_remembered() -> None:
    """What would have been found in items that nobody examined changes nothing."""
    rng = np.random.default_rng(1)
    made = replace(prospects(200, parties=rng.integers(0, 9, (200, 2))), u=rng.random(200) ** 2)
    rows = [int(i[1:]) for i in examine(made)["item_id"]]
    other = np.ones(200, dtype=bool)
    other[rows] = False
    assert [*map(int, (i[1:] for i in examine(replace(made, found=other))["item_id"]))] == rows


def test_stated_probabilities_are_frequencies() -> None:
    """Over many independent items with the same points, the examined share is the stated probability."""
    n = 40_000
    made = replace(prospects(n, parties=np.arange(2 * n).reshape(n, 2), points=2.0),
                   u=np.random.default_rng(2).random(n), rule=np.full(n, 0.1))
    chance = examine(made)["inclusion_probability"]
    assert len(set(chance)) == 1 and len(chance) / n == pytest.approx(chance[0], abs=4 * np.sqrt(0.25 / n))


def test_points_of_a_block_are_those_of_the_best_profile_and_noise() -> None:
    """Without noise, points are sums of a profile's points, and no profile gives more."""
    from data_synthetic.examinations import points
    from data_synthetic.indicators import indicators
    from data_synthetic.items import Items
    from data_synthetic.world import make_world

    raw = dict(load_world("teaching").raw)
    raw["examination"] = {**raw["examination"], "officer_noise": 0.0}
    world = make_world(raw, name="quiet")
    maker = StreamMaker(Source(world, 1, 2000, 60))
    items = Items(maker.skeletons.make(0, 2000), maker.maker.densities, maker.maker.norms, 1, 1.0)
    items.value["origin"] = maker.maker._origin(items)
    from data_synthetic.fields import FIELDS, PARTY_FIELDS
    for f in (*FIELDS, *PARTY_FIELDS):
        f.draw(items)
    seen = indicators(items)
    best = points(items, seen)
    sums = [
        sum(p * seen[k] for k, p in profile.items()) for profile in world.examination["profiles"].values()
    ]
    np.testing.assert_allclose(best, np.max(sums, axis=0))
    assert all(v.dtype == bool and v.shape == (2000,) for v in seen.values())
    assert all(seen[k].any() for k in ("vague", "light_for_goods", "locker", "private_delivery"))
