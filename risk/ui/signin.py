"""Who is at the browser: on one's own machine by itself, at a site through OIDC or a trusted proxy.

``RISK_SIGN_IN`` chooses: ``local`` (the default), ``oidc`` (Streamlit's own, see docs/deployment.md) or
``proxy`` (headers that only the proxy can set, because they come with a secret). Nothing here trusts a
browser: what cannot be verified becomes a visitor, who may only take part in a class.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from risk.access import ROLES, Actor, local_actor, make_actor

__all__ = ["KINDS", "VISITOR", "Request", "identify"]

KINDS = ("local", "oidc", "proxy")
VISITOR = make_actor("visitor", ["trainee"])
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")
_LONGEST = 60


@dataclass(frozen=True)
class Request:
    """What a session's request brought: its address (None: this machine), headers, and verified claims.

    `claims` come from Streamlit, which has checked the token's signature, but not whether it has expired.
    """

    address: str | None = None
    headers: Mapping[str, str] | None = None
    claims: Mapping[str, Any] | None = None


def identify(kind: str, request: Request, *, now: float, name: str = "", secret: str = "") -> Actor:
    """The person behind a request; a visitor where nobody vouches for one.

    Parameters
    ----------
    kind
        One of `KINDS`; anything else vouches for nobody.
    request
        What came.
    now
        Seconds since 1970, UTC; a token that expired before is none.
    name
        Local only: the name that the person chose.
    secret
        Proxy only: what the header ``x-risk-proxy`` must hold.

    >>> ann = Request(claims={"sub": "7", "name": "ann", "roles": ["reviewer"], "exp": 99})
    >>> identify("oidc", ann, now=50)
    Actor(name='ann', roles=frozenset({'reviewer'}))
    >>> identify("oidc", ann, now=99).name
    'visitor'
    """
    headers = {key.lower(): value for key, value in (request.headers or {}).items()}
    if kind == "local":
        return _local(request.address, headers, name)
    if kind == "oidc":
        return _claimed(request.claims or {}, now)
    if kind == "proxy":
        return _forwarded(headers, secret)
    return VISITOR


def _local(address: str | None, headers: Mapping[str, str], name: str) -> Actor:
    """This machine holds every role; a request that a proxy passed on is not from this machine."""
    here = not isinstance(address, str) or address.removeprefix("::ffff:").startswith(("127.", "::1"))
    if not here or any(h in headers for h in _FORWARDED):
        return VISITOR
    return local_actor(name or "local")


def _claimed(claims: Mapping[str, Any], now: float) -> Actor:
    expires = claims.get("exp")
    if not isinstance(expires, (int, float)) or not now < expires:
        return VISITOR
    shown = claims.get("preferred_username") or claims.get("email") or claims.get("name") or claims.get("sub")
    return _person(str(shown or ""), claims.get("roles") or claims.get("groups") or ())


def _forwarded(headers: Mapping[str, str], secret: str) -> Actor:
    told = headers.get("x-risk-proxy", "")
    if not secret or not hmac.compare_digest(told.encode(), secret.encode()):
        return VISITOR
    return _person(headers.get("x-forwarded-user", ""), headers.get("x-forwarded-groups", "").split(","))


def _person(name: str, groups: Iterable[Any]) -> Actor:
    """Roles are groups of the same name, with or without ``risk-`` before; none makes a viewer."""
    if isinstance(groups, str):
        groups = groups.split(",")
    held = {str(g).strip().lower().removeprefix("risk-").replace("-", "_") for g in groups} & set(ROLES)
    name = "".join(c for c in name.strip() if c.isprintable())[:_LONGEST]
    return make_actor(name, held or {"viewer"}) if name and name not in ("system", "visitor") else VISITOR
