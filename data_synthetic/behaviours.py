"""How schemes behave in time: small functions in a registry, named by ``activity.kind`` in ``world.toml``.

A behaviour says which part of an identity's items may be irregular on a day (`activity`, 0–1), and how many
new identities take the scheme up (`births`, a factor). Both depend on known days only, so that they enter
the prior of the oracle exactly. To add one: write a function, decorate it, name it in a world file.

>>> import numpy as np
>>> behaviour = make_behaviour({"kind": "emergence", "from_day": 20, "ramp_days": 28})
>>> behaviour.activity(np.array([[3.0], [34.0], [90.0]]), np.array([[0.0]])).ravel().tolist()
[0.0, 0.5, 1.0]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from risk.errors import BadSetting, nearest

__all__ = ["Behaviour", "BEHAVIOURS", "behaviour", "make_behaviour", "ramp"]

Days = np.ndarray
Curve = Callable[..., np.ndarray]


@dataclass(frozen=True)
class Behaviour:
    """Activity by (day, day of birth) and births by day, both with the settings already filled in."""

    activity: Callable[[Days, Days], np.ndarray]
    births: Callable[[Days], np.ndarray]


@dataclass(frozen=True)
class _Entry:
    activity: Curve
    births: Curve | None
    settings: Mapping[str, Any]


BEHAVIOURS: dict[str, _Entry] = {}


def behaviour(births: Curve | None = None, **defaults: Any) -> Callable[[Curve], Curve]:
    """Register a function ``f(day, born, **settings)`` under its name; `defaults` are its settings."""
    def register(function: Curve) -> Curve:
        BEHAVIOURS[function.__name__] = _Entry(function, births, defaults)
        return function
    return register


def make_behaviour(given: Mapping[str, Any], where: str = "activity") -> Behaviour:
    """Build the behaviour that a table of a world file asks for.

    >>> make_behaviour({"kind": "stedy"})
    Traceback (most recent call last):
        ...
    risk.errors.BadSetting: activity.kind is 'stedy'; expected one of emergence, growing, seasonal, steady, \
takedown. Did you mean 'steady'?
    """
    settings = dict(given)
    kind = settings.pop("kind", None)
    if kind not in BEHAVIOURS:
        raise BadSetting(f"{where}.kind", got=kind, expected=f"one of {', '.join(sorted(BEHAVIOURS))}",
                         todo=nearest(str(kind), BEHAVIOURS).strip())
    entry = BEHAVIOURS[kind]
    for key, value in settings.items():
        _check_setting(f"{where}.{key}", value, entry.settings.get(key), entry.settings)
    full = {**entry.settings, **settings}
    births = entry.births or _constant
    return Behaviour(lambda day, born: entry.activity(day, born, **full), lambda born: births(born, **full))


def _check_setting(name: str, value: object, default: object, known: Mapping[str, Any]) -> None:
    if default is None:
        raise BadSetting(name, got=value, expected=f"no such key, only {', '.join(known) or 'kind'}",
                         todo=nearest(name.rsplit(".", 1)[-1], known).strip())
    numbers = value if isinstance(default, tuple) and isinstance(value, (list, tuple)) else [value]
    if not all(isinstance(v, (int, float)) and not isinstance(v, bool) and np.isfinite(v) for v in numbers):
        raise BadSetting(name, got=value, expected="a number" + (" or a list" * isinstance(default, tuple)))


def ramp(day: Days, start: float, length: float) -> np.ndarray:
    """A straight rise from 0 at `start` to 1 at ``start + length`` (days).

    >>> ramp(np.array([9.0, 10.0, 15.0, 40.0]), 10.0, 10.0).tolist()
    [0.0, 0.0, 0.5, 1.0]
    """
    return np.clip((day - start) / max(length, 1e-9), 0.0, 1.0)


def _constant(born: Days, **_: Any) -> np.ndarray:
    return np.ones_like(born, dtype=float)


@behaviour()
def steady(day: Days, born: Days) -> np.ndarray:
    """The same on every day."""
    return np.ones(np.broadcast_shapes(np.shape(day), np.shape(born)))


@behaviour(start=0.3, days=120.0)
def growing(day: Days, born: Days, *, start: float, days: float) -> np.ndarray:
    """A straight rise from the share `start` to all within `days`."""
    return (start + (1.0 - start) * ramp(day, 0.0, days)) * steady(day, born)


@behaviour(peak_day=340.0, amplitude=0.5)
def seasonal(day: Days, born: Days, *, peak_day: float, amplitude: float) -> np.ndarray:
    """Highest on one day of the year, lower by the share `amplitude` half a year away from it."""
    wave = 0.5 * (1.0 - np.cos(2.0 * np.pi * (day - peak_day) / 365.0))
    return (1.0 - amplitude * wave) * steady(day, born)


@behaviour(from_day=20.0, ramp_days=28.0)
def emergence(day: Days, born: Days, *, from_day: float, ramp_days: float) -> np.ndarray:
    """Absent, then rising from a day on."""
    return ramp(day, from_day, ramp_days) * steady(day, born)


def _surge(born: Days, *, days: tuple[float, ...], return_days: float, surge: float, **_: Any) -> np.ndarray:
    after = [(born >= d) & (born < d + return_days) for d in days]
    return np.where(np.any(after, axis=0), surge, 1.0)


@behaviour(births=_surge, days=(90.0,), quiet_days=14.0, return_days=42.0, surge=3.0)
def takedown(day: Days, born: Days, *, days: tuple[float, ...], quiet_days: float, return_days: float,
             surge: float) -> np.ndarray:
    """On each takedown day, identities born before fall quiet for good; new ones start after `quiet_days`
    and are all at work after `return_days`; `surge` times as many are born in that time."""
    alive = steady(day, born)
    for closed in days:
        old, over = born < closed, day >= closed
        back = ramp(day, closed + quiet_days, return_days - quiet_days)
        alive = alive * np.where(over, np.where(old, 0.0, back), 1.0)
    return alive
