"""What can be set about each kind of model: the bounds of each setting, and what a search tries.

A setting that is not given keeps the project's own value, which depends on how many finds there are
(`risk.recipes`).

>>> check_settings("boosted", {"max_iter": 50})
>>> check_settings("boosted", {"max_itr": 50})
Traceback (most recent call last):
    ...
risk.errors.BadSetting: settings.max_itr is 50; expected a setting of boosted: max_iter, learning_rate, \
max_leaf_nodes, min_samples_leaf, l2_regularization. Did you mean 'max_iter'?
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from zlib import crc32

import numpy as np

from risk.errors import BadSetting, nearest

__all__ = ["SETTINGS", "Setting", "check_settings", "drawn_settings"]

Number = int | float


@dataclass(frozen=True)
class Setting:
    """A number between `low` and `high` (whole, where both are), and the values that a search tries."""

    low: Number
    high: Number
    tried: tuple[Number, ...] = ()

    @property
    def expected(self) -> str:
        """What may be given, in words."""
        whole = isinstance(self.low, int) and isinstance(self.high, int)
        return f"a {'whole ' if whole else ''}number from {self.low:g} to {self.high:g}"

    def allows(self, value: object) -> bool:
        """Whether a value may be given."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        whole = isinstance(self.low, int) and isinstance(self.high, int)
        return self.low <= value <= self.high and (not whole or float(value).is_integer())


_TREES = {
    "max_iter": Setting(1, 5000, (40, 60, 80, 120, 160, 240)),
    "learning_rate": Setting(0.001, 1.0, (0.03, 0.06, 0.1, 0.15, 0.2)),
    "max_leaf_nodes": Setting(2, 256, (2, 3, 4, 6, 8, 12)),
    "min_samples_leaf": Setting(1, 100_000, (5, 10, 20, 40, 80)),
    "l2_regularization": Setting(0.0, 10_000.0, (0.5, 2.0, 5.0, 15.0, 50.0)),
}
_BAGGED = {"n_bags": Setting(1, 100), "smoothing": Setting(0.0, 1.0)}

#: Settings by kind of model. The rule book is set in its own file.
SETTINGS: dict[str, dict[str, Setting]] = {
    "profiles": {**_TREES, **_BAGGED, "regular_per_find": Setting(1, 10_000, (15, 25, 50))},
    "ga2m": {**_TREES, **_BAGGED, "max_pairs": Setting(0, 200, (0, 3, 8, 15))},
    "logistic": {"bands": Setting(2, 255, (6, 8, 12, 20)), "C": Setting(1e-6, 1e6, (0.03, 0.1, 0.3, 1.0, 3.0))},
    "scorecard": {"bands": Setting(2, 255, (4, 6, 8)), "ridge": Setting(0.0, 1e6, (0.1, 1.0, 10.0))},
    "boosted": dict(_TREES),
    "rules": {},
}


def check_settings(kind: str, given: Mapping[str, object]) -> None:
    """Raise `BadSetting` for a setting that this kind does not have, or a value out of its bounds."""
    known = SETTINGS[kind]
    for name, value in given.items():
        if name not in known:
            expected = f"a setting of {kind}: {', '.join(known)}" if known else f"nothing: {kind} has no settings"
            hint = nearest(name, known).strip()
            raise BadSetting(f"settings.{name}", got=value, expected=expected, todo=hint)
        if not known[name].allows(value):
            raise BadSetting(f"settings.{name}", got=value, expected=known[name].expected)


def drawn_settings(kind: str, trial: int, *, seed: int = 0) -> dict[str, Number]:
    """The settings of one trial of a search; trial 0 is the project's own. A longer search begins as a shorter one.

    >>> drawn_settings("logistic", 0), drawn_settings("logistic", 4) == drawn_settings("logistic", 4)
    ({}, True)
    """
    if trial == 0:
        return {}
    rng = np.random.default_rng([seed, crc32(f"tune {kind}".encode()), trial])
    searched = {name: s.tried for name, s in SETTINGS[kind].items() if s.tried}
    return {name: tried[int(rng.integers(len(tried)))] for name, tried in searched.items()}
