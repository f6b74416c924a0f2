"""What the scores promise and what is there, in the best 1 % of unseen items, by truth.

Beside it the same model with its level taken from the examined items alone, and the whole stream's mean
stated probability over its rate.

    python -m benchmarks.bench_calibration --seeds 21 22 23 24 25 26
"""

from __future__ import annotations

import argparse
import tempfile

import numpy as np
from scipy.special import expit

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


def main() -> None:
    """Print one Markdown row a world: means over the seeds."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--seeds", type=int, nargs="+", default=[21, 22, 23, 24, 25, 26])
    told.add_argument("--model", default="profiles")
    given = told.parse_args()
    rows = []
    for world in ITEMS:
        found, now, before, mean, mean_before = np.mean([promised(world, s, given.model) for s in given.seeds], axis=0)
        rows.append([world, f"{found:.1f}", f"{now:.1f} ({now / found:.2f}×)", f"{before:.1f} ({before / found:.2f}×)",
                     f"{mean:.2f}×", f"{mean_before:.2f}×"])
    print(machine("scikit-learn") + f" {given.model}, {len(given.seeds)} seeds.\n")
    print(table(["world", "irregular in the best 1 %", "promised", "promised, level of the examined",
                 "mean stated over the rate", "the same, level of the examined"], rows))


if __name__ == "__main__":
    main()
