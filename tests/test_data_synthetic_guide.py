"""docs/adding-a-scheme.md does what it says: its file, function and session are run as they stand there."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import numpy as np
import pytest

from data_synthetic import behaviours
from data_synthetic.stream import Source, StreamMaker
from data_synthetic.world import load_world
from risk.errors import BadSetting

GUIDE = (Path(__file__).parent.parent / "docs" / "adding-a-scheme.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


@pytest.fixture
def fair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The guide's world file in a folder of its own, its behaviour registered for the time of the test."""
    (tmp_path / "fair.toml").write_text(blocks("toml")[0], encoding="utf-8")
    with pytest.raises(BadSetting, match="activity.kind is 'fair'"):
        load_world(tmp_path / "fair.toml")
    monkeypatch.setattr(behaviours, "BEHAVIOURS", dict(behaviours.BEHAVIOURS))
    exec(blocks("python")[0], vars(behaviours))  # the guide's own function, as a person would paste it
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "fair.toml"
    del vars(behaviours)["fair"]


def test_the_session_of_the_guide_gives_what_the_guide_shows(fair: Path) -> None:
    test = doctest.DocTestParser().get_doctest(blocks("python")[1], {}, "guide", None, None)
    flags = doctest.NORMALIZE_WHITESPACE
    assert doctest.DocTestRunner(optionflags=flags).run(test).failed == 0 and len(test.examples) >= 6


def test_the_new_scheme_is_in_the_oracle_too(fair: Path) -> None:
    """Out of its season the scheme's items weigh nothing for it; in season they do."""
    world = load_world(fair)
    population = StreamMaker(Source(world, 1, 20_000, 180)).population
    kind = [p.key for p in world.profiles].index("fair_relabelling")
    active = [population.active(week, np.array([0]))[kind, 0] for week in (2, 10, 20)]
    assert active[0] == active[2] == 0 and active[1] == pytest.approx(0.16)
