"""What was examined and what an officer wrote down: the only labels there are.

Each item has, before anyone looks, a probability to be examined by any channel: a random share of
everything, a part of what matches a rule, and a part of the rest by points. `inclusion_probability` is that
total, so that weighting by its inverse is right on average. Examination has two stages, a non-intrusive check that
errs and an opening that may miss; a finding is reported days later, and its family is sometimes misrecorded.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from data_synthetic.densities import KINDS
from data_synthetic.fields import VAGUE, against_norm, anchor
from data_synthetic.items import Items

__all__ = ["examine", "inclusion_probability", "points"]

_DAY_MS, _HOUR_MS = 86_400_000, 3_600_000
_DECIMALS = 9   # of probabilities: hides last-bit differences between processors' exp


def examine(items: Items, declarations: pa.Table) -> pa.Table:
    """The examinations of a block, reported or not: one row per examined item."""
    e, u = items.world.examination, items.uniform("examined")
    rule, targeted = _chances(items)
    random = e["random_share"]
    total = np.round(inclusion_probability(random, rule, targeted), _DECIMALS)
    rows = np.flatnonzero(u < total)
    edges = np.stack([np.full(items.n, random), random + (1 - random) * rule], axis=1)[rows]
    channel = (u[rows, None] >= edges).sum(axis=1)
    found = _found(items)[rows]
    examined, reported = (t[rows] for t in _times(items))
    start = np.datetime64(items.world.start, "ms").astype(np.int64)
    utc = pa.timestamp("ms", tz="UTC")
    return pa.table({
        "item_id": declarations["item_id"].take(pa.array(rows)).combine_chunks(),
        "examined_utc": pa.array(examined + start).cast(utc), "reported_utc": pa.array(reported + start).cast(utc),
        "channel": pa.array(["random", "rule", "targeted"]).take(pa.array(channel)),
        "inclusion_probability": pa.array(total[rows]), "found": pa.array(found),
        "finding_family": _families(items, rows, found)})


def inclusion_probability(random: float, rule: np.ndarray, targeted: np.ndarray) -> np.ndarray:
    """Probability to be examined by any of three channels that are tried in turn.

    >>> float(inclusion_probability(0.1, np.array([0.0]), np.array([0.5]))[0])
    0.55
    """
    return random + (1 - random) * (rule + (1 - rule) * targeted)


def points(items: Items) -> np.ndarray:
    """What past targeting made of an item: points (log odds) over its fields, plus what no field shows."""
    p, v = items.world.examination["points"], items.value
    at = {name: items.densities.table[name].levels.index for name in ("recipient_type", "mail_class")}
    spread = items.uniform("officer")
    seen = {"no_advance_data": v["ead_received_utc"] == 2, "vague": v["topic"] == VAGUE,
            "operator_differs": v["origin_operator"] == 1, "regulated_without_licence": _unlicensed(items),
            "words_against_code": v["description_kind"] == KINDS.index("other"),
            "locker": v["recipient_type"] == at["recipient_type"]("locker"),
            "nominal_value": (v["value_cents"] == 0) | (v["value_cents"] == 100),
            "express": v["mail_class"] == at["mail_class"]("E"), **_against_norms(items)}
    noise = p["noise"] * (spread + items.uniform("officer_again") - 1.0) * np.sqrt(6.0)  # triangular, unit variance
    return noise + sum(p[name] * flag for name, flag in seen.items())


def _against_norms(items: Items) -> dict[str, np.ndarray]:
    ratio, low, high = against_norm(items), np.log(0.4), np.log(2.5)
    homes = [items.densities.table["recipient_type"].levels.index(k) for k in ("residence", "locker")]
    private = np.isin(items.value["recipient_type"], homes) & items.norms.regulated[anchor(items)]
    return {"light_for_goods": ratio["net"] < low, "cheap_for_goods": ratio["value"] < low,
            "dear_for_goods": ratio["value"] > high, "heavy_packaging": ratio["packaging"] > high,
            "private_equipment": private}


def _chances(items: Items) -> tuple[np.ndarray, np.ndarray]:
    e, v = items.world.examination, items.value
    odd_route = (v["origin_operator"] == 1) & (v["ead_received_utc"] == 2)
    disagrees = _unlicensed(items) & ((v["topic"] == VAGUE) | (v["description_kind"] == KINDS.index("other")))
    rule = e["rule_rate"] * (odd_route | disagrees)
    targeted = np.minimum(e["targeted_most"], e["targeted_rate"] * np.exp(points(items)))
    return rule, targeted


def _unlicensed(items: Items) -> np.ndarray:
    regulated = np.append(items.norms.regulated[:-1], False)[items.value["hs_code"]]
    return regulated & (items.value["licence_reference_present"] == 0)


def _found(items: Items) -> np.ndarray:
    """Whether an examination would find something: check, then opening."""
    e, irregular = items.world.examination, items.skeleton.irregular
    reacts = items.uniform("check") < np.where(irregular, e["check_sensitivity"], e["check_false_alarm"])
    opened = reacts | (items.uniform("open") < e["open_anyway"])
    return irregular & opened & (items.uniform("opening") < e["opening_sensitivity"])


def _times(items: Items) -> tuple[np.ndarray, np.ndarray]:
    e = items.world.examination
    least, most = e["wait_hours"]
    wait = (least + (most - least) * items.uniform("wait")) * _HOUR_MS
    delay = np.maximum(0.1, e["delay_days"] + e["delay_spread_days"] * (2 * items.uniform("delay") - 1)) * _DAY_MS
    examined = items.skeleton.arrived_ms + wait.astype(np.int64)
    return examined, examined + delay.astype(np.int64)


def _families(items: Items, rows: np.ndarray, found: np.ndarray) -> pa.Array:
    """The family recorded: the scheme's own, sometimes "other", sometimes another one."""
    e, names = items.world.examination, list(items.world.families)
    own = np.array([names.index(p.family) if p.family else 0 for p in items.world.profiles])[items.skeleton.mode[rows]]
    u, other = items.uniform("family")[rows], names.index("other") if "other" in names else len(names) - 1
    wrong = (own + 1 + np.floor(items.uniform("family_wrong")[rows] * (len(names) - 1)).astype(np.int64)) % len(names)
    written = np.select([u < e["family_wrong"], u < e["family_wrong"] + e["family_other"]], [wrong, other], own)
    return pa.array([*items.world.families.values()]).take(pa.array(written, mask=~found))
