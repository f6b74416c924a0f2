"""What a descriptor's parts must look like; every refusal says where it stands and that nothing was loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from risk.errors import Refused, nearest

__all__ = ["constraints_of", "date_form", "listed", "mapping", "one_of", "only", "texts", "unique"]


def date_form(given: object) -> str:
    """The ``strptime`` form that a field states, or nothing: "default" and "any" leave ISO 8601."""
    return str(given) if isinstance(given, str) and "%" in given else ""


def constraints_of(given: object, kind: str, *, where: str) -> Mapping[str, Any]:
    """Table Schema constraints, each of the type that the checks rely on."""
    out = mapping(given, where=f"constraints {where}")
    numbers = kind in ("number", "integer")
    wants = {"required": bool, "unique": bool, "enum": list, "pattern": str,
             "minimum": (int, float) if numbers else str, "maximum": (int, float) if numbers else str}
    for key, value in out.items():
        if key in wants and not isinstance(value, wants[key]):
            raise Refused(f"Data dictionary: constraint '{key}' {where} is {value!r}, which is not of the "
                          "type it needs. Nothing was loaded.")
    return out


def mapping(given: object, *, where: str) -> Mapping[str, Any]:
    """An object, as it is. Errors: `Refused`, with `where` it stands."""
    if not isinstance(given, Mapping):
        raise Refused(f"Data dictionary: {where} is {str(given)[:40]!r}; expected an object. Nothing was loaded.")
    return given


def listed(given: object, *, where: str) -> Sequence[Any]:
    """A list, as it is. Errors: `Refused`."""
    if not isinstance(given, (list, tuple)):
        raise Refused(f"Data dictionary: {where} is {str(given)[:40]!r}; expected a list. Nothing was loaded.")
    return given


def texts(given: object, *, where: str) -> tuple[str, ...]:
    """A list of texts as a tuple. Errors: `Refused`."""
    values = listed(given, where=where)
    if not all(isinstance(v, str) for v in values):
        raise Refused(f"Data dictionary: {where} is {values!r}; expected texts. Nothing was loaded.")
    return tuple(values)


def unique(names: list[str], *, what: str) -> None:
    """Refuse a name that is given twice."""
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise Refused(f"Data dictionary: {what} '{twice[0]}' is described twice. Nothing was loaded.")


def only(given: Mapping[str, Any], known: tuple[str, ...], *, where: str) -> None:
    """Refuse a key that nobody reads, with the nearest one that somebody does."""
    for key in given:
        if key not in known:
            raise Refused(f"Data dictionary: {where} has an unknown key '{key}' in its 'risk' object."
                          f"{nearest(key, known)} Nothing was loaded.")


def one_of(value: object, known: tuple[Any, ...], *, where: str) -> None:
    """Refuse a value that is none of those known."""
    if value not in known:
        raise Refused(f"Data dictionary: {where} is {value!r}; expected one of "
                      f"{', '.join(map(str, known))}. Nothing was loaded.")
