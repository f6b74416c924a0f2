"""The compiled form of every interpretable model: a sum of one- and two-dimensional tables over bins.

With tables ``f_j`` over the bins of feature j and ``T_ab`` over the bins of a pair, the margin is
``const + Σ f_j(x_j) + Σ T_ab(x_a, x_b)``. Its interventional SHAP values against the *whole* background
(Lundberg et al. 2020; Janzing et al. 2020) are then look-ups too: a single table gives
``f_j(x_j) − E f_j``, a pair gives
``φ_a = ½[(E_b T(a,·) − E T) + (T(a,b) − E_a T(·,b))]`` and likewise φ_b, where ``E T`` is taken over the
background's joint distribution and ``E_b``, ``E_a`` over its margins. So a score and its exact
explanation cost the same: one bin search a feature and one addition a table.

>>> tables = AdditiveTables.build(
...     ["w"], [np.array([10.0], np.float32)], const=0.0, single={0: np.array([-1.0, 1.0, 0.0])}, pair={},
...     background=np.array([[5.0], [5.0], [5.0], [20.0]], np.float32))
>>> tables.base
-0.5
>>> tables.attributions(np.array([[20.0], [np.nan]], np.float32)).ravel().tolist()
[1.5, 0.5]
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from risk.errors import Refused
from risk.models.bagging import joined, on_edges, runs
from risk.models.kernels import Search, bins_of, explain_rows, flat, margin_rows

__all__ = ["AdditiveTables", "in_blocks"]

_BLOCK = 65_536


@dataclass(frozen=True)
class AdditiveTables:
    """An additive model as data.

    Attributes
    ----------
    names
        Feature names, length p.
    edges
        Per feature the ascending float32 thresholds; bin k holds ``edges[k-1] < x <= edges[k]``; one more
        bin, the last, holds missing values.
    base
        Mean margin over the background, log-odds: what attributions start from.
    single
        Per feature the attribution table of its own terms, shape (n_edges + 2,), log-odds.
    pairs
        Feature index pairs (a, b), a < b.
    phi_a, phi_b
        Per pair the attribution tables of its two features, shape (bins of a, bins of b), log-odds.
    density
        Per feature the background's share per bin, shape (n_edges + 2,).
    spread
        Per feature the standard deviation over bagged fits of `shape`, (n_edges + 2,), log-odds; empty where
        nothing was bagged.
    """

    names: tuple[str, ...]
    edges: tuple[np.ndarray, ...]
    base: float
    single: tuple[np.ndarray, ...]
    pairs: tuple[tuple[int, int], ...]
    phi_a: tuple[np.ndarray, ...]
    phi_b: tuple[np.ndarray, ...]
    density: tuple[np.ndarray, ...]
    spread: tuple[np.ndarray, ...] = ()

    @classmethod
    def build(cls, names: Sequence[str], edges: Sequence[np.ndarray], *, const: float,
              single: Mapping[int, np.ndarray], pair: Mapping[tuple[int, int], np.ndarray],
              background: np.ndarray, weight: np.ndarray | None = None) -> "AdditiveTables":
        """Turn raw tables into attribution tables under a background.

        Parameters
        ----------
        names, edges
            Feature names and float32 thresholds, length p.
        const, single, pair
            The margin's constant, tables by feature index, tables by index pair (log-odds).
        background
            float32 array, shape (n_background, p); NaN is missing.
        weight
            Background weights, shape (n_background,); None for equal.
        """
        bins = bins_of(np.ascontiguousarray(background, np.float32), Search.of(edges)).astype(np.int64)
        mass = np.full(len(bins), 1.0 / len(bins)) if weight is None else weight / weight.sum()
        sizes = [len(e) + 2 for e in edges]
        density = [np.bincount(bins[:, j], mass, sizes[j]) for j in range(len(names))]
        raw = [np.asarray(single.get(j, np.zeros(sizes[j])), float) for j in range(len(names))]
        means = [float(d @ t) for d, t in zip(density, raw, strict=True)]
        base, phi_a, phi_b = const + sum(means), [], []
        for (a, b), table in pair.items():
            joint = np.bincount(bins[:, a] * sizes[b] + bins[:, b], mass, sizes[a] * sizes[b])
            mean = float(joint @ table.ravel())
            over_b, over_a = (table @ density[b])[:, None], (density[a] @ table)[None, :]
            phi_a.append(0.5 * ((over_b - mean) + (table - over_a)))
            phi_b.append(0.5 * ((over_a - mean) + (table - over_b)))
            base += mean
        return cls(tuple(names), tuple(np.asarray(e, np.float32) for e in edges), float(base),
                   tuple(t - m for t, m in zip(raw, means, strict=True)), tuple(pair), tuple(phi_a),
                   tuple(phi_b), tuple(density))

    @classmethod
    def average(cls, bags: Sequence["AdditiveTables"], *, background: np.ndarray, weight: np.ndarray | None = None,
                tolerance: float = 0.02) -> "AdditiveTables":
        """The mean of several fits, and how far their shapes spread.

        Neighbouring bins of a feature whose values lie within `tolerance` log-odds of each other, in its own
        table and all over its pairs, become one: the mean of jagged steps is smooth, and stays readable.
        """
        features, pairs = range(len(bags[0].names)), sorted({p for b in bags for p in b.pairs})
        edges = [np.unique(np.concatenate([b.edges[j] for b in bags])) for j in features]
        single = [np.mean([on_edges(edges[j], b.edges[j], b.single[j]) for b in bags], axis=0) for j in features]
        pair = {(i, j): np.mean([b._pair_on((i, j), edges[i], edges[j]) for b in bags], axis=0) for i, j in pairs}
        for j in features:
            sides = {p: t if p[0] == j else t.T for p, t in pair.items() if j in p}
            kept = runs(np.column_stack([single[j], *sides.values()]), tolerance)
            single[j], edges[j] = joined(single[j], kept), edges[j][kept[1:] - 1]
            pair |= {p: joined(t, kept) if p[0] == j else joined(t, kept).T for p, t in sides.items()}
        made = cls.build(bags[0].names, edges, const=float(np.mean([b.base for b in bags])),
                         single=dict(enumerate(single)), pair=pair, background=background, weight=weight)
        shapes = [[on_edges(e, *b.shape(name)) for b in bags] for name, e in zip(made.names, edges, strict=True)]
        return replace(made, spread=tuple(np.std(s, axis=0, ddof=min(1, len(bags) - 1)) for s in shapes))

    def _pair_on(self, pair: tuple[int, int], rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """A pair's whole table on other edges; zeros where this fit has no such pair."""
        if pair not in self.pairs:
            return np.zeros((len(rows) + 2, len(columns) + 2))
        k = self.pairs.index(pair)
        table = on_edges(rows, self.edges[pair[0]], self.phi_a[k] + self.phi_b[k])
        return on_edges(columns, self.edges[pair[1]], table.T).T

    def scaled(self, slope: float, shift: float) -> "AdditiveTables":
        """The tables of ``slope · margin + shift``: attributions scale, only the base value shifts."""
        return replace(self, base=slope * self.base + shift, single=tuple(slope * t for t in self.single),
                       phi_a=tuple(slope * t for t in self.phi_a), phi_b=tuple(slope * t for t in self.phi_b),
                       spread=tuple(abs(slope) * s for s in self.spread))

    def rebased(self, background: np.ndarray, weight: np.ndarray | None = None) -> "AdditiveTables":
        """The same margins explained against another background (float32, (n_background, p))."""
        pair = {key: a + b for key, a, b in zip(self.pairs, self.phi_a, self.phi_b, strict=True)}
        made = AdditiveTables.build(self.names, self.edges, const=self.base, single=dict(enumerate(self.single)),
                                    pair=pair, background=background, weight=weight)
        return replace(made, spread=self.spread)

    def attributions(self, x: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Exact interventional SHAP values, shape (n_items, p), log-odds, for float32 `x` (n_items, p)."""
        return self._run(x, threads)[0]

    def margins(self, x: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Margins, shape (n_items,), log-odds: ``base + attributions.sum(axis=1)`` but for rounding."""
        x = self._checked(x)
        margin = np.empty(len(x))
        search, packed = self._packed
        in_blocks(lambda b: margin_rows(x[b], *search.parts, *packed, self.base, margin[b]), len(x), threads)
        return margin

    def explain(self, x: np.ndarray, *, threads: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Attributions (n_items, p) and margins (n_items,) in one pass."""
        return self._run(x, threads)

    def shape(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """One feature's effect alone: (edges, mean attribution per bin), pairs averaged over the background."""
        j = self.names.index(name)
        effect = self.single[j].copy()
        for (a, b), at, bt in zip(self.pairs, self.phi_a, self.phi_b, strict=True):
            effect += at @ self.density[b] if a == j else self.density[a] @ bt if b == j else 0.0
        return self.edges[j], effect

    def band(self, name: str) -> np.ndarray | None:
        """Standard deviation of `shape` over bagged fits, log-odds per bin; None where nothing was bagged."""
        return self.spread[self.names.index(name)] if self.spread else None

    def interaction(self, k: int) -> np.ndarray:
        """Pair k without what its features do alone: SHAP's interaction value 2·Φ_ab, shape (bins a, bins b)."""
        (a, b), table = self.pairs[k], self.phi_a[k] + self.phi_b[k]
        rows, columns = (table @ self.density[b])[:, None], (self.density[a] @ table)[None, :]
        return table - rows - columns + float(self.density[a] @ table @ self.density[b])

    def interactions(self, x: np.ndarray) -> np.ndarray:
        """SHAP interaction values, shape (n_items, p, p), log-odds; for a page of items.

        Off the diagonal stands half of what a pair does beyond its two features, on it what a feature does
        alone: ``T − E_b T − E_a T + E T``, with ``E T`` over the background's joint distribution. Rows add
        up to the attributions. A pair's effect shown whole is the sum of its two entries.
        """
        bins, out = self.bins(x), np.zeros((len(x), len(self.names), len(self.names)))
        diagonal = np.arange(len(self.names))
        out[:, diagonal, diagonal] = self.attributions(x)
        for (a, b), at, bt in zip(self.pairs, self.phi_a, self.phi_b, strict=True):
            table = at + bt
            joint = table - (table @ self.density[b])[:, None] - (self.density[a] @ table)[None, :]
            half = 0.5 * joint[bins[:, a], bins[:, b]]
            out[:, a, b] += half
            out[:, b, a] += half
            out[:, a, a] -= half
            out[:, b, b] -= half
        return out

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for an ``npz`` file: data only, no code."""
        out = {"base": np.array(self.base), "pairs": np.array(self.pairs, np.int64).reshape(-1, 2)}
        for j in range(len(self.names)):
            out |= {f"edges_{j}": self.edges[j], f"single_{j}": self.single[j], f"density_{j}": self.density[j]}
        for k in range(len(self.pairs)):
            out |= {f"phi_a_{k}": self.phi_a[k], f"phi_b_{k}": self.phi_b[k]}
        return out | {f"spread_{j}": s for j, s in enumerate(self.spread)}

    @classmethod
    def from_arrays(cls, names: Sequence[str], arrays: Mapping[str, np.ndarray]) -> "AdditiveTables":
        """Rebuild from `to_arrays`, refusing tables whose shapes do not belong together."""
        features, pairs = range(len(names)), [(int(a), int(b)) for a, b in arrays["pairs"]]
        made = cls(tuple(names), tuple(arrays[f"edges_{j}"] for j in features), float(arrays["base"]),
                   tuple(arrays[f"single_{j}"] for j in features), tuple(pairs),
                   tuple(arrays[f"phi_a_{k}"] for k in range(len(pairs))),
                   tuple(arrays[f"phi_b_{k}"] for k in range(len(pairs))),
                   tuple(arrays[f"density_{j}"] for j in features),
                   tuple(arrays[f"spread_{j}"] for j in features if f"spread_{j}" in arrays))
        made._check_shapes()
        return made

    def _check_shapes(self) -> None:
        sizes = [len(e) + 2 for e in self.edges]
        fits = all(t.shape == d.shape == (s,) for t, d, s in zip(self.single, self.density, sizes, strict=True))
        fits &= all(a < b < len(sizes) and p.shape == q.shape == (sizes[a], sizes[b])
                    for (a, b), p, q in zip(self.pairs, self.phi_a, self.phi_b, strict=True))
        fits &= not self.spread or [s.shape for s in self.spread] == [(s,) for s in sizes]
        fits &= all(bool(np.all(e[1:] > e[:-1])) for e in self.edges)
        if not fits:
            raise Refused("The model's tables do not fit together (sizes or order of thresholds differ from "
                          "what model.json states). The model was not loaded.")

    def bins(self, x: np.ndarray) -> np.ndarray:
        """Bin number of every value, int32 (n_items, p), for `x` (n_items, p)."""
        return bins_of(self._checked(x), self._packed[0])

    def _run(self, x: np.ndarray, threads: int) -> tuple[np.ndarray, np.ndarray]:
        x = self._checked(x)
        phi, margin = np.empty(x.shape), np.empty(len(x))
        search, packed = self._packed

        def one(block: slice) -> None:
            explain_rows(x[block], *search.parts, *packed, self.base, phi[block], margin[block])

        in_blocks(one, len(x), threads)
        return phi, margin

    def _checked(self, x: np.ndarray) -> np.ndarray:
        x = np.ascontiguousarray(x, np.float32)
        if x.ndim != 2 or x.shape[1] != len(self.names):
            raise Refused(f"Expected {len(self.names)} feature columns, got an array of shape {x.shape}. "
                          "Nothing was scored.")
        return x

    @cached_property
    def _packed(self) -> tuple[Search, tuple[np.ndarray, ...]]:
        """Thresholds and all tables end to end, as the kernel wants them."""
        single, single_at = flat(self.single)
        both = [np.stack([a, b], axis=-1).ravel() for a, b in zip(self.phi_a, self.phi_b, strict=True)]
        pair, pair_at = flat(both)
        pairs = np.array(self.pairs, np.int64).reshape(-1, 2)
        return Search.of(self.edges), (single, single_at, pairs, pair, pair_at)


def in_blocks(work: Callable[[slice], None], n: int, threads: int) -> None:
    """Do `work` on blocks of rows; the kernels release the interpreter's lock, and blocks do not overlap."""
    blocks = [slice(start, start + _BLOCK) for start in range(0, n, _BLOCK)]
    if threads == 1 or len(blocks) == 1:
        for rows in blocks:
            work(rows)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, blocks))
