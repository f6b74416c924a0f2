"""Made classification tasks and one fitted profiles model a session."""

from __future__ import annotations

import numpy as np
import pytest

from risk.models import ProfilesClassifier

KINDS = ("light", "dear", "rerouted")


def made_families(n: int = 4000, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Items (n, 5) with missing values, found or not (n,), and the family of each find."""
    rng = np.random.default_rng([seed, 77])
    x = rng.normal(size=(n, 5))
    x[:, 4] = rng.integers(0, 4, n)
    x[rng.random((n, 5)) < 0.05] = np.nan
    z = np.nan_to_num(x)
    g = np.column_stack(
        [-2.2 * z[:, 0] - 4.5 - z[:, 1], 2.2 * z[:, 1] - 4.5 + z[:, 0], 3.0 * (z[:, 4] == 2) - 5 + z[:, 2]]
    )
    odds = np.column_stack([np.ones(n), np.exp(g)])
    kind = (rng.random((n, 1)) > np.cumsum(odds / odds.sum(axis=1, keepdims=True), axis=1)).sum(axis=1)
    family = np.array(["", *KINDS], dtype=object)[kind]
    return x.astype(np.float32), kind > 0, family


@pytest.fixture(scope="session")
def profiled() -> tuple[ProfilesClassifier, np.ndarray]:
    """A fitted profiles model and the rows it was fitted on."""
    x, y, family = made_families()
    return ProfilesClassifier(max_iter=60, random_state=0).fit(x, y, families=family), x
