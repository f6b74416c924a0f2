"""HTML by hand, so that any text in any field is shown literally: everything is escaped unless it is `Html`."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

__all__ = ["Html", "STYLE", "bullets", "chip", "definition_rows", "escape", "note", "table", "tag"]


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


#: Drawn once a page. Colours have at least 4.5:1 contrast in both themes; inherited ink elsewhere.
STYLE = Html("""<style>
.block-container, [data-testid=stMainBlockContainer]{max-width:1180px;padding-top:3.2rem;padding-bottom:3rem}
[data-testid=stCaptionContainer], [data-testid=stCaptionContainer] *{color:inherit!important;opacity:.85}
.rk-chip{display:inline-block;padding:.1rem .55rem;border-radius:1rem;font-size:.8rem;font-weight:600;
 white-space:nowrap;border:1px solid transparent}
.rk-red{background:#a3241b;color:#fff}.rk-yellow{background:#ffd75e;color:#2b2200}.rk-green{background:#0f6b4f;color:#fff}
.rk-quiet{border-color:currentColor;opacity:.85;font-weight:500}
.rk-up{background:#8f3f00;color:#fff}.rk-down{background:#0b5394;color:#fff}
.rk-big{font-size:1.5rem;font-weight:650;line-height:1.25;margin:0}
.rk-small{font-size:.88rem;opacity:.88;margin:.15rem 0}
.rk-id{font-family:monospace;font-size:.95rem;font-weight:600;overflow-wrap:anywhere}
.rk-row{display:grid;grid-template-columns:9.5rem 8.5rem 1fr 9.5rem;gap:.2rem .9rem;align-items:center;font-size:.93rem}
.rk-row>*{min-width:0;overflow-wrap:anywhere}
.rk-head{font-size:.8rem;font-weight:600;opacity:.85}
@media (max-width:760px){.rk-row{grid-template-columns:1fr 1fr}.rk-row .rk-why{grid-column:1/-1}.rk-head{display:none}}
.rk-list{margin:.2rem 0 .2rem 1.1rem;padding:0}.rk-list li{margin:.3rem 0}
.rk-facts,.rk-table{border-collapse:collapse;width:100%;font-size:.93rem}
.rk-facts th{font-weight:500;text-align:left;width:44%;padding:.28rem .6rem .28rem 0;opacity:.88;vertical-align:top}
.rk-facts td{padding:.28rem 0;overflow-wrap:anywhere;vertical-align:top}
.rk-facts tr,.rk-table tr{border-bottom:1px solid color-mix(in srgb,currentColor 18%,transparent)}
.rk-table th{text-align:left;padding:.35rem .7rem .35rem 0;font-size:.85rem}
.rk-table td{padding:.35rem .7rem .35rem 0;vertical-align:top;overflow-wrap:anywhere}
.rk-table caption{text-align:left;font-weight:600;padding-bottom:.3rem}
.rk-num,.rk-table th.rk-num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.rk-scroll{overflow-x:auto}
.rk-note{border-left:4px solid #2f7fc4;padding:.5rem .8rem;border-radius:4px;margin:.2rem 0;
 background:color-mix(in srgb,currentColor 6%,transparent)}
.rk-note-good{border-color:#1b8a65}.rk-note-bad{border-color:#c0392b}
.rk-missing{font-style:italic;opacity:.85}
.rk-section{font-weight:600;margin:.6rem 0 .1rem}
@media print{[data-testid=stSidebar],[data-testid=stToolbar],button{display:none!important}}
</style>""")
