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


@pytest.mark.parametrize("recorded", [None, "", "other"])
def test_where_no_kind_is_recorded_profiles_are_discovered_and_marked_so(recorded: str | None, data, model) -> None:
    """Their names are the titles of leading features, as an officer reads them; what an item resembles says so."""
    rows = data.declarations.head(8000)
    x = model.features.values(rows)
    light = x[:, list(model.features.get_feature_names_out()).index("gross_weight_g")] < 60
    y = (np.random.default_rng([8, 9]).random(len(x)) < np.where(light, 0.15, 0.02)).astype(float)
    family = None if recorded is None else np.full(len(x), recorded, dtype=object)
    tables = RECIPES["profiles"](Lesson(model.features, x, y, np.ones(len(x)), family, settings={"n_bags": 1}))
    titles = {f.title for f in model.features.specs}
    assert len(tables.profiles) >= 2
    for name in tables.profiles:
        assert name.startswith("discovered: ")
        assert set(name.removeprefix("discovered: ").split(" (")[0].split(" + ")) <= titles
    assert replace(model, tables=tables).resembles(rows.head(5))["profile"].isin(tables.profiles).all()


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
