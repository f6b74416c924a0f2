"""From a column's looks and name to its entry in a data dictionary; every guess is noted for review."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from risk.intake.findings import excerpt
from risk.schema_infer.look import Look
from risk.schema_infer.names import hints, title_of, unit_of

__all__ = ["Guess", "guess", "MANY"]

#: More levels than this, and a category becomes a past rate instead of levels of its own.
MANY = 40
_FEW_REPEATS = 0.9
_TEXT_WORDS = 2.5


@dataclass
class Guess:
    """What is thought of one column, and the notes that a person should read."""

    look: Look
    type: str = "string"
    role: str = "ignore"
    known_at: str = "declaration"
    feature: bool = True
    notes: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Of the column."""
        return self.look.name

    @property
    def wants_rate(self) -> bool:
        """Whether its past rate is to be a feature."""
        return self.known_at != "examination" and (
            self.role == "party" or (self.role == "categorical" and not self.feature)
        )

    @property
    def is_group(self) -> bool:
        """Whether false alarms are to be reported for each of its values."""
        return self.role == "categorical" and self.feature and hints(self.name, "place")

    def descriptor(self) -> dict[str, Any]:
        """The entry of ``schema.fields``."""
        look, risk = self.look, {"role": self.role, "known_at": self.known_at}
        if self.role == "numeric" and unit_of(self.name):
            risk["unit"] = unit_of(self.name)
        if not self.feature:
            risk["feature"] = False
        if self.is_group:
            risk["group"] = True
        out = {
            "name": self.name,
            "type": self.type,
            "title": title_of(self.name),
            "description": _seen(look),
            "constraints": self._constraints(),
        }
        if look.missing and look.kind != "text":
            out["missingValues"] = ["", *look.missing]
        if self.type == "boolean":
            out |= {"trueValues": list(look.true), "falseValues": list(look.false)}
        if look.form:
            out["format"] = look.form
        return out | {"risk": {**risk, "review": "; ".join(self.notes)}}

    def _constraints(self) -> dict[str, Any]:
        if self.role == "id":
            return {"required": True, "unique": True}
        return (
            dict(zip(("minimum", "maximum"), _limits(self.look), strict=True))
            if self.role == "numeric"
            else {}
        )


def _limits(look: Look) -> tuple[float, float]:
    """A wide range: never below 0 where nothing is, and at least ten times what was seen."""
    limit = float(10 ** (len(f"{max(abs(look.low), abs(look.high), 1):.0f}") + 1))
    return 0.0 if look.low >= 0 else -limit, limit


def guess(look: Look, *, role: str = "", because: str = "") -> Guess:
    """The entry for one column; `role` is ``id``, ``time`` or ``label`` where that is settled, and why."""
    made = Guess(look)
    if role:
        made.role = role
        made.type = {"id": "string", "time": "datetime", "label": "boolean"}[role]
        made.notes.append(because)
        made.known_at = "examination" if role == "label" else "declaration"
    else:
        _BY_KIND[look.kind](made)
    _note_values(made)
    _note_strays(made)
    _note_empty(made)
    return made


def _note_values(made: Guess) -> None:
    look = made.look
    if made.role == "numeric":
        low, high = _limits(look)
        made.notes.append(f"{look.low:g}–{look.high:g} seen, {low:g}–{high:g} allowed")
    if made.is_group:
        made.notes.append("false alarms are reported for each value (group)")
    if look.missing and look.kind != "text":
        made.notes.append(f"{_listed(look.missing)} taken as missing")


def _note_strays(made: Guess) -> None:
    look = made.look
    if look.strays and made.type in ("number", "integer", "datetime"):
        made.notes.append(f"{_listed(look.strays)} will be refused: mend them, or name them in missingValues")
    if look.kind == "text" and look.missing:
        made.notes.append(
            "holds a word that often means 'missing'; it counts as a value unless it stands in missingValues"
        )


def _note_empty(made: Guess) -> None:
    look = made.look
    if made.role in ("id", "ignore"):
        return
    if look.empty:
        made.notes.append(f"empty in {look.empty / look.rows:.1%} of rows, so it may be missing")
    elif made.role != "label":
        made.notes.append("never empty here; set constraints.required if it never may be")


# ---------------------------------------------------------------- by the kind of values


def _boolean(made: Guess) -> None:
    made.type, made.role = "boolean", "categorical"
    made.notes.append(f"two values: {_listed(made.look.true)} read as true")
    _known_later(made)


def _number(made: Guess) -> None:
    look = made.look
    why = _code_because(look)
    if why:
        made.notes.append(f"digits taken as a code, not a quantity: {why}")
        return _levels(made)
    if look.distinct == 1:
        return _constant(made)
    made.type, made.role = look.kind, "numeric"
    made.notes.append("taken as a quantity")
    if look.low > 9e8 and look.kind == "integer" and hints(look.name, "time"):
        made.notes.append("looks like seconds since 1970; write times as 2026-01-31T08:00:00Z")
    _known_later(made)


def _code_because(look: Look) -> str:
    """Why whole numbers are codes; empty where they are quantities."""
    if look.kind != "integer":
        return ""
    if look.has_leading_zeros:
        return "some start with 0"
    if hints(look.name, "code") or hints(look.name, "party"):
        return "the name says so"
    if look.equal_length and look.distinct < look.filled / 4 and not hints(look.name, "time"):
        return f"all have {look.equal_length} digits"
    return ""


def _datetime(made: Guess) -> None:
    made.type, made.role = "datetime", "time"
    form = made.look.form
    made.notes.append(f"times of the form {form}" if form else "times in ISO 8601")
    if form.startswith(("%d/%m", "%m/%d")):
        made.notes.append("day and month could be the other way round")
    _known_later(made)


def _text(made: Guess) -> None:
    look = made.look
    if not look.distinct:
        made.notes.append("always empty; left out")
    elif look.distinct == 1:
        _constant(made)
    elif look.words >= _TEXT_WORDS and look.distinct > MANY:
        made.role = "text"
        made.notes.append("free text; not a feature by itself")
    elif (
        look.distinct > _FEW_REPEATS * look.filled and look.distinct > MANY and not hints(look.name, "party")
    ):
        made.notes.append("nearly every row has a value of its own; left out")
    else:
        _levels(made)


def _levels(made: Guess) -> None:
    """A category: with few values a level each, with many their past rate, and parties by their name."""
    look = made.look
    made.type, made.role = "string", "categorical"
    if look.distinct == 1:
        return _constant(made)
    if look.distinct > MANY:
        party = hints(look.name, "party")
        made.role = "party" if party else "categorical"
        made.feature = party  # a party is never a feature by itself
        made.notes.append(
            f"{look.distinct:,} values{', taken as a party' if party else ''}: used by their past rate"
            + (", and with a clock by what was known of the party before" if party else "")
        )
    else:
        made.notes.append(f"{look.distinct} values, a level each")
    _known_later(made)


def _constant(made: Guess) -> None:
    made.type, made.role = "string", "ignore"
    made.notes.append("the same value in every row; left out")


def _comma(made: Guess) -> None:
    made.notes.append(
        f"numbers with commas ({made.look.examples}), which could part decimals or thousands; left out: "
        "write them with a point, then infer again"
    )


def _other(made: Guess) -> None:
    made.notes.append("lists, structs or bytes; left out")


def _known_later(made: Guess) -> None:
    if made.role != "ignore" and hints(made.name, "later"):
        made.known_at = "examination"
        made.notes.append(
            "by its name known only after an examination, so no model may use it; set known_at to "
            "declaration if it is known before"
        )


_BY_KIND = {
    "boolean": _boolean,
    "integer": _number,
    "number": _number,
    "datetime": _datetime,
    "text": _text,
    "comma": _comma,
    "other": _other,
}


def _listed(values: tuple[str, ...]) -> str:
    return ", ".join(f"'{excerpt(v)}'" for v in values)


def _seen(look: Look) -> str:
    if not look.distinct:
        return "Empty in every row."
    value = "value" if look.distinct == 1 else "values"
    return f"{look.distinct:,} distinct {value}, such as {look.examples}."
