"""The calibration report and the data sheet: within tolerance, made from the world, never typed twice."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from data_synthetic import datasheet
from data_synthetic.__main__ import main
from data_synthetic.plots import draw, weekly
from data_synthetic.report import MEASURES, measure, report
from data_synthetic.stream import generate
from data_synthetic.world import PRESETS, load_world
from risk.errors import Refused

DOCS = Path(__file__).parent.parent / "docs"


@pytest.fixture(scope="module")
def world():
    return load_world("operational")


def test_every_public_figure_is_met_within_its_tolerance(operational_streams, world) -> None:
    rows = measure(operational_streams, world)
    assert [r.figure.key for r in rows] == [f.key for f in world.calibration] and len(rows) >= 20
    off = {r.figure.title: (r.measured, r.gap) for r in rows if r.verdict == "OFF"}
    assert not off
    assert {r.figure.key for r in rows if r.verdict == "not aimed at"} == {
        "irregular_concentration", "examined_share", "hit_rate", "targeted_against_random"}
    assert all(r.least <= r.measured <= r.most for r in rows)


def test_a_stream_that_is_off_is_called_off(operational_streams, world) -> None:
    heavy = operational_streams[0].declarations.assign(gross_weight_g=900.0)
    told = report([replace(operational_streams[0], declarations=heavy)], world)
    line = next(x for x in told.splitlines() if x.startswith("| Items under 500 g"))
    assert "| OFF |" in line and "45 points" in line


def test_every_figure_has_a_measure_and_every_measure_a_figure(world) -> None:
    assert set(MEASURES) == {f.key for f in world.calibration}
    assert all(f.source and f.tolerance >= 0 for f in world.calibration)


def test_past_targeting_finds_something_and_reads_no_truth(operational_streams) -> None:
    """Rules and targeting hit several times oftener than chance; memory and noise know no truth."""
    outcomes = [s.outcomes for s in operational_streams]
    hits = [o.loc[o["channel"] != "random", "found"].mean() for o in outcomes]
    share = [s.truth["irregular"].mean() for s in operational_streams]
    assert np.mean(hits) > 5 * np.mean(share) and np.mean(hits) < 0.3


def test_the_data_sheet_is_what_its_command_makes(operational_streams, world, monkeypatch) -> None:
    monkeypatch.setitem(datasheet.TABLES, "calibration", lambda: report(operational_streams, world))
    text = datasheet.README.read_text(encoding="utf-8")
    assert datasheet.fill(text) == text, "run: python -m data_synthetic datasheet"
    assert set(datasheet.TABLES) == set(datasheet._PART.sub(lambda m: m[2] + " ", text).split()) & set(
        datasheet.TABLES
    )
    for part in ("Motivation", "Composition", "Collection process", "Uses", "Limits", "Distribution"):
        assert f"## {part}" in text
    for preset in PRESETS:
        assert (
            f"world-{preset}.png" in text
            and (DOCS / "images" / f"world-{preset}.png").stat().st_size > 20_000
        )


def test_a_table_that_nothing_makes_is_refused() -> None:
    with pytest.raises(Refused, match="expected one of .*Nothing was written"):
        datasheet.fill("<!-- made: colours -->\n<!-- end -->")


def test_the_report_command_exits_with_1_when_a_figure_is_off(capsys) -> None:
    assert main(["report", "--items", "3000", "--seeds", "1", "--world", "teaching"]) == 1
    said = capsys.readouterr()
    assert "| figure | public | here |" in said.out and "outside their tolerance" in said.err


def test_a_picture_is_drawn_and_weeks_are_counted(tmp_path: Path) -> None:
    path = draw("displacement", tmp_path / "x.png", items=4000)
    assert path.read_bytes().startswith(b"\x89PNG")
    stream = generate(load_world("calm"), 4000, seed=1)
    table = weekly(stream, stream.declarations["mail_class"])
    assert len(table) == 25 and table.sum(axis=1).mean() == pytest.approx(7 * 4000 / 180, rel=0.05)
