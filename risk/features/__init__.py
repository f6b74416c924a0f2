"""Point-in-time features: raw declarations to numbers, by the recipes of the data dictionary.

Every feature knows which raw fields it reads, its unit, its direction and how to say itself in words.
What a feature learns (norms of a commodity, words of a chapter, order of categories) is learnt from the
rows given to `Features.fit` only, and is stored with the model as plain data.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from risk.errors import Refused
from risk.features.columns import Columns
from risk.features.history import PartyHistory, party_columns, past_columns, past_of, with_past
from risk.features.kinds import KINDS
from risk.features.rates import REPORTED
from risk.features.words import Shown, quantity, relation, span
from risk.schema import Dictionary, Feature

__all__ = ["Columns", "Features", "PartyHistory", "Shown", "party_columns", "past_columns", "past_of", "quantity",
           "relation", "span", "with_past"]


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
        return tuple(f for f in self.dictionary.features if f.model and not {f.name, f.concept} & left_out)

    @property
    def past_specs(self) -> tuple[Feature, ...]:
        """The features that need to know what came before: a party's past, how new a commodity is."""
        return tuple(f for f in self.specs if f.kind in ("party", "novelty"))

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
        frame = with_past(frame, self.dictionary) if self.past_specs else frame
        self.state_: dict[str, Any] = {
            f.name: KINDS[_kind(f)].fit(f, frame, y, self.dictionary) for f in self.specs}
        return self

    def transform(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Feature values, float32, NaN where not known; shape (n_items, n_features)."""
        return pd.DataFrame(self.values(frame), columns=[f.name for f in self.specs], index=frame.index)

    def values(self, declarations: pd.DataFrame | Columns) -> np.ndarray:
        """What `transform` gives, as a float32 array (n_items, n_features)."""
        made, columns = self._ready, self._columns(declarations, needed=True)
        out = np.empty((len(columns), len(made.specs)), np.float32)
        with np.errstate(over="ignore"):
            for j, f in enumerate(made.specs):
                out[:, j] = KINDS[f.kind].make(f, made.lookups[f.name], columns)
        most = np.finfo(np.float32).max  # beyond it a value stays in the last bin, never infinite
        return np.clip(out, -most, most, out=out)

    def say(self, declarations: pd.DataFrame | Columns,
            only: Collection[str] | None = None) -> dict[str, list[Shown]]:
        """Each feature (or `only` those named) in words, one `Shown` per row; for a page, not a stream."""
        made, columns = self._ready, self._columns(declarations)
        return {f.name: KINDS[f.kind].say(f, made.lookups[f.name], columns)
                for f in made.specs if only is None or f.name in only}

    def unknown(self, declarations: pd.DataFrame | Columns) -> pd.DataFrame:
        """Per feature, whether an item's value was never seen in training; bool, shape (n_items, n_levelled)."""
        check_is_fitted(self, "state_")
        columns, made = Columns.of(declarations), {}
        for f in self.specs:
            known = _KNOWN.get(f.kind, lambda state: None)(self.state_[f.name])
            if known is not None:
                texts, known = columns.texts(f.reads[0], f.params.get("digits")), set(known)
                made[f.name] = np.array([*(v not in known for v in texts.values), False])[texts.codes]
        return pd.DataFrame(made, index=getattr(declarations, "index", None))

    def _columns(self, declarations: pd.DataFrame | Columns, *, needed: bool = False) -> Columns:
        columns = Columns.of(declarations)
        if needed and not columns.names.issuperset(self._ready.needs):
            self._refuse(columns)
        if not self._ready.reads_past or columns.names.issuperset(self._ready.past):
            return columns
        return columns.adding(past_of(columns, self.dictionary))

    @property
    def _ready(self) -> "_Ready":
        """What the kinds look things up in, made once a fit; not part of the fitted model."""
        kept, key = self.__dict__.get("_made"), (self.dictionary, self.without, getattr(self, "state_", None))
        if kept is None or any(a is not b for a, b in zip(kept.key, key, strict=True)):
            check_is_fitted(self, "state_")
            specs = self.specs
            lookups = {f.name: KINDS[f.kind].ready(self.state_[f.name]) for f in specs}
            kept = _Ready(key, specs, lookups, self.needs, bool(self.past_specs), past_columns(self.dictionary))
            self._made = kept
        return kept

    def __getstate__(self) -> dict[str, Any]:
        kept = super().__getstate__()
        return {k: v for k, v in kept.items() if k != "_made"}

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Feature names in column order."""
        return np.array([f.name for f in self.specs], dtype=object)

    @property
    def needs(self) -> tuple[str, ...]:
        """Raw columns that must be present to make the features."""
        read = {name for f in self.specs for name in (*f.reads, *_per(f))}
        if self.past_specs or any(f.kind == "rate" for f in self.specs):
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

    def _refuse(self, columns: Columns) -> None:
        absent = [name for name in self.needs if name not in columns.names]
        raise Refused(f"Expected the column(s) {', '.join(absent)}; the data has "
                      f"{_few(columns.named)}. Nothing was scored.")


@dataclass(frozen=True)
class _Ready:
    """A fit as it is used row after row: nothing in it has to be worked out again."""

    key: tuple[Any, ...]
    specs: tuple[Feature, ...]
    lookups: Mapping[str, Any]
    needs: tuple[str, ...]
    reads_past: bool
    past: tuple[str, ...]


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
