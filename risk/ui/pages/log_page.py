"""The log: every decision and event, in a chain that shows any edit."""

import io
import tempfile
import zipfile
from pathlib import Path

import streamlit as st

from risk import verify_log
from risk.access import require
from risk.audit import Verification, head_seal
from risk.store import EntryFilter
from risk.ui import html, shared
from risk.ui.address import link
from risk.ui.i18n import _, moment, number
from risk.ui.present import log as present
from risk.ui.session import actor, attempt, headline, show_flash
from risk.ui.widgets import page_of, pager, to_first_page

SIZE = 50
VERIFY_AT_ONCE = 5000  # a longer log is verified when asked for


def draw() -> None:
    """Draw the page."""
    headline("log")
    st.html(
        html.tag(
            "p",
            _(
                "Every entry holds the fingerprint of the one before it, so that an edit, a deletion or an "
                "insertion shows."
            ),
            "rk-small",
        )
    )
    show_flash()
    _verification()
    which = _filters()
    found = shared.house().store.entries(which, page=page_of("log"), size=SIZE)
    rows = [
        (r.seq, r.when, r.who, r.event, r.item_id and link("item", r.item_id, "rk-id", item=r.item_id), r.detail)
        for r in present.log_rows(found.rows)
    ]
    st.html(
        html.table(
            (_("No."), _("When"), _("Who"), _("What"), _("Item"), _("Details")), rows, right=frozenset({0})
        )
    )
    pager("log", found)


def _verification() -> None:
    store, head = shared.house().store, shared.house().store.head()
    asked = _buttons()
    if head is None or not (asked or head.seq <= VERIFY_AT_ONCE):
        return
    _show(store.verify())
    if st.session_state.get("sealed"):
        st.html(html.note(st.session_state["sealed"], "good"))


def _buttons() -> bool:
    """What can be done with the log; whether verifying was asked for just now."""
    with st.container(horizontal=True):
        asked = st.button(_("Verify the whole log now"), key="verify", type="primary")
        st.button(
            _("Seal"),
            key="seal",
            on_click=_seal,
            help=_(
                "Signs the newest entry. Write the 16 characters down: with them, even a log cut off or "
                "rewritten later is found out."
            ),
        )
        st.download_button(
            _("Export with verifier"),
            _export,
            "risk-log.zip",
            "application/zip",
            key="export",
            on_click="ignore",
        )
    return asked


def _show(result: Verification) -> None:
    st.html(
        html.tag("div", _verdict(result), f"rk-note rk-note-{'good' if result.ok else 'bad'}", role="status")
    )
    if not result.ok:
        st.html(
            html.table(
                (_("Entry"), _("Finding")),
                [(f.seq, f.message) for f in result.findings],
                caption=_("Findings"),
            )
        )


def _verdict(result: Verification) -> str:
    if not result.ok:
        first = result.findings[0].message
        return _("The log is NOT intact: {n} findings. First: {first}", n=number(result.count), first=first)
    vouched = (
        _("sealed up to entry {n}", n=number(result.sealed_to))
        if result.sealed_to
        else _("no seal vouches for its end: a cut-off end would not show")
    )
    entries, head = number(result.entries), head_seal(result.head_hash)
    return _(
        "The log is intact: {entries} entries, head {head}, {vouched}.",
        entries=entries,
        head=head,
        vouched=vouched,
    )


def _seal() -> None:
    def seal() -> str:
        require(actor(), "seal_log")
        made = shared.house().store.seal()
        return _(
            "Sealed up to entry {n}, {moment}. Write down: {seal}",
            n=number(made.seq),
            moment=moment(made.utc),
            seal=head_seal(made.head_hash),
        )

    st.session_state["sealed"] = attempt(seal) or ""


def _export() -> bytes:
    """The log, its seals, the public key and the verifier, in one archive."""
    require(actor(), "export_log")
    packed = io.BytesIO()
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        shared.house().store.export(Path(folder) / "log.jsonl")
        for path in sorted(Path(folder).iterdir()):
            archive.write(path, path.name)
        archive.write(verify_log.__file__, "verify_log.py")
        archive.writestr(
            "README.txt", "Check this log with nothing but Python: python verify_log.py log.jsonl\n"
        )
    return packed.getvalue()


def _filters() -> EntryFilter:
    event, who, item = st.columns(3)
    again = {"on_change": to_first_page, "args": ("log",)}
    with event:
        chosen = st.multiselect(
            _("What"),
            list(present.EVENT_TITLES),
            format_func=present.event_title,
            key="log-events",
            placeholder=_("Everything"),
            **again,
            select_all=False,
        )
    with who:
        name = st.text_input(_("Who"), key="log-actor", placeholder=_("Everyone"), **again)
    with item:
        item_id = st.text_input(_("Item id"), key="log-item", placeholder=_("All items"), **again)
    return EntryFilter(events=tuple(chosen), actor=name.strip(), item_id=item_id.strip().upper())


if __name__ == "__main__":
    draw()
