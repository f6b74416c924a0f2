"""The frame around every page: title, navigation, who is working, and what this is for."""

import streamlit as st

from risk.ui import html, shared
from risk.ui.session import PAGES, actor


def draw() -> None:
    """Draw the frame and run the page that was asked for."""
    st.set_page_config(page_title="Risk-scoring workbench", page_icon="📦", layout="wide")
    st.html(html.STYLE)
    page = st.navigation(
        [
            st.Page(PAGES["queue"], title="Queue", url_path="queue", default=True),
            st.Page(PAGES["item"], title="Item", url_path="item"),
            st.Page(PAGES["model"], title="Model", url_path="model"),
            st.Page(PAGES["log"], title="Log", url_path="log"),
            st.Page(PAGES["help"], title="Help", url_path="help"),
        ]
    )
    with st.sidebar:
        _who()
    problem = shared.house().problem
    if problem:
        st.html(html.note(f"Read-only: nothing can be recorded here. {problem}", "bad"))
    page.run()


def _who() -> None:
    st.text_input(
        "Your name in the log",
        key="who",
        placeholder="local",
        max_chars=60,
        persist_state="session",
        help="On this machine one person holds every role. The name is written beside each decision.",
    )
    st.html(html.tag("p", f"Working as {actor().name}, in every role.", "rk-small"))
    st.html(
        html.note(
            "Made data, for training. A score is about a declaration, never about a person, and is no "
            "ground for acting on real post."
        )
    )


if __name__ == "__main__":
    draw()
