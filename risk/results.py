"""What was measured about a model, kept beside the models so that the web app need not measure again.

A result is derived from a model and a data set, can be thrown away and made again, and is therefore no
part of the registered model.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

__all__ = ["AuditTables", "Evaluation", "Results"]

_TABLES = ("capacity", "discrimination", "reliability")
_LATER_TABLES = ("costs", "estimates", "schemes")  # older files have none of them


@dataclass(frozen=True)
class Evaluation:
    """What a model is worth on items it has not learnt from.

    `judge` says by what it was judged (``truth`` or ``examinations``); `capacity`, `discrimination`,
    `reliability`, `groups` (field name → table), `costs`, `estimates` and `schemes` are as in `risk.evaluation`;
    the last two are empty where there are no inclusion probabilities, and no truth.
    """

    judge: str
    n: int
    period: tuple[str, str] | None
    capacity: pd.DataFrame
    discrimination: pd.DataFrame
    reliability: pd.DataFrame
    groups: Mapping[str, pd.DataFrame]
    costs: pd.DataFrame = field(default_factory=pd.DataFrame)
    estimates: pd.DataFrame = field(default_factory=pd.DataFrame)
    schemes: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True)
class AuditTables:
    """What an explanation audit showed: `cause` and `faithful` as in `risk.explaining.ExplanationAudit`."""

    flagged: int
    rate: float
    cause: pd.DataFrame
    faithful: pd.DataFrame


@dataclass(frozen=True)
class Results:
    """The kept evaluations of a workspace, one JSON file a model, in the folder `root`."""

    root: Path

    def keep(self, model_id: str, found: Evaluation) -> None:
        """Keep the newest evaluation of a model; the file appears whole or not at all."""
        plain = {"judge": found.judge, "n": found.n, "period": found.period,
                 **{name: _rows(getattr(found, name)) for name in (*_TABLES, *_LATER_TABLES)},
                 "groups": {name: _rows(table) for name, table in found.groups.items()}}
        self._put(self._path(model_id), plain)

    def of(self, model_id: str) -> Evaluation | None:
        """The kept evaluation of a model, or None where it was never evaluated in this workspace."""
        if not self._path(model_id).exists():
            return None
        plain = json.loads(self._path(model_id).read_text(encoding="utf-8"))
        return Evaluation(plain["judge"], plain["n"], tuple(plain["period"]) if plain["period"] else None,
                          *(pd.DataFrame(plain[name]) for name in _TABLES),
                          {name: pd.DataFrame(rows) for name, rows in plain["groups"].items()},
                          *(pd.DataFrame(plain.get(name, [])) for name in _LATER_TABLES))

    def keep_audit(self, model_id: str, found: AuditTables) -> None:
        """Keep the newest explanation audit of a model; the file appears whole or not at all."""
        plain = {"flagged": found.flagged, "rate": found.rate, "cause": _rows(found.cause),
                 "faithful": _rows(found.faithful)}
        self._put(self._audit_path(model_id), plain)

    def audit_of(self, model_id: str) -> AuditTables | None:
        """The kept explanation audit of a model, or None where its explanations were never audited here."""
        if not self._audit_path(model_id).exists():
            return None
        plain = json.loads(self._audit_path(model_id).read_text(encoding="utf-8"))
        tables = (pd.DataFrame(plain[name]) for name in ("cause", "faithful"))
        return AuditTables(plain["flagged"], plain["rate"], *tables)

    def _put(self, path: Path, plain: Mapping[str, object]) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.write_text(json.dumps(plain, indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(beside, path)

    def _audit_path(self, model_id: str) -> Path:
        return self.root / f"{model_id}.explanations.json"

    def stamp(self, model_id: str) -> int:
        """Changes when a newer evaluation is kept; 0 without one."""
        path = self._path(model_id)
        return path.stat().st_mtime_ns if path.exists() else 0

    def _path(self, model_id: str) -> Path:
        return self.root / f"{model_id}.json"


def _rows(table: pd.DataFrame) -> list[dict[str, object]]:
    """A table as JSON-able rows; a value that is not a number becomes null."""
    return json.loads(table.to_json(orient="records"))
