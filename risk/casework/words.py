"""The words of casework: lanes, channels, states, actions, outcomes, reason codes, with their meanings."""

from __future__ import annotations

__all__ = [
    "ACTIONS",
    "CHANNELS",
    "DESERVED",
    "LANES",
    "OUTCOMES",
    "REASON_CODES",
    "STATUSES",
    "SUGGESTED",
    "codes_for",
]

LANES: dict[str, str] = {"red": "examine", "yellow": "document check", "green": "release"}
CHANNELS: dict[str, str] = {
    "targeted": "picked for its score",
    "random": "picked at random, for measurement",
    "rule": "picked by a fixed rule",
}
STATUSES: dict[str, str] = {
    "open": "waiting for a reviewer",
    "claimed": "a reviewer is working on it",
    "snoozed": "put aside for now",
    "decided": "decided, outcome not known yet",
    "closed": "finished",
}
ACTIONS: dict[str, str] = {
    "examine": "open and examine the item",
    "document_check": "ask for or check documents",
    "release": "release the item unopened",
    "refer": "hand over to a specialist or another section",
}
SUGGESTED: dict[str, str] = {"red": "examine", "yellow": "document_check", "green": "release"}
OUTCOMES: dict[str, str] = {
    "confirmed": "the examination found an irregularity",
    "not_found": "the examination found none",
}
DESERVED: dict[str, str] = {
    "": "not said",
    "yes": "deserved review",
    "no": "did not deserve review",
    "unsure": "cannot tell",
}

_LOOK = ("examine", "document_check", "refer")
# code -> (what the reviewer says with it, the actions it may stand for)
REASON_CODES: dict[str, tuple[str, tuple[str, ...]]] = {
    "value_implausible": ("The declared value does not fit the goods described.", _LOOK),
    "weight_implausible": ("The declared weight does not fit the goods described.", _LOOK),
    "description_vague": ("The description does not say what is inside.", _LOOK),
    "description_code_disagree": ("The description and the HS code do not agree.", _LOOK),
    "advance_data_poor": ("Advance data are missing, late or incomplete.", _LOOK),
    "documents_missing": ("Documents are missing or do not match.", _LOOK),
    "route_unusual": ("The route does not fit the origin or the goods.", _LOOK),
    "party_history": ("Earlier items of the same parties had findings.", _LOOK),
    "score_reasons": ("The reasons given with the score hold for this item.", _LOOK),
    "random_check": ("The item was picked at random and is checked for measurement.", _LOOK),
    "rule_check": ("A fixed rule asks for a check.", _LOOK),
    "needs_specialist": ("A specialist has to look at it.", ("refer",)),
    "other_section": ("Another section or authority is responsible.", ("refer",)),
    "declaration_consistent": ("The declaration is complete and fits together.", ("release",)),
    "ordinary_explanation": ("What raised the score has an ordinary explanation.", ("release",)),
    "history_in_order": ("Earlier items of the same parties were in order.", ("release",)),
    "documents_in_order": ("The documents are in order.", ("release",)),
    "low_score": ("The score is low and nothing else stands out.", ("release",)),
    "other": ("Another reason, said in the comment.", tuple(ACTIONS)),
}


def codes_for(action: str) -> dict[str, str]:
    """Return the reason codes that may stand for an action, each with its sentence.

    >>> sorted(codes_for("release"))[:3]
    ['declaration_consistent', 'documents_in_order', 'history_in_order']
    """
    return {code: text for code, (text, actions) in REASON_CODES.items() if action in actions}
