"""Attributions to what was stated: Shapley values over the raw fields of a declaration, for any model.

The players are raw fields, not features. A coalition's declaration takes some fields from the item and the others
from a past declaration; its features are made anew by the model's own code, and its worth is the model's margin,
averaged over past declarations. So one definition serves every model, whatever form it has and however its
features overlap.

A mixed declaration should be one that could have been made. Where a stated amount includes another (gross weight is net
weight and packaging) the players are the part and *what is beyond it*: another net weight brings another gross
weight with it, and gross weight never falls below net. The same holds for a moment that is told against another.
Other rules of a trade (how heavy a letter may be) are not known here, and mixtures may break them.

>>> frame = pd.DataFrame({"net": [3.0, 1.0], "gross": [4.0, 3.0]})
>>> game = Stated(("net", "gross"), parts={"gross": "net"})
>>> field_attributions(lambda d: d["gross"].to_numpy(), frame[:1], frame[1:], game).tolist()
[[2.0, -1.0]]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from risk.errors import BadSetting, Refused
from risk.features import Features, past_columns

__all__ = ["Stated", "field_attributions"]

Margins = Callable[[pd.DataFrame], np.ndarray]
_AT_ONCE = 1000  # walks whose declarations are held at the same time


@dataclass(frozen=True)
class Stated:
    """Who plays.

    Attributes
    ----------
    fields : tuple of str, raw fields that can come from the item or from a past declaration
    along : mapping, field → further columns whose values go with it (a party's past goes with its id)
    parts : mapping, field → the one field that its amount, or moment, includes
    """

    fields: tuple[str, ...]
    along: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, features: Features, *, parts: Mapping[str, str] | None = None) -> "Stated":
        """The raw fields that features read. Times are told against the stream's clock.

        What was known of a party goes with its id, what was counted of a commodity with its code.
        """
        d, read = features.dictionary, {name for names in features.reads().values() for name in names}
        fields = tuple(f.name for f in d.fields() if f.name in read)
        along: dict[str, tuple[str, ...]] = {}
        for f in features.past_specs:
            of = f.reads[0] if f.kind == "party" else f.name
            told = tuple(c for c in past_columns(d) if c.split("|")[0] == of)
            along[f.reads[0]] = tuple(dict.fromkeys((*along.get(f.reads[0], ()), *told)))
        timed = {f.name: d.clock for f in d.role("time") if f.name != d.clock}
        told_against = {**timed, **(parts or {})}
        return cls(fields, along, {w: p for w, p in told_against.items() if {w, p} <= set(fields)})

    def mixed(self, both: pd.DataFrame, rows: np.ndarray, past: np.ndarray, from_item: np.ndarray) -> pd.DataFrame:
        """Declarations whose fields come from rows of the frame `both`.

        Parameters
        ----------
        rows, past : int (n,)
            Where each declaration's item, and its past declaration, stand in `both`.
        from_item : bool (n, fields)
            Which fields the item gives. Columns that belong to no field are the item's.
        """
        out = both.iloc[rows].reset_index(drop=True)
        source = {f: np.where(from_item[:, j], rows, past) for j, f in enumerate(self.fields)}
        for name, at in source.items():
            for column in (name, *self.along.get(name, ())):
                out[column] = both[column].take(at).array
        for whole in _inner_first(self.parts):
            out[whole] = _rebuilt(both, whole, self.parts[whole], source, out)
        return out


def _inner_first(parts: Mapping[str, str]) -> list[str]:
    """Fields with a part, those first that are themselves a part of others."""
    left, out = dict(parts), []
    while left:
        ready = [whole for whole, part in left.items() if part not in left]
        if not ready:
            raise BadSetting("parts", got=dict(parts), expected="no field that includes itself")
        out += ready
        left = {whole: part for whole, part in left.items() if whole not in ready}
    return out


def _rebuilt(both: pd.DataFrame, whole: str, part: str, source: Mapping[str, np.ndarray],
             out: pd.DataFrame) -> pd.Series:
    """The part's own value and what the whole is beyond it; as stated where either is not."""
    beyond = (both[whole] - both[part]).take(source[whole]).reset_index(drop=True)
    made = out[part] + beyond
    return made.where(made.notna(), out[whole]).astype(both[whole].dtype)


def field_attributions(margins: Margins, items: pd.DataFrame, background: pd.DataFrame, game: Stated, *,
                       draws: int = 32, seed: int = 0) -> np.ndarray:
    """Shapley values of the stated fields, log-odds: shape (n_items, fields), of several models (…, models).

    Parameters
    ----------
    margins
        The model, features made anew: declarations (n, …) → margins (n,); of several models at once, (n, models).
    items, background : frames of declarations with the same columns
    draws
        Past declarations an item is compared with, spread evenly over the background in a random order; with
        each, fields change in one random order and in its reverse.
    seed
        The same items, draws and seed ask every model the same questions.

    Returns
    -------
    ndarray
        For each item they add up to its margin less the mean margin of the past declarations it was compared
        with. Exact for that sample where no three fields act together; else right on average over random orders.

    Raises
    ------
    risk.errors.Refused
        When there is no past declaration.
    """
    if not len(background):
        raise Refused("Expected past declarations to compare items with; there is none. Nothing was attributed.")
    both, n = pd.concat([items, background], ignore_index=True), len(items)
    rng = np.random.default_rng([seed, 47])
    past = np.array([n + rng.permutation(len(background)).take(np.arange(draws), mode="wrap") for _ in range(n)])
    order = rng.permuted(np.tile(np.arange(len(game.fields)), (n * draws, 1)), axis=1)
    orders, pasts = np.concatenate([order, order[:, ::-1]]), np.tile(past.reshape(-1), 2)
    rows = np.tile(np.repeat(np.arange(n), draws), 2)
    blocks = np.array_split(np.arange(len(rows)), len(rows) // _AT_ONCE + 1)
    gains = np.concatenate([_walk(margins, both, (rows[b], pasts[b], orders[b]), game) for b in blocks])
    return gains.reshape(2, n, draws, *gains.shape[1:]).mean(axis=(0, 2))


def _walk(margins: Margins, both: pd.DataFrame, asked: tuple[np.ndarray, np.ndarray, np.ndarray],
          game: Stated) -> np.ndarray:
    """What each field adds when the item's come in one after another; (n, fields[, models]).

    `asked` are, n each, the item's row, the past declaration's, and the fields in their order.
    """
    rows, past, order = asked
    n, steps = len(order), len(game.fields) + 1
    place = np.argsort(order, axis=1)
    from_item = place[:, None, :] < np.arange(steps)[None, :, None]
    mixed = game.mixed(both, np.repeat(rows, steps), np.repeat(past, steps), from_item.reshape(n * steps, -1))
    worth = np.asarray(margins(mixed), dtype=float)
    gains = np.diff(worth.reshape(n, steps, *worth.shape[1:]), axis=1)
    return gains[np.arange(n)[:, None], place]
