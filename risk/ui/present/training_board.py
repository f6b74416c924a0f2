"""The board as a value: big words and few numbers, for the back row. Charts are plain dictionaries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from risk.classroom.board import BlockPanel, Board, ItemPanel
from risk.classroom.measures.figure import Figure
from risk.classroom.plan import CONFIDENCES
from risk.ui.i18n import _, number, percent, plural
from risk.ui.present.item import ItemView
from risk.ui.present.training_words import (
    ACTION_WORDS,
    KIND_TITLES,
    MODE_TITLES,
    SCRIPT,
    interval_words,
    mode_hint,
)
from risk.ui.present.words import frequency

__all__ = [
    "BoardView",
    "Bars",
    "board_view",
    "calibration_rows",
    "item_bars",
    "item_facts",
    "roc_points",
    "sureness",
    "trust_points",
]


@dataclass(frozen=True)
class Bars:
    """Answers before and after advice: rows of (when, action, people), with a text equivalent."""

    rows: tuple[dict[str, Any], ...]
    words: str


@dataclass(frozen=True)
class BoardView:
    """What the board shows. `lines` are short facts; `charts` come from the panels themselves."""

    title: str
    hint: str
    progress: str
    ends_at: float
    lines: tuple[str, ...]
    table: tuple[tuple[str, str, str, str], ...]
    contested: tuple[str, ...]
    script: tuple[tuple[str, str], ...] = ()


def board_view(told: Board, plan: str) -> BoardView:
    """The words of a board."""
    title = _(MODE_TITLES[told.mode]) if told.mode else _(KIND_TITLES[told.kind])
    if told.over:
        title = _("The session is over")
    lines = _item_lines(told.closed) if told.closed else []
    return BoardView(
        title,
        mode_hint(told.mode, plan) if told.mode and not told.block and not told.closed else "",
        _progress(told),
        told.ends_at if told.open else 0.0,
        tuple(lines),
        tuple(_rows(told.block)) if told.block else (),
        tuple(_contested(told.block)) if told.block else (),
        tuple((_(what), _(how)) for what, how in SCRIPT) if told.kind == "debrief" and not told.over else (),
    )


def _progress(told: Board) -> str:
    if told.kind == "lobby" or told.over:
        return ""
    if told.mode and told.pacing == "trainer" and told.item < 0:
        return _("The first item opens soon.")
    said = (
        _("{n} of {of} answered", n=number(told.answered), of=number(told.expected)) if told.expected else ""
    )
    if told.pacing == "trainer" and told.item >= 0:
        return _("Item {n} of {of}", n=number(told.item + 1), of=number(told.items)) + (
            f" · {said}" if said else ""
        )
    return said


def _item_lines(panel: ItemPanel) -> list[str]:
    said = frequency(panel.risk_score)
    lines = [_("The score: {frequency}", frequency=said[:1].lower() + said[1:])]
    if panel.truth:
        truth = _("In truth: irregular.") if panel.truth == "examine" else _("In truth: regular.")
        right = panel.truth == panel.advice
        verdict = _("The score alone was right.") if right else _("The score alone was wrong.")
        lines.append(f"{truth} {verdict}")
    if panel.why:
        return [*lines, _("Answers are shown from 5 people on.")]
    most = max(panel.before.values(), default=0) / max(1, sum(panel.before.values()))
    lines.append(_("Before the score, {share} gave the same answer.", share=percent(most)))
    switched = panel.switched
    changed = plural("{n} changed the answer after it.", "{n} changed their answers after it.", switched)
    return [*lines, changed]


def item_bars(panel: ItemPanel) -> Bars:
    """Rows for the before-and-after chart of a closed item."""
    rows = []
    for when, counts in ((_("before the score"), panel.before), (_("after it"), panel.after)):
        for action in ACTION_WORDS:
            rows.append({"when": when, "action": _(ACTION_WORDS[action]), "people": counts.get(action, 0)})
    words = "; ".join(f"{r['when']}: {r['action']} {r['people']}" for r in rows)
    return Bars(tuple(rows), words)


def sureness(panel: ItemPanel) -> Bars:
    """Rows for the histogram of confidence in the final answers."""
    rows = [{"level": f"{level} %", "people": panel.confidence.get(level, 0)} for level in CONFIDENCES]
    return Bars(tuple(rows), "; ".join(f"{r['level']}: {r['people']}" for r in rows))


def item_facts(view: ItemView) -> list[tuple[str, str]]:
    """The stated parts of a declaration's contents, and its origin, for the board."""
    wanted = {row.title: row.value for s in view.sections for row in s.rows if row.value}
    contents = {row.title for s in view.sections[1:2] for row in s.rows}
    return [(title, value) for title, value in wanted.items() if title in contents][:9]


def _rows(block: BlockPanel) -> list[tuple[str, str, str, str]]:
    """Mode, hit rate, false-alarm rate, right where the model was wrong."""
    out = []
    for mode, (hit, false) in block.rates.items():
        out.append(
            (_(MODE_TITLES[mode]), interval_words(hit), interval_words(false),
             interval_words(block.right[mode][1]))  # fmt: skip
        )
    return out


def _contested(block: BlockPanel) -> list[str]:
    return [
        _("{item}: {share} of {n} would examine", item=c.item_id, share=percent(c.examine), n=number(c.n))
        for c in block.contested
    ]


def _point(name: str, x: Figure, y: Figure) -> dict[str, Any] | None:
    if not (x.known and y.known):
        return None
    return {"name": name, "x": x.value, "x1": x.low, "x2": x.high, "y": y.value, "y1": y.low, "y2": y.high}


def roc_points(block: BlockPanel) -> list[dict[str, Any]]:
    """The class in ROC space: false alarms across, hits up, with intervals; one point a mode."""
    points = [_point(_(MODE_TITLES[m]), false, hit) for m, (hit, false) in block.rates.items()]
    return [p for p in points if p]


def trust_points(block: BlockPanel) -> list[dict[str, Any]]:
    """The reliance plane: right advice taken across, wrong advice resisted up."""
    points = [_point(_(MODE_TITLES[m]), r.rair, r.rsr) for m, r in block.reliance.items()]
    return [p for p in points if p]


def calibration_rows(levels: tuple) -> list[dict[str, Any]]:
    """Confidence against being right, for the levels that were used."""
    return [
        {"said": level.said, "right": level.right.value, "low": level.right.low, "high": level.right.high,
         "n": level.right.n}
        for level in levels
        if level.right.known
    ]  # fmt: skip
