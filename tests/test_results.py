"""Kept evaluations come back as they were, whole or not at all."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from risk.results import Evaluation, Results


@pytest.fixture
def found() -> Evaluation:
    table = pd.DataFrame({"policy": ["rules", "ga2m"], "detection": [0.25, np.nan]})
    return Evaluation("truth", 4000, ("2024-01-01", "2024-02-01"), table, table, table, {"origin": table},
                      costs=table, estimates=table, schemes=table)


def test_what_is_kept_is_what_is_read(found: Evaluation, tmp_path: Path) -> None:
    results = Results(tmp_path / "results")
    results.keep("m1", found)
    again = results.of("m1")
    assert (again.judge, again.n, again.period) == (found.judge, found.n, found.period)
    for field in fields(Evaluation):
        kept = getattr(again, field.name)
        if isinstance(kept, pd.DataFrame):
            pd.testing.assert_frame_equal(kept, getattr(found, field.name), check_dtype=False)
    assert list(again.groups) == ["origin"]


def test_an_evaluation_without_a_period_has_none_again(found: Evaluation, tmp_path: Path) -> None:
    results = Results(tmp_path)
    results.keep("m1", replace(found, period=None))
    assert results.of("m1").period is None


def test_nothing_is_known_of_a_model_never_evaluated(tmp_path: Path) -> None:
    assert Results(tmp_path).of("m1") is None and Results(tmp_path).stamp("m1") == 0


def test_the_stamp_changes_with_every_evaluation_and_nothing_half_written_stays(
    found: Evaluation, tmp_path: Path
) -> None:
    results = Results(tmp_path)
    results.keep("m1", found)
    first = results.stamp("m1")
    results.keep("m1", replace(found, n=5))
    assert results.stamp("m1") > first and results.of("m1").n == 5
    assert [p.name for p in tmp_path.iterdir()] == ["m1.json"]


def test_a_file_from_before_costs_were_kept_still_opens(found: Evaluation, tmp_path: Path) -> None:
    import json

    results = Results(tmp_path)
    results.keep("m1", found)
    plain = json.loads((tmp_path / "m1.json").read_text(encoding="utf-8"))
    for name in ("costs", "estimates", "schemes"):
        del plain[name]
    (tmp_path / "m1.json").write_text(json.dumps(plain), encoding="utf-8")
    assert results.of("m1").costs.empty and len(results.of("m1").capacity) == 2
