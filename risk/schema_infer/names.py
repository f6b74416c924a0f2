"""What column names hint at: words that people use for identifiers, parties, codes, results and places."""

from __future__ import annotations

import re

__all__ = ["words_of", "title_of", "unit_of", "hints", "WORDS"]

#: Words of a name and what they hint at. Hints only ever tip a scale, and every guess is marked for review.
WORDS: dict[str, frozenset[str]] = {
    "id": frozenset(
        "id ids uid uuid guid identifier number nr no ref reference key serial barcode item".split()
    ),
    "code": frozenset(
        "code codes hs hs2 hs4 hs6 hs8 cn8 tariff heading chapter zip postal postcode office branch port "
        "class category type kind key iso status group nature regime procedure mode lane section id "
        "region district zone station".split()
    ),
    "party": frozenset(
        "sender recipient importer exporter declarant seller buyer consignee consignor shipper "
        "customer client merchant broker agent party account user company person tin supplier "
        "trader owner payer payee vendor taxpayer".split()
    ),
    "place": frozenset("origin country nationality".split()),
    "later": frozenset(
        "exam examined examination inspect inspected inspection result outcome decision decided "
        "cleared clearance released penalty fine seized seizure assessed audit audited finding "
        "findings found detected verdict recovered disposition closed resolved conclusion".split()
    ),
    "label": frozenset(
        "label target found outcome result irregular illicit hit y positive finding late".split()
    ),
    "time": frozenset("date time datetime timestamp utc day at on when".split()),
}
_UNITS = {"g": "g", "kg": "kg", "sdr": "SDR", "days": "days", "hours": "h", "h": "h", "pieces": "pieces"}
_SPLIT = re.compile(r"[^0-9A-Za-z]+|(?<=[a-z0-9])(?=[A-Z])")


def words_of(name: str) -> list[str]:
    """The words of a column name, lower case.

    >>> words_of("hsCode_6"), words_of("Importer TIN")
    (['hs', 'code', '6'], ['importer', 'tin'])
    """
    return [w.lower() for w in _SPLIT.split(name) if w]


def hints(name: str, what: str) -> bool:
    """Whether a word of the name hints at `what` (a key of `WORDS`).

    >>> hints("exporter_id", "party"), hints("weight", "party")
    (True, False)
    """
    return not WORDS[what].isdisjoint(words_of(name))


def title_of(name: str) -> str:
    """A name as people write it; its unit left out.

    >>> title_of("gross_weight_g"), title_of("hsCode")
    ('Gross weight', 'Hs code')
    """
    words = words_of(name)
    kept = words[:-1] if len(words) > 1 and words[-1] in _UNITS else words
    return " ".join(kept).capitalize() or name


def unit_of(name: str) -> str:
    """The unit that a name ends in, or nothing."""
    words = words_of(name)
    return _UNITS.get(words[-1], "") if len(words) > 1 else ""
