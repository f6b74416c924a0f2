"""Scoring into a file: what a person may ask for, and what is refused before anything is written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from risk.errors import BadSetting, RiskError
from risk.scoring import Means, score_to_file, write_text


@pytest.mark.parametrize("change", [{"processes": 0}, {"memory_limit": "a lot"}])
def test_means_that_make_no_sense_are_refused(change: dict) -> None:
    with pytest.raises(BadSetting):
        Means(**change).check()


def test_a_csv_is_scored_whole_and_says_so_to_a_cluster(model, data, tmp_path: Path) -> None:
    source, out = tmp_path / "items.csv", tmp_path / "scores.csv"
    own = [f.name for f in data.dictionary.fields()]
    data.declarations.head(40)[[c for c in own if c in data.declarations]].to_csv(source, index=False)
    with pytest.raises(BadSetting, match="Parquet in and out"):
        score_to_file(model, source, out, means=Means(cluster="tcp://127.0.0.1:9"))
    assert not out.exists()
    report = score_to_file(model, source, out)
    assert report.items == 40 and len(pd.read_csv(out)) == 40


def test_a_file_that_is_not_there_is_an_error_and_leaves_nothing(model, tmp_path: Path) -> None:
    with pytest.raises(RiskError):
        score_to_file(model, tmp_path / "none.parquet", tmp_path / "scores.parquet")
    assert list(tmp_path.iterdir()) == []


def test_text_appears_whole(tmp_path: Path) -> None:
    write_text("SELECT 1;\n", tmp_path / "q.sql")
    assert [p.name for p in tmp_path.iterdir()] == ["q.sql"]
    assert (tmp_path / "q.sql").read_text(encoding="utf-8") == "SELECT 1;\n"
