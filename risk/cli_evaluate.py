"""The command that says what a model is worth; part of the command line (`risk.cli`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from risk import cli_lab
from risk.cli_tools import print_table, space

if TYPE_CHECKING:
    import pandas as pd

    from risk.workbench import Evaluation

__all__ = ["add_to"]

TABLES = ("capacity", "discrimination", "reliability", "costs", "estimates", "schemes")
_ESTIMATES = """
How irregular is the stream, and what is in the highest scores? Estimated from the examined items only.
naive: finds per examined item, as if they had been picked blindly; it speaks of what was picked, not of the stream.
horvitz-thompson: each find counts for as many items as it had to stand for; right on average whatever was targeted.
hajek: the same, divided by the estimated number of items; steadier where few were examined at random."""
_COSTS = """
What does it cost, in examinations per 1,000 items, when one miss costs as much as so many examinations? Each policy at
its best capacity; "saved" against the cheaper of examining nothing and everything; "as stated" when every item is
examined whose stated probability makes it worth while."""


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("evaluate")(evaluate)


def evaluate(
    model: Annotated[str, typer.Argument(help="A model id, a unique prefix, or 'champion'.", metavar="MODEL")],
    data: Annotated[Path, typer.Argument(help="A Data Package folder, a CSV or Parquet.", metavar="DATA")],
    schema: Annotated[Path | None, typer.Option("--schema", help="Data dictionary of a single file.")] = None,
    workspace: Annotated[
        Path | None, typer.Option("--workspace", help="Default: $RISK_WORKSPACE, else ./workspace.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="Watch for drift since that day.")] = None,
    table: Annotated[str, typer.Option("--table", help=f"For json and csv: {', '.join(TABLES)}.")] = "capacity",
    format: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
) -> None:
    """What a model is worth: at a capacity, as a ranking, as a probability, in cost, by group and scheme.

    With 95 % intervals; and the stream's rate as the examined items tell it, naively and weighted.

    With --since DAY: is the stream since then still the one before it? Weekly monitors, with their alarms.

    Example: risk evaluate champion stream
    """
    if since:
        return cli_lab.show_drift(model, data, since=since, schema=schema, workspace=workspace, format=format)
    from risk import workbench

    if table not in TABLES:
        raise typer.BadParameter(f"'{table}' is not a table; expected one of {', '.join(TABLES)}.")
    loaded = workbench.open_data(data, schema=schema)
    fitted = space(workspace).registry.load(model)
    result = workbench.evaluate(fitted, loaded, workspace=space(workspace))
    if format != "table":
        return print_table(getattr(result, table), format)
    titles = {name: loaded.dictionary[name].title.lower() for name in result.groups}
    _show(result, fitted.kind, titles)


def _show(result: "Evaluation", kind: str, titles: dict[str, str]) -> None:
    from risk.demo import capacity_words
    from risk.judging import oracle_sentence

    print(f"{result.n:,} items, judged by {result.judge}")
    print_table(capacity_words(result.capacity), "table")
    print(oracle_sentence(result, kind))
    print_table(result.discrimination.round(4), "table")
    print_table(result.reliability.round(4), "table")
    if len(result.estimates):
        print(_ESTIMATES)
        print_table(estimate_words(result.estimates), "table")
    print(_COSTS)
    print_table(cost_words(result.costs, kind), "table")
    for name, table in result.groups.items():
        print(f"\nBy {titles[name]}, at an examination rate of 2 %:")
        print_table(group_words(table), "table")
    if len(result.schemes):
        print("\nBy scheme (made world): share found when so many items are examined:")
        print_table(scheme_words(result.schemes), "table")


def estimate_words(table: "pd.DataFrame") -> "pd.DataFrame":
    """The estimates as people read them: one row a group of items, naive beside weighted, and the truth if known."""
    import pandas as pd

    rows = []
    for among, part in table.groupby("among", sort=False):
        first = part.iloc[0]
        said = {r.estimator: f"{r.rate:.2%} ({r.low:.2%}–{r.high:.2%})" for r in part.itertuples()}
        known = {"irregular in truth": f"{first['truth']:.2%}"} if "truth" in part else {}
        rows.append({"among": "all items" if among == 1 else f"highest {among:.0%}", "items": f"{first['items']:,}",
                     "examined": f"{first['examined']:,}", "found": f"{first['found']:,}", **said, **known})
    return pd.DataFrame(rows)


def cost_words(table: "pd.DataFrame", kind: str) -> "pd.DataFrame":
    """The cost table as people read it: one row a price of a miss."""
    import pandas as pd

    rows = []
    for ratio, part in table.groupby("cost_ratio"):
        of = part.set_index("policy")
        rows.append({"a miss costs": f"{ratio:g}", "best capacity": f"{of.at[kind, 'examination_rate']:.1%}",
                     **{f"cost {p}": f"{of.at[p, 'cost']:,.0f}" for p in of.index},
                     f"saved by {kind}": f"{of.at[kind, 'saved']:.0%}",
                     "cost as stated": f"{of.at[kind, 'cost_as_stated']:,.0f}"})
    return pd.DataFrame(rows)


def group_words(table: "pd.DataFrame") -> "pd.DataFrame":
    """A group table as people read it: one row a value, rates with their intervals."""
    import pandas as pd

    def rate(value: float, low: float, high: float) -> str:
        return "" if pd.isna(value) else f"{value:.1%} ({low:.1%}–{high:.1%})"

    return pd.DataFrame([
        {"group": r.group, "items": f"{r.n:,.0f}", "examined": f"{r.examination_rate:.1%}",
         "hit rate": rate(r.hit_rate, r.hit_rate_low, r.hit_rate_high),
         "regular items examined": rate(r.false_alarm_rate, r.false_alarm_low, r.false_alarm_high),
         "stated": f"{r.stated:.1%}", "observed": rate(r.observed, r.observed_low, r.observed_high)}
        for r in table.itertuples()])  # fmt: skip


def scheme_words(table: "pd.DataFrame") -> "pd.DataFrame":
    """Detection by scheme as people read it: one row a scheme, with its interval at 1 %."""
    import numpy as np
    import pandas as pd

    rows = []
    for name, part in table.groupby("scheme"):
        of = {f"at {r.examination_rate:.1%}": f"{r.detection_rate:.0%}" for r in part.itertuples()}
        one = part[np.isclose(part["examination_rate"], 0.01)].iloc[0]
        rows.append({"scheme": name, "items": int(one["n"]), **of,
                     "interval at 1 %": f"{one['low']:.0%}–{one['high']:.0%}"})
    return pd.DataFrame(rows)
