"""Fit in time order, calibrate on a later slice, leave the last for evaluation.

A label counts only if it had been reported by the end of the slice that uses it, as it would have been
on the day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from risk.boosted import Fitted
from risk.errors import BadSetting, Refused
from risk.evaluation.estimators import rate, tally
from risk.features import Features, with_past
from risk.features.columns import moments
from risk.fitted import FittedModel
from risk.intake import Data
from risk.models.calibration import fit_affine, pooled_rate, shift_for_rate
from risk.models.scorecard import whole_points
from risk.recipes import RECIPES, WEIGHT_CAP, Lesson, capped, default_kind
from risk.schema import Dictionary
from risk.settings import check_settings

__all__ = ["Plan", "Slices", "KINDS", "slices_of", "labels_of", "unseen_rows", "families_of", "fit_model",
           "fit_families", "judge_of", "lesson_of"]

#: What can be trained; ``auto`` chooses by what examinations record.
KINDS = ("auto", *RECIPES)
FIT, CALIBRATE, EVALUATE = 0, 1, 2
_MIN_FOUND = 10


@dataclass(frozen=True)
class Plan:
    """What to train and how.

    Attributes
    ----------
    model
        A name in `KINDS`; ``auto`` is ``profiles`` where finds record a family, else ``ga2m``.
    labels
        ``examined``: what examinations showed, known by the end of each slice. ``truth``: every item's
        truth, which only a made world can tell.
    seed
        Seeds the fit; the same seed gives the same tables on any number of threads.
    without
        Concepts or features to leave out.
    shares
        Shares of items, in time order, to fit, calibrate and evaluate on.
    settings
        Of the kind of model (`risk.settings`); what is not given follows from how many finds there are.
    """

    model: str = "auto"
    labels: str = "examined"
    seed: int = 0
    without: tuple[str, ...] = ()
    shares: tuple[float, float, float] = (0.6, 0.2, 0.2)
    settings: Mapping[str, Any] = field(default_factory=dict)

    def check(self) -> None:
        """Raise `BadSetting` for a value that makes no sense."""
        if self.model not in KINDS:
            raise BadSetting("model", got=self.model, expected=f"one of {', '.join(KINDS)}")
        if self.labels not in ("examined", "truth"):
            raise BadSetting("labels", got=self.labels, expected="'examined' or 'truth'")
        if self.model != "auto":
            check_settings(self.model, self.settings)

    def settled(self, family: np.ndarray | None) -> "Plan":
        """The plan with ``auto`` settled by the families of finds. Errors: `BadSetting`, as `check`."""
        plan = replace(self, model=default_kind(family)) if self.model == "auto" else self
        plan.check()
        return plan


@dataclass(frozen=True)
class Slices:
    """Which slice each item is in (0 fit, 1 calibrate, 2 evaluate), and the times that part them."""

    of_item: np.ndarray
    fit_until: pd.Timestamp | None
    calibrate_until: pd.Timestamp | None

    def rows(self, which: int) -> np.ndarray:
        """Bool array of the rows in a slice, shape (n_items,)."""
        return self.of_item == which


def slices_of(declarations: pd.DataFrame, dictionary: Dictionary, *,
              shares: tuple[float, float, float] = (0.6, 0.2, 0.2), seed: int = 0) -> Slices:
    """Part items by time; without a time column, by a seeded hash of their id."""
    if dictionary.clock is None:
        hashed = pd.util.hash_pandas_object(declarations[dictionary.id_field].astype("str") + f"|{seed}", index=False)
        place = hashed.to_numpy() / 2**64
        return Slices(np.digitize(place, np.cumsum(shares)[:2]), None, None)
    time = declarations[dictionary.clock]
    fit_until, calibrate_until = (time.quantile(q) for q in np.cumsum(shares)[:2])
    of_item = np.where(time <= fit_until, FIT, np.where(time <= calibrate_until, CALIBRATE, EVALUATE))
    return Slices(of_item, fit_until, calibrate_until)


def unseen_rows(facts: Mapping[str, Any], data: Data) -> np.ndarray:
    """Rows a model has not learnt from: those after its slices, or all of another data set; bool (n_items,).

    `facts` are those of the model (`FittedModel.facts`).
    """
    if facts.get("data_digest") != data.digest():
        return np.ones(len(data.declarations), bool)
    return slices_of(data.declarations, data.dictionary, seed=int(facts.get("seed", 0))).rows(EVALUATE)


def labels_of(data: Data, *, known_by: pd.Timestamp | None = None,
              truth: pd.DataFrame | None = None) -> pd.DataFrame:
    """Per declaration ``y`` (1, 0, NaN where unknown), ``weight`` (inverse inclusion probability) and ``reported``.

    ``reported`` is when the result became known, int64 ms UTC: the item's own moment where nothing says later.

    Parameters
    ----------
    known_by
        Only results reported by then count.
    truth
        If given, every item's truth is the label instead.
    """
    d, ids = data.dictionary, data.declarations[data.dictionary.id_field]
    if truth is not None:
        y = ids.map(truth.set_index(d.id_field)["irregular"]).astype(float)
        return pd.DataFrame({"y": y.to_numpy(), "weight": 1.0, "reported": moments(data.declarations, d.as_of)})
    if data.outcomes is None:
        if d.label not in data.declarations:
            raise Refused("Expected outcomes of examinations, or a column with the role 'label'; the data has "
                          "neither, so there is nothing to learn from. No model was made.")
        return _labels_beside(data.declarations, d, known_by)
    known = data.outcomes
    if known_by is not None and "reported_utc" in known:
        known = known[known["reported_utc"] <= known_by]
    known = known.set_index(d.id_field)
    y = ids.map(known[d.label].astype(float)).to_numpy(dtype=float)
    chance = ids.map(known["inclusion_probability"]).to_numpy(dtype=float) if "inclusion_probability" in known else 1.0
    return pd.DataFrame({"y": y, "weight": 1 / np.where(np.isnan(y), 1.0, chance),
                         "reported": _reported(data.declarations, ids.map(known["reported_utc"]), d)
                         if "reported_utc" in known else moments(data.declarations, d.as_of)})


def families_of(data: Data, *, truth: pd.DataFrame | None = None) -> np.ndarray | None:
    """What kind of thing was found in each declaration, "" where that is not known; None where nothing records it.

    With `truth`, the scheme that made the item.
    """
    d, ids = data.dictionary, data.declarations[data.dictionary.id_field]
    if truth is not None:
        named = truth.set_index(d.id_field)["scheme"] if "scheme" in truth else None
    elif data.outcomes is not None and d.family in data.outcomes:
        named = data.outcomes.set_index(d.id_field)[d.family]
    else:
        named = None
    return None if named is None else ids.map(named.astype(object)).fillna("").to_numpy(dtype=object)


def _labels_beside(declarations: pd.DataFrame, d: Dictionary, known_by: pd.Timestamp | None) -> pd.DataFrame:
    """Labels that stand beside the declarations; a time column known at examination says when they were known."""
    y = declarations[d.label].astype("Float64").to_numpy(float, na_value=np.nan)
    times = [f.name for f in d.role("time") if f.known_at == "examination"]
    reported = _reported(declarations, declarations[times[0]] if times else None, d)
    if known_by is not None:
        y = np.where(reported <= known_by.timestamp() * 1000, y, np.nan)
    return pd.DataFrame({"y": y, "weight": 1.0, "reported": reported})


def _reported(declarations: pd.DataFrame, at: pd.Series | None, d: Dictionary) -> np.ndarray:
    own = moments(declarations, d.as_of)
    return own if at is None else np.where(at.isna(), own, moments(at.to_frame("at"), ("at",)))


def fit_model(data: Data, plan: Plan, *, truth: pd.DataFrame | None = None,
              threads: int = 1) -> FittedModel:
    """Train one model by plan. `truth` is used only where the plan asks for it.

    Raises
    ------
    risk.errors.Refused
        When there is nothing to learn from, or too few finds to learn from.
    """
    plan.check()
    judge = judge_of(plan, truth)
    declarations = with_past(data.declarations, data.dictionary, outcomes=data.outcomes)
    slices = slices_of(declarations, data.dictionary, shares=plan.shares, seed=plan.seed)
    lesson = lesson_of(data, declarations, slices.rows(FIT), plan=plan, known_by=slices.fit_until, truth=judge)
    plan = plan.settled(lesson.family)
    later = labels_of(data, known_by=slices.calibrate_until, truth=judge)
    calibrate = later["y"].where(slices.rows(CALIBRATE)).to_numpy()
    raw, features = RECIPES[plan.model](replace(lesson, threads=threads)), lesson.features
    margin = raw.margins(features.transform(declarations[slices.rows(CALIBRATE)]).to_numpy(dtype=np.float32))
    tables, calibration = _calibrate(raw, margin, later, slices)
    tables = whole_points(tables) if plan.model == "scorecard" else tables
    facts = _facts(data, plan, slices, {"fit": lesson.y, "calibrate": calibrate})
    return FittedModel(plan.model, features, tables, facts | {"calibration": calibration})


def judge_of(plan: Plan, truth: pd.DataFrame | None) -> pd.DataFrame | None:
    """The truth where the plan learns from it. Errors: `Refused` where there is none to learn from."""
    if plan.labels == "truth" and truth is None:
        raise Refused("labels is 'truth', but this data set has no truth (only a made world has). "
                      "Train with --labels examined. No model was made.")
    return truth if plan.labels == "truth" else None


def lesson_of(data: Data, declarations: pd.DataFrame, rows: np.ndarray, *, plan: Plan,
              known_by: pd.Timestamp | None, truth: pd.DataFrame | None) -> Lesson:
    """What a recipe learns from: the rows given, with features fitted on them and labels known by a moment.

    `declarations` are the data's with their parties' past, `rows` bool (n_items,). Errors: `Refused` where there
    are too few finds.
    """
    labels = labels_of(data, known_by=known_by, truth=truth)[rows]
    _enough(labels["y"], "fit")
    stream, y = declarations[rows], labels["y"].to_numpy()
    features = Features(data.dictionary, without=plan.without)
    features.fit(stream, y, reported=labels["reported"].to_numpy())
    family = fit_families(data, rows, known_by=known_by, truth=truth)
    x = features.transform(stream).to_numpy(np.float32)
    return Lesson(features, x, y, labels["weight"].to_numpy(), family, seed=plan.seed, settings=plan.settings)


def fit_families(data: Data, rows: np.ndarray, *, known_by: pd.Timestamp | None,
                 truth: pd.DataFrame | None) -> np.ndarray | None:
    """Families of the finds known by a moment, "" elsewhere, for the rows given; None where none is recorded."""
    family = families_of(data, truth=truth)
    if family is None:
        return None
    return np.where(labels_of(data, known_by=known_by, truth=truth)["y"][rows] == 1, family[rows], "")


def _calibrate(raw: Fitted, margin: np.ndarray, labels: pd.DataFrame,
               slices: Slices) -> tuple[Fitted, dict[str, Any]]:
    """Platt's slope on the calibration slice, and the level of the whole stream where that can be estimated.

    Too few finds there leave the margin as fitted, and say so. `margin` is the slice's, examined or not.
    """
    here = labels[slices.rows(CALIBRATE)]
    y, seen = here["y"].to_numpy(), here["y"].notna().to_numpy()
    found = int(np.nansum(y))
    if found < 5 or found == seen.sum():
        return raw, {"slope": 1.0, "shift": 0.0, "n": int(seen.sum()), "found": found,
                     "note": "Too few finds in the calibration slice; the margin is as fitted."}
    held = capped(here["weight"].to_numpy()[seen])
    slope, shift = fit_affine(margin[seen], y[seen], held)
    past = labels[~slices.rows(EVALUATE) & labels["y"].notna()]
    level = _level(slope * margin + shift, past, n=int((~slices.rows(EVALUATE)).sum()))
    if level:
        level["shift_by_examined"], shift = shift, shift_for_rate(margin, slope, level["rate"])
    effective = float(held.sum() ** 2 / (held**2).sum())
    return raw.scaled(slope, shift), {"slope": slope, "shift": shift, "n": int(seen.sum()), "found": found,
                                      "effective_n": round(effective, 1), "weight_cap": WEIGHT_CAP, **level}


def _level(margin: np.ndarray, past: pd.DataFrame, *, n: int) -> dict[str, float]:
    """The stream's rate by everything examined so far (Hájek), pooled with what the margins state.

    Empty where no inclusion probabilities are known: then nothing tells the rate of what was not examined.
    """
    if past["weight"].nunique() < 2:
        return {}
    sums, stated = tally(1 / past["weight"].to_numpy(), past["y"].to_numpy(), n=n), float(expit(margin).mean())
    estimated = rate(sums, "hajek")[0]
    return {"rate": pooled_rate(stated, estimated, sums.effective), "rate_by_examined": stated,
            "rate_by_hajek": estimated, "rate_effective_n": round(sums.effective, 1)}


def _enough(y: pd.Series, what: str) -> None:
    found = int(y.sum())
    if found < _MIN_FOUND or found == y.notna().sum():
        raise Refused(f"The {what} slice has {int(y.notna().sum()):,} examined items with {found:,} finds; expected "
                      f"at least {_MIN_FOUND} finds and as many items without. Use a longer period, or "
                      "(on made data) --labels truth. No model was made.")


def _facts(data: Data, plan: Plan, slices: Slices, labels: dict[str, Any]) -> dict[str, Any]:
    counts = {f"n_{k}": int(np.isfinite(v).sum()) for k, v in labels.items()}
    finds = {f"found_{k}": int(np.nansum(v)) for k, v in labels.items()}
    return {"model": plan.model, "labels": plan.labels, "seed": plan.seed, "without": list(plan.without),
            "settings": dict(plan.settings),
            "n_stream": int(slices.rows(FIT).sum()), **counts, **finds,
            "split": "in time order" if slices.fit_until is not None else
            f"by a hash of {data.dictionary.id_field}, seeded with {plan.seed}: the data has no time column",
            "fit_until": _iso(slices.fit_until), "calibrate_until": _iso(slices.calibrate_until),
            "data_digest": data.digest(), "data_period": _period(data), "data_manifest": dict(data.dictionary.manifest)}


def _period(data: Data) -> list[str] | None:
    """First and last moment of the data; None where it has no time column."""
    clock = data.dictionary.clock
    return None if clock is None else [_iso(getattr(data.declarations[clock], end)()) for end in ("min", "max")]


def _iso(time: pd.Timestamp | None) -> str | None:
    return None if time is None else time.isoformat()
