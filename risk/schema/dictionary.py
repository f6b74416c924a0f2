"""The data dictionary of a whole data set, read from its descriptor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from risk.errors import Refused, nearest
from risk.schema.fields import Feature, Field
from risk.schema.forms import listed, mapping, only, texts, unique

__all__ = ["Dictionary"]

_PACKAGE_KEYS = ("clock", "as_of", "features", "pairs", "manifest", "label", "family", "question", "review")


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
        self.descriptor = dict(mapping(descriptor, where="the descriptor"))
        self._risk = dict(mapping(descriptor.get("risk", {}), where="'risk' of the package"))
        only(self._risk, _PACKAGE_KEYS, where="the package")
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
        unique([f.name for f in features], what="feature")
        return tuple(features)


def _read_fields(resource: Mapping[str, Any]) -> tuple[Field, ...]:
    schema = mapping(resource.get("schema", {}), where=f"schema of '{resource['name']}'")
    missing = texts(schema.get("missingValues", ("",)), where=f"missingValues of '{resource['name']}'")
    fields = tuple(Field.from_descriptor(g, missing=missing) for g in listed(schema.get("fields", []), where="fields"))
    unique([f.name for f in fields], what=f"field of '{resource['name']}'")
    return fields


def _read_resources(given: object) -> dict[str, tuple[Field, ...]]:
    out = {}
    for resource in listed(given, where="resources"):
        if not isinstance(mapping(resource, where="an entry of 'resources'").get("name"), str):
            raise Refused("Data dictionary: a resource has no name. Nothing was loaded.")
        out[resource["name"]] = _read_fields(resource)
    return out
