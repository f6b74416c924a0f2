"""The debrief: the trainer's report on the screen, on paper, and as files."""

import streamlit as st

from risk import workbench
from risk.classroom.debrief import Report
from risk.classroom.state import Room
from risk.errors import NotFound, RiskError
from risk.hall import Key
from risk.ui import html, i18n, training, training_charts
from risk.ui.i18n import _
from risk.ui.present.training_board import calibration_rows
from risk.ui.present.training_report import annex_csv, annex_json, report_html, story_of
from risk.ui.session import PAGES, theme


def draw() -> None:
    """Draw the report of the session this browser leads."""
    key = training.key_of(training.TRAINER)
    try:
        if key is None:
            raise RiskError(_("The report opens in the browser that leads a session."))
        room = training.hall().room_for_trainer(key)
        if room.step.kind not in ("debrief", "exit") and not room.over:
            raise RiskError(_("The report is made at the debrief. Lead the class on to it first."))
    except NotFound:
        st.html(html.note(_("The answers of this session are deleted. Its sums are kept in the training room.")))
        st.page_link(PAGES["training"], label=_("Go to the training room"))
        return
    except RiskError as error:
        st.html(html.note(i18n.told(error)))
        st.page_link(PAGES["training"], label=_("Go to the training room"))
        return
    st.title(_("Debrief"))
    told, page = _report(key.session_id, room.seq, i18n.language(), key, room)
    _files(told, page)
    st.html(html.tag("article", page, "rk-report"))
    rows = calibration_rows(told.curve)
    if rows:
        words = "; ".join(f"{i18n.percent(r['said'])}: {i18n.percent(r['right'])}" for r in rows)
        st.subheader(_("Sure and right, drawn"), anchor=False)
        spec = training_charts.confidence_curve(rows, theme())
        st.vega_lite_chart(spec=spec, theme=None, key="report-curve", alt=words)


@st.cache_resource(show_spinner=False, max_entries=16)
def _report(session_id: str, seq: int, language: str, _key: Key, _room: Room) -> tuple[Report, html.Html]:
    told = training.hall().report(_key)

    def story(item_id: str):
        scheme, altered = training.truth_of(_room, item_id)
        return story_of(_room, item_id, scheme=scheme, altered=altered, view=training.item(_room, item_id))

    return told, report_html(told, training.hall().seal(_key), story)


def _files(told: Report, page: html.Html) -> None:
    head = f"<!doctype html><meta charset='utf-8'><title>{html.escape(told.title)}</title>{html.STYLE}"
    whole = f"{head}<body style='font-family:sans-serif;max-width:60rem;margin:1rem auto'>{page}</body>"
    table = workbench.formula_safe(annex_csv(told)).to_csv(index=False)
    files = (
        (_("Report to print (HTML)"), whole, "training-report.html", "text/html"),
        (_("Figures (CSV)"), table, "training-report.csv", "text/csv"),
        (_("Figures (JSON)"), annex_json(told), "training-report.json", "application/json"),
    )
    with st.container(horizontal=True):
        for label, content, name, kind in files:
            st.download_button(label, content, name, kind, key=name, on_click="ignore")


if __name__ == "__main__":
    draw()
