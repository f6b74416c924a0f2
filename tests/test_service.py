"""The scoring service: the model's own numbers, refusals as answers, promotions without a lost request."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings

from risk import workbench
from risk.service import Scorer, make_app, make_scorer
from risk.service.app import MOST_ITEMS, Answer

httpx = pytest.importorskip("httpx")


def declarations_of(frame: pd.DataFrame, dictionary) -> list[dict]:
    """Rows as a client would write them in JSON."""
    names = [f.name for f in dictionary.fields()]
    text = frame[names].to_json(orient="records", date_format="iso")
    whole = [f.name for f in dictionary.fields() if f.type == "integer"]
    rows = [{k: v for k, v in row.items() if v is not None} for row in json.loads(text)]
    return [row | {n: int(row[n]) for n in whole if n in row} for row in rows]


class Asking:
    """A running service, asked without a socket."""

    def __init__(self, scorer: Scorer, look_every: float = 0.05) -> None:
        self.app = make_app(scorer, look_every=look_every)

    async def __aenter__(self) -> httpx.AsyncClient:
        self._life = self.app.router.lifespan_context(self.app)
        await self._life.__aenter__()
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://service", timeout=60)
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()
        await self._life.__aexit__(None, None, None)


def ask(scorer: Scorer, *bodies: object, path: str = "/score") -> list:
    """Answers to POSTs sent at once."""

    async def go() -> list:
        async with Asking(scorer) as client:
            return await asyncio.gather(*[client.post(path, json=b) for b in bodies])

    return asyncio.run(go())


@pytest.fixture(scope="module")
def scorer(space, model) -> Scorer:
    return Scorer(space.registry)


@pytest.fixture(scope="module")
def asked(data, model) -> list[dict]:
    return declarations_of(data.declarations.tail(40), model.dictionary)


def test_the_same_numbers_as_the_model(space, stream_path, data, model, asked) -> None:
    """With the stream before them as history, the newest items score as they do in the stream itself."""
    known = make_scorer(space, history=stream_path)
    (answer,) = ask(known, {"items": asked})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    Answer.model_validate(told, strict=True)  # the document says what is sent
    expected = workbench.score(model, data, explain=True).tail(40).reset_index(drop=True)
    assert [i["item_id"] for i in told["items"]] == expected["item_id"].tolist()
    np.testing.assert_allclose([i["margin"] for i in told["items"]], expected["margin"], atol=1e-9)
    for at, item in enumerate(told["items"]):
        assert math.isclose(
            item["base_value"] + sum(item["attributions"].values()), item["margin"], abs_tol=1e-6
        )
        for name, value in item["attributions"].items():
            assert math.isclose(value, expected[f"phi_{name}"][at], abs_tol=1e-9), name
    assert told["model_id"] == model.model_id


def test_reasons_are_the_models_largest(scorer, asked) -> None:
    (answer,) = ask(scorer, {"items": asked[:3]})
    for item in answer.json()["items"]:
        sizes = sorted((abs(v) for v in item["attributions"].values()), reverse=True)
        assert [abs(r["attribution"]) for r in item["reasons"]] == pytest.approx(sizes[:5])
        assert all(r["text"].endswith(".") for r in item["reasons"])


def test_lanes_follow_the_streams_scores(space, model, data, asked, tmp_path) -> None:
    scores = workbench.score(model, data)
    workbench.write_table(scores, tmp_path / "scores.parquet")
    low, high = make_scorer(space), make_scorer(space, scores=tmp_path / "scores.parquet", rate=0.3)
    assert {i["lane"] for i in ask(low, {"items": asked})[0].json()["items"]} == {None}
    items = ask(high, {"items": asked})[0].json()["items"]
    red = np.quantile(scores["margin"], 0.7)
    assert all((i["lane"] == "red") == (i["margin"] >= red) for i in items)


def test_one_bad_request_does_not_harm_its_neighbours(scorer, asked) -> None:
    bad = [{**asked[0], "gross_weight_g": -3.0}]
    answers = ask(scorer, {"items": asked[:2]}, {"items": bad}, {"items": asked[2:3]})
    assert [a.status_code for a in answers] == [200, 422, 200]
    assert "gross_weight_g" in answers[1].json()["detail"] and "-3" in answers[1].json()["detail"]
    assert len(answers[0].json()["items"]) == 2


REFUSED = [
    {},
    [],
    None,
    7,
    "x",
    {"items": []},
    {"items": [{}]},
    {"items": [None]},
    {"items": {"item_id": "a"}},
    {"items": [{"item_id": "CX000000005QM", "gross_weight_g": "500"}]},
    {"items": [{"item_id": "CX000000005QM", "gross_weigth_g": 500.0}]},
    {"items": [{"item_id": ["CX000000005QM"]}]},
    {"items": [{"item_id": "CX000000005QM", "pieces": 10**400}]},
    {"items": [{"item_id": "CX000000005QM", "pieces": 2**70}]},
    {"items": [{"item_id": "\ud800"}]},
    {"items": [{"item_id": "a", "\ud800": 1}]},
    {"items": [{"item_id": "CX000000005QM", "description": "x" * 10_000}]},
    {"items": [{"item_id": "CX000000005QM", "posted_utc": "31 February"}]},
]


@pytest.mark.parametrize("at", range(len(REFUSED)))
def test_hostile_json_is_refused_in_words(scorer, at: int) -> None:
    async def go() -> httpx.Response:
        async with Asking(scorer) as client:
            return await client.post(
                "/score",
                content=json.dumps(REFUSED[at]).encode(),
                headers={"content-type": "application/json"},
            )

    answer = asyncio.run(go())
    assert answer.status_code in (400, 422) and answer.json()["detail"], answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"items": [{"item_id": NaN}]}',
        b'{"items": [{"item_id": "a", "gross_weight_g": Infinity}]}',
    ],
)
def test_what_is_no_json_is_refused(scorer, body: bytes) -> None:
    async def go() -> httpx.Response:
        async with Asking(scorer) as client:
            return await client.post("/score", content=body, headers={"content-type": "application/json"})

    assert asyncio.run(go()).status_code in (400, 422)


def test_too_much_at_once_is_refused(scorer, asked) -> None:
    (answer,) = ask(scorer, {"items": asked[:1] * (MOST_ITEMS + 1)})
    assert answer.status_code in (413, 422)


def test_health_and_metrics(scorer, asked, model) -> None:
    async def go() -> tuple[dict, str]:
        async with Asking(scorer) as client:
            await client.post("/score", json={"items": asked[:3]})
            await client.post("/score", json={})
            return (await client.get("/health")).json(), (await client.get("/metrics")).text

    health, metrics = asyncio.run(go())
    assert health == {"status": "ok", "model_id": model.model_id}
    for line in (
        'risk_requests_total{status="200"} 2',
        'risk_requests_total{status="422"} 1',
        "risk_items_total 3",
        f'risk_model_info{{model_id="{model.model_id}"}} 1',
    ):
        assert line in metrics


def test_a_promotion_takes_over_without_a_lost_request(space, data, asked, tmp_path) -> None:
    root = Path(shutil.copytree(space.root, tmp_path / "space"))
    other = workbench.Workspace.at(root)
    rules = workbench.train(data, "rules", workspace=other)
    scorer = Scorer(other.registry)
    first = scorer.model.model_id

    async def go() -> list[str]:
        ids = []
        async with Asking(scorer) as client:
            for turn in range(400):
                if turn == 5:
                    other.registry.promote(
                        rules.model_id, reason="test", actor="t", utc="2026-01-05T08:00:00Z"
                    )
                answers = await asyncio.gather(
                    *[client.post("/score", json={"items": asked[:1]}) for _ in range(3)]
                )
                assert all(a.status_code == 200 for a in answers)
                ids += [a.json()["model_id"] for a in answers]
                if ids[-1] == rules.model_id:
                    break
        return ids

    ids = asyncio.run(go())
    assert ids[0] == first and ids[-1] == rules.model_id
    assert ids == sorted(ids, key=lambda i: i != first)  # never back


def test_the_openapi_document_names_every_field(scorer, model) -> None:
    document = make_app(scorer).openapi()
    named = document["components"]["schemas"]["Declaration"]["properties"]
    assert set(named) == {f.name for f in model.dictionary.fields()}
    assert "g" in named["gross_weight_g"]["description"]


@pytest.mark.filterwarnings("ignore:Using `httpx`")
def test_schemathesis_finds_no_server_error(scorer) -> None:
    """Requests made from the OpenAPI document, valid and not; none may end in a 5xx."""
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from starlette.testclient import TestClient

    app = make_app(scorer)
    schema = schemathesis.openapi.from_asgi("/openapi.json", app)
    seen = []
    with TestClient(app, raise_server_exceptions=False) as client:
        for operation in schema.get_all_operations():
            examples = 25 if operation.ok().method.upper() == "POST" else 3  # a GET here has nothing to vary

            @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
            @given(case=operation.ok().as_strategy())
            def run(case) -> None:
                answer = case.call(session=client)
                case.validate_response(answer, checks=[not_a_server_error])
                seen.append(answer.status_code)

            run()
    assert 200 in seen and 422 in seen and max(seen) < 500
