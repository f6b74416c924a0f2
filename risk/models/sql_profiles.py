"""A model of profiles as one plain SQL query: margin and every attribution.

The path integral behind the attributions (see `risk.models.profile_tables`) is written out as a fixed
Gauss–Legendre sum, so the query needs
``EXP`` and ``LN`` besides ``CASE`` and ``ABS``; SQLite has them since 3.35 where it was built with its
mathematical functions, DuckDB and PostgreSQL always.
"""

from __future__ import annotations

import numpy as np

from risk.models.profile_tables import ProfileTables
from risk.models.sql import as_double, bin_case, number, quoted, steps_case

__all__ = ["profiles_sql"]

_PANELS, _ORDER = 3, 16


def profiles_sql(tables: ProfileTables, *, table: str, id_column: str) -> str:
    """The query that explains every row of `table`; arguments and columns as `risk.models.sql.additive_sql`.

    Each step is a table of its own: bins; what each profile's tables say (``c<profile>_<feature>``); their
    sums; the normalisers along the path; the profiles' shares of it; attributions as the sum gives them;
    and attributions that add up to the margin exactly, what remains being spread in proportion. They are
    marked as materialised: an engine that put one into the next would write the same sums out many times.
    """
    p, k = range(len(tables.names)), range(len(tables.profiles))
    item, raw = quoted(id_column), [f"r{j}" for j in p]
    kept = [f"c{s}_{j}" for j in p for s in k]
    ends, norms, shares, margin = _path(tables)
    exact = [
        f"r{j} + CASE WHEN size > 0 THEN missing * ABS(r{j}) / size ELSE 0 END AS {quoted(f'phi_{name}')}"
        for j, name in enumerate(tables.names)
    ]
    parts = {
        "binned": _bins(tables),
        "looked": _looked(tables),
        "summed": [*kept, *ends],
        "normed": [*kept, *(f"t{s}" for s in k), *norms],
        "shared": [*kept, margin, *shares],
        "rough": ["m", *_rough(tables)],
        "gaps": ["m", *raw, *_gap(tables)],
    }
    chain, before = [], quoted(table)
    for name, columns in parts.items():
        chain.append(f"{name} AS MATERIALIZED (\n  {_select([item, *columns])}\n  FROM {before}\n)")
        before = name
    return f"WITH {', '.join(chain)}\n{_select([item, 'm AS margin', *exact])}\nFROM gaps"


def _select(columns: list[str]) -> str:
    return "SELECT " + ",\n    ".join(columns)


def _bins(tables: ProfileTables) -> list[str]:
    return [
        f"{bin_case(name, edges)} AS b{j}"
        for j, (name, edges) in enumerate(zip(tables.names, tables.edges, strict=True))
    ]


def _looked(tables: ProfileTables) -> list[str]:
    """What each profile's table says of each feature."""
    return [
        f"{as_double(steps_case(f'b{j}', [number(v) for v in tables.centred[j][:, s]]))} AS c{s}_{j}"
        for j in range(len(tables.names))
        for s in range(len(tables.profiles))
    ]


def _path(tables: ProfileTables) -> tuple[list[str], list[str], list[str], str]:
    """Ends of the path by profile, normalisers by node, the profiles' shares of the path, and the margin."""
    (nodes, weights), k = _nodes(), range(len(tables.profiles))
    start = [number(o) for o in tables.offsets]
    at = [[f"EXP({start[s]} + {number(t)} * t{s})" for s in k] for t in nodes]
    ends = [f"{' + '.join(f'c{s}_{j}' for j in range(len(tables.names)))} AS t{s}" for s in k]
    norms = [f"{' + '.join(row)} AS z{n}" for n, row in enumerate(at)]
    shares = [
        " + ".join(f"{number(w)} * {at[n][s]} / z{n}" for n, w in enumerate(weights)) + f" AS w{s}" for s in k
    ]
    top = " + ".join(f"EXP({start[s]} + t{s})" for s in k)
    return ends, norms, shares, f"{number(tables.slope)} * LN({top}) + {number(tables.shift)} AS m"


def _rough(tables: ProfileTables) -> list[str]:
    """Attributions as the fixed sum gives them."""
    k = range(len(tables.profiles))
    return [
        f"{number(tables.slope)} * ({' + '.join(f'w{s} * c{s}_{j}' for s in k)}) AS r{j}"
        for j in range(len(tables.names))
    ]


def _gap(tables: ProfileTables) -> list[str]:
    """What they leave of the margin, and their size, in proportion to which it is spread."""
    raw = [f"r{j}" for j in range(len(tables.names))]
    left = " + ".join([number(tables.base), *raw])
    return [f"m - ({left}) AS missing", f"{' + '.join(f'ABS({r})' for r in raw)} AS size"]


def _nodes() -> tuple[np.ndarray, np.ndarray]:
    """Places and weights of the sum on 0…1: equal panels of a Gauss–Legendre rule."""
    x, w = np.polynomial.legendre.leggauss(_ORDER)
    places = np.concatenate([(panel + (x + 1) / 2) / _PANELS for panel in range(_PANELS)])
    return places, np.tile(w / 2 / _PANELS, _PANELS)
