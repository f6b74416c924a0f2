"""Nobody is recognisable in a figure: small groups are hidden, also from subtraction.

A group of fewer than 5 people is not shown. Where a total is shown too, hiding one group is not enough:
total less the others gives it back. So more groups are hidden until those hidden hold 5 people or more.
The same holds in time: where figures were shown and a part was opened again, the answers of fewer than 5
people would be the difference between the figures before and after.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

__all__ = ["K", "counted_until", "hidden_groups"]

K = 5


def hidden_groups(people: Mapping[str, int], *, k: int = K, total_shown: bool = True) -> frozenset[str]:
    """Names of the groups that must not be shown, given how many people each has.

    Groups are disjoint. Empty groups tell nothing of anyone and stay.

    >>> sorted(hidden_groups({"a": 9, "b": 2, "c": 6}))
    ['b', 'c']
    >>> sorted(hidden_groups({"a": 9, "b": 3, "c": 2}))
    ['b', 'c']
    >>> sorted(hidden_groups({"a": 9, "b": 6}))
    []
    """
    hidden = {name for name, n in people.items() if 0 < n < k}
    others = sorted((n, name) for name, n in people.items() if n >= k)
    while total_shown and hidden and sum(people[name] for name in hidden) < k and others:
        hidden.add(others.pop(0)[1])
    return frozenset(hidden)


def counted_until(closings: Sequence[float], answers: Sequence[tuple[str, float]], *, k: int = K) -> float:
    """Until when a part's answers count, given when it was closed and who answered when (seat, time).

    What came after figures were shown counts only where it came from `k` people or more.

    >>> shown = [(f"s{i}", 1.0) for i in range(6)]
    >>> counted_until([2.0], shown)
    inf
    >>> counted_until([2.0, 4.0], [*shown, ("s1", 3.0)])
    2.0
    >>> counted_until([2.0, 4.0], [*shown, *((f"s{i}", 3.0) for i in range(5))])
    inf
    """
    until = -math.inf
    for closed in (*closings, math.inf):
        before = {seat for seat, at in answers if at <= until}
        new = {seat for seat, at in answers if until < at <= closed}
        if len(before) < k or len(new) >= k or not new:
            until = closed
    return until
