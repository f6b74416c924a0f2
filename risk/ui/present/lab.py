"""The view-model of the policy lab's page: a year as it unfolds, for two or three policies side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from risk.lab.shown import Shown
from risk.simulation import POLICIES
from risk.simulation.measures import weekly_measures
from risk.ui.i18n import N_, _, number, percent

__all__ = [
    "MEASURES",
    "PAST_WORDS",
    "PRESET_WORDS",
    "Card",
    "MissedItem",
    "burden_rows",
    "cards",
    "missed_items",
    "reading",
    "scheme_rows",
    "title_of",
    "year_rows",
]

#: What the year's chart can show, with words for the axis.
MEASURES = {
    "norm_precision": N_("Against the best possible choice"),
    "detection_rate": N_("Irregular items found, of all there were"),
    "hit_rate": N_("Finds per examination"),
}
#: What each preset is, for people who choose one.
PRESET_WORDS = {
    "operational": N_("Few irregular items, as in real post; schemes come and go slowly."),
    "teaching": N_("More irregular items and plainer signatures, for a class."),
    "drift": N_("Routes, commodities and words change a lot over the year."),
    "displacement": N_("Schemes are closed down and come back under new names."),
    "calm": N_("Nothing changes all year: the control."),
    "domain-shift": N_("In week 13 nearly everything that was known ends, and something else begins."),
    "reacting": N_("Who is found goes on under new names, with other goods and by other routes."),
}

#: What the lab's years know of a party's past.
PAST_WORDS = {
    "sender age": N_("Sender known for"),
    "sender items": N_("Sender's items in 30 days"),
    "sender others": N_("Sender's recipients in 30 days"),
    "sender examined": N_("Earlier examinations of the sender's items"),
    "sender found": N_("Earlier finds with the sender"),
    "recipient age": N_("Recipient known for"),
    "recipient items": N_("Recipient's items in 30 days"),
    "recipient others": N_("Recipient's senders in 30 days"),
    "recipient examined": N_("Earlier examinations of the recipient's items"),
    "recipient found": N_("Earlier finds with the recipient"),
}


@dataclass(frozen=True)
class Card:
    """One policy up to a week, in a few numbers."""

    policy: str
    title: str
    examined: int
    found: int
    hit_rate: float
    irregular_examined: int
    irregular: int
    detection: float
    random_share: float

    @property
    def words(self) -> str:
        """The same as a sentence."""
        return _(
            "Of {all} irregular items so far, {missed} went past. {examined} examinations showed {found} "
            "of them (an examination can miss).",
            found=number(self.found),
            examined=number(self.examined),
            all=number(self.irregular),
            missed=number(self.irregular - self.irregular_examined),
        )


@dataclass(frozen=True)
class MissedItem:
    """An irregular item that every policy let pass: what it declared, what it was, why it was not taken."""

    item_id: str
    week: int
    scheme: str
    declared: tuple[tuple[str, str], ...]
    oracle: float
    causes: str
    places: tuple[tuple[str, str, str, str], ...]


def title_of(policy: str) -> str:
    """A policy's title in the reader's language."""
    return _(POLICIES[policy].title) if policy in POLICIES else policy


def year_rows(shown: Shown, world: str, policies: Sequence[str], measure: str) -> list[dict[str, Any]]:
    """Rows of the year's chart: week (from 1), policy title, value (rolling 14 weeks)."""
    rows = []
    for policy in policies:
        t = weekly_measures(shown.of("weekly", world, [policy]))
        rows += [
            {"week": int(w) + 1, "policy": title_of(policy), "value": round(float(v), 4)}
            for w, v in zip(t["week"], t[measure], strict=True)
            if v == v
        ]
    return rows


def cards(shown: Shown, world: str, policies: Sequence[str], week: int) -> list[Card]:
    """What each policy has to show up to a week (counted from 1)."""
    out = []
    for policy in policies:
        t = shown.of("weekly", world, [policy])
        t = t[t["week"] < week]
        s = t[["examined", "found", "irregular_examined", "irregular"]].sum()
        out.append(
            Card(
                policy,
                title_of(policy),
                int(s["examined"]),
                int(s["found"]),
                s["found"] / max(s["examined"], 1),
                int(s["irregular_examined"]),
                int(s["irregular"]),
                s["irregular_examined"] / max(s["irregular"], 1),
                float(t["random_share"].iloc[-1]),
            )
        )
    return out


def scheme_rows(shown: Shown, world: str, policies: Sequence[str], week: int) -> list[dict[str, Any]]:
    """Per scheme and policy the share that went past unexamined up to a week; schemes most missed first."""
    t = shown.of("schemes", world, list(policies))
    t = (
        t[t["week"] < week]
        .groupby(["scheme", "policy"], sort=False, observed=True)[["existing", "examined"]]
        .sum()
    )
    t = t[t["existing"] > 0].reset_index()
    t["missed"] = 1 - t["examined"] / t["existing"]
    order = t.groupby("scheme")["missed"].mean().sort_values(ascending=False).index
    titles: Mapping[str, str] = shown.facts[world]["schemes"]
    ranked = t.set_index("scheme").loc[order].reset_index()
    return [
        {
            "scheme": short(_(titles.get(r["scheme"], r["scheme"]))),
            "policy": title_of(r["policy"]),
            "missed": round(float(r["missed"]), 4),
            "existing": int(r["existing"]),
            "words": _(
                "{missed} of {all} went past",
                missed=number(r["existing"] - r["examined"]),
                all=number(r["existing"]),
            ),
        }
        for r in ranked.to_dict("records")
    ]


def short(title: str) -> str:
    """A scheme's title up to its colon.

    >>> short("Remailing: operator, transit and origin disagree")
    'Remailing'
    """
    return title.split(":")[0].strip()


def burden_rows(shown: Shown, world: str, policies: Sequence[str], week: int) -> list[dict[str, Any]]:
    """Per origin and policy the examinations that found nothing irregular, per 1,000 items, up to a week."""
    t = shown.of("groups", world, list(policies))
    t = (
        t[t["week"] < week]
        .groupby(["group", "policy"], sort=False, observed=True)[["n", "false_alarms"]]
        .sum()
    )
    t = t[t["n"] > 0].reset_index()
    return [
        {
            "origin": r["group"],
            "policy": title_of(r["policy"]),
            "n": int(r["n"]),
            "burden": round(1000 * r["false_alarms"] / r["n"], 2),
        }
        for r in t.sort_values("group").to_dict("records")
    ]


def missed_items(shown: Shown, world: str, week: int) -> pd.DataFrame:
    """Items that no policy examined, up to a week, newest first: ``row, week, scheme, item_id, words``."""
    t = shown.items[(shown.items["world"] == world) & (shown.items["week"] < week)]
    t = t.sort_values("week", ascending=False)
    titles = shown.facts[world]["schemes"]
    words = [
        _("Week {week}: {scheme}", week=w + 1, scheme=short(_(titles.get(s, s))))
        for w, s in zip(t["week"], t["scheme"], strict=True)
    ]
    return t.assign(words=words)[["row", "week", "scheme", "item_id", "words"]].reset_index(drop=True)


def missed_item(
    shown: Shown, world: str, row: int, policies: Sequence[str], titles: Mapping[str, str]
) -> MissedItem:
    """One such item in full. `titles` are the dictionary's words for fields."""
    of = shown.items[(shown.items["world"] == world) & (shown.items["row"] == row)].iloc[0]
    declared = tuple(
        (_(titles.get(c, c)), _value(of[c]))
        for c in shown.items.columns
        if c not in ("world", "row", "week", "scheme", "oracle", "causes", "item_id")
    )
    t = shown.of("missed", world, list(policies))
    t = t[t["row"] == row].set_index("policy").reindex(list(policies)).dropna(subset=["place"])
    places = tuple(
        (title_of(str(policy)), _place(r), _causes(r["lowering"], titles), _causes(r["raising"], titles))
        for policy, r in t.iterrows()
    )
    scheme = _(shown.facts[world]["schemes"].get(of["scheme"], of["scheme"]))
    return MissedItem(
        str(of["item_id"]),
        int(of["week"]) + 1,
        scheme,
        declared,
        float(of["oracle"]),
        _causes(str(of["causes"]), titles),
        places,
    )


def _place(row: pd.Series) -> str:
    """Where a policy's scores put the item; no place where a policy does not score."""
    if not row["lowering"] and not row["raising"]:
        return _("does not score items")
    return _("{place} of {n}", place=number(row["place"]), n=number(row["n"]))


def _value(value: Any) -> str:
    if value is None or value != value:
        return _("not stated")
    if isinstance(value, pd.Timestamp):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, bool) or str(value) in ("True", "False"):
        return _("yes") if bool(value) else _("no")
    return (
        number(value, 0 if float(value).is_integer() else 2)
        if isinstance(value, (int, float))
        else str(value)
    )


def _causes(text: str, titles: Mapping[str, str]) -> str:
    """``field +1.2; …`` with the dictionary's words."""
    parts = [p.rsplit(" ", 1) for p in text.split("; ") if " " in p]
    said = PAST_WORDS | dict(titles)
    return "; ".join(f"{_(said.get(name, name))} ({value.replace('-', '−')})" for name, value in parts) or "–"


def reading(found: Sequence[Card]) -> str:
    """One sentence that compares the policies shown."""
    if len(found) < 2:
        return ""
    ranked = sorted(found, key=lambda c: c.detection, reverse=True)
    best, worst = ranked[0], ranked[-1]
    if best.irregular_examined == worst.irregular_examined:
        return _("All of them have examined as many irregular items.")
    return _(
        "{best} has examined {a} of the irregular items so far, {worst} {b}.",
        best=best.title,
        a=percent(best.detection, 1),
        worst=worst.title,
        b=percent(worst.detection, 1),
    )
