"""Scoring as a person asks for it: a data set of any size into a file, on this machine or on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from risk import batch, datasets, workbench
from risk.errors import BadSetting, Refused
from risk.fitted import FittedModel
from risk.models.profile_tables import ProfileTables
from risk.models.scorecard import points_page, points_table, points_to_odds
from risk.models.sql import additive_sql
from risk.models.sql_profiles import profiles_sql
from risk.models.tables import AdditiveTables
from risk.schema import Feature

__all__ = ["Means", "Report", "model_sql", "score_to_file", "scorecard_table", "write_features",
           "write_scorecard", "write_text"]


@dataclass(frozen=True)
class Means:
    """What a run may use: a Dask scheduler's address, memory in words, tasks at once on this machine."""

    cluster: str | None = None
    memory_limit: str = "2GB"
    processes: int = 1

    def check(self) -> batch.Means:
        """The engine and the bytes these words stand for. Errors: `BadSetting`."""
        if self.processes < 1:
            raise BadSetting("processes", got=self.processes, expected="a whole number, at least 1")
        memory = batch.memory_bytes(self.memory_limit)
        engine = batch.cluster(self.cluster) if self.cluster else batch.processes(self.processes)
        return batch.Means(engine, memory, self.processes)


@dataclass(frozen=True)
class Report:
    """How many items were scored, and what a person should know before using the scores."""

    items: int
    notices: Sequence[str]


def score_to_file(
    model: FittedModel,
    data: str | Path,
    out: str | Path,
    *,
    explain: bool = False,
    schema: str | Path | None = None,
    history: str | Path | None = None,
    means: Means | None = None,
    progress: batch.Progress | None = None,
) -> Report:
    """Score a data set into Parquet (CSV where `out` says so).

    Parquet is streamed part by part within the memory allowed, and an interrupted run goes on where it was;
    a CSV is loaded whole, and so is everything where a `history` came before. See
    `risk.batch.score_data_set` for the rest.
    """
    data, out, means = Path(data), Path(out), means or Means()
    streamed = (data.is_dir() or data.suffix.lower() == ".parquet") and history is None
    if streamed and out.suffix.lower() != ".csv" and schema is None:
        done = batch.score_data_set(model, data, out, explain=explain, means=means.check(), progress=progress)
        return Report(done.items, workbench.unknown_notices(model, done.unknown))
    means.check()
    if means.cluster:
        raise BadSetting(
            "cluster",
            got=means.cluster,
            expected="Parquet in and out; workers share nothing else",
            todo="Convert the data, or leave --cluster out.",
        )
    loaded = workbench.open_data(data, schema=schema, history=history)
    scores = workbench.score(model, loaded, explain=explain)
    workbench.write_table(scores, out)
    return Report(len(scores), workbench.scoring_notices(model, loaded))


def model_sql(model: FittedModel) -> str:
    """The model as one SQL query over a table ``features`` (see `write_features`), with a note on top.

    Raises
    ------
    risk.errors.Refused
        When the model has no tables to write out.
    """
    id_column = model.dictionary.id_field
    if isinstance(model.tables, ProfileTables):
        query = profiles_sql(model.tables, table="features", id_column=id_column)
    elif isinstance(model.tables, AdditiveTables):
        query = additive_sql(model.tables, table="features", id_column=id_column)
    else:
        raise Refused(
            f"Model {model.model_id} ({model.kind}) has no tables, so it has no SQL form. Export one of "
            "the interpretable kinds. Nothing was written."
        )
    return (
        f"-- Model {model.model_id}: margin and attributions (log-odds). Synthetic data, for training.\n"
        f'-- Reads a table "features" with {id_column} and one number a feature, NULL where not known:\n'
        "-- make it with: risk export MODEL --to features --data DATA --out features.parquet\n"
        "-- The risk score is 1 / (1 + exp(-margin)).\n" + query + ";\n"
    )


def scorecard_table(model: FittedModel) -> pd.DataFrame:
    """A registered scorecard in points: one row a band, in the data dictionary's words.

    Raises
    ------
    risk.errors.Refused
        When the model is no scorecard.
    """
    if model.kind != "scorecard":
        raise Refused(
            f"Model {model.model_id} is of the kind {model.kind}, which has no points; expected a scorecard. Train "
            "one with: risk train DATA --model scorecard. Nothing was written."
        )
    features = {name: model.dictionary.feature(name) for name in model.tables.names}
    titles = {name: _titled(f) for name, f in features.items()}
    states = {n: model.features.state_[n] for n, f in features.items() if f.kind == "category"}
    levels = {n: [s["words"].get(v, v) for v in s["levels"]] for n, s in states.items()}
    return points_table(model.tables, titles=titles, levels=levels)


def _titled(feature: Feature) -> str:
    if feature.kind == "relative":
        return f"{feature.title} (0 = typical)"
    said = not feature.unit or feature.unit in feature.title.lower().split()
    return feature.title if said else f"{feature.title}, {feature.unit}"


def write_scorecard(model: FittedModel, out: str | Path) -> None:
    """Write a scorecard: one printable page where `out` ends in .html, else a table (CSV, Parquet)."""
    table = scorecard_table(model)
    if Path(out).suffix.lower() not in (".html", ".htm"):
        return workbench.write_table(datasets.formula_safe(table), out)
    note = "Made data, for training; not for live enforcement."
    write_text(points_page(table, points_to_odds(model.tables), title=f"Scorecard {model.model_id}", note=note), out)


def write_features(model: FittedModel, data: str | Path, out: str | Path) -> None:
    """Write the table that the SQL query reads: the id, and each feature as the model sees it (float32)."""
    loaded = workbench.open_data(data)
    made = model.features.transform(datasets.known(loaded, model.dictionary).declarations)
    made.insert(0, model.dictionary.id_field, loaded.declarations[model.dictionary.id_field].to_numpy())
    workbench.write_table(made.astype({n: "Float32" for n in made.columns[1:]}), out)


def write_text(text: str, path: str | Path) -> None:
    """Write a text file that appears whole or not at all."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
