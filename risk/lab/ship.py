"""Make the tables that ship with the workbench again: ``python -m risk.lab.ship [RUNS]``.

Seed 1 of the experiments ``presets-large``, ``all-policies`` and ``bagged``.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from risk.lab.experiments import experiment
from risk.lab.runs import run_study
from risk.lab.shown import SHIPPED, make_shown, save_shown

__all__ = ["main"]


def main(runs: Path = Path("workspace/lab")) -> None:
    """Run what is missing, gather it, write it into the package."""
    studies = [
        replace(s, seeds=s.seeds[:1])
        for name in ("presets-large", "all-policies", "bagged")
        for s in experiment(name).studies.values()
    ]
    for study in studies:
        run_study(study, runs)
    save_shown(make_shown(studies, runs), SHIPPED)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
