"""A stream in four parts, and what scoring it must give, once a session."""

from __future__ import annotations

from pathlib import Path

import pytest

PARTS, ROWS = 4, 3000


@pytest.fixture(scope="session")
def parts_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Data Package whose tables are folders of four parts."""
    from data_synthetic import generate_package, load_world
    from data_synthetic.package import make_source

    out = tmp_path_factory.mktemp("parts") / "stream"
    generate_package(out, make_source(load_world("teaching"), PARTS * ROWS, seed=11), per_part=ROWS)
    return out


@pytest.fixture(scope="session")
def batch_scores(parts_path: Path, model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its explained scores, in this process."""
    from risk.batch import score_data_set

    out = tmp_path_factory.mktemp("scores") / "scores.parquet"
    score_data_set(model, parts_path, out, explain=True)
    return out
