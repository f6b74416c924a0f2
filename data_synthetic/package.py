"""Writes a stream as a Data Package: Parquet files with their dictionary, hashes and manifest.

Small streams are one file a table; large ones a folder of parts each, written as they are made, so that
memory does not grow with the stream. A package appears under its name only when it is complete.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from data_synthetic.declarations import UTC_MS
from data_synthetic.fields import field_columns
from data_synthetic.stream import Part, Progress, Source, Stream
from data_synthetic.world import HERE, World
from risk.errors import Refused
from risk.schema import Dictionary

__all__ = [
    "load_dictionary",
    "write_package",
    "make_source",
    "generate_package",
    "package_descriptor",
    "PART_ITEMS",
    "SAMPLE",
]

SAMPLE = {"world": "teaching", "n_items": 2000, "seed": 7, "days": 60}   # data_synthetic/sample
TABLES = ("declarations", "outcomes", "truth")
PART_ITEMS = 2**20         # items of a part file; a stream of at most this many is one file a table
_ROW_GROUP = 2**17
_PARQUET: Mapping[str, Any] = {"compression": "zstd", "compression_level": 3, "use_dictionary": True,
                               "write_statistics": True, "version": "2.6", "data_page_version": "1.0",
                               "store_schema": False}
_TYPES = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_(), "datetime": UTC_MS}


def load_dictionary() -> Dictionary:
    """The data dictionary of the made world's tables.

    >>> load_dictionary().id_field
    'item_id'
    """
    return Dictionary.load(HERE / "dictionary.json")


def write_package(stream: Stream, out: str | Path) -> Path:
    """Write a stream that is in memory as a Data Package folder, one file a table.

    Raises
    ------
    risk.errors.Refused
        When the folder exists and is not empty; nothing is written then.
    """
    part = Part(*(_arrow(getattr(stream, name)) for name in TABLES))
    return _write([part], Path(out), stream.manifest, split=False, per_part=PART_ITEMS)


def make_source(world: World, n_items: int | None = None, *, seed: int = 0, days: int | None = None,
                history: str | Path | None = None) -> Source:
    """Say which stream is wanted; nothing is made yet.

    Parameters
    ----------
    world, n_items, seed, days
        As in `generate`; 20,000 items by default. With `history`, `n_items` more items (by default as many as
        come in `days`).
    history
        A package of this world to continue: same parties, next days. Its seed and flow are taken over.

    Raises
    ------
    risk.errors.Refused
        When the history is of another world or version.
    risk.errors.BadSetting
        When a number is out of range.

    >>> from data_synthetic.world import load_world
    >>> make_source(load_world("calm"), 300, seed=1).manifest()["n_items"]
    300
    """
    if history is not None:
        return _continue(world, Path(history), n_items, days)
    return Source(world, seed, 20_000 if n_items is None else n_items, world.days if days is None else days)


def generate_package(out: str | Path, source: Source, *, per_part: int = PART_ITEMS, processes: int = 1,
                     progress: Progress | None = None) -> Path:
    """Make a stream and write it as it is made, in constant memory.

    Parameters
    ----------
    out
        Folder to create.
    source
        From `make_source`.
    per_part
        Items a part file; has no influence on the rows.
    processes
        Worker processes; has no influence on the bytes.
    progress
        Called with items done and items wanted.

    Raises
    ------
    risk.errors.Refused
        When the folder exists and is not empty; nothing is written then.
    """
    parts = source.parts(processes=processes, progress=progress)
    split = source.last - source.first > per_part
    return _write(parts, Path(out), source.manifest(), split=split, per_part=per_part)


def _continue(world: World, history: Path, n_items: int | None, days: int | None) -> Source:
    old = Dictionary.load(history).manifest
    if not {"world_id", "first_item", "n_items", "flow", "seed"} <= set(old):
        raise Refused(
            f"{history.name} holds no manifest of a made stream; expected a package that 'risk generate' "
            "wrote. Nothing was written."
        )
    if old["world_id"] != world.world_id:
        raise Refused(
            f"{history.name} was made in world '{old.get('world')}' ({old.get('world_id')}), asked to "
            f"continue in '{world.name}' ({world.world_id}). Name the same world. Nothing was written."
        )
    first, flow = old["first_item"] + old["n_items"], old["flow"]
    start = Source(world, old["seed"], flow["n_items"], flow["days"], first, first + 1)
    if n_items is None:
        until = round(start.period()[0]) + (world.days if days is None else days)
        n_items = start.clock().items_until(until) - first
    return Source(world, old["seed"], flow["n_items"], flow["days"], first, first + n_items)


# -- writing ------------------------------------------------------------------------------------------------


def _write(
    parts: Iterable[Part], out: Path, manifest: Mapping[str, Any], *, split: bool, per_part: int
) -> Path:
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise Refused(f"{out} exists and is not an empty folder. Choose another name, or remove it first. "
                      "Nothing was written.")
    building = out.with_name(f".{out.name}.building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    try:
        with _Writers(building, split=split) as writers:
            for index, part in _numbered(parts, per_part):
                writers.write(index, part)
        text = json.dumps(package_descriptor(building, manifest), indent=1, ensure_ascii=False) + "\n"
        (building / "datapackage.json").write_text(text, encoding="utf-8")
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    if out.exists():
        out.rmdir()
    building.rename(out)
    return out


def _numbered(parts: Iterable[Part], per_part: int) -> Iterator[tuple[int, Part]]:
    """Cut parts so that each piece lies inside one numbered part file of `per_part` declarations."""
    done = 0
    for part in parts:
        n, start = len(part.declarations), 0
        while start < n or start == n == 0:
            index, room = divmod(done, per_part)
            take = min(n - start, per_part - room)
            whole = start == 0
            yield (
                index,
                Part(
                    part.declarations.slice(start, take),
                    part.outcomes if whole else part.outcomes.slice(0, 0),
                    part.truth.slice(start, take),
                ),
            )
            start, done = start + take, done + take
            if n == 0:
                break


class _Writers:
    """Open Parquet writers, one a table, moving to the next part file when asked."""

    def __init__(self, folder: Path, *, split: bool) -> None:
        self._folder, self._split, self._index = folder, split, -1
        self._open: dict[str, pq.ParquetWriter] = {}
        self._buffer: dict[str, list[pa.Table]] = {name: [] for name in TABLES}

    def __enter__(self) -> "_Writers":
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def write(self, index: int, part: Part) -> None:
        """Append a piece to part file `index`."""
        if index != self._index and (self._split or self._index < 0):
            self._close()
            self._index = index
        for name in TABLES:
            self._buffer[name].append(getattr(part, name))
            if sum(map(len, self._buffer[name])) >= _ROW_GROUP:
                self._flush(name)

    def _flush(self, name: str, *, last: bool = False) -> None:
        """Write whole row groups, so that their borders do not depend on how pieces arrived."""
        if not self._buffer[name]:
            return
        table = pa.concat_tables(self._buffer[name])
        whole = len(table) if last else len(table) // _ROW_GROUP * _ROW_GROUP
        if name not in self._open:
            self._open[name] = pq.ParquetWriter(self._path(name), table.schema, **_PARQUET)
        if whole or last:
            self._open[name].write_table(table.slice(0, whole), row_group_size=_ROW_GROUP)
        self._buffer[name] = [table.slice(whole)] if whole < len(table) else []

    def _path(self, name: str) -> Path:
        if not self._split:
            return self._folder / f"{name}.parquet"
        folder = self._folder / f"{name}.parquet"
        folder.mkdir(exist_ok=True)
        return folder / f"part-{self._index:05d}.parquet"

    def _close(self) -> None:
        for name in TABLES:
            self._flush(name, last=True)
        for writer in self._open.values():
            writer.close()
        self._open = {}


def package_descriptor(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The dictionary completed with paths, sizes, hashes, and the manifest of the stream.

    Parameters
    ----------
    folder
        Where the tables are; a table may be a file or a folder of parts.
    manifest
        How the stream came to be; kept under ``risk.manifest``.
    """
    descriptor = load_dictionary().to_descriptor()
    descriptor = {"profile": "data-package", **descriptor}
    by_name = {r["name"]: r for r in descriptor["resources"]}
    by_name["truth"]["schema"]["fields"] += _cause_fields(by_name["declarations"])
    descriptor["resources"] = [{**by_name[name], **_files(folder, name)} for name in TABLES]
    if isinstance(descriptor["resources"][0]["path"], list) or manifest.get("first_item"):
        # outcomes of earlier items, or of other parts: no reader could check the reference
        descriptor["resources"][1]["schema"].pop("foreignKeys", None)
    descriptor["risk"] = {**descriptor.get("risk", {}), "manifest": dict(manifest)}
    return descriptor


def _cause_fields(declarations: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Dictionary entries of the cause mask and the evidence, one pair for each field a scheme can alter."""
    titles = {f["name"]: f.get("title", f["name"]) for f in declarations["schema"]["fields"]}
    altered = [{"name": f"altered_{c}", "type": "boolean", "title": f"{titles[c]}: altered by the scheme",
                "constraints": {"required": True}, "risk": {"role": "truth"}} for c in field_columns()]
    evidence = [
        {
            "name": f"evidence_{c}",
            "type": "number",
            "title": f"{titles[c]}: evidence for the scheme",
            "description": "Log-likelihood ratio of the scheme against the archetype that it imitates; "
            "empty for regular items.",
            "risk": {"role": "truth", "unit": "nats"},
        }
        for c in field_columns()
    ]
    return altered + evidence


def _files(folder: Path, name: str) -> dict[str, Any]:
    path = folder / f"{name}.parquet"
    files = sorted(path.glob("part-*.parquet")) if path.is_dir() else [path]
    names = [str(f.relative_to(folder).as_posix()) for f in files]
    hashes = [_sha256(f) for f in files]
    out: dict[str, Any] = {"path": names[0] if len(names) == 1 else names, "format": "parquet",
                           "mediatype": "application/vnd.apache.parquet"}
    sizes = {"bytes": [f.stat().st_size for f in files], "hashes": [f"sha256:{h}" for h in hashes]}
    return out | ({"hash": f"sha256:{hashes[0]}"} if len(files) == 1 else {}) | {"risk": sizes}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _arrow(frame: pd.DataFrame) -> pa.Table:
    """A frame as the Arrow table that it came from: plain strings, millisecond UTC times, no index."""
    dictionary = load_dictionary()
    columns = {}
    for name in frame.columns:
        kind = _TYPES.get(dictionary[name].type, pa.string()) if name in dictionary else _guess(name)
        columns[name] = pa.Array.from_pandas(frame[name], type=kind)
    return pa.table(columns)


def _guess(name: str) -> pa.DataType:
    return pa.bool_() if name.startswith("altered_") else pa.float64()
