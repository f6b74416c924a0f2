"""``python -m data_synthetic``: make streams and the documents that describe them, without the workbench.

The same as ``risk generate``, for whoever needs only the data.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from data_synthetic.world import PRESETS, load_world
from risk.errors import RiskError

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
    parser = argparse.ArgumentParser(prog="python -m data_synthetic", description="The made world.",
                                     epilog="Example: python -m data_synthetic generate --out stream --items 20000")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    make = commands.add_parser("generate", help="make a stream as a Data Package folder")
    make.add_argument("--out", required=True, type=Path, help="folder to create")
    make.add_argument("--items", type=int, help="items (20,000 unless history says otherwise)")
    make.add_argument("--days", type=int, help="days they cover (default: the world's period)")
    make.add_argument("--seed", type=int, default=0)
    make.add_argument("--world", default="operational", help=f"a preset ({', '.join(PRESETS)}) or a TOML file")
    make.add_argument("--history", type=Path, help="a package to continue: same parties, next days")
    make.add_argument("--processes", type=int, default=1, help="worker processes; the bytes do not change")
    make.set_defaults(run=_generate)
    return parser


def _generate(given: argparse.Namespace) -> None:
    from data_synthetic.package import generate_package
    out = generate_package(given.out, load_world(given.world), given.items, seed=given.seed, days=given.days,
                           history=given.history, processes=given.processes, progress=_progress())
    print(out)


def _progress():
    if not sys.stderr.isatty():
        return None

    def show(done: int, wanted: int) -> None:
        print(f"\r{done:,} of {wanted:,} items", end="" if done < wanted else "\n", file=sys.stderr)
    return show


if __name__ == "__main__":
    sys.exit(main())
