"""Commands of the policy lab and of drift monitoring; part of the command line (`risk.cli`)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from risk.cli_tools import bar, print_table, space, tell

__all__ = ["add_to"]

_SHOWN = (
    "world",
    "policy",
    "weights",
    "window",
    "norm_precision",
    "norm_hindsight",
    "hit_rate",
    "detection_rate",
    "random_share",
    "stated_rate",
    "true_rate",
    "seeds",
)


def add_to(app: typer.Typer) -> None:
    """Add the commands of this module to the command line."""
    app.command()(simulate)


def simulate(
    policy: Annotated[str, typer.Option("--policy", help="One or several, with commas between them.")],
    weeks: Annotated[int, typer.Option("--weeks", help="Weeks that the policies run.")] = 52,
    capacity: Annotated[float, typer.Option("--capacity", help="Share of items examined, 0–1.")] = 0.02,
    seeds: Annotated[int, typer.Option("--seeds", help="How many years: seeds 1 to N.")] = 1,
    world: Annotated[
        str, typer.Option("--world", help="A preset, a world of the lab, or a file.")
    ] = "teaching",
    items_a_week: Annotated[int, typer.Option("--items-a-week")] = 4000,
    warm_up: Annotated[int, typer.Option("--warm-up", help="Weeks before: half rules, half random.")] = 8,
    weights: Annotated[str, typer.Option("--weights", help="none, or capped: learn with 1/π.")] = "none",
    cap: Annotated[float, typer.Option("--cap", help="Largest weight against the smallest.")] = 10.0,
    processes: Annotated[int, typer.Option("--processes", help="Years made at the same time.")] = 1,
    cluster: Annotated[
        Optional[str], typer.Option("--cluster", help="Address of a Dask scheduler.")  # noqa: UP045
    ] = None,
    table: Annotated[
        str, typer.Option("--table", help="summary, weekly, schemes, groups or estimates.")
    ] = "summary",
    out: Annotated[Optional[str], typer.Option("--out", help="Write the table there instead.")] = None,  # noqa: UP045
    workspace: Annotated[Optional[str], typer.Option("--workspace")] = None,  # noqa: UP045
    format: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
) -> None:
    """The policy lab: run targeting policies through a made year; each learns only from what it examines.

    Runs are kept in the workspace and not run again; a run that was stopped goes on where it was.

    Example: risk simulate --policy targeted,hybrid-90-10 --world drift --weeks 26 --seeds 2
    """
    from risk import batch, lab, workbench

    study = lab.study_of(
        policy,
        world=world,
        weeks=weeks,
        seeds=seeds,
        items_a_week=items_a_week,
        plan=lab.plan_of(capacity=capacity, warm_up=warm_up, weights=weights, cap=cap),
    )
    folder = space(workspace).root / "lab"
    with bar("Runs") as step:
        lab.run_study(
            study,
            folder,
            processes=processes,
            engine=batch.cluster(cluster) if cluster else None,
            progress=lambda done, total, _: step(done, total),
        )
    result = lab.table_of(study, folder, table)
    if out:
        workbench.write_table(result, out)
        return tell(f"Wrote {len(result):,} rows to {out}")
    print_table(result[[c for c in _SHOWN if c in result]].round(3) if table == "summary" else result, format)


def show_drift(
    model: str, data: Path, *, since: str, schema: Path | None, workspace: Path | None, format: str
) -> None:
    """``risk evaluate --since``: keep the weekly monitors in the workspace, print the alarms."""
    from risk import watching, workbench

    loaded, own = workbench.open_data(data, schema=schema), space(workspace)
    watched = watching.watch_drift(own.registry.load(model), loaded, since=since, workspace=own)
    if format != "table":
        return print_table(watched.table, format)
    print(watched.sentence)
    if len(watched.alarms):
        shown = watched.alarms.assign(week=watched.alarms["week"].dt.strftime("%Y-%m-%d")).drop(
            columns="alarm"
        )
        print_table(shown.round(4), format)
