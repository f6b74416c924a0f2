"""How long the gate takes for a million rows and twenty columns, beside `pandas.read_csv` in the same run.

    python -m benchmarks.bench_intake [ROWS]

Prints seconds of processor time on one thread, peak memory as a multiple of the checked table's own
size, the time of a check that finds errors in every row, and that of drafting a dictionary. Each
measurement runs in a process of its own.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.measure import FIGURES, table
from risk.intake import check_data, load_data
from risk.schema import Dictionary
from risk.schema_infer import infer_dictionary


def _field(name: str, kind: str, role: str, **constraints: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "constraints": constraints, "risk": {"role": role}}


FIELDS = [
    _field("item_id", "string", "id", required=True, unique=True, pattern="^[A-Z]{2}[0-9]{9}[A-Z]{2}$"),
    *[_field(f"time{i}", "datetime", "time", required=True) for i in range(3)],
    *[_field(f"number{i}", "number", "numeric", required=True, minimum=0, maximum=1e6) for i in range(5)],
    *[_field(f"count{i}", "integer", "numeric", minimum=0, maximum=9999) for i in range(2)],
    *[_field(f"flag{i}", "boolean", "categorical") for i in range(2)],
    *[_field(f"code{i}", "string", "categorical", pattern="^[A-Z]{2}$") for i in range(4)],
    _field("party", "string", "party", required=True),
    _field("hs_code", "string", "categorical", pattern="^[0-9]{6}$"),
    _field("description", "string", "text"),
]
FIELDS[0]["risk"]["check"] = "s10"
DICTIONARY = Dictionary(
    {"name": "bench", "resources": [{"name": "declarations", "schema": {"fields": FIELDS}}]}
)


def write(path: Path, rows: int) -> None:
    """A clean CSV with the dictionary's columns."""
    r = np.random.default_rng(0)
    serial = np.char.zfill(np.arange(rows).astype(str), 8)
    digits = np.array([list(s) for s in serial], int) @ np.array([8, 6, 4, 2, 3, 5, 9, 7])
    check = 11 - digits % 11
    check = np.where(check == 10, 0, np.where(check == 11, 5, check)).astype(str)
    words = np.array(["cotton shirt", "phone case, black", "book", "ceramic cup 300 ml", "toy car"])
    made: dict[str, Any] = {"item_id": np.char.add(np.char.add("CX", serial), np.char.add(check, "QM"))}
    for f in FIELDS[1:]:
        made[f["name"]] = {
            "datetime": lambda: np.datetime_as_string(
                r.integers(1_700_000_000, 1_760_000_000, rows).astype("datetime64[s]"), timezone="UTC"
            ),
            "number": lambda: np.round(r.lognormal(5, 1, rows), 2),
            "integer": lambda: r.integers(0, 999, rows),
            "boolean": lambda: np.where(r.random(rows) < 0.3, "true", "false"),
            "string": lambda: np.array(["QM", "QN", "QO", "XA"])[r.integers(0, 4, rows)],
        }[f["type"]]()
    made["party"] = np.char.add("P", r.integers(0, rows // 10 + 1, rows).astype(str))
    made["hs_code"] = np.char.zfill(r.integers(10_000, 999_999, rows).astype(str), 6)
    made["description"] = words[r.integers(0, 5, rows)]
    pd.DataFrame(made).to_csv(path, index=False)


def spoil(path: Path, bad: Path, rows: int) -> None:
    """The same file with an error in every row of one column."""
    text = path.read_text().split("\n")
    bad.write_text("\n".join([text[0], *[line.replace("2", "x", 3) for line in text[1 : rows + 1]]]) + "\n")


def measured(what: str, path: Path) -> tuple[float, float, float]:
    """Seconds of processor time, peak MB above the start, and the result's own MB."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_measure, (what, path))


def _measure(what: str, path: Path) -> tuple[float, float, float]:
    jobs: dict[str, Callable[[], Any]] = {
        "gate": lambda: load_data(path, dictionary=DICTIONARY).declarations,
        "check": lambda: check_data(path, dictionary=DICTIONARY).to_frame(),
        "infer": lambda: pd.Series(infer_dictionary(path, id="item_id")).to_frame(),
        "pandas": lambda: pd.read_csv(path),
        "pandas, as text": lambda: pd.read_csv(path, dtype=str, keep_default_na=False),
        "pandas, pyarrow engine": lambda: pd.read_csv(path, engine="pyarrow"),
    }
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    before, start = _peak(), time.process_time()
    result = jobs[what]()
    seconds = time.process_time() - start
    return seconds, _peak() - before, result.memory_usage(deep=True).sum() / 1024**2


def _peak() -> float:
    """The most memory this process has held, MB (Linux)."""
    line = next(s for s in Path("/proc/self/status").read_text().splitlines() if s.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def main(rows: int = 1_000_000) -> None:
    """Write, measure, print."""
    with tempfile.TemporaryDirectory() as folder:
        path, bad = Path(folder) / "good.csv", Path(folder) / "bad.csv"
        write(path, rows)
        spoil(path, bad, rows)
        size = path.stat().st_size / 1024**2
        print(f"{rows:,} rows × {len(FIELDS)} columns, {size:.0f} MB of CSV; one thread")
        gate, peak, own = measured("gate", path)
        others = {n: measured(n, path)[0] for n in ("pandas", "pandas, as text", "pandas, pyarrow engine")}
        wrong = measured("check", bad)[0]
        infer = measured("infer", path)[0]
        rows_of = [
            ["gate: parse and check", f"{gate:.2f} s", "limit 5 s", gate / 5],
            ["gate: peak memory", f"{peak:.0f} MB", f"checked table {own:.0f} MB, limit 3×", peak / own],
            ["gate: an error in every row", f"{wrong:.2f} s", f"clean file {gate:.2f} s", wrong / gate],
            ["draft a dictionary", f"{infer:.2f} s", f"gate {gate:.2f} s", infer / gate],
        ]
        rows_of += [
            ["gate: parse and check", f"{gate:.2f} s", f"{name}, read alone {spent:.2f} s", gate / spent]
            for name, spent in others.items()
        ]
        print("\n" + table(FIGURES, [[*cells, f"{ratio:.2f}"] for *cells, ratio in rows_of]))


if __name__ == "__main__":
    main(*[int(a) for a in sys.argv[1:2]])
