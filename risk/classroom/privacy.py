"""Nobody is recognisable in a figure: small groups are hidden, also from subtraction.

A group of fewer than 5 people is not shown. Where a total is shown too, hiding one group is not enough:
total less the others gives it back. So more groups are hidden until those hidden hold 5 people or more.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["K", "hidden_groups"]

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
