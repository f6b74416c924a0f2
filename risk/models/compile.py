"""From scikit-learn's boosted trees to tables, exactly.

Under ``interaction_cst`` every path of a tree touches at most two features, so every leaf is a box over
at most two of them, and the ensemble is a sum of one- and two-dimensional step functions over the
thresholds the trees use. This module reads the trees of a fitted `HistGradientBoostingClassifier`
through its fitted attribute ``_predictors`` (scikit-learn offers no public view of the nodes; shap reads
the same one); `risk.models.ga2m` therefore compares the result with the public ``decision_function`` at
every fit.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

__all__ = ["compile_booster", "compile_classes", "float32_below"]

Box = dict[int, tuple[int, int, bool]]


def float32_below(threshold: np.ndarray) -> np.ndarray:
    """The largest float32 not above each float64 threshold: ``x <= t`` is the same for every float32 x.

    >>> bool(float(float32_below(np.array([0.1]))[0]) <= 0.1 < float(np.float32(0.1)))
    True
    """
    with np.errstate(over="ignore"):
        rounded = np.asarray(threshold, np.float64).astype(np.float32)
    too_high = rounded.astype(np.float64) > threshold
    return np.where(too_high, np.nextafter(rounded, np.float32(-np.inf)), rounded).astype(np.float32)


def compile_booster(
    booster: HistGradientBoostingClassifier, n_features: int
) -> tuple[list[np.ndarray], float, dict[int, np.ndarray], dict[tuple[int, int], np.ndarray]]:
    """Edges, constant, single tables and pair tables of a fitted binary booster (log-odds).

    Raises
    ------
    ValueError
        When a leaf depends on more than two features, or a split is categorical.
    """
    trees = [stage[0].nodes for stage in booster._predictors]
    edges = _edges(trees, n_features)
    const, single, pair = _sum_leaves(trees, edges)
    return edges, const + float(np.ravel(booster._baseline_prediction)[0]), single, pair


def compile_classes(
    booster: HistGradientBoostingClassifier, n_features: int
) -> tuple[list[np.ndarray], np.ndarray, list[np.ndarray]]:
    """Edges, constants (n_classes,) and per feature one table (n_bins, n_classes) of additive classes.

    Raises
    ------
    ValueError
        When a leaf depends on more than one feature, or a split is categorical.
    """
    stages = booster._predictors
    edges = _edges([tree.nodes for stage in stages for tree in stage], n_features)
    const = np.array(booster._baseline_prediction, float).ravel()
    tables = [np.zeros((len(e) + 2, len(const))) for e in edges]
    for k in range(len(const)):
        constant, single, pair = _sum_leaves([stage[k].nodes for stage in stages], edges)
        if pair:
            raise ValueError(
                f"A leaf depends on the features {next(iter(pair))}; a profile is purely additive."
            )
        const[k] += constant
        for j, table in single.items():
            tables[j][:, k] = table
    return edges, const, tables


def _sum_leaves(
    trees: list[np.ndarray], edges: list[np.ndarray]
) -> tuple[float, dict[int, np.ndarray], dict[tuple[int, int], np.ndarray]]:
    const, single, pair = 0.0, {}, {}
    for nodes in trees:
        for box, value in _leaves(nodes, edges):
            const += _add(box, value, edges, single, pair)
    return const, single, dict(sorted(pair.items()))


def _edges(trees: list[np.ndarray], n_features: int) -> list[np.ndarray]:
    splits = np.concatenate([t[t["is_leaf"] == 0] for t in trees])
    if splits["is_categorical"].any():
        raise ValueError("A native categorical split cannot be compiled; encode categories first.")
    below = float32_below(splits["num_threshold"])
    return [np.unique(below[splits["feature_idx"] == j]) for j in range(n_features)]


def _leaves(nodes: np.ndarray, edges: list[np.ndarray]) -> Iterator[tuple[Box, float]]:
    """Each leaf as (box, value); a box maps a feature to its (first bin, last bin, takes missing)."""
    stack: list[tuple[int, Box]] = [(0, {})]
    while stack:
        at, box = stack.pop()
        node = nodes[at]
        if node["is_leaf"]:
            yield box, float(node["value"])
            continue
        j, last = int(node["feature_idx"]), len(edges[int(node["feature_idx"])])
        k = int(np.searchsorted(edges[j], float32_below(node["num_threshold"])))
        low, high, missing = box.get(j, (0, last, True))
        left = bool(node["missing_go_to_left"])
        stack.append((int(node["left"]), {**box, j: (low, min(high, k), missing and left)}))
        stack.append((int(node["right"]), {**box, j: (max(low, k + 1), high, missing and not left)}))


def _add(
    box: Box,
    value: float,
    edges: list[np.ndarray],
    single: dict[int, np.ndarray],
    pair: dict[tuple[int, int], np.ndarray],
) -> float:
    """Add a leaf to the table it belongs to; a leaf without a split is a constant, and is returned."""
    if not box:
        return value
    if len(box) > 2:
        raise ValueError(f"A leaf depends on {len(box)} features; at most two can be compiled.")
    key = tuple(sorted(box))
    size = tuple(len(edges[j]) + 2 for j in key)
    table = (
        single.setdefault(key[0], np.zeros(size)) if len(key) == 1 else pair.setdefault(key, np.zeros(size))
    )
    table[np.ix_(*[_cells(box[j], n) for j, n in zip(key, size, strict=True)])] += value
    return 0.0


def _cells(side: tuple[int, int, bool], n_bins: int) -> np.ndarray:
    low, high, missing = side
    return np.concatenate([np.arange(low, high + 1), [n_bins - 1] if missing else []]).astype(np.int64)
