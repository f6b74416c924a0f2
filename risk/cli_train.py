"""The command that trains a model; part of the command line (`risk.cli`)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from risk.cli_tools import phases, print_table, space, tell

if TYPE_CHECKING:
    from risk.fitted import FittedModel
    from risk.results import Evaluation
    from risk.retraining import TrainConfig

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("train")(train)


def train(
    data: Annotated[
        Path | None,
        typer.Argument(help="A Data Package folder, a CSV, or Parquet; or as --config says.", metavar="DATA"),
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="TOML file; what is given here counts more.")] = None,
    model: Annotated[
        str | None,
        typer.Option("--model", help="auto (default), profiles, ga2m, logistic, scorecard, rules or boosted; auto "
                     "is profiles where finds record a family, else ga2m."),
    ] = None,
    labels: Annotated[str | None, typer.Option("--labels", help="examined (default) or truth.")] = None,
    without: Annotated[list[str] | None, typer.Option("--without", help="Concept or feature to leave out.")] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the model, NAME=NUMBER, as max_iter=120.")
    ] = None,
    tune: Annotated[int | None, typer.Option("--tune", help="Search over this many settings, judged in time order; "
                                             "a search that was stopped goes on where it was.")] = None,
    parallel: Annotated[int | None, typer.Option("--parallel", help="Trials at once on this machine.")] = None,
    cluster: Annotated[str | None, typer.Option("--cluster", help="Address of a Dask scheduler, for trials.")] = None,
    threads: Annotated[int | None, typer.Option("--threads", help="Of a fit; changes only the time.")] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="The same seed gives the same tables.")] = None,
    schema: Annotated[Path | None, typer.Option("--schema", help="Data dictionary of a single file.")] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Default: $RISK_WORKSPACE, else ./workspace.")
    ] = None,
) -> None:  # fmt: skip
    """Fit in time order, calibrate on a later slice, evaluate on the last, register; prints the id last.

    Example: risk train stream --model profiles --seed 7

    Again by script: risk train --config train.toml --tune 20
    """
    from risk import workbench
    from risk.retraining import TrainConfig, retrain

    asked = TrainConfig.load(config) if config else TrainConfig()
    given = {"data": data, "model": model, "labels": labels, "seed": seed, "schema": schema, "threads": threads,
             "workspace": workspace, "without": tuple(without) if without else None}  # fmt: skip
    asked = replace(asked, **{k: v for k, v in given.items() if v is not None})
    asked = _searching(replace(asked, settings={**asked.settings, **_numbers(setting or [])}), tune, parallel, cluster)
    if asked.data is None:
        raise typer.BadParameter("expected DATA, or a --config with a line data = \"…\".", param_hint="DATA")
    _ = asked.plan  # what makes no sense is said before the data are read
    loaded = workbench.open_data(asked.data, schema=asked.schema)
    tell(f"Training {asked.model} on {len(loaded.declarations):,} items …")
    with phases() as progress:
        done = retrain(loaded, asked, workspace=space(asked.workspace), progress=progress)
    _say(done.model, done.evaluation, timed=loaded.dictionary.clock is not None)


def _say(fitted: "FittedModel", result: "Evaluation", *, timed: bool) -> None:
    """What came of a training, and last its id alone on a line, for scripts."""
    from risk.demo import capacity_words

    if not timed:
        tell(f"No time column: items were parted {fitted.facts['split'].split(':')[0]}.")
    if "tuning" in fitted.facts:
        tell(_found(fitted.facts))
    tell(f"Evaluated on {result.n:,} {'newer' if result.period else 'other'} items, judged by {result.judge}:")
    print_table(capacity_words(result.capacity), "table")
    print(fitted.model_id)


def _searching(asked: "TrainConfig", tune: int | None, parallel: int | None, cluster: str | None) -> "TrainConfig":
    from risk.errors import BadSetting
    from risk.retraining import Tune

    given = {k: v for k, v in {"trials": tune, "parallel": parallel, "cluster": cluster}.items() if v is not None}
    for name in ("trials", "parallel"):
        if given.get(name, 1) < 1:
            raise BadSetting(name, got=given[name], expected="a whole number, at least 1")
    if not given or (asked.tune is None and tune is None):
        return asked
    return replace(asked, tune=replace(asked.tune or Tune(), **given))


def _numbers(given: list[str]) -> dict[str, Any]:
    """Settings as NAME=NUMBER. Errors: usage."""
    out: dict[str, Any] = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            out[name.strip()] = float(value) if any(c in value for c in ".eE") else int(value)
        except ValueError:
            raise typer.BadParameter(f"'{text}': expected NAME=NUMBER.", param_hint="--set") from None
    return out


def _found(facts: Any) -> str:
    told = facts["tuning"]
    what = ", ".join(f"{k} {v:g}" for k, v in facts["settings"].items()) or "the project's own settings"
    return (f"Best of {told['trials']} trials by {told['measure']}: {told['best']:.4f} with {what} "
            f"(the project's own settings: {told['own']:.4f}).")
