"""How to read what is shown, and what it must not be used for."""

import streamlit as st

from risk.casework import ACTIONS, CHANNELS, LANES
from risk.ui import html

TOUR = (
    "Open the queue. The highest scores stand first; a few were drawn at random, to measure what it misses.",
    "Open an item. Read what was declared before you read what the score says.",
    "Read the reasons, those that raise and those that lower. Ask of each: does it hold for this item?",
    "Look at what the model cannot see. You can.",
    "Decide, say why, and record. Agreeing and overriding count the same; an override needs a sentence.",
    "Open the log: your decision is there, with the model and score you saw.",
)
READING = (
    (
        "“About 14 of 100 such items are irregular”",
        "Of all items with such a score, about 14 in 100 turned out irregular. "
        "So 86 were in order. It does not say which kind this one is.",
    ),
    (
        "“Raises the odds 2.3×”",
        "With this detail, the odds are 2.3 times those of items in general. Where irregular items are "
        "rare, that is about 2.3 times as many: 1 of 1,000 becomes about 2.3 of 1,000.",
    ),
    (
        "The waterfall",
        "It starts at a typical item and adds one detail after the other. Orange moves to the right (more "
        "often irregular), blue to the left. The bars add up exactly to the score, or are not shown.",
    ),
    (
        "What a capacity buys",
        "Further right, more items are examined. The higher the line, the more of the irregular items "
        "are among those examined. The steep part is where examinations pay.",
    ),
    (
        "Do the scores mean what they say?",
        "A point on the dashed line means: the scores promised as many as there were. "
        "Below the line they promised too many, above it too few.",
    ),
    (
        "What each detail does",
        "The line shows how the odds change over the values of one detail. The grey bars below show "
        "how many items have such a value.",
    ),
)


def draw() -> None:
    """Draw the page."""
    st.title("Help")
    st.html(
        html.note(
            "Scores are about declarations, never about persons. All of this is made data for training, "
            "not for live enforcement."
        )
    )
    st.subheader("Three minutes", anchor=False)
    st.html(html.tag("ol", html.Html("".join(html.tag("li", line) for line in TOUR)), "rk-list"))
    st.subheader("How to read it", anchor=False)
    st.html(html.definition_rows(READING))
    st.subheader("Words", anchor=False)
    st.html(
        html.definition_rows(
            [
                *((f"{lane.capitalize()} lane", words) for lane, words in LANES.items()),
                *((f"Channel: {name}", words) for name, words in CHANNELS.items()),
                *((name.replace("_", " ").capitalize(), words) for name, words in ACTIONS.items()),
                ("Capacity", "how many items can be examined in the period"),
                ("Hit rate", "finds per examined item"),
                ("Detection rate", "found items per irregular item there was"),
                ("Seal", "a signature over the newest entry of the log, short enough to write down"),
                ("SDR", "special drawing rights, the unit of account of international post"),
            ]
        )
    )


if __name__ == "__main__":
    draw()
