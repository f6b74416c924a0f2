"""A made table of import entries: nothing postal, nothing of the workbench's own names."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["import_entries"]


def import_entries(n: int = 12_000, seed: int = 0, *, clock: bool = False) -> pd.DataFrame:
    """Fifteen categories (some by the thousand, some as digits), numbers with gaps, a label; all texts.

    What is irregular depends on the importer, the office and the value per weight, and on nothing else.
    With `clock`, a day (written as 31/12/2025) and the day the result came in.
    """
    r = np.random.default_rng([seed, 77])
    importer, office = r.integers(0, 10_000, n) * r.integers(0, 2, n), r.integers(1, 13, n)
    importer = np.where(importer == 0, r.integers(0, 150, n), importer)
    weight = np.round(r.lognormal(5, 1, n), 1)
    value = np.round(weight * r.lognormal(1, 0.6, n), 2)
    leaning = np.random.default_rng([seed, 78]).normal(0, 1.3, 10_000)
    margin = -3.0 + leaning[importer] + 1.2 * (office == 3) - 1.1 * (np.log(value / weight) - 1)
    found = r.random(n) < 1 / (1 + np.exp(-margin))
    days = np.sort(r.integers(0, 365, n))
    when = pd.Timestamp("2025-01-01") + pd.to_timedelta(days, unit="D")
    told = when + pd.to_timedelta(r.integers(1, 20, n), unit="D")
    pick = {
        c: r.choice(list(v), n)
        for c, v in {
            "regime": ["IM4", "IM7", "EX1"],
            "currency": "ABCDE",
            "incoterm": ["FOB", "CIF", "EXW"],
            "wrapping": ["box", "bag"],
            "declarant_type": "129",
            "warehouse": ["W1", "W2", "W3"],
            "lane_code": ["07", "08"],
            "letter": "PQRS",
            "mode": "1234",
            "preference": ["yes", "no"],
        }.items()
    }
    frame = pd.DataFrame(
        {
            "entry": [f"E{k:07d}" for k in r.choice(10**7, n, replace=False)],
            **({"day": when.strftime("%d/%m/%Y")} if clock else {}),
            "importer": [f"IMP{k:05d}" for k in importer],
            "exporter_no": (r.integers(0, 3000, n) + 10_000).astype(str),
            "office": [f"{k:03d}" for k in office],
            "hs6": [f"{k:06d}" for k in r.integers(1, 90, n) * 10_000],
            "origin": [f"C{k:02d}" for k in r.integers(0, 60, n)],
            **pick,
            "quantity": r.integers(1, 500, n).astype(str),
            "net_kg": weight.astype(str),
            "customs_value": value.astype(str),
            **({"decision_day": told.strftime("%d/%m/%Y")} if clock else {}),
            "found": np.where(found, "Y", "N"),
        }
    )
    frame.loc[r.random(n) < 0.08, "net_kg"] = ""
    frame.loc[r.random(n) < 0.03, "customs_value"] = "NA"
    frame.loc[r.random(n) < 0.2, "incoterm"] = ""
    return frame
