"""Values in words: quantities with units, usual ranges, and how one relates to the other."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Shown", "quoted", "quantity", "span", "relation"]

_NUMBER = re.compile(r"(-?[\d,.]+)(.*)")


@dataclass(frozen=True)
class Shown:
    """How one feature of one item is spoken of.

    `text` is the value in words, `usual` the usual range for such items, `relation` how the value sits
    to it; `missing` and `unknown` say that the value was not given, or never seen in training. `form` names
    the sentence template that fits this value, where the feature has one of that name, and `parts` are the
    further words for its places.
    """

    text: str
    relation: str = ""
    usual: str = ""
    missing: bool = False
    unknown: bool = False
    form: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)


_MOST_WORDS, _LONG_WORD = 3, 24


def quoted(words: Sequence[str]) -> str:
    """The first few words of a declaration, each in quotation marks and cut where it is long.

    >>> quoted(["cotton", "shirt"]), quoted(["x" * 99])
    ('‘cotton’, ‘shirt’', '‘xxxxxxxxxxxxxxxxxxxxxxxx…’')
    """
    return ", ".join(f"‘{w[:_LONG_WORD]}{'…' if len(w) > _LONG_WORD else ''}’" for w in words[:_MOST_WORDS])


def quantity(value: float, unit: str = "") -> str:
    """A number with its unit, at most three significant digits, in the unit a person would use.

    >>> quantity(1250, "g"), quantity(0.034, "×"), quantity(30, "h"), quantity(1, "pieces"), quantity(2400)
    ('1.25 kg', '0.034×', '30 h', '1 piece', '2,400')
    """
    if value is None or math.isnan(value):
        return "not stated"
    if math.isinf(value):
        return "beyond measure"
    value = float(value)  # numpy's own rounding of 14.05 differs from Python's: the same words everywhere
    if unit == "g" and abs(value) >= 1000:
        value, unit = value / 1000, "kg"
    if unit == "h" and abs(value) >= 72:
        value, unit = value / 24, "days"
    if value == 1 and len(unit) > 2 and unit.endswith("s"):  # a counted thing: pieces, items, days
        unit = unit[:-1]
    digits = _digits(value)
    return digits + ("×" if unit == "×" else f" {unit}" if unit else "")


def _digits(value: float) -> str:
    if abs(value) < 1e-9:
        return "0"
    size = math.floor(math.log10(abs(value)))
    rounded = round(value, 2 - size)
    places = max(0, min(2 - size, 4))
    text = f"{rounded:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(low: float, high: float, unit: str = "") -> str:
    """A usual range, its unit said once where both ends share it.

    >>> span(150, 900, "g"), span(150, 1900, "g"), span(2, 2, "pieces")
    ('150–900 g', '150 g–1.9 kg', '2 pieces')
    """
    a, b = quantity(low, unit), quantity(high, unit)
    if a == b:
        return a
    number, tail = _NUMBER.match(a).groups()
    return f"{number}–{b}" if _NUMBER.match(b).group(2) == tail else f"{a}–{b}"


def relation(value: float, low: float, high: float) -> str:
    """How a value sits to a usual range, as a phrase that continues with the range itself.

    >>> relation(8, 10, 20), relation(15, 10, 20), relation(25, 10, 20)
    ('below the usual', 'within the usual', 'above the usual')
    """
    if value < low:
        return "below the usual" if value > low / 3 or low <= 0 else "far below the usual"
    if value > high:
        return "above the usual" if value < high * 3 or high <= 0 else "far above the usual"
    return "within the usual"
