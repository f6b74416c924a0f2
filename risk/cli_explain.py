"""Commands that put explanations to the test; part of the command line (`risk.cli`)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from risk.cli_tools import print_table, space

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["add_to", "compare_models"]


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command("audit-explanations")(audit_explanations)
    app.command("counter-check")(counter_check)


def audit_explanations(
    model: Annotated[str, typer.Argument(metavar="MODEL")],
    data: Annotated[str, typer.Argument(metavar="DATA")],
    rate: Annotated[
        float, typer.Option("--rate", help="Share of items, by score, that counts as flagged.")
    ] = 0.02,
    retrain: Annotated[
        int, typer.Option("--retrain", help="Train again this often on bootstrap samples, to see whether reasons stay.")
    ] = 0,
    beside: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--beside", help="Another model, asked about the same items."),
    ] = None,
    by_scheme: Annotated[bool, typer.Option("--by-scheme", help="One row a scheme as well.")] = False,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    workspace: Annotated[Optional[str], typer.Option("--workspace")] = None,  # noqa: UP045
    format: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
) -> None:
    """Do reasons name the cause? Attributions against what the made world altered; needs its truth.

    Example: risk audit-explanations champion stream --retrain 3 --beside ga2m
    """
    from risk import explaining, workbench

    loaded, registry = workbench.open_data(data), space(workspace).registry
    others = {other: registry.load(other) for other in beside or ()}
    found = explaining.audit_explanations(
        registry.load(model), loaded, rate=rate, retrain=retrain, beside=others, seed=seed
    )
    space(workspace).results.keep_audit(found.model_id, found.tables)  # the Model page shows it
    if format != "table":
        return print_table(found.to_frame(), format)
    flagged = f"{found.flagged:,} irregular items among the {found.rate:.1%} highest scores"
    _print_causes(f"Agrees with the cause, by reason: {flagged}", found.cause, found.beside, by_scheme)
    _print_causes("\nAgrees with the cause, by field that was stated: the same items", found.cause_by_field,
                  found.beside_by_field, by_scheme)
    print("\nFaithful to the model (says nothing about the cause)\n")
    print_table(found.faithful.round(6), format)


def _print_causes(title: str, cause: "pd.DataFrame", beside: "pd.DataFrame", by_scheme: bool) -> None:
    print(title + "\n")
    print_table((cause if by_scheme else cause[cause["scheme"] == "all"]).round(3), "table")
    if len(beside):
        print("\nModels on the same items; the difference is the first model's value less each one's\n")
        print_table(beside.round(3), "table")


def counter_check(
    model: Annotated[str, typer.Argument(metavar="MODEL")],
    data: Annotated[str, typer.Argument(metavar="DATA")],
    item: Annotated[str, typer.Option("--item", help="The item to check.")],
    capacity: Annotated[Optional[int], typer.Option("--capacity", help="Default: 2 % of the items.")] =  # noqa: UP045
    None,
    other: Annotated[Optional[list[str]], typer.Option("--other", help="Another model.")] = None,  # noqa: UP045
    workspace: Annotated[str | None, typer.Option("--workspace")] = None,
) -> None:
    """Reasons to doubt one score: does it hang on one field, what became of similar items, do models agree?

    Example: risk counter-check champion stream --item CX000000005QM --other rules
    """
    from risk import explaining, workbench

    registry = space(workspace).registry
    others = {name: registry.load(name) for name in other or ()}
    found = explaining.counter_check(
        registry.load(model), workbench.open_data(data), item, capacity=capacity, others=others
    )
    print(f"{item}: lane {found.lane}. {found.robustness}\n\nSimilar earlier items\n")
    print_table(found.similar.round(3), "table")
    print("\nWhat models say\n")
    print_table(found.agreement.round(3), "table")


def compare_models(names: Sequence[str], data: Path, item: str, *, schema: Path | None = None,
                   history: Path | None = None, workspace: Path | None = None, format: str = "table") -> None:
    """Print what several models say about one item; part of ``risk explain --compare``."""
    import pandas as pd

    from risk import explaining, workbench
    from risk.explanation import as_frequency, odds_words

    registry = space(workspace).registry
    models = {name: registry.load(name) for name in names}
    loaded = workbench.open_data(data, schema=schema, history=history)
    said, reasons = explaining.compare_item(models, loaded, item)
    if format != "table":
        return print_table(reasons, format)
    for row in said.itertuples():
        print(f"{row.model}: {as_frequency(row.risk_score, loaded.dictionary.question)}. {row.top_reason}")
    words = {name: [("does not use it" if pd.isna(v) else odds_words(v)) for v in reasons[name]]
             for name in reasons.columns[2:-1]}
    print("\nWhat each makes of the details that any of them finds most important\n")
    print_table(reasons[["title"]].assign(**words, together=reasons["reading"]), format)
