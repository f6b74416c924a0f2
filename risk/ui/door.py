"""The doors of the training room: small pages outside Streamlit that give a browser its cookie.

A seat, the trainer's right and the observer's right are each a cookie that scripts cannot read. It survives
a reload, a lost connection and a restart of the server. Keys travel in forms, never in addresses.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from risk.errors import RiskError
from risk.hall import Hall, Key, read_key
from risk.ui import address, html, i18n, training
from risk.ui.i18n import N_, _
from risk.ui.present.training_words import PURPOSE

__all__ = ["ROUTES"]

SCRIPT = (Path(__file__).parent / "changes.js").read_text(encoding="utf-8")
STYLE = """
body{font:17px/1.45 system-ui,sans-serif;margin:0;background:#f2f5f8;color:#16202b}
main{max-width:28rem;margin:0 auto;padding:1.4rem 1.1rem 3rem}
h1{font-size:1.5rem;margin:.4rem 0}ul{padding-left:1.1rem}li{margin:.45rem 0}
label{display:block;font-weight:600;margin:1.1rem 0 .3rem}
input{font:inherit;font-size:1.7rem;letter-spacing:.25em;width:100%;box-sizing:border-box;
 padding:.55rem .8rem;border:2px solid #5b6670;border-radius:8px;
 text-transform:uppercase;background:#fff;color:inherit}
input.key{font-size:1rem;letter-spacing:0;text-transform:none}
button{font:inherit;font-weight:650;width:100%;padding:.9rem;margin-top:1rem;border:0;border-radius:8px;
 background:#0b5394;color:#fff}
.bad{background:#fdecea;border-left:4px solid #c0392b;padding:.6rem .8rem;border-radius:4px}
@media (prefers-color-scheme:dark){body{background:#12181f;color:#eef2f6}input{background:#1d2630}
 .bad{background:#3a1d1a}}
"""


def _page(title: str, body: str, *, problem: str = "", status: int = 200) -> HTMLResponse:
    alert = html.tag("p", problem, "bad", role="alert") if problem else ""
    return HTMLResponse(
        f"<!doctype html><html lang='{i18n.language()}'><head><meta charset='utf-8'><title>{html.escape(title)}</title>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'><link rel='icon' href='data:,'>"
        f"<style>{STYLE}</style></head>"
        f"<body><main>{html.tag('h1', title)}{alert}{body}</main></body></html>",
        status_code=status,
    )


def _speak(request: Request) -> None:
    """Words in the language the browser asks for: these pages are outside any session."""
    wanted = request.headers.get("accept-language", "en")[:2].lower()
    i18n.settle(wanted if wanted in i18n.LANGUAGES else "en")


def _visitor(request: Request) -> str:
    return request.client.host if request.client else ""


async def _field(request: Request, name: str) -> str:
    return str((await request.form()).get(name, ""))[:200]


def _enter(request: Request, name: str, key: Key, to: str) -> Response:
    """Give the browser its cookie and send it on."""
    answer = RedirectResponse(f"{training.base()}/{to}", status_code=303)
    answer.set_cookie(
        name, key.text(), max_age=86_400, httponly=True, samesite="lax", secure=request.url.scheme == "https",
        path=training.base() or "/"
    )  # fmt: skip
    return answer


# -- joining ----------------------------------------------------------------------------------------------


def _join_page(request: Request, code: str, error: RiskError | None = None) -> HTMLResponse:
    _speak(request)
    problem = i18n.told(error) if error else ""
    what = html.bullets(_(line) for line in PURPOSE)
    form = (
        f"<form method='post' action='{training.base()}/join'>"
        + html.tag("label", _("Code on the board"), **{"for": "code"})
        + f"<input id='code' name='code' value='{html.escape(code)}' maxlength='12' required "
        "autocomplete='off' autocapitalize='characters' spellcheck='false' inputmode='text'>"
        + html.tag("button", _("Join"), type="submit")
        + "</form>"
    )
    return _page(_("Join the training"), what + form, problem=problem, status=403 if problem else 200)


async def join(request: Request) -> Response:
    """Show what joining means, take the code, give the browser a seat, or send it back to the one it has."""
    code = request.path_params.get("code", "")
    if request.method == "GET":
        return _join_page(request, code)
    code = await _field(request, "code")
    hall = training.hall()
    try:
        here = _seated(request, hall)
        if here and here == await run_in_threadpool(hall.session_of, code, visitor=_visitor(request)):
            return RedirectResponse(f"{training.base()}/class", status_code=303)
        key = await run_in_threadpool(hall.join, code, visitor=_visitor(request))
    except RiskError as error:
        return _join_page(request, code, error)
    return _enter(request, training.SEAT, key, "class")


def _seated(request: Request, hall: Hall) -> str:
    """The session in which this browser has a seat already, or ''."""
    try:
        key = read_key(request.cookies.get(training.SEAT, ""))
        hall.seat(key)
    except RiskError:
        return ""
    return key.session_id


# -- keys -------------------------------------------------------------------------------------------------


def _key_door(cookie: str, to: str, title: str, opens: Callable[[Hall, Key], bool]) -> Callable:
    async def door(request: Request) -> Response:
        problem = ""
        _speak(request)
        if request.method == "POST":
            hall, visitor = training.hall(), _visitor(request)
            try:
                key = read_key(await _field(request, "key"))
                if await run_in_threadpool(hall.try_key, key, opens, visitor=visitor):
                    return _enter(request, cookie, key, to)
                problem = _("This key does not fit. Copy it whole, with the dot.")
            except RiskError as error:
                problem = i18n.told(error)
        form = (
            f"<form method='post' action='{training.base()}{request.url.path.removeprefix(training.base())}'>"
            + html.tag("label", _("Key"), **{"for": "key"})
            + "<input id='key' class='key' name='key' type='password' required autocomplete='off'>"
            + html.tag("button", _("Open"), type="submit")
            + "</form>"
        )
        return _page(_(title), form, problem=problem, status=403 if problem else 200)

    return door


# -- news -------------------------------------------------------------------------------------------------

LOOK_SECONDS, ALIVE_SECONDS = 0.25, 15.0


async def changes(request: Request) -> Response:
    """A stream of marks: a new one whenever what this browser shows has changed. Costs no rerun by itself."""
    kind = request.query_params.get("as", training.SEAT)
    try:
        key = read_key(request.cookies.get(kind, ""))
        look, place = await run_in_threadpool(training.watcher, kind, key)
    except (RiskError, KeyError):
        return PlainTextResponse("This browser has no place in a session.\n", status_code=403)
    return StreamingResponse(
        _marks(request, look, key.session_id, place),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


async def _marks(request: Request, look: Callable[[], str], session_id: str, seat: str) -> AsyncIterator[str]:
    told, silent = None, 0.0
    with training.hall().connection(session_id, seat) if seat else nullcontext():
        while not training.ENDING.is_set() and not await request.is_disconnected():
            try:
                mark = look()
            except RiskError:
                mark = "gone"
            if mark != told or silent >= ALIVE_SECONDS:
                told, silent = mark, 0.0
                yield f"data: {mark}\n\n"
            await asyncio.sleep(LOOK_SECONDS)
            silent += LOOK_SECONDS


async def script(request: Request) -> Response:
    """The script that listens to `changes`."""
    return _javascript(SCRIPT)


async def links(request: Request) -> Response:
    """The script that opens links in the same session."""
    return _javascript(address.SCRIPT)


def _javascript(text: str) -> Response:
    return Response(text, media_type="text/javascript", headers={"cache-control": "max-age=3600"})


def _routes() -> list[Route]:
    base = training.base()
    trainer = _key_door(training.TRAINER, "training", N_("Trainer's room"), Hall.is_trainer)
    watch = _key_door(training.WATCH, "board", N_("The board"), Hall.may_watch)
    return [
        Route(f"{base}/join", join, methods=["GET", "POST"]),
        Route(f"{base}/join/{{code}}", join, methods=["GET"]),
        Route(f"{base}/direct", trainer, methods=["GET", "POST"]),
        Route(f"{base}/watch", watch, methods=["GET", "POST"]),
        Route(f"{base}/classroom/changes", changes),
        Route(f"{base}/classroom/changes.js", script),
        Route(f"{base}{address.LINKS}", links),
    ]


ROUTES = _routes()
