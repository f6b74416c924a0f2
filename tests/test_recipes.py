"""Every kind of model can be trained, explained and brought back; the default follows the records."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from risk.boosted import BoostedTrees
from risk.models import ProfileTables, tables_from_arrays
from risk.recipes import RECIPES, Lesson, default_kind
from risk.training import Plan, families_of, fit_model


def test_the_default_follows_what_examinations_record(data, model) -> None:
    assert model.kind == "profiles" and isinstance(model.tables, ProfileTables)
    without = replace(data, outcomes=data.outcomes.drop(columns=data.dictionary.family))
    assert families_of(without) is None
    assert fit_model(without, Plan(seed=7)).kind == "ga2m"


@pytest.mark.parametrize(("sizes", "kind"), [((30, 30), "profiles"), ((30, 3), "ga2m"), ((), "ga2m")])
def test_two_families_must_be_large_enough(sizes: tuple[int, ...], kind: str) -> None:
    named = [f"family {k}" for k, n in enumerate(sizes) for _ in range(n)]
    assert default_kind(np.array([*named, *["other"] * 50, *[""] * 50], dtype=object)) == kind


def test_profiles_are_named_as_recorded(data, model) -> None:
    assert set(model.tables.profiles) <= set(families_of(data)) - {"", "other"}


@pytest.mark.parametrize("kind", sorted(RECIPES))
def test_every_kind_adds_up_and_comes_back(kind: str, data, model) -> None:
    rows = data.declarations.head(8000)
    x = model.features.transform(rows).to_numpy(np.float32)
    rng = np.random.default_rng([9, 9])
    y = (rng.random(len(x)) < 0.05).astype(float)
    family = np.where(y == 1, rng.choice(["one", "two"], len(x)), "").astype(object)
    y[rng.random(len(x)) < 0.5] = np.nan
    tables = RECIPES[kind](Lesson(model.features, x, y, np.ones(len(x)), family, seed=1))
    phi, margin = tables.explain(x[:500])
    np.testing.assert_allclose(tables.base + phi.sum(axis=1), margin, atol=1e-6)
    assert list(tables.names) == list(model.features.get_feature_names_out())
    arrays = tables.to_arrays()
    again = (BoostedTrees.from_parts(tables.names, arrays, tables.to_bytes()) if kind == "boosted"
             else tables_from_arrays(tables.names, arrays))
    np.testing.assert_array_equal(again.margins(x[:500]), tables.margins(x[:500]))
