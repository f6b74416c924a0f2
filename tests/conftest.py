"""Shared fixtures: one made stream and one model a session."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("NUMBA_NUM_THREADS", "1")

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.fixtures_batch import batch_scores, parts_path  # noqa: F401  (fixtures)
from tests.fixtures_cli import house  # noqa: F401  (fixture)
from tests.fixtures_postgres import _with_tables, empty_store, new_database, postgres_server  # noqa: F401  (fixtures)
from tests.fixtures_world import operational_streams  # noqa: F401  (fixture)

settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("shared")


@pytest.fixture(scope="session")
def stream_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Data Package of 40,000 made items."""
    from risk import workbench

    out = tmp_path_factory.mktemp("stream") / "teaching"
    workbench.generate(out, items=40_000, seed=7)
    return out


@pytest.fixture(scope="session")
def data(stream_path: Path):
    """The same, loaded through the gate."""
    from risk import workbench

    return workbench.load_data(stream_path)


@pytest.fixture(scope="session")
def truth(stream_path: Path):
    """How its items truly are."""
    from risk import workbench

    return workbench.load_truth(stream_path)


@pytest.fixture(scope="session")
def space(tmp_path_factory: pytest.TempPathFactory):
    """A workspace with one registered model; read it, do not change it."""
    from risk.workbench import Workspace

    return Workspace.at(tmp_path_factory.mktemp("workspace"))


@pytest.fixture(scope="session")
def model(data, space):
    """The default model, trained on what examinations showed, registered in `space`."""
    from risk import workbench

    return workbench.train(data, seed=7, workspace=space)


@pytest.fixture(scope="session")
def rules(data):
    """The rule book as a model."""
    from risk import workbench

    return workbench.train(data, "rules")


#: Files whose tests wait for processes and browsers longest. They start first, so that two workers end together.
_LONG = ("test_training_browser", "test_browser", "test_batch", "test_store", "test_training",
         "test_data_synthetic_difficulty", "test_retraining", "test_data_synthetic_stream", "README",
         "test_store_postgres", "test_data_synthetic_oracle", "test_data_synthetic_report", "test_demo",
         "test_workbench", "test_boosted", "test_recipes", "test_long_work", "test_leakage", "test_store_rooms")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order within a file stays."""
    place = {name: k for k, name in enumerate(_LONG)}
    items.sort(key=lambda item: place.get(item.path.stem, len(_LONG)))
