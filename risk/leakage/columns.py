"""Single columns: those that give the label away, are known too late, and ids or an order that predict."""

from __future__ import annotations

import numpy as np
import pandas as pd

from risk.intake import Data
from risk.leakage.leak import Answer, Asked, auc_low, codes_of, rates_from
from risk.schema import Field

__all__ = ["gives_away", "known_too_late", "ids_that_predict"]

_AWAY = 0.9
_LATE = 0.5
_ID = 0.6


def gives_away(asked: Asked) -> list[Answer]:
    """The single columns that order later items almost perfectly: by value, look-up, or being filled."""
    answers = [_away(asked, f) for f in asked.fields if f.name in asked.codes]
    leaks = [a for a in answers if a.is_leak]
    best = max(answers, key=lambda a: a.figure, default=None)
    return leaks or ([best] if best else [])


def _away(asked: Asked, f: Field) -> Answer:
    scores = {
        "its values, looked up": rates_from(asked.codes[f.name], asked.y, asked.earlier),
        "whether it is filled": asked.frame[f.name].notna().to_numpy(float),
    }
    if f.role == "numeric":
        values = asked.frame[f.name].to_numpy(float, na_value=np.nan)
        scores["its size"] = np.where(
            np.isnan(values), np.nanmedian(values) if np.isfinite(values).any() else 0, values
        )
    by, (auc, low) = max(((by, _judge(asked, s)) for by, s in scores.items()), key=lambda made: made[1])
    return Answer(
        "column_gives_label_away",
        (f.name,),
        auc,
        _AWAY,
        low > _AWAY,
        f"{f.name} alone ({by}) orders later items with an AUC of {auc:.3f}.",
        f"Ask when {f.name} is filled in. If that is after the examination, set its known_at to "
        "'examination'; if the label was made from it, leave it out (--without).",
    )


def _judge(asked: Asked, score: np.ndarray) -> tuple[float, float]:
    """AUC on later rows, in the direction that earlier rows suggest."""
    sign = 1.0 if auc_low(score[asked.earlier], asked.y[asked.earlier])[0] >= 0.5 else -1.0
    return auc_low(sign * score[asked.later], asked.y[asked.later])


# ---------------------------------------------------------------- known too late


def known_too_late(data: Data, labelled: np.ndarray) -> list[Answer]:
    """Features that read what is known only afterwards, by the dictionary, by gaps, or by the clock."""
    d = data.dictionary
    reading = {name: f.name for f in d.features if f.model for name in f.reads}
    used = {name: feature for name, feature in reading.items() if name in data.declarations}
    late = [
        _late(name, feature, 1.0, "is declared as known only at the examination")
        for name, feature in used.items()
        if d[name].known_at == "examination"
    ]
    late += [a for name, feature in used.items() for a in _by_gaps(data, labelled, name, feature)]
    late += [a for name, feature in used.items() for a in _by_clock(data, name, feature)]
    nothing = Answer(
        "known_too_late", (), 0.0, _LATE, False, "No feature reads what is known only afterwards."
    )
    return late or [nothing]


def _late(name: str, feature: str, figure: float, why: str) -> Answer:
    return Answer(
        "known_too_late",
        (name,),
        figure,
        _LATE,
        True,
        f"{name}, read by the feature {feature}, {why}.",
        f"Leave the feature out (--without {feature}), and set known_at of {name} to 'examination'.",
    )


def _by_gaps(data: Data, labelled: np.ndarray, name: str, feature: str) -> list[Answer]:
    """Filled where somebody looked and empty elsewhere (or the other way round)."""
    if (~labelled).sum() < 50 or labelled.sum() < 50:
        return []
    filled = data.declarations[name].notna().to_numpy()
    one, other = filled[labelled].mean(), filled[~labelled].mean()
    gap = abs(float(one - other))
    why = f"is filled in {one:.0%} of examined and {other:.0%} of other items"
    return [_late(name, feature, gap, why)] if gap > _LATE else []


def _by_clock(data: Data, name: str, feature: str) -> list[Answer]:
    """A time that is later than the moment at which the item is scored."""
    d = data.dictionary
    if d.clock is None or d[name].role != "time" or name == d.clock:
        return []
    share = float((data.declarations[name] > data.declarations[d.clock]).mean())
    return (
        [_late(name, feature, share, f"is later than {d.clock} in {share:.0%} of items")]
        if share > _LATE
        else []
    )


# ---------------------------------------------------------------- ids and order


def ids_that_predict(asked: Asked, place: np.ndarray) -> list[Answer]:
    """Numbers in the id, its length and ends, and the order of the file."""
    name = asked.dictionary.id_field
    ids = asked.frame[name].astype("str")
    serial = pd.to_numeric(ids.str.replace(r"[^0-9]+", "", regex=True).str[-15:], errors="coerce")
    parts = {
        f"the number in {name}": (serial.fillna(-1).to_numpy(float), _ID),
        f"the last digit in {name}": (rates_from(codes_of(serial % 10), asked.y, asked.earlier), _ID),
        f"the length of {name}": (ids.str.len().to_numpy(float), _ID),
        f"the first characters of {name}": (rates_from(codes_of(ids.str[:2]), asked.y, asked.earlier), _AWAY),
        f"the last characters of {name}": (rates_from(codes_of(ids.str[-2:]), asked.y, asked.earlier), _AWAY),
        "the order of rows in the file": (place.astype(float), _ID),
    }
    answers = [_of_id(asked, what, score, limit) for what, (score, limit) in parts.items()]
    return [a for a in answers if a.is_leak] or [max(answers, key=lambda a: a.figure - a.limit)]


def _of_id(asked: Asked, what: str, score: np.ndarray, limit: float) -> Answer:
    auc, low = _judge(asked, score)
    return Answer(
        "id_predicts",
        (asked.dictionary.id_field,),
        auc,
        limit,
        low > limit,
        f"{what[0].upper()}{what[1:]} orders later items with an AUC of {auc:.3f}.",
        "An identifier must not carry the result. Find out who numbered or sorted the rows, and when; mix "
        "the rows and number them anew.",
    )
