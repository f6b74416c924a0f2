"""The same batch run in processes of this machine and on a Dask scheduler with as many workers.

    python -m benchmarks.bench_cluster [--items 200000] [--workers 2]

Scores with attributions and party history. The scheduler and its workers run on this machine too, so the ratio says
what the cluster itself costs; the bytes must be the same. Starting the processes and the workers is not counted.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.measure import FIGURES, machine, table
from data_synthetic import generate_package, load_world
from data_synthetic.package import make_source
from risk import batch, workbench
from risk.batch.engines import Engine
from risk.fitted import FittedModel


def run(model: FittedModel, source: Path, out: Path, engine: Engine, workers: int) -> float:
    """Items a second."""
    began = time.perf_counter()
    done = batch.score_data_set(model, source, out, explain=True, means=batch.Means(engine, at_once=workers))
    return done.items / (time.perf_counter() - began)


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    from distributed import LocalCluster

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=200_000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args(arguments)
    print(machine("distributed", "pyarrow"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate_package(folder / "train", make_source(load_world("teaching"), 20_000, seed=7))
        model = workbench.train(workbench.load_data(folder / "train"), seed=7)
        per_part = max(1000, given.items // (4 * given.workers))
        generate_package(folder / "stream", make_source(load_world("operational"), given.items, seed=1),
                         per_part=per_part)
        local = run(model, folder / "stream", folder / "local", batch.processes(given.workers), given.workers)
        with LocalCluster(n_workers=given.workers, threads_per_worker=1, dashboard_address=None) as made:
            engine = batch.cluster(made.scheduler_address)
            run(model, folder / "train", folder / "warm", engine, given.workers)  # workers import what they need
            there = run(model, folder / "stream", folder / "there", engine, given.workers)
        same = all(p.read_bytes() == (folder / "there" / p.name).read_bytes() for p in (folder / "local").iterdir())
    what = f"batch on a Dask scheduler with {given.workers} workers, {given.items:,} items"
    print("\n" + table(FIGURES, [
        [what, f"{there:,.0f} items/s", f"{given.workers} processes, started anew: {local:,.0f} items/s",
         f"{there / local:.2f}"],
        ["bytes of the scores", "the same" if same else "DIFFERENT", "those of the local run", "–"],
    ]))


if __name__ == "__main__":
    main()
