"""Fills the tables of the data sheet (``README.md``): ``python -m data_synthetic datasheet``.

The prose is written by hand; between ``<!-- made: NAME -->`` and ``<!-- end -->`` stands what
`TABLES[NAME]` makes from the dictionary, the world and streams, so no figure is typed twice. A test fills it
again and compares.

>>> fill("<!-- made: archetypes -->old<!-- end -->").count("small_firm")
1
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from data_synthetic.package import SAMPLE, load_dictionary
from data_synthetic.report import report
from data_synthetic.stream import Stream, generate
from data_synthetic.world import HERE, PRESETS, Profile, load_world
from risk.errors import Refused

__all__ = ["TABLES", "fill", "CALIBRATION"]

CALIBRATION = {"world": "operational", "n_items": 100_000, "seeds": (1, 2, 3)}
_PRESET_ITEMS = 20_000
_PART = re.compile(r"(<!-- made: (\w+) -->)(.*?)(<!-- end -->)", re.DOTALL)


def fill(text: str) -> str:
    """The text with every marked part made again.

    Raises
    ------
    risk.errors.Refused
        When a part is named that nothing makes.
    """
    def made(match: re.Match[str]) -> str:
        if match[2] not in TABLES:
            raise Refused(f"README.md asks for a table '{match[2]}'; expected one of {', '.join(TABLES)}. "
                          "Nothing was written.")
        return f"{match[1]}\n{TABLES[match[2]]()}\n{match[4]}"
    return _PART.sub(made, text)


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(map(str, row)) + " |" for row in [head, *rows]]
    return "\n".join([lines[0], "|" + "---|" * len(head), *lines[1:]])


def _fields(resource: str) -> str:
    dictionary = load_dictionary()
    rows = [[f"`{f.name}`", f.type, f.unit or "", "no" if f.required else "yes", f.standard or "",
             f.title] for f in dictionary.fields(resource)]
    return _table(["column", "type", "unit", "may be missing", "element it mirrors", "meaning"], rows)


def _schemes() -> str:
    def row(p: Profile) -> list[object]:
        return [f"`{p.key}`", p.title, f"`{p.imitates}`", f"{100 * p.share:.1f} %", f"{100 * p.rate:.0f} %",
                ("once" if p.once else p.activity["kind"]) + (", shifts" if p.timed else ""),
                ", ".join(f"`{c}`" for c in p.altered), load_world().families[p.family], p.source]
    head = ["scheme", "what it does", "imitates", "of irregular items", "of its items", "in time", "alters",
            "recorded as", "source"]
    return _table(head, [row(p) for p in load_world().schemes])


def _archetypes() -> str:
    rows = [[f"`{a.key}`", a.title, f"{100 * a.share:.1f} %",
             ", ".join(f"`{s.key}`" for s in load_world().schemes if s.imitates == a.key) or "–"]
            for a in load_world().archetypes]
    return _table(["archetype", "who", "of regular items", "imitated by"], rows)


def _presets() -> str:
    rows = [_preset_row(p, generate(load_world(p), _PRESET_ITEMS, seed=1)) for p in PRESETS]
    head = ["preset", "days", "irregular", "examined", "found", "hit rate, targeting and rules",
            "hit rate, random", "parties"]
    return f"{_PRESET_ITEMS:,} items each, seed 1.\n\n" + _table(head, rows)


def _preset_row(name: str, stream: Stream) -> list[object]:
    d, o, t = stream.declarations, stream.outcomes, stream.truth
    random = o["channel"] == "random"
    hits = [
        f"{100 * part['found'].mean():.1f} % of {len(part)}" if len(part) else "–"
        for part in (o[~random], o[random])
    ]
    return [f"`{name}`", stream.manifest["flow"]["days"], f"{100 * t['irregular'].mean():.2f} %",
            f"{100 * len(o) / len(d):.1f} %", int(o["found"].sum()), *hits,
            f"{len(set(d['sender_id']) | set(d['recipient_id'])):,}"]


def _sample() -> str:
    settings = dict(SAMPLE)
    stream = generate(load_world(settings.pop("world")), settings.pop("n_items"), **settings)
    rows = [[k, f"`{v}`"] for k, v in stream.manifest.items() if k not in ("flow", "block", "format")]
    counts = [
        ["declarations", f"{len(stream.declarations):,}"],
        ["outcomes", f"{len(stream.outcomes):,}"],
        ["found", int(stream.outcomes["found"].sum())],
        ["irregular", int(stream.truth["irregular"].sum())],
    ]
    return _table(["", "of the committed sample"], rows + counts)


def _profiles() -> str:
    rows = [[f"`{name}`", ", ".join(f"{k.replace('_', ' ')} {v:+g}" for k, v in points.items())]
            for name, points in load_world().examination["profiles"].items()]
    return _table(["risk profile", "points"], rows)


def _calibration() -> str:
    world = load_world(CALIBRATION["world"])
    return report([generate(world, CALIBRATION["n_items"], seed=s) for s in CALIBRATION["seeds"]], world)


TABLES: dict[str, Callable[[], str]] = {
    "declarations": lambda: _fields("declarations"), "outcomes": lambda: _fields("outcomes"),
    "truth": lambda: _fields("truth"), "schemes": _schemes, "archetypes": _archetypes, "presets": _presets,
    "profiles": _profiles, "sample": _sample, "calibration": _calibration}

README = HERE / "README.md"
