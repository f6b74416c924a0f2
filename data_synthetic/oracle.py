"""What the best possible observer would say: exact log-odds that an item is irregular.

*Item-only*: given the item's own fields, mixed over all kinds of identity and both ways of making an item.
*History-aware*: given also all earlier items of the identity. Items of one identity are independent given
its kind, so the log-likelihood of each kind is a running sum; a kind that does it once needs two sums, "not
yet" and "done". The observer knows the world and each identity's cell (volume class, week of birth, home).

>>> oracle = History(imitated=np.array([0, 0]), archetypes=1, once=np.array([False, False]))
>>> margin, _ = oracle.step(np.array([0]), log_kind=lambda new: np.log(np.full((len(new), 2), 0.5)),
...                         likelihood=Likelihood(np.zeros((1, 2)), np.zeros((1, 2)), np.array([[0.0, 0.5]])))
>>> round(float(margin[0]), 6) == round(float(np.log(0.25 / 0.75)), 6)
True
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np

__all__ = ["Likelihood", "item_margin", "History"]


def item_margin(prior: np.ndarray, party: np.ndarray, mode: np.ndarray, imitated: np.ndarray) -> np.ndarray:
    """Log-odds of irregular given the item's own fields.

    Parameters
    ----------
    prior
        Shape (n, kinds, 2): ``log P(origin of the item, kind, irregular)`` in its week.
    party
        Shape (n, kinds): log-density of the party attributes under each kind.
    mode
        Shape (n, modes): log-density of all other fields under each mode.
    imitated
        Shape (kinds,): the archetype whose mode a kind's ordinary items take.

    Returns
    -------
    ndarray, shape (n,)
        Log-odds (nats).
    """
    good = prior[:, :, 0] + party + mode[:, imitated]
    bad = prior[:, :, 1] + party + mode
    return _log_sum(bad) - _log_sum(good)


def _log_sum(x: np.ndarray) -> np.ndarray:
    top = x.max(axis=1, keepdims=True)
    return (top + np.log(np.exp(x - top).sum(axis=1, keepdims=True)))[:, 0]


@dataclass(frozen=True)
class Likelihood:
    """What a block of items says about the kinds of their identities.

    `party` (n, kinds): log-density of what is new about the identity and its counterpart; `mode` (n, modes):
    of the item's fields; `active` (n, kinds): probability that an item of the kind is irregular then.
    """

    party: np.ndarray
    mode: np.ndarray
    active: np.ndarray


class History:
    """The running sums of all identities seen so far. Items must come in stream order."""

    def __init__(self, *, imitated: np.ndarray, archetypes: int, once: np.ndarray) -> None:
        self._imitated, self._archetypes = imitated.astype(np.int64), archetypes
        self._done_at = np.where(once, np.cumsum(once) - 1, -1)
        self._slot = np.full(0, -1, dtype=np.int64)
        self._state = np.zeros((0, len(imitated)))
        self._done = np.zeros((0, int(once.sum())))
        self._used = 0

    def step(
        self,
        identity: np.ndarray,
        *,
        log_kind: Callable[[np.ndarray], np.ndarray],
        likelihood: Likelihood,
        kind: np.ndarray | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take in a block of items.

        Parameters
        ----------
        identity
            Shape (n,): the identity of each item.
        log_kind
            Gives ``log P(kind | cell)``, shape (m, kinds), for the rows of `identity` that it is handed;
            asked once for each identity not seen before.
        likelihood
            What the items say.
        kind
            Shape (n,): true kinds, for the second result.

        Returns
        -------
        margin : ndarray, shape (n,)
            Log-odds of irregular given history and own fields (nats).
        past : ndarray, shape (n,)
            Log-odds, before the item, of the true kind against the archetype that it imitates (nats).
        """
        slot = self._slots(identity, log_kind)
        margin, past = np.empty(len(identity)), np.zeros(len(identity))
        setting = (self._imitated, self._archetypes, self._done_at)
        kind = np.zeros(len(identity), dtype=np.int64) if kind is None else kind.astype(np.int64)
        said = (likelihood.party, likelihood.mode, likelihood.active)
        _run(slot, kind, (self._state, self._done), said, setting, (margin, past))
        return margin, past

    def _slots(self, identity: np.ndarray, log_kind: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        most = int(identity.max(initial=-1)) + 1
        if most > len(self._slot):
            self._slot = np.concatenate([self._slot, np.full(most + most // 4 - len(self._slot), -1)])
        seen, first = np.unique(identity, return_index=True)
        fresh = self._slot[seen] < 0
        if fresh.any():
            self._add(seen[fresh], log_kind(first[fresh]))
        return self._slot[identity]

    def _add(self, who: np.ndarray, log_kind: np.ndarray) -> None:
        need = self._used + len(who)
        if need > len(self._state):
            size = need + need // 4 + 1024
            self._state, self._done = (_grown(x, size, self._used) for x in (self._state, self._done))
        self._slot[who] = np.arange(self._used, need)
        self._state[self._used:need] = log_kind
        self._used = need


def _grown(old: np.ndarray, size: int, used: int) -> np.ndarray:
    new = np.full((size, old.shape[1]), -np.inf)
    new[:used] = old[:used]
    return new


@numba.njit(cache=True)
def _add_logs(a: float, b: float) -> float:
    if a == -np.inf:
        return b
    if b == -np.inf:
        return a
    return max(a, b) + np.log1p(np.exp(-abs(a - b)))


@numba.njit(cache=True)
def _run(slot, kind, sums, said, setting, out):  # pragma: no cover - compiled
    """Sequential over items: reads the sums for `past`, then adds the item and writes its margin."""
    state, done = sums
    party, mode, active = said
    imitated, archetypes, done_at = setting
    margin, past = out
    for i in range(len(slot)):
        row, true, bad, good = slot[i], kind[i], -np.inf, -np.inf
        if true >= archetypes:
            own = (
                state[row, true]
                if done_at[true] < 0
                else _add_logs(state[row, true], done[row, done_at[true]])
            )
            past[i] = own - state[row, imitated[true]]
        for z in range(state.shape[1]):
            known = state[row, z] + party[i, z]
            plain = mode[i, imitated[z]]
            if z < archetypes:
                state[row, z] = known + plain
                good = _add_logs(good, state[row, z])
                continue
            a = active[i, z]
            irregular = known + mode[i, z] + np.log(a) if a > 0.0 else -np.inf
            regular = known + plain + np.log1p(-a)
            bad, good = _add_logs(bad, irregular), _add_logs(good, regular)
            if done_at[z] < 0:
                state[row, z] = _add_logs(irregular, regular)
            else:
                after = done[row, done_at[z]] + party[i, z] + plain
                good = _add_logs(good, after)
                state[row, z], done[row, done_at[z]] = regular, _add_logs(after, irregular)
        margin[i] = bad - good
        _recentre(state[row], done[row])


@numba.njit(cache=True)
def _recentre(state, done):  # pragma: no cover - compiled
    """Subtract the largest sum, so that long histories lose no precision."""
    top = max(np.max(state), np.max(done)) if len(done) else np.max(state)
    state -= top
    done -= top
