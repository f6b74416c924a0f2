"""Attributions to stated fields against their definition, worked out coalition by coalition."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from risk.errors import BadSetting, Refused
from risk.explanation_audit import Stated, field_attributions

FIELDS = ("net", "gross", "goods", "pieces")
GAME = Stated(FIELDS, parts={"gross": "net"})


def made(n: int, seed: int) -> pd.DataFrame:
    """Declarations whose gross weight is at least the net weight."""
    rng = np.random.default_rng([seed, 1])
    net = np.round(rng.lognormal(5, 1, n))
    return pd.DataFrame({"id": [f"i{k}" for k in range(n)], "net": net, "gross": net + np.round(rng.lognormal(3, 1, n)),
                         "goods": rng.choice(["toys", "books"], n), "pieces": rng.integers(1, 5, n).astype(float)})


def pairwise(d: pd.DataFrame) -> np.ndarray:
    """A model in which at most two players act together: packaging and goods, pieces and net weight."""
    packaging = (d["gross"] - d["net"]) * np.where(d["goods"] == "toys", 1.0, -0.5)
    return (packaging / 10 + np.log(d["net"]) / d["pieces"]).to_numpy()


def three_way(d: pd.DataFrame) -> np.ndarray:
    """A model that reads gross weight, never net, and mixes it with goods and pieces."""
    return (np.log(d["gross"]) * np.where(d["goods"] == "toys", 1.0, 0.2) / d["pieces"]).to_numpy()


def one(item: pd.Series, past: pd.Series, kept: set[str]) -> dict[str, object]:
    """A coalition's declaration, by the definition: net weight and what is beyond it are apart."""
    net, beyond = ((item if name in kept else past) for name in ("net", "gross"))
    return {"net": net["net"], "gross": net["net"] + beyond["gross"] - beyond["net"],
            **{name: (item if name in kept else past)[name] for name in ("goods", "pieces")}}


def shapley(margins, item: pd.Series, background: pd.DataFrame) -> np.ndarray:
    """The Shapley value over all coalitions and all past declarations."""
    def worth(kept: set[str]) -> float:
        return float(margins(pd.DataFrame([one(item, past, kept) for _, past in background.iterrows()])).mean())

    n, out = len(FIELDS), []
    for name in FIELDS:
        others = [f for f in FIELDS if f != name]
        out.append(sum(factorial(len(kept)) * factorial(n - len(kept) - 1) / factorial(n)
                       * (worth({*kept, name}) - worth({*kept}))
                       for size in range(n) for kept in combinations(others, size)))
    return np.array(out)


def test_it_is_the_shapley_value_where_at_most_two_fields_act_together() -> None:
    items, background = made(2, 1), made(4, 2)
    found = field_attributions(pairwise, items, background, GAME, draws=4)
    for phi, (_, item) in zip(found, items.iterrows(), strict=True):
        np.testing.assert_allclose(phi, shapley(pairwise, item, background), atol=1e-9)


def test_it_comes_near_the_shapley_value_where_three_act_together() -> None:
    items, background = made(2, 3).assign(goods="toys", pieces=1.0), made(3, 4).assign(goods="books")
    found = field_attributions(three_way, items, background, GAME, draws=400)
    exact = np.array([shapley(three_way, item, background) for _, item in items.iterrows()])
    np.testing.assert_allclose(found, exact, atol=0.1)
    assert (np.abs(exact).max(axis=1) > 1).all()


def test_net_weight_is_named_by_a_model_that_reads_gross_weight_only() -> None:
    """An item declared too light: the model sees its gross weight, the declarant stated its net weight."""
    background = made(50, 5)
    item = background.head(1).assign(net=5.0, gross=30.0)

    def margins(d: pd.DataFrame) -> np.ndarray:
        return -np.log(d["gross"].to_numpy())

    apart, together = (field_attributions(margins, item, background, game, draws=50)[0]
                       for game in (Stated(FIELDS), GAME))
    assert apart[0] == 0 and together[0] > 3 * abs(together[1])
    assert together.sum() == pytest.approx(apart.sum())


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_they_add_up_and_a_silent_field_gets_nothing(seed: int) -> None:
    items, background = made(3, seed), made(5, seed + 1)
    found = field_attributions(lambda d: np.log(d["net"].to_numpy()) * d["pieces"].to_numpy(), items, background, GAME,
                               draws=5, seed=seed)
    margins = [np.log(d["net"]) * d["pieces"] for d in (items, background)]
    np.testing.assert_allclose(found.sum(axis=1), margins[0] - margins[1].mean(), atol=1e-9)
    assert (found[:, 1:3] == 0).all()


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_gross_weight_never_falls_below_net_weight(seed: int) -> None:
    rng, both = np.random.default_rng([seed, 7]), made(8, seed)
    rows, past = rng.integers(0, 8, (2, 30))
    from_item = rng.random((30, 4)) < 0.5
    mixed = GAME.mixed(both, rows, past, from_item)
    assert (mixed["gross"] >= mixed["net"]).all()
    whole = GAME.mixed(both, rows, past, np.ones((30, 4), bool))
    pd.testing.assert_frame_equal(whole, both.iloc[rows].reset_index(drop=True))


def test_what_is_not_stated_stays_not_stated_and_times_move_with_the_clock() -> None:
    day = pd.Timestamp("2024-03-01", tz="UTC")
    both = pd.DataFrame({"came": [day, day + pd.Timedelta(days=30)], "told": [day - pd.Timedelta(days=2), pd.NaT],
                         "net": [10.0, np.nan], "gross": [12.0, 40.0], "known": [7.0, 9.0]})
    game = Stated(("came", "told", "net", "gross"), {"net": ("known",)}, {"told": "came", "gross": "net"})
    masks = np.array([[0, 1, 0, 1], [1, 0, 1, 0]], bool)
    mixed = game.mixed(both, np.array([0, 0]), np.array([1, 1]), masks)
    assert mixed["told"].iloc[0] == mixed["came"].iloc[0] - pd.Timedelta(days=2) and pd.isna(mixed["told"].iloc[1])
    assert mixed["gross"].tolist() == [12.0, 40.0] and mixed["known"].tolist() == [9.0, 7.0]


def test_several_models_are_asked_the_same() -> None:
    items, background = made(3, 8), made(5, 9)
    both = field_attributions(lambda d: np.column_stack([pairwise(d), three_way(d)]), items, background, GAME, draws=3)
    for k, margins in enumerate((pairwise, three_way)):
        np.testing.assert_array_equal(both[..., k], field_attributions(margins, items, background, GAME, draws=3))


def test_what_cannot_be_played_is_refused() -> None:
    items = made(2, 1)
    with pytest.raises(Refused, match="Expected past declarations.*Nothing was attributed"):
        field_attributions(pairwise, items, items.head(0), GAME)
    with pytest.raises(BadSetting, match="includes itself"):
        field_attributions(pairwise, items, items, Stated(FIELDS, parts={"net": "gross", "gross": "net"}))
