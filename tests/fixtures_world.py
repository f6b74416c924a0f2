"""Streams of the made world that several tests read; nobody changes them."""

from __future__ import annotations

from functools import lru_cache

import pytest

from data_synthetic.datasheet import CALIBRATION
from data_synthetic.stream import Stream, generate
from data_synthetic.world import load_world


@lru_cache(maxsize=1)
def made() -> list[Stream]:
    """Made once a process, however many modules import the fixture."""
    world = load_world(CALIBRATION["world"])
    return [generate(world, CALIBRATION["n_items"], seed=s) for s in CALIBRATION["seeds"]]


@pytest.fixture(scope="session")
def operational_streams() -> list[Stream]:
    """The streams that the data sheet compares with public figures: three seeds of 100,000 items."""
    return made()
