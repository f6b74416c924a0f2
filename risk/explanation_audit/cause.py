"""Agreement of attributions with the recorded causes, beside baselines, a ceiling and other models.

A feature's positive attribution is shared equally among the raw fields it reads, so that fields, not
features, are compared with causes; attributions to the fields themselves (`stated`) need no sharing.
Fields that follow from an altered one without being altered themselves (gross weight contains net weight)
count as not altered: the measures are strict. One measure beside them, ``pointing_game_contained``, also
counts a field that contains an altered one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from risk.errors import Refused

__all__ = [
    "Causes",
    "MEASURES",
    "causes_of",
    "field_relevance",
    "cause_agreement",
    "side_by_side",
    "rank_correlation",
]

#: Measures of agreement with the cause, each 0–1 but the last (−1…1), larger is better.
MEASURES = ("pointing_game", "pointing_game_contained", "relevance_mass", "rank_accuracy", "top_3_intersection",
            "spearman")
_DRAWS = 500


@dataclass(frozen=True)
class Causes:
    """What the made world did to irregular items.

    Attributes
    ----------
    fields : tuple of str, the raw fields a scheme can alter
    altered : bool (n, fields), whether the scheme altered the field
    evidence : float (n, fields), what the field tells in favour of the scheme (nats)
    scheme : object (n,), the scheme's name
    contained : bool (n, fields), altered, or containing an altered field; None where no field contains another
    """

    fields: tuple[str, ...]
    altered: np.ndarray
    evidence: np.ndarray
    scheme: np.ndarray
    contained: np.ndarray | None = None


def causes_of(truth: pd.DataFrame, *, contains: Mapping[str, Sequence[str]] | None = None) -> Causes:
    """The causes recorded in rows of a truth table; all rows must be irregular items.

    Parameters
    ----------
    truth
        With columns ``altered_<field>``, ``evidence_<field>`` and ``scheme``.
    contains
        Fields whose stated amount includes that of others: a change of those shows in it too.

    >>> t = pd.DataFrame({"irregular": [True], "scheme": ["s"], "altered_w": [True], "evidence_w": [0.7]})
    >>> causes_of(t).fields
    ('w',)
    """
    fields = tuple(c.removeprefix("altered_") for c in truth.columns if c.startswith("altered_"))
    if not fields:
        raise Refused(
            "Expected the truth to record which fields were altered (columns altered_<field>); "
            "it has none. Explanations can be audited on made data only. Nothing was audited."
        )
    altered = truth[[f"altered_{f}" for f in fields]].to_numpy(dtype=bool)
    evidence = truth[[f"evidence_{f}" for f in fields]].fillna(0.0).to_numpy(dtype=float)
    wide = altered.copy()
    for whole, parts in (contains or {}).items():
        if whole in fields:
            wide[:, fields.index(whole)] |= altered[:, [fields.index(p) for p in parts if p in fields]].any(axis=1)
    return Causes(fields, altered, evidence, truth["scheme"].to_numpy(dtype=object), wide)


def field_relevance(phi: np.ndarray, reads: Sequence[Sequence[str]], fields: Sequence[str]) -> np.ndarray:
    """Positive attribution per raw field, (n, fields); a feature's is shared equally among those it reads.

    >>> field_relevance(np.array([[0.6, -1.0]]), [("a", "b"), ("b",)], ("a", "b", "c")).tolist()
    [[0.3, 0.3, 0.0]]
    """
    share = np.array([[(f in read) / len(read) for f in fields] for read in reads])
    return np.maximum(phi, 0.0) @ share


def cause_agreement(
    phi: np.ndarray, reads: Sequence[Sequence[str]], causes: Causes, *, seed: int = 0
) -> pd.DataFrame:
    """Agreement of attributions with the recorded causes, beside two baselines and the ceiling.

    Parameters
    ----------
    phi : (n, p)
        Attributions of irregular items, log-odds.
    reads
        Raw fields that each feature reads, length p.
    causes
        Of the same items, in the same order.

    Returns
    -------
    DataFrame
        ``scheme, n, measure, value, low, high, random, global, ceiling``; the scheme ``all`` first. The
        interval is a 95 % bootstrap over items. *random* shuffles each item's attributions among the
        features; *global* gives every item the mean absolute attributions; *ceiling* is what the oracle's
        own evidence (nats per field) reaches: it knows how the item was made, so no model is expected there.

    Notes
    -----
    ``pointing_game`` (Zhang et al. 2018): the top positive reason reads an altered field;
    ``pointing_game_contained``: an altered field, or one that contains an altered one. ``relevance_mass``
    and ``rank_accuracy`` (Arras et al. 2022): share of positive attribution on altered fields; share of
    altered fields among as many top fields. ``top_3_intersection``: of the three fields with the most
    evidence, the share among the three with the most attribution. ``spearman``: rank correlation with the
    evidence over all fields.
    """
    rng = np.random.default_rng([seed, 41])
    ways = {
        "value": phi,
        "random": rng.permuted(phi, axis=1),
        "global": np.broadcast_to(np.abs(phi).mean(axis=0), phi.shape),
    }
    found = {name: _per_item(way, reads, causes) for name, way in ways.items()}
    found["ceiling"] = _ceiling(causes)
    rows = [_summary("all", np.arange(len(phi)), found, rng)]
    for scheme in sorted(set(causes.scheme)):
        rows.append(_summary(scheme, np.flatnonzero(causes.scheme == scheme), found, rng))
    return pd.concat(rows, ignore_index=True)


def _per_item(phi: np.ndarray, reads: Sequence[Sequence[str]], causes: Causes) -> dict[str, np.ndarray]:
    """Each measure of each item, NaN where it is undefined (no positive attribution, no altered field)."""
    relevance = field_relevance(phi, reads, causes.fields)
    return {**_pointing(phi, reads, causes), **_by_field(relevance, causes)}


def _pointing(phi: np.ndarray, reads: Sequence[Sequence[str]], causes: Causes) -> dict[str, np.ndarray]:
    """Whether each item's top positive attribution reads a field that counts; none positive is a miss."""
    hits = np.array([[f in read for f in causes.fields] for read in reads])
    rows, top, some = np.arange(len(phi)), phi.argmax(axis=1), phi.max(axis=1) > 0
    wide = causes.altered if causes.contained is None else causes.contained
    return {name: (some & (counts @ hits.T)[rows, top]).astype(float)
            for name, counts in (("pointing_game", causes.altered), ("pointing_game_contained", wide))}


def _ceiling(causes: Causes) -> dict[str, np.ndarray]:
    evidence = np.maximum(causes.evidence, 0.0)
    return {**_pointing(evidence, [(f,) for f in causes.fields], causes), **_by_field(evidence, causes)}


def side_by_side(
    phis: Mapping[str, np.ndarray], reads: Mapping[str, Sequence[Sequence[str]]], causes: Causes, *, seed: int = 0
) -> pd.DataFrame:
    """The pointing game of several models on the same items, with paired intervals of the differences.

    Parameters
    ----------
    phis
        Model → attributions (n, p of that model) of the same irregular items; the first is what the others
        are compared with.
    reads
        Model → raw fields that each of its features reads.
    causes
        Of those items, in the same order.

    Returns
    -------
    DataFrame
        ``model, n, measure, value, low, high, difference, difference_low, difference_high``: 95 % bootstrap
        intervals over items; the difference is the first model's value less this one's, item by item.
    """
    rng = np.random.default_rng([seed, 45])
    draws = rng.integers(0, len(causes.altered), (_DRAWS, len(causes.altered)))
    found = {name: _pointing(phi, reads[name], causes) for name, phi in phis.items()}
    first = next(iter(found.values()))
    return pd.DataFrame(
        [
            {"model": name, "n": len(values), "measure": measure, "value": float(values.mean())}
            | _ends("", _interval(values, draws))
            | {"difference": float((first[measure] - values).mean())}
            | _ends("difference_", _spread(first[measure] - values, draws))
            for name, hits in found.items()
            for measure, values in hits.items()
        ]
    )


def _ends(prefix: str, ends: tuple[float, float]) -> dict[str, float]:
    return {f"{prefix}low": ends[0], f"{prefix}high": ends[1]}


def _spread(values: np.ndarray, draws: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _by_field(relevance: np.ndarray, causes: Causes) -> dict[str, np.ndarray]:
    total, count = relevance.sum(axis=1), causes.altered.sum(axis=1)
    rank = _falling(relevance)
    inside = (rank < count[:, None]) & causes.altered
    both = ((rank < 3) & (_falling(causes.evidence) < 3)).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        mass = (relevance * causes.altered).sum(axis=1) / total
        return {
            "relevance_mass": np.where(total > 0, mass, np.nan),
            "rank_accuracy": np.where(count > 0, inside.sum(axis=1) / count, np.nan),
            "top_3_intersection": both / 3,
            "spearman": rank_correlation(relevance, causes.evidence),
        }


def _falling(x: np.ndarray) -> np.ndarray:
    """Place of each column in its row, the largest first; ties by column, so that nothing is random."""
    order = np.argsort(-x, axis=1, kind="stable")
    out = np.empty_like(order)
    np.put_along_axis(out, order, np.arange(x.shape[1])[None, :], axis=1)
    return out


def rank_correlation(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Spearman's correlation of each row of `a` with that of `b` (ties share ranks); NaN for a constant row.

    >>> rank_correlation(np.array([[1.0, 2, 3]]), np.array([[10.0, 30, 20]])).round(6).tolist()
    [0.5]
    """
    ranks = [rankdata(x, axis=1) for x in (a, b)]
    u, v = (r - r.mean(axis=1, keepdims=True) for r in ranks)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (u * v).sum(axis=1) / np.sqrt((u**2).sum(axis=1) * (v**2).sum(axis=1))


def _summary(
    scheme: str, rows: np.ndarray, found: Mapping[str, Mapping[str, np.ndarray]], rng: np.random.Generator
) -> pd.DataFrame:
    out = []
    draws = rng.integers(0, len(rows), (_DRAWS, len(rows)))
    for measure in MEASURES:
        values = {name: way[measure][rows] for name, way in found.items()}
        low, high = _interval(values["value"], draws)
        out.append(
            {
                "scheme": scheme,
                "n": len(rows),
                "measure": measure,
                "value": _mean(values["value"]),
                "low": low,
                "high": high,
                "random": _mean(values["random"]),
                "global": _mean(values["global"]),
                "ceiling": _mean(values["ceiling"]),
            }
        )
    return pd.DataFrame(out)


def _mean(values: np.ndarray) -> float:
    kept = values[np.isfinite(values)]
    return float(kept.mean()) if len(kept) else float("nan")


def _interval(values: np.ndarray, draws: np.ndarray) -> tuple[float, float]:
    """Percentile bootstrap over items; where all items agree, one hit and one miss are added (Agresti)."""
    kept = np.isfinite(values)
    if not kept.any():
        return float("nan"), float("nan")
    n, total = kept[draws].sum(axis=1), np.where(kept, values, 0.0)[draws].sum(axis=1)
    means = (total + 1.0) / (n + 2.0) if np.ptp(values[kept]) == 0 else total / np.maximum(n, 1)
    low, high = np.quantile(means[n > 0], [0.025, 0.975])
    return float(min(low, _mean(values))), float(max(high, _mean(values)))
