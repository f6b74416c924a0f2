"""Drift: is the stream still the one the model learnt from? The weekly monitors, as last measured."""

import streamlit as st

from risk.ui import html, lab_charts, shared
from risk.ui.i18n import _, number
from risk.ui.present import drift as present
from risk.ui.session import show_flash, theme
from risk.watching import Watched, kept_drift


def draw() -> None:
    """Draw the page for the model in use."""
    st.title(_("Drift alarms"))
    st.html(
        html.tag(
            "p",
            _(
                "Is the stream still the one the model learnt from? Every week is compared with what "
                "came before; a monitor outside its limits raises an alarm."
            ),
            "rk-small",
        )
    )
    show_flash()
    space = shared.house().workspace
    name = space.registry.champion()
    watched = kept_drift(space, name) if name else None
    if watched is None:
        st.html(
            html.note(
                _(
                    "The stream was not watched yet. Measure it with: risk evaluate champion DATA --since "
                    "DAY, and open this page again."
                )
            )
        )
        return
    st.html(html.note(present.sentence(watched), "bad" if len(watched.alarms) else "good"))
    _monitor(watched)
    _alarms(watched)


def _monitor(watched: Watched) -> None:
    monitors = present.monitors(watched)
    chosen = st.segmented_control(
        _("Monitor"),
        list(monitors),
        default=next(iter(monitors)),
        key="drift:monitor",
        required=True,
        format_func=lambda m: _(present.TITLES[m]),
        persist_state="session",
    )
    what = st.selectbox(
        _("Compared"), monitors[chosen], key=f"drift:what:{chosen}", format_func=_, persist_state="session"
    )
    rows = present.week_rows(watched, chosen, what)
    st.html(html.tag("p", _(present.WORDS[chosen]), "rk-small"))
    st.vega_lite_chart(
        spec=lab_charts.limits(rows, title=_(present.AXES[chosen]), theme=theme()),
        theme=None,
        key="drift:chart",
        alt="; ".join(f"{r['week']}: {number(r['value'], 3)}" for r in rows),
    )


def _alarms(watched: Watched) -> None:
    alarms = present.alarm_rows(watched)
    if alarms:
        st.html(
            html.table(
                (_("Week of"), _("Monitor"), _("What"), _("Items"), _("Value"), _("Limits")),
                alarms,
                caption=_("Alarms"),
                right=frozenset({3, 4, 5}),
            )
        )


if __name__ == "__main__":
    draw()
