"""The frame around every page: title, navigation, who is working, and what this is for."""

import os

import streamlit as st

from risk.access import may
from risk.ui import address, html, i18n, shared, training
from risk.ui.i18n import _
from risk.ui.menu import MENU, Entry
from risk.ui.session import actor
from risk.ui.signin import VISITOR

_LINKS = f'<script src="{address.base()}{address.LINKS}"></script>'


def draw() -> None:
    """Draw the frame and run the page that was asked for."""
    i18n.settle()
    st.set_page_config(page_title=_("Risk-scoring workbench"), page_icon="📦", layout="wide")
    st.html(html.STYLE + _LINKS, unsafe_allow_javascript=True)
    guest = training.guest()  # a trainee or an observer sees their one page and no menu
    mine = [entry for entry in MENU if may(actor(), entry.action)]
    page = st.navigation(_guest_pages(guest) if guest else _pages(mine), position="hidden")
    if not guest:
        with st.sidebar:
            _menu(mine, page.url_path)
            _who()
            _language()
    problem = shared.house().problem
    if problem:
        st.html(html.note(_("Read-only: nothing can be recorded here.") + f" {problem}", "bad"))
    page.run()


def _pages(mine: list[Entry]) -> list:
    """The pages this person may open, each at its own address, and the first of them also at /."""
    first = st.Page(mine[0].file, title=_(mine[0].title), url_path="start", default=True)
    return [first, *(st.Page(e.file, title=_(e.title), url_path=e.name) for e in mine)]


def _menu(mine: list[Entry], here: str) -> None:
    """The menu in its parts, as one element; Streamlit's own puts headings into its list, which is no list."""
    parts = []
    for part in dict.fromkeys(entry.part for entry in mine):
        parts.append(html.tag("p", _(part), "rk-part"))
        parts.append(html.bullets((_entry(e, mine, here) for e in mine if e.part == part), "rk-menu"))
    st.html(html.tag("nav", html.Html("".join(parts)), aria_label=_("Pages")))


def _entry(entry: Entry, mine: list[Entry], here: str) -> html.Html:
    at_start = entry is mine[0] and not here
    return address.link(entry.name, _(entry.title), current=entry.name == here or at_start)


def _guest_pages(guest: str) -> list:
    """The one page of a browser that only has a seat in a class, or only watches its board: here and at /."""
    entry = next(e for e in MENU if e.name == guest)
    return [
        st.Page(entry.file, title=_(entry.title), url_path=path, default=path == "start")
        for path in ("start", guest)
    ]


def _language() -> None:
    st.session_state.setdefault("lang", i18n.language())
    st.selectbox(
        "Language · Langue",
        list(i18n.LANGUAGES),
        format_func=i18n.LANGUAGES.get,
        key="lang",
        persist_state="session",
    )


def _who() -> None:
    me, kind = actor(), os.environ.get("RISK_SIGN_IN", "local")
    if me == VISITOR:
        _visitor(kind)
    elif kind == "local":
        _name()
    else:
        roles = ", ".join(_(role.replace("_", " ")) for role in sorted(me.roles))
        st.html(html.tag("p", _("Signed in as {who}: {roles}.", who=me.name, roles=roles), "rk-small"))
        if kind == "oidc":
            st.button(_("Sign out"), key="sign-out", on_click=st.logout)


def _visitor(kind: str) -> None:
    if kind == "oidc":
        st.html(html.note(_("You are not signed in, or your sign-in has expired.")))
        st.button(_("Sign in"), key="sign-in", type="primary", on_click=st.login)
        return
    st.html(html.note(_("From another machine you can take part in a training session, nothing else.")))


def _name() -> None:
    st.text_input(
        _("Your name in the log"),
        key="who",
        placeholder="local",
        max_chars=60,
        persist_state="session",
        help=_("On this machine one person holds every role. The name is written beside each decision."),
    )
    st.html(html.tag("p", _("Working as {who}, in every role.", who=actor().name), "rk-small"))
    st.html(
        html.note(
            _(
                "Made data, for training. A score is about a declaration, never about a person, and is no "
                "ground for acting on real post."
            )
        )
    )


if __name__ == "__main__":
    draw()
