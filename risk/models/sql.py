"""An additive model as one plain SQL query: margin and every attribution, without Python.

Tables become ``CASE`` expressions over the features: neighbouring bins with the same value are one branch,
so what is written is as long as the model has steps. Only ``CASE``, ``CAST``, ``+`` and quoted names are
used, which SQLite, DuckDB and PostgreSQL read alike.

>>> tables = AdditiveTables.build(
...     ["w"], [np.array([10.0], np.float32)], const=0.0, single={0: np.array([-1.0, 1.0, 0.0])}, pair={},
...     background=np.array([[5.0], [5.0], [5.0], [20.0]], np.float32))
>>> print(additive_sql(tables, table="features", id_column="item_id"))
WITH binned AS (
  SELECT "item_id",
    CASE WHEN "w" IS NULL THEN 2 WHEN "w" <= 10.0e0 THEN 0 ELSE 1 END AS b0
  FROM "features"
), explained AS (
  SELECT "item_id",
    CAST((CASE WHEN b0 <= 0 THEN -0.5e0 WHEN b0 <= 1 THEN 1.5e0 ELSE 0.5e0 END) AS DOUBLE PRECISION) AS "phi_w"
  FROM binned
)
SELECT "item_id", -0.5e0 + "phi_w" AS "margin", "phi_w"
FROM explained
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from risk.models.tables import AdditiveTables

__all__ = ["additive_sql", "as_double", "quoted", "number", "bin_case", "steps_case"]


def additive_sql(tables: AdditiveTables, *, table: str, id_column: str) -> str:
    """The query that explains every row of `table`, whose columns are the features by name.

    Parameters
    ----------
    tables
        Calibrated tables.
    table, id_column
        Names in the warehouse. Missing values must be NULL; numbers are compared with float32 thresholds,
        written out exactly.

    Returns
    -------
    str
        A ``SELECT`` of `id_column`, ``margin`` and ``phi_<feature>``, in log-odds.
    """
    names = [quoted(f"phi_{n}") for n in tables.names]
    bins = [
        f"{bin_case(name, edges)} AS b{j}"
        for j, (name, edges) in enumerate(zip(tables.names, tables.edges, strict=True))
    ]
    phi = [f"{as_double(' + '.join(_terms(tables, j)))} AS {names[j]}" for j in range(len(names))]
    item, indent = quoted(id_column), ",\n    "
    return (
        f"WITH binned AS (\n  SELECT {indent.join([item, *bins])}\n  FROM {quoted(table)}\n), "
        f"explained AS (\n  SELECT {indent.join([item, *phi])}\n  FROM binned\n)\n"
        f'SELECT {item}, {" + ".join([number(tables.base), *names])} AS "margin", {", ".join(names)}\n'
        "FROM explained"
    )


def quoted(name: str) -> str:
    """A name as SQL writes it.

    >>> print(quoted('wei"ght'))
    "wei""ght"
    """
    return '"' + name.replace('"', '""') + '"'


def number(value: float) -> str:
    """A number as SQL reads it back exactly; to most engines the exponent makes it a double (see `as_double`).

    >>> number(0.1), number(1e-9), number(-0.0)
    ('0.1e0', '1e-09', '0.0e0')
    """
    text = repr(float(value) + 0.0)
    return text if "e" in text else f"{text}e0"


def as_double(expression: str) -> str:
    """A double whatever the engine: to PostgreSQL every number with a point is an exact decimal."""
    return f"CAST({expression} AS DOUBLE PRECISION)"


def bin_case(name: str, edges: np.ndarray) -> str:
    """The bin of a feature: how many thresholds lie below it; the last bin for a missing value."""
    column = quoted(name)
    finite = [k for k, e in enumerate(edges) if np.isfinite(e)]
    whens = [f"WHEN {column} <= {number(edges[k])} THEN {k}" for k in finite]
    last = len(finite)  # a threshold at infinity: nothing lies above it
    return " ".join([f"CASE WHEN {column} IS NULL THEN {len(edges) + 1}", *whens, f"ELSE {last} END"])


def _terms(tables: AdditiveTables, j: int) -> list[str]:
    """The parts of one feature's attribution: its own table, and its share of each pair."""
    out = [f"({steps_case(f'b{j}', [number(v) for v in tables.single[j]])})"]
    for (a, b), at, bt in zip(tables.pairs, tables.phi_a, tables.phi_b, strict=True):
        if j in (a, b):
            rows = [steps_case(f"b{b}", [number(v) for v in row]) for row in (at if j == a else bt)]
            out.append(f"({steps_case(f'b{a}', rows)})")
    return out


def steps_case(column: str, values: Sequence[str]) -> str:
    """Values by bin as one ``CASE``, equal neighbours together; a constant stands alone."""
    ends = [k for k in range(len(values)) if k == len(values) - 1 or values[k] != values[k + 1]]
    if len(ends) == 1:
        return values[0]
    whens = [f"WHEN {column} <= {k} THEN {values[k]}" for k in ends[:-1]]
    return " ".join(["CASE", *whens, f"ELSE {values[ends[-1]]} END"])
