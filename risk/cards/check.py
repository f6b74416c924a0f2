"""Whether a card is whole and true: its form, its words, and each number against the model's own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

__all__ = ["findings", "schema"]

_TOLERANCE = 1e-9


def schema() -> dict[str, Any]:
    """The card's JSON Schema."""
    return json.loads(files("risk.cards").joinpath("card.schema.json").read_text(encoding="utf-8"))


def findings(card: Any, again: Mapping[str, Any]) -> list[str]:
    """Everything that is wrong with a card, in words; [] where it is whole and true.

    Parameters
    ----------
    card
        As read from a file: anything.
    again
        The same model's card, made anew. Its words are not compared.
    """
    listed = [_words(error) for error in Draft202012Validator(schema()).iter_errors(card)]
    listed += list(_blank(card.get("texts"), "texts")) if isinstance(card, Mapping) else []
    if listed or not isinstance(card, Mapping):
        return listed
    ours, theirs = (dict(_leaves({k: v for k, v in c.items() if k != "texts"})) for c in (card, again))
    return [
        f"{at} is {ours.get(at, 'not stated')!r}; the model and its evaluation say {theirs.get(at, 'nothing')!r}."
        for at in sorted(set(ours) | set(theirs))
        if at not in ours or at not in theirs or not _same(ours[at], theirs[at])
    ]


def _words(error: Any) -> str:
    at = ".".join(map(str, error.absolute_path)) or "the card"
    if error.validator in ("minLength", "minItems"):
        return f"{at} is empty; expected words."
    return f"{at}: {error.message[:200]}."


def _blank(said: Any, at: str) -> Iterator[str]:
    """Texts of white space only, which have a length and yet say nothing."""
    for place, value in _leaves(said, at):
        if isinstance(value, str) and value and not value.strip():
            yield f"{place} is empty; expected words."


def _leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, f"{at}.{name}" if at else str(name))
    elif isinstance(value, list):
        yield f"{at}.length", len(value)
        for i, inner in enumerate(value):
            yield from _leaves(inner, f"{at}.{i}")
    else:
        yield at, value


def _same(a: Any, b: Any) -> bool:
    numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (a, b))
    return abs(a - b) <= _TOLERANCE * max(1.0, abs(b)) if numbers else a == b
