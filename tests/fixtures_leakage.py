"""Made entries that leak nothing, and entries whose label hangs on a combination of columns."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pandas as pd

from risk.schema import Dictionary

FIELDS = [
    ("entry", "string", "id"), ("day", "datetime", "time"), ("hs6", "string", "categorical"),
    ("origin", "string", "categorical"), ("office", "string", "categorical"),
    ("mode", "string", "categorical"),
    ("net_kg", "number", "numeric"), ("value", "number", "numeric"), ("duty", "number", "numeric"),
    ("remark", "string", "categorical"), ("importer", "string", "party"), ("found", "boolean", "label"),
]  # fmt: skip


def dictionary(*, clock: bool = True, **late: str) -> Dictionary:
    fields = [
        {"name": n, "type": t, "risk": {"role": r, "known_at": late.get(n, "declaration")}}
        for n, t, r in FIELDS
        if clock or n != "day"
    ]
    features = [{"name": "duty_share", "kind": "ratio", "reads": ["duty", "value"]}] if late else []
    return Dictionary(
        {
            "name": "t",
            "risk": {"features": features},
            "resources": [{"name": "declarations", "schema": {"fields": fields}}],
        }  # fmt: skip
    )


def entries(n: int = 6000, seed: int = 0) -> pd.DataFrame:
    """Entries whose office and value per weight say something of the label, and nothing says all."""
    r = np.random.default_rng([seed, 91])
    weight = np.round(r.lognormal(3, 1, n), 1)
    value = np.round(weight * r.lognormal(1, 0.5, n), 2)
    office = r.integers(0, 12, n)
    margin = -2.6 + 1.5 * (office == 3) - 1.2 * (np.log(value / weight) - 1)
    return pd.DataFrame({
        "entry": [f"E{k:07d}" for k in r.choice(10**7, n, replace=False)],
        "day": pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(np.sort(r.integers(0, 365, n)), "D"),
        "hs6": [f"{k:06d}" for k in r.integers(1, 60, n) * 10_000],
        "origin": [f"C{k:02d}" for k in r.integers(0, 30, n)],
        "office": [f"O{k}" for k in office], "mode": r.choice(list("1234"), n),
        "net_kg": weight, "value": value,
        "duty": np.round(value * 0.1 * r.lognormal(0, 0.2, n), 2), "remark": r.choice(["a", "b"], n),
        "importer": [f"I{k}" for k in r.integers(0, 900, n)],
        "found": r.random(n) < 1 / (1 + np.exp(-margin)),
    })  # fmt: skip


def glued(n: int = 6000, seed: int = 0) -> pd.DataFrame:
    """The flaw of a well-known public data set, planted: the label hangs on code × origin × weight.

    Every combination stands several times, before and after the split, always with the same label; no
    single column, and nothing else, says anything.
    """
    r = np.random.default_rng([seed, 92])
    frame = entries(n, seed)
    frame["hs6"] = [f"{k:06d}" for k in r.integers(1, 6, n) * 10_000]
    frame["origin"] = [f"C{k:02d}" for k in r.integers(0, 5, n)]
    frame["net_kg"] = r.integers(1, 13, n) / 2
    joined = frame["hs6"] + frame["origin"] + frame["net_kg"].astype(str)
    return frame.assign(found=joined.map(lambda text: crc32(text.encode()) % 100 < 15))
