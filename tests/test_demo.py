"""The demonstration: from nothing to a queue; run twice, nothing doubles."""

from __future__ import annotations

from contextlib import closing

import pytest

from risk import demo
from risk.workbench import Workspace


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace.at(tmp_path_factory.mktemp("demo"))


def test_twice_is_once(space: Workspace) -> None:
    said: list[str] = []
    one = demo.run(space, items=20_000, seed=3, tell=said.append)
    two = demo.run(space, items=20_000, seed=3)
    assert one.model.model_id == two.model.model_id and one.batch.batch_id == two.batch.batch_id
    assert [s[:3] for s in said] == ["1/4", "2/4", "3/4", "4/4"]
    with closing(space.store(read_only=True)) as store:
        assert len(store.batches()) == 1 and store.verify().ok
    words = demo.capacity_words(one.evaluation.capacity)
    assert words["examined"].tolist() == ["0.5%", "1.0%", "2.0%", "5.0%", "10.0%"]
    assert {"hit rate random", "hit rate rules", "hit rate profiles", "detected profiles"} <= set(words.columns)
