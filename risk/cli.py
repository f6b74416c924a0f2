"""The command line: each command parses, makes one call to the workbench, and prints.

Results go to stdout, progress and errors to stderr. Exit codes: 0 done, 1 refused or found bad, 2 usage.
Heavy imports happen inside the commands, so that ``risk --help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from risk import cli_data, cli_evaluate, cli_explain, cli_lab, cli_models, cli_scale, cli_train
from risk.cli_tools import bar, print_table, space, tell
from risk.errors import RiskError

__all__ = ["app", "main"]

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False,
                  help="Postal-shipment risk-scoring workbench: made data, interpretable models, exact "
                       "explanations. For training, not for live enforcement.")
models_app = typer.Typer(no_args_is_help=True, help="Registered models: list, show, verify, compare, promote, "
                         "rollback, history.")
log_app = typer.Typer(no_args_is_help=True, help="The audit log: verify, export, seal.")
schema_app = typer.Typer(no_args_is_help=True, help="Data dictionaries: infer, show.")
app.add_typer(models_app, name="models")
app.add_typer(log_app, name="log")
app.add_typer(schema_app, name="schema")

DataArg = Annotated[Path, typer.Argument(help="A Data Package folder, a CSV, or a Parquet file or folder.",
                                         metavar="DATA")]
ModelArg = Annotated[str, typer.Argument(help="A model id, a unique prefix of one, or 'champion'.", metavar="MODEL")]
SchemaOpt = Annotated[Path | None, typer.Option("--schema", help="Data dictionary of a single file.")]
SpaceOpt = Annotated[Path | None, typer.Option("--workspace", help="Default: $RISK_WORKSPACE, else ./workspace.")]
DatabaseOpt = Annotated[str | None, typer.Option("--database", help="postgresql+psycopg://USER@HOST/NAME for several "
                                                 "processes; default: $RISK_DATABASE, else a file of the workspace.")]
FormatOpt = Annotated[str, typer.Option("--format", help="table, json or csv.")]
SeedOpt = Annotated[int, typer.Option("--seed", help="The same seed gives the same result.")]


@app.command()
def demo(items: Annotated[int, typer.Option("--items", help="Items in the stream.")] = 20_000,
         seed: SeedOpt = 7,
         no_app: Annotated[bool, typer.Option("--no-app", help="Stop before the web app.")] = False,
         port: Annotated[int, typer.Option("--port", help="Port of the web app.")] = 8501,
         workspace: SpaceOpt = None) -> None:
    """The whole main job on made data, from a stream of parcels to the web app.

    Example: risk demo --items 20000 --no-app
    """
    from risk import demo as demonstration

    done = demonstration.run(space(workspace), items=items, seed=seed, tell=tell)
    print(f"\nHit rate and detection rate on {done.evaluation.n:,} newer items, judged by "
          f"{done.evaluation.judge}:\n")
    print_table(demonstration.capacity_words(done.evaluation.capacity), "table")
    print(f"\nQueue: {done.batch.cases:,} items to look at, {done.batch.capacity:,} of them to examine.")
    print(f"Model: {done.model.model_id}")
    if no_app:
        print(f"Open the web app with: risk app --port {port}   (then http://localhost:{port})")
    else:
        _serve(port, space(workspace))


@app.command()
def generate(out: Annotated[Path, typer.Option("--out", help="Folder for the Data Package.")],
             items: Annotated[int | None, typer.Option("--items", help="Default: 20,000, or with --history as "
                                                          "many as come in --days.")] = None,
             days: Annotated[int | None, typer.Option("--days", help="Default: the world's own.")] = None,
             seed: SeedOpt = 7,
             world: Annotated[str, typer.Option("--world", help="A preset or a TOML file.")] = "teaching",
             history: Annotated[Path | None, typer.Option("--history", help="A package of the same world to "
                                                             "continue: same parties, next days.")] = None) -> None:
    """Make a stream of parcels: declarations, outcomes of examinations, and truth apart.

    Example: risk generate --out stream --items 20000 --seed 7
    """
    from data_synthetic import generate_package, load_world, make_source

    source = make_source(load_world(world), items, seed=seed, days=days, history=history)
    with bar("items") as progress:
        generate_package(out, source, progress=progress)
    print(f"Made {source.last - source.first:,} items of the world '{source.world.name}' in {out}")


@app.command()
def explain(model: ModelArg, data: DataArg,
            item: Annotated[str, typer.Option("--item", help="The item to explain.")],
            compare: Annotated[list[str] | None, typer.Option("--compare", help="Another model: what it says instead.")]
            = None,
            schema: SchemaOpt = None,
            history: Annotated[Path | None, typer.Option("--history", help="Data whose items came before.")] = None,
            workspace: SpaceOpt = None, format: FormatOpt = "table") -> None:
    """One item: its score, the reasons in words, and attributions that add up.

    With --compare, what several models say about it and where they disagree on the reasons.

    Example: risk explain champion stream --item CX000000005QM --compare ga2m --compare scorecard
    """
    if compare:
        return cli_explain.compare_models([model, *compare], data, item, schema=schema, history=history,
                                          workspace=workspace, format=format)
    import pandas as pd

    from risk import workbench

    loaded = workbench.open_data(data, schema=schema, history=history)
    told = workbench.explain_item(space(workspace).registry.load(model), loaded.declarations, item)
    table = pd.DataFrame([{"feature": r.feature, "attribution": round(r.attribution, 6), "reason": r.text}
                          for r in told.reasons])
    if format != "table":
        return print_table(table.assign(item_id=item, base_value=told.base_value, margin=told.margin), format)
    print(f"{item}: {told.frequency} (margin {told.margin:+.3f}, model {told.model_id})")
    if told.resembles:
        print("If irregular, it resembles: " + ", ".join(f"{p} {share:.0%}" for p, share in told.resembles[:3]))
    print_table(table, format)
    total = told.base_value + sum(r.attribution for r in told.reasons)
    print(f"base value {told.base_value:+.6f} + attributions = {total:+.6f}; margin {told.margin:+.6f}")


@app.command("select")
def select_command(scores: Annotated[Path, typer.Argument(help="Parquet file from: risk score", metavar="SCORES")],
                   capacity: Annotated[int, typer.Option("--capacity", help="How many items can be examined.")],
                   out: Annotated[Path, typer.Option("--out", help="Parquet or CSV file to write.")],
                   random_share: Annotated[float, typer.Option("--random-share", help="Drawn at random, 0–1.")] = 0.1,
                   seed: SeedOpt = 0) -> None:
    """Pick items within capacity, a stated share of them at random.

    Example: risk select scores.parquet --capacity 200 --random-share 0.1 --out lanes.parquet
    """
    from risk import workbench

    chosen = workbench.select(workbench.read_scores(scores), capacity=capacity, random_share=random_share, seed=seed)
    workbench.write_table(chosen, out)
    counts = chosen["lane"].value_counts()
    print(", ".join(f"{lane} {counts.get(lane, 0):,}" for lane in ("red", "yellow", "green")) + f" → {out}")


@app.command("app")
def web_app(port: Annotated[int, typer.Option("--port")] = 8501, database: DatabaseOpt = None,
            workspace: SpaceOpt = None) -> None:
    """Open the web app on this machine.

    Example: risk app --port 8501
    """
    _use(database)
    _serve(port, space(workspace))


@log_app.command("verify")
def log_verify(database: DatabaseOpt = None, workspace: SpaceOpt = None) -> None:
    """Check the whole audit log; exit code 1 and the place when anything was changed. Example: risk log verify"""
    from risk import workbench

    _use(database)
    result = workbench.verify_log(space(workspace))
    print(result.sentence)
    if not result.ok:
        raise typer.Exit(1)


@log_app.command("export")
def log_export(out: Annotated[Path, typer.Option("--out", help="JSON-lines file to write.")],
               database: DatabaseOpt = None, workspace: SpaceOpt = None) -> None:
    """Write the audit log as JSON lines, one entry a line. Example: risk log export --out log.jsonl"""
    from risk import workbench

    _use(database)
    print(workbench.export_log(space(workspace), out))


@log_app.command("seal")
def log_seal(database: DatabaseOpt = None, workspace: SpaceOpt = None) -> None:
    """Sign the log's present head and print its seal, to be written down elsewhere. Example: risk log seal"""
    from risk import workbench

    _use(database)
    print(workbench.seal_log(space(workspace)))


cli_data.add_to(app, schema_app)
cli_evaluate.add_to(app)
cli_explain.add_to(app)
cli_lab.add_to(app)
cli_models.add_to(app, models_app)
cli_train.add_to(app)
cli_scale.add_to(app)


def main() -> None:
    """Run the command line; an error a person can act on becomes a message and exit code 1."""
    try:
        app()
    except RiskError as error:
        print(f"risk: {error}", file=sys.stderr)
        sys.exit(1)
    except BrokenPipeError:  # the reader (head, less) has gone: not an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _use(database: str | None) -> None:
    """Let everything in this process, and the app that takes its place, use another database."""
    if database:
        os.environ["RISK_DATABASE"] = database


def _serve(port: int, workspace) -> None:
    """Hand over to Streamlit; it reads the workspace from the environment."""
    from risk.demo import app_command

    tell(f"Web app: http://localhost:{port}   (stop it with Ctrl+C)")
    os.environ["RISK_WORKSPACE"] = str(workspace.root.resolve())
    sys.stdout.flush()
    os.execv(sys.executable, app_command(port))


if __name__ == "__main__":
    main()
