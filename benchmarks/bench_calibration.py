"""What the scores promise and what is there, in the best 1 % of unseen items, by truth.

Beside it the same model with its level taken from the examined items alone, and the whole stream's mean
stated probability over its rate. Behind what was promised over what was found stands the 95 % interval of that
ratio over the seeds.

    python -m benchmarks.bench_calibration --seeds 21 22 23 24 25 26
"""

from __future__ import annotations

import argparse
import tempfile

import numpy as np
from scipy.special import expit
from scipy.stats import t

from benchmarks.measure import machine, table
from risk import workbench
from risk.training import unseen_rows

ITEMS = {"teaching": 40_000, "operational": 100_000}


def promised(world: str, seed: int, model: str) -> np.ndarray:
    """Found and promised in the best 1 %, promised by the examined alone, and both means over the stream's rate."""
    with tempfile.TemporaryDirectory() as folder:
        workbench.generate(folder, world=world, items=ITEMS[world], seed=seed)
        data, truth = workbench.load_data(folder), workbench.load_truth(folder)
    fitted = workbench.train(data, model, seed=seed)
    items = workbench.known(data).declarations[unseen_rows(fitted.facts, data)]
    margin = fitted.score(items)["margin"].to_numpy()
    irregular = items["item_id"].map(truth.set_index("item_id")["irregular"]).to_numpy(dtype=float)
    best = np.argsort(-margin, kind="stable")[: len(margin) // 100]
    known = fitted.facts["calibration"]
    before = margin - known["shift"] + known["shift_by_examined"]
    return np.array([irregular[best].sum(), expit(margin[best]).sum(), expit(before[best]).sum(),
                     expit(margin).mean() / irregular.mean(), expit(before).mean() / irregular.mean()])


def ratio(promised: np.ndarray, found: np.ndarray) -> str:
    """Sum over sum with its 95 % interval over the seeds (linearised, Student's t)."""
    n, value = len(found), promised.sum() / found.sum()
    if n < 2:
        return f"{value:.2f}×"
    wide = t.ppf(0.975, n - 1) * (promised - value * found).std(ddof=1) / np.sqrt(n) / found.mean()
    return f"{value:.2f}×, {value - wide:.2f} to {value + wide:.2f}"


def main() -> None:
    """Print one Markdown row a world: means over the seeds."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23, 24, 25, 26])
    told.add_argument("--model", default="profiles")
    given = told.parse_args()
    rows = []
    for world in ITEMS:
        found, now, before, mean, mean_before = np.array([promised(world, k, given.model) for k in given.seeds]).T
        rows.append([world, f"{found.mean():.1f}", f"{now.mean():.1f} ({ratio(now, found)})",
                     f"{before.mean():.1f} ({ratio(before, found)})",
                     f"{mean.mean():.2f}×", f"{mean_before.mean():.2f}×"])
    print(machine("scikit-learn") + f" {given.model}, {len(given.seeds)} seeds.\n")
    print(table(["world", "irregular in the best 1 %", "promised", "promised, level of the examined",
                 "mean stated over the rate", "the same, level of the examined"], rows))


if __name__ == "__main__":
    main()
