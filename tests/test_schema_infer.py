"""A stranger's table by dictionary alone: what a draft recognises, and the whole chain on it without code."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from risk.cli import app
from risk.errors import Refused
from risk.explanation import reasons
from risk.features import Features, with_past
from risk.intake import check_data, load_data
from risk.schema import Dictionary
from risk.schema_infer import infer_dictionary, infer_table
from risk.schema_infer.look import look_at
from risk.training import labels_of
from tests.fixtures_intake import import_entries


def run(*args: object) -> tuple[str, str]:
    told = io.StringIO()
    with redirect_stderr(told):
        done = CliRunner().invoke(app, [str(a) for a in args], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout, told.getvalue() + done.stderr


def drafted(columns: dict[str, list], **roles: str) -> Dictionary:
    looks = [look_at("row", pa.chunked_array([[f"r{i}" for i in range(len(next(iter(columns.values()))))]]))]
    looks += [look_at(name, pa.chunked_array([pa.array(values)])) for name, values in columns.items()]
    return Dictionary(infer_table(looks, name="x.csv", id="row", **roles))


MANY = [f"v{i % 90}" for i in range(900)]


@pytest.mark.parametrize(
    ("name", "values", "type", "role"),
    [
        ("weight", ["1.5", "2", "3e2"], "number", "numeric"),
        ("pieces", ["1", "2", "-3"], "integer", "numeric"),
        ("pieces", ["1", "NA", "", "12"], "integer", "numeric"),
        ("tariff", ["010121", "610910", "610910"], "string", "categorical"),
        ("amount", ["00123", "00124", "99999"], "string", "categorical"),
        ("spot", ["1201", "1202", "1203"] * 10, "string", "categorical"),
        ("office_code", ["1", "2", "3"], "string", "categorical"),
        ("insured", ["true", "false", "true"], "boolean", "categorical"),
        ("insured", ["Y", "N", "", "Y"], "boolean", "categorical"),
        ("flag", ["0", "1", "1"], "boolean", "categorical"),
        ("flag", [True, False, None], "boolean", "categorical"),
        ("seen", ["2026-01-02T03:04:05Z", "2026-01-03", "2026-02-28"], "datetime", "time"),
        ("seen", ["31/01/2026", "01/02/2026", ""], "datetime", "time"),
        ("seen", ["31.01.2026", "01.02.2026"], "datetime", "time"),
        ("seen", ["20260131", "20260201"], "datetime", "time"),
        ("seen", [pd.Timestamp("2026-01-01"), pd.Timestamp("2026-01-02")], "datetime", "time"),
        ("importer", MANY, "string", "party"),
        ("plate", MANY, "string", "categorical"),
        ("colour", ["red", "blue", "red"], "string", "categorical"),
        ("goods", [f"some cotton shirts no {i}" for i in range(90)], "string", "text"),
        ("token", [f"x{i}" for i in range(90)], "string", "ignore"),
        ("always", ["a", "a", "a"], "string", "ignore"),
        ("never", ["", "", ""], "string", "ignore"),
        ("price", ["1,5", "2,75", "1.000,5"], "string", "ignore"),
        ("listed", [[1], [2], [3]], "string", "ignore"),
    ],
)
def test_a_column_is_recognised_and_the_guess_is_marked(
    name: str, values: list, type: str, role: str
) -> None:
    f = drafted({name: values})[name]
    assert (f.type, f.role) == (type, role), f
    assert f.review and f.description and f.title


def test_what_a_draft_says_of_missing_values_ranges_and_strays() -> None:
    d = drafted({"w": ["5", "NA", "-", "", *["8"] * 60, "heavy"], "name": ["NA", "QM", *["QN"] * 63]})
    assert d["w"].missing_values == ("", "-", "NA") and d["w"].constraints == {
        "minimum": 0.0,
        "maximum": 100.0,
    }
    assert "'heavy' will be refused" in d["w"].review and "5–8 seen" in d["w"].review
    assert d["name"].missing_values == ("",) and "often means 'missing'" in d["name"].review


def test_columns_known_only_afterwards_are_no_features() -> None:
    d = drafted({"inspection_hours": ["1.5", "2", "3"], "hours": ["1.5", "2", "3"]})
    assert d["inspection_hours"].known_at == "examination" and [f.name for f in d.features] == ["hours"]


def test_many_levels_become_past_rates() -> None:
    d = drafted({"plate": MANY, "importer": MANY, "colour": ["red", "blue"] * 450})
    assert {f.name: f.kind for f in d.features} == {
        "colour": "category",
        "plate_rate": "rate",
        "importer_rate": "rate",
    }


def test_parties_with_a_clock_get_features_of_their_past_each_marked_for_review() -> None:
    days = [f"2026-01-{i % 28 + 1:02d}" for i in range(900)]
    senders = [f"s{i % 300}" for i in range(900)]
    d = drafted({"day": days, "importer": MANY, "sender_id": senders, "plate": MANY, "auditor": MANY,
                 "audit_agent": MANY})
    past = {f.name: f for f in d.features if f.kind == "party"}
    assert set(past) == {f"{p}_{w}" for p in ("importer", "sender_id") for w in ("age", "items_30d", "others_30d")}
    for f in past.values():
        assert f.review and f.concept == "party_history" and f.unit and f.reason["say"] and f.reads[0] in f.review
    assert all(f.review for f in d.features if f.kind in ("party", "rate"))
    assert not [f for f in drafted({"importer": MANY}).features if f.kind == "party"]  # nothing comes before
    alone = drafted({"day": days, "importer": MANY})
    assert "importer_others_30d" not in {f.name for f in alone.features}


def test_drafted_features_speak_and_see_what_came_before() -> None:
    days = pd.to_datetime("2026-01-01", utc=True) + pd.to_timedelta(np.arange(900) // 10, unit="D")
    frame = pd.DataFrame({"row": [f"r{i}" for i in range(900)], "day": days, "importer": MANY,
                          "sender_id": [f"s{i % 300}" for i in range(900)]})
    d = drafted({"day": [t.strftime("%Y-%m-%d") for t in days], "importer": MANY, "sender_id": [*frame["sender_id"]]})
    features = Features(d, without=("importer", "sender_id")).fit(frame)  # past rates stay out
    assert [f.kind for f in features.specs] == ["party"] * 6
    told = reasons(features, with_past(frame, d).iloc[[0, -1]], np.full((2, 6), 0.5))
    first, last = ({r.feature: r.text for r in row} for row in told)
    assert first["importer_age"] == "The importer has not been seen before, which itself raises the odds 1.6×."
    assert last["importer_items_30d"].startswith("The importer had 3 items in the 30 days before, at the high end of "
                                                 "the usual 0–3 items")
    assert last["sender_id_others_30d"].startswith("The sender id dealt with 1 counterpart (importer) in the 30")


def test_clock_label_and_what_is_not_there_are_said() -> None:
    times = [f"2026-01-{i % 28 + 1:02d}" for i in range(90)]
    d = drafted(
        {"decided": times, "day": times, "outcome": ["clear", "clear", "seized"] * 30}, label="outcome"
    )
    assert d.clock == "day" and d["day"].required and d["decided"].known_at == "examination"
    assert d["outcome"].true_values == ("seized",) and d.label == "outcome" and d.question == "outcome"
    without = drafted({"colour": ["red", "blue"]}).to_descriptor()["risk"]
    assert any("seeded hash" in n for n in without["review"]) and any(
        "No label" in n for n in without["review"]
    )


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"time": "colour"}, "does not look like times"),
        ({"label": "many"}, "a label has two"),
        ({"label": "colur"}, "Did you mean 'colour'"),
    ],
)
def test_roles_that_cannot_be_are_refused(kwargs: dict[str, str], words: str) -> None:
    with pytest.raises(Refused, match=f"{words}.*No dictionary was drafted"):
        drafted({"colour": ["red", "blue"] * 20, "many": [f"m{i}" for i in range(40)]}, **kwargs)


def test_a_table_without_identifier_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n1,2\n")
    with pytest.raises(Refused, match="nothing identifies a row.*--id"):
        infer_dictionary(tmp_path / "x.csv")
    (tmp_path / "y.csv").write_text("a,b\n1,2,3\n")
    with pytest.raises(Refused, match="cells"):
        infer_dictionary(tmp_path / "y.csv")


cell = st.one_of(
    st.text(max_size=8), st.sampled_from(["1", "2.5", "NA", "true", "2026-01-01", "31/12/2026", "1,5", "007"])
)


@given(st.lists(st.lists(cell, min_size=3, max_size=3), min_size=1, max_size=12))
@settings(max_examples=40)
def test_any_table_gets_a_draft_that_can_be_loaded(rows: list[list[str]]) -> None:
    d = drafted({f"c{j}": [row[j] for row in rows] for j in range(3)})
    assert d.id_field == "row" and all(f.review for f in d.fields())


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=4)
def test_a_file_passes_its_own_draft(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    path = tmp_path_factory.mktemp("own") / "entries.csv"
    import_entries(300, seed, clock=bool(seed % 2)).to_csv(path, index=False)
    d = Dictionary(infer_dictionary(path))
    assert check_data(path, dictionary=d).errors == 0
    assert len(load_data(path, dictionary=d).declarations) == 300


def test_parquet_types_are_believed(tmp_path: Path) -> None:
    frame = import_entries(400).assign(found=np.arange(400) % 9 == 0)
    frame["net_kg"] = pd.to_numeric(frame["net_kg"])
    frame["mode"] = (
        frame["mode"].astype(float).where(np.arange(400) % 7 > 0)
    )  # codes beside gaps, as pandas writes them
    frame.to_parquet(tmp_path / "entries.parquet")
    d = Dictionary(infer_dictionary(tmp_path / "entries.parquet"))
    data = load_data(tmp_path / "entries.parquet", dictionary=d)
    assert (d["net_kg"].role, d["found"].role, d["mode"].role) == ("numeric", "label", "categorical")
    assert set(data.declarations["mode"].dropna()) == {"1", "2", "3", "4"}


def test_the_whole_chain_on_a_strangers_table_by_dictionary_alone(tmp_path: Path) -> None:
    """15 categories, importers by the thousand, gaps in numbers, no time column, and no code."""
    old, new, dictionary = tmp_path / "entries.csv", tmp_path / "new.csv", tmp_path / "dictionary.json"
    made = import_entries(13_000)
    made.head(12_000).to_csv(old, index=False)
    later = made.tail(1000).reset_index(drop=True)
    later.loc[:9, ["importer", "regime"]] = ["IMP99999", "EX9"]
    later.to_csv(new, index=False)
    space, schema = ("--workspace", tmp_path / "w"), ("--schema", dictionary)

    _, told = run("schema", "infer", old, "--id", "entry", "--label", "found", "-o", dictionary)
    assert "seeded hash of their id" in told
    assert "0 errors" in run("check", old, *schema)[1]
    out, told = run("train", old, *schema, *space, "--seed", 3)
    assert "No time column: items were parted by a hash of entry, seeded with 3." in told
    model = out.strip().splitlines()[-1]
    capacity = json.loads(run("evaluate", model, old, *schema, *space, "--format", "json")[0])
    assert next(r["lift"] for r in capacity if r["policy"] == "ga2m" and r["examination_rate"] == 0.05) > 1.5

    scores = tmp_path / "scores.parquet"
    _, told = run("score", model, new, *schema, *space, "--explain", "--out", scores)
    assert "items have a value of importer that it has never seen" in told and "value of regime" in told
    assert "found says what an examination showed; scoring ignores it" in told
    table = pd.read_parquet(scores)
    assert len(table) == 1000 and np.isfinite(table["margin"]).all()
    gaps = table["base_value"] + table.filter(like="phi_").sum(axis=1) - table["margin"]
    assert gaps.abs().max() < 1e-6
    later.drop(columns="found").to_csv(new, index=False)
    run("score", model, new, *schema, *space, "--explain", "--out", tmp_path / "again.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "again.parquet"), table)

    shown, _ = run("explain", model, new, *schema, *space, "--item", later["entry"].iloc[0])
    assert "Importer is IMP99999" in shown and "never seen in training" in shown
    run("select", scores, "--capacity", 50, "--random-share", 0.2, "--out", tmp_path / "lanes.csv")
    assert (pd.read_csv(tmp_path / "lanes.csv")["lane"] == "red").sum() == 50


def test_a_result_counts_only_from_the_day_that_the_table_itself_names(tmp_path: Path) -> None:
    path = tmp_path / "entries.csv"
    import_entries(600, 2, clock=True).to_csv(path, index=False)
    data = load_data(path, dictionary=Dictionary(infer_dictionary(path)))
    until = data.declarations["decision_day"].quantile(0.5)
    told = labels_of(data, known_by=until)
    late = (data.declarations["decision_day"] > until).to_numpy()
    assert told["y"].isna().to_numpy().tolist() == late.tolist() and 0 < late.sum() < 600
    at = pd.to_datetime(told["reported"], unit="ms", utc=True)
    assert (at.to_numpy() == data.declarations["decision_day"].to_numpy()).all()
