"""What a run was worth: against the oracle's best choice, over time, by scheme, by origin.

Two yardsticks. *Norm-precision* divides the irregular items that a policy examined by those among the
oracle's choice of as many items: 1 is as good as the best possible observer. *Norm-hindsight* divides by what
all-knowing selection would examine, ``min(capacity, irregular)``: the normaliser of the customs literature
(Mai et al. 2021; Kim et al. 2022). *Norm-detection* compares detection rates over the whole window, where
norm-precision is the mean of weekly ratios, as in that literature.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["ROLLING", "WINDOWS", "burden", "calibration", "scheme_times", "summary", "weekly_measures"]

ROLLING = 14
#: Windows of the summary: the whole year, and the last weeks as in the customs literature.
WINDOWS = {"all": 10**6, "last 50": 50, "last 13": 13}
KEYS = ["world", "seed", "policy", "weights"]


def weekly_measures(weekly: pd.DataFrame) -> pd.DataFrame:
    """The weekly table of one run with measures beside the counts; rolling ones over `ROLLING` weeks.

    Adds ``norm_precision, norm_detection, norm_hindsight`` (rolling), ``hit_rate`` (found per examined),
    ``detection_rate`` (irregular items examined per existing) and ``finds_so_far``.

    >>> t = pd.DataFrame({"week": [0, 1], "examined": [10, 10], "found": [1, 3], "irregular_examined": [2, 4],
    ...                   "oracle_irregular": [4.0, 8.0], "irregular": [8, 20]})
    >>> weekly_measures(t)[["norm_precision", "norm_detection", "detection_rate"]].iloc[-1].round(3).tolist()
    [0.5, 0.5, 0.214]
    """
    t = weekly.sort_values("week").reset_index(drop=True)
    best = np.minimum(t["examined"], t["irregular"])
    weeks = pd.DataFrame(
        {
            "precision": _share(t["irregular_examined"], t["oracle_irregular"]),
            "hindsight": _share(t["irregular_examined"], best),
        }
    )
    mean = weeks.rolling(ROLLING, min_periods=1).mean()
    sums = (
        t[["examined", "found", "irregular_examined", "oracle_irregular", "irregular"]]
        .rolling(ROLLING, min_periods=1)
        .sum()
    )
    return t.assign(
        norm_precision=mean["precision"],
        norm_hindsight=mean["hindsight"],
        norm_detection=_share(sums["irregular_examined"], sums["oracle_irregular"]),
        hit_rate=_share(sums["found"], sums["examined"]),
        detection_rate=_share(sums["irregular_examined"], sums["irregular"]),
        finds_so_far=t["found"].cumsum(),
    )


def _share(over: pd.Series, under: pd.Series) -> pd.Series:
    return (over / under.where(under > 0)).astype(float)


def summary(weekly: pd.DataFrame) -> pd.DataFrame:
    """One row a run and window: norms, rates, yield (finds per 100 examined), random share, calibration.

    A window that is not shorter than the run is left out.

    `weekly` may hold many runs, told apart by whichever of ``world, seed, policy, weights`` it has.
    """
    keys = [k for k in KEYS if k in weekly]
    rows = []
    for key, run in weekly.sort_values("week").groupby(keys, sort=False):
        for name, length in WINDOWS.items():
            if name != "all" and length >= len(run):
                continue
            rows.append({**dict(zip(keys, key, strict=True)), "window": name, **_window(run.tail(length))})
    return pd.DataFrame(rows)


def _window(t: pd.DataFrame) -> dict[str, float]:
    s = t[
        [
            "n",
            "examined",
            "found",
            "irregular_examined",
            "irregular",
            "oracle_irregular",
            "findable",
            "stated",
        ]
    ].sum()
    best = np.minimum(t["examined"], t["irregular"])
    return {
        "weeks": len(t),
        "norm_precision": float(_share(t["irregular_examined"], t["oracle_irregular"]).mean()),
        "norm_detection": s["irregular_examined"] / s["oracle_irregular"]
        if s["oracle_irregular"]
        else np.nan,
        "norm_hindsight": float(_share(t["irregular_examined"], best).mean()),
        "hit_rate": s["found"] / s["examined"] if s["examined"] else np.nan,
        "detection_rate": s["irregular_examined"] / s["irregular"] if s["irregular"] else np.nan,
        "yield": 100 * s["found"] / s["examined"] if s["examined"] else np.nan,
        "random_share": float(t["random_share"].mean()),
        "stated_rate": s["stated"] / s["n"],
        "true_rate": s["findable"] / s["n"],
    }


def scheme_times(schemes: pd.DataFrame, *, trailing: int = 4) -> pd.DataFrame:
    """Per run and scheme: when it first came, was first examined, and was half found.

    ``weeks_to_first``: weeks from its first item to the first examined one; ``weeks_to_half``: to the first
    week with at least half of its items of the trailing weeks examined; NaN where that never came.
    ``coverage``: share of its items examined over the year.

    >>> t = pd.DataFrame({"policy": "p", "week": [0, 1, 2], "scheme": "s", "existing": [0, 2, 2],
    ...                   "examined": [0, 0, 2]})
    >>> scheme_times(t)[["weeks_to_first", "weeks_to_half", "coverage"]].iloc[0].tolist()
    [1.0, 1.0, 0.5]
    """
    keys, rows = [k for k in KEYS if k in schemes] + ["scheme"], []
    for key, t in schemes.sort_values("week").groupby(keys, sort=False):
        week, existing, examined = (t[c].to_numpy() for c in ("week", "existing", "examined"))
        if not existing.any():
            continue
        first = week[existing > 0][0]
        recent = t[["existing", "examined"]].rolling(trailing, min_periods=1).sum()
        half = week[(recent["existing"] > 0) & (recent["examined"] >= 0.5 * recent["existing"])]
        rows.append(
            {
                **dict(zip(keys, key, strict=True)),
                "first_week": int(first),
                "weeks_to_first": _since(first, week[examined > 0]),
                "weeks_to_half": _since(first, half),
                "existing": int(existing.sum()),
                "coverage": examined.sum() / existing.sum(),
            }
        )
    return pd.DataFrame(rows)


def _since(first: int, weeks: np.ndarray) -> float:
    return float(weeks[0] - first) if len(weeks) else float("nan")


def burden(groups: pd.DataFrame) -> pd.DataFrame:
    """Per run and origin: items, examinations, and false alarms per 1,000 items of that origin."""
    keys = [k for k in KEYS if k in groups] + ["group"]
    t = groups.groupby(keys, sort=False)[["n", "examined", "false_alarms"]].sum().reset_index()
    return t.assign(
        examination_rate=_share(t["examined"], t["n"]),
        false_alarms_per_1000=1000 * _share(t["false_alarms"], t["n"]),
    )


def calibration(weekly: pd.DataFrame) -> pd.DataFrame:
    """Per run: the rate that the model states of the whole stream, against what examining all would find."""
    keys = [k for k in KEYS if k in weekly]
    t = weekly.groupby(keys, sort=False)[["n", "stated", "findable", "found", "examined"]].sum().reset_index()
    return t[keys].assign(
        stated=t["stated"] / t["n"], true=t["findable"] / t["n"], examined=_share(t["found"], t["examined"])
    )
