"""The trainee's page: one item at a time, first one's own answer, then the score."""

import streamlit as st

from risk.classroom import events as ev
from risk.classroom import rules
from risk.classroom.plan import CONFIDENCES, TAGS
from risk.classroom.questions import CHECKS, EXITS, Question
from risk.errors import NotFound, RiskError
from risk.ui import html, i18n, training
from risk.ui.i18n import _
from risk.ui.present.item import declaration_html, reason_html
from risk.ui.present.training_card import card_html
from risk.ui.present.training_trainee import Advice, Feedback, TraineeView, trainee_view
from risk.ui.present.training_words import (
    ACTION_WORDS,
    CHECK_WORDS,
    EXAMPLE_REASONS,
    EXAMPLE_SHARE,
    EXIT_WORDS,
    PURPOSE,
    TAG_TITLES,
    sentence,
)
from risk.ui.present.words import frequency
from risk.ui.session import attempt, flash, form_key, show_flash


def draw() -> None:
    """Draw what this browser's seat may see now."""
    key = training.key_of(training.SEAT)
    try:
        if key is None:
            raise RiskError(_("This browser has no seat in a session."))
        room, seat = training.hall().seat(key)
    except RiskError as error:
        gone = _("The answers of this session are deleted. Nothing of yours is kept any more.")
        st.html(html.note(gone if isinstance(error, NotFound) else i18n.told(error)))
        st.link_button(_("Join with the code on the board"), f"{training.base()}/join", type="primary")
        return
    view = trainee_view(room, seat, lambda item_id: training.item(room, item_id))
    name = html.tag("p", view.pseudonym, "rk-small", aria_label=_("Your name in this session"))
    st.html(html.tag("span", "", "rk-seat-page", data_place=_place(view)) + name)
    if view.does not in ("answer", "revise"):  # there the message is beside the buttons
        show_flash()
    {
        "lobby": _lobby,
        "check": _check,
        "debrief": _card,
        "exit": _exit,
        "over": _card,
    }.get(view.does, _judge)(view)
    training.listen(training.SEAT, training.seat_mark(room, seat.seat_id))


def _place(view: TraineeView) -> str:
    """Changes when something new is to be read: the page then goes to its top."""
    shown = view.advice.shown if view.advice else False
    return f"{view.step}.{view.item_id}.{view.does}.{shown:d}"


def _act(rule, make, click: str) -> bool:
    """Do one act for this browser's seat; True when it is recorded. The message stays on the page."""
    key = training.key_of(training.SEAT)
    done = attempt(training.hall().answer, key, rule, make, click=form_key(click))
    return done is not None


# -- judging ----------------------------------------------------------------------------------------------


def _judge(view: TraineeView) -> None:
    _head(view)
    if view.feedback:
        _feedback(view.feedback)
    if view.does == "done":
        st.html(html.note(_("You have judged all items of this part. Wait for the trainer."), "good"))
    elif view.does == "wait":
        st.html(html.note(_waiting(view)))
    else:
        _item(view)


def _waiting(view: TraineeView) -> str:
    if view.answered:
        return _("Recorded: {answer}. Wait for the trainer.", answer=view.answered)
    return _("You enter with the next item. Wait for the trainer.")


def _head(view: TraineeView) -> None:
    chips = [html.tag("strong", view.title)]
    if view.progress:
        chips.append(html.chip(view.progress, "quiet"))
    if view.capacity:
        chips.append(html.chip(view.capacity, "yellow"))
    if view.ends_at:
        chips.append(training.clock(view.ends_at))
    hint = html.tag("p", view.hint, "rk-small") if view.hint else ""
    st.html(html.tag("div", html.Html("&ensp;".join(chips))) + hint)


def _item(view: TraineeView) -> None:
    """Declaration beside advice and answer; on a phone the advice is above, the answer at the thumb."""
    with st.container(key=f"seat-{view.does}"):
        left, right = st.columns([5, 4], gap="large")
    with left:
        st.html(html.tag("p", view.item_id, "rk-id") + declaration_html(view.sections))
    with right:
        if view.advice:
            _advice(view.advice)
        if view.does == "see":
            said = view.answered or _("no answer")
            st.html(html.note(_("Closed. Your answer: {answer}.", answer=said)))
            return
        with st.container(key="seat-form"):
            show_flash()
            (_first if view.does == "answer" else _final)(view)


def _sure(name: str, default: int | None) -> None:
    st.segmented_control(
        _("How sure are you that your answer is right?"),
        CONFIDENCES,
        default=default,
        format_func=lambda level: f"{level} %",
        key=f"sure:{name}",
        help=_("50 % means a coin toss; 100 % means you would bet anything."),
        width="stretch",
    )


def _buttons(view: TraineeView, stage: str) -> None:
    with st.container(horizontal=True):
        for action in ("release", "examine"):  # both look the same: a colour would lean on the answer
            words = _(ACTION_WORDS[action])
            if stage == "final":
                words = (
                    _("Stay: {action}", action=words)
                    if action == view.first
                    else _("Change: {action}", action=words)
                )
            st.form_submit_button(
                words,
                key=f"{action}:{stage}:{view.step}:{view.item_id}",
                on_click=_submit,
                args=(stage, action, view.step, view.item_id),
                disabled=view.full and stage == "final" and action == "examine",
                width="stretch",
            )
    if view.full and stage == "final":
        st.html(html.tag("p", _("No examination is left in this part: only release."), "rk-small"))


def _first(view: TraineeView) -> None:
    name = f"first:{view.step}:{view.item_id}"
    with st.form(name, border=False):
        _sure(name, None)
        st.pills(
            _("What speaks for it? Up to two."),
            TAGS,
            selection_mode="multi",
            width="stretch",
            format_func=lambda tag: _(TAG_TITLES[tag]),
            key=f"tags:{name}",
        )
        _buttons(view, "first")


def _final(view: TraineeView) -> None:
    name = f"final:{view.step}:{view.item_id}"
    with st.container():  # there also when empty: else the form would move, and be drawn twice for a moment
        if view.advice and view.advice.has_reasons and not view.advice.shown:
            st.button(_("Why this score?"), key=f"why:{name}", on_click=_look, args=(view.step, view.item_id))
    with st.form(name, border=False):
        st.html(html.tag("p", _("Your first answer: {answer}. Your final one?", answer=view.answered), "rk-asked"))
        _sure(name, view.confidence)
        _buttons(view, "final")


def _submit(stage: str, action: str, step: int, item_id: str) -> None:
    name = f"{stage}:{step}:{item_id}"
    sure = st.session_state.get(f"sure:{name}")
    if sure is None:
        flash(_("Say how sure you are, then answer again. Nothing was recorded."), "bad")
        return
    tags = tuple(st.session_state.get(f"tags:{name}") or ())
    if stage == "first":
        _act(rules.answer, lambda seat: ev.Answered(seat, step, item_id, action, sure, tags), name)
    else:
        _act(rules.revise, lambda seat: ev.Revised(seat, step, item_id, action, sure), name)


def _look(step: int, item_id: str) -> None:
    _act(rules.look, lambda seat: ev.Looked(seat, step, item_id), f"look:{step}:{item_id}")


def _advice(advice: Advice) -> None:
    parts = [html.tag("p", advice.sentence, "rk-big"), html.tag("p", advice.action)]
    for title, reasons in (
        (_("What raises the score"), advice.raising),
        (_("What lowers it"), advice.lowering),
    ):
        if reasons:
            lines = [reason_html(said, effect) for said, effect in reasons]
            parts += [html.tag("p", title, "rk-section"), html.bullets(lines)]
    if advice.unseen:
        parts += [html.tag("p", _("What the model cannot see"), "rk-section"), html.bullets(advice.unseen)]
    st.html(html.tag("div", html.Html("".join(parts)), "rk-advice"))


def _feedback(told: Feedback) -> None:
    mark = "✓" if told.right else "✗"
    words = _("{mark} {item}: {truth}", mark=mark, item=told.item_id, truth=told.truth)
    said = html.tag("span", _("You said: {said}.", said=told.said), "rk-small")
    st.html(html.note(html.Html(html.tag("strong", words) + "<br>" + said), "good" if told.right else "bad"))


# -- lobby, questions, card -------------------------------------------------------------------------------


def _lobby(view: TraineeView) -> None:
    st.title(_("You are in"))
    st.html(
        html.note(_("You are “{name}” here. The trainer will begin soon.", name=view.pseudonym), "good")
        + html.bullets(_(line) for line in PURPOSE)
    )


def _questions(asked: tuple[Question, ...], words: dict, done: dict, name: str, rule, event) -> None:
    left = [q for q in asked if q.code not in done]
    if not left:
        return
    with st.form(name, border=False):
        for q in left:
            st.radio(_(words[q.code][0]), range(q.choices), index=None, key=f"{name}:{q.code}",
                     format_func=lambda n, q=q: _(words[q.code][1][n]))  # fmt: skip
        st.form_submit_button(_("Answer"), key=f"{name}:send", on_click=_send, args=(name, left, rule, event),
                              type="primary", width="stretch")  # fmt: skip


def _send(name: str, asked: list[Question], rule, event) -> None:
    for q in asked:
        choice = st.session_state.get(f"{name}:{q.code}")
        if choice is not None:
            _act(rule, lambda seat, q=q, choice=choice: event(seat, q.code, choice), f"{name}:{q.code}")


def _example() -> html.Html:
    """A score and its reasons as they will be shown, to ask the questions about."""
    mark = html.Html(html.escape(i18n.translator()("9.80 SDR")) + " " + html.chip("▲ " + _("raises"), "up"))
    return html.tag(
        "div",
        html.Html(
            html.tag("p", _("An example"), "rk-section")
            + html.tag("p", sentence(frequency(EXAMPLE_SHARE)), "rk-big")
            + html.bullets(_(line) for line in EXAMPLE_REASONS)
            + html.definition_rows([(_("Declared value"), mark)])
        ),
        "rk-advice",
    )


def _check(view: TraineeView) -> None:
    st.title(view.title)
    st.html(_example())
    seat = training.hall().seat(training.key_of(training.SEAT))[1]
    for q in CHECKS:
        if q.code in seat.checks:
            asked, choices, lesson = CHECK_WORDS[q.code]
            right = seat.checks[q.code] == q.right
            words = _("Right.") if right else _("Not quite. Right is: {answer}", answer=_(choices[q.right]))
            st.html(
                html.tag("p", _(asked), "rk-section")
                + html.note(f"{words} {_(lesson)}", "good" if right else "bad")
            )
    _questions(CHECKS, CHECK_WORDS, seat.checks, "check", rules.check, ev.Checked)


def _exit(view: TraineeView) -> None:
    st.title(view.title)
    seat = training.hall().seat(training.key_of(training.SEAT))[1]
    if len(seat.exits) == len(EXITS):
        st.html(html.note(_("Thank you. Your answers are recorded."), "good"))
    _questions(EXITS, EXIT_WORDS, seat.exits, "exit", rules.exit_answer, ev.Exited)
    _card(view)


def _card(view: TraineeView) -> None:
    key = training.key_of(training.SEAT)
    try:
        mine = training.hall().card(key)
        room = training.hall().seat(key)[0]
    except RiskError as error:
        st.html(html.note(i18n.told(error)))
        return

    def reason(item_id: str) -> str:
        view = training.item(room, item_id)
        main = [*view.raising, *view.lowering][:1]
        return _("{reason}: {effect}", reason=main[0].sentence, effect=main[0].effect) if main else "–"

    page = card_html(mine, reason)
    st.html(page)
    whole = (
        f"<!doctype html><meta charset='utf-8'><title>{html.escape(mine.pseudonym)}</title>{html.STYLE}{page}"
    )
    st.download_button(_("Keep my card"), whole, "my-card.html", "text/html", key="card", on_click="ignore")


if __name__ == "__main__":
    draw()
