"""What irregular parties do once they are found: only theirs changes, only later, and under names never seen."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from risk.simulation import Plan, simulate
from risk.simulation.reaction import Faces
from tests.fixtures_lab import toy_year


@pytest.fixture(scope="module")
def year():
    """A toy year in which parties have several irregular items each, and all react."""
    made = toy_year(seed=3, weeks=16, share=0.10)
    rng = np.random.default_rng(5)
    party = made.party.copy()
    party[made.irregular, 0] = 1000 + rng.integers(0, 20, made.irregular.sum())
    return replace(made, party=party, reaction=1.0)


def reacted(year, row: int):
    faces = Faces(year, np.random.default_rng(1))
    faces.react(np.array([row]), row + 1)
    return faces


def test_only_later_irregular_items_of_the_same_scheme_change(year) -> None:
    row = int(np.flatnonzero(year.irregular)[5])
    faces = reacted(year, row)
    changed = np.flatnonzero(faces.like != np.arange(len(year.week)))
    assert len(changed) > 3
    assert changed.min() > row and year.irregular[changed].all()
    assert (year.scheme[changed] == year.scheme[row]).all()
    assert (year.party[changed] == year.party[row]).any(axis=1).all()


def test_they_come_like_items_of_their_scheme_under_names_never_seen(year) -> None:
    row = int(np.flatnonzero(year.irregular)[5])
    faces = reacted(year, row)
    changed = np.flatnonzero((faces.party != year.party).any(axis=1))
    assert year.irregular[faces.like[changed]].all()
    assert (year.scheme[faces.like[changed]] == year.scheme[row]).all()
    assert (faces.party[changed] > year.party.max(axis=0)).all()
    assert (faces.party[changed] < faces.people).all()


def test_one_who_is_found_again_moves_again(year) -> None:
    row = int(np.flatnonzero(year.irregular)[5])
    faces = reacted(year, row)
    next_row = int(np.flatnonzero((faces.party != year.party).any(axis=1))[0])
    before = faces.party.copy()
    faces.react(np.array([next_row]), next_row + 1)
    moved = np.flatnonzero((faces.party != before).any(axis=1))
    assert len(moved) and (faces.party[moved] > before.max(axis=0)).all()


def test_without_reaction_nothing_changes(year) -> None:
    calm = replace(year, reaction=0.0)
    faces = reacted(calm, int(np.flatnonzero(year.irregular)[5]))
    assert (faces.like == np.arange(len(year.week))).all() and faces.party is calm.party


def test_known_names_are_worth_less_where_parties_react(year) -> None:
    """The model sees only what is known of parties: it finds fewer of those who change their names."""
    plan = Plan("targeted", capacity=0.05, warm_up=4, only=("sender examined", "sender found"))
    found = {y.reaction: simulate(y, plan).weekly["irregular_examined"].sum()
             for y in (year, replace(year, reaction=0.0))}
    assert found[1.0] < 0.7 * found[0.0]


def test_a_policy_that_finds_nothing_changes_nothing(year) -> None:
    blind = replace(year, find=np.zeros_like(year.find))
    runs = [simulate(y, Plan("random", capacity=0.05, warm_up=4)).weekly for y in (blind, replace(blind, reaction=0.0))]
    assert runs[0].equals(runs[1])
