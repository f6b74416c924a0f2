"""Commands for whole data sets and for other programs; part of the command line (`risk.cli`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from risk.cli_tools import phases, space, tell

__all__ = ["add_to"]

ModelArg = Annotated[str, typer.Argument(help="A model id, a unique prefix, or 'champion'.", metavar="MODEL")]
SpaceOpt = Annotated[
    Path | None, typer.Option("--workspace", help="Default: $RISK_WORKSPACE, else ./workspace.")
]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command("score")(score)
    app.command("export")(export)
    app.command("serve")(serve)


def score(
    model: ModelArg,
    data: Annotated[
        Path, typer.Argument(help="A Data Package folder, a CSV, Parquet or parts.", metavar="DATA")
    ],
    out: Annotated[Path, typer.Option("--out", help="Parquet file, or folder for data in parts.")],
    explain: Annotated[
        bool, typer.Option("--explain", help="Also write each feature's attribution.")
    ] = False,
    schema: Annotated[Path | None, typer.Option("--schema", help="Data dictionary of a single file.")] = None,
    history: Annotated[Path | None, typer.Option("--history", help="Data whose items came before.")] = None,
    cluster: Annotated[str | None, typer.Option("--cluster", help="Address of a Dask scheduler.")] = None,
    memory_limit: Annotated[
        str, typer.Option("--memory-limit", help="Of this machine, for all tasks.")
    ] = "2GB",
    processes: Annotated[int, typer.Option("--processes", help="Tasks at once on this machine.")] = 1,
    workspace: SpaceOpt = None,
) -> None:
    """Score every item into Parquet, of data larger than memory too; an interrupted run goes on where it was.

    Example: risk score champion stream --out scores.parquet --explain
    """
    from risk.scoring import Means, score_to_file

    fitted, means = space(workspace).registry.load(model), Means(cluster, memory_limit, processes)
    with phases("items/s") as progress:
        done = score_to_file(
            fitted, data, out, explain=explain, schema=schema, history=history, means=means, progress=progress
        )
    for notice in done.notices:
        tell(notice)
    print(f"Scored {done.items:,} items into {out}")


def export(
    model: ModelArg,
    to: Annotated[
        str,
        typer.Option("--to", help="sql: a query; features: the table that it reads; scorecard: its points."),
    ] = "sql",
    data: Annotated[Path | None, typer.Option("--data", help="Whose features to write.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; sql is printed by default.")
    ] = None,
    workspace: SpaceOpt = None,
) -> None:
    """The model as one SQL query over a table of features, and that table; a scorecard as one page or CSV.

    Example: risk export champion --to sql --out score.sql

    Example: risk export scorecard-2026 --to scorecard --out card.html
    """
    from risk import scoring

    fitted = space(workspace).registry.load(model)
    if to == "sql":
        text = scoring.model_sql(fitted)
        if out is None:
            print(text)
            return
        scoring.write_text(text, out)
    elif to == "features" and data is not None and out is not None:
        scoring.write_features(fitted, data, out)
    elif to == "scorecard" and out is not None:
        scoring.write_scorecard(fitted, out)
    else:
        expected = "sql, features with --data and --out, or scorecard with --out"
        raise typer.BadParameter(f"'{to}': expected {expected}.")
    print(f"Wrote {out}")


def serve(
    model: ModelArg = "champion",
    port: Annotated[int, typer.Option("--port")] = 8080,
    host: Annotated[
        str, typer.Option("--host", help="Who may ask; this machine only by default.")
    ] = "127.0.0.1",
    history: Annotated[Path | None, typer.Option("--history", help="Data whose items came before.")] = None,
    scores: Annotated[Path | None, typer.Option("--scores", help="From risk score; sets the lanes.")] = None,
    rate: Annotated[
        float, typer.Option("--rate", help="Share of such a stream that can be examined.")
    ] = 0.02,
    workspace: SpaceOpt = None,
) -> None:
    """Scores over HTTP: one declaration or many, with lane, reasons, model id. Needs the extra [service].

    Example: risk serve champion --port 8080
    """
    from risk.cli_tools import need

    need("fastapi", "uvicorn", extra="service")
    import gc

    import uvicorn

    from risk.service import make_app, make_scorer

    scorer = make_scorer(space(workspace), model, history=history, scores=scores, rate=rate)
    where = f"http://{host}:{port}"
    tell(f"Scores by {scorer.model.model_id}: POST {where}/score   (its form: {where}/openapi.json)")
    served = make_app(scorer)
    gc.collect()
    gc.freeze()  # what is loaded stays loaded: later collections need not walk through it while somebody waits
    uvicorn.run(served, host=host, port=port, log_level="warning", timeout_keep_alive=75)
