"""Columns of declarations as arrays: texts of codes, and the moment at which an item became known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

__all__ = ["strings", "moments"]


def strings(frame: pd.DataFrame, name: str, digits: int | None = None) -> pd.Series:
    """A column of codes as text, its first `digits` characters where given; missing stays missing.

    >>> strings(pd.DataFrame({"hs": ["610910", None]}), "hs", 2).tolist()
    ['61', nan]
    """
    column = frame[name]
    if column.dtype == bool or str(column.dtype) == "boolean":
        column = column.map({True: "true", False: "false"})
    if not (isinstance(column.dtype, pd.StringDtype) and column.dtype.na_value is not pd.NA):  # text already
        column = column.astype("str").where(column.notna())
    return column.str[:digits] if digits else column


def moments(frame: pd.DataFrame, as_of: Sequence[str]) -> np.ndarray:
    """When each item became known, int64 ms UTC: the first of the time columns `as_of` that is stated.

    All zero without such a column; the smallest int64 where none is stated.
    """
    if not as_of:
        return np.zeros(len(frame), np.int64)
    moment = frame[as_of[0]]
    for name in as_of[1:]:
        moment = moment.fillna(frame[name])
    return moment.dt.as_unit("ms").astype("int64").to_numpy()
