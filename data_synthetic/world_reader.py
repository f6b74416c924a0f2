"""Turns the tables of a world file into the frozen classes of `data_synthetic.world`, refusing what is wrong.

>>> from data_synthetic.world import load_world, make_world
>>> raw = dict(load_world("calm").raw)
>>> raw["irregular"] = {"share": 0.4, "strength": 1.0}
>>> make_world(raw, name="mine")
Traceback (most recent call last):
    ...
risk.errors.BadSetting: irregular.share is 0.4; expected a number, 0.0001 to 0.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from data_synthetic.behaviours import make_behaviour
from data_synthetic.indicators import INDICATORS
from data_synthetic.toml_reader import Table
from data_synthetic.world import (
    HEAVINESS,
    MAIL_CLASSES,
    NUMBERS,
    ODDS,
    Commodity,
    Figure,
    Goods,
    Group,
    Origin,
    Profile,
    Timed,
    World,
)
from risk.errors import BadSetting, nearest

__all__ = ["read_world", "factor_keys"]

_BASE_TABLES = ("nature_of_transaction", "description_kind", "sender_type", "recipient_type",
                "destination_region", "transit", "ead_received_utc")
_PARTIES = {"items_a_week": (1e-4, 1e3), "volume_decay": (0.0, 3.0), "volume_classes": (1, 20),
            "largest_share": (1e-4, 1.0), "life_weeks": (1.0, 52.0), "life_growth": (0.0, 1.0),
            "ordinary_weeks": (0.1, 520.0)}
_RATES = {"random_share": (0.0, 1.0), "rule_rate": (0.0, 1.0), "targeted_rate": (0.0, 1.0),
          "targeted_most": (0.0, 1.0), "steepness": (0.0, 10.0), "watch_points": (0.0, 10.0),
          "cleared_points": (0.0, 10.0), "cleared_most": (0.0, 1000.0),
          "officer_noise": (0.0, 10.0), "check_sensitivity": (0.0, 1.0), "check_false_alarm": (0.0, 1.0),
          "open_anyway": (0.0, 1.0), "opening_sensitivity": (0.0, 1.0), "family_wrong": (0.0, 1.0),
          "family_other": (0.0, 1.0), "delay_days": (0.0, 365.0), "delay_spread_days": (0.0, 365.0)}
_FOREVER = 1e9
_INHERIT = -1.0   # "as the archetype that it imitates"


def read_world(top: Table, *, name: str, world_id: str) -> World:
    """Read a whole world; every key of the file must be understood."""
    if top.whole("format", 1, 10**6) != 1:
        raise BadSetting("format", got=top.get("format"), expected="1, the format this version reads")
    goods = _read_goods(top.table("goods"))
    origins = tuple(_read_origin(top.table("origins").table(c), c) for c in top.table("origins").keys())
    base = _read_base(top.table("base"), [o.code for o in origins])
    families = {k: top.table("families").text(k) for k in top.table("families").keys()}
    keys = factor_keys(base, goods, [o.code for o in origins])
    reader = _ProfileReader(keys, families, top.flag("stationary"))
    archetypes = tuple(reader.read(t, {}) for t in _tables(top, "archetypes"))
    by_key = {a.key: a for a in archetypes}
    schemes = tuple(reader.read(t, by_key) for t in _tables(top, "schemes"))
    stream, irregular = top.table("stream"), top.table("irregular")
    world = World(
        name=name,
        world_id=world_id,
        start=_read_date(stream),
        days=stream.whole("days", 1, 36500),
        weekdays=_read_weekdays(stream),
        stationary=top.flag("stationary"),
        season=(stream.number("season_amplitude", 0, 0.9), stream.number("season_peak_day", 0, 366)),
        irregular_share=irregular.number("share", 1e-4, 0.2),
        strength=irregular.number("strength", 0, 10),
        parties=_read_numbers(top.table("parties"), _PARTIES),
        origins=origins,
        base=base,
        shipping=_read_shipping(top),
        examination=_read_examination(
            top.table("examination"), words=goods.tails, stationary=top.flag("stationary")
        ),
        calibration=tuple(_read_figure(t) for t in _tables(top, "calibration")),
        families=families,
        archetypes=archetypes,
        schemes=schemes,
        goods=goods,
        raw=top.raw(),
    )
    for table in (stream, irregular, top):
        table.done()
    return world


def factor_keys(base: Mapping[str, Any], goods: Goods, origins: Iterable[str]) -> dict[str, list[str]]:
    """For each distribution that a profile may alter, the keys its factors may have."""
    keys = {name: list(base[name]) for name in _BASE_TABLES}
    keys["ead_received_utc"].append("missing")
    keys["hs_code"] = [g.key for g in goods.groups] + [c.key for c in goods.commodities]
    keys["description_qualifier"], keys["description_tail"] = list(goods.qualifiers), list(goods.tails)
    keys["mail_class"], keys["origin"] = list(MAIL_CLASSES), list(origins)
    return keys | {n: ["scale", "spread"] for n in NUMBERS} | {n: ["odds"] for n in ODDS}


def _tables(top: Table, key: str) -> list[Table]:
    outer = top.table(key)
    return [outer.table(k) for k in outer.keys()]


def _read_date(stream: Table) -> date:
    text = stream.text("start")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadSetting("stream.start", got=text, expected="a date such as 2024-01-01") from None


def _read_weekdays(stream: Table) -> tuple[float, ...]:
    given = stream.get("weekdays", expected="seven weights, Monday first")
    good = isinstance(given, list) and len(given) == 7
    if not good or not all(isinstance(v, (int, float)) and 0.01 <= v <= 100 for v in given):
        raise BadSetting("stream.weekdays", got=given, expected="seven weights, Monday first, 0.01 to 100")
    return tuple(float(v) for v in given)


def _read_numbers(table: Table, ranges: Mapping[str, tuple[float, float]]) -> dict[str, float]:
    found = {key: table.number(key, low, high) for key, (low, high) in ranges.items()}
    table.done(known=ranges)
    return found


def _read_origin(table: Table, code: str) -> Origin:
    if len(code) != 2 or not ("QM" <= code <= "QZ" or ("XA" <= code <= "XY" and code not in ("XK", "XX"))):
        raise BadSetting(f"origins.{code}", got=code, expected="a user-assigned code QM–QZ or XA–XY, "
                         "without XK and XX: origins of this world are fictional")
    found = _read_numbers(table, {"share": (0, 1), "trend": (0.1, 10), "days": (0.1, 90),
                                  "ead_missing": (0.001, 0.99), "ead_fall": (0.01, 1),
                                  "hs_missing": (0.001, 0.99)})
    return Origin(code=code, **found)


def _read_goods(table: Table) -> Goods:
    groups = tuple(_read_group(t) for t in _tables(table, "groups"))
    inner = table.table("commodities")
    commodities = tuple(_read_commodity(inner, key, [g.key for g in groups]) for key in inner.keys())
    words = table.table("words")
    vague = tuple(words.table("vague").get("nouns", expected="a list of nouns"))
    goods = Goods(groups, commodities, words.weights("qualifier"), words.weights("tail"), vague)
    _check_goods(goods)
    return goods


def _read_group(table: Table) -> Group:
    group = Group(
        key=table.name("").rstrip(".").rsplit(".", 1)[-1],
        share=table.number("share", 0, 1),
        net_spread=table.number("net_spread", 0.05, 3),
        value_spread=table.number("value_spread", 0.05, 3),
        regulated=table.flag("regulated"),
    )
    table.done()
    return group


def _read_commodity(table: Table, key: str, groups: list[str]) -> Commodity:
    row = table.get(key)
    expected = "[group, six digits, title, net grams, value SDR, weight, nouns…]"
    good = (
        isinstance(row, list)
        and len(row) >= 7
        and all(isinstance(v, (int, float)) and v > 0 for v in row[3:6])
    )
    good = good and all(isinstance(v, str) for v in [*row[:3], *row[6:]])
    if not good or row[0] not in groups or not (len(row[1]) == 6 and row[1].isdigit()):
        raise BadSetting(table.name(key), got=row, expected=expected)
    return Commodity(key, row[0], row[1], row[2], float(row[3]), float(row[4]), float(row[5]), tuple(row[6:]))


def _check_goods(goods: Goods) -> None:
    nouns = [n for c in goods.commodities for n in c.nouns] + list(goods.vague)
    codes = [c.hs_code for c in goods.commodities]
    for what, values in (("noun", nouns), ("HS code", codes)):
        twice = sorted({v for v in values if values.count(v) > 1})
        if twice:
            raise BadSetting(
                "goods.commodities", got=twice[0], expected=f"each {what} for one commodity only"
            )
    for group in goods.groups:
        if sum(c.group == group.key for c in goods.commodities) < 2:
            raise BadSetting(f"goods.groups.{group.key}", got="one commodity or none", expected="two or more")


def _read_base(table: Table, origins: list[str]) -> dict[str, Any]:
    base: dict[str, Any] = {name: table.weights(name) for name in _BASE_TABLES}
    unknown = [t for t in base["transit"] if t not in ("none", *origins)]
    if unknown:
        raise BadSetting("base.transit", got=unknown[0], expected="none or the code of an origin",
                         todo=nearest(unknown[0], origins).strip())
    by_weight = table.table("mail_class")
    base["mail_class"] = {h: by_weight.weights(h, MAIL_CLASSES) for h in HEAVINESS}
    by_weight.done(known=HEAVINESS)
    rates = [r for r in ODDS if r != "hs_missing"]
    base["rate"] = _read_numbers(table.table("rate"), {r: (1e-4, 0.999) for r in rates})
    number = table.table("number")
    base["number"] = {n: _read_numbers(number.table(n), {"median": (0.01, 1e4), "spread": (0.02, 10)})
                      for n in NUMBERS}
    base["elasticity"] = {k: number.number(k, 0, 2) for k in ("value_for_weight", "pieces_for_weight")}
    number.done()
    base["class_weight"] = _read_numbers(table.table("class_weight"), {c: (0.05, 20) for c in MAIL_CLASSES})
    table.done(known=_BASE_TABLES)
    return base


def _read_shipping(top: Table) -> dict[str, Any]:
    packaging = {c: _read_numbers(top.table("packaging").table(c), {"grams": (0.1, 1e3), "power": (0, 1),
                                                                   "most_g": (2, 1e4)}) for c in MAIL_CLASSES}
    postage = {c: _read_numbers(top.table("postage").table(c), {"fixed": (0, 1e3), "per_kg": (0, 1e3),
                                                               "spread": (0.01, 3)}) for c in MAIL_CLASSES}
    limits = _read_numbers(top.table("limits"), {c: (10, 31500) for c in MAIL_CLASSES})
    offices = {t.name("").split(".")[1]: _read_numbers(t, {c: (0, 1e6) for c in MAIL_CLASSES})
               for t in _tables(top, "offices")}
    return {"packaging": packaging, "postage": postage, "limits": limits, "offices": offices}


def _read_figure(table: Table) -> Figure:
    expected = table.get("expected", expected="[least, most]")
    if not (isinstance(expected, list) and len(expected) == 2 and expected[0] <= expected[1]):
        raise BadSetting(table.name("expected"), got=expected, expected="[least, most]")
    aim = table.flag("aim", True)
    figure = Figure(key=table.name("").rstrip(".").rsplit(".", 1)[-1], title=table.text("title"),
                    least=float(expected[0]), most=float(expected[1]),
                    tolerance=table.number("tolerance", 0, 1e6), source=table.text("source"),
                    reason="" if aim else table.text("reason"))
    table.done(known=["reason"])
    return figure


def _read_examination(table: Table, *, words: Iterable[str], stationary: bool) -> dict[str, Any]:
    found: dict[str, Any] = {key: table.number(key, *limits) for key, limits in _RATES.items()}
    hours = table.get("wait_hours", expected="[least, most] hours")
    if not (isinstance(hours, list) and len(hours) == 2 and 0 <= hours[0] <= hours[1]):
        raise BadSetting(table.name("wait_hours"), got=hours, expected="[least, most] hours")
    found["wait_hours"] = tuple(float(h) for h in hours)
    found["profiles"] = {
        t.name("").rstrip(".").rsplit(".", 1)[-1]: _read_points(t) for t in _tables(table, "profiles")
    }
    rows = table.get("listed", [])
    found["listed"] = [] if stationary else [_read_listed(Table(row, f"{table.name('listed')}[{i}]"), words)
                                             for i, row in enumerate(rows)]
    table.done(known=_RATES)
    if not found["profiles"]:
        raise BadSetting(table.name("profiles"), got={}, expected="at least one risk profile")
    return found


def _read_points(table: Table) -> dict[str, float]:
    points = {key: table.number(key, -10, 10) for key in table.keys() if key in INDICATORS}
    table.done(known=INDICATORS)
    return points


def _read_listed(table: Table, words: Iterable[str]) -> dict[str, Any]:
    given = table.get("words", expected="a list of tail words of the goods file")
    if not isinstance(given, list) or not set(given) <= set(words):
        raise BadSetting(table.name("words"), got=given, expected="a list of tail words of the goods file")
    listed = {"words": given, "from_day": table.number("from_day", -_FOREVER, _FOREVER)}
    table.done()
    return listed


def _inherit(scheme: Profile, archetype: Profile) -> Profile:
    """What a scheme does not say about its identities is as in the archetype that it imitates."""
    novelty = archetype.novelty if scheme.novelty == _INHERIT else scheme.novelty
    role = archetype.sender_role if scheme.sender_role[0] == _INHERIT else scheme.sender_role
    return replace(scheme, novelty=novelty, sender_role=role)


class _ProfileReader:
    """Reads archetypes and schemes, which share one grammar."""

    def __init__(self, keys: Mapping[str, list[str]], families: Mapping[str, str], stationary: bool) -> None:
        self._keys, self._families, self._stationary = keys, families, stationary

    def read(self, table: Table, archetypes: Mapping[str, Profile]) -> Profile:
        """One profile; `archetypes` are those that a scheme may imitate, none for an archetype itself."""
        scheme = bool(archetypes)
        young, old, turn = self._roles(table)
        activity = dict(table.get("activity", {"kind": "steady"})) if scheme else {"kind": "steady"}
        make_behaviour(activity, table.name("activity"))
        profile = Profile(
            key=table.name("").rstrip(".").rsplit(".", 1)[-1], title=table.text("title"),
            source=table.text("source") if scheme else "chosen", share=table.number("share", 0, 1),
            imitates=table.one_of("imitates", archetypes) if scheme else None,
            family=table.one_of("family", self._families) if scheme else None,
            rate=table.number("rate", 0.001, 0.999) if scheme else 0.0, once=table.flag("once"),
            volume=table.number("volume", -5, 5, 0.0), most=table.whole("most", 0, 20, 20),
            novelty=table.number("novelty", 0.001, 0.999) if "novelty" in table else _INHERIT,
            sender_role=(young, old), turn_days=turn,
            activity={"kind": "steady"} if self._stationary else activity,
            fields=self._fields(table), timed=self._timed(table))
        table.done()
        return _inherit(profile, archetypes[profile.imitates]) if scheme else profile

    def _roles(self, table: Table) -> tuple[float, float, float]:
        if "sender_role" not in table:
            return _INHERIT, _INHERIT, 0.0
        if isinstance(table.get("sender_role"), Mapping):
            inner = table.table("sender_role")
            roles = (
                inner.number("young", 0, 1),
                inner.number("old", 0, 1),
                inner.number("turn_days", 0, 365),
            )
            inner.done()
            return roles
        both = table.number("sender_role", 0, 1)
        return both, both, 0.0

    def _fields(self, table: Table) -> dict[str, dict[str, float]]:
        inner = table.table("fields", {})
        known = [*self._keys]
        found = {}
        for name in inner.keys():
            if name not in self._keys:
                raise BadSetting(inner.name(name), got=inner.get(name), expected="the name of a distribution",
                                 todo=nearest(name, known).strip())
            found[name] = self._factors(inner.table(name), name)
        return found

    def _factors(self, table: Table, name: str) -> dict[str, float]:
        found = {k: table.number(k, 1e-3, 1e3) for k in table.keys() if k in self._keys[name]}
        table.done(known=self._keys[name])
        return found

    def _timed(self, table: Table) -> tuple[Timed, ...]:
        rows = table.get("timed", [])
        tables = [Table(row, f"{table.name('timed')}[{i}]") for i, row in enumerate(rows)]
        timed = tuple(self._one_timed(t) for t in tables)
        return () if self._stationary else timed

    def _one_timed(self, table: Table) -> Timed:
        name = table.one_of("field", self._keys)
        timed = Timed(
            name,
            self._factors(table.table("factors"), name),
            table.number("from_day", -_FOREVER, _FOREVER, -_FOREVER),
            table.number("until_day", -_FOREVER, _FOREVER, _FOREVER),
            table.number("ramp_days", 0, 3650, 1.0),
        )
        table.done()
        return timed
