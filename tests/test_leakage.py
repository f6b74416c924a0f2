"""The leakage audit: planted leaks are found and named, a clean table passes, a leak is exit code 1."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk import workbench
from risk.errors import Refused
from risk.intake import Data
from risk.leakage import Audit, audit_leakage
from risk.leakage.leak import auc_low
from risk.schema import Dictionary
from tests.fixtures_leakage import dictionary, entries, glued


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
