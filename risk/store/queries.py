"""Questions to the database. Every function takes a connection; none changes anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, case, func, or_, select

from risk.audit import Entry
from risk.casework import CHANNELS, LANES, STATUSES, Case, as_of
from risk.errors import BadSetting, NotFound, nearest
from risk.store.tables import batches, cases, decisions, entries, facets

__all__ = [
    "Batch",
    "CaseFilter",
    "DecisionRow",
    "EntryFilter",
    "Page",
    "all_entries",
    "batch_list",
    "case_at",
    "case_counts",
    "case_page",
    "decision_list",
    "entry",
    "entry_page",
    "facet_counts",
    "first_workable",
    "head",
]

T = TypeVar("T")
_CASE = [cases.c[f.name] for f in fields(Case)]
_ENTRY = [entries.c[f.name] for f in fields(Entry)]
_HEAD = select(*_ENTRY).order_by(entries.c.seq.desc()).limit(1)
_CASE_IN_BATCH = select(*_CASE).where(
    cases.c.item_id == bindparam("item"), cases.c.batch_id == bindparam("batch")
)
_NEWEST_CASE = (
    select(*_CASE)
    .join(batches, batches.c.batch_id == cases.c.batch_id)
    .where(cases.c.item_id == bindparam("item"))
    .order_by(batches.c.seq.desc())
    .limit(1)
)
_ORDERS = {
    "margin": (cases.c.margin.desc(), cases.c.item_id),
    "item_id": (cases.c.item_id,),
    "changed": (cases.c.changed_seq.desc(), cases.c.item_id),
}


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows of many: `rows` on this `page` (from 1, `size` rows a page) out of `total`."""

    rows: list[T]
    total: int
    page: int
    size: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        return max(1, -(-self.total // self.size))


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases: an empty field does not restrict, but without `batch_id` it is the newest batch only.

    `text` is looked for in the item id. `facets` are names with the values wanted: one of the values of
    every name must fit.
    """

    batch_id: str = ""
    lanes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    text: str = ""
    holder: str = ""
    facets: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """Which log entries: an empty field does not restrict. `until_utc` itself is excluded."""

    events: tuple[str, ...] = ()
    actor: str = ""
    item_id: str = ""
    since_utc: str = ""
    until_utc: str = ""


EVERY_CASE, EVERY_ENTRY = CaseFilter(), EntryFilter()


@dataclass(frozen=True, slots=True)
class Batch:
    """One selection run whose items became cases; `digest` is over the cases as they were opened."""

    batch_id: str
    seq: int
    model_id: str
    data_digest: str
    capacity: int
    cases: int
    digest: str
    created_utc: str


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision as stored; `seq` is the number of its log entry, `role` the one it was decided in."""

    seq: int
    batch_id: str
    item_id: str
    decision: str
    suggested: str
    agrees: bool
    reason_codes: tuple[str, ...]
    comment: str
    decided_by: str
    decided_utc: str
    role: str


def head(connection: Connection) -> Entry | None:
    """Return the newest log entry, or None for an empty log."""
    row = connection.execute(_HEAD).one_or_none()
    return Entry(*row) if row else None


def entry(connection: Connection, seq: int) -> Entry:
    """Return one log entry by its number. Errors: `NotFound`."""
    row = connection.execute(select(*_ENTRY).where(entries.c.seq == seq)).one_or_none()
    if row is None:
        raise NotFound("log entry", str(seq))
    return Entry(*row)


def all_entries(connection: Connection, item_id: str = "") -> Iterator[Entry]:
    """Give every entry (of one item, if named) in order, without holding them all in memory."""
    query = select(*_ENTRY).order_by(entries.c.seq)
    if item_id:
        query = query.where(entries.c.item_id == item_id)
    return (Entry(*row) for row in connection.execute(query.execution_options(yield_per=2000)))


def batch_list(connection: Connection) -> list[Batch]:
    """Return every batch, the newest first."""
    columns = [batches.c[f.name] for f in fields(Batch)]
    return [Batch(*row) for row in connection.execute(select(*columns).order_by(batches.c.seq.desc()))]


def batches_with_cases(connection: Connection) -> set[str]:
    """Return the ids of all batches that have cases."""
    return set(connection.scalars(select(cases.c.batch_id).distinct()))


def newest_batch(connection: Connection) -> str:
    """Return the id of the newest batch, or '' when there is none."""
    return connection.scalar(select(batches.c.batch_id).order_by(batches.c.seq.desc()).limit(1)) or ""


def case_at(connection: Connection, item_id: str, *, batch_id: str, now_utc: str) -> Case:
    """Return a case; without `batch_id` the item's newest one. Errors: `NotFound`."""
    query = _CASE_IN_BATCH if batch_id else _NEWEST_CASE
    row = connection.execute(query, {"item": item_id, "batch": batch_id}).one_or_none()
    if row is None:
        where = f" in batch {batch_id}" if batch_id else ""
        raise NotFound("case", item_id, todo=f"No selection referred this item{where}.")
    return as_of(Case(*row), now_utc)


def status_now(now_utc: str) -> ColumnElement[str]:
    """Return the status that `risk.casework.as_of` gives, as SQL."""
    ran_out = or_(
        and_(cases.c.status == "claimed", cases.c.held_until_utc <= now_utc),
        and_(cases.c.status == "snoozed", cases.c.snoozed_until_utc <= now_utc),
    )
    return case((ran_out, "open"), else_=cases.c.status)


def _known(name: str, values: tuple[str, ...], known: dict[str, str]) -> tuple[str, ...]:
    if isinstance(values, str):
        values = (values,)
    for value in values:
        if value not in known:
            raise BadSetting(
                name,
                got=value,
                expected=f"one of {', '.join(known)}",
                todo=nearest(str(value), known).strip(),
            )
    return values


def _where(connection: Connection, which: CaseFilter, now_utc: str) -> list[ColumnElement[bool]]:
    wanted = [cases.c.batch_id == (which.batch_id or newest_batch(connection))]
    if which.lanes:
        wanted.append(cases.c.lane.in_(_known("lane", which.lanes, LANES)))
    if which.channels:
        wanted.append(cases.c.channel.in_(_known("channel", which.channels, CHANNELS)))
    if which.statuses:
        wanted.append(status_now(now_utc).in_(_known("status", which.statuses, STATUSES)))
    if which.text.strip():
        wanted.append(cases.c.item_id.icontains(which.text.strip(), autoescape=True))
    if which.holder:
        wanted.append(cases.c.holder == which.holder)
    for name, values in which.facets:
        if values:
            wanted.append(_HAS_FACET.where(facets.c.name == name, facets.c.value.in_(values)).exists())
    return wanted


_HAS_FACET = (
    select(facets.c.item_id)
    .where(facets.c.batch_id == cases.c.batch_id, facets.c.item_id == cases.c.item_id)
    .correlate(cases)
)


def facet_counts(
    connection: Connection, name: str, which: CaseFilter, *, now_utc: str
) -> list[tuple[str, int, float]]:
    """Return each value of a facet with how many cases have it and the sum of their scores, most first."""
    count = func.count()
    query = (
        select(facets.c.value, count, func.sum(cases.c.risk_score))
        .join(cases, and_(cases.c.batch_id == facets.c.batch_id, cases.c.item_id == facets.c.item_id))
        .where(facets.c.name == name, *_where(connection, which, now_utc))
        .group_by(facets.c.value)
        .order_by(count.desc(), facets.c.value)
    )
    return [(value, int(n), float(expected)) for value, n, expected in connection.execute(query)]


def _page(connection: Connection, query: Select, page: int, size: int) -> tuple[list[Any], int]:
    if page < 1 or not 1 <= size <= 1000:
        raise BadSetting("page, size", got=(page, size), expected="page at least 1, size 1–1000")
    total = connection.scalar(select(func.count()).select_from(query.order_by(None).subquery()))
    return list(connection.execute(query.limit(size).offset((page - 1) * size))), total


def case_page(
    connection: Connection, which: CaseFilter, *, now_utc: str, page: int, size: int, order: str
) -> Page[Case]:
    """Return one page of cases. `order`: `margin` (highest first), `item_id` or `changed` (newest first)."""
    if order not in _ORDERS:
        raise BadSetting("order", got=order, expected=f"one of {', '.join(_ORDERS)}")
    query = select(*_CASE).where(*_where(connection, which, now_utc)).order_by(*_ORDERS[order])
    rows, total = _page(connection, query, page, size)
    return Page([as_of(Case(*row), now_utc) for row in rows], total, page, size)


def case_counts(connection: Connection, which: CaseFilter, *, now_utc: str) -> dict[str, dict[str, int]]:
    """Return how many cases there are per lane, per channel and per status; absent values count 0."""
    status = status_now(now_utc)
    query = (
        select(cases.c.lane, cases.c.channel, status, func.count())
        .where(*_where(connection, which, now_utc))
        .group_by(cases.c.lane, cases.c.channel, status)
    )
    counts = {
        "lane": dict.fromkeys(LANES, 0),
        "channel": dict.fromkeys(CHANNELS, 0),
        "status": dict.fromkeys(STATUSES, 0),
    }
    for lane, channel, state, number in connection.execute(query):
        counts["lane"][lane] += number
        counts["channel"][channel] += number
        counts["status"][state] += number
    return counts


def first_workable(connection: Connection, which: CaseFilter, *, now_utc: str) -> Case | None:
    """Return the open case with the highest margin under a filter, or None."""
    query = (
        select(*_CASE)
        .where(*_where(connection, which, now_utc), status_now(now_utc) == "open")
        .order_by(*_ORDERS["margin"])
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return as_of(Case(*row), now_utc) if row else None


def decision_list(connection: Connection, *, item_id: str = "", batch_id: str = "") -> Iterator[DecisionRow]:
    """Give stored decisions in the order they were made, of one item and one batch if these are named."""
    role = func.coalesce(entries.c.role, "").label("role")  # a decision without an entry is for `verify` to find
    columns = [role if f.name == "role" else decisions.c[f.name] for f in fields(DecisionRow)]
    query = select(*columns).outerjoin(entries, entries.c.seq == decisions.c.seq).order_by(decisions.c.seq)
    if item_id:
        query = query.where(decisions.c.item_id == item_id)
    if batch_id:
        query = query.where(decisions.c.batch_id == batch_id)
    for row in connection.execute(query):
        cells = row._asdict()
        yield DecisionRow(**cells | {"reason_codes": tuple(json.loads(cells["reason_codes"]))})


def entry_page(connection: Connection, which: EntryFilter, *, page: int, size: int) -> Page[Entry]:
    """Return one page of log entries, the newest first."""
    query = select(*_ENTRY).order_by(entries.c.seq.desc())
    if which.events:
        query = query.where(entries.c.event.in_(which.events))
    for name in ("actor", "item_id"):
        if getattr(which, name):
            query = query.where(entries.c[name] == getattr(which, name))
    if which.since_utc:
        query = query.where(entries.c.utc >= which.since_utc)
    if which.until_utc:
        query = query.where(entries.c.utc < which.until_utc)
    rows, total = _page(connection, query, page, size)
    return Page([Entry(*row) for row in rows], total, page, size)
