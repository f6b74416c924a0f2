"""A column and a feature: what each means, may hold and may be used for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from risk.errors import Refused
from risk.schema.forms import constraints_of, date_form, mapping, one_of, only, texts

__all__ = ["CHECKS", "Feature", "Field", "KNOWN_AT", "ROLES", "TYPES"]

ROLES = ("id", "time", "party", "categorical", "numeric", "text", "label", "truth", "ignore")
KNOWN_AT = ("declaration", "arrival", "examination")
TYPES = ("string", "integer", "number", "boolean", "datetime")
CHECKS = ("", "s10")
_TYPE_WORDS = {"string": "text", "integer": "a whole number", "number": "a number",
               "boolean": "true or false", "datetime": "a UTC date and time"}
_FIELD_KEYS = ("role", "unit", "standard", "known_at", "monotone", "because", "group", "concept",
               "levels", "feature", "reason", "check", "review")
_FEATURE_KEYS = ("name", "kind", "reads", "title", "unit", "concept", "monotone", "because", "reason",
                 "params", "model", "review")


@dataclass(frozen=True)
class Field:
    """One column: its Table Schema part and its ``risk`` object.

    Parameters
    ----------
    name, type, title, description
        As in Table Schema; `type` is one of `TYPES`.
    constraints
        Table Schema constraints: required, unique, minimum, maximum, enum, pattern.
    role, unit, standard, known_at, monotone, because, group, concept, levels
        The ``risk`` object: `role` is one of `ROLES`; `standard` the CN 23 / ITMATT element mirrored;
        `known_at` one of `KNOWN_AT`; `monotone` -1, 0 or +1 and `because` its reason in words; `group`
        true where false alarms must be reported per value; `levels` names codes in plain words.
    feature
        False where the raw column must not become a model feature.
    reason
        Sentence templates: ``say``, or ``up`` and ``down``; ``missing``, ``unknown``; forms (`features.words.Shown`).
    check
        A check digit the values must have: ``s10`` (UPU S10 item identifiers), or none.
    review
        What was guessed about this column and waits for somebody to confirm it; see `risk.schema_infer`.
    missing_values, true_values, false_values, format
        As in Table Schema: spellings of "nothing here" (an empty cell always is), of true and of false, and
        the ``strptime`` form of a date that is not ISO 8601.
    """

    name: str
    type: str = "string"
    title: str = ""
    description: str = ""
    constraints: Mapping[str, Any] = field(default_factory=dict)
    role: str = "ignore"
    unit: str = ""
    standard: str = ""
    known_at: str = "declaration"
    monotone: int = 0
    because: str = ""
    group: bool = False
    concept: str = ""
    levels: Mapping[str, str] = field(default_factory=dict)
    feature: bool = True
    reason: Mapping[str, str] = field(default_factory=dict)
    check: str = ""
    review: str = ""
    missing_values: tuple[str, ...] = ("",)
    true_values: tuple[str, ...] = ("true", "True", "TRUE", "1")
    false_values: tuple[str, ...] = ("false", "False", "FALSE", "0")
    format: str = ""

    @property
    def required(self) -> bool:
        """Whether every row must have a value."""
        return bool(self.constraints.get("required", False))

    @property
    def expected(self) -> str:
        """What a value must be, in words, for error messages.

        >>> Field("w", "number", constraints={"minimum": 1, "maximum": 9}, unit="g").expected
        'a number, 1–9 g'
        """
        words, unit = self._words, f" {self.unit}" if self.unit else ""
        low, high = self.constraints.get("minimum"), self.constraints.get("maximum")
        if "enum" in self.constraints:
            return "one of " + ", ".join(map(str, self.constraints["enum"]))
        if low is not None and high is not None:
            return f"{words}, {low:g}–{high:g}{unit}"
        if low is not None:
            return f"{words}, at least {low:g}{unit}"
        if high is not None:
            return f"{words}, at most {high:g}{unit}"
        if "pattern" in self.constraints:
            return f"{words} of the form {self.constraints['pattern']}"
        return words

    @property
    def _words(self) -> str:
        if self.type == "datetime" and self.format:
            return f"a date of the form {self.format}"
        if self.type == "boolean":
            return f"{self.true_values[0]} or {self.false_values[0]}"
        return _TYPE_WORDS[self.type]

    def level(self, code: object) -> str:
        """The plain words for a code, or the code itself."""
        return self.levels.get(str(code), str(code))

    @classmethod
    def from_descriptor(cls, given: Mapping[str, Any], *, missing: Sequence[str] = ("",)) -> "Field":
        """Read one entry of ``schema.fields``; refuses unknown roles, types and ``risk`` keys.

        `missing` are the spellings of a missing value that the table as a whole declares.
        """
        name = mapping(given, where="an entry of 'fields'").get("name")
        if not isinstance(name, str) or not name:
            raise Refused(f"Data dictionary: a field has the name {name!r}; expected a text. Nothing was loaded.")
        where = f"of field '{name}'"
        risk = dict(mapping(given.get("risk", {}), where=f"'risk' {where}"))
        only(risk, _FIELD_KEYS, where=f"field '{name}'")
        kind = given.get("type", "string")
        one_of(kind, TYPES, where=f"type {where}")
        one_of(risk.get("role", "ignore"), ROLES, where=f"role {where}")
        one_of(risk.get("known_at", "declaration"), KNOWN_AT, where=f"known_at {where}")
        one_of(risk.get("monotone", 0), (-1, 0, 1), where=f"monotone {where}")
        one_of(risk.get("check", ""), CHECKS, where=f"check {where}")
        return cls(name=name, type=kind, title=given.get("title", name), description=given.get("description", ""),
                   constraints=constraints_of(given.get("constraints", {}), kind, where=where),
                   missing_values=texts(given.get("missingValues", missing), where=f"missingValues {where}"),
                   true_values=texts(given.get("trueValues", cls.true_values), where=f"trueValues {where}"),
                   false_values=texts(given.get("falseValues", cls.false_values), where=f"falseValues {where}"),
                   format=date_form(given.get("format", "")), **risk)


@dataclass(frozen=True)
class Feature:
    """One model feature: how it is made, from which raw fields, and how it is spoken of.

    `kind` names an entry of ``risk.features.KINDS``; `reads` are raw field names, in the order the kind
    wants them; `params` are the kind's own settings. `model` is False where no model is to learn from it,
    though pages may show it; `review` says what was guessed and waits for somebody to confirm it.
    """

    name: str
    kind: str
    reads: tuple[str, ...]
    title: str = ""
    unit: str = ""
    concept: str = ""
    monotone: int = 0
    because: str = ""
    reason: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    model: bool = True
    review: str = ""

    @classmethod
    def from_descriptor(cls, given: Mapping[str, Any]) -> "Feature":
        """Read one entry of the package's ``risk.features``."""
        only(given, _FEATURE_KEYS, where=f"feature '{given.get('name', '')}'")
        for key in ("name", "kind", "reads"):
            if key not in given:
                raise Refused(f"Data dictionary: a feature has no '{key}': {dict(given)!r}. Nothing was loaded.")
        return cls(**{**given, "reads": tuple(given["reads"])})

    @classmethod
    def of_field(cls, f: Field) -> "Feature":
        """The feature that is simply the raw column."""
        kind = "category" if f.role == "categorical" or f.type == "boolean" else "value"
        return cls(name=f.name, kind=kind, reads=(f.name,), title=f.title, unit=f.unit, concept=f.concept,
                   monotone=f.monotone, because=f.because, reason=f.reason)
