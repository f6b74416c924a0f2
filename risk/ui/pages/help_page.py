"""How to read what is shown, and what it must not be used for."""

import streamlit as st

from risk.casework import ACTIONS, CHANNELS, LANES
from risk.ui import html
from risk.ui.i18n import N_, _
from risk.ui.present.words import ACTION_TITLES, CHANNEL_TITLES
from risk.ui.session import headline

TOUR = (
    N_("Open the queue. The highest scores stand first; a few were drawn at random, to measure the rest."),
    N_("Open an item. Read what was declared before you read what the score says."),
    N_("Read the reasons, those that raise and those that lower. Ask of each: does it hold for this item?"),
    N_("Look at what the model cannot see. You can."),
    N_("Decide, say why, and record. Agreeing and overriding count the same; an override needs a sentence."),
    N_("Open the log: your decision is there, with the model and score you saw."),
)
READING = (
    (
        N_("“Of such items, about 14 of 100 are irregular”"),
        N_(
            "Of all items with such a score, about 14 in 100 turned out irregular. So 86 were in order. It "
            "does not say which kind this one is."
        ),
    ),
    (
        N_("“Raises the odds 2.3×”"),
        N_(
            "With this detail, the odds are 2.3 times those of items in general. Where irregular items are "
            "rare, that is about 2.3 times as many: 1 of 1,000 becomes about 2.3 of 1,000."
        ),
    ),
    (
        N_("The waterfall"),
        N_(
            "It starts at a typical item and adds one detail after the other. Orange moves to the right "
            "(more often irregular), blue to the left. The bars add up exactly to the score, or are not "
            "shown."
        ),
    ),
    (
        N_("What a capacity buys"),
        N_(
            "Further right, more items are examined. The higher the line, the more of the irregular items "
            "are among those examined. The steep part is where examinations pay."
        ),
    ),
    (
        N_("Do the scores mean what they say?"),
        N_(
            "A point on the dashed line means: the scores promised as many as there were. Below the line "
            "they promised too many, above it too few."
        ),
    ),
    (
        N_("What each detail does"),
        N_(
            "The line shows how the odds change over the values of one detail. The grey bars below show "
            "how many items have such a value."
        ),
    ),
)
GLOSSARY = (
    (N_("Capacity"), N_("how many items can be examined in the period")),
    (N_("Hit rate"), N_("finds per examined item")),
    (N_("Detection rate"), N_("found items per irregular item there was")),
    (N_("Seal"), N_("a signature over the newest entry of the log, short enough to write down")),
    (N_("SDR"), N_("special drawing rights, the unit of account of international post")),
)
LANE_NAMES = {"red": N_("Red lane"), "yellow": N_("Yellow lane"), "green": N_("Green lane")}


def draw() -> None:
    """Draw the page."""
    headline("help")
    st.html(
        html.note(
            _(
                "Scores are about declarations, never about persons. All of this is made data for training, "
                "not for live enforcement."
            )
        )
    )
    st.subheader(_("Three minutes"), anchor=False)
    st.html(html.tag("ol", html.Html("".join(html.tag("li", _(line)) for line in TOUR)), "rk-list"))
    st.subheader(_("How to read it"), anchor=False)
    st.html(html.definition_rows((_(title), _(words)) for title, words in READING))
    st.subheader(_("Words"), anchor=False)
    rows = [
        *((_(LANE_NAMES[lane]), _(words)) for lane, words in LANES.items()),
        *((_(CHANNEL_TITLES[name]), _(words)) for name, words in CHANNELS.items()),
        *((_(ACTION_TITLES[name]), _(words)) for name, words in ACTIONS.items()),
        *((_(title), _(words)) for title, words in GLOSSARY),
    ]
    st.html(html.definition_rows(rows))


if __name__ == "__main__":
    draw()
