"""Small parts that several pages draw."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

import streamlit as st

from risk.ui import html
from risk.ui.i18n import _, number

__all__ = ["Paged", "chart", "pager", "page_of", "section", "to_first_page"]


class Paged(Protocol):
    """Some rows of many."""

    page: int
    size: int
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; at least one."""
        ...


def page_of(name: str) -> int:
    """The page a list is on, from 1."""
    return st.session_state.get(f"page:{name}", 1)


def to_first_page(name: str) -> None:
    """Start a list over, because what it shows has changed."""
    st.session_state[f"page:{name}"] = 1


def _turn(name: str, to: int) -> None:
    st.session_state[f"page:{name}"] = to


def pager(name: str, found: Paged) -> None:
    """Say which rows are shown, and offer the pages beside them where there are any."""
    first, last = (found.page - 1) * found.size + 1, min(found.page * found.size, found.total)
    with st.container(horizontal=True, vertical_alignment="center"):
        if found.pages > 1:
            st.button(
                _("← Previous"),
                key=f"back:{name}",
                disabled=found.page <= 1,
                on_click=_turn,
                args=(name, found.page - 1),
            )
        shown = {"first": number(min(first, found.total)), "last": number(last), "total": number(found.total)}
        st.html(_("{first}–{last} of {total}", **shown), width="content")
        if found.pages > 1:
            st.button(
                _("Next →"),
                key=f"on:{name}",
                disabled=found.page >= found.pages,
                on_click=_turn,
                args=(name, found.page + 1),
            )


def section(title: str, words: str) -> None:
    """A heading, and below it in small what is shown and how to read it."""
    st.subheader(title, anchor=False)
    st.html(html.tag("p", words, "rk-small"))


def chart(spec: dict[str, Any], *, key: str, alt: Iterable[str]) -> None:
    """A chart in the page's own colours; `alt` says each of its marks in words, for who cannot see it."""
    st.vega_lite_chart(spec=spec, theme=None, key=key, alt="; ".join(alt))
