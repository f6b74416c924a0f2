"""What irregular parties do once they are found: they go on under new names and with another face.

A find tells those behind it that this way no longer works. Their later items of the same scheme then come as
those of another life of that scheme would: other goods, lanes and counterparts, and parties of which nothing is
known. What policies examine so changes what they will see; without reaction it does not.

>>> year_like = np.array([[0, 0], [0, 1], [1, 2], [2, 2]])
>>> _owners(year_like).tolist()  # the party that an item's life belongs to: the busier of its two
[0, 0, -3, -3]
"""

from __future__ import annotations

import numpy as np

from risk.simulation.year import Year

__all__ = ["Faces"]


class Faces:
    """How a year's items come, as finds go on changing it.

    Attributes
    ----------
    like
        Shape (n_items,): the row whose fields, lane, origin and oracle margin an item comes with; at first its own.
    party
        Shape (n_items, 2): numbers of sender and recipient as they come; new names get new numbers.
    people
        How many numbers are in use, senders and recipients.
    """

    def __init__(self, year: Year, rng: np.random.Generator) -> None:
        self.like, self.party, self.people = np.arange(len(year.week)), year.party, _people(year.party)
        self._year, self._rng = year, rng
        if year.reaction:
            self.party = year.party.copy()
            self._irregular = np.flatnonzero(year.irregular)
            self._lives = _lives(year, self._irregular)

    def react(self, found: np.ndarray, after: int) -> None:
        """Of the parties behind some found items a share, `Year.reaction`, changes face from row `after` on."""
        if not self._year.reaction:
            return
        moved = found[self._rng.random(len(found)) < self._year.reaction]
        for row in moved:
            later = self._later(row, after)
            if len(later):
                self._move(later)

    def _later(self, row: int, after: int) -> np.ndarray:
        """Later irregular items of the same scheme with either party of this one."""
        rows = self._irregular[np.searchsorted(self._irregular, after) :]
        same = (self.party[rows] == self.party[row]).any(axis=1)
        return rows[same & (self._year.scheme[rows] == self._year.scheme[row])]

    def _move(self, rows: np.ndarray) -> None:
        """These items come like another life of their scheme, begun at its first item; its names are new."""
        lives, begins = self._lives[int(self._year.scheme[rows[0]])]
        start = self._rng.choice(begins)
        self.like[rows] = lives[(start + np.arange(len(rows))) % len(lives)]
        for k in (0, 1):
            names, at = np.unique(self._year.party[self.like[rows], k], return_inverse=True)
            self.party[rows, k] = self.people[k] + at
            self.people[k] += len(names)


def _people(party: np.ndarray) -> list[int]:
    return [int(n) + 1 for n in party.max(axis=0)] if len(party) else [0, 0]


def _owners(party: np.ndarray) -> np.ndarray:
    """Per item the busier of its two parties: a sender's number, or -1 less a recipient's; senders where equal."""
    count = [np.bincount(party[:, k])[party[:, k]] for k in (0, 1)]
    return np.where(count[0] >= count[1], party[:, 0], -1 - party[:, 1])


def _lives(year: Year, irregular: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Per scheme its irregular items, life by life and each in order, and where each life begins."""
    out = {}
    for scheme in np.unique(year.scheme[irregular]):
        rows = irregular[year.scheme[irregular] == scheme]
        owner = _owners(year.party[rows])
        order = np.argsort(owner, kind="stable")
        out[int(scheme)] = rows[order], np.flatnonzero(np.diff(owner[order], prepend=owner[order][0] - 1))
    return out
