"""``python -m data_synthetic``: make streams and the documents that describe them, without the workbench.

The same as ``risk generate``, for whoever needs only the data.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from data_synthetic.world import HERE, PRESETS, load_world
from risk.errors import Refused, RiskError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 refused (message on stderr)."""
    given = _parser().parse_args(arguments)
    try:
        given.run(given)
    except RiskError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m data_synthetic",
        description="The made world.",
        epilog="Example: python -m data_synthetic generate --out stream --items 20000",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    make = commands.add_parser("generate", help="make a stream as a Data Package folder")
    make.add_argument("--out", required=True, type=Path, help="folder to create")
    make.add_argument("--items", type=int, help="items (20,000 unless history says otherwise)")
    make.add_argument("--days", type=int, help="days they cover (default: the world's period)")
    make.add_argument("--seed", type=int, default=0)
    make.add_argument(
        "--world", default="operational", help=f"a preset ({', '.join(PRESETS)}) or a TOML file"
    )
    make.add_argument("--history", type=Path, help="a package to continue: same parties, next days")
    make.add_argument("--processes", type=int, default=1, help="worker processes; the bytes do not change")
    make.set_defaults(run=_generate)
    _simple(commands, "sample", "make the committed sample again", _sample)
    _simple(commands, "datasheet", "fill the tables of the data sheet (README.md) again", _datasheet)
    _simple(commands, "plots", "draw every preset's behaviour in time into a folder", _plots)
    compare = commands.add_parser(
        "report", help="set streams beside the public figures; exit code 1 when one is off"
    )
    compare.add_argument("--world", default="operational", help="a preset or a TOML file")
    compare.add_argument("--items", type=int, default=100_000, help="items of each stream")
    compare.add_argument(
        "--seeds", type=int, nargs="+", default=[1, 2, 3], help="a stream for each; means are compared"
    )
    compare.set_defaults(run=_report)
    return parser


def _simple(commands, name: str, words: str, run: Callable[[argparse.Namespace], None]) -> None:
    command = commands.add_parser(name, help=words)
    command.add_argument("--out", type=Path, help="where to (default: its place in this folder)")
    command.set_defaults(run=run)


def _sample(given: argparse.Namespace) -> None:
    from data_synthetic.package import SAMPLE, generate_package, make_source
    out = given.out or HERE / "sample"
    if given.out is None and out.exists():
        shutil.rmtree(out)
    settings = dict(SAMPLE)
    print(
        generate_package(
            out, make_source(load_world(settings.pop("world")), settings.pop("n_items"), **settings)
        )
    )


def _generate(given: argparse.Namespace) -> None:
    from data_synthetic.package import generate_package, make_source
    source = make_source(load_world(given.world), given.items, seed=given.seed, days=given.days,
                         history=given.history)
    print(generate_package(given.out, source, processes=given.processes, progress=_progress()))


def _report(given: argparse.Namespace) -> None:
    from data_synthetic.report import report
    from data_synthetic.stream import generate
    world = load_world(given.world)
    told = report([generate(world, given.items, seed=s) for s in given.seeds], world)
    print(told)
    off = told.count("| OFF |")
    if off:
        raise Refused(f"{off} of the figures aimed at lie outside their tolerance; see OFF in the table.")


def _datasheet(given: argparse.Namespace) -> None:
    from data_synthetic.datasheet import README, fill
    out = given.out or README
    out.write_text(fill(README.read_text(encoding="utf-8")), encoding="utf-8")
    print(out)


def _plots(given: argparse.Namespace) -> None:
    from data_synthetic.plots import draw
    folder = given.out or HERE.parent / "docs" / "images"
    for preset in PRESETS:
        print(draw(preset, folder / f"world-{preset}.png"))


def _progress():
    if not sys.stderr.isatty():
        return None

    def show(done: int, wanted: int) -> None:
        print(f"\r{done:,} of {wanted:,} items", end="" if done < wanted else "\n", file=sys.stderr)
    return show


if __name__ == "__main__":
    sys.exit(main())
