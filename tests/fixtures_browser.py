"""A real app on a small workspace, and a real browser that cannot leave this machine."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from risk import workbench
from risk.workbench import Workspace

ROOT = Path(__file__).parent.parent
HOSTILE = (
    "<script>document.title='hit'</script> **bold** ![x](http://outside.invalid/x.png) :material/delete: $x$"
)
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@dataclass(frozen=True)
class App:
    """A running app: where it is, what it works on, an item whose description is hostile, its process."""

    url: str
    space: Workspace
    hostile_id: str
    pid: int = 0


def fill(space: Workspace, registered: Workspace, model, data) -> str:
    """Give a workspace the model and a queue of the newest items; returns the id of the hostile one."""
    shutil.copytree(registered.root / "models", space.root / "models")
    newest = workbench.newest(data, days=7).copy()
    hostile = newest.index[0]
    newest.loc[hostile, "description"] = HOSTILE
    workbench.open_queue(space, model, newest, how=workbench.Selection(30, seed=7))
    return str(newest.loc[hostile, "item_id"])


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, space: Workspace, model, data) -> Iterator[App]:
    """The app as ``risk app`` serves it, on a free port."""
    own = Workspace.at(tmp_path_factory.mktemp("app"))
    hostile_id = fill(own, space, model, data)
    workbench.evaluate(model, data, workspace=own)
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    told = (own.root / "server.log").open("w")
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), "--server.port", str(port)]
    environment = os.environ | {"RISK_WORKSPACE": str(own.root), "PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(command, cwd=own.root, env=environment, stdout=told, stderr=told)
    try:
        _wait_for(f"http://localhost:{port}/_stcore/health", server, own.root / "server.log")
        yield App(f"http://localhost:{port}", own, hostile_id, server.pid)
    finally:
        server.terminate()
        server.wait(timeout=20)
        told.close()


def _wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(120):
        if server.poll() is not None:
            pytest.fail(f"the app ended by itself:\n{log.read_text()}")
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.read() == b"ok":  # any wrong path answers 200 too: only the body tells
                    return
        except OSError:
            pass
        time.sleep(0.25)
    pytest.fail(f"the app did not answer:\n{log.read_text()}")


@pytest.fixture(scope="module")
def browser() -> Iterator:
    """Debian's Chromium, with every name but localhost unknown to it."""
    found = shutil.which("chromium")
    if found is None:
        words = (
            "Chromium is not installed, so nobody looked at the web app (Debian: apt-get install chromium)."
        )
        if os.environ.get("CI"):
            pytest.fail(words)
        pytest.skip(words)
    from playwright.sync_api import sync_playwright

    flags = [*FLAGS, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost"]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=flags)
        yield chromium
        chromium.close()


#: Whether a page has come to rest: its script has run, its parts are loaded, nothing was drawn for a while.
AT_REST = """quiet => {
  const app = document.querySelector("[data-testid=stApp]"), now = performance.now();
  if (!window.lastDrawn) {
    window.lastDrawn = now;
    new MutationObserver(() => { window.lastDrawn = performance.now(); })
      .observe(document.body, {subtree: true, childList: true});
  }
  const ran = app && app.dataset.testScriptState === "notRunning" && app.dataset.testConnectionState === "CONNECTED";
  if (!ran || document.querySelector("[data-testid=stSkeleton]")) window.lastDrawn = now;
  return now - window.lastDrawn > quiet;
}"""


def settle(page, *, quiet: int = 200) -> None:
    """Wait until a page has come to rest, `quiet` milliseconds long.

    Streamlit says that a script has run before the browser has drawn what it made, and loads the code of each
    kind of part when it is first met: who clicks earlier than that may hit another part, or nothing.
    """
    page.wait_for_function(AT_REST, arg=quiet, polling=50, timeout=30_000)


AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]


@pytest.fixture(scope="session")
def axe_script(tmp_path_factory) -> str:
    """npm's axe-core, fetched for this run only; it is no part of the project. '' where it is not at hand."""
    npm, folder = shutil.which("npm"), tmp_path_factory.mktemp("axe")
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), "axe-core@4"]
    if npm is None or subprocess.run(command, check=False, timeout=120, capture_output=True).returncode:
        return ""
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
def axe(axe_script: str) -> str:
    """The same, for tests that do nothing else."""
    if not axe_script:
        pytest.skip("npm or its axe-core package is not at hand: accessibility was not checked")
    return axe_script


def faults(page, axe: str, name: str, rules: Sequence[str] = ()) -> dict[str, list[str]]:
    """What axe-core finds serious or critical on a page, by name and rule; nothing where it is not at hand.

    With `rules`, only these are asked.
    """
    if not axe:
        return {}
    page.evaluate(axe)
    asked = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": AXE_TAGS}
    told = page.evaluate("how => axe.run({runOnly: how})", asked)
    bad = [v for v in told["violations"] if v["impact"] in ("serious", "critical")]
    return {f"{name} {v['id']}": [n["html"][:160] for n in v["nodes"][:3]] for v in bad}
