"""The three kinds of task. Each is a plain function of a plan and numbers, so that any engine can run it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from risk.batch.files import rows_written, slices, whole
from risk.batch.plan import Part, Plan
from risk.features import PartyHistory, party_columns
from risk.features.arrivals import Arrivals
from risk.features.novelty import novelties, novelty_past

__all__ = ["spread", "past", "score", "spread_folder", "past_folder", "score_file", "unknown_file"]


def spread_folder(plan: Plan, part: int) -> Path:
    """Where a part's items stand, by the bucket of their party."""
    return plan.folder / "spread" / f"part-{part:05d}"


def past_folder(plan: Plan, party: int, bucket: int) -> Path:
    """Where the past of a bucket's parties stands, by part."""
    return plan.folder / "past" / f"party-{party}-{bucket:05d}"


def score_file(plan: Plan, part: int) -> Path:
    """Where a part's scores stand."""
    return plan.folder / "scores" / f"part-{part:05d}.parquet"


def unknown_file(plan: Plan, part: int) -> Path:
    """Where it stands how many of a part's items have values that the model has never seen, by feature."""
    return plan.folder / "unknown" / f"part-{part:05d}.json"


def spread(plan: Plan, part: Part) -> int:
    """Send each item of a part, as hashes and times, to the bucket of each of its parties; returns rows."""
    target, d = spread_folder(plan, part.index), plan.model.dictionary
    if target.exists():
        return part.rows
    counted = [name for f in novelties(d) for name in f.reads]
    wanted = list(dict.fromkeys([d.id_field, *d.as_of, *(f.name for f in d.role("party")), *counted]))
    outcomes = _outcomes(plan.outcomes, d.id_field, d.label)
    with whole(target) as folder:
        folder.mkdir()
        pieces = [
            PartyHistory.of(frame, d, outcomes=outcomes)
            for frame in slices(part.path, d, plan.rows_at_once, columns=wanted)
        ]
        history = _joined(pieces)
        for k in range(history.code.shape[1]):
            came = history.arrivals(k)
            np.savez(folder / f"arrivals-{k}.npz", code=came.code, day=came.day, items=came.items)
        for k, name in enumerate(plan.parties):
            own = _of_party(history, name)
            bucket = (own.party[:, 0] % np.uint64(plan.buckets)).astype(np.int64)
            for b in range(plan.buckets):
                rows = np.flatnonzero(bucket == b)
                np.savez(folder / f"{k}-{b}.npz", row=rows.astype(np.int32), **own.take(rows).to_arrays())
    return part.rows


def _joined(pieces: list[PartyHistory]) -> PartyHistory:
    if len(pieces) == 1:
        return pieces[0]
    arrays = [p.to_arrays() for p in pieces]
    joined = {k: np.concatenate([a[k] for a in arrays]) for k in PartyHistory.ARRAYS}
    return PartyHistory.from_arrays({**arrays[0], **joined})


def _of_party(history: PartyHistory, name: str) -> PartyHistory:
    """The same items seen from one party field: it comes first, its counterpart second."""
    k, n = history.names.index(name), history.party.shape[1]
    arrays = history.of_parties().to_arrays()
    arrays |= {"party": history.party[:, [k, (k + 1) % n]], "names": np.array([name])}
    return PartyHistory.from_arrays(arrays)


def _outcomes(paths: tuple[Path, ...], id_field: str, label: str) -> pd.DataFrame | None:
    if not paths:
        return None
    stamps = tuple((str(p), p.stat().st_mtime_ns) for p in paths)
    return _read_outcomes(stamps, (id_field, "reported_utc", label))


@lru_cache(maxsize=1)
def _read_outcomes(stamps: tuple[tuple[str, int], ...], columns: tuple[str, ...]) -> pd.DataFrame:
    """Examinations so far, read once a process."""
    tables = [pq.read_table(path, columns=list(columns)).to_pandas() for path, _ in stamps]
    return pd.concat(tables, ignore_index=True)


def past(plan: Plan, party: int, bucket: int) -> int:
    """What was known of the parties of one bucket, at each of their items; returns items."""
    target = past_folder(plan, party, bucket)
    if target.exists():
        return 0
    read = [_load(spread_folder(plan, p.index) / f"{party}-{bucket}.npz") for p in plan.parts]
    lengths = [len(a["row"]) for a in read]
    rows = np.concatenate([a.pop("row") for a in read])
    joined = {k: np.concatenate([a[k] for a in read]) for k in PartyHistory.ARRAYS}
    history = PartyHistory.from_arrays({**read[0], **joined})
    del read, joined
    found = history.take(np.empty(0, np.int64)).past(history)
    wanted = [c for c in party_columns(plan.model.dictionary) if c in found.columns]
    values = found[wanted].to_numpy(dtype=np.float32)
    ends = np.cumsum(lengths)
    with whole(target) as folder:
        folder.mkdir()
        for p, start, end in zip(plan.parts, ends - lengths, ends, strict=True):
            np.savez(
                folder / f"{p.index}.npz",
                row=rows[start:end],
                values=values[start:end],
                names=np.array(wanted),
            )
    return int(ends[-1])


def _load(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def score(plan: Plan, part: Part) -> int:
    """Scores (and attributions) of one part, written as one Parquet file; returns rows."""
    target = score_file(plan, part.index)
    if not target.exists():
        unknown: Counter[str] = Counter()
        with whole(target) as beside:
            rows_written(beside, _scored(plan, part, unknown))
            with whole(unknown_file(plan, part.index)) as note:
                note.write_text(json.dumps(unknown), encoding="utf-8")
    return part.rows


def _scored(plan: Plan, part: Part, unknown: Counter[str]) -> Iterator[pd.DataFrame]:
    known, at = _past_of(plan, part), 0
    make = plan.model.attribute if plan.explain else plan.model.score
    for frame in slices(part.path, plan.model.dictionary, plan.rows_at_once):
        if known is not None:
            past = known.iloc[at : at + len(frame)].reset_index(drop=True)
            frame = pd.concat([frame, past, _came(plan, frame)], axis=1)
        unknown.update({k: int(n) for k, n in plan.model.features.unknown(frame).sum().items()})
        yield make(frame)
        at += len(frame)


def _came(plan: Plan, frame: pd.DataFrame) -> pd.DataFrame:
    """How often the codes of a part's rows had come, by the counts of all parts."""
    d = plan.model.dictionary
    if not novelties(d):
        return pd.DataFrame(index=frame.index)
    files = [[spread_folder(plan, p.index) / f"arrivals-{k}.npz" for p in plan.parts]
             for k in range(2 * len(novelties(d)))]
    stamps = tuple(tuple((str(f), f.stat().st_mtime_ns) for f in column) for column in files)
    return novelty_past(frame, d, _arrivals(stamps))


@lru_cache(maxsize=1)
def _arrivals(stamps: tuple[tuple[tuple[str, int], ...], ...]) -> list[Arrivals]:
    """Counts of all parts added up, read once a process."""
    return [Arrivals.joined([Arrivals(**_load(Path(f))) for f, _ in column]) for column in stamps]


def _past_of(plan: Plan, part: Part) -> pd.DataFrame | None:
    """Past columns of a part's rows, float32, put back in their order from all buckets."""
    if not plan.buckets:
        return None
    columns: dict[str, np.ndarray] = {}
    for k in range(len(plan.parties)):
        for b in range(plan.buckets):
            piece = _load(past_folder(plan, k, b) / f"{part.index}.npz")
            for j, name in enumerate(piece["names"].tolist()):
                column = columns.setdefault(name, np.full(part.rows, np.nan, np.float32))
                column[piece["row"]] = piece["values"][:, j]
    return pd.DataFrame(columns)
