"""From a skeleton to a block of declarations, with what the truth and the oracle need to know about it.

`make_block` is pure: the same skeleton gives the same block in any process.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_synthetic.distributions import pick
from data_synthetic.examinations import Prospects, prospect
from data_synthetic.fields import FIELDS, PARTY_FIELDS, field_columns
from data_synthetic.items import Items, Norms
from data_synthetic.oracle import Likelihood, item_margin
from data_synthetic.parties import MAX_LIFE, Population
from data_synthetic.randomness import pseudonyms, s10_ids
from data_synthetic.skeleton import Skeleton
from data_synthetic.world import MAIL_CLASSES

__all__ = ["BlockMaker", "Block", "UTC_MS"]

UTC_MS = pa.timestamp("ms", tz="UTC")
_HOUR_MS = 3_600_000
_CLASS_SPEED = {"U": 1.0, "C": 1.1, "E": 0.45}     # of the origin's median transit time. Chosen
_SERVICES = {"U": (("U", "R", "L"), (0.55, 0.25, 0.20)), "C": (("C", "H"), (0.8, 0.2)), "E": (("E",), (1.0,))}
_INSURED_LETTER = "V"
_CASES = (0.70, 0.85)                              # running shares: as is, capitals; the rest: first letters


@dataclass(frozen=True)
class Block:
    """One finished block: declarations, what examinations would show, and what the oracle adds up."""

    skeleton: Skeleton
    declarations: pa.Table
    prospects: Prospects
    margin_item: np.ndarray
    likelihood: Likelihood
    evidence: np.ndarray        # (irregular items, columns of `field_columns`), nats


class BlockMaker:
    """Makes blocks of one stream; small enough to send to another process."""

    def __init__(self, population: Population, seed: int) -> None:
        self.population, self.seed = population, seed
        self.densities, self.world = population.densities, population.world
        self.norms = Norms(self.world)
        self.columns = field_columns()
        self._novelty = np.array([p.novelty for p in self.world.profiles])
        shares = np.array([list(self.world.base["recipient_type"].values()),], dtype=float).T
        regions = np.array(list(self.world.base["destination_region"].values()))
        weeks = self.world.parties["ordinary_weeks"]
        self._recipient_pool = weeks * (shares * regions).ravel()
        self._sender_pool = weeks * np.outer(list(self.world.base["sender_type"].values()),
                                             self.densities.origin_share).ravel()

    def make(self, skeleton: Skeleton) -> Block:
        """Draw the fields of a block, look at it, and weigh it."""
        items = Items(skeleton, self.densities, self.norms, self.seed, self.population.items_a_week)
        items.value["origin"] = self._origin(items)
        for f in (*FIELDS, *PARTY_FIELDS):
            f.draw(items)
        parties = self._parties(items)
        declarations = self._declarations(items, parties)
        likelihood, item_party, evidence = self._weigh(items)
        margin = item_margin(self._prior(items), item_party, likelihood.mode, self.densities.imitated)
        return Block(skeleton, declarations, prospect(items, parties), margin, likelihood, evidence)

    # -- what the block says about kinds and modes ------------------------------------------------------

    def _weigh(self, items: Items) -> tuple[Likelihood, np.ndarray, np.ndarray]:
        s = items.skeleton
        bad = np.flatnonzero(s.irregular)
        evidence = np.zeros((len(bad), len(self.columns)))
        mode = np.zeros((items.n, self.densities.modes))
        for f in FIELDS:
            logp = f.log_prob(items)
            mode += logp
            evidence[:, self.columns.index(f.column)] += self._ratio(logp, bad, s.kind)
        every, fresh = np.zeros_like(mode), self._history(items)
        new_side = self._new_sides(s)
        for p in PARTY_FIELDS:
            logp = p.log_prob(items)
            every += logp
            fresh += logp * new_side[p.side][:, None]
            evidence[:, self.columns.index(p.column)] += self._ratio(logp, bad, s.kind)
        evidence[:, self.columns.index("origin")] = self._origin_evidence(items, bad)
        self._counterpart_evidence(items, bad, evidence)
        return Likelihood(fresh, mode, self._active(s)), every, evidence

    def _ratio(self, logp: np.ndarray, rows: np.ndarray, kind: np.ndarray) -> np.ndarray:
        """Log-likelihood ratio of each row's true scheme against the archetype that it imitates."""
        true = kind[rows]
        return logp[rows, true] - logp[rows, self.densities.imitated[true]]

    def _new_sides(self, s: Skeleton) -> tuple[np.ndarray, np.ndarray]:
        """Whether the sender, and the recipient, is seen for the first time with this identity."""
        first = s.place == 0
        return tuple(np.where(s.role == side, first, s.new) for side in (0, 1))

    def _history(self, items: Items) -> np.ndarray:
        """Log-density of role, novelty of the counterpart and its origin, under every kind."""
        s = items.skeleton
        sender = self.population.sender_role(np.arange(MAX_LIFE + 1))[:, s.week - s.born].T
        with np.errstate(divide="ignore"):
            role = np.log(np.where((s.role == 0)[:, None], sender, 1.0 - sender))
        novelty = np.where(s.new[:, None], np.log(self._novelty), np.log1p(-self._novelty))
        return role + novelty * (s.place > 0)[:, None] + self._log_origin(items) * s.new[:, None]

    def _log_origin(self, items: Items) -> np.ndarray:
        """Log-density of the origin of a counterpart that sends; 0 where the identity itself sends."""
        zero = items.zeros()
        logp = self.densities.table["origin"].log_prob(zero, zero, items.value["origin"])
        return logp * (items.skeleton.role == 1)[:, None]

    def _origin_evidence(self, items: Items, bad: np.ndarray) -> np.ndarray:
        s = items.skeleton
        received = self._ratio(self._log_origin(items), bad, s.kind)
        sent = self.population.log_home(s.born[bad], s.kind[bad], s.home[bad])
        sent -= self.population.log_home(s.born[bad], self.densities.imitated[s.kind[bad]], s.home[bad])
        return np.where(s.role[bad] == 1, received, sent)

    def _counterpart_evidence(self, items: Items, bad: np.ndarray, evidence: np.ndarray) -> None:
        """What the novelty of the counterpart says, noted under the counterpart's id."""
        s = items.skeleton
        novelty = np.where(s.new[bad, None], np.log(self._novelty), np.log1p(-self._novelty))
        ratio = self._ratio(novelty, np.arange(len(bad)), s.kind[bad]) * (s.place[bad] > 0)
        for role, column in ((0, "recipient_id"), (1, "sender_id")):
            evidence[:, self.columns.index(column)] += np.where(s.role[bad] == role, ratio, 0.0)

    def _active(self, s: Skeleton) -> np.ndarray:
        weeks = np.unique(s.week)
        table = np.stack([self.population.active(w, w - np.arange(MAX_LIFE + 1)) for w in weeks])
        return table[s.week - weeks[0], :, s.week - s.born]

    def _prior(self, items: Items) -> np.ndarray:
        s = items.skeleton
        weeks = sorted(s.prior)
        return np.stack([s.prior[w] for w in weeks])[s.week - weeks[0], items.value["origin"]]

    # -- the declaration --------------------------------------------------------------------------------

    def _origin(self, items: Items) -> np.ndarray:
        s = items.skeleton
        return np.where(s.role == 0, s.home, items.of_party("origin", side=0))

    def _declarations(self, items: Items, parties: np.ndarray) -> pa.Table:
        v, origin = items.value, items.value["origin"]
        codes = np.array([o.code for o in self.world.origins])
        elsewhere = self._elsewhere(items, "operator"), self._elsewhere(items, "manufacture")
        operator = np.where(v["origin_operator"] == 1, elsewhere[0], origin)
        made = np.where(v["country_of_manufacture"] == 1, elsewhere[1], origin)
        gross = v["declared_net_weight_g"] + v["packaging_g"]
        ids = [pseudonyms(parties[:, side]) for side in (0, 1)]
        return pa.table(
            {
                "item_id": s10_ids(items.skeleton.number, self._service(items), _letters(codes)[operator]),
                **self._times(items),
                "mail_class": _words(MAIL_CLASSES, v["mail_class"]),
                "origin": _words(codes, origin),
                "origin_operator": _words(codes, operator),
                "transit": self._table_words("transit", v["transit"], blank="none"),
                "office_of_exchange": self._office(items),
                "nature_of_transaction": self._table_words(
                    "nature_of_transaction", v["nature_of_transaction"]
                ),
                "description": self._description(items),
                "hs_code": _words([*self.densities.table["hs_code"].levels, None], v["hs_code"]),
                "country_of_manufacture": _words(codes, made),
                "pieces": pa.array(v["pieces"] + 1, pa.int64()),
                "gross_weight_g": pa.array(gross, pa.float64()),
                "declared_net_weight_g": pa.array(v["declared_net_weight_g"], pa.float64()),
                "declared_value_sdr": pa.array(v["value_cents"] / 100.0, pa.float64()),
                "postage_sdr": pa.array(self._postage(items, gross), pa.float64()),
                "insured": pa.array(v["insured"] == 1),
                "sender_id": ids[0],
                "sender_type": self._table_words("sender_type", v["sender_type"]),
                "recipient_id": ids[1],
                "recipient_type": self._table_words("recipient_type", v["recipient_type"]),
                "destination_region": self._table_words("destination_region", v["destination_region"]),
                "licence_reference_present": pa.array(v["licence_reference_present"] == 1),
            }
        )

    def _elsewhere(self, items: Items, name: str) -> np.ndarray:
        share = np.tile(self.densities.origin_share, (len(self.densities.origin_share), 1))
        np.fill_diagonal(share, 0.0)
        total = np.cumsum(share, axis=1)
        return pick(total / total[:, -1:], items.value["origin"], items.uniform(name))

    def _parties(self, items: Items) -> np.ndarray:
        """Hashes of sender and recipient, shape (n, 2)."""
        v = items.value
        regions, origins = len(self.world.base["destination_region"]), len(self.world.origins)
        sender = items.party_hash(
            side=0, stratum=v["sender_type"] * origins + v["origin"], pool=self._sender_pool
        )
        recipient = items.party_hash(side=1, stratum=v["recipient_type"] * regions + v["destination_region"],
                                     pool=self._recipient_pool)
        return np.stack([sender, recipient], axis=1)

    def _service(self, items: Items) -> np.ndarray:
        u, mail_class = items.uniform("service"), items.value["mail_class"]
        out = np.zeros(items.n, dtype=np.uint8)
        for i, c in enumerate(MAIL_CLASSES):
            letters, shares = _SERVICES[c]
            drawn = np.searchsorted(np.cumsum(shares)[:-1], u, side="right")
            out = np.where(mail_class == i, _letters(letters)[:, 0][drawn], out)
        insured_letter = (items.value["insured"] == 1) & (mail_class == 0)
        return np.where(insured_letter, ord(_INSURED_LETTER), out).astype(np.uint8)

    def _times(self, items: Items) -> dict[str, pa.Array]:
        v, arrived = items.value, items.skeleton.arrived_ms
        median = np.array([o.days for o in self.world.origins])[v["origin"]]
        speed = np.array([_CLASS_SPEED[c] for c in MAIL_CLASSES])[v["mail_class"]]
        u = items.uniform("transit_time")
        days = np.clip(median * speed * (u / (1 - u + 1e-12)) ** 0.22, 0.5, 90.0)
        way = (days * 24 * _HOUR_MS).astype(np.int64)
        posted, w = arrived - way, items.uniform("advance")
        timely = posted + (way * (0.05 + 0.75 * w)).astype(np.int64)
        late = arrived + ((1 + 71 * w) * _HOUR_MS).astype(np.int64)
        ead = np.where(v["ead_received_utc"] == 0, timely, late)
        missing = v["ead_received_utc"] == 2
        return {"posted_utc": self._utc(posted), "ead_received_utc": self._utc(ead, missing),
                "arrived_utc": self._utc(arrived)}

    def _utc(self, ms: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
        start = np.datetime64(self.world.start, "ms").astype(np.int64)
        return pa.array(ms + start, pa.int64(), mask=missing).cast(UTC_MS)

    def _office(self, items: Items) -> pa.Array:
        offices = self.world.shipping["offices"]
        weights = np.array([[o[c] for o in offices.values()] for c in MAIL_CLASSES])
        total = np.cumsum(weights, axis=1)
        drawn = pick(total / total[:, -1:], items.value["mail_class"], items.uniform("office"))
        return _words([*offices], drawn)

    def _postage(self, items: Items, gross: np.ndarray) -> np.ndarray:
        rows = [self.world.shipping["postage"][c] for c in MAIL_CLASSES]
        fixed, per_kg, spread = (np.array([r[k] for r in rows])[items.value["mail_class"]]
                                 for k in ("fixed", "per_kg", "spread"))
        u = np.clip(items.uniform("postage"), 1e-6, 1 - 1e-6)
        return np.round((fixed + per_kg * gross / 1000.0) * (u / (1 - u)) ** spread, 2)

    def _description(self, items: Items) -> pa.Array:
        v, goods, u = items.value, self.world.goods, items.uniform("noun")
        nouns = [list(c.nouns) for c in goods.commodities] + [list(goods.vague)]
        first = np.cumsum([0] + [len(n) for n in nouns])
        topic = np.where(v["topic"] >= 0, v["topic"], len(goods.commodities))
        noun = first[topic] + np.floor(u * np.diff(first)[topic]).astype(np.int64)
        words = [_words([None if q == "none" else q for q in goods.qualifiers], v["description_qualifier"]),
                 _words([n for group in nouns for n in group], noun),
                 _words([None if t == "none" else t for t in goods.tails], v["description_tail"])]
        plain = pc.binary_join_element_wise(*words, " ", null_handling="skip")
        style = np.digitize(items.uniform("case"), _CASES)
        loud = pc.if_else(pa.array(style == 1), pc.ascii_upper(plain), pc.ascii_capitalize(plain))
        return pc.if_else(pa.array(style == 0), plain, loud)

    def _table_words(self, name: str, level: np.ndarray, blank: str | None = None) -> pa.Array:
        return _words([None if w == blank else w for w in self.densities.table[name].levels], level)


def _words(words: list[str | None] | tuple[str, ...] | np.ndarray, number: np.ndarray) -> pa.Array:
    """Plain strings for level numbers; −1 takes the last word."""
    words = pa.array([None if w is None else str(w) for w in words], pa.string())
    return words.take(pa.array(np.where(number < 0, len(words) - 1, number)))


def _letters(words: tuple[str, ...] | np.ndarray) -> np.ndarray:
    return np.array([list(str(w).encode()) for w in words], dtype=np.uint8)
