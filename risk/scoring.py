"""Scoring as a person asks for it: a data set of any size into a file, on this machine or on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from risk import batch, workbench
from risk.errors import BadSetting
from risk.fitted import FittedModel

__all__ = ["Means", "Report", "score_to_file"]


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
    means: Means | None = None,
    progress: batch.Progress | None = None,
) -> Report:
    """Score a data set into Parquet (CSV where `out` says so).

    Parquet is streamed part by part within the memory allowed, and an interrupted run goes on where it was;
    a CSV is loaded whole. See `risk.batch.score_data_set` for the rest.
    """
    data, out, means = Path(data), Path(out), means or Means()
    streamed = data.is_dir() or data.suffix.lower() == ".parquet"
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
    loaded = workbench.open_data(data, schema=schema)
    scores = workbench.score(model, loaded, explain=explain)
    workbench.write_table(scores, out)
    return Report(len(scores), workbench.scoring_notices(model, loaded))
