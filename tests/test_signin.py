"""Nobody is let in on a browser's word: expired tokens, forged headers, proxies before a local app."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from risk.access import ROLES, may
from risk.ui.signin import VISITOR, Request, identify

CLAIMS = {"sub": "42", "email": "ann@site.example", "roles": ["risk-reviewer", "staff"], "exp": 1000}


def oidc(now: float = 0.0, **changed):
    return identify("oidc", Request("192.0.2.1", {}, CLAIMS | changed), now=now)


def proxy(headers: dict, secret: str = "s3cret"):
    return identify("proxy", Request("127.0.0.1", headers), now=0.0, secret=secret)


def test_a_token_counts_until_it_expires():
    assert oidc(999.9).roles == {"reviewer"} and oidc(999.9).name == "ann@site.example"
    assert oidc(1000) == VISITOR and oidc(exp=None) == VISITOR and oidc(exp="soon") == VISITOR


def test_without_a_known_role_one_may_only_look():
    assert oidc(roles=["staff"]).roles == {"viewer"}
    assert not may(oidc(roles=["staff"]), "decide") and may(oidc(roles=["staff"]), "view_queue")


def test_headers_count_only_with_the_proxys_secret():
    headers = {"X-Forwarded-User": "bob", "X-Forwarded-Groups": "trainer, other", "X-Risk-Proxy": "s3cret"}
    assert proxy(headers).roles == {"trainer"}
    assert proxy(headers | {"X-Risk-Proxy": "guess"}) == VISITOR
    assert proxy(headers, secret="") == VISITOR and proxy({"X-Forwarded-User": "bob"}) == VISITOR


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_local_app_behind_a_proxy_makes_nobody_master(header):
    assert identify("local", Request("127.0.0.1", {header: "192.0.2.9"}), now=0.0) == VISITOR
    assert identify("local", Request("192.0.2.9"), now=0.0) == VISITOR
    assert identify("local", Request("127.0.0.1", {}), now=0.0, name="ann").roles == set(ROLES)


@given(st.sampled_from(["", "none", "OIDC", "root"]), st.text(max_size=20))
def test_an_unknown_way_vouches_for_nobody(kind, name):
    assert identify(kind, Request(None, {"x-risk-proxy": ""}, CLAIMS), now=0.0, name=name) == VISITOR


@given(st.text(max_size=80))
def test_no_name_can_pass_for_the_system(name):
    made = oidc(email=name, name="", sub="", preferred_username="")
    assert made.name not in ("system", "") and len(made.name) <= 60
