"""The compiled form of `profiles`: one additive table per profile and feature, joined by a log-sum-exp.

With ``g_s(x) = offset_s + Σ_j c_sj(x_j)``, each c_sj centred under the background, the margin is
``M(x) = slope · log Σ_s exp g_s(x) + shift``.

Within a profile the c_sj are its exact interventional SHAP values. For M itself the attribution is the
Aumann–Shapley path integral (Aumann and Shapley 1974; Friedman 2004; "integrated gradients") from the
average tables to the item's: ``φ_j = slope · Σ_s W_s c_sj(x_j)`` with
``W_s = ∫₀¹ softmax_s(offset + t Σ_j c_j(x_j)) dt``. It adds up to ``M(x) − base`` by the fundamental
theorem of calculus, gives a silent feature nothing, and is SHAP itself when there is one profile.
The integral is taken by Gauss–Legendre nodes, eight where they close the sum to 1e-6 log-odds, else 16-point
panels, doubled until it closes to 1e-5; what is left is spread in proportion to |φ|, so that the sum is exact.

>>> tables = ProfileTables.build(
...     ["w"], ["light", "dear"], [np.array([10.0], np.float32)], offsets=np.zeros(2),
...     tables=[np.array([[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]])],
...     background=np.array([[5.0], [20.0]], np.float32))
>>> phi, margin = tables.explain(np.array([[5.0], [20.0]], np.float32))
>>> bool(np.allclose(tables.base + phi[:, 0], margin))
True
>>> tables.shares(np.array([[20.0]], np.float32)).round(2).tolist()
[[0.12, 0.88]]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import logsumexp, softmax

from risk.errors import Refused
from risk.models.bagging import joined, on_edges, runs
from risk.models.dated import DatedTables
from risk.models.kernels import Search, bins_of
from risk.models.profile_kernels import add_profiles, explain_profiles, profile_margin_rows
from risk.models.tables import AdditiveTables, in_blocks

__all__ = ["ProfileTables", "tables_from_arrays"]



@dataclass(frozen=True)
class ProfileTables:
    """Additive profiles as data; offers what `AdditiveTables` offers, and what each profile says.

    Attributes
    ----------
    names, profiles
        Feature names, length p; profile names, length k.
    edges
        Per feature the ascending float32 thresholds; one more bin, the last, holds missing values.
    offsets
        Per profile its mean log-odds against "nothing found" over the background, shape (k,).
    centred
        Per feature the profiles' tables with background mean zero, shape (n_edges + 2, k), log-odds.
    density
        Per feature the background's share per bin, shape (n_edges + 2,).
    slope, shift
        The calibration of the whole margin.
    spread
        Per feature the standard deviation over bagged fits of `shape`, (n_edges + 2,), log-odds before
        calibration; empty where nothing was bagged.
    """

    names: tuple[str, ...]
    profiles: tuple[str, ...]
    edges: tuple[np.ndarray, ...]
    offsets: np.ndarray
    centred: tuple[np.ndarray, ...]
    density: tuple[np.ndarray, ...]
    slope: float = 1.0
    shift: float = 0.0
    spread: tuple[np.ndarray, ...] = ()

    @classmethod
    def build(
        cls,
        names: Sequence[str],
        profiles: Sequence[str],
        edges: Sequence[np.ndarray],
        *,
        offsets: np.ndarray,
        tables: Sequence[np.ndarray],
        background: np.ndarray,
    ) -> "ProfileTables":
        """Centre raw tables under a background.

        Parameters
        ----------
        names, profiles, edges
            Feature names, profile names, float32 thresholds per feature.
        offsets, tables
            Constants (k,) and, per feature, tables (n_edges + 2, k): log-odds against "nothing found".
        background
            float32 array, shape (n_background, p); NaN is missing.
        """
        bins = bins_of(np.ascontiguousarray(background, np.float32), Search.of(edges))
        density = [np.bincount(bins[:, j], minlength=len(e) + 2) / len(bins) for j, e in enumerate(edges)]
        means = [d @ t for d, t in zip(density, tables, strict=True)]
        return cls(
            tuple(names),
            tuple(profiles),
            tuple(np.asarray(e, np.float32) for e in edges),
            offsets + np.sum(means, axis=0),
            tuple(t - m for t, m in zip(tables, means, strict=True)),
            tuple(density),
        )

    @classmethod
    def average(
        cls, bags: Sequence["ProfileTables"], *, background: np.ndarray, tolerance: float = 0.02
    ) -> "ProfileTables":
        """The mean of several fits, and how far they spread.

        Neighbouring bins whose values lie within `tolerance` log-odds of each other in every profile become
        one: the mean of jagged steps is smooth, and stays readable.
        """
        first = bags[0]
        edges = [np.unique(np.concatenate([b.edges[j] for b in bags])) for j in range(len(first.names))]
        tables = [
            np.mean([on_edges(e, b.edges[j], b.centred[j]) for b in bags], axis=0) for j, e in enumerate(edges)
        ]
        kept = [runs(t, tolerance) for t in tables]
        tables = [joined(t, k) for t, k in zip(tables, kept, strict=True)]
        edges = [e[k[1:] - 1] for e, k in zip(edges, kept, strict=True)]
        made = cls.build(
            first.names,
            first.profiles,
            edges,
            offsets=np.mean([b.offsets for b in bags], axis=0),
            tables=tables,
            background=background,
        )
        shapes = [[on_edges(e, *b.shape(name)) for b in bags] for name, e in zip(first.names, edges, strict=True)]
        return replace(made, spread=tuple(np.std(s, axis=0, ddof=min(1, len(bags) - 1)) for s in shapes))

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """No profile has a joint table: always empty."""
        return ()

    @cached_property
    def base(self) -> float:
        """Margin at the average tables, log-odds: what attributions start from."""
        return float(self.slope * logsumexp(self.offsets) + self.shift)

    def scaled(self, slope: float, shift: float) -> "ProfileTables":
        """The tables of ``slope · margin + shift``; what an item resembles stays as it was."""
        return replace(self, slope=slope * self.slope, shift=slope * self.shift + shift)

    def rebased(self, background: np.ndarray) -> "ProfileTables":
        """The same margins explained against another background (float32, (n_background, p))."""
        made = ProfileTables.build(
            self.names,
            self.profiles,
            self.edges,
            offsets=self.offsets,
            tables=self.centred,
            background=background,
        )
        return replace(made, slope=self.slope, shift=self.shift, spread=self.spread)

    def margins(self, x: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Calibrated log-odds, shape (n_items,)."""
        x = self._checked(x)
        margin = np.empty(len(x))
        in_blocks(lambda b: profile_margin_rows(x[b], *self._packed, margin[b]), len(x), threads)
        return margin

    def attributions(self, x: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Path attributions of the whole margin, shape (n_items, p), log-odds."""
        return self.explain(x, threads=threads)[0]

    def explain(self, x: np.ndarray, *, threads: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Attributions (n_items, p) and margins (n_items,) in one pass."""
        x = self._checked(x)
        phi, margin = np.empty(x.shape), np.empty(len(x))
        in_blocks(lambda b: explain_profiles(x[b], *self._packed, phi[b], margin[b]), len(x), threads)
        return phi, margin

    def profile_margins(self, x: np.ndarray) -> np.ndarray:
        """Each profile's log-odds against "nothing found", uncalibrated, shape (n_items, k)."""
        bins = bins_of(self._checked(x), self._search)
        out = np.tile(self.offsets, (len(bins), 1))
        add_profiles(bins, *self._packed[1:3], out)
        return out

    def profile_attributions(self, x: np.ndarray) -> np.ndarray:
        """Exact interventional SHAP values of each profile's own log-odds, shape (n_items, k, p).

        ``offsets + profile_attributions(x).sum(axis=2)`` is `profile_margins`.
        """
        bins = bins_of(self._checked(x), self._search)
        return np.stack([t[bins[:, j]] for j, t in enumerate(self.centred)], axis=2)

    def shares(self, x: np.ndarray) -> np.ndarray:
        """What an irregular item like this resembles: softmax of the profiles, (n_items, k)."""
        return softmax(self.profile_margins(x), axis=1)

    def shape(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """One feature's effect on the margin, all others at their average: (edges, effect per bin)."""
        j = self.names.index(name)
        return self.edges[j], self.slope * (
            logsumexp(self.offsets + self.centred[j], axis=1) - logsumexp(self.offsets)
        )

    def band(self, name: str) -> np.ndarray | None:
        """Standard deviation of `shape` over bagged fits, log-odds per bin; None where nothing was bagged."""
        return self.slope * self.spread[self.names.index(name)] if self.spread else None

    def profile_shape(self, profile: str, name: str) -> tuple[np.ndarray, np.ndarray]:
        """One feature's effect within one profile: (edges, log-odds per bin), background mean zero."""
        j = self.names.index(name)
        return self.edges[j], self.centred[j][:, self.profiles.index(profile)]

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Named arrays for an ``npz`` file: data only, no code."""
        out = {
            "profiles": np.array(self.profiles, dtype=np.str_),
            "offsets": self.offsets,
            "calibration": np.array([self.slope, self.shift]),
        }
        for j in range(len(self.names)):
            out |= {
                f"edges_{j}": self.edges[j],
                f"centred_{j}": self.centred[j],
                f"density_{j}": self.density[j],
            }
        return out | {f"spread_{j}": s for j, s in enumerate(self.spread)}

    @classmethod
    def from_arrays(cls, names: Sequence[str], arrays: Mapping[str, np.ndarray]) -> "ProfileTables":
        """Rebuild from `to_arrays`, refusing tables whose shapes do not belong together."""
        features = range(len(names))
        slope, shift = map(float, arrays["calibration"])
        made = cls(
            tuple(names),
            tuple(map(str, arrays["profiles"])),
            tuple(arrays[f"edges_{j}"] for j in features),
            arrays["offsets"],
            tuple(arrays[f"centred_{j}"] for j in features),
            tuple(arrays[f"density_{j}"] for j in features),
            slope,
            shift,
            tuple(arrays[f"spread_{j}"] for j in features if f"spread_{j}" in arrays),
        )
        k = len(made.profiles)
        fits = made.offsets.shape == (k,) and all(
            t.shape == (len(e) + 2, k) and d.shape == (len(e) + 2,) and bool(np.all(e[1:] > e[:-1]))
            for e, t, d in zip(made.edges, made.centred, made.density, strict=True)
        )
        if not fits:
            raise Refused(
                "The model's profile tables do not fit together (sizes or order of thresholds differ "
                "from what model.json states). The model was not loaded."
            )
        return made

    def _checked(self, x: np.ndarray) -> np.ndarray:
        x = np.ascontiguousarray(x, np.float32)
        if x.ndim != 2 or x.shape[1] != len(self.names):
            raise Refused(
                f"Expected {len(self.names)} feature columns, got an array of shape {x.shape}. "
                "Nothing was scored."
            )
        return x

    @cached_property
    def _search(self) -> Search:
        return Search.of(self.edges)

    @cached_property
    def _packed(self) -> tuple:
        """Thresholds, all tables end to end (total bins, k), where each feature's begin, offsets, calibration."""
        starts = np.concatenate([[0], np.cumsum([len(t) for t in self.centred])]).astype(np.int64)
        tables = np.ascontiguousarray(np.concatenate(self.centred))
        return self._search.parts, tables, starts, self.offsets, np.array([self.slope, self.shift])


def tables_from_arrays(
    names: Sequence[str], arrays: Mapping[str, np.ndarray]
) -> AdditiveTables | ProfileTables:
    """Rebuild whichever compiled form the arrays hold."""
    form = ProfileTables if "profiles" in arrays else DatedTables if "changes" in arrays else AdditiveTables
    return form.from_arrays(names, arrays)
