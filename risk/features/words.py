"""Values in words: quantities with units, usual ranges, and how one relates to the other."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Shown", "quoted", "quantity", "span", "relation"]

_NUMBER = re.compile(r"(-?[\d,.]+)(.*)")
_COARSE = ("h", "day", "days")  # nobody means the third digit
_END = 0.2  # the parts of a usual range that are its low and its high end


@dataclass(frozen=True)
class Shown:
    """How one feature of one item is spoken of.

    `text` is the value in words, `usual` the usual range for such items, `relation` how the value sits
    to it; `missing` and `unknown` say that the value was not given, or never seen in training. `form` names
    the sentence template that fits this value, where the feature has one of that name (``none`` for a zero,
    ``after`` for a time span that runs backwards, ``uncoded`` for an amount whose commodity has no norm, …),
    and `parts` are the further words for its places.
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
    """A number with its unit, in the unit a person would use: three significant digits, two of times and parts.

    >>> quantity(1250, "g"), quantity(0.0344, "×"), quantity(30, "h"), quantity(1, "pieces"), quantity(2400)
    ('1.25 kg', '0.034×', '30 h', '1 piece', '2,400')
    >>> quantity(125.3, "h"), quantity(0.25, "days"), quantity(108.4, "days")
    ('5.2 days', '6 h', '108 days')
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
    if unit == "days" and 0 < abs(value) < 1:
        value, unit = value * 24, "h"
    if value == 1 and len(unit) > 2 and unit.endswith("s"):  # a counted thing: pieces, items, days
        unit = unit[:-1]
    coarse = unit in _COARSE or (unit == "×" and abs(value) < 1)
    digits = _digits(value, 2 if coarse else 3)
    return digits + ("×" if unit == "×" else f" {unit}" if unit else "")


def _digits(value: float, significant: int) -> str:
    """At most so many significant digits; whole numbers below a thousand stay whole."""
    if abs(value) < 1e-9:
        return "0"
    last = max(significant, min(3, math.floor(math.log10(abs(value))) + 1)) - 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, last)
    places = max(0, min(last, 4))
    text = f"{rounded:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def span(low: float, high: float, unit: str = "") -> str:
    """A usual range, its unit said once where both ends share it.

    >>> span(150, 900, "g"), span(150, 1900, "g"), span(2, 2, "pieces"), span(1, 3, "pieces")
    ('150–900 g', '150 g–1.9 kg', '2 pieces', '1–3 pieces')
    """
    if unit.endswith("s") and unit != "days":  # counted things come whole
        low, high = math.floor(low), math.ceil(high)
    a, b = quantity(low, unit), quantity(high, unit)
    if a == b:
        return a
    number, tail = _NUMBER.match(a).groups()
    same = _NUMBER.match(b).group(2) in (tail, tail + "s")
    return f"{number}–{b}" if same else f"{a}–{b}"


def relation(value: float, low: float, high: float) -> str:
    """How a value sits to a usual range, as a phrase that continues with the range itself.

    >>> relation(8, 10, 20), relation(15, 10, 20), relation(25, 10, 20)
    ('below the usual', 'within the usual', 'above the usual')
    >>> relation(0, 0, 36), relation(2900, 150, 3000)
    ('at the low end of the usual', 'at the high end of the usual')
    """
    if value < low:
        return "below the usual" if value > low / 3 or low <= 0 else "far below the usual"
    if value > high:
        return "above the usual" if value < high * 3 or high <= 0 else "far above the usual"
    place = _place(value, low, high)
    if place <= _END:
        return "at the low end of the usual"
    return "at the high end of the usual" if place >= 1 - _END else "within the usual"


def _place(value: float, low: float, high: float) -> float:
    """Where a value lies in a range, 0–1; by ratios where the range spans more than fourfold."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return 0.5
    if low > 0 and high > 4 * low:
        low, value, high = math.log(low), math.log(value), math.log(high)
    return (value - low) / (high - low)
