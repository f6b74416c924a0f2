"""A trainee's own card as HTML: what they did, one strength, one habit to try. No rank, nobody else."""

from __future__ import annotations

from collections.abc import Callable

from risk.classroom.debrief import Card, CardItem
from risk.classroom.measures.figure import Figure
from risk.ui import html
from risk.ui.i18n import _, number, percent
from risk.ui.present.training_words import (
    ACTION_WORDS,
    HABIT_WORDS,
    STRENGTH_WORDS,
    figure_words,
    share_words,
)

__all__ = ["card_html"]


def card_html(card: Card, reason: Callable[[str], str]) -> html.Html:
    """The card; `reason` says an item's main reason. Every text is escaped."""
    parts = [
        html.tag("h2", _("Your card, {name}", name=card.pseudonym)),
        html.tag("p", _("Only you see this. It is not compared with anyone."), "rk-small"),
    ]
    if not card.judged:
        return html.Html("".join([*parts, html.note(_("You have no counted answers in this session."))]))
    parts += [
        html.definition_rows(_facts(card)),
        _untold(card),
        html.tag("p", _("A strength"), "rk-section"),
        html.note(_(STRENGTH_WORDS[card.strength]), "good"),
        html.tag("p", _("A habit to try"), "rk-section"),
        html.note(_(HABIT_WORDS[card.habit])),
        _list(_("Irregular items you examined"), card.hits, reason),
        _list(_("Irregular items you released"), card.misses, reason),
        _list(_("Regular items you examined"), card.alarms, reason),
    ]
    return html.Html("".join(parts))


def _facts(card: Card) -> list[tuple[str, str]]:
    """What can be told; what too few answers say nothing about is left to `_untold`."""
    sure = _("{sure} sure, {right} right", sure=percent(card.confidence), right=percent(card.accuracy))
    return [
        (_("Right"), _("{n} of {of}", n=number(card.correct), of=number(card.judged))),
        (_("Sure and right, on average"), sure),
        *((title, words) for title, figure, words in _figures(card) if figure.why != "too_few"),
    ]


def _figures(card: Card) -> list[tuple[str, Figure, str]]:
    trust = card.reliance
    return [
        (_("Telling irregular from regular (d′: 0 is guessing, 1 fair, 2 good)"), card.sensitivity,
         figure_words(card.sensitivity, you=True)),
        (_("Leaning (c: above 0 to release, below 0 to examine)"), card.criterion,
         figure_words(card.criterion, you=True)),
        (_("Took right advice when wrong before it"), trust.rair, share_words(trust.rair, you=True)),
        (_("Kept a right answer against wrong advice"), trust.rsr, share_words(trust.rsr, you=True)),
    ]  # fmt: skip


def _untold(card: Card) -> str:
    if all(figure.why != "too_few" for _title, figure, _words in _figures(card)):
        return ""
    words = _("What is not listed here takes more items to say.")
    return html.tag("p", words, "rk-small")


def _list(title: str, items: tuple[CardItem, ...], reason: Callable[[str], str]) -> str:
    if not items:
        return ""
    lines = [
        html.Html(html.tag("span", i.item_id, "rk-id") + " " + html.escape(_story(i)) + "<br>"
                  + html.escape(_("Main reason of the score: {reason}", reason=reason(i.item_id))))
        for i in items
    ]  # fmt: skip
    inside = html.tag("summary", f"{title} ({number(len(items))})") + html.bullets(lines)
    return html.tag("details", html.Html(inside))


def _story(item: CardItem) -> str:
    first, final = _(ACTION_WORDS[item.first]), _(ACTION_WORDS[item.final])
    said = first if first == final else _("{first}, then {final}", first=first, final=final)
    return _("{said}; the score alone: {advice}.", said=said, advice=_(ACTION_WORDS[item.advice]).lower())
