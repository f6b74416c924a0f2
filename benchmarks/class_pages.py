"""A browser page without the browser: a real session with the web server, for `bench_class`.

Speaks the server's own websocket protocol, holds the cookie of its seat, listens to the server's events like
the page's script, and presses buttons by their labels. What it measures is what a person on the same
machine would wait for: from sending the click to the end of the server's answer.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

__all__ = ["Page", "listen"]

_FINISHED = {ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY}


@dataclass
class Page:
    """One open page: its connection, the elements it shows, and what each click took (seconds)."""

    host: str
    path: str
    cookie: str
    connection: ClientConnection | None = None
    buttons: dict[str, str] = field(default_factory=dict)
    groups: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    received: int = 0
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def open(self) -> float:
        """Connect and draw the page for the first time; returns seconds."""
        began = time.perf_counter()
        self.connection = await connect(
            f"ws://{self.host}/_stcore/stream",
            subprotocols=["streamlit"],
            additional_headers={"Cookie": self.cookie},
            max_size=None,
            ping_interval=None,
        )
        await self._run(BackMsg())
        return time.perf_counter() - began

    async def press(self, label: str, *, chosen: dict[str, str] | None = None) -> float:
        """Press a button, with choices in groups (part of their key: option); returns seconds."""
        async with self.busy:
            message = BackMsg()
            states = message.rerun_script.widget_states.widgets
            for name, option in (chosen or {}).items():
                key = next(k for k in self.groups if name in k)
                one = states.add(id=self.groups[key][0])
                one.string_array_value.data.append(option)
            states.add(id=self.buttons[label], trigger_value=True)
            return await self._run(message)

    async def _run(self, message: BackMsg) -> float:
        message.rerun_script.page_name = self.path
        began = time.perf_counter()
        await self.connection.send(message.SerializeToString())
        while True:
            data = await self.connection.recv()
            self.received += len(data)
            told = ForwardMsg.FromString(data)
            kind = told.WhichOneof("type")
            if kind == "new_session":
                self.buttons, self.groups, self.texts = {}, {}, []
            elif kind == "delta":
                self._element(told.delta.new_element)
            elif kind == "script_finished":
                if told.script_finished not in _FINISHED:
                    continue  # an earlier run was cut short by this one
                self.waits.append(time.perf_counter() - began)
                return self.waits[-1]

    def _element(self, element) -> None:
        kind = element.WhichOneof("type")
        if kind == "button":
            self.buttons[element.button.label] = element.button.id
        elif kind == "button_group":
            self.groups[element.button_group.id] = (element.button_group.id, [])
        elif kind == "html":
            self.texts.append(element.html.body)
        elif kind == "exception":
            self.texts.append(f"EXCEPTION {element.exception.message}")

    def find(self, pattern: str) -> str:
        """The first match of a pattern in what the page shows, or ''."""
        found = re.search(pattern, "".join(self.texts))
        return found.group(0) if found else ""

    @property
    def mark(self) -> str:
        """The state that the page was drawn from."""
        found = re.search(r'data-mark="([^"]*)"', "".join(self.texts))
        return found.group(1) if found else ""


async def listen(page: Page, kind: str) -> None:
    """Follow the server's events while the task lives; refresh the page when it has fallen behind."""
    host, port = page.host.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    request = (
        f"GET /classroom/changes?as={kind} HTTP/1.1\r\nHost: {page.host}\r\nCookie: {page.cookie}\r\n\r\n"
    )
    writer.write(request.encode())
    await writer.drain()
    newest = ""
    try:
        while line := await reader.readline():
            if line.startswith(b"HTTP/1.1") and b" 200 " not in line:
                raise RuntimeError(f"no events for {page.path}: {line.decode().strip()}")
            if line.startswith(b"data: "):
                newest = line[6:].decode().strip()
                if page.mark != newest and "Refresh" in page.buttons:
                    await page.press("Refresh")
    finally:
        writer.close()
