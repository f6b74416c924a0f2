"""``boosted``, the unconstrained challenger: boosted trees that may mix any features, in no readable form.

It is here to be compared with. Its fitted form is scikit-learn's estimator, which no table can hold, so its
artefact is a joblib file (see `risk.registry` for when one is opened), and its explanations are
`shap.TreeExplainer`'s interventional values against 100 items of the training slice, not against all of it.
Early stopping is off, because its random split would make a fit depend on the order of rows; categories come
encoded as numbers, because with native categorical splits shap's values were measured to miss the margin by
up to 2.7 log-odds.

>>> x = np.random.default_rng(0).normal(size=(300, 2)).astype(np.float32)
>>> trees = fit_boosted(x, (x[:, 0] * x[:, 1] > 0).astype(int), settings={"max_iter": 20})
>>> phi, margin = trees.explain(x[:5])
>>> bool(np.abs(trees.base + phi.sum(axis=1) - margin).max() < 1e-6)
True
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import joblib
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from threadpoolctl import threadpool_limits

from risk.errors import Refused
from risk.explanation import tree_attributions, tree_explainer
from risk.models.base import canonical_order
from risk.models.binning import Binned
from risk.models.kernels import Search, bins_of
from risk.models.profile_tables import ProfileTables
from risk.models.tables import AdditiveTables

__all__ = ["BoostedTrees", "Fitted", "fit_boosted"]

_BACKGROUND = 100
_DRIFT_BINS = 64


@dataclass(frozen=True)
class BoostedTrees:
    """A fitted booster with its calibration; offers what `risk.models.AdditiveTables` offers, but no tables.

    Attributes
    ----------
    names
        Feature names, length p.
    booster
        scikit-learn's, fitted.
    background
        The items that attributions are measured against, float32 (100 or fewer, p).
    edges, density
        Per feature, thresholds and the training slice's share per bin, the last for missing values: what
        drift is measured against. They take no part in scoring.
    slope, shift
        The calibration: ``margin = slope * decision_function + shift``.
    """

    names: tuple[str, ...]
    booster: HistGradientBoostingClassifier
    background: np.ndarray
    edges: tuple[np.ndarray, ...]
    density: tuple[np.ndarray, ...]
    slope: float = 1.0
    shift: float = 0.0

    @property
    def pairs(self) -> tuple[tuple[int, int], ...]:
        """No pair is named: any features may be mixed."""
        return ()

    @cached_property
    def base(self) -> float:
        """Mean margin over the background, log-odds: what attributions start from."""
        return float(self.margins(self.background).mean())

    def scaled(self, slope: float, shift: float) -> "BoostedTrees":
        """The same trees with ``slope · margin + shift``."""
        return replace(self, slope=slope * self.slope, shift=slope * self.shift + shift)

    def rebased(self, background: np.ndarray) -> "BoostedTrees":
        """The same margins explained against another background: 100 of its items, evenly spaced in an order
        that depends on content only (float32, (n_background, p))."""
        x = np.ascontiguousarray(background, np.float32)
        order = canonical_order(x)
        some = order[np.unique(np.linspace(0, len(x) - 1, min(_BACKGROUND, len(x))).astype(np.int64))]
        binned = Binned.of(x, max_bins=_DRIFT_BINS)
        bins = bins_of(x, Search.of(binned.edges))
        density = [np.bincount(bins[:, j], minlength=len(e) + 2) / len(x) for j, e in enumerate(binned.edges)]
        return replace(self, background=x[some], edges=binned.edges, density=tuple(density))

    def margins(self, x: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Calibrated log-odds, shape (n_items,), by scikit-learn's own arithmetic."""
        x = self._checked(x)
        if not len(x):
            return np.empty(0)
        with threadpool_limits(threads, user_api="openmp"):
            return self.slope * self.booster.decision_function(x) + self.shift

    def attributions(self, x: np.ndarray, *, threads: int = 1) -> np.ndarray:
        """Interventional SHAP values against the background, shape (n_items, p), log-odds.

        Whoever shows them checks first that they add up to `margins` (`risk.explanation.check_additive`).
        """
        x = self._checked(x)
        if not len(x):
            return np.empty(x.shape)
        return self.slope * tree_attributions(self._explainer, x)

    def explain(self, x: np.ndarray, *, threads: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """Attributions (n_items, p) and margins (n_items,); the two are computed apart from each other."""
        return self.attributions(x), self.margins(x, threads=threads)

    def to_arrays(self) -> dict[str, np.ndarray]:
        """Everything but the estimator as named arrays; a digest stands for the trees' content."""
        out = {
            "background": self.background,
            "calibration": np.array([self.slope, self.shift]),
            "trees_sha256": np.array(_digest(self.booster)),
        }
        for j in range(len(self.names)):
            out |= {f"edges_{j}": self.edges[j], f"density_{j}": self.density[j]}
        return out

    def to_bytes(self) -> bytes:
        """The estimator as a joblib file."""
        packed = io.BytesIO()
        joblib.dump(self.booster, packed, compress=3)
        return packed.getvalue()

    @classmethod
    def from_parts(
        cls, names: Sequence[str], arrays: Mapping[str, np.ndarray], estimator: bytes
    ) -> "BoostedTrees":
        """Rebuild from `to_arrays` and `to_bytes`. **Unpickles `estimator`**: check where it comes from first.

        Raises
        ------
        risk.errors.Refused
            When the estimator is not the one that the arrays were made with.
        """
        booster = joblib.load(io.BytesIO(estimator))
        if _digest(booster) != str(arrays["trees_sha256"]):
            raise Refused(
                "The trees in estimator.joblib are not those that tables.npz was written with. The model "
                "was not loaded. Train it again."
            )
        slope, shift = map(float, arrays["calibration"])
        edges, density = ([arrays[f"{kind}_{j}"] for j in range(len(names))] for kind in ("edges", "density"))
        return cls(tuple(names), booster, arrays["background"], tuple(edges), tuple(density), slope, shift)

    @cached_property
    def _explainer(self) -> Any:
        return tree_explainer(self.booster, self.background)

    def __getstate__(self) -> dict[str, Any]:
        """Without the explainer, so that a worker gets what it needs and no more."""
        return {k: v for k, v in self.__dict__.items() if k != "_explainer"}

    def _checked(self, x: np.ndarray) -> np.ndarray:
        x = np.asarray(x, np.float32)
        if x.ndim != 2 or x.shape[1] != len(self.names):
            raise Refused(
                f"Expected {len(self.names)} feature columns, got an array of shape {x.shape}. "
                "Nothing was scored."
            )
        return x.astype(np.float64)


#: The fitted form of any kind of model.
Fitted = AdditiveTables | ProfileTables | BoostedTrees


def fit_boosted(
    x: np.ndarray,
    y: np.ndarray,
    weight: np.ndarray | None = None,
    *,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    threads: int = 1,
) -> BoostedTrees:
    """Fit unconstrained trees; the order of rows does not matter.

    Parameters
    ----------
    x
        float32 (n_items, p), NaN is missing.
    y
        Found or not, in {0, 1}, shape (n_items,).
    weight
        Shape (n_items,); None for equal.
    settings
        Arguments of scikit-learn's `HistGradientBoostingClassifier`.
    """
    weight = np.ones(len(x)) if weight is None else weight
    order = canonical_order(x, y, weight)
    booster = HistGradientBoostingClassifier(
        **{"l2_regularization": 5.0, **(settings or {})},
        early_stopping=False,
        categorical_features=None,
        random_state=seed,
    )
    with threadpool_limits(threads, user_api="openmp"):
        Binned.of(x[order]).fit(booster, y[order].astype(int), weight[order])
    bare = BoostedTrees(tuple(f"x{j}" for j in range(x.shape[1])), booster, x[:0], (), ())
    return bare.rebased(x)


def _digest(booster: HistGradientBoostingClassifier) -> str:
    """SHA-256 over what the trees say, whatever their pickled form (nodes read as in `risk.models.compile`)."""
    hashed = hashlib.sha256(np.ravel(booster._baseline_prediction).astype(np.float64).tobytes())
    for tree in (tree for stage in booster._predictors for tree in stage):
        for field in ("value", "feature_idx", "num_threshold", "missing_go_to_left", "left", "right", "is_leaf"):
            hashed.update(np.ascontiguousarray(tree.nodes[field]).tobytes())
    return hashed.hexdigest()
