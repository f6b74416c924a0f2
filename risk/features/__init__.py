"""Point-in-time features: raw declarations to numbers, by the recipes of the data dictionary.

Every feature knows which raw fields it reads, its unit, its direction and how to say itself in words.
What a feature learns (norms of a commodity, words of a chapter, order of categories) is learnt from the
rows given to `Features.fit` only, and is stored with the model as plain data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from risk.errors import Refused
from risk.features.columns import strings
from risk.features.history import PartyHistory, past_columns, with_past
from risk.features.kinds import KINDS
from risk.features.rates import REPORTED
from risk.features.words import Shown, quantity, relation, span
from risk.schema import Dictionary, Feature

__all__ = ["Features", "PartyHistory", "Shown", "past_columns", "quantity", "relation", "span", "with_past"]


class Features(TransformerMixin, BaseEstimator):
    """A scikit-learn transformer from declarations to model features.

    Parameters
    ----------
    dictionary
        Says which features there are and how each is made.
    without
        Concepts or feature names to leave out.

    Attributes
    ----------
    state_ : dict
        What each feature learnt, by feature name; JSON-able.

    Examples
    --------
    >>> d = Dictionary({"name": "t", "resources": [{"name": "declarations", "schema": {"fields": [
    ...     {"name": "id", "type": "string", "risk": {"role": "id"}},
    ...     {"name": "weight", "type": "number", "risk": {"role": "numeric", "unit": "g"}}]}}]})
    >>> frame = pd.DataFrame({"id": ["a", "b"], "weight": [10.0, None]})
    >>> Features(d).fit(frame).transform(frame)["weight"].tolist()
    [10.0, nan]
    """

    def __init__(self, dictionary: Dictionary, *, without: tuple[str, ...] = ()) -> None:
        self.dictionary = dictionary
        self.without = without

    @property
    def specs(self) -> tuple[Feature, ...]:
        """The features made, in column order."""
        left_out = set(self.without)
        return tuple(f for f in self.dictionary.features if not {f.name, f.concept} & left_out)

    @property
    def party_specs(self) -> tuple[Feature, ...]:
        """The features that need to know a party's past."""
        return tuple(f for f in self.specs if f.kind == "party")

    def fit(self, frame: pd.DataFrame, y: np.ndarray | None = None, *,
            reported: np.ndarray | None = None) -> "Features":
        """Learn norms, words and category orders.

        Parameters
        ----------
        frame
            Declarations of the training period, shape (n_items, …); unlabelled rows are welcome. Where the
            columns of `with_past` are not there, parties are known by what the frame itself tells.
        y
            Labels in {0, 1}, NaN where nobody looked; orders categories by their rate. Shape (n_items,).
        reported
            When each label became known, int64 ms UTC; by default, at the item's own moment.
        """
        if reported is not None:
            frame = frame.assign(**{REPORTED: reported})
        frame = self._with_past(frame)
        self.state_: dict[str, Any] = {
            f.name: KINDS[_kind(f)].fit(f, frame, y, self.dictionary) for f in self.specs}
        return self

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Feature values, float32, NaN where not known; shape (n_items, n_features)."""
        check_is_fitted(self, "state_")
        self._need(frame)
        frame = self._with_past(frame)
        most = float(np.finfo(np.float32).max)  # beyond it a value stays in the last bin, never infinite
        made = {f.name: np.clip(KINDS[f.kind].make(f, self.state_[f.name], frame), -most, most)
                .astype(np.float32) for f in self.specs}
        return pd.DataFrame(made, index=frame.index)

    def say(self, frame: pd.DataFrame, only: Collection[str] | None = None) -> dict[str, list[Shown]]:
        """Each feature (or `only` those named) in words, one `Shown` per row; for a page, not a stream."""
        check_is_fitted(self, "state_")
        frame = self._with_past(frame)
        return {f.name: KINDS[f.kind].say(f, self.state_[f.name], frame)
                for f in self.specs if only is None or f.name in only}

    def unknown(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Per feature, whether an item's value was never seen in training; bool, shape (n_items, n_levelled)."""
        check_is_fitted(self, "state_")
        made = {}
        for f in self.specs:
            known = _KNOWN.get(f.kind, lambda state: None)(self.state_[f.name])
            if known is not None:
                values = strings(frame, f.reads[0], f.params.get("digits"))
                made[f.name] = (values.notna() & ~values.isin(known)).to_numpy()
        return pd.DataFrame(made, index=frame.index)

    def _with_past(self, frame: pd.DataFrame) -> pd.DataFrame:
        return with_past(frame, self.dictionary) if self.party_specs else frame

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Feature names in column order."""
        return np.array([f.name for f in self.specs], dtype=object)

    @property
    def needs(self) -> tuple[str, ...]:
        """Raw columns that must be present to make the features."""
        read = {name for f in self.specs for name in (*f.reads, *_per(f))}
        if self.party_specs or any(f.kind == "rate" for f in self.specs):
            read |= set(self.dictionary.as_of) or {self.dictionary.id_field}
        return tuple(f.name for f in self.dictionary.fields() if f.name in read)

    def reads(self) -> dict[str, tuple[str, ...]]:
        """Which raw fields each feature reads; the explanation audit maps features to causes by it."""
        return {f.name: (*f.reads, *_per(f)) for f in self.specs}

    def to_state(self) -> dict[str, Any]:
        """Everything needed to rebuild this transformer, as JSON-able data."""
        check_is_fitted(self, "state_")
        return {"dictionary": self.dictionary.to_descriptor(), "without": list(self.without),
                "state": self.state_}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Features":
        """Rebuild from `to_state`."""
        made = cls(Dictionary(state["dictionary"]), without=tuple(state["without"]))
        made.state_ = dict(state["state"])
        return made

    def _need(self, frame: pd.DataFrame) -> None:
        absent = [name for name in self.needs if name not in frame.columns]
        if absent:
            raise Refused(f"Expected the column(s) {', '.join(absent)}; the data has "
                          f"{_few(frame.columns)}. Nothing was scored.")


#: Which values a fitted feature has seen, for the kinds that have levels.
_KNOWN: dict[str, Callable[[dict[str, Any]], list[str] | None]] = {
    "category": lambda state: state["known"],
    "rate": lambda state: [*state["levels"], *state["unlabelled"]],
}


def _kind(feature: Feature) -> str:
    if feature.kind not in KINDS:
        raise Refused(f"Data dictionary: feature '{feature.name}' has the kind '{feature.kind}'; expected "
                      f"one of {', '.join(KINDS)}. Nothing was trained.")
    return feature.kind


def _per(feature: Feature) -> tuple[str, ...]:
    return (feature.params["per"],) if "per" in feature.params else ()


def _few(names: Iterable[str]) -> str:
    listed = list(map(str, names))
    return ", ".join(listed[:8]) + (f" and {len(listed) - 8} more" if len(listed) > 8 else "")
