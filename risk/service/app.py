"""The HTTP face: routes, the request's form made from the data dictionary, refusals as answers."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Annotated, Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field, create_model
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from risk.errors import Refused, RiskError
from risk.schema import Dictionary
from risk.service.metrics import Metrics
from risk.service.scorer import Scorer

__all__ = ["make_app", "MOST_ITEMS", "MOST_BYTES"]

MOST_ITEMS, MOST_BYTES = 1000, 5 * 10**6
_TYPES = {"string": str, "integer": int, "number": float, "boolean": bool, "datetime": str}
_SCHEMES = {"description": "The declarations are not as the data dictionary wants them."}


class Reason(BaseModel):
    """One reason in words, with its attribution in log-odds."""

    feature: str
    attribution: float
    text: str


class Scored(BaseModel):
    """One item: base value and attributions add up to the margin (log-odds)."""

    item_id: str
    margin: float
    risk_score: float
    lane: str | None
    base_value: float
    attributions: dict[str, float]
    reasons: list[Reason]


class Answer(BaseModel):
    """Scores of all items asked for, in their order, and the model that made them."""

    model_config = ConfigDict(protected_namespaces=())
    model_id: str
    items: list[Scored]


class Problem(BaseModel):
    """What was expected, what came, and what to do."""

    detail: Any


def declaration_form(dictionary: Dictionary) -> type[BaseModel]:
    """The form of one declaration: fields, titles and units as the data dictionary says; no others.

    Everything may be left out but the id; whether it should be is for the gate to say, in its own words.
    """
    fields: dict[str, Any] = {}
    for f in dictionary.fields():
        kind = Annotated[_TYPES[f.type], Field(max_length=2000)] if _TYPES[f.type] is str else _TYPES[f.type]
        kind = Annotated[float, Field(allow_inf_nan=False)] if kind is float else kind
        about = f"{f.title}. {f.description} Expected: {f.expected}."
        default = ... if f.role == "id" else None
        fields[f.name] = (kind if f.role == "id" else kind | None, Field(default, description=about))
    return create_model("Declaration", __config__=ConfigDict(extra="forbid", strict=True), **fields)


def make_app(scorer: Scorer, *, look_every: float = 1.0) -> FastAPI:
    """The application.

    Parameters
    ----------
    scorer
        With its model loaded.
    look_every
        Seconds between looks at the registry for a promoted model.
    """
    metrics = Metrics()

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        following = asyncio.create_task(_follow(scorer, metrics, look_every))
        yield
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following

    app = FastAPI(
        title="Postal risk scores",
        version="1",
        docs_url=None,
        redoc_url=None,
        lifespan=life,
        description="Synthetic data, for training; not for live enforcement. A score is about a "
        "declaration, never about a person.",
    )
    app.add_middleware(Counted, metrics=metrics)
    _refusals(app)
    _routes(app, scorer, metrics)
    return app


async def _follow(scorer: Scorer, metrics: Metrics, look_every: float) -> None:
    """Take over a promoted model; one that cannot be loaded leaves the present one in use."""
    while True:
        await asyncio.sleep(look_every)
        with suppress(RiskError, OSError):
            metrics.swaps += await asyncio.to_thread(scorer.refresh)


class Counted:
    """The application with its requests counted, and those refused whose body is too long or of no stated length.

    Plain ASGI: a middleware of the framework would cost as much as the score.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        began, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await (self._app if _short(scope) else _TOO_LONG)(scope, receive, noted)
        finally:
            items = scope.get("state", {}).get("items", 0)
            self._metrics.seen(status, time.perf_counter() - began, items=items)


def _short(scope: Scope) -> bool:
    """Whether a request's body has a stated length, and one that is read."""
    if scope["method"] != "POST":
        return True
    length = dict(scope["headers"]).get(b"content-length", b"")
    return length.isdigit() and int(length[:20]) <= MOST_BYTES


_TOO_LONG = JSONResponse(
    {"detail": f"At most {MOST_BYTES:,} bytes are read. Send fewer items a request, and state the length."}, 413
)


def _problem(detail: object, status: int) -> Response:
    """A problem as JSON in plain ASCII: half characters in what came cannot break the answer."""
    return Response(json.dumps({"detail": detail}), status, media_type="application/json")


def _refusals(app: FastAPI) -> None:
    @app.exception_handler(RiskError)
    async def refuse(request: Request, error: RiskError) -> Response:
        return _problem(str(error), 422 if isinstance(error, Refused) else 503)

    @app.exception_handler(RequestValidationError)
    async def explain(request: Request, error: RequestValidationError) -> Response:
        """Where and why, without the value itself: it may be what cannot be written as JSON."""
        said = [{"at": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in error.errors()[:20]]
        return _problem(said, 422)


def _routes(app: FastAPI, scorer: Scorer, metrics: Metrics) -> None:
    one = declaration_form(scorer.model.dictionary)
    many = create_model(
        "Batch",
        __config__=ConfigDict(extra="forbid"),
        items=(Annotated[list[one], Field(min_length=1, max_length=MOST_ITEMS)], ...),
    )
    problems: dict[int | str, dict[str, Any]] = {
        422: {"model": Problem, **_SCHEMES},
        503: {"model": Problem},
        413: {"model": Problem},
        400: {"model": Problem},
    }

    @app.post("/score", response_model=Answer, responses=problems)
    async def score(request: Request, batch: many) -> Response:  # type: ignore[valid-type]
        """Score, lane, attributions and reasons of up to 1,000 declarations."""
        answer = await scorer.submit([item.__dict__ for item in batch.items])
        request.state.items = len(batch.items)
        return Response(json.dumps(answer, allow_nan=False), media_type="application/json")  # a test holds its form

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Whether the service answers, and with which model."""
        return {"status": "ok", "model_id": scorer.model.model_id}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def counted() -> str:
        """Counts and waits, for Prometheus."""
        return metrics.text(scorer.model.model_id)
