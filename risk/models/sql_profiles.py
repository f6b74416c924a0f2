"""A model of profiles as one plain SQL query: margin and every attribution.

The path integral behind the attributions (see `risk.models.profile_tables`) is written out as a fixed
Gauss–Legendre sum, so the query needs
``EXP`` and ``LN`` besides ``CASE`` and ``ABS``; SQLite has them since 3.35 where it was built with its
mathematical functions, DuckDB and PostgreSQL always.
"""

from __future__ import annotations

import numpy as np

from risk.models.profile_tables import ProfileTables
from risk.models.sql import bin_case, number, quoted, steps_case

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
    item, phi = quoted(id_column), [quoted(f"phi_{n}") for n in tables.names]
    kept = [f"c{s}_{j}" for j in p for s in k]
    looked = [
        f"{steps_case(f'b{j}', [number(v) for v in tables.centred[j][:, s]])} AS c{s}_{j}"
        for j in p
        for s in k
    ]
    nodes, weights = _nodes()
    start = [number(o) for o in tables.offsets]
    ends = [f"{' + '.join(f'c{s}_{j}' for j in p)} AS t{s}" for s in k]
    norms = [
        f"{' + '.join(f'EXP({start[s]} + {number(t)} * t{s})' for s in k)} AS z{n}"
        for n, t in enumerate(nodes)
    ]
    shares = [
        " + ".join(
            f"{number(w)} * EXP({start[s]} + {number(t)} * t{s}) / z{n}"
            for n, (t, w) in enumerate(zip(nodes, weights, strict=True))
        )
        + f" AS w{s}"
        for s in k
    ]
    top = " + ".join(f"EXP({start[s]} + t{s})" for s in k)
    margin = f"{number(tables.slope)} * LN({top}) + {number(tables.shift)} AS m"
    raw = [f"{number(tables.slope)} * ({' + '.join(f'w{s} * c{s}_{j}' for s in k)}) AS r{j}" for j in p]
    left = f"m - ({' + '.join([number(tables.base), *(f'r{j}' for j in p)])}) AS missing"
    size = f"{' + '.join(f'ABS(r{j})' for j in p)} AS size"
    exact = [f"r{j} + CASE WHEN size > 0 THEN missing * ABS(r{j}) / size ELSE 0 END AS {phi[j]}" for j in p]
    sums = [f"t{s}" for s in k]
    parts = [
        (
            "binned",
            [
                item,
                *(
                    f"{bin_case(n, e)} AS b{j}"
                    for j, (n, e) in enumerate(zip(tables.names, tables.edges, strict=True))
                ),
            ],
        ),
        ("looked", [item, *looked]),
        ("summed", [item, *kept, *ends]),
        ("normed", [item, *kept, *sums, *norms]),
        ("shared", [item, *kept, margin, *shares]),
        ("rough", [item, "m", *raw]),
        ("gaps", [item, "m", *(f"r{j}" for j in p), left, size]),
    ]
    indent, chain, before = ",\n    ", [], quoted(table)
    for name, columns in parts:
        chain.append(f"{name} AS MATERIALIZED (\n  SELECT {indent.join(columns)}\n  FROM {before}\n)")
        before = name
    return f"WITH {', '.join(chain)}\nSELECT {indent.join([item, 'm AS margin', *exact])}\nFROM gaps"


def _nodes() -> tuple[np.ndarray, np.ndarray]:
    """Places and weights of the sum on 0…1: equal panels of a Gauss–Legendre rule."""
    x, w = np.polynomial.legendre.leggauss(_ORDER)
    places = np.concatenate([(panel + (x + 1) / 2) / _PANELS for panel in range(_PANELS)])
    return places, np.tile(w / 2 / _PANELS, _PANELS)
