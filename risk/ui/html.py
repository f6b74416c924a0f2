"""HTML by hand, so that any text in any field is shown literally: all is escaped unless it is `Html`."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from pathlib import Path

__all__ = ["Html", "STYLE", "bullets", "chip", "definition_rows", "escape", "more", "note", "table", "tag"]


class Html(str):
    """Text that is already HTML and is not escaped again."""


def escape(value: object) -> Html:
    """A value as HTML that shows it literally.

    >>> escape("<script>alert(1)</script> **bold**")
    '&lt;script&gt;alert(1)&lt;/script&gt; **bold**'
    """
    return value if isinstance(value, Html) else Html(html.escape(str(value), quote=True))


def tag(name: str, content: object, css: str = "", **attributes: str) -> Html:
    """One element; underscores in attribute names become hyphens.

    >>> tag("p", "a & b", "rk-small", aria_label="x")
    '<p class="rk-small" aria-label="x">a &amp; b</p>'
    """
    given = {"class": css, **attributes} if css else attributes
    words = "".join(f' {k.replace("_", "-")}="{escape(v)}"' for k, v in given.items())
    return Html(f"<{name}{words}>{escape(content)}</{name}>")


def chip(text: str, kind: str) -> Html:
    """A small coloured label; the colour only repeats what the word says."""
    return tag("span", text, f"rk-chip rk-{kind}")


def note(text: object, kind: str = "plain") -> Html:
    """A short paragraph set apart."""
    return tag("div", text, f"rk-note rk-note-{kind}")


def bullets(lines: Iterable[object], css: str = "rk-list") -> Html:
    """A list of lines."""
    return tag("ul", Html("".join(tag("li", line) for line in lines)), css)


def more(title: object, content: object) -> Html:
    """Something that is one click away, without asking the server.

    >>> more("2 more", tag("p", "a & b"))
    '<details class="rk-more"><summary>2 more</summary><p>a &amp; b</p></details>'
    """
    return tag("details", Html(tag("summary", title) + escape(content)), "rk-more")


def definition_rows(rows: Iterable[tuple[object, object]]) -> Html:
    """Titles with their values, as a table that reads well on a phone."""
    return tag(
        "table",
        Html("".join("<tr>" + tag("th", k, scope="row") + tag("td", v) + "</tr>" for k, v in rows)),
        "rk-facts",
    )


def table(
    headers: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    caption: str = "",
    right: frozenset[int] = frozenset(),
) -> Html:
    """A table; columns in `right` are numbers. It scrolls sideways where the screen is narrow."""

    def cells(row: Sequence[object], name: str) -> str:
        more = {"scope": "col"} if name == "th" else {}
        return "".join(tag(name, cell, "rk-num" if i in right else "", **more) for i, cell in enumerate(row))

    head = tag("thead", Html("<tr>" + cells(headers, "th") + "</tr>"))
    body = tag("tbody", Html("".join("<tr>" + cells(r, "td") + "</tr>" for r in rows)))
    title = tag("caption", caption) if caption else Html("")
    return tag(
        "div",
        tag("table", Html(title + head + body), "rk-table"),
        "rk-scroll",
        tabindex="0",
        role="region",
        aria_label=caption or "Table",
    )


#: The style sheet, drawn once a page.
STYLE = Html(f"<style>{(Path(__file__).parent / 'style.css').read_text(encoding='utf-8')}</style>")
