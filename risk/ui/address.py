"""Addresses inside the app, and links that keep the session: many of them in one element."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from risk.ui import html

__all__ = ["LINKS", "SCRIPT", "base", "link"]

#: What makes such links open in the same session; `risk.ui.door` serves it at `LINKS`.
SCRIPT = (Path(__file__).parent / "links.js").read_text(encoding="utf-8")
LINKS = "/app/links.js"


def base() -> str:
    """What stands before every path of this server: '' or ``/part``."""
    path = str(st.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{path}" if path else ""


def link(page: str, label: object, css: str = "", /, *, current: bool = False, **query: str) -> html.Html:
    """A link to a page of the app by its address ('' is the first page).

    >>> link("item", "Open", item="CX1")
    '<a class="rk-go" href="/item?item=CX1">Open</a>'
    """
    there = f"{base()}/{page}" + (f"?{urlencode(query)}" if query else "")
    more = {"aria_current": "page"} if current else {}
    return html.tag("a", label, f"rk-go {css}".strip(), href=there, **more)
