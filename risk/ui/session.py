"""What belongs to one browser session: who it is, messages to show once, keys against double clicks."""

from __future__ import annotations

import os
import time
import uuid

import streamlit as st

from risk.access import Actor
from risk.errors import NotRecorded, RiskError
from risk.ui import html, i18n, signin
from risk.ui.menu import MENU, PAGES, QUESTIONS

__all__ = [
    "PAGES",
    "actor",
    "actor_at",
    "attempt",
    "flash",
    "form_key",
    "headline",
    "language",
    "new_form",
    "show_flash",
    "theme",
]


def actor() -> Actor:
    """The person at this browser, asked anew at every act: a token may have expired since the last one."""
    kind = os.environ.get("RISK_SIGN_IN", "local")
    request = signin.Request(
        st.context.ip_address,
        dict(st.context.headers),
        dict(st.user) if kind == "oidc" and st.user.get("is_logged_in") else None,
    )
    chosen = (st.session_state.get("who") or "").strip()[:60]
    secret = os.environ.get("RISK_PROXY_SECRET", "")
    return signin.identify(kind, request, now=time.time(), name=chosen, secret=secret)


def actor_at(address: str | None, name: str = "") -> Actor:
    """Who comes from an address (None: this machine). From another machine one may only take part in a class.

    >>> len(actor_at(None, "ann").roles) > 1, sorted(actor_at("192.0.2.7", "ann").roles)
    (True, ['trainee'])
    """
    return signin.identify("local", signin.Request(address), now=0.0, name=name)


def language() -> str:
    """The language of the person at this browser: as chosen, else as the address or the browser says."""
    chosen = st.session_state.get("lang") or st.query_params.get("lang") or st.context.locale or "en"
    return str(chosen)[:2].lower()


i18n.speak(language)


def theme() -> str:
    """``light`` or ``dark``, as the browser shows it."""
    return "dark" if st.context.theme.type == "dark" else "light"


def headline(page: str) -> None:
    """The title of a page of the menu, and the question it answers under it."""
    st.title(i18n._(next(e.title for e in MENU if e.name == page)))
    st.html(html.tag("p", i18n._(QUESTIONS[page]), "rk-question"))


def flash(text: str, kind: str = "good", item_id: str = "") -> None:
    """Keep a message for the next drawing of a page."""
    st.session_state["flash"] = (text, kind, item_id)


def show_flash() -> None:
    """Show the kept message once; a failure to record stays until something was recorded."""
    told = st.session_state.get("flash")
    if told is None:
        return
    text, kind, item_id = told
    failed = kind in ("bad", "stop")
    css = f"rk-note rk-note-{'bad' if failed else kind}"
    st.html(html.tag("div", text, css, role="alert" if failed else "status"))
    if item_id:
        st.page_link(
            PAGES["item"], label=i18n._("Back to {item}", item=item_id), query_params={"item": item_id}
        )
    if kind != "stop":
        del st.session_state["flash"]


def form_key(name: str) -> str:
    """A key that stays the same while a form is shown, so that a double click is recorded once."""
    keys = st.session_state.setdefault("forms", {})
    return keys.setdefault(name, uuid.uuid4().hex)


def new_form(name: str) -> None:
    """What is submitted next under this name is a new act."""
    st.session_state.setdefault("forms", {}).pop(name, None)


def attempt(action: object, *args: object, **named: object) -> object | None:
    """Do one recorded act of a callback; say what went wrong where the person looks, and return None then."""
    try:
        return action(*args, **named)
    except NotRecorded as error:
        flash(f"N{str(error)[1:]}", "stop")
    except RiskError as error:
        flash(i18n.told(error), "bad")
    return None
