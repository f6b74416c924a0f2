"""The triggers that guard the tables, for SQLite and for PostgreSQL.

The guards stop mistakes and casual edits through any connection; the hash chain shows what gets past
them (whoever owns the database can drop a trigger, but cannot make the chain fit again unseen).
"""

from __future__ import annotations

from risk.audit import GENESIS
from risk.store.tables import FIXED

__all__ = ["GUARDS", "ONE_WRITER", "POSTGRES_TRIGGERS"]

#: Number of the advisory lock that a writing transaction holds on PostgreSQL: one writes at a time.
ONE_WRITER = 0x7269736B
_ONCE = ("entries", "decisions", "batches", "requests")
_HEAD = "(SELECT seq FROM entries ORDER BY seq DESC LIMIT 1)"


def _sqlite_guards() -> list[str]:
    """Return SQLite's triggers. BEFORE INSERT fires before INSERT OR REPLACE deletes anything."""
    guards = [
        f"""CREATE TRIGGER IF NOT EXISTS entries_insert BEFORE INSERT ON entries BEGIN
            SELECT RAISE(ABORT, 'log: the sequence number does not follow')
              WHERE NEW.seq IS NOT COALESCE({_HEAD}, 0) + 1;
            SELECT RAISE(ABORT, 'log: the previous hash does not match')
              WHERE NEW.prev_hash IS NOT COALESCE(
                (SELECT hash FROM entries ORDER BY seq DESC LIMIT 1), '{GENESIS}');
            END""",
        f"""CREATE TRIGGER IF NOT EXISTS decisions_insert BEFORE INSERT ON decisions BEGIN
            SELECT RAISE(ABORT, 'decisions: a decision is written with its own log entry only')
              WHERE NEW.seq IS NOT {_HEAD} OR EXISTS (SELECT 1 FROM decisions WHERE seq = NEW.seq)
                 OR 'case_decided' IS NOT (SELECT event FROM entries WHERE seq = NEW.seq);
            END""",
        f"""CREATE TRIGGER IF NOT EXISTS cases_insert BEFORE INSERT ON cases BEGIN
            SELECT RAISE(ABORT, 'cases: a case is opened once, with a log entry')
              WHERE NEW.changed_seq IS NOT {_HEAD} OR EXISTS (
                SELECT 1 FROM cases WHERE batch_id = NEW.batch_id AND item_id = NEW.item_id);
            END""",
        f"""CREATE TRIGGER IF NOT EXISTS cases_update BEFORE UPDATE ON cases BEGIN
            SELECT RAISE(ABORT, 'cases: a case changes with a new log entry only')
              WHERE NEW.changed_seq IS NOT {_HEAD} OR NEW.changed_seq <= OLD.changed_seq;
            SELECT RAISE(ABORT, 'cases: what a case was opened with is fixed')
              WHERE {" OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in FIXED)};
            END""",
    ]
    for table in ("batches", "requests"):
        key = "batch_id" if table == "batches" else "key"
        guards.append(f"""CREATE TRIGGER IF NOT EXISTS {table}_insert BEFORE INSERT ON {table} BEGIN
            SELECT RAISE(ABORT, '{table}: written once')
              WHERE EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}); END""")
    for table in ("entries", "decisions", "batches", "requests"):
        guards.append(f"""CREATE TRIGGER IF NOT EXISTS {table}_update BEFORE UPDATE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table}: nothing written is ever changed'); END""")
    for table in ("entries", "decisions", "batches", "requests", "cases"):
        guards.append(f"""CREATE TRIGGER IF NOT EXISTS {table}_delete BEFORE DELETE ON {table}
            BEGIN SELECT RAISE(ABORT, '{table}: nothing written is ever deleted'); END""")
    return guards


def _function(name: str, body: str) -> str:
    """A trigger's function; it looks at this store's tables, whatever path a stranger's session searches."""
    return (
        f"CREATE OR REPLACE FUNCTION risk_{name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT "
        f"AS $body$ {body} $body$"
    )


def _unless(condition: str, message: str) -> str:
    return (
        f"IF {condition} THEN RAISE EXCEPTION '{message}' "
        "USING ERRCODE = 'integrity_constraint_violation'; END IF;"
    )


def _postgres_functions() -> list[str]:
    """The functions, in PL/pgSQL. A foreign writer waits for its turn too, so that it sees the newest entry."""
    follows = f"""DECLARE last record; BEGIN
        PERFORM pg_advisory_xact_lock({ONE_WRITER});
        SELECT seq, hash INTO last FROM entries ORDER BY seq DESC LIMIT 1;
        {_unless("NEW.seq IS DISTINCT FROM COALESCE(last.seq, 0) + 1", "log: the sequence number does not follow")}
        {_unless(f"NEW.prev_hash IS DISTINCT FROM COALESCE(last.hash, '{GENESIS}')",
                 "log: the previous hash does not match")}
        RETURN NEW; END"""
    decided = f"""BEGIN
        {_unless(f"NEW.seq IS DISTINCT FROM {_HEAD} OR (SELECT event FROM entries WHERE seq = NEW.seq) "
                 "IS DISTINCT FROM 'case_decided'",
                 "decisions: a decision is written with its own log entry only")}
        RETURN NEW; END"""
    opened = f"""BEGIN
        {_unless(f"NEW.changed_seq IS DISTINCT FROM {_HEAD}", "cases: a case is opened once, with a log entry")}
        RETURN NEW; END"""
    fixed = " OR ".join(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in FIXED)
    changed = f"""BEGIN
        {_unless(f"NEW.changed_seq IS DISTINCT FROM {_HEAD} OR NEW.changed_seq <= OLD.changed_seq",
                 "cases: a case changes with a new log entry only")}
        {_unless(fixed, "cases: what a case was opened with is fixed")}
        RETURN NEW; END"""
    never = """BEGIN RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
        MESSAGE = TG_TABLE_NAME || ': nothing written is ever changed or deleted'; END"""
    bodies = {"follows": follows, "decided": decided, "opened": opened, "changed": changed, "never": never}
    return [_function(name, body) for name, body in bodies.items()]


def _postgres_triggers() -> dict[str, str]:
    """Statements by trigger name."""
    wanted = [
        ("entries", "insert", "follows"),
        ("decisions", "insert", "decided"),
        ("cases", "insert", "opened"),
        ("cases", "update", "changed"),
        *((table, "update", "never") for table in _ONCE),
        *((table, "delete", "never") for table in (*_ONCE, "cases")),
    ]
    made = {
        f"{table}_{when}": f"CREATE OR REPLACE TRIGGER {table}_{when} BEFORE {when.upper()} ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION risk_{function}()"
        for table, when, function in wanted
    }
    return made | {
        f"{table}_truncate": f"CREATE OR REPLACE TRIGGER {table}_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION risk_never()"
        for table in (*_ONCE, "cases")
    }


POSTGRES_TRIGGERS = tuple(_postgres_triggers())
GUARDS: dict[str, list[str]] = {
    "sqlite": _sqlite_guards(),
    "postgresql": [*_postgres_functions(), *_postgres_triggers().values()],
}
