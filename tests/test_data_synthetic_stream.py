"""Streams: the same bytes whatever the parts, processes or processor; valid packages; plain ids."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import data_synthetic
from data_synthetic import generate, generate_package, load_dictionary, load_world, make_source, write_package
from data_synthetic.__main__ import main
from data_synthetic.package import SAMPLE
from risk.errors import BadSetting, Refused

ROOT = Path(data_synthetic.__file__).parent
TABLES = ("declarations", "outcomes", "truth")


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def read(folder: Path, name: str) -> pd.DataFrame:
    return pq.read_table(folder / f"{name}.parquet").to_pandas()


@pytest.fixture(scope="module")
def stream():
    return generate(load_world("teaching"), 40_000, seed=5)


def test_the_committed_sample_is_made_again_byte_for_byte(tmp_path):
    assert main(["sample", "--out", str(tmp_path / "sample")]) == 0
    assert digests(tmp_path / "sample") == digests(ROOT / "sample")
    assert SAMPLE["n_items"] <= 2000 and sum(p.stat().st_size for p in (ROOT / "sample").iterdir()) <= 2**20


def test_the_dictionary_names_every_commodity_code_of_the_world():
    named = load_dictionary()["hs_code"].levels
    codes = {
        c[1] for c in tomllib.loads((ROOT / "goods.toml").read_text(encoding="utf-8"))["commodities"].values()
    }
    assert set(named) == codes | {c[:4] for c in codes}
    assert all(words.startswith(f"{code} (") for code, words in named.items())


def test_the_bytes_do_not_depend_on_the_processor(tmp_path):
    """NumPy picks its exp and log by processor; without the wide ones the files must be the same."""
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__
    wide = [f for f in __cpu_dispatch__ if __cpu_features__.get(f)]
    if not wide:
        pytest.skip("NumPy uses no optional processor features here")
    environment = {**os.environ, "NPY_DISABLE_CPU_FEATURES": " ".join(wide), "PYTHONPATH": str(ROOT.parent)}
    command = [sys.executable, "-W", "ignore", "-m", "data_synthetic", "sample", "--out", str(tmp_path / "s")]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    assert digests(tmp_path / "s") == digests(ROOT / "sample")


def test_parts_and_processes_change_no_row(tmp_path, stream):
    write_package(stream, tmp_path / "memory")
    source = make_source(load_world("teaching"), 40_000, seed=5)
    generate_package(tmp_path / "whole", source, processes=2)
    generate_package(tmp_path / "parts", source, per_part=11_000)
    assert digests(tmp_path / "memory") == digests(tmp_path / "whole")
    assert len(list((tmp_path / "parts" / "declarations.parquet").iterdir())) == 4
    for name in TABLES:
        pd.testing.assert_frame_equal(read(tmp_path / "whole", name), read(tmp_path / "parts", name))


def test_a_longer_stream_begins_with_the_shorter_one_and_history_continues_it(tmp_path):
    world = load_world("drift")
    generate_package(tmp_path / "first", make_source(world, 3000, seed=2, days=30))
    generate_package(tmp_path / "next", make_source(world, 2000, history=tmp_path / "first"))
    long = read_long(world)
    joined = pd.concat([read(tmp_path / "first", "declarations"), read(tmp_path / "next", "declarations")])
    pd.testing.assert_frame_equal(joined.reset_index(drop=True), long["declarations"])
    truth = pd.concat(
        [read(tmp_path / "first", "truth"), read(tmp_path / "next", "truth")], ignore_index=True
    )
    pd.testing.assert_frame_equal(truth, long["truth"])
    old = set(read(tmp_path / "first", "declarations").sender_id)
    assert len(old & set(read(tmp_path / "next", "declarations").sender_id)) > 100
    late = read(tmp_path / "next", "outcomes")
    assert late.item_id.isin(read(tmp_path / "first", "declarations").item_id).any()
    manifest = json.loads((tmp_path / "next" / "datapackage.json").read_text())["risk"]["manifest"]
    assert manifest["first_item"] == 3000 and manifest["start_utc"].startswith("2024-01-31")


def read_long(world):
    """5,000 items of the flow of 3,000 items in 30 days, made in one go."""
    from data_synthetic.stream import Source
    parts = list(Source(world, 2, 3000, 30, 0, 5000).parts())
    return {n: pd.concat([getattr(p, n).to_pandas() for p in parts], ignore_index=True) for n in TABLES}


def test_history_of_another_world_is_refused(tmp_path):
    generate_package(tmp_path / "first", make_source(load_world("calm"), 500, seed=2, days=30))
    with pytest.raises(Refused, match="made in world 'calm'.*Name the same world. Nothing was written"):
        generate_package(tmp_path / "next", make_source(load_world("drift"), 500, history=tmp_path / "first"))
    assert not (tmp_path / "next").exists()


def test_a_full_folder_is_refused_and_a_failed_run_leaves_nothing(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(Refused, match="not an empty folder"):
        generate_package(tmp_path / "full", make_source(load_world("calm"), 100))

    def stop(done: int, wanted: int) -> None:
        raise KeyboardInterrupt
    with pytest.raises(KeyboardInterrupt):
        generate_package(tmp_path / "out", make_source(load_world("calm"), 100), progress=stop)
    assert [p.name for p in tmp_path.iterdir()] == ["full"]


@pytest.mark.parametrize("bad", [{"n_items": 0}, {"n_items": 2.5}, {"n_items": 100, "seed": -1},
                                 {"n_items": 100, "days": 0}, {"n_items": True}])
def test_senseless_numbers_are_refused(bad):
    with pytest.raises(BadSetting, match="expected a whole number"):
        generate(load_world("calm"), **bad)


def test_the_package_is_a_valid_data_package(tmp_path):
    """By the library of the standard itself: every type, constraint, key, hash and reference."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frictionless = pytest.importorskip("frictionless")
        out = generate_package(tmp_path / "p", make_source(load_world("teaching"), 250, seed=7))
        report = frictionless.validate(str(out / "datapackage.json"))
        assert report.valid, report.flatten(["title", "message"])[:5]
        table = pd.read_parquet(out / "outcomes.parquet")
        table.loc[0, "item_id"] = "CA000000005QM"
        table.to_parquet(out / "outcomes.parquet")
        assert not frictionless.validate(str(out / "datapackage.json")).valid


def test_every_column_is_in_the_dictionary_with_its_type(stream):
    dictionary = load_dictionary()
    assert [f.name for f in dictionary.fields()] == list(stream.declarations.columns)
    assert [f.name for f in dictionary.fields("outcomes")] == list(stream.outcomes.columns)
    types = stream.declarations.dtypes.astype(str)
    assert set(types) == {"str", "bool", "int64", "float64", "datetime64[ms, UTC]"}
    for f in dictionary.fields():
        values = stream.declarations[f.name].dropna()
        assert not f.required or len(values) == len(stream.declarations)
        if "enum" in f.constraints:
            assert set(values) <= set(f.constraints["enum"])
        if "minimum" in f.constraints:
            assert values.min() >= f.constraints["minimum"]
        if "maximum" in f.constraints:
            assert values.max() <= f.constraints["maximum"]


def test_item_ids_are_s10_with_a_true_check_digit_and_never_twice(stream):
    ids = stream.declarations["item_id"]
    assert ids.is_unique and ids.str.fullmatch(r"[A-Z]{2}[0-9]{9}[QX][A-Z]").all()
    weights = [8, 6, 4, 2, 3, 5, 9, 7]
    for text in ids.sample(300, random_state=1):
        left = 11 - sum(int(d) * w for d, w in zip(text[2:10], weights, strict=True)) % 11
        assert int(text[10]) == {10: 0, 11: 5}.get(left, left)


def test_times_are_in_order_and_weights_within_the_limits_of_their_class(stream):
    d = stream.declarations
    assert d["arrived_utc"].is_monotonic_increasing
    assert (d["posted_utc"] < d["arrived_utc"]).all()
    assert (d["ead_received_utc"].dropna() > d["posted_utc"][d["ead_received_utc"].notna()]).all()
    assert (d["gross_weight_g"] > d["declared_net_weight_g"]).all()
    assert d.loc[d["mail_class"] == "U", "gross_weight_g"].max() <= 2000
    assert not ((d["transit"] == d["origin"]).any())


def test_outcomes_are_those_reported_before_the_end(stream):
    o, end = stream.outcomes, pd.Timestamp(stream.manifest["end_utc"])
    arrived = stream.declarations.set_index("item_id")["arrived_utc"]
    assert (o["reported_utc"] < end).all() and o["item_id"].is_unique
    delay = (o["reported_utc"] - o["examined_utc"]).dt.total_seconds() / 86400
    assert delay.between(5, 9).all() and 6.8 < delay.median() < 7.2
    assert (o["examined_utc"] > arrived.loc[o["item_id"]].to_numpy()).all()
    assert (arrived[arrived > end - pd.Timedelta(days=5)].index.isin(o["item_id"])).sum() == 0
    assert (
        o.loc[~o["found"], "finding_family"].isna().all()
        and o.loc[o["found"], "finding_family"].notna().all()
    )


def test_inclusion_probabilities_give_unbiased_totals(stream):
    """Horvitz–Thompson: inverse inclusion probabilities estimate any total of the stream."""
    d, o = stream.declarations.iloc[:30_000], stream.outcomes  # old enough to be reported
    seen = o[o["item_id"].isin(d["item_id"])]
    weight = 1 / seen["inclusion_probability"]
    assert weight.sum() == pytest.approx(len(d), abs=4 * np.sqrt((weight * (weight - 1)).sum()))
    irregular = stream.truth.set_index("item_id")["irregular"]
    bad = irregular.loc[seen["item_id"]].to_numpy()
    estimate, error = weight[bad].sum(), np.sqrt((weight * (weight - 1))[bad].sum())
    assert estimate == pytest.approx(irregular.loc[d["item_id"]].sum(), abs=4 * error)
    assert 0.6 < seen.loc[bad, "found"].mean() < 0.97 and not seen.loc[~bad, "found"].any()
    own = seen[bad & seen["found"]].merge(stream.truth, on="item_id")
    assert own["finding_family"].nunique() >= 6


def test_two_seeds_are_statistically_alike_but_not_the_same(stream):
    from scipy.stats import ks_2samp
    other = generate(load_world("teaching"), 40_000, seed=6).declarations
    mine = stream.declarations
    assert not set(mine["sender_id"]) & set(other["sender_id"])
    for column in ("gross_weight_g", "declared_value_sdr", "postage_sdr", "pieces"):
        assert ks_2samp(mine[column], other[column]).statistic < 0.02
    for column in ("mail_class", "hs_code", "nature_of_transaction"):
        a, b = (x[column].value_counts(normalize=True) for x in (mine, other))
        assert a.subtract(b, fill_value=0).abs().sum() / 2 < 0.06


def test_truth_never_leaks_into_the_declarations(stream):
    assert not set(stream.truth.columns) - {"item_id"} & set(stream.declarations.columns)
    assert not {"scheme", "archetype", "irregular"} & set(stream.outcomes.columns)


def test_command_line_refuses_in_words(tmp_path, capsys):
    assert main(["generate", "--out", str(tmp_path / "x"), "--world", "calmm"]) == 1
    assert "Did you mean 'calm'" in capsys.readouterr().err
    assert main(["generate", "--out", str(tmp_path / "x"), "--world", "calm", "--items", "50"]) == 0
    assert (tmp_path / "x" / "datapackage.json").exists()
