"""Features of what was known of a party at an item's moment, drafted for a table with parties and a clock.

They say how long a party has been known, how many items it had and with how many counterparts it dealt; what
examinations showed of a party is its past rate, which is drafted for every column of many values.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from risk.schema_infer.guess import Guess
from risk.schema_infer.names import title_of

__all__ = ["party_features", "CONCEPT"]

#: The concept of these features: ``risk train --without party_history`` leaves them out.
CONCEPT = "party_history"
_DAYS = 30


def party_features(guesses: Sequence[Guess]) -> list[dict[str, Any]]:
    """Entries of ``risk.features`` for every column taken as a party, each marked for review."""
    parties = [g for g in guesses if g.role == "party" and g.known_at != "examination"]
    taken = {g.name for g in guesses}
    out = []
    for k, g in enumerate(parties):
        other = parties[(k + 1) % len(parties)]  # as `risk.features.PartyHistory` pairs them
        for made in (_age(g), _items(g), *([_others(g, other)] if other is not g else [])):
            name = next(n for n in (made["name"], f"{made['name']}_known", f"{made['name']}|known") if n not in taken)
            out.append({**made, "name": name, "kind": "party", "reads": [g.name], "concept": CONCEPT, "monotone": 0})
    return out


def _age(g: Guess) -> dict[str, Any]:
    who = _called(g)
    return {
        "name": f"{g.name}_age",
        "title": f"{title_of(g.name)} known for",
        "unit": "days",
        "reason": {
            "say": f"The {who} was first seen {{shown}} earlier, {{relation}} {{usual}}",
            "missing": f"The {who} has not been seen before",
        },
        "params": {"what": "age"},
        "review": f"drafted: {g.name} was taken as a party; days since its first row, by the clock",
    }


def _items(g: Guess) -> dict[str, Any]:
    who = _called(g)
    return {
        "name": f"{g.name}_items_{_DAYS}d",
        "title": f"Items of the {who} in {_DAYS} days",
        "unit": "items",
        "reason": {"say": f"The {who} had {{shown}} in the {_DAYS} days before, {{relation}} {{usual}}"},
        "params": {"what": "items", "days": _DAYS},
        "review": f"drafted: rows of the same {g.name} in the {_DAYS} days before",
    }


def _others(g: Guess, other: Guess) -> dict[str, Any]:
    who, whom = _called(g), _called(other)
    return {
        "name": f"{g.name}_others_{_DAYS}d",
        "title": f"Counterparts of the {who} in {_DAYS} days",
        "unit": "counterparts",
        "reason": {
            "say": f"The {who} dealt with {{shown}} ({whom}) in the {_DAYS} days before, {{relation}} {{usual}}"
        },
        "params": {"what": "others", "days": _DAYS},
        "review": f"drafted: different values of {other.name} in rows of the same {g.name}; parties pair in order",
    }


def _called(g: Guess) -> str:
    """A party's name within a sentence, whatever the column is called.

    >>> from risk.schema_infer.look import look_at
    >>> import pyarrow as pa
    >>> _called(Guess(look_at("Importer_ID", pa.chunked_array([["a"]]))))
    'importer id'
    """
    return " ".join(title_of(g.name).lower().replace("{", "").replace("}", "").split())
