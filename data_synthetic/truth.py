"""The truth table: how each item is, which fields its scheme altered, how much each field tells.

For an irregular item `altered_<field>` is true where its scheme alters the field's law, `evidence_<field>`
is the log-likelihood ratio (nats) of the scheme against the archetype that it imitates. The ids stand for the
parties: the identity's own id carries what its earlier items tell, the counterpart's id whether it is new.
Regular items have no altered field and no evidence (null).
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data_synthetic.declarations import Block
from data_synthetic.fields import field_columns
from data_synthetic.world import World

__all__ = ["truth_table", "DECIMALS", "MOST"]

DECIMALS = 6   # of margins and evidence: hides last-bit differences between processors' exp and log
MOST = (
    50.0  # nats; a long ordinary history can tell hundreds against every scheme, which only overflows exp()
)


def truth_table(world: World, block: Block, margin: np.ndarray, past: np.ndarray) -> pa.Table:
    """Truth of a block; `margin` is the history-aware oracle's, `past` what earlier items tell (nats)."""
    s, columns = block.skeleton, field_columns()
    bad = np.flatnonzero(s.irregular)
    altered, evidence = _altered(world, block, bad, columns), block.evidence.copy()
    own = np.array([columns.index("sender_id"), columns.index("recipient_id")])[s.role[bad]]
    history = altered[np.arange(len(bad)), own]
    evidence[np.arange(len(bad)), own] = np.where(history, past[bad], 0.0)
    names = np.array([p.key for p in world.profiles])
    archetype = np.array([p.imitates or p.key for p in world.profiles])
    out = {
        "item_id": block.declarations["item_id"], "irregular": pa.array(s.irregular),
        "scheme": _take(names, np.where(s.irregular, s.kind, 0), ~s.irregular),
        "archetype": _take(archetype, s.kind, None),
        "oracle_margin_item": _margin(block.margin_item),
        "oracle_margin": _margin(margin)}
    out |= {f"altered_{c}": _spread(altered[:, j], bad, len(margin)) for j, c in enumerate(columns)}
    out |= {f"evidence_{c}": _spread(np.round(evidence[:, j], DECIMALS) + 0.0, bad, len(margin))
            for j, c in enumerate(columns)}
    return pa.table(out)


def _altered(world: World, block: Block, bad: np.ndarray, columns: tuple[str, ...]) -> np.ndarray:
    """Cause masks of the irregular items, shape (irregular, columns)."""
    s = block.skeleton
    table = np.array([[c in p.altered for c in columns] for p in world.profiles])
    out = table[s.kind[bad]]
    novelty = np.array([p.novelty for p in world.profiles])
    chooses = (novelty != novelty[world.imitated()])[s.kind[bad]]
    text = columns.index("description")   # without a code, the words alone show which goods the scheme chose
    out[:, text] |= np.abs(block.evidence[:, text]) > 1e-12
    lasting = ~np.array([p.once for p in world.profiles])[s.kind[bad]]
    again = s.place[bad] > 0
    for side, column in ((0, "sender_id"), (1, "recipient_id")):
        out[:, columns.index(column)] = again & np.where(s.role[bad] == side, lasting, chooses)
    return out


def _spread(values: np.ndarray, rows: np.ndarray, n: int) -> pa.Array:
    """Values of some rows as a column of all: false elsewhere for flags, null for numbers."""
    if values.dtype == bool:
        full = np.zeros(n, dtype=bool)
        full[rows] = values
        return pa.array(full)
    full, mask = np.zeros(n), np.ones(n, dtype=bool)
    full[rows], mask[rows] = values, False
    return pa.array(full, mask=mask)


def _margin(nats: np.ndarray) -> pa.Array:
    return pa.array(np.round(np.clip(nats, -MOST, MOST), DECIMALS) + 0.0)


def _take(words: np.ndarray, number: np.ndarray, mask: np.ndarray | None) -> pa.Array:
    return pa.array(words.tolist()).take(pa.array(number, mask=mask))
