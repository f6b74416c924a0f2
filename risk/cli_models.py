"""Commands about registered models; part of the command line (`risk.cli`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from risk.cli_tools import print_table, space, tell

__all__ = ["add_to"]

ModelArg = Annotated[
    str, typer.Argument(help="A model id, a unique prefix of one, or 'champion'.", metavar="MODEL")
]
SchemaOpt = Annotated[Path | None, typer.Option("--schema", help="Data dictionary of a single file.")]
SpaceOpt = Annotated[
    Path | None, typer.Option("--workspace", help="Default: $RISK_WORKSPACE, else ./workspace.")
]
FormatOpt = Annotated[str, typer.Option("--format", help="table, json or csv.")]
ReasonOpt = Annotated[str, typer.Option("--reason", help="Why, in words; kept, and written to the log.")]


def add_to(app: typer.Typer, models_app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command("card")(card)
    models_app.command("list")(models_list)
    models_app.command("show")(models_show)
    models_app.command("verify")(models_verify)
    models_app.command("compare")(models_compare)
    models_app.command("promote")(models_promote)
    models_app.command("rollback")(models_rollback)
    models_app.command("history")(models_history)


def models_list(workspace: SpaceOpt = None, format: FormatOpt = "table") -> None:
    """Registered models, oldest first. Example: risk models list"""
    from risk import champions

    print_table(champions.list_models(space(workspace)), format)


def models_show(model: ModelArg, workspace: SpaceOpt = None) -> None:
    """A model's manifest as JSON. Example: risk models show champion"""
    registry = space(workspace).registry
    print(json.dumps(registry.manifest(registry.resolve(model)), indent=1, ensure_ascii=False))


def models_verify(model: ModelArg, workspace: SpaceOpt = None) -> None:
    """Check every file's hash and score the stored items again. Example: risk models verify champion"""
    loaded = space(workspace).registry.load(model)
    print(f"{loaded.model_id}: every file is as registered, and the stored items score the same.")


def models_compare(
    a: Annotated[str, typer.Argument(help="A model, as everywhere.", metavar="A")],
    b: Annotated[str, typer.Argument(help="Another one.", metavar="B")],
    data: Annotated[Path, typer.Argument(help="A Data Package folder, a CSV, or Parquet.", metavar="DATA")],
    repeats: Annotated[int, typer.Option("--repeats", help="Bootstrap samples.")] = 1000,
    seed: Annotated[int, typer.Option("--seed", help="The same seed gives the same result.")] = 0,
    schema: SchemaOpt = None,
    workspace: SpaceOpt = None,
    format: FormatOpt = "table",
) -> None:
    """Two models on the same items that neither has learnt from: differences with 95 % intervals, and a verdict.

    The verdict is "we cannot tell" wherever the interval of the difference (B − A) covers 0.

    Example: risk models compare champion boosted stream
    """
    from risk import champions, workbench

    registry = space(workspace).registry
    loaded = workbench.open_data(data, schema=schema)
    found = champions.compare(registry.load(a), registry.load(b), loaded, repeats=repeats, seed=seed)
    if format != "table":
        return print_table(found.table.assign(model_a=found.a, model_b=found.b), format)
    tell(f"{found.n:,} items, {found.found:,} of them irregular, judged by {found.judge}.")
    print(f"A = {found.a}\nB = {found.b}\n")
    print_table(found.table.round(4), format)
    print(f"\nBy average precision: {found.verdict}.")


def models_promote(model: ModelArg, reason: ReasonOpt, workspace: SpaceOpt = None) -> None:
    """Make a model the champion; checked first, written to the log.

    Example: risk models promote ga2m-2026 --reason "finds more at 1 %"
    """
    from risk import champions

    print(champions.promote(space(workspace), model, reason=reason))


def models_rollback(reason: ReasonOpt, workspace: SpaceOpt = None) -> None:
    """Put the champion before this one back in use; checked first, written to the log.

    Example: risk models rollback --reason "too many false alarms since Monday"
    """
    from risk import champions

    print(champions.rollback(space(workspace), reason=reason))


def models_history(workspace: SpaceOpt = None, format: FormatOpt = "table") -> None:
    """Which models were in use, since when, by whom and why. Example: risk models history"""
    from risk import champions

    print_table(champions.champion_history(space(workspace)), format)


def card(
    model: ModelArg,
    check: Annotated[
        bool, typer.Option("--check", help="Check the written card; exit code 1 if anything is wrong.")
    ] = False,
    texts: Annotated[Path | None, typer.Option("--texts", help="TOML file with the card's words.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder; default: the model's own.")] = None,
    workspace: SpaceOpt = None,
) -> None:
    """A model's card, as JSON and as one page to print: use, data, features, worth with intervals, limits.

    Words that were edited in card.json stay; numbers come from the model and its evaluation.

    Example: risk card champion --check
    """
    from risk import champions
    from risk.cards import Texts

    where = space(workspace)
    if check:
        found = champions.check_card(where, model, out=out)
        for line in found:
            print(line)
        tell(f"{len(found)} findings." if found else "The card is whole, and every number is the model's own.")
        raise typer.Exit(1 if found else 0)
    said = Texts.from_toml(texts.read_text(encoding="utf-8")) if texts else None
    for path in champions.write_card(where, model, texts=said, out=out):
        print(path)
