"""Which items to refer: the highest scores within capacity, and a stated random share to measure by.

The random share is drawn from everything that was not targeted, with equal probability, so that hit rate
and miss rate of the whole stream can be estimated without the target's own eyes.
"""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pandas as pd

from risk.errors import BadSetting, Refused

__all__ = ["select"]


def select(scores: pd.DataFrame, *, capacity: int, random_share: float = 0.1, seed: int = 0,
           yellow: int | None = None) -> pd.DataFrame:
    """Put every item into a lane.

    Parameters
    ----------
    scores
        ``item_id`` and ``margin`` (log-odds), shape (n_items, …).
    capacity
        How many items can be examined (lane ``red``).
    random_share
        Share of the capacity drawn at random, 0–1.
    seed
        Seeds the draw; ties in the margin are broken by a seeded hash of the id, never by row order.
    yellow
        How many more items, by score, get a document check; as many as `capacity` by default.

    Returns
    -------
    DataFrame
        ``item_id, lane, channel, inclusion_probability, reason``, one row per item, in the order of
        `scores`. `inclusion_probability` is that of being examined under this policy: 1 for a targeted
        item, and the same for all others (random channel or not).

    >>> s = pd.DataFrame({"item_id": list("abcdef"), "margin": [3.0, 2, 1, 0, -1, -2]})
    >>> select(s, capacity=2, random_share=0.5, seed=1, yellow=1)[["lane", "channel"]].value_counts().to_dict()
    {('green', ''): 3, ('red', 'targeted'): 1, ('yellow', ''): 1, ('red', 'random'): 1}
    """
    _check(scores, capacity, random_share)
    n, n_red = len(scores), min(capacity, len(scores))
    n_random = int(round(n_red * random_share))
    n_targeted = n_red - n_random
    order = _best_first(scores, seed)
    others = order[n_targeted:]
    drawn = np.random.default_rng([seed, crc32(b"random channel")]).choice(others, n_random, replace=False)
    lane, channel = np.full(n, "green", dtype=object), np.full(n, "", dtype=object)
    left = others[~np.isin(others, drawn)]
    lane[left[: capacity if yellow is None else yellow]] = "yellow"
    lane[order[:n_targeted]], channel[order[:n_targeted]] = "red", "targeted"
    lane[drawn], channel[drawn] = "red", "random"
    probability = np.full(n, n_random / max(len(others), 1))
    probability[order[:n_targeted]] = 1.0
    out = pd.DataFrame({"item_id": scores["item_id"].to_numpy(), "lane": lane.astype(str),
                        "channel": channel.astype(str), "inclusion_probability": probability})
    return out.assign(reason=_words(out, n_targeted))


def _best_first(scores: pd.DataFrame, seed: int) -> np.ndarray:
    """Positions by falling margin, ties by a seeded hash of the id."""
    ids = scores["item_id"].astype("str")
    tie = pd.util.hash_pandas_object(ids + f"|{seed}", index=False).to_numpy()
    return np.lexsort((tie, -scores["margin"].to_numpy(dtype=float)))


def _words(out: pd.DataFrame, n_targeted: int) -> pd.Series:
    words = {"red targeted": f"among the {n_targeted:,} highest scores of {len(out):,} items",
             "red random": "random check, whatever its score",
             "yellow ": "next highest scores, documents only", "green ": "score below the day's capacity"}
    return (out["lane"] + " " + out["channel"]).map(words)


def _check(scores: pd.DataFrame, capacity: int, random_share: float) -> None:
    absent = [c for c in ("item_id", "margin") if c not in scores]
    if absent:
        raise Refused(f"Expected scores with item_id and margin; {', '.join(absent)} is missing. "
                      "Make them with: risk score MODEL DATA --out FILE. Nothing was selected.")
    if not isinstance(capacity, (int, np.integer)) or capacity < 1:
        raise BadSetting("capacity", got=capacity, expected="a whole number of items, at least 1")
    if not 0 <= random_share <= 1:
        raise BadSetting("random_share", got=random_share, expected="a share between 0 and 1")
    if not np.isfinite(scores["margin"].to_numpy(dtype=float)).all():
        raise Refused("Expected a number in every row of margin; some are missing or infinite. "
                      "Nothing was selected.")
    if scores["item_id"].duplicated().any():
        raise Refused("Expected each item_id once; some stand twice. Nothing was selected.")
