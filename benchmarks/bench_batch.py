"""How long a stream of any size takes to score and explain, what dominates, and how much memory it holds.

    python -m benchmarks.bench_batch [--items 200000 1000000] [--processes 2] [--memory 2GB]

Streams of the sizes given are made first (not counted) and scored with attributions and party history in a
process of its own, whose processes' memory is looked at ten times a second. Beside it stands the issue's
limit: 20 million items in ten minutes, 33,333 items a second, within the memory given.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from benchmarks.measure import FIGURES, machine, table
from data_synthetic import generate_package, load_world
from data_synthetic.package import make_source
from risk import batch, workbench
from risk.batch.files import rows_written
from risk.features import with_past
from risk.fitted import FittedModel
from risk.intake import check_frame

LIMIT = 20_000_000 / 600
RUN = """
import resource, sys, time, json
from risk import batch
from risk.registry import Registry
if __name__ == "__main__":
    registry, source, out, processes, memory = sys.argv[1:]
    model, count = Registry(__import__("pathlib").Path(registry)).load("champion"), int(processes)
    began, spent = time.perf_counter(), {}
    def note(phase, done, total):
        spent[phase] = time.perf_counter() - began
    means = batch.Means(batch.processes(count), batch.memory_bytes(memory), count)
    done = batch.score_data_set(model, source, out, explain=True, means=means, progress=note)
    wall, use = time.perf_counter() - began, [resource.getrusage(who) for who in (-1, 0)]
    core = sum(u.ru_utime + u.ru_stime for u in use)
    print(json.dumps({"items": done.items, "seconds": wall, "phases": spent, "core": core}))
"""


def resident(pid: int) -> int:
    """Bytes that a process and its descendants hold in memory, shared pages counted once for each."""
    total, waiting = 0, [pid]
    while waiting:
        at = waiting.pop()
        try:
            status = Path(f"/proc/{at}/status").read_text(encoding="ascii")
            total += next(int(x.split()[1]) * 1024 for x in status.splitlines() if x.startswith("RssAnon"))
            children = Path(f"/proc/{at}/task/{at}/children").read_text(encoding="ascii").split()
        except (OSError, StopIteration):
            continue
        waiting += [int(c) for c in children]
    return total


def watched(command: list[str]) -> tuple[str, int]:
    """Output of a command, and the most memory it and its children held."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    most, ended = 0, threading.Event()

    def look() -> None:
        nonlocal most
        while not ended.wait(0.1):
            most = max(most, resident(process.pid))

    thread = threading.Thread(target=look)
    thread.start()
    printed, _ = process.communicate()
    ended.set()
    thread.join()
    if process.returncode:
        raise SystemExit(f"The run ended with exit code {process.returncode}.")
    return printed, most


def stages(model: FittedModel, source: Path, folder: Path) -> list[list[str]]:
    """Microseconds of one core that each stage takes for an item, in this process, on the first part of a stream."""
    plan = batch.make_plan(model, source, folder, explain=True)
    path, rows = plan.parts[0].path, plan.parts[0].rows
    spent: dict[str, float] = {}

    def timed(name: str, work: Callable[[], object]) -> Any:
        began = time.process_time()
        made = work()
        spent[name] = spent.get(name, 0.0) + time.process_time() - began
        return made

    raw = timed("read Parquet", lambda: pq.read_table(path).to_pandas())
    checked = timed("the gate", lambda: check_frame(raw, model.dictionary))
    known = timed("party history", lambda: with_past(checked, model.dictionary))
    x = timed("features", lambda: model.features.values(known))
    timed("unseen values", lambda: model.features.unknown(known))
    model.tables.explain(x[:10])
    timed("margins and attributions", lambda: model.tables.explain(x))
    scored = model.attribute(known)
    timed("write Parquet", lambda: rows_written(folder / "written.parquet", iter([scored])))
    whole = sum(spent.values())
    return [[name, f"{used / rows * 1e6:.2f}", f"{used / whole:.0%}"]
            for name, used in sorted(spent.items(), key=lambda s: -s[1])]


def main(arguments: list[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--memory", default="2GB")
    parser.add_argument("--folder", type=Path, help="where to work (default: a temporary folder)")
    given = parser.parse_args(arguments)
    print(machine("numpy", "pandas", "pyarrow"))
    rows, phases = [], []
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        space = workbench.Workspace.at(folder / "space")
        generate_package(folder / "train", make_source(load_world("teaching"), 40_000, seed=7))
        workbench.train(workbench.load_data(folder / "train"), seed=7, workspace=space)
        for items in given.items:
            source = folder / f"stream-{items}"
            per_part = max(1000, min(2**20, items // (2 * given.processes)))
            generate_package(source, make_source(load_world("operational"), items, seed=1), per_part=per_part)
            size = sum(p.stat().st_size for p in (source / "declarations.parquet").rglob("*.parquet"))
            command = [sys.executable, "-c", RUN, str(space.registry.root), str(source), str(folder / "out"),
                       str(given.processes), given.memory]
            spent = stages(space.registry.load("champion"), source, folder)
            began = time.perf_counter()
            printed, most = watched(command)
            done = json.loads(printed)
            rate = items / done["seconds"]
            rows.append([f"batch with attributions, {items:,} items, {given.processes} processes",
                         f"{rate:,.0f} items/s", f"limit (20 M in 10 min): {LIMIT:,.0f} items/s",
                         f"{rate / LIMIT:.2f}"])
            rows.append([f"batch, {items:,} items: most memory", f"{most / 10**6:,.0f} MB",
                         f"limit: {batch.memory_bytes(given.memory) / 10**6:,.0f} MB",
                         f"{most / batch.memory_bytes(given.memory):.2f}"])
            core = items / done["core"]
            rows.append([f"batch, {items:,} items, for each second of one core", f"{core:,.0f} items",
                         f"limit on 2 cores: {LIMIT / 2:,.0f}", f"{core / LIMIT * 2:.2f}"])
            ends = [0.0, *done["phases"].values()]
            phases.append([f"{items:,}", *(f"{b - a:.1f}" for a, b in zip(ends, ends[1:], strict=False)),
                           f"{time.perf_counter() - began - done['seconds']:.1f}", f"{size / 10**6:,.0f}"])
    print()
    print(table(FIGURES, rows))
    print("\nSeconds by phase (spread parties, past, scores), start of the program, and the input's size:\n")
    print(table(["items", "parties", "past", "scores", "start", "MB in"], phases))
    print("\nWhat dominates, processor time of the largest stream's first part:\n")
    print(table(["stage", "µs an item", "share"], spent))


if __name__ == "__main__":
    main()
