"""The data dictionary: what every column is, means, may hold and may be used for.

A dictionary is a Data Package descriptor (``datapackage.json``, https://specs.frictionlessdata.io) whose
fields carry one namespaced object, ``risk``. Validation, features, monotonic directions, reason
sentences, fairness groups and labels of the web app are all derived from it, so nothing is said twice.

>>> d = Dictionary.from_descriptor({
...     "name": "tiny", "risk": {"clock": "seen"},
...     "resources": [{"name": "declarations", "schema": {"fields": [
...         {"name": "id", "type": "string", "risk": {"role": "id"}},
...         {"name": "seen", "type": "datetime", "risk": {"role": "time"}},
...         {"name": "weight", "type": "number", "title": "Weight",
...          "constraints": {"minimum": 1}, "risk": {"role": "numeric", "unit": "g"}}]}}]})
>>> d.id_field, d.clock, [f.name for f in d.features]
('id', 'seen', ['weight'])
>>> d["weight"].expected
'a number, at least 1 g'
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from risk.errors import Refused, nearest

__all__ = ["Field", "Feature", "Dictionary", "ROLES", "KNOWN_AT", "TYPES", "CHECKS"]

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
_PACKAGE_KEYS = ("clock", "as_of", "features", "pairs", "manifest", "label", "family", "question", "review")


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
        name = _mapping(given, where="an entry of 'fields'").get("name")
        if not isinstance(name, str) or not name:
            raise Refused(f"Data dictionary: a field has the name {name!r}; expected a text. Nothing was loaded.")
        where = f"of field '{name}'"
        risk = dict(_mapping(given.get("risk", {}), where=f"'risk' {where}"))
        _only(risk, _FIELD_KEYS, where=f"field '{name}'")
        kind = given.get("type", "string")
        _one_of(kind, TYPES, where=f"type {where}")
        _one_of(risk.get("role", "ignore"), ROLES, where=f"role {where}")
        _one_of(risk.get("known_at", "declaration"), KNOWN_AT, where=f"known_at {where}")
        _one_of(risk.get("monotone", 0), (-1, 0, 1), where=f"monotone {where}")
        _one_of(risk.get("check", ""), CHECKS, where=f"check {where}")
        return cls(name=name, type=kind, title=given.get("title", name), description=given.get("description", ""),
                   constraints=_constraints(given.get("constraints", {}), kind, where=where),
                   missing_values=_texts(given.get("missingValues", missing), where=f"missingValues {where}"),
                   true_values=_texts(given.get("trueValues", cls.true_values), where=f"trueValues {where}"),
                   false_values=_texts(given.get("falseValues", cls.false_values), where=f"falseValues {where}"),
                   format=_date_form(given.get("format", "")), **risk)


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
        _only(given, _FEATURE_KEYS, where=f"feature '{given.get('name', '')}'")
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


class Dictionary:
    """A data set's dictionary. Index it by column name to get the `Field`.

    Parameters
    ----------
    descriptor
        A Data Package descriptor. The resource ``declarations`` is required; ``outcomes`` and ``truth``
        are optional.

    Raises
    ------
    risk.errors.Refused
        When a key, role or type is unknown, a name is used twice, or a feature reads a missing field.
    """

    def __init__(self, descriptor: Mapping[str, Any]) -> None:
        self.descriptor = dict(_mapping(descriptor, where="the descriptor"))
        self._risk = dict(_mapping(descriptor.get("risk", {}), where="'risk' of the package"))
        _only(self._risk, _PACKAGE_KEYS, where="the package")
        self._resources = _read_resources(descriptor.get("resources", []))
        if "declarations" not in self._resources:
            raise Refused("Data dictionary: expected a resource named 'declarations', found "
                          f"{sorted(self._resources)}. Nothing was loaded.")
        self._by_name = {f.name: f for name in ("truth", "outcomes", "declarations") for f in self.fields(name)}
        self.features = self._read_features()

    def fields(self, resource: str = "declarations") -> tuple[Field, ...]:
        """The fields of a resource, in order; empty when the package has no such resource."""
        return self._resources.get(resource, ())

    def role(self, role: str, resource: str = "declarations") -> tuple[Field, ...]:
        """The fields of a resource that have this role."""
        return tuple(f for f in self.fields(resource) if f.role == role)

    def __getitem__(self, name: str) -> Field:
        return self._by_name[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    @property
    def id_field(self) -> str:
        """Name of the column that identifies an item."""
        ids = self.role("id")
        if len(ids) != 1:
            raise Refused(f"Data dictionary: {len(ids)} fields of the declarations have the role 'id'; expected "
                          "exactly one. Nothing was loaded.")
        return ids[0].name

    @property
    def clock(self) -> str | None:
        """Name of the time column that orders items, or None for a data set without time."""
        times = self.role("time")
        return self._risk.get("clock") or (times[0].name if times else None)

    @property
    def as_of(self) -> tuple[str, ...]:
        """Time columns that say when an item became known, the first that is stated counts; else the clock."""
        return tuple(self._risk.get("as_of", ())) or ((self.clock,) if self.clock else ())

    @property
    def label(self) -> str:
        """Name of the column of ``outcomes`` (or declarations) that says what an examination showed."""
        labels = self.role("label", "outcomes") + self.role("label")
        return self._risk.get("label") or (labels[0].name if labels else "found")

    @property
    def family(self) -> str:
        """Name of the column of ``outcomes`` that says what kind of thing was found; it may be absent."""
        return self._risk.get("family", "finding_family")

    @property
    def question(self) -> str:
        """What the label asks, as a plural phrase: 'irregular', 'late', …"""
        return self._risk.get("question", "irregular")

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Feature pairs the dictionary names as worth a joint table; empty lets the model choose."""
        return tuple((a, b) for a, b in self._risk.get("pairs", ()))

    @property
    def groups(self) -> tuple[Field, ...]:
        """Fields for whose values false alarms are reported."""
        return tuple(f for f in self.fields() if f.group)

    @property
    def manifest(self) -> Mapping[str, Any]:
        """How the data came to be (generator, seed, world), where the package says so."""
        return self._risk.get("manifest", {})

    def feature(self, name: str) -> Feature:
        """The feature of that name."""
        return next(f for f in self.features if f.name == name)

    def to_descriptor(self) -> dict[str, Any]:
        """The Data Package descriptor this dictionary was read from."""
        return json.loads(json.dumps(self.descriptor))

    @classmethod
    def from_descriptor(cls, descriptor: Mapping[str, Any]) -> "Dictionary":
        """Build from a descriptor already in memory."""
        return cls(descriptor)

    @classmethod
    def load(cls, path: str | Path) -> "Dictionary":
        """Read ``datapackage.json`` (or the folder that holds it)."""
        path = Path(path)
        path = path / "datapackage.json" if path.is_dir() else path
        try:
            return cls(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise Refused(f"Expected a data dictionary at {path.name}, found none. "
                          "Draft one with: risk schema infer FILE.csv --id COLUMN.") from None
        except OSError as error:
            raise Refused(f"{path.name} cannot be read ({error.strerror}). Nothing was loaded.") from None
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Refused(f"{path.name} is not valid JSON ({error}). Nothing was loaded.") from None

    def _read_features(self) -> tuple[Feature, ...]:
        raw = [Feature.of_field(f) for f in self.fields()
               if f.feature and f.role in ("categorical", "numeric") and f.known_at != "examination"]
        features = raw + [Feature.from_descriptor(g) for g in self._risk.get("features", ())]
        declared = {f.name for f in self.fields()}
        for f in features:
            for name in f.reads:
                if name not in declared:
                    raise Refused(f"Data dictionary: feature '{f.name}' reads '{name}', which is not a "
                                  f"declared field.{nearest(name, declared)} Nothing was loaded.")
        _unique([f.name for f in features], what="feature")
        return tuple(features)


def _read_fields(resource: Mapping[str, Any]) -> tuple[Field, ...]:
    schema = _mapping(resource.get("schema", {}), where=f"schema of '{resource['name']}'")
    missing = _texts(schema.get("missingValues", ("",)), where=f"missingValues of '{resource['name']}'")
    fields = tuple(Field.from_descriptor(g, missing=missing) for g in _list(schema.get("fields", []), where="fields"))
    _unique([f.name for f in fields], what=f"field of '{resource['name']}'")
    return fields


def _read_resources(given: object) -> dict[str, tuple[Field, ...]]:
    out = {}
    for resource in _list(given, where="resources"):
        if not isinstance(_mapping(resource, where="an entry of 'resources'").get("name"), str):
            raise Refused("Data dictionary: a resource has no name. Nothing was loaded.")
        out[resource["name"]] = _read_fields(resource)
    return out


def _date_form(given: object) -> str:
    return str(given) if isinstance(given, str) and "%" in given else ""


def _constraints(given: object, kind: str, *, where: str) -> Mapping[str, Any]:
    """Table Schema constraints, each of the type that the checks rely on."""
    out = _mapping(given, where=f"constraints {where}")
    numbers = kind in ("number", "integer")
    wants = {"required": bool, "unique": bool, "enum": list, "pattern": str,
             "minimum": (int, float) if numbers else str, "maximum": (int, float) if numbers else str}
    for key, value in out.items():
        if key in wants and not isinstance(value, wants[key]):
            raise Refused(f"Data dictionary: constraint '{key}' {where} is {value!r}, which is not of the "
                          "type it needs. Nothing was loaded.")
    return out


def _mapping(given: object, *, where: str) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise Refused(f"Data dictionary: {where} is {str(given)[:40]!r}; expected an object. Nothing was loaded.")
    return given


def _list(given: object, *, where: str) -> Sequence[Any]:
    if not isinstance(given, (list, tuple)):
        raise Refused(f"Data dictionary: {where} is {str(given)[:40]!r}; expected a list. Nothing was loaded.")
    return given


def _texts(given: object, *, where: str) -> tuple[str, ...]:
    listed = _list(given, where=where)
    if not all(isinstance(v, str) for v in listed):
        raise Refused(f"Data dictionary: {where} is {listed!r}; expected texts. Nothing was loaded.")
    return tuple(listed)


def _unique(names: list[str], *, what: str) -> None:
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise Refused(f"Data dictionary: {what} '{twice[0]}' is described twice. Nothing was loaded.")


def _only(given: Mapping[str, Any], known: tuple[str, ...], *, where: str) -> None:
    for key in given:
        if key not in known:
            raise Refused(f"Data dictionary: {where} has an unknown key '{key}' in its 'risk' object."
                          f"{nearest(key, known)} Nothing was loaded.")


def _one_of(value: object, known: tuple[Any, ...], *, where: str) -> None:
    if value not in known:
        raise Refused(f"Data dictionary: {where} is {value!r}; expected one of "
                      f"{', '.join(map(str, known))}. Nothing was loaded.")
