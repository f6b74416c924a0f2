"""Finding families where examinations record none: cluster the finds by what moved their scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.cluster import KMeans

__all__ = ["discover_families"]


def discover_families(
    attributions: np.ndarray, names: Sequence[str], *, k: int, seed: int = 0
) -> tuple[list[str], np.ndarray]:
    """Names and memberships of `k` discovered families.

    Parameters
    ----------
    attributions : (n_found, n_features)
        Of a single additive model, log-odds; "supervised clustering" (Lundberg et al. 2018).
    names : (n_features,)
    k : int
        How many families; fewer where the finds differ in fewer ways.
    seed : int

    Returns
    -------
    names, membership
        ``discovered: a + b`` after the two features that raise a family's odds most above the other finds';
        an array (n_found, k) of zeros and ones.

    >>> phi = np.array([[3.0, 0.0], [2.9, 0.1], [0.0, 3.0], [0.1, 2.9]])
    >>> families, member = discover_families(phi, ["light", "dear"], k=2)
    >>> sorted(families), member.sum(axis=0).tolist()
    (['discovered: dear + light', 'discovered: light + dear'], [2.0, 2.0])
    """
    different = len(np.unique(attributions.round(9), axis=0))
    label = KMeans(n_clusters=min(k, different), n_init=5, random_state=seed).fit_predict(attributions)
    used = np.unique(label)
    overall = attributions.mean(axis=0)
    found = [_name(attributions[label == s].mean(axis=0) - overall, names) for s in used]
    for at, name in enumerate(found):
        if name in found[:at]:
            found[at] = f"{name} ({found[:at].count(name) + 1})"
    return found, (label[:, None] == used).astype(float)


def _name(excess: np.ndarray, names: Sequence[str]) -> str:
    leading = np.argsort(-excess, kind="stable")[:2]
    return "discovered: " + " + ".join(names[j] for j in leading)
