"""What a run leaves behind: tidy tables, one row a week (and scheme, origin, or irregular item)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from risk.simulation.boosting import Tables
from risk.simulation.policies import Choice, top_share
from risk.simulation.year import PARTY_COLUMNS, Year

__all__ = ["Picked", "Recorder", "Run", "Scored"]

_CERTAIN = 1 - 1e-9


@dataclass(frozen=True)
class Picked:
    """Positions within the week that were examined, and whether the random channel drew them."""

    at: np.ndarray
    at_random: np.ndarray


@dataclass(frozen=True)
class Scored:
    """Margins of a week's items, their bins, the model (none before there are finds), and the rows they come like."""

    margin: np.ndarray
    bins: np.ndarray
    model: Tables | None
    like: np.ndarray


@dataclass(frozen=True)
class Run:
    """The tables of one run.

    Attributes
    ----------
    weekly
        ``week, n, examined, random_share, examined_random, found, found_random, irregular_examined,
        irregular, oracle_irregular, findable, certain, found_certain, rest_weight, rest_found_weight,
        rest_weight_squared, stated``: counts of items, and sums of 1/π over those not taken for certain;
        `oracle_irregular` are the irregular items in the oracle's choice of as many, `findable` those that
        an examination would have shown, `stated` the sum of the model's probabilities over all items.
    schemes
        ``week, scheme, existing, examined``.
    groups
        ``week, group, n, examined, false_alarms``.
    missed
        One row an irregular item: ``row, week, scheme, examined, place`` (of `n` by the policy's score, 1 is
        the highest), ``lowering`` and ``raising`` (the two features that moved its score most, as text).
    """

    weekly: pd.DataFrame
    schemes: pd.DataFrame
    groups: pd.DataFrame
    missed: pd.DataFrame

    def tables(self) -> dict[str, pd.DataFrame]:
        """The four tables by name."""
        return {name: getattr(self, name) for name in ("weekly", "schemes", "groups", "missed")}


class Recorder:
    """Collects a run's weeks. Weeks are counted from the policy's first, which is 0."""

    def __init__(self, year: Year, policy: str, warm_up: int) -> None:
        self.year, self.policy, self.warm_up = year, policy, warm_up
        self._names = np.array([*year.names, *PARTY_COLUMNS])
        self._parts: dict[str, list] = {"weekly": [], "schemes": [], "groups": [], "missed": []}

    def add(self, week: int, choice: Choice, picked: Picked, scored: Scored) -> None:
        """Take down one week."""
        rows, at = self.year.rows(week), week - self.warm_up
        taken = np.zeros(len(scored.margin), bool)
        taken[picked.at] = True
        self._parts["weekly"].append({"week": at, **self._week(rows, choice, picked, scored)})
        self._parts["schemes"].append(self._schemes(rows, taken).assign(week=at))
        self._parts["groups"].append(self._groups(rows, taken, scored.like).assign(week=at))
        self._parts["missed"].append(self._missed(rows, taken, scored).assign(week=at))

    def finish(self) -> Run:
        """The tables, with the policy's name in each."""
        weekly = pd.DataFrame(self._parts["weekly"])
        rest = {k: pd.concat(v, ignore_index=True) for k, v in self._parts.items() if k != "weekly"}
        return Run(**{k: t.assign(policy=self.policy) for k, t in {"weekly": weekly, **rest}.items()})

    def _week(self, rows: slice, choice: Choice, picked: Picked, scored: Scored) -> dict[str, float]:
        y, find, like = self.year.irregular[rows], self.year.find[rows], scored.like
        pi, found = choice.probability[picked.at], find[picked.at]
        best = top_share(self.year.oracle[like], len(picked.at))
        certain = pi >= _CERTAIN
        w = 1 / pi[~certain]
        return {
            "n": len(y),
            "examined": len(picked.at),
            "random_share": choice.random_share,
            "examined_random": int(picked.at_random.sum()),
            "found": int(found.sum()),
            "found_random": int(found[picked.at_random].sum()),
            "irregular_examined": int(y[picked.at].sum()),
            "irregular": int(y.sum()),
            "oracle_irregular": float(best @ y),
            "findable": int(find.sum()),
            "certain": int(certain.sum()),
            "found_certain": int(found[certain].sum()),
            "rest_weight": float(w.sum()),
            "rest_found_weight": float(w @ found[~certain]),
            "rest_weight_squared": float(w @ w),
            "stated": float(expit(scored.margin).sum()),
        }

    def _schemes(self, rows: slice, taken: np.ndarray) -> pd.DataFrame:
        k, bad = len(self.year.schemes), self.year.irregular[rows]
        scheme = self.year.scheme[rows]
        return pd.DataFrame(
            {
                "scheme": self.year.schemes,
                "existing": np.bincount(scheme[bad], minlength=k),
                "examined": np.bincount(scheme[bad & taken], minlength=k),
            }
        )

    def _groups(self, rows: slice, taken: np.ndarray, like: np.ndarray) -> pd.DataFrame:
        k, group, bad = len(self.year.groups), self.year.group[like], self.year.irregular[rows]
        return pd.DataFrame(
            {
                "group": self.year.groups,
                "n": np.bincount(group, minlength=k),
                "examined": np.bincount(group[taken], minlength=k),
                "false_alarms": np.bincount(group[taken & ~bad], minlength=k),
            }
        )

    def _missed(self, rows: slice, taken: np.ndarray, scored: Scored) -> pd.DataFrame:
        bad = np.flatnonzero(self.year.irregular[rows])
        place = 1 + np.searchsorted(np.sort(-scored.margin), -scored.margin[bad])
        lowering, raising = self._moved(bad, scored)
        return pd.DataFrame(
            {
                "row": rows.start + bad,
                "scheme": np.array(self.year.schemes)[self.year.scheme[rows][bad]],
                "examined": taken[bad],
                "place": place,
                "n": len(scored.margin),
                "lowering": lowering,
                "raising": raising,
            }
        )

    def _moved(self, bad: np.ndarray, scored: Scored) -> tuple[list[str], list[str]]:
        """Per irregular item the two features that lowered, and that raised its score most, in that week."""
        if scored.model is None or not len(bad):
            return [""] * len(bad), [""] * len(bad)
        model, p = scored.model, scored.bins.shape[1]
        mean = np.array(
            [
                np.bincount(scored.bins[:, j], minlength=model.table.shape[1]) @ model.table[j]
                for j in range(p)
            ]
        ) / len(scored.bins)
        phi = model.effects(scored.bins[bad]) - mean
        order = np.argsort(phi, axis=1)
        return (
            [self._words(row, o[:2]) for row, o in zip(phi, order, strict=True)],
            [self._words(row, o[:-3:-1]) for row, o in zip(phi, order, strict=True)],
        )

    def _words(self, phi: np.ndarray, at: np.ndarray) -> str:
        return "; ".join(f"{self._names[j]} {phi[j]:+.2f}" for j in at if abs(phi[j]) > 0.005)
