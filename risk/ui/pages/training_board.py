"""The board for the projector: the code while people join, counts while they answer, then sums."""

import segno
import streamlit as st

from risk.classroom.board import Board
from risk.errors import NotFound, RiskError
from risk.hall import Key
from risk.ui import html, i18n, training, training_charts
from risk.ui.i18n import _, number, percent
from risk.ui.present import training_board as present
from risk.ui.present.item import reason_html
from risk.ui.session import PAGES, theme


def draw() -> None:
    """Draw the board of the session this browser directs or watches."""
    key = training.key_of(training.TRAINER) or training.key_of(training.WATCH)
    told = _told(key)
    if key is None or told is None:
        return
    view = present.board_view(told, training.hall().header(key.session_id).plan)
    st.html(html.tag("span", "", "rk-board-page") + html.tag("h1", view.title, "rk-board-title"))
    _draw_board(key, view, told)
    kind = training.TRAINER if training.key_of(training.TRAINER) else training.WATCH
    if kind == training.TRAINER:
        st.page_link(PAGES["training"], label=_("Back to the training room"))
    training.listen(kind, training.board_mark(key.session_id))


def _told(key: Key | None) -> Board | None:
    """What the board may say; where there is none, that is said instead."""
    try:
        if key is None:
            raise RiskError(_("This browser may not show a board."))
        return training.hall().board(key)
    except NotFound:
        st.html(html.note(_("The answers of this session are deleted, and its board with them.")))
    except RiskError as error:
        st.html(html.note(i18n.told(error)))
        st.link_button(_("Open a board with its key"), f"{training.base()}/watch")
    return None


def _draw_board(key: Key, view: present.BoardView, told: Board) -> None:
    if told.kind == "lobby":
        _lobby(key, told)
    _progress(view, told)
    if view.hint:
        st.html(html.tag("p", view.hint, "rk-board-line"))
    if told.closed:
        _closed(key, view, told)
    if told.block and told.block.rates:
        _block(view, told)
    for what, how in view.script:
        st.html(html.tag("p", html.Html(html.tag("strong", what) + " " + html.escape(how)), "rk-board-line"))
    if told.block or told.over:
        _seal(key)


def _lobby(key: Key, told: Board) -> None:
    code, url = training.hall().header(key.session_id).code, training.join_url()
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.html(
            html.tag("p", _("Open this address and type the code"), "rk-board-line")
            + html.tag("p", url, "rk-board-url")
            + html.tag("p", f"{code[:3]} {code[3:]}", "rk-board-code", aria_label=_("Join code"))
        )
    with right:
        st.html(html.tag("p", _("or scan"), "rk-board-line"))
        st.image(
            _qr(f"{url}/{code}"),
            width=360,
            alt=_("QR code of the address, with the join code"),
        )
    here = training.hall().connected(key.session_id)
    words = _("{n} joined · {m} connected", n=number(told.joined), m=number(here))
    st.html(html.tag("p", words, "rk-board-count rk-board-alone", role="status"))


@st.cache_resource(show_spinner=False, max_entries=20)
def _qr(url: str) -> str:
    return segno.make(url, error="m").svg_inline(scale=8, border=3, dark="#000", light="#fff")


def _progress(view: present.BoardView, told: Board) -> None:
    clock = training.clock(view.ends_at)
    if view.progress or clock:
        css = "rk-board-count" if told.closed or told.block else "rk-board-count rk-board-alone"
        st.html(html.tag("p", html.Html(html.escape(view.progress) + "&emsp;" + clock), css, role="status"))
    if told.open and told.expected:
        st.progress(min(1.0, told.answered / told.expected))


def _lines(view: present.BoardView) -> str:
    return "".join(html.tag("p", line, "rk-board-line") for line in view.lines)


def _closed(key: Key, view: present.BoardView, told: Board) -> None:
    """The closed item: what was declared and what came out, beside the answers and the score's reasons."""
    item = training.item(training.hall().rooms.room(key.session_id), told.closed.item_id)
    left, right = st.columns([3, 4], gap="large")
    with left:
        facts = html.definition_rows(present.item_facts(item))
        st.html(_lines(view) + html.tag("div", facts, "rk-board-facts"))
    with right:
        if not told.closed.why:
            _answers(told)
        reasons = [*item.raising[:3], *item.lowering[:2]]
        lines = [reason_html(r.sentence, r.effect) for r in reasons]
        title = html.tag("p", _("Why the score is what it is"), "rk-section")
        st.html(html.tag("div", html.Html(title + html.bullets(lines)), "rk-board-facts"))


def _answers(told: Board) -> None:
    bars = present.item_bars(told.closed)
    st.vega_lite_chart(
        spec=training_charts.before_after(bars.rows, theme()), theme=None, key="before-after", alt=bars.words
    )
    sure = present.sureness(told.closed)
    st.vega_lite_chart(
        spec=training_charts.histogram(sure.rows, theme()), theme=None, key="sure", alt=sure.words
    )


def _block(view: present.BoardView, told: Board) -> None:
    heads = (_("Part"), _("Irregular examined (hits)"), _("Regular examined (false alarms)"),
             _("Right where the model was wrong"))  # fmt: skip
    st.html(html.tag("div", html.table(heads, view.table), "rk-board-table rk-narrow"))
    columns = st.columns(3, gap="medium")
    charts = [
        (
            _("Irregular and regular examined (ROC)"),
            present.roc_points(told.block),
            _("regular examined"),
            _("irregular examined"),
            True,
        ),
        (
            _("Advice taken and resisted"),
            present.trust_points(told.block),
            _("right advice taken"),
            _("wrong advice resisted"),
            False,
        ),
    ]
    for column, (title, points, x, y, diagonal) in zip(columns, charts, strict=False):
        with column:
            _plane(title, points, x, y, diagonal)
    with columns[2]:
        _curve(told)
    if view.contested:
        title = html.tag("p", _("Most divided items"), "rk-section")
        st.html(html.tag("div", html.Html(title + html.bullets(view.contested)), "rk-board-facts"))


def _plane(title: str, points: list, x: str, y: str, diagonal: bool) -> None:
    st.subheader(title, anchor=False)
    if not points:
        st.html(html.note(_("Not enough answers to draw it.")))
        return
    words = "; ".join(f"{p['name']}: {x} {percent(p['x'])}, {y} {percent(p['y'])}" for p in points)
    spec = training_charts.plane(points, x=x, y=y, theme=theme(), diagonal=diagonal)
    st.vega_lite_chart(spec=spec, theme=None, key=f"plane:{title}", alt=words)


def _curve(told: Board) -> None:
    st.subheader(_("Sure and right"), anchor=False)
    rows = present.calibration_rows(told.block.curve)
    if not rows:
        st.html(html.note(_("Shown from 100 answers of 5 people on.")))
        return
    words = "; ".join(f"{percent(r['said'])}: {percent(r['right'])}" for r in rows)
    st.vega_lite_chart(
        spec=training_charts.confidence_curve(rows, theme()), theme=None, key="curve", alt=words
    )


def _seal(key: Key) -> None:
    seal = training.hall().seal(key)
    if seal:
        st.html(html.tag("p", _("Seal of this session: {seal}", seal=seal), "rk-board-line"))


if __name__ == "__main__":
    draw()
