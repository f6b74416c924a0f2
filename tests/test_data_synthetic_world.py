"""World files: every number with its unit and source; wrong ones are refused with key, expected and given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data_synthetic.behaviours import BEHAVIOURS
from data_synthetic.indicators import INDICATORS
from data_synthetic.toml_reader import merge
from data_synthetic.world import HERE, PRESETS, load_world, make_world
from risk.cli import app
from risk.errors import BadSetting, NotFound, Refused, RiskError

BAD = {  # what a world file says: what the refusal must name
    "[irregular]\nshare = 0.5": r"irregular\.share is 0\.5; expected a number, 0\.0001 to 0\.2",
    "[irregular]\nshare = 'many'": r"irregular\.share is 'many'; expected a number",
    "[irregular]\nshare = nan": r"irregular\.share is nan",
    "[irregular]\nshare = true": r"irregular\.share is True; expected a number",
    "[irregular]\nshar = 0.01": r"irregular\.shar is 0\.01; expected no such key here",
    "irregular = 3": r"irregular is 3; expected a table",
    "extends = 'calmm'": r"extends is 'calmm'.*Did you mean 'calm'",
    "[stream]\nstart = '2024-13-01'": r"stream\.start is '2024-13-01'; expected a date such as",
    "[stream]\ndays = 1.5": r"stream\.days is 1\.5; expected a whole number",
    "[stream]\nweekdays = [1, 1]": r"stream\.weekdays is \[1, 1\]; expected seven weights",
    "[origins.FR]\nshare = 1.0": r"origins\.FR is 'FR'; expected a user-assigned code",
    "[origins.QM]\nshare = -1": r"origins\.QM\.share is -1; expected a number, 0 to 1",
    "[schemes.counterfeit]\nimitates = 'shop'": r"schemes\.counterfeit\.imitates is 'shop'; expected one of",
    "[schemes.counterfeit.activity]\nkind = 'sometimes'": r"counterfeit\.activity\.kind is 'sometimes'",
    "[schemes.counterfeit.activity]\nkind = 'seasonal'\npeak = 3": r"peak is 3.*Did you mean 'peak_day'",
    "[schemes.counterfeit.fields.colour]\nred = 2": r"counterfeit\.fields\.colour.*expected the name of",
    "[schemes.counterfeit.fields.hs_code]\nshoe = 2": r"fields\.hs_code\.shoe is 2.*Did you mean 'shoes'",
    "[schemes.mine]\ntitle = 'mine'": r"schemes\.mine\.\w+ is None.*the key is missing",
    "[examination]\nwait_hours = [5, 1]": r"examination\.wait_hours is \[5, 1\]",
    "[examination.profiles.light_packet]\nligt = 1": r"light_packet\.ligt is 1; expected no such key",
    "[examination]\nlisted = [{ words = ['xyz'], from_day = 1 }]": r"listed\[0\]\.words is \['xyz'\]",
    "[base.sender_type]\nbusiness = -3": r"base\.sender_type\.business is -3",
    "[families]\nother = ''": r"families\.other is ''; expected a text",
    "[calibration.letter_share]\nexpected = [2, 1]": r"calibration\.letter_share\.expected is \[2, 1\]",
    "[nonsense]\na = 1": r"nonsense is .*expected no such key here",
    "format = 9": r"format is 9; expected 1",
    "a = [": r"is not valid TOML.*Nothing was generated",
}


@pytest.mark.parametrize(("text", "words"), BAD.items(), ids=range(len(BAD)))
def test_a_bad_world_file_is_refused_with_key_expected_and_given(
    tmp_path: Path, text: str, words: str
) -> None:
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    with pytest.raises((BadSetting, Refused), match=words) as refused:
        load_world(tmp_path / "mine.toml")
    assert isinstance(refused.value, RiskError)


def test_the_command_line_says_so_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[irregular]\nshare = 0.5", encoding="utf-8")
    done = CliRunner().invoke(
        app, ["generate", "--out", str(tmp_path / "x"), "--world", str(tmp_path / "mine.toml")]
    )
    assert done.exit_code != 0 and isinstance(done.exception, BadSetting)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.toml"]
    with pytest.raises(NotFound, match="Did you mean 'teaching'"):
        load_world("teachin")


def test_a_file_of_ones_own_changes_what_it_names_and_only_that(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("extends = 'calm'\n[irregular]\nshare = 0.02\n", encoding="utf-8")
    mine, calm = load_world(tmp_path / "mine.toml"), load_world("calm")
    assert (mine.name, mine.irregular_share, mine.stationary) == ("mine", 0.02, True)
    assert mine.schemes == calm.schemes and mine.world_id != calm.world_id


def test_every_preset_is_whole_and_its_own_world() -> None:
    worlds = [load_world(p) for p in PRESETS]
    assert len({w.world_id for w in worlds}) == len(PRESETS)
    for w in worlds:
        assert len(w.schemes) == 18 and {s.imitates for s in w.schemes} <= {a.key for a in w.archetypes}
        assert all(s.altered for s in w.schemes if not w.stationary)
        assert {s.activity["kind"] for s in w.schemes} <= set(BEHAVIOURS)
    assert {s.activity["kind"] for s in load_world("calm").schemes} == {"steady"}
    assert not any(s.timed for s in load_world("calm").schemes)


def test_figures_for_comparison_do_not_change_the_world_and_a_number_does() -> None:
    raw = dict(load_world("calm").raw)
    other = merge(raw, {"calibration": {"letter_share": {"tolerance": 0.5}}})
    assert make_world(other, name="calm").world_id == load_world("calm").world_id
    other = merge(raw, {"examination": {"delay_days": 8.0}})
    assert make_world(other, name="calm").world_id != load_world("calm").world_id


TOLD = re.compile(r"chosen|source|UPU|IPC|UNODC|WCO|INCB|audit", re.IGNORECASE)


def tables(text: str) -> list[tuple[str, str, list[str]]]:
    """Name, comment above and beside the header, and lines of every table."""
    out, waiting = [], []
    for line in text.splitlines():
        if line.startswith("["):
            out.append((line.strip("[").split("]")[0], "".join([*waiting, line]), []))
            waiting = []
        elif line.startswith("#"):
            waiting.append(line)
        elif line.strip() and out:
            out[-1][2].extend([*waiting, line])
            waiting = []
    return out


def untold(text: str) -> list[str]:
    """Lines with a number that name no source: not on the line, nor by a `source` or comment in or above its
    table, nor in the comment above the first table of the same family (``schemes.*``)."""
    bare, families = [], {}
    for name, above, body in tables(text):
        parts = name.split(".")
        above += "".join(families.setdefault(".".join(parts[:k]), above) for k in range(1, len(parts)))
        told = TOLD.search(above) or any(TOLD.search(x) for x in body if x.startswith(("#", "source")))
        lines = [x for x in body if re.search(r"= *[\[{]?[^\"#]*\d", x) and not x.startswith("#")]
        bare += [] if told else [x for x in lines if not TOLD.search(x)]
    return bare


@pytest.mark.parametrize("name", ["world.toml", "goods.toml"])
def test_every_number_says_where_it_comes_from(name: str) -> None:
    text = (HERE / name).read_text(encoding="utf-8")
    assert untold(text) == []
    assert untold(text + "\n[more]\nshare = 0.5\n") == ["share = 0.5"]


def test_indicators_are_used_and_read_no_origin() -> None:
    used = {i for profile in load_world().examination["profiles"].values() for i in profile}
    assert used <= set(INDICATORS) and not any("origin" in i for i in INDICATORS)
