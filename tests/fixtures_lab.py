"""Small years for the policy lab's tests: made by hand, or from a small made world."""

from __future__ import annotations

import numpy as np
import pytest

from risk.simulation.boosting import Form
from risk.simulation.year import Year, form_of


def toy_year(*, seed: int = 0, weeks: int = 14, a_week: int = 300, share: float = 0.03, p: int = 4) -> Year:
    """A year whose first feature tells: irregular items mostly have its highest bins."""
    rng = np.random.default_rng([seed, 5])
    n = weeks * a_week
    irregular = rng.random(n) < share
    bins = rng.integers(0, 10, (n, p)).astype(np.uint8)
    bins[irregular, 0] = np.where(rng.random(irregular.sum()) < 0.7, 9, bins[irregular, 0])
    arrived = np.sort(rng.random(n)) * 7 * weeks
    scheme = np.where(irregular, rng.integers(0, 2, n), -1)
    form: Form = form_of([11] * p, unordered=[False] * p, direction=[0] * p)
    return Year(
        week=(arrived // 7).astype(np.int64),
        bins=bins,
        names=tuple(f"f{j}" for j in range(p)),
        form=form,
        party=rng.integers(0, 200, (n, 2)),
        rules=bins[:, 0].astype(float),
        lane=rng.integers(0, 3, n),
        group=rng.integers(0, 2, n),
        groups=("QM", "QN"),
        reported_day=arrived + 8.0,
        find=irregular & (rng.random(n) < 0.9),
        irregular=irregular,
        scheme=scheme,
        schemes=("a", "b"),
        oracle=2.0 * (bins[:, 0] == 9) + rng.random(n),
        facts={"world": "toy", "seed": seed},
    )


@pytest.fixture(scope="session")
def toy() -> Year:
    """One toy year for all tests."""
    return toy_year()
