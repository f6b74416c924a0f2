"""Scores in a database: the exported query in DuckDB beside the model itself, and how far the two differ.

    python -m benchmarks.bench_sql [--items 20000]

The query is that of `risk export MODEL --to sql`, over a table of features; both give margins and every
attribution, on one thread. The limit for their difference is 1e-5.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.measure import FIGURES, machine, seconds, table
from risk import scoring, workbench
from risk.fitted import FittedModel

LIMIT = 1e-5


def row(model: FittedModel, x: np.ndarray, ids: pd.Series, repeats: int) -> list[list[str]]:
    """Rows of the table for one model."""
    import duckdb

    query = scoring.model_sql(model).rstrip().rstrip(";")
    features = pd.DataFrame(x, columns=list(model.tables.names)).astype(float)
    features = features.astype(object).where(features.notna(), None).astype("Float64")
    features.insert(0, model.dictionary.id_field, ids.to_numpy())
    with duckdb.connect(config={"threads": 1}) as database:
        database.register("features_frame", features)
        database.execute("CREATE TABLE features AS SELECT * FROM features_frame")
        told = database.execute(query).df().set_index(model.dictionary.id_field).loc[ids]
        written = f"CREATE OR REPLACE TABLE told AS {query}"
        spent = seconds(lambda: database.execute(written), repeats=repeats, warm=False)
    phi, margin = model.tables.explain(x)
    gap = np.abs(told["margin"].to_numpy() - margin).max()
    gap = max(gap, *(np.abs(told[f"phi_{n}"].to_numpy() - phi[:, j]).max()
                     for j, n in enumerate(model.tables.names)))
    own = seconds(lambda: model.tables.explain(x), repeats=repeats)
    n = len(x)
    return [
        [f"{model.kind} as SQL in DuckDB, {n:,} items", f"{n / spent:,.0f} items/s",
         f"the model itself: {n / own:,.0f} items/s", f"{own / spent:.3f}"],
        [f"{model.kind}: greatest difference of any margin or attribution", f"{gap:.0e}", f"limit: {LIMIT:.0e}",
         f"{gap / LIMIT:.0e}"],
    ]


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--items", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args(arguments)
    print(machine("duckdb", "numpy"))
    with tempfile.TemporaryDirectory() as name:
        workbench.generate(Path(name) / "stream", items=max(given.items, 20_000), seed=7)
        data = workbench.open_data(Path(name) / "stream")
    rows: list[list[str]] = []
    for kind in ("profiles", "ga2m"):
        model = workbench.train(data, kind, seed=7)
        some = data.declarations.tail(given.items)
        rows += row(model, model.features.values(some), some[data.dictionary.id_field], given.repeats)
    print("\n" + table(FIGURES, rows))


if __name__ == "__main__":
    main()
