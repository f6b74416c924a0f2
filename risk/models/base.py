"""What all compiled classifiers share: the input gate, scikit-learn's answers, rows in canonical order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, column_or_1d, validate_data

__all__ = ["TableClassifier", "canonical_order"]


class TableClassifier(ClassifierMixin, BaseEstimator):
    """A binary classifier whose fitted form is tables; subclasses set ``tables_`` in ``fit``.

    Numbers are rounded to float32 when fitting and when scoring, NaN is missing, and the second class in
    sorted order is the one whose log-odds are modelled.
    """

    tables_: Any

    def decision_function(self, X: Any) -> np.ndarray:
        """Margin (log-odds) of the second class, shape (n_items,), by table look-up."""
        X = self._checked(X)
        return self.tables_.margins(X)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Class probabilities, shape (n_items, 2)."""
        positive = 1 / (1 + np.exp(-self.decision_function(X)))
        return np.column_stack([1 - positive, positive])

    def predict(self, X: Any) -> np.ndarray:
        """The likelier class. Selection uses capacity, never this 0.5 threshold."""
        positive = self.decision_function(X) > 0
        return self.classes_[positive.astype(int)]

    def attributions(self, X: Any) -> np.ndarray:
        """Attributions that add up to the margin from `base_value_`, (n_items, n_features), log-odds."""
        X = self._checked(X)
        return self.tables_.attributions(X)

    @property
    def base_value_(self) -> float:
        """What attributions start from, log-odds."""
        check_is_fitted(self, "tables_")
        return self.tables_.base

    def _checked(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "tables_")
        return self._validated(X, reset=False)

    def _validated(self, X: Any, *, reset: bool, y: Any = None) -> np.ndarray:
        if reset:
            X, _ = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        else:
            X = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        most = float(np.finfo(np.float32).max)
        return np.clip(X, -most, most).astype(np.float32)

    def _in_order(self, X: Any, y: Any, sample_weight: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Checked X, encoded y and weights, in canonical order."""
        X = self._validated(X, reset=True, y=y)
        y = self._encode(y)
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64)
        order = canonical_order(X, y, weight)
        return X[order], y[order], weight[order]

    def _encode(self, y: Any) -> np.ndarray:
        y = column_or_1d(np.asarray(y), warn=True)
        check_classification_targets(y)
        self.classes_, encoded = np.unique(y, return_inverse=True)
        if type_of_target(y) != "binary":
            raise ValueError(
                f"Only binary classification is supported. The type of the target is {type_of_target(y)}."
            )
        if len(self.classes_) < 2:
            raise ValueError(
                f"Expected two classes in y, got one class: {self.classes_[0]!r}. "
                "Train on a longer period, or one with at least one find."
            )
        return encoded

    def _names(self) -> list[str]:
        default = [f"x{j}" for j in range(self.n_features_in_)]
        return list(map(str, getattr(self, "feature_names_in_", default)))

    def _index(self, feature: Any) -> int:
        return self._names().index(feature) if isinstance(feature, str) else int(feature)

    def _directions(self) -> list[int] | None:
        given = self.monotonic_cst
        if isinstance(given, Mapping):
            return [int(given.get(name, 0)) for name in self._names()]
        return None if given is None else list(given)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = True
        return tags


def canonical_order(X: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    """Row numbers in an order that depends on content only, so that row order cannot change a score.

    >>> X = np.array([[3.0], [1.0], [2.0]]); y = np.array([0, 1, 1])
    >>> order, turned = canonical_order(X, y), canonical_order(X[::-1], y[::-1])
    >>> bool((X[order] == X[::-1][turned]).all())
    True
    """
    frame = pd.DataFrame(X)
    for k, column in enumerate(columns):
        frame[f"column {k}"] = column
    return np.argsort(pd.util.hash_pandas_object(frame, index=False).to_numpy(), kind="stable")
