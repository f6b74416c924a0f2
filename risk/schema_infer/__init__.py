"""Draft a data dictionary for a stranger's table: what each column seems to be, every guess to be reviewed.

The draft is a Data Package descriptor that can be used as it is; a person reads the notes (``risk.review`` of
each field and of the package), corrects what is wrong, and deletes them.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from risk.errors import Refused, nearest
from risk.intake import Findings, shown_name
from risk.intake.findings import excerpt
from risk.intake.read import Source, read_raw
from risk.schema_infer.guess import Guess, guess
from risk.schema_infer.look import Look, look_at
from risk.schema_infer.names import hints, title_of
from risk.schema_infer.parties import party_features

__all__ = ["infer_dictionary", "infer_table"]

_DAY = pd.Timedelta(days=1)


def infer_dictionary(path: str | Path, *, id: str = "", time: str = "", label: str = "") -> dict[str, Any]:
    """Read a CSV or Parquet file (or a folder of parts) and draft its dictionary.

    Parameters
    ----------
    path
        The table; it passes the same structural checks as every import.
    id, time, label
        Columns that identify a row, order rows, and say what an examination showed. Guessed where not given.

    Raises
    ------
    risk.errors.Refused
        When the file is no table, a named column is not there or cannot be what it is said to be, or nothing
        identifies a row.
    """
    raw = read_raw(Source(Path(path)), Findings())
    looks = [look_at(name, raw.columns[name]) for name in raw.names]
    return infer_table(looks, name=Path(path).name, id=id, time=time, label=label)


def infer_table(
    looks: list[Look], *, name: str, id: str = "", time: str = "", label: str = ""
) -> dict[str, Any]:
    """The same from looks at its columns; `name` is the file's."""
    for given in filter(None, (id, time, label)):
        _there(given, looks)
    asked = {id: "id", time: "time", label: "label"}
    id = id or _find_id(looks)
    label = label or _find_label(looks, but=id)
    roles = {**asked, id: "id", label: "label"}
    guesses = [
        guess(
            _fit(look, roles.get(look.name, "")),
            role=roles.get(look.name, ""),
            because="as asked for" if look.name in asked else "guessed by its name and values",
        )
        for look in looks
    ]
    clock = time or _find_clock(guesses)
    return _package(guesses, name=name, clock=clock, label=label)


def _there(column: str, looks: list[Look]) -> None:
    names = [look.name for look in looks]
    if column not in names:
        raise Refused(
            f"The file has no column '{excerpt(column)}'.{nearest(column, names)} It has "
            f"{', '.join(map(excerpt, names[:12]))}. No dictionary was drafted."
        )


# ---------------------------------------------------------------- which column is what


def _find_id(looks: list[Look]) -> str:
    """A column that is different in every row; one whose name says so first."""
    fits = [look for look in looks if look.unique and look.kind in ("text", "integer")]
    named = [look for look in fits if hints(look.name, "id")]
    if not fits:
        raise Refused(
            "No column has a value of its own in every row, so nothing identifies a row. Name one with "
            "--id COLUMN, or add a column of row numbers. No dictionary was drafted."
        )
    return (named or fits)[0].name


def _find_label(looks: list[Look], *, but: str) -> str:
    fits = [
        look.name for look in looks if look.name != but and look.distinct == 2 and hints(look.name, "label")
    ]
    return fits[0] if fits else ""


def _find_clock(guesses: list[Guess]) -> str:
    fits = [g.name for g in guesses if g.role == "time" and g.known_at != "examination" and not g.look.empty]
    return fits[0] if fits else ""


def _fit(look: Look, role: str) -> Look:
    """A look at a column whose role a person gave: it must be able to play it."""
    if role == "time" and look.kind != "datetime":
        raise Refused(
            f"Column {look.name} does not look like times ({look.examples}); expected 2026-01-31T08:00:00Z "
            "or days such as 2026-01-31 or 31/01/2026. No dictionary was drafted."
        )
    if role != "label" or look.kind == "boolean":
        return look
    if not 2 <= look.distinct <= 20:
        raise Refused(
            f"Column {look.name} has {look.distinct:,} different values; a label has two, such as true and "
            "false (values that mean 'irregular', and values that do not). No dictionary was drafted."
        )
    values = list(look.counts.index)
    return replace(look, kind="boolean", true=(values[-1],), false=tuple(values[:-1]))


# ---------------------------------------------------------------- the package


def _package(guesses: list[Guess], *, name: str, clock: str, label: str) -> dict[str, Any]:
    by_name = {g.name: g for g in guesses}
    _note_clock_and_label(by_name, clock, label)
    step = _step_hours(by_name[clock].look) if clock else {}
    fields = [g.descriptor() for g in guesses]
    if clock:
        next(f for f in fields if f["name"] == clock)["constraints"] = {
            "required": not by_name[clock].look.empty
        }
    risk = {
        "question": title_of(label).lower() if label else "irregular",
        "review": _notes(by_name, clock, label),
        "features": [_rate(g, set(by_name), step) for g in guesses if g.wants_rate]
        + (party_features(guesses) if clock else []),
    }
    key = next(g.name for g in guesses if g.role == "id")
    return {
        "name": re.sub(r"[^a-z0-9._-]+", "-", Path(shown_name(name)).stem.lower()).strip("-.") or "table",
        "title": title_of(Path(name).stem),
        "resources": [_resource(shown_name(name), fields, key)],
        "risk": {**({"clock": clock} if clock else {}), **risk},
    }


def _resource(path: str, fields: list[dict[str, Any]], key: str) -> dict[str, Any]:
    schema = {"fields": fields, "missingValues": [""], "primaryKey": key}
    return {"name": "declarations", "path": path, "encoding": "utf-8", "schema": schema}


def _note_clock_and_label(by_name: dict[str, Guess], clock: str, label: str) -> None:
    if clock:
        by_name[clock].notes.append("the clock: it orders rows, and features see only what came before")
    if label:
        look = by_name[label].look
        share = look.counts.reindex(list(look.true)).sum() / max(look.filled, 1)
        by_name[label].notes.append(
            f"the label: {', '.join(look.true)} means found ({share:.1%} of rows with a label)"
        )


def _notes(by_name: dict[str, Guess], clock: str, label: str) -> list[str]:
    out = ["Drafted from one file: read the 'review' note of every field, correct, then delete the notes."]
    if not clock:
        out.append(
            "No column orders the rows in time: they are parted into fitting, calibration and evaluation by "
            "a seeded hash of their id, and past rates are made out of fold."
        )
    elif not any(g.role == "time" and g.known_at == "examination" for g in by_name.values()):
        out.append(
            "No column says when a result became known: results count as known at once for later rows."
        )
    if not label:
        out.append("No label was found; to train, name the column with --label.")
    return out


def _step_hours(look: Look) -> dict[str, Any]:
    """How finely past rates count time: by the day, unless the file spans only days or hours."""
    times = pd.to_datetime(look.counts.index, format=look.form or "ISO8601", errors="coerce", utc=True)
    span = times.max() - times.min()
    return {} if span >= 60 * _DAY else {"step_hours": 1} if span >= 3 * _DAY else {"step_hours": 1 / 60}


def _rate(g: Guess, taken: set[str], step: dict[str, Any]) -> dict[str, Any]:
    name = next(n for n in (f"{g.name}_rate", f"{g.name}_past_rate", f"{g.name}|rate") if n not in taken)
    return {
        "name": name,
        "kind": "rate",
        "reads": [g.name],
        "title": title_of(g.name),
        "concept": g.name,
        "review": f"drafted: the rate of earlier results of the same {title_of(g.name).lower()}",
        **({"params": step} if step else {}),
    }
