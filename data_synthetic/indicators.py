"""Risk indicators: what an experienced office looks for in a declaration. Yes or no, named, and nothing more.

They stay at the level that customs and postal bodies publish, and read only what the declaration shows. The
profiles of ``world.toml`` (``[examination.profiles.*]``) add up points over them. No indicator reads the
origin: past targeting in this world does not choose by country.

>>> "light_for_goods" in INDICATORS and "origin" not in INDICATORS
True
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from data_synthetic.densities import KINDS
from data_synthetic.fields import VAGUE, against_norm, anchor
from data_synthetic.items import Items

__all__ = ["INDICATORS", "indicators"]

_DAY_MS = 86_400_000
_RATIOS = {   # indicator: which ratio to what is usual for the goods, and above (+) or below (−) which factor
    "light_for_goods": ("net", -0.4), "very_light_for_goods": ("net", -0.25),
    "heavy_for_goods": ("net", 2.5), "very_heavy_for_goods": ("net", 4.0),
    "cheap_for_goods": ("value", -0.4), "very_cheap_for_goods": ("value", -0.25),
    "dear_for_goods": ("value", 2.5), "very_dear_for_goods": ("value", 4.0),
    "heavy_packaging": ("packaging", 2.5), "very_heavy_packaging": ("packaging", 4.0)}
_GOODS = {"care_goods": ("health_beauty",), "fashion_goods": ("accessories",), "chemicals": ("chemicals",),
          "apparatus": ("lab_equipment", "machinery")}
_LEVELS = {   # indicator: field and the level of it
    "locker": ("recipient_type", "locker"), "forwarder": ("sender_type", "forwarder"),
    "letter": ("mail_class", "U"), "express": ("mail_class", "E"),
    "sample_stated": ("nature_of_transaction", "commercial_sample"),
    "late_advance_data": ("ead_received_utc", "late"), "no_advance_data": ("ead_received_utc", "missing")}
_PLAIN: dict[str, Callable[[Items], np.ndarray]] = {
    "vague": lambda i: i.value["topic"] == VAGUE,
    "words_against_code": lambda i: i.value["description_kind"] == KINDS.index("other"),
    "words_near_code": lambda i: i.value["description_kind"] == KINDS.index("near"),
    "operator_differs": lambda i: i.value["origin_operator"] == 1,
    "insured": lambda i: i.value["insured"] == 1,
    "several_pieces": lambda i: i.value["pieces"] >= 2,  # counted from 0: three or more
    "nominal_value": lambda i: np.isin(i.value["value_cents"], (0, 100)),
    "private_delivery": lambda i: (
        _level(i, "recipient_type", "residence") | _level(i, "recipient_type", "locker")
    ),
    "regulated_without_licence": lambda i: _unlicensed(i),
    "listed_word": lambda i: _listed(i),
}

INDICATORS: tuple[str, ...] = (*_RATIOS, *_GOODS, *_LEVELS, *_PLAIN)


def indicators(items: Items) -> dict[str, np.ndarray]:
    """Every indicator of a block, each a boolean array of shape (n,)."""
    ratio, group = against_norm(items), _group(items)
    out = {name: ratio[which] < np.log(-limit) if limit < 0 else ratio[which] > np.log(limit)
           for name, (which, limit) in _RATIOS.items()}
    out |= {name: np.isin(group, groups) for name, groups in _GOODS.items()}
    out |= {name: _level(items, field, level) for name, (field, level) in _LEVELS.items()}
    return out | {name: test(items) for name, test in _PLAIN.items()}


def _unlicensed(items: Items) -> np.ndarray:
    """Whether the stated code is of regulated goods and no licence reference is given."""
    regulated = np.append(items.norms.regulated[:-1], False)[items.value["hs_code"]]
    return regulated & (items.value["licence_reference_present"] == 0)


def _group(items: Items) -> np.ndarray:
    groups = np.array([c.group for c in items.world.goods.commodities] + [""])
    return groups[anchor(items)]


def _level(items: Items, field: str, level: str) -> np.ndarray:
    return items.value[field] == list(items.densities.table[field].levels).index(level)


def _listed(items: Items) -> np.ndarray:
    """Whether the description carries a word that is on the office's list on the day of arrival."""
    day, out = items.skeleton.arrived_ms / _DAY_MS, np.zeros(items.n, dtype=bool)
    for wave in items.world.examination["listed"]:
        words = [list(items.world.goods.tails).index(w) for w in wave["words"]]
        out |= np.isin(items.value["description_tail"], words) & (day >= wave["from_day"])
    return out
