"""Comparing, putting in use, taking back: with a right, a reason, a checked model and an entry in the log."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace

import pytest

from risk import champions, training, workbench
from risk.access import make_actor
from risk.errors import NotAllowed, Refused
from risk.workbench import Workspace


def events(house: Workspace) -> list[tuple[str, dict]]:
    if not (house.root / "risk.db").exists():
        return []
    with closing(house.store(read_only=True)) as store:
        return [(e.event, e.data()) for e in store.entries(size=50).rows if e.event.startswith("model_")][::-1]


def test_compared_on_items_neither_has_learnt_from(model, data, truth) -> None:
    early = replace(model, facts={**model.facts, "data_digest": "of other data"})
    found = champions.compare(early, model, data, repeats=50)
    assert found.n == training.unseen_rows(model.facts, data).sum() and found.judge == "truth"
    assert (found.table["difference"] == 0).all() and found.verdict == "we cannot tell"
    half = replace(model, tables=model.tables.scaled(-1.0, 0.0))
    worse = champions.compare(model, replace(half, model_id="upside-down"), data, repeats=50)
    assert worse.verdict == f"{model.model_id} is better"


def test_compared_by_examinations_where_there_is_no_truth(model, data, tmp_path) -> None:
    found = champions.compare(model, model, replace(data, source=tmp_path), repeats=50)
    assert found.judge == "examinations" and 0 < found.found < found.n < len(data.declarations) / 5


def test_promotion_is_written_to_the_log(house: Workspace) -> None:
    first, second = house.registry.ids()
    assert champions.promote(house, second, reason="finds more at 1 %") == second == house.registry.champion()
    assert events(house) == [("model_promoted",
                              {"model_id": second, "instead_of": first, "reason": "finds more at 1 %"})]


@pytest.mark.parametrize("act", ["promote", "rollback"])
def test_what_is_refused_changes_neither_champion_nor_log(house: Workspace, act: str) -> None:
    first, second = house.registry.ids()
    champions.promote(house, second, reason="a trial")
    before, file = events(house), house.registry.root / (first if act == "rollback" else second) / "tables.npz"

    def do(reason: str = "because", **who) -> None:
        if act == "promote":
            champions.promote(house, second, reason=reason, **who)
        else:
            champions.rollback(house, reason=reason, **who)

    with pytest.raises(Refused, match="needs a reason in words"):
        do(reason="  ")
    with pytest.raises(NotAllowed, match="data_scientist"):
        do(actor=make_actor("ann", ["reviewer"]))
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(Refused, match="was changed after it was registered"):
        do()
    assert events(house) == before and house.registry.champion() == second


def test_rolling_back_goes_down_the_champions_one_by_one(house: Workspace) -> None:
    first, second = house.registry.ids()
    champions.promote(house, second, reason="one")
    champions.promote(house, second, reason="said twice")
    champions.promote(house, first, reason="two")
    assert champions.rollback(house, reason="too many false alarms") == second
    assert champions.rollback(house, reason="still too many") == first == house.registry.champion()
    with pytest.raises(Refused, match="Expected an earlier champion to go back to; there was none"):
        champions.rollback(house, reason="and on")
    assert [e for e, _ in events(house)] == ["model_promoted"] * 3 + ["model_rolled_back"] * 2
    history = champions.champion_history(house)
    assert history["act"].tolist() == ["promoted"] * 4 + ["rolled back"] * 2
    assert history["id"].tolist()[-2:] == [second, first] and history["reason"].str.len().min() > 0


def test_a_roll_back_that_came_too_late_is_refused(house: Workspace) -> None:
    first, second = house.registry.ids()
    champions.promote(house, second, reason="one")
    with pytest.raises(Refused, match="by now it is"):
        house.registry.roll_back(second, reason="late", actor="a", utc=workbench.utc_now())
    assert house.registry.champion() == second
