"""The trainer's report as HTML that prints well, with a CSV and JSON annex; every text is escaped."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import pandas as pd

import risk
from risk.classroom.board import Contested
from risk.classroom.debrief import Change, ModeRow, Report, Slice
from risk.classroom.privacy import K
from risk.classroom.state import Room
from risk.ui import html
from risk.ui.i18n import N_, _, moment, number, percent, plural
from risk.ui.present.training_words import (
    CHECK_WORDS,
    CONTRAST_TITLES,
    EXIT_WORDS,
    MODE_TITLES,
    PLAN_TITLES,
    SCRIPT,
    SLICE_TITLES,
    figure_words,
    scheme_title,
    sentence,
    share_words,
    verdict_words,
)

__all__ = ["ItemStory", "annex_csv", "annex_json", "report_html"]

IN_SHORT = {
    "": N_("over all items, {verdict}"),
    "model_right": N_("where the model was right, {verdict}"),
    "model_wrong": N_("where the model was wrong, {verdict}"),
}
HOW_TO_READ = (
    N_("Every share comes with its 95 % interval: the range of values that fit what was seen."),
    N_("“We cannot tell” means the interval covers no difference. It does not mean that there is none."),
    N_(
        "Diagnostic blocks are made half irregular, with the model wrong on half: their rates are not those "
        "at work."
    ),
    N_("This report is about the class and the model. It ranks nobody and cannot be used to."),
)
LIMITS = (
    N_(
        "Blocks came in a fixed order, so practice and tiredness are mixed into the differences between "
        "blocks."
    ),
    N_("Orders of the blocks were counterbalanced over people; the differences are averages over orders."),
    N_("Few people and items give wide intervals; a second class narrows them more than any formula."),
    N_("Items come from a made world: what holds here about judgement need not hold for real post."),
)


@dataclass(frozen=True)
class ItemStory:
    """What is told of an item at the debrief: truth, scheme, what it altered, score and main reasons."""

    truth: str
    scheme: str
    altered: tuple[str, ...]
    frequency: str
    reasons: tuple[str, ...]


def report_html(told: Report, seal: str, story: Callable[[str], ItemStory]) -> html.Html:
    """The report, from a heading on; `story` tells an item."""
    parts = [
        html.tag("h1", told.title),
        html.definition_rows(_what_was_run(told, seal)),
        _section(_("In short"), _in_short(told.changes)),
        _section(_("How to read it"), html.bullets(_how_to_read(told))),
        _section(_("The class, part by part"), _class_table(told.table)),
        _section(_("What the score changed"), _moved(told)),
        _section(_("Differences, each person against themselves"), _changes(told.changes)),
        _section(_("The explanation"), html.definition_rows(_explanation(told))),
        _section(_("Confidence"), _confidence(told)),
        _section(_("Five items to talk about"), _talk(told.talk_about, story)),
        _section(_("False alarms by route"), _slices(told.alarms, _("Route"), _("regular items examined"))),
        _section(_("Schemes"), _slices(told.schemes, _("Scheme"), _("irregular items examined"))),
        _section(_("Questions"), _questions(told)),
        _section(_("Limits"), html.bullets(_limits(told))),
        _section(_("A discussion in four steps"), html.definition_rows([(_(a), _(b)) for a, b in SCRIPT])),
        _section(_("Items to look at again, after one day and after seven"), _again(told.repeat)),
    ]
    return html.Html("".join(parts))


def _section(title: str, body: str) -> str:
    return html.tag("section", html.Html(html.tag("h2", title) + body))


def _how_to_read(told: Report) -> list[str]:
    """The lines that hold for this plan: items picked by hand are not half irregular by design."""
    made = _("The trainer picked the items by hand: their rates are not those at work.")
    return [made if line == HOW_TO_READ[2] and told.plan == "by-hand" else _(line) for line in HOW_TO_READ]


def _what_was_run(told: Report, seal: str) -> list[tuple[str, str]]:
    when = moment(datetime.datetime.fromtimestamp(told.opened_at, datetime.UTC))
    order = _("counterbalanced") if told.study else _("fixed")
    return [
        (_("When"), when),
        (_("Plan"), _(PLAN_TITLES.get(told.plan, told.plan))),
        (_("People"), number(told.joined)),
        (_("Order of the blocks"), order),
        (_("Model"), told.model_id),
        (_("Software"), f"postal-risk-workbench {risk.__version__}"),
        (_("Items (digest), seed"), f"{told.digest[:16]} · {told.seed}"),
        (_("Seal of the log"), seal or "–"),
    ]


def _class_table(rows: Sequence[ModeRow]) -> str:
    if not rows:
        return html.note(_("No block was judged."))
    if max(r.people for r in rows) < K:
        return html.note(_("Shown from 5 people on."))
    heads = (_("Part"), _("People · answers"), _("Irregular examined"), _("Regular examined"), _("Right"),
             _("Took right advice"), _("Resisted wrong advice"), _("Cost an item (score alone)"))  # fmt: skip
    body = [
        (
            _(MODE_TITLES[r.mode]),
            f"{number(r.people)} · {number(r.judgements)}",
            share_words(r.hit_rate),
            share_words(r.false_alarm_rate),
            share_words(r.accuracy),
            share_words(r.reliance.rair),
            share_words(r.reliance.rsr),
            f"{figure_words(r.cost)} ({figure_words(r.cost_alone)})"
            if r.cost.known
            else figure_words(r.cost),
        )
        for r in rows
    ]
    more = [
        (_(MODE_TITLES[r.mode]), share_words(r.reliance.switches), share_words(r.reliance.harmful),
         figure_words(r.alpha), figure_words(r.ac1))
        for r in rows
    ]  # fmt: skip
    heads_more = (_("Part"), _("Followed advice they disagreed with"), _("Left a right answer"),
                  _("Agreement (alpha)"), _("Agreement (AC1)"))  # fmt: skip
    note = html.tag("p", _("Cost: a needless examination counts 1, a missed irregular item 10."), "rk-small")
    first, second = (html.tag("div", html.table(*t), "rk-wide") for t in ((heads, body), (heads_more, more)))
    return first + note + second


def _moved(told: Report) -> str:
    words = {
        "rescued": N_("rescued: wrong at first, right after the score"),
        "stayed_wrong": N_("stayed wrong although the score was right"),
        "talked_out": N_("talked out of a right answer"),
        "resisted": N_("resisted a wrong score"),
        "agreed": N_("agreed with the score from the start"),
        "left": N_("went against a score that agreed with them"),
    }
    shown = {
        mode: counts for mode, counts in told.moved.items() if mode in ("SCORE", "SCORE_WHY", "OPERATIONAL")
    }
    if not shown:
        return html.note(_("Shown from 5 people on, in parts with a score."))
    heads = (_("What became of the answers"), *(_(MODE_TITLES[mode]) for mode in shown))
    rows = [(_(said), *(number(shown[mode][code]) for mode in shown)) for code, said in words.items()]
    return html.table(heads, rows, right=frozenset(range(1, len(heads))))


def _in_short(changes: Sequence[Change]) -> str:
    """What to say first: what the score, and the score with its reasons, changed."""
    found = {(c.what, c.slice): c.contrast.verdict for c in changes}
    lines = []
    for what, title in (("score", N_("With the score")), ("score_why", N_("With score and reasons"))):
        told = [
            _(words, verdict=verdict_words(found[what, part]))
            for part, words in IN_SHORT.items()
            if found.get((what, part), "too_few") != "too_few"
        ]
        if told:
            lines.append(html.Html(html.tag("strong", _(title)) + _(": ") + html.escape(_("; ").join(told) + ".")))
    if not lines:
        return html.note(_("Too few people or answers to say what the score changed."))
    return html.tag("p", _("Final answers, against the same people's first answers:")) + html.bullets(lines)


def _changes(changes: Sequence[Change]) -> str:
    if not changes:
        return html.note(_("There is nothing to compare in this plan."))
    if not any(c.contrast.figure.known for c in changes):
        return html.note(_("Too few people or answers to say what the score changed."))
    by = {what: [c for c in changes if c.what == what] for what in CONTRAST_TITLES}
    return "".join(_compared(what, part) for what, part in by.items() if part)


def _compared(what: str, changes: Sequence[Change]) -> str:
    """One comparison as a table; what too few answers say nothing about is one line."""
    cost, rows = what.startswith("cost"), []
    for change in changes:
        if change.contrast.figure.known:
            rows.append((
                _(MODE_TITLES[change.slice]) if cost else _slice_title(change),
                html.tag("strong", verdict_words(change.contrast.verdict, cost=cost)),
                figure_words(change.contrast.figure) if cost else _points(change),
                number(change.contrast.people),
            ))  # fmt: skip
    untold = len(changes) - len(rows)
    if untold and what == "scheme":
        few = plural("{n} other scheme", "{n} other schemes", untold)
        rows.append((few, verdict_words("too_few"), "–", "–"))
    elif untold:
        rows.append((plural("{n} other row", "{n} other rows", untold), verdict_words("too_few"), "–", "–"))
    first = _("Part") if cost else _("Scheme") if what == "scheme" else _("Items")
    heads = (first, _("What we can say"), _("Difference (95 % interval)"), _("People"))
    return html.table(heads, rows, caption=_(CONTRAST_TITLES[what]), right=frozenset({3}))


def _slice_title(change: Change) -> str:
    return scheme_title(change.slice) if change.what == "scheme" else _(SLICE_TITLES[change.slice])


def _signed(value: float) -> str:
    """A number with its sign.

    >>> _signed(12.4), _signed(-0.2)
    ('+12', '0')
    """
    said = number(round(value) + 0.0)
    return f"+{said}" if round(value) > 0 else said


def _points(change: Change) -> str:
    figure = change.contrast.figure
    if not figure.known:
        return figure_words(figure)
    low, high = number(100 * figure.low), number(100 * figure.high)
    return _("{value} points ({low} to {high})", value=_signed(100 * figure.value), low=low, high=high)


def _explanation(told: Report) -> list[tuple[str, str]]:
    return [
        (_("Reasons were opened"), share_words(told.opened)),
        (_("Seconds between opening and answering (median)"), figure_words(told.opened_seconds, places=0)),
        (_("Own reason among the score's largest"), share_words(told.overlap)),
    ]


def _confidence(told: Report) -> str:
    rows = [
        (_(MODE_TITLES[r.mode]), figure_words(r.over_confidence), figure_words(r.brier)) for r in told.table
    ]
    heads = (_("Part"), _("Over-confidence (sure less right)"), _("Brier score (0 is best)"))
    out = html.table(heads, rows)
    if told.curve:
        used = [level for level in told.curve if level.right.known]
        out += html.table(
            (_("Said"), _("Was right")), [(percent(level.said), share_words(level.right)) for level in used]
        )
    return out


def _talk(items: Sequence[Contested], story: Callable[[str], ItemStory]) -> str:
    if not items:
        return html.note(_("Shown from 5 people on."))
    out = []
    for item in items:
        told = story(item.item_id)
        lines = [
            _(
                "{share} of {n} people would have examined it at first.",
                share=percent(item.examine),
                n=number(item.n),
            ),
            told.truth,
            told.frequency,
            *told.reasons,
        ]
        if told.altered:
            lines.insert(2, _("What the scheme “{scheme}” altered: {fields}.", scheme=scheme_title(told.scheme),
                              fields=", ".join(told.altered)))  # fmt: skip
        out.append(html.tag("h3", item.item_id, "rk-id") + html.bullets(lines))
    return "".join(out)


def _slices(slices: Sequence[Slice], column: str, what: str) -> str:
    """Shares by value; values that nothing can be said of are joined into one line for each reason."""
    if not slices:
        return html.note(_("No such items."))
    rows = [(scheme_title(s.name) or "–", number(s.people), share_words(s.figure)) for s in slices if s.figure.known]
    for why in sorted({s.figure.why for s in slices if not s.figure.known}):
        some = [s for s in slices if s.figure.why == why]
        rows.append((plural("{n} other", "{n} others", len(some)), "–", share_words(some[0].figure)))
    return html.table((column, _("People"), what), rows, right=frozenset({1}))


def _questions(told: Report) -> str:
    rows = [(_(CHECK_WORDS[code][0]), share_words(figure)) for code, figure in told.checks.items()]
    out = html.table((_("Reading the explanation"), _("Right")), rows)
    for code, counts in told.exits.items():
        asked, choices = EXIT_WORDS[code]
        if counts:
            said = "; ".join(f"{_(choices[int(n)])}: {number(count)}" for n, count in sorted(counts.items()))
            out += html.tag("p", html.Html(html.tag("strong", _(asked)) + " " + html.escape(said)))
    return out


def _limits(told: Report) -> list[str]:
    return [_(LIMITS[1] if told.study else LIMITS[0]), _(LIMITS[2]), _(LIMITS[3])]


def _again(items: Sequence[str]) -> str:
    if not items:
        return html.note(_("Nothing was wrong often enough, or fewer than 5 people took part."))
    said = plural(
        "This item was wrong most often at the end.", "These items were wrong most often at the end.", len(items)
    )
    return html.tag("p", said) + html.bullets(items)


# -- annex ------------------------------------------------------------------------------------------------


def annex_json(told: Report) -> str:
    """The whole report as JSON: figures with intervals, or the name of what is missing."""
    return json.dumps(asdict(told), indent=1, ensure_ascii=False)


def annex_csv(told: Report) -> pd.DataFrame:
    """The class table as rows: mode, measure, value, low, high, n, why. Write it formula-safe."""
    rows = []
    for row in told.table:
        figures = {
            "hit_rate": row.hit_rate,
            "false_alarm_rate": row.false_alarm_rate,
            "accuracy": row.accuracy,
            "rair": row.reliance.rair,
            "rsr": row.reliance.rsr,
            "switch_fraction": row.reliance.switches,
            "harmful_switches": row.reliance.harmful,
            "brier": row.brier,
            "over_confidence": row.over_confidence,
            "alpha": row.alpha,
            "ac1": row.ac1,
            "cost": row.cost,
            "cost_alone": row.cost_alone,
        }
        rows += [{"mode": row.mode, "measure": name, **asdict(f)} for name, f in figures.items()]
    for change in told.changes:
        name = f"{change.what}:{change.slice}"
        rows.append({"mode": "contrast", "measure": name, **asdict(change.contrast.figure)})
    return pd.DataFrame(rows)


def story_of(room: Room, item_id: str, *, scheme: str, altered: tuple[str, ...], view) -> ItemStory:
    """An item's story from its facts, its truth and its view."""
    facts = room.facts(item_id)
    truth = _("In truth it is irregular.") if facts.irregular else _("In truth it is regular.")
    right = _("The score alone was right.") if facts.model_right else _("The score alone was wrong.")
    reasons = [*view.raising[:2], *view.lowering[:2]]
    return ItemStory(
        f"{truth} {right}",
        scheme,
        altered,
        sentence(view.frequency),
        tuple(_("{reason}: {effect}", reason=r.sentence, effect=r.effect) + "." for r in reasons),
    )
