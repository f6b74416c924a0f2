"""Commands about data sets and their dictionaries; part of the command line (`risk.cli`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Optional

import typer

from risk.cli_tools import print_table, space, tell

__all__ = ["add_to"]

DataArg = Annotated[
    Path,
    typer.Argument(help="A Data Package folder, a CSV, or a Parquet file or folder.", metavar="DATA"),
]
SchemaOpt = Annotated[Optional[Path], typer.Option("--schema", help="Data dictionary of a single file.")]  # noqa: UP045
FormatOpt = Annotated[str, typer.Option("--format", help="table, json or csv.")]


def add_to(app: typer.Typer, schema_app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command("check")(check)
    app.command("leakage")(leakage)
    schema_app.command("infer")(schema_infer)
    schema_app.command("show")(schema_show)


def check(data: DataArg, schema: SchemaOpt = None, format: FormatOpt = "table") -> None:
    """Say everything that is not as the data dictionary wants it. Exit code 1 when there is an error.

    At most 100 findings a column and code are listed; `total` is how many there are of that code in all.

    Example: risk check parcels.csv --format json
    """
    from risk import workbench

    findings = workbench.check(data, schema=schema)
    listed = findings.to_frame()
    print_table(listed[["row", "column", "code", "message"]] if format == "table" else listed, format)
    notices = sum(findings.counts.values()) - findings.errors
    tell(f"{findings.errors:,} errors, {notices:,} notices.")
    if findings.errors:
        raise typer.Exit(1)


def leakage(
    data: DataArg,
    model: Annotated[
        str, typer.Option("--model", help="A model's id, or 'champion'; by default one is trained.")
    ] = "",
    labels: Annotated[str, typer.Option("--labels", help="examined or truth.")] = "examined",
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same result.")] = 0,
    schema: SchemaOpt = None,
    workspace: Annotated[Optional[Path], typer.Option("--workspace")] = None,  # noqa: UP045
    format: FormatOpt = "table",
) -> None:
    """Can the label be had without learning anything? Exit code 1 when it can; each finding says what to do.

    Example: risk leakage stream
    """
    from risk import workbench

    loaded = workbench.open_data(data, schema=schema)
    fitted = space(workspace).registry.load(model) if model else None
    found = workbench.audit_leakage(loaded, model=fitted, labels=labels, seed=seed)
    table = found.to_frame()
    if format == "table":
        table = table.assign(leak=table["leak"].map({True: "LEAK", False: "no"}))
        table = table[["leak", "code", "figure", "limit", "message"]]
    print_table(table, format)
    for leak in found.leaks:
        tell(f"{leak.code}: {leak.todo}")
    tell(f"{len(found.leaks):,} leaks, judged on {found.n:,} later labelled items, {found.found:,} found.")
    if found.leaks:
        raise typer.Exit(1)


def schema_infer(
    file: Annotated[Path, typer.Argument(help="A CSV or Parquet file.", metavar="FILE")],
    id: Annotated[str, typer.Option("--id", help="Column that identifies a row.")] = "",
    time: Annotated[str, typer.Option("--time", help="Column that orders rows in time.")] = "",
    label: Annotated[str, typer.Option("--label", help="Column of what examinations showed.")] = "",
    out: Annotated[Optional[Path], typer.Option("--out", "-o", help="File to write.")] = None,  # noqa: UP045
    format: FormatOpt = "table",
) -> None:
    """Draft a data dictionary for your own table; every guess is marked for review.

    Without --out, the draft is printed as JSON. With it, the guesses are listed.

    Example: risk schema infer imports.csv --id entry --time day --label found --out dictionary.json
    """
    from risk import workbench

    descriptor = workbench.infer_dictionary(file, id=id, time=time, label=label)
    if out is None:
        return print(json.dumps(descriptor, indent=1, ensure_ascii=False))
    workbench.write_dictionary(descriptor, out)
    print_table(workbench.guesses_table(descriptor), format)
    for note in descriptor["risk"]["review"]:
        tell(note)
    tell(f"Written to {out}. Next: risk check {file} --schema {out}")


def schema_show(
    schema: Annotated[Optional[Path], typer.Argument(help="A dictionary or package folder.")] = None,  # noqa: UP045
    format: FormatOpt = "table",
) -> None:
    """The data dictionary as a table; of the made stream by default. Example: risk schema show"""
    from risk import workbench

    print_table(workbench.dictionary_table(schema), format)
