"""The app as a program: safe settings that still exist, and pages that start empty."""

from __future__ import annotations

import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit import config
from streamlit.testing.v1 import AppTest

from risk import workbench
from risk.ui import shared
from risk.ui.server import SCRIPT, send_at_once
from risk.workbench import Workspace
from tests.fixtures_browser import fill

ROOT = Path(__file__).parent.parent
SETTINGS = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))


def options(table: dict, before: str = "") -> Iterator[str]:
    for name, value in table.items():
        yield from options(value, f"{before}{name}.") if isinstance(value, dict) else [before + name]


def test_every_setting_is_one_that_streamlit_still_knows():
    """A hidden option that went away would be ignored in silence, and a class would wait again."""
    known = config.get_config_options()
    assert [name for name in options(SETTINGS) if name not in known] == []
    assert "runner.postScriptGC" in known


def test_the_shipped_settings_are_the_safe_ones():
    assert SETTINGS["client"]["showErrorDetails"] == "none"
    assert SETTINGS["client"]["disableDataExport"] is True
    assert SETTINGS["browser"]["gatherUsageStats"] is False
    assert SETTINGS["server"]["maxUploadSize"] == 25
    assert SETTINGS["server"]["enableXsrfProtection"] and SETTINGS["server"]["enableCORS"]
    assert SETTINGS["server"]["address"] == "localhost"
    assert SETTINGS["runner"]["postScriptGC"] is False


def test_no_page_is_named_like_a_module_that_others_import():
    """The pages' folder is first on the import path while the app runs."""
    import sys

    taken = set(sys.stdlib_module_names) | {"pandas", "numpy", "streamlit", "risk", "data_synthetic", "app"}
    assert not {p.stem for p in Path(SCRIPT).parent.glob("*.py")} & taken


@pytest.fixture
def open_app(tmp_path, monkeypatch) -> Iterator:
    """Opens the app on a workspace in this process; its store is closed afterwards."""

    def make(root: Path) -> AppTest:
        monkeypatch.setenv("RISK_WORKSPACE", str(root))
        return AppTest.from_file(SCRIPT, default_timeout=30)

    yield make
    shared.close()
    st.cache_resource.clear()


def shown(test: AppTest) -> str:
    return " ".join(str(part.proto.body) for part in test.get("html"))


def test_an_empty_workspace_says_what_to_do_next(open_app, tmp_path):
    test = open_app(tmp_path).run()
    assert not test.exception
    assert "make demo" in shown(test)


def test_the_queue_lists_cases_and_filters_them(open_app, tmp_path, space, model, data):
    own = Workspace.at(tmp_path)
    fill(own, space, model, data)
    test = open_app(tmp_path).run()
    assert not test.exception
    assert "1–20 of 60" in shown(test)
    with own.store(read_only=True) as store:
        one = store.cases(size=1).rows[0].item_id
    test.text_input(key="search").set_value(one[2:9]).run()
    assert "1–1 of 1" in shown(test) and one in shown(test)


def test_what_a_listening_socket_accepts_sends_at_once():
    """Streamlit's own socket leaves Nagle's algorithm on, which cost 40 ms a click."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        door.listen()
        assert send_at_once() >= 1
        with socket.create_connection(door.getsockname()), door.accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_link_to_an_item_of_an_earlier_queue_still_opens_it(open_app, tmp_path, space, model, data):
    own = Workspace.at(tmp_path)
    fill(own, space, model, data)
    with own.store(read_only=True) as store:
        old = store.cases(size=1).rows[0].item_id
    others = workbench.newest(data, days=14).query("item_id != @old").head(400)
    workbench.open_queue(own, model, others, how=workbench.Selection(10, seed=8))
    test = open_app(tmp_path).run()
    test.switch_page("item_page.py")
    test.query_params["item"] = old
    test.run()
    assert not test.exception
    assert old in shown(test) and "earlier queue" in shown(test)
    test.query_params["item"] = "ZZ000000000ZZ"
    test.run()
    assert "ZZ000000000ZZ" in shown(test) and not test.exception
