"""The server around the pages: security headers, warm-up before the first person comes, a clean end."""

from __future__ import annotations

import base64
import gc
import os
import re
import signal
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import streamlit
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from risk import tasks
from risk.ui import shared, training

__all__ = ["HEADERS", "MIDDLEWARE", "SCRIPT", "SafeHeaders", "end_streams_on_signals", "lifespan", "send_at_once"]

#: The script that Streamlit runs for each session; in a folder of its own because that folder is put
#: first on the import path.
SCRIPT = str(Path(__file__).parent / "pages" / "shell.py")


def _inline_scripts() -> str:
    """SHA-256 sources of the scripts inside Streamlit's start page, which the policy would else refuse."""
    page = (Path(streamlit.__file__).parent / "static" / "index.html").read_text(encoding="utf-8")
    found = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    return " ".join(f"'sha256-{base64.b64encode(sha256(s.encode()).digest()).decode()}'" for s in found)


#: Charts need WebAssembly and inline styles; everything else comes from this server or not at all.
HEADERS = {
    "content-security-policy": "; ".join(
        (
            "default-src 'self'",
            f"script-src 'self' 'wasm-unsafe-eval' {_inline_scripts()}",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "frame-src 'self'",
            "object-src 'none'",
            "base-uri 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class SafeHeaders:
    """ASGI middleware that puts `HEADERS` on every answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and add the headers to what comes back."""

        async def send_safe(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self.app(scope, receive, send_safe if scope["type"] == "http" else send)


MIDDLEWARE = [Middleware(SafeHeaders), Middleware(GZipMiddleware, minimum_size=1000)]


def send_at_once() -> int:
    """Turn Nagle's algorithm off on every socket this process listens on; returns how many there were.

    Streamlit binds its socket with ``proto=0``, and asyncio then leaves the algorithm on: each click waited
    40 ms for the browser's delayed acknowledgement (uvicorn issue 3149). What a listening socket is set to,
    accepted ones inherit. Linux only; elsewhere nothing is found and nothing changes.
    """
    folder, found = Path("/proc/self/fd"), 0
    for entry in os.listdir(folder) if folder.is_dir() else ():
        try:
            with socket.socket(fileno=os.dup(int(entry))) as one:
                if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    found += 1
        except OSError:  # not a socket, or not TCP
            continue
    return found


def end_streams_on_signals() -> None:
    """Let open event streams end when the server is told to end, else it would wait for them for ever."""
    training.ENDING.clear()
    if threading.current_thread() is not threading.main_thread():
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, partial(_end, signal.getsignal(number)))


def _end(before: Any, number: int, frame: Any) -> None:
    training.ENDING.set()
    if callable(before):
        before(number, frame)


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Load store and model before the first click, and close the store when the server ends."""
    send_at_once()
    end_streams_on_signals()
    shared.warm_up()
    training.start()
    gc.collect()
    gc.freeze()  # what is loaded stays loaded: later collections need not walk through it
    try:
        yield
    finally:
        tasks.stop_all()
        shared.close()
