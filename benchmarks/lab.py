"""The policy lab's committed experiments: run what is missing, draw the figure, print table and reading.

    python -m benchmarks.lab NAME [--runs FOLDER] [--processes N] [--seeds N]

NAME is an experiment of `risk.lab.experiments`. Figures go to ``docs/images``; runs are kept in FOLDER and
are not run again.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import t as student

from benchmarks.measure import machine, table
from risk.lab.experiments import EXPERIMENTS, FIXED, experiment
from risk.lab.runs import Study, results, run_study
from risk.simulation import POLICIES
from risk.simulation.measures import ROLLING, summary, weekly_measures

IMAGES = Path(__file__).parent.parent / "docs" / "images"
INK = {
    "targeted": "#0b6bb0",
    "hybrid-99-1": "#56a0d3",
    "hybrid-90-10": "#c9521a",
    "hybrid-70-30": "#e0a030",
    "adaptive": "#00795c",
    "random": "#8a949e",
}


def main() -> None:
    """Run one experiment and say what it shows."""
    asked = _arguments()
    given = experiment(asked.name)
    studies = {name: replace(s, seeds=s.seeds[: asked.seeds]) for name, s in given.studies.items()}
    for part in _rounds(list(studies.values()), asked.processes):
        run_study(part, asked.runs, processes=asked.processes, progress=_tell)
    shown = "groups" if asked.name == "equal-lanes" else "weekly"
    tables = {name: results(study, asked.runs, shown) for name, study in studies.items()}
    print(f"{machine('numpy', 'pandas', 'scikit-learn')}\n\n{given.question}\n")
    SHOWN[asked.name](tables, given.studies)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lab", description=__doc__.split("\n")[0])
    parser.add_argument("name", choices=sorted(EXPERIMENTS))
    parser.add_argument("--runs", type=Path, default=Path("workspace/lab"), help="where runs are kept")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=None, help="only the first N seeds")
    return parser.parse_args()


def _rounds(studies: list[Study], processes: int) -> list[Study]:
    """In one process seed by seed, so that studies of one recipe make its year once; else study by study."""
    if processes > 1:
        return studies
    seeds = dict.fromkeys(seed for study in studies for seed in study.seeds)
    return [replace(study, seeds=(k,)) for k in seeds for study in studies if k in study.seeds]


def _tell(done: int, total: int, words: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{done}/{total} {words:<50}", end="\n" if done == total else "", file=sys.stderr, flush=True)


# ------------------------------------------------------------------------------------------ what each shows


def mean_and_error(weekly: pd.DataFrame, window: str, measure: str = "norm_precision") -> pd.DataFrame:
    """Mean and standard error over seeds of a measure in a window, by policy."""
    runs = summary(weekly)
    by = runs[runs["window"] == window].groupby("policy")[measure]
    return pd.DataFrame({"mean": by.mean(), "se": by.sem().fillna(0.0), "n": by.size()})


def _half_width(values: np.ndarray | pd.Series | pd.DataFrame) -> np.ndarray:
    """Half of the 95 % interval of the mean over seeds (the first axis), by Student's t; 0 for one seed."""
    n = len(values)
    if n < 2:
        return np.zeros(np.shape(values)[1:])
    return student.ppf(0.975, n - 1) * np.std(values, axis=0, ddof=1) / np.sqrt(n)


def _line(axes: plt.Axes, runs: list[np.ndarray], color: str, label: str) -> None:
    """The mean over seeds: each seed as a faint line where they are few, else the mean's 95 % interval."""
    mean, half = np.mean(runs, axis=0), _half_width(np.array(runs))
    for run in runs if len(runs) <= 5 else []:
        axes.plot(run, color=color, lw=0.6, alpha=0.35)
    if len(runs) > 5:
        axes.fill_between(np.arange(len(mean)), mean - half, mean + half, color=color, alpha=0.15, lw=0)
    axes.plot(mean, color=color, lw=2.4, label=label)


def _rolling(weekly: pd.DataFrame) -> dict[str, np.ndarray]:
    """Rolling norm-precision by policy, shape (n_seeds, n_weeks)."""
    return {
        p: np.array([weekly_measures(t)["norm_precision"] for _, t in weekly[weekly["policy"] == p].groupby("seed")])
        for p in INK
        if p in set(weekly["policy"])
    }


def _year_figure(weekly: pd.DataFrame, name: str, title: str, mark: float | None = None) -> None:
    """Rolling norm-precision by week and policy."""
    figure, axes = plt.subplots(figsize=(8.4, 4.2))
    for policy, runs in _rolling(weekly).items():
        _line(axes, list(runs), INK[policy], POLICIES[policy].title)
    if mark is not None:
        axes.axvline(mark, color="#16202b", lw=1, ls="--")
        axes.text(mark + 0.4, axes.get_ylim()[1] * 0.97, "the world shifts", va="top", fontsize=9)
    axes.set(xlabel="week", ylabel=f"norm-precision, rolling {ROLLING} weeks", title=title, ylim=(0, None))
    axes.legend(frameon=False, fontsize=9, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.14))
    _save(figure, name)


def _gap_figure(weekly: pd.DataFrame, name: str, title: str) -> None:
    """The same beside its difference from targeted-only, seed by seed: there the luck of a seed's year is out."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 4.4))
    by = _rolling(weekly)
    for policy, runs in by.items():
        left.plot(runs.mean(axis=0), color=INK[policy], lw=2.2, label=POLICIES[policy].title)
        if policy == "targeted":
            right.axhline(0, color=INK[policy], lw=2.2)
        else:
            _line(right, list(100 * (runs - by["targeted"])), INK[policy], "")
    left.set(xlabel="week", ylabel=f"norm-precision, rolling {ROLLING} weeks", title=title, ylim=(0, None))
    right.set(xlabel="week", ylabel="points", title="Minus targeted only, 95 % interval")
    left.legend(frameon=False, fontsize=9, loc="lower right")
    _save(figure, name)


def _save(figure: plt.Figure, name: str) -> None:
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
    figure.tight_layout()
    IMAGES.mkdir(parents=True, exist_ok=True)
    figure.savefig(IMAGES / f"lab-{name}.png", dpi=110, metadata={"Software": None})
    plt.close(figure)
    print(f"\n→ docs/images/lab-{name}.png")


def _windows(weekly: pd.DataFrame) -> list[list[str]]:
    rows = []
    for policy in [p for p in POLICIES if p in set(weekly["policy"])]:
        cells = [mean_and_error(weekly, w).loc[policy] for w in ("all", "last 13")]
        hit = mean_and_error(weekly, "all", "hit_rate").loc[policy, "mean"]
        share = mean_and_error(weekly, "all", "random_share").loc[policy, "mean"]
        rows.append(
            [
                POLICIES[policy].title,
                *(f"{c['mean']:.3f} ± {c['se']:.3f}" for c in cells),
                f"{hit:.1%}",
                f"{share:.1%}",
                f"{int(cells[0]['n'])}",
            ]
        )
    return rows


_HEAD = ["policy", "norm-precision, year", "last 13 weeks", "hit rate", "random share", "seeds"]


def _against_targeted(weekly: pd.DataFrame) -> str:
    """Norm-precision minus that of targeted-only, seed by seed, in points, with its 95 % interval."""
    runs, rows = summary(weekly), []
    by = {w: runs[runs["window"] == w].pivot(index="seed", columns="policy", values="norm_precision")
          for w in ("all", "last 13")}
    for policy in [p for p in POLICIES if p in by["all"] and p not in ("targeted", "random")]:
        gaps = [100 * (whole[policy] - whole["targeted"]) for whole in by.values()]
        behind = int((gaps[1] < 0).sum())
        cells = [f"{gap.mean():+.1f} ± {float(_half_width(gap)):.1f}" for gap in gaps]
        rows.append([POLICIES[policy].title, *cells, f"{behind} of {len(gaps[1])}"])
    head = ["minus targeted only, points", "year", "last 13 weeks", "seeds behind it in the last 13 weeks"]
    return f"\n{table(head, rows)}\n± is half of the 95 % interval"


def domain_shift(tables: dict[str, pd.DataFrame], studies: dict[str, Study]) -> None:
    """The field's main lesson."""
    weekly = tables["domain-shift"]
    print(table(_HEAD, _windows(weekly)))
    print(_against_targeted(weekly))
    _year_figure(weekly, "domain-shift", "A world that shifts in week 13", mark=13)


def calm(tables: dict[str, pd.DataFrame], studies: dict[str, Study]) -> None:
    """Where nothing changes."""
    weekly = tables["calm"]
    print(table(_HEAD, _windows(weekly)))
    print(_against_targeted(weekly))
    _gap_figure(weekly, "calm", "A world in which nothing changes")


def reacting(tables: dict[str, pd.DataFrame], studies: dict[str, Study]) -> None:
    """The same world with and without reaction to being found."""
    for name, weekly in tables.items():
        print(f"\n{name}\n\n{table(_HEAD, _windows(weekly))}")
    _year_figure(tables["reacting"], "reacting", "Who is found goes on under another face")


def equal_lanes(tables: dict[str, pd.DataFrame], studies: dict[str, Study]) -> None:
    """Two halls with the same true rate: how uneven examinations become."""
    figure, axes = plt.subplots(figsize=(8.4, 4.2))
    ink, rows = ["#0b6bb0", "#c9521a", "#e0a030", "#00795c", "#7a5195", "#8a949e"], []
    for color, (name, groups) in zip(ink, tables.items(), strict=True):
        shares = np.array(_busier(groups))
        _line(axes, [_smooth(run) for run in shares], color, name)
        year, late = shares.mean(axis=1), shares[:, -13:].mean(axis=1)
        rows.append(
            [
                name,
                *(f"{v.mean():.1%} ± {float(_half_width(v)):.1%}" for v in (year, late)),
                f"{late.min():.0%}–{late.max():.0%}",
                f"{(late > 0.9).sum()} of {len(late)}",
            ]
        )
    axes.axhline(0.5, color="#16202b", lw=1, ls="--")
    axes.set(
        xlabel="week",
        ylabel="share of examinations in the hall\nthat is busier in the end, 4 weeks",
        ylim=(0, 1.02),
        title="Two halls with the same true rate",
    )
    axes.legend(frameon=False, fontsize=9, ncols=2, loc="upper center", bbox_to_anchor=(0.5, -0.18))
    head = ["policy and learning", "busier hall, year", "last 13 weeks", "range over seeds", "seeds above 90 %"]
    print(f"{table(head, rows)}\n± is half of the 95 % interval")
    _save(figure, "equal-lanes")


def _smooth(values: np.ndarray) -> np.ndarray:
    """Means over four weeks."""
    return pd.Series(values).rolling(4, min_periods=1).mean().to_numpy()


def _busier(groups: pd.DataFrame) -> list[np.ndarray]:
    """Per seed and week the share of the hall that had more examinations over that seed's last 13 weeks."""
    out = []
    for _, t in groups.groupby("seed"):
        counts = t.pivot(index="week", columns="group", values="examined").to_numpy(dtype=float)
        share = counts / counts.sum(axis=1, keepdims=True)
        out.append(share[:, share[-13:].mean(axis=0).argmax()])
    return out


def presets(tables: dict[str, pd.DataFrame], studies: dict[str, Study]) -> None:
    """The fixed ratios and the adaptive one on every preset, seed by seed."""
    rows = []
    for name, weekly in tables.items():
        runs = summary(weekly)
        whole = runs[runs["window"] == "all"].pivot(index="seed", columns="policy", values="norm_precision")
        best = whole[list(FIXED)].mean().idxmax()
        gap, fair = whole["adaptive"] - whole[best], _against_the_other_half(whole)
        rows.append(
            [
                name,
                *(f"{whole[p].mean():.3f}" for p in (*FIXED, "adaptive")),
                POLICIES[best].title,
                f"{100 * gap.mean():+.1f} ± {100 * gap.sem():.1f}",
                f"{100 * fair.mean():+.1f} ± {100 * fair.sem():.1f}",
                f"{len(whole)}",
            ]
        )
    head = [
        "preset",
        *(POLICIES[p].title for p in (*FIXED, "adaptive")),
        "best fixed",
        "adaptive against it, points",
        "best fixed picked on other seeds",
        "seeds",
    ]
    print(table(head, rows))
    _preset_figure(tables)


def _against_the_other_half(whole: pd.DataFrame) -> pd.Series:
    """Adaptive minus the fixed ratio that is best on the other half of the seeds: picked before it is seen."""
    even = np.arange(len(whole)) % 2 == 0
    gaps = [whole.loc[h, "adaptive"] - whole.loc[h, whole.loc[~h, list(FIXED)].mean().idxmax()]
            for h in (even, ~even) if (~h).any()]
    return pd.concat(gaps)


def _preset_figure(tables: dict[str, pd.DataFrame]) -> None:
    figure, axes = plt.subplots(figsize=(8.4, 4.2))
    names = [*FIXED, "adaptive"]
    for k, policy in enumerate(names):
        cells = [mean_and_error(t, "all").loc[policy] for t in tables.values()]
        at = np.arange(len(tables)) + 0.15 * (k - 2)
        axes.errorbar(
            at,
            [c["mean"] for c in cells],
            [1.96 * c["se"] for c in cells],
            fmt="o",
            ms=6,
            lw=1.6,
            color=INK[policy],
            label=POLICIES[policy].title,
        )
    axes.set_xticks(range(len(tables)), list(tables))
    axes.set(
        ylabel="norm-precision over the year, 95 % interval",
        title="Fixed ratios and the adaptive hybrid",
        ylim=(0, None),
    )
    axes.legend(frameon=False, fontsize=9, ncols=3, loc="lower center")
    _save(figure, "presets")


def all_policies(tables: dict[str, pd.DataFrame], studies: dict[str, Study]) -> None:
    """The other policies on every preset."""
    for name, weekly in tables.items():
        print(f"\n{name}\n\n{table(_HEAD, _windows(weekly))}")


SHOWN: dict[str, Callable[[dict[str, pd.DataFrame], dict[str, Study]], None]] = {
    "domain-shift": domain_shift,
    "calm": calm,
    "reacting": reacting,
    "equal-lanes": equal_lanes,
    "presets": presets,
    "all-policies": all_policies,
}


if __name__ == "__main__":
    main()
