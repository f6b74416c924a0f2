"""What the commands share: the workspace, progress to stderr, tables to stdout in three forms."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import pandas as pd

    from risk.workbench import Workspace

__all__ = ["need", "space", "tell", "print_table", "bar", "phases"]


def space(path: str | Path | None) -> "Workspace":
    """The workspace at `path`, else the default one."""
    from risk.workbench import Workspace

    return Workspace.at(path)


def need(*modules: str, extra: str) -> None:
    """Say which extra to install where a module is absent. Errors: `BadSetting`."""
    from importlib.util import find_spec

    from risk.errors import BadSetting

    if not all(map(find_spec, modules)):
        raise BadSetting("extra", got="not installed", expected=f"the extra [{extra}]",
                         todo=f"Install it with: pip install 'postal-risk-workbench[{extra}]'.")


def tell(text: str) -> None:
    """Say something about progress; results go to stdout."""
    print(text, file=sys.stderr, flush=True)


def print_table(table: "pd.DataFrame", format: str) -> None:
    """Print a table as ``table``, ``json`` or ``csv``."""
    if format == "json":
        print(table.to_json(orient="records", indent=1, force_ascii=False, date_format="iso"))
    elif format == "csv":
        from risk.workbench import formula_safe

        print(formula_safe(table).to_csv(index=False), end="")
    elif format == "table":
        _print_rich(table)
    else:
        raise typer.BadParameter(f"'{format}' is not a format; expected table, json or csv.")


def _print_rich(table: "pd.DataFrame") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = Table(show_edge=False, pad_edge=False, header_style="bold")
    for name in table.columns:
        shown.add_column(
            str(name), justify="right" if table[name].dtype.kind in "fi" else "left", overflow="fold"
        )
    for row in table.itertuples(index=False):
        shown.add_row(*[Text(_cell(v)) for v in row])
    Console(width=None if sys.stdout.isatty() else 160, highlight=False).print(shown)


def _cell(value: object) -> str:
    return (
        f"{value:,}"
        if isinstance(value, int)
        else f"{value:,.6g}"
        if isinstance(value, float)
        else str(value)
    )


@contextmanager
def bar(words: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on stderr, off when that is not a terminal; hand it how many are done, of how many."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(words)
        yield lambda done, wanted: progress.update(task, completed=done, total=wanted)


@contextmanager
def phases(unit: str = "") -> Iterator[Callable[[str, int, int], None] | None]:
    """A bar a phase on stderr, with its speed in `unit` and the time left; nothing where that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,}/{task.total:,}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        known: dict[str, TaskID] = {}

        def show(phase: str, done: int, total: int) -> None:
            if phase not in known:
                known[phase] = bars.add_task(phase, total=total, rate="")
            speed = bars.tasks[known[phase]].speed if unit else None
            bars.update(known[phase], completed=done, rate=f"{speed:,.0f} {unit}" if speed else "")

        yield show
