"""A fitted, calibrated model with the features it needs: score and explain, nothing else.

Whatever its kind, a model is `Features` plus its fitted form (`AdditiveTables`, `ProfileTables`, or for the
challenger `BoostedTrees`), whose margin is already calibrated, so that
``base_value + attributions.sum() == margin`` for every item.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import expit

from risk.boosted import Fitted
from risk.explanation import Reason, Translate, as_shap, check_additive, reasons
from risk.features import Features
from risk.features.columns import Columns
from risk.models.dated import DatedTables, with_day
from risk.models.profile_tables import ProfileTables

if TYPE_CHECKING:
    import shap

__all__ = ["FittedModel"]


@dataclass(frozen=True)
class FittedModel:
    """What `risk.train` returns and the registry keeps.

    Attributes
    ----------
    kind : str
        ``profiles``, ``ga2m``, ``rules``, …
    features : Features
        Fitted on the training slice.
    tables : AdditiveTables, ProfileTables or BoostedTrees
        Calibrated log-odds.
    facts : dict
        How it came to be: slices, counts, calibration, seed, digests. JSON-able.
    model_id : str
        Set once it is registered.
    """

    kind: str
    features: Features
    tables: Fitted
    facts: Mapping[str, Any] = field(default_factory=dict)
    model_id: str = ""

    @property
    def dictionary(self):
        """The data dictionary the model was trained with."""
        return self.features.dictionary

    @property
    def base_value(self) -> float:
        """Mean calibrated margin over the training background, log-odds."""
        return self.tables.base

    def with_id(self, model_id: str) -> "FittedModel":
        """The same model under its registered id."""
        return replace(self, model_id=model_id)

    def score(self, declarations: pd.DataFrame, *, threads: int = 1) -> pd.DataFrame:
        """Score items: ``item_id``, ``margin`` (log-odds), ``risk_score`` (0–1), in the order given.

        Parties are known by the columns of `risk.features.with_past` where they are there, else by what
        these rows tell.
        """
        margin = self.tables.margins(self.matrix(declarations), threads=threads)
        return self._scores(declarations, margin)

    def attribute(self, declarations: pd.DataFrame, *, threads: int = 1) -> pd.DataFrame:
        """Score and explain: as `score`, plus ``base_value`` and ``phi_<feature>`` columns (log-odds).

        A model of profiles also says what each item resembles, as `resembles` does.

        Raises
        ------
        risk.errors.ExplanationWithheld
            When attributions would not add up to the margin within 1e-6.
        """
        return self._attributed(declarations, self.matrix(declarations), threads)

    def attribute_and_say(self, declarations: pd.DataFrame, *,
                          translate: Translate = str) -> tuple[pd.DataFrame, list[list[Reason]]]:
        """`attribute` and `reasons` of a page of items in one go: its features are made once."""
        out = self._attributed(declarations, self.matrix(declarations), 1)
        phi = out[[f"phi_{n}" for n in self.tables.names]].to_numpy()
        return out, reasons(self.features, declarations, phi, translate=translate)

    def _attributed(self, declarations: pd.DataFrame, x: np.ndarray, threads: int) -> pd.DataFrame:
        phi, margin = self.tables.explain(x, threads=threads)
        out = self._scores(declarations, margin)
        check_additive(phi, self.base_value, margin, out["item_id"].tolist())
        named = pd.DataFrame(phi, columns=[f"phi_{n}" for n in self.tables.names], index=out.index)
        return pd.concat([out.assign(base_value=self.base_value), named, self._resembling(x)], axis=1)

    def resembles(self, declarations: pd.DataFrame) -> pd.DataFrame:
        """What an irregular item like each would be: ``profile`` and ``share_<profile>`` (0–1, rows sum to 1).

        No columns where the model has no profiles.
        """
        return self._resembling(self.matrix(declarations))

    def explain(self, declarations: pd.DataFrame) -> "shap.Explanation":
        """A `shap.Explanation`: values (n_items, n_features) in log-odds, base values, feature values."""
        x = self.matrix(declarations)
        phi, margin = self.tables.explain(x)
        check_additive(phi, self.base_value, margin, self._ids(declarations).tolist())
        return as_shap(phi, self.base_value, x[:, : len(self.tables.names)], self.tables.names)

    def reasons(self, declarations: pd.DataFrame, *, translate: Translate = str) -> list[list[Reason]]:
        """Every item's reasons in words, largest first; for a page of items. Withheld as in `attribute`."""
        return self.attribute_and_say(declarations, translate=translate)[1]

    def _resembling(self, x: np.ndarray) -> pd.DataFrame:
        if not isinstance(self.tables, ProfileTables):
            return pd.DataFrame(index=range(len(x)))
        shares = self.tables.shares(x)
        names = np.array(self.tables.profiles, dtype=object)
        named = pd.DataFrame(shares, columns=[f"share_{n}" for n in names])
        named.insert(0, "profile", names[shares.argmax(axis=1)])
        return named

    def matrix(self, declarations: pd.DataFrame | Columns) -> np.ndarray:
        """What the tables read of each item: its features and, where the tables are dated, its day; float32."""
        if not isinstance(self.tables, DatedTables):
            return self.features.values(declarations)
        columns = Columns.of(declarations)
        return with_day(self.tables, self.features.values(columns), columns.moments(self.dictionary.as_of))

    def _ids(self, declarations: pd.DataFrame) -> pd.Series:
        return declarations[self.dictionary.id_field].astype("str")

    def _scores(self, declarations: pd.DataFrame, margin: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame({"item_id": self._ids(declarations).to_numpy(), "margin": margin,
                             "risk_score": expit(margin)})
