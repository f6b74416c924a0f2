"""The leakage audit: planted leaks are found and named, a clean table passes, a leak is exit code 1."""

from __future__ import annotations

import json
from pathlib import Path
from zlib import crc32

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from risk import workbench
from risk.cli import app
from risk.errors import Refused
from risk.intake import Data
from risk.leakage import Audit, audit_leakage
from risk.leakage.leak import auc_low
from risk.schema import Dictionary

FIELDS = [
    ("entry", "string", "id"), ("day", "datetime", "time"), ("hs6", "string", "categorical"),
    ("origin", "string", "categorical"), ("office", "string", "categorical"),
    ("mode", "string", "categorical"),
    ("net_kg", "number", "numeric"), ("value", "number", "numeric"), ("duty", "number", "numeric"),
    ("remark", "string", "categorical"), ("importer", "string", "party"), ("found", "boolean", "label"),
]  # fmt: skip


def dictionary(*, clock: bool = True, **late: str) -> Dictionary:
    fields = [
        {"name": n, "type": t, "risk": {"role": r, "known_at": late.get(n, "declaration")}}
        for n, t, r in FIELDS
        if clock or n != "day"
    ]
    features = [{"name": "duty_share", "kind": "ratio", "reads": ["duty", "value"]}] if late else []
    return Dictionary(
        {
            "name": "t",
            "risk": {"features": features},
            "resources": [{"name": "declarations", "schema": {"fields": fields}}],
        }  # fmt: skip
    )


def entries(n: int = 6000, seed: int = 0) -> pd.DataFrame:
    """Entries whose office and value per weight say something of the label, and nothing says all."""
    r = np.random.default_rng([seed, 91])
    weight = np.round(r.lognormal(3, 1, n), 1)
    value = np.round(weight * r.lognormal(1, 0.5, n), 2)
    office = r.integers(0, 12, n)
    margin = -2.6 + 1.5 * (office == 3) - 1.2 * (np.log(value / weight) - 1)
    return pd.DataFrame({
        "entry": [f"E{k:07d}" for k in r.choice(10**7, n, replace=False)],
        "day": pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(np.sort(r.integers(0, 365, n)), "D"),
        "hs6": [f"{k:06d}" for k in r.integers(1, 60, n) * 10_000],
        "origin": [f"C{k:02d}" for k in r.integers(0, 30, n)],
        "office": [f"O{k}" for k in office], "mode": r.choice(list("1234"), n),
        "net_kg": weight, "value": value,
        "duty": np.round(value * 0.1 * r.lognormal(0, 0.2, n), 2), "remark": r.choice(["a", "b"], n),
        "importer": [f"I{k}" for k in r.integers(0, 900, n)],
        "found": r.random(n) < 1 / (1 + np.exp(-margin)),
    })  # fmt: skip


def glued(n: int = 6000, seed: int = 0) -> pd.DataFrame:
    """The flaw of a well-known public data set, planted: the label hangs on code × origin × weight.

    Every combination stands several times, before and after the split, always with the same label; no
    single column, and nothing else, says anything.
    """
    r = np.random.default_rng([seed, 92])
    frame = entries(n, seed)
    frame["hs6"] = [f"{k:06d}" for k in r.integers(1, 6, n) * 10_000]
    frame["origin"] = [f"C{k:02d}" for k in r.integers(0, 5, n)]
    frame["net_kg"] = r.integers(1, 13, n) / 2
    joined = frame["hs6"] + frame["origin"] + frame["net_kg"].astype(str)
    return frame.assign(found=joined.map(lambda text: crc32(text.encode()) % 100 < 15))


def audited(frame: pd.DataFrame, d: Dictionary | None = None, y: np.ndarray | None = None) -> Audit:
    d = d or dictionary()
    return audit_leakage(Data(frame, None, d, Path("x")), frame["found"].to_numpy(float) if y is None else y)


def leaks(audit: Audit) -> dict[str, tuple[str, ...]]:
    assert all(a.todo and a.message for a in audit.leaks)
    return {a.code: a.columns for a in audit.leaks}


@pytest.mark.parametrize("seed", range(2))
def test_a_clean_table_passes(seed: int) -> None:
    assert leaks(audited(entries(seed=seed))) == {}
    assert leaks(audited(entries(seed=seed), dictionary(clock=False))) == {}


@pytest.mark.parametrize("seed", range(3))
def test_a_label_glued_to_a_combination_is_found(seed: int) -> None:
    found = leaks(audited(glued(seed=seed)))
    assert set(found) == {"label_pure_key"}
    assert set(found["label_pure_key"]) == {"hs6", "origin", "net_kg"}


def test_the_planted_flaw_on_the_command_line(tmp_path: Path) -> None:
    """A dictionary with no learning beats the model; every finding says what to do; exit code 1."""
    frame, package = glued(), tmp_path / "entries"
    package.mkdir()
    frame.to_parquet(package / "declarations.parquet")
    workbench.write_dictionary(dictionary().to_descriptor(), package / "datapackage.json")
    done = CliRunner().invoke(app, ["leakage", str(package), "--format", "json"])
    told = {a["code"]: a for a in json.loads(done.stdout)}
    assert done.exit_code == 1 and told["label_pure_key"]["leak"] and told["lookup_beats_model"]["leak"]
    assert set(told["lookup_beats_model"]["columns"].split(" × ")) == {"hs6", "origin", "net_kg"}
    assert told["lookup_beats_model"]["figure"] > 0.9 > told["lookup_beats_model"]["limit"]
    assert "glued to" in done.stderr and "--without" in done.stderr


def test_the_made_world_is_clean(data, model) -> None:
    assert workbench.audit_leakage(data, model=model).leaks == ()


def test_copies_across_the_split() -> None:
    frame = entries()
    later = frame["day"].iloc[np.random.default_rng(2).integers(4800, 6000, 1500)].to_numpy()
    copies = frame.sample(1500, random_state=0).assign(day=later)
    both = pd.concat([frame, copies.assign(entry=[f"F{i}" for i in range(1500)])], ignore_index=True)
    assert "copies_across_the_split" in leaks(audited(both))
    again = copies.assign(
        found=np.random.default_rng(1).random(1500) < 0.1, entry=[f"F{i}" for i in range(1500)]
    )
    told = audited(pd.concat([frame, again], ignore_index=True)).to_frame().set_index("code")
    assert (
        told.loc["copies_across_the_split", "figure"] > 0.1
        and not told.loc["copies_across_the_split", "leak"]
    )


@pytest.mark.parametrize("change", [
    lambda f, r: f.assign(duty=f["duty"] + 500 * f["found"]),
    lambda f, r: f.assign(duty=f["duty"].where(f["found"])),
    lambda f, r: f.assign(remark=np.where(f["found"], r.choice(["x", "y", "z"], len(f)), f["remark"])),
], ids=["size", "filled", "value"])  # fmt: skip
def test_a_column_that_gives_the_label_away(change) -> None:
    found = leaks(audited(change(entries(), np.random.default_rng(3))))
    assert found["column_gives_label_away"][0] in ("duty", "remark")


def test_what_is_known_only_after_an_examination() -> None:
    assert leaks(audited(entries(), dictionary(duty="examination"))) == {"known_too_late": ("duty",)}
    frame = entries()
    looked = np.random.default_rng(4).random(len(frame)) < 0.5
    filled = frame.assign(remark=frame["remark"].where(looked))
    y = np.where(looked, frame["found"].astype(float), np.nan)
    assert leaks(audited(filled, y=y)) == {"known_too_late": ("remark",)}
    assert leaks(audited(frame, y=y)) == {}


def test_a_time_after_the_clock() -> None:
    descriptor = dictionary().to_descriptor()
    descriptor["resources"][0]["schema"]["fields"].append(
        {"name": "paid", "type": "datetime", "risk": {"role": "time"}}
    )
    descriptor["risk"] = {
        "clock": "day",
        "features": [{"name": "wait", "kind": "hours", "reads": ["day", "paid"]}],
    }
    frame = entries()
    late, early = frame["day"] + pd.Timedelta(days=3), frame["day"] - pd.Timedelta(days=3)
    assert leaks(audited(frame.assign(paid=late), Dictionary(descriptor))) == {"known_too_late": ("paid",)}
    assert leaks(audited(frame.assign(paid=early), Dictionary(descriptor))) == {}


@pytest.mark.parametrize("clock", [True, False])
def test_ids_numbered_by_result(clock: bool) -> None:
    frame = entries()
    order = np.argsort(frame["found"].to_numpy(), kind="stable")
    number = np.empty(len(frame), int)
    number[order] = np.arange(len(frame))
    found = leaks(audited(frame.assign(entry=[f"E{k:06d}" for k in number]), dictionary(clock=clock)))
    assert found == {"id_predicts": ("entry",)}


def test_a_file_sorted_by_result() -> None:
    frame = entries().sort_values("found", kind="stable").reset_index(drop=True)
    audit = audited(frame, dictionary(clock=False))
    assert leaks(audit) == {"id_predicts": ("entry",)} and "order of rows" in audit.leaks[0].message


def test_too_few_finds_are_said() -> None:
    with pytest.raises(Refused, match="expected at least 10.*Nothing was audited"):
        audited(entries(60))


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=4, max_size=60))
def test_auc_is_scikit_learns(rows: list[tuple[int, bool]]) -> None:
    from sklearn.metrics import roc_auc_score

    score, y = np.array([s for s, _ in rows], float), np.array([b for _, b in rows], float)
    if 0 < y.sum() < len(y):
        auc, low = auc_low(score, y)
        assert auc == pytest.approx(roc_auc_score(y, score)) and low <= auc
