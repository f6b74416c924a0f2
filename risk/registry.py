"""Models on disk: data only, every byte accounted for, checked again at each load.

A model is a folder: ``manifest.json`` (format, versions, SHA-256 of every file), ``model.json`` and
``tables.npz`` (enough to score and explain; no code, nothing unpickled), ``golden.parquet`` (declarations
with their scores, scored again at load). A folder appears whole or not at all.

A ``boosted`` challenger has no tables; its estimator is ``estimator.joblib``, and opening such a file runs
what is in it. So it is opened only after three checks: its hash is the manifest's, the manifest's *origin*
shows that it was written here (an HMAC under a key that never leaves the workspace, so a folder from
elsewhere fails however consistent it is), and scikit-learn is of the minor version that wrote it.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import os
import platform
import secrets
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from risk.boosted import BoostedTrees, Fitted
from risk.errors import NotFound, Refused
from risk.features import Features
from risk.fitted import FittedModel
from risk.models.profile_tables import tables_from_arrays

__all__ = ["Registry", "FORMAT"]

#: Raise by one whenever a file's meaning changes, and teach `Registry.load` the older form.
#: 2: ``model.json`` may hold features of the kinds novelty and quality, and those of wording know the words for
#: codes. A file of format 1 lacks them and is read as it is: its reasons name codes alone.
FORMAT = 2
_FILES = ("model.json", "tables.npz", "golden.parquet")
_ESTIMATOR = "estimator.joblib"  # of the kinds that are not data only
_MAX_UNPACKED = 512 * 1024**2
_GOLDEN_TOLERANCE = 1e-9
_MAX_GOLDEN_ROWS = 10_000
_KEYS = {"format", "id", "kind", "created_utc", "content_sha256", "facts", "versions", "sha256"}
_PACKAGES = ("numpy", "pandas", "scikit-learn", "numba", "pyarrow")


@dataclass(frozen=True)
class Registry:
    """The models of a workspace, in the folder `root`. Ids are kind, UTC time and content digest."""

    root: Path

    def save(self, model: FittedModel, golden: pd.DataFrame, *, created_utc: str,
             parents: tuple[str, ...] = ()) -> FittedModel:
        """Register a model; content that is already here is not written twice.

        Parameters
        ----------
        model
            Trained and calibrated.
        golden
            Some raw declarations (some tens); their scores are stored and checked at every load.
        created_utc
            ISO 8601; the clock comes from outside.
        """
        parts = _parts(model, golden)
        digest = hashlib.sha256(b"".join(parts[n] for n in ("model.json", "tables.npz"))).hexdigest()
        for known in self.ids():
            if self.manifest(known)["content_sha256"] == digest:
                return model.with_id(known)
        stamp = "".join(c for c in created_utc[:19] if c.isdigit() or c == "T")
        model_id = f"{model.kind}-{stamp}-{digest[:8]}"
        manifest = {"format": FORMAT, "id": model_id, "kind": model.kind, "created_utc": created_utc,
                    "parents": list(parents), "content_sha256": digest, "facts": dict(model.facts),
                    "versions": {"python": platform.python_version(), **{p: version(p) for p in _PACKAGES}},
                    "sha256": {name: hashlib.sha256(data).hexdigest() for name, data in parts.items()}}
        if _ESTIMATOR in parts:
            manifest["origin"] = self._origin(parts[_ESTIMATOR], make=True)
        self._write(model_id, {**parts, "manifest.json": _json(manifest)})
        if self.champion() is None:
            self.promote(model_id, reason="first model of this workspace", actor="system", utc=created_utc)
        return model.with_id(model_id)

    def load(self, name: str) -> FittedModel:
        """Load by id, unique prefix or ``champion``, after every check.

        Raises
        ------
        risk.errors.NotFound, risk.errors.Refused
            Unknown or ambiguous name; changed or missing file; newer format; scores that differ; an
            estimator from elsewhere, or from another minor version of scikit-learn.
        """
        model_id = self.resolve(name)
        parts = self._verified(model_id)
        described = json.loads(parts["model.json"])
        features = Features.from_state(described["features"])
        _check_columns(described["names"], features, model_id)
        tables = _tables(described["names"], parts, model_id)
        model = FittedModel(described["kind"], features, tables, described["facts"], model_id)
        _check_golden(model, _golden(parts["golden.parquet"], model_id))
        return model

    def golden(self, name: str) -> pd.DataFrame:
        """A model's stored items, declarations with ``golden_margin``. Errors: as `load`."""
        model_id = self.resolve(name)
        return _golden(self._verified(model_id)["golden.parquet"], model_id)

    def folder(self, name: str) -> Path:
        """Where a model's files stand. Errors: `NotFound`, `Refused`."""
        return self.root / self.resolve(name)

    def resolve(self, name: str) -> str:
        """The full id that a name stands for."""
        todo = "List them with: risk models list. Train one with: risk train DATA."
        if name == "champion":
            champion = self.champion()
            if champion is None:
                raise NotFound("model", "champion", todo="No model is registered yet. Train one: risk train DATA.")
            return champion
        fits = [i for i in self.ids() if i.startswith(name)]
        if name in fits:
            return name
        if len(fits) > 1:
            raise Refused(f"'{name}' could be {len(fits)} models: {', '.join(fits[:5])}. Give more of the id.")
        if not fits:
            raise NotFound("model", name, known=self.ids(), todo=todo)
        return fits[0]

    def ids(self) -> list[str]:
        """Ids of all registered models, oldest first."""
        if not self.root.is_dir():
            return []
        found = [p.parent.name for p in self.root.glob("*/manifest.json")]
        return sorted(found, key=lambda i: (i.split("-")[1:], i))

    def manifest(self, model_id: str) -> Mapping[str, Any]:
        """A model's manifest; refuses a format newer than this program knows, and one that is no manifest."""
        try:
            manifest = json.loads((self.root / model_id / "manifest.json").read_text(encoding="utf-8"))
        except ValueError:
            manifest = {}
        if not isinstance(manifest, dict) or not isinstance(manifest.get("format"), int):
            raise Refused(f"manifest.json of {model_id} is damaged: expected a JSON object with a format number. The "
                          "model was not loaded. Restore the file, or move the folder out of the workspace.")
        if manifest["format"] > FORMAT:
            raise Refused(f"Model {model_id} has format {manifest['format']}; this program reads up to {FORMAT}. "
                          "Update the workbench. The model was not loaded.")
        if _KEYS - set(manifest):
            raise Refused(f"manifest.json of {model_id} does not state {', '.join(sorted(_KEYS - set(manifest)))}. "
                          "The model was not loaded. Restore the file, or move the folder out of the workspace.")
        return manifest

    def champion(self) -> str | None:
        """Id of the model in use, or None."""
        used = self._in_use()
        return used[-1] if used else None

    def previous(self) -> str:
        """Id of the model that was in use before the champion. Errors: `Refused` where there was none."""
        used = self._in_use()
        if len(used) < 2:
            raise Refused("Expected an earlier champion to go back to; there was none. Promote another model: "
                          "risk models promote. Nothing was changed.")
        return used[-2]

    def history(self) -> list[dict[str, str]]:
        """Every promotion and roll-back, oldest first: id, reason, actor, utc, and of a roll-back ``act``."""
        path = self.root / "champion.json"
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []

    def _in_use(self) -> list[str]:
        """Champions as they stand on each other: a promotion puts one on top, a roll-back takes it away."""
        used: list[str] = []
        for entry in self.history():
            if entry.get("act") == "rolled back":
                used.pop()
            elif not used or used[-1] != entry["id"]:
                used.append(entry["id"])
        return used

    @staticmethod
    def check_reason(reason: str) -> None:
        """Raise `Refused` where no reason is given."""
        if not reason.strip():
            raise Refused("Changing the champion needs a reason in words, so that others can follow it. Nothing was "
                          "changed.")

    def promote(self, name: str, *, reason: str, actor: str, utc: str) -> str:
        """Make a model the champion. A reason is required, and kept."""
        self.check_reason(reason)
        model_id = self.resolve(name)
        self._note({"id": model_id, "reason": reason, "actor": actor, "utc": utc})
        return model_id

    def roll_back(self, expected: str, *, reason: str, actor: str, utc: str) -> str:
        """Put the champion before the present one back, if that is `expected`. A reason is required, and kept."""
        self.check_reason(reason)
        if self.previous() != expected:
            raise Refused(f"Expected {expected} to be the champion before this one; by now it is {self.previous()}. "
                          "Look at: risk models history. Nothing was changed.")
        self._note({"id": expected, "reason": reason, "actor": actor, "utc": utc, "act": "rolled back"})
        return expected

    def _note(self, entry: Mapping[str, str]) -> None:
        _replace(self.root / "champion.json", _json([*self.history(), entry]))

    def _write(self, model_id: str, parts: Mapping[str, bytes]) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".new-", dir=self.root))
        try:
            for name, data in parts.items():
                _write_through(made / name, data)
            os.rename(made, self.root / model_id)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise

    def _verified(self, model_id: str) -> dict[str, bytes]:
        manifest, parts = self.manifest(model_id), {}
        for name in (*_FILES, _ESTIMATOR) if manifest["kind"] == "boosted" else _FILES:
            path = self.root / model_id / name
            if name not in manifest["sha256"]:
                raise Refused(f"The manifest of {model_id} states no hash for {name}. The model was not loaded.")
            if not path.exists():
                raise Refused(f"{name} of model {model_id} is missing. The model was not loaded.")
            parts[name] = path.read_bytes()
            if hashlib.sha256(parts[name]).hexdigest() != manifest["sha256"][name]:
                raise Refused(f"{name} of model {model_id} was changed after it was registered (its SHA-256 differs "
                              "from the manifest's). The model was not loaded. Restore it, or train again.")
        if _ESTIMATOR in parts:
            self._may_open(model_id, manifest, parts[_ESTIMATOR])
        return parts

    def _may_open(self, model_id: str, manifest: Mapping[str, Any], estimator: bytes) -> None:
        """Whether an estimator was written here, by this minor version of scikit-learn. Errors: `Refused`."""
        if not hmac.compare_digest(str(manifest.get("origin", "")), self._origin(estimator)):
            raise Refused(f"{_ESTIMATOR} of {model_id} was not written in this workspace, and opening such a file can "
                          "run code, so it was not opened. Train the model here: risk train DATA --model boosted. "
                          "Models made of tables may come from anywhere.")
        stated, here = (_minor(v) for v in (manifest["versions"].get("scikit-learn", "?"), version("scikit-learn")))
        if stated != here:
            raise Refused(f"{_ESTIMATOR} of {model_id} was written by scikit-learn {stated}; this is {here}. Between "
                          "minor versions such files were measured to break, often without a word, so it was not "
                          f"opened. Install scikit-learn {stated}.*, or train again. Models made of tables go on "
                          "working.")

    def _origin(self, estimator: bytes, *, make: bool = False) -> str:
        """The mark of this workspace on an estimator; without a key here, one that fits nothing."""
        path = self.root / ".origin-key"
        if make and not path.exists():
            self._make_key(path)
        key = path.read_bytes() if path.exists() else secrets.token_bytes(32)
        return hmac.new(key, hashlib.sha256(estimator).digest(), "sha256").hexdigest()

    def _make_key(self, path: Path) -> None:
        """Whole or not at all, and never over the key of another process."""
        self.root.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        _write_through(beside, secrets.token_bytes(32))
        beside.chmod(0o600)
        try:
            os.link(beside, path)
        except FileExistsError:
            pass
        finally:
            beside.unlink()


def _parts(model: FittedModel, golden: pd.DataFrame) -> dict[str, bytes]:
    described = {"kind": model.kind, "names": list(model.tables.names), "facts": dict(model.facts),
                 "features": model.features.to_state()}
    packed, scored = io.BytesIO(), io.BytesIO()
    np.savez_compressed(packed, **model.tables.to_arrays())
    stored = golden.reset_index(drop=True)
    stored.assign(golden_margin=model.score(stored)["margin"]).to_parquet(scored, index=False)
    parts = {"model.json": _json(described), "tables.npz": packed.getvalue(), "golden.parquet": scored.getvalue()}
    return parts | ({_ESTIMATOR: model.tables.to_bytes()} if isinstance(model.tables, BoostedTrees) else {})


def _check_columns(names: list[str], features: Features, model_id: str) -> None:
    made = list(features.get_feature_names_out())
    if names != made:
        differing = sorted(set(names) ^ set(made)) or ["their order"]
        raise Refused(f"The tables of {model_id} are for another column set than its features make (differing: "
                      f"{', '.join(map(str, differing[:5]))}). The model was not loaded. Restore it, or train again.")


def _tables(names: list[str], parts: Mapping[str, bytes], model_id: str) -> Fitted:
    arrays = _arrays(parts["tables.npz"], model_id)
    try:
        if _ESTIMATOR in parts:
            return BoostedTrees.from_parts(names, arrays, parts[_ESTIMATOR])
        return tables_from_arrays(names, arrays)
    except KeyError as error:
        raise Refused(f"tables.npz of {model_id} lacks the array {error.args[0]!r} that its {len(names)} features "
                      "need. The model was not loaded. Restore it, or train again.") from None


def _minor(version_text: str) -> str:
    return ".".join(version_text.split(".")[:2])


def _arrays(data: bytes, model_id: str) -> dict[str, np.ndarray]:
    try:
        unpacked = sum(member.file_size for member in zipfile.ZipFile(io.BytesIO(data)).infolist())
    except zipfile.BadZipFile:
        raise Refused(f"tables.npz of {model_id} is no npz archive. The model was not loaded. Restore it, or train "
                      "again.") from None
    if unpacked > _MAX_UNPACKED:
        raise Refused(f"tables.npz of {model_id} would unpack to {unpacked:,} bytes; at most {_MAX_UNPACKED:,} are "
                      "read. The model was not loaded.")
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            return {name: stored[name] for name in stored.files}
    except (ValueError, zipfile.BadZipFile):
        raise Refused(f"tables.npz of {model_id} holds something other than plain arrays; nothing in it was run. "
                      "The model was not loaded.") from None


def _golden(data: bytes, model_id: str) -> pd.DataFrame:
    rows = pq.ParquetFile(io.BytesIO(data)).metadata.num_rows
    if rows > _MAX_GOLDEN_ROWS:
        raise Refused(f"golden.parquet of {model_id} holds {rows:,} items; at most {_MAX_GOLDEN_ROWS:,} are scored "
                      "again. The model was not loaded.")
    return pd.read_parquet(io.BytesIO(data))


def _check_golden(model: FittedModel, golden: pd.DataFrame) -> None:
    gap = np.abs(model.score(golden)["margin"].to_numpy() - golden["golden_margin"].to_numpy()).max()
    if not gap <= _GOLDEN_TOLERANCE:
        raise Refused(f"Model {model.model_id} scores its own stored items differently here (by {gap:.3g} log-odds); "
                      "a library it depends on has changed its arithmetic. The model was not loaded.")


def _json(content: Any) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True).encode()


def _write_through(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _replace(path: Path, data: bytes) -> None:
    """Write beside, then rename: a reader sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    _write_through(beside, data)
    os.replace(beside, path)
