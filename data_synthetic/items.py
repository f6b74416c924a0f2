"""A block of items while its declaration is being written: values drawn so far, and where they come from.

Fields (`data_synthetic.fields`) read the values they depend on from here and add their own. Everything in it
follows from the skeleton of the block, so a block can be made in any process.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from data_synthetic.densities import Densities
from data_synthetic.randomness import mix, stream, uniform_at
from data_synthetic.skeleton import BLOCK, Skeleton
from data_synthetic.world import MAIL_CLASSES, World

__all__ = ["Items", "Norms"]

_UNKNOWN_NET_G, _UNKNOWN_VALUE_SDR, _UNKNOWN_SPREAD = 250.0, 15.0, 0.55   # goods that nothing names. Chosen


class Norms:
    """What a commodity usually weighs and costs; the last row stands for goods that nothing names."""

    def __init__(self, world: World) -> None:
        groups = {g.key: g for g in world.goods.groups}
        rows = [(c.net_g, c.value_sdr, groups[c.group]) for c in world.goods.commodities]
        self.log_net = np.log(np.array([r[0] for r in rows] + [_UNKNOWN_NET_G]))
        self.log_value = np.log(np.array([r[1] for r in rows] + [_UNKNOWN_VALUE_SDR]))
        self.net_spread = np.array([r[2].net_spread for r in rows] + [_UNKNOWN_SPREAD])
        self.value_spread = np.array([r[2].value_spread for r in rows] + [_UNKNOWN_SPREAD])
        self.regulated = np.array([r[2].regulated for r in rows] + [False])
        self.log_class = np.log([world.base["class_weight"][c] for c in MAIL_CLASSES])
        self.limit = np.array([world.shipping["limits"][c] for c in MAIL_CLASSES])


@dataclass
class Items:
    """Values of a block of n items: arrays of shape (n,), by name."""

    skeleton: Skeleton
    densities: Densities
    norms: Norms
    seed: int
    items_a_week: float
    value: dict[str, np.ndarray] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of items."""
        return len(self.skeleton.number)

    @property
    def world(self) -> World:
        """The world the items belong to."""
        return self.densities.world

    def uniform(self, name: str) -> np.ndarray:
        """The block's uniforms of that name; the first n of a full block, so that n changes none of them."""
        return stream(self.seed, name, self.skeleton.block).random(BLOCK)[: self.n]

    def zeros(self) -> np.ndarray:
        """Row 0 for every item: for tables without context."""
        return np.zeros(self.n, dtype=np.int64)

    def of_party(self, name: str, *, side: int) -> np.ndarray:
        """An attribute of the sender (side 0) or recipient (1): fixed for an identity, and for a counterpart
        fixed when it first came. Both are drawn from the table of the identity's kind."""
        s = self.skeleton
        own = uniform_at(self.seed, 31 + len(name), s.identity, side)
        other = uniform_at(self.seed, 131 + len(name), s.identity, s.role, s.root)
        u = np.where(s.role == side, own, other)
        return self.densities.table[name].sample(self.zeros(), self.zeros(), s.kind, u)

    def party_hash(self, *, side: int, stratum: np.ndarray, pool: np.ndarray) -> np.ndarray:
        """64-bit hashes of sender (side 0) or recipient (1) pseudonyms.

        An identity has its own; a counterpart is one of the ordinary parties of its stratum (type and place),
        chosen without regard to who chooses.
        """
        s = self.skeleton
        u = uniform_at(self.seed, 33, s.identity, s.role, s.root)
        member = np.floor(u * np.maximum(pool[stratum] * self.items_a_week, 1.0)).astype(np.int64)
        return np.where(
            s.role == side, mix(self.seed, 11, s.identity), mix(self.seed, 12, side, stratum, member)
        )
