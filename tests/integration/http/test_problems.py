from __future__ import annotations

from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from sqlalchemy import update

from subiteya.db.models import User
from subiteya.domain.errors import StorageUnavailable, WrongState
from subiteya.http import problems
from subiteya.services.resources import Resources

OPEN_TO_ALL = {"/api/health", "/api/ready", "/api/webhooks/tiktok"}
"""Routes that need no key; TikTok's webhooks carry a signature instead."""
SPANISH, ENGLISH = {"Accept-Language": "es-MX,es;q=0.9"}, {"Accept-Language": "en-US,en;q=0.9"}


@pytest.fixture
async def broken(app: FastAPI) -> None:
    """Routes that fail in every way."""

    @app.get("/api/test-state")
    async def state() -> None:
        raise WrongState(what="video", state="EDITING")

    @app.get("/api/test-down")
    async def down() -> None:
        raise StorageUnavailable

    @app.get("/api/test-bug")
    @app.get("/test-bug")
    async def bug() -> None:
        raise RuntimeError("the password is hunter2")

    @app.get("/api/test-number")
    async def number(count: int, size: int = 1) -> int:
        return count + size


async def problem(client: httpx2.AsyncClient, path: str, **headers: str) -> dict[str, Any]:
    answer = await client.get(path, headers=headers)
    assert answer.headers["content-type"] == problems.MEDIA_TYPE
    body: dict[str, Any] = answer.json()
    assert body["status"] == answer.status_code
    assert body["request_id"] == answer.headers["x-request-id"]
    problems.Problem.model_validate(body)
    return body


@pytest.mark.usefixtures("broken")
async def test_an_error_is_a_problem_document_with_what_it_knows(anonymous: httpx2.AsyncClient) -> None:
    found = await problem(anonymous, "/api/test-state", **ENGLISH)
    assert found["type"] == "urn:subiteya:error:wrong_state"
    assert (found["code"], found["title"], found["status"]) == ("wrong_state", "Conflict", 409)
    assert found["state"] == "EDITING"
    assert found["retryable"] is False
    assert found["detail"] == "This cannot be done while the video is EDITING."


@pytest.mark.usefixtures("broken")
async def test_the_sentence_is_in_the_language_of_whoever_asks(
    anonymous: httpx2.AsyncClient, client: httpx2.AsyncClient, resources: Resources, user: User
) -> None:
    spanish = "Ahora no se puede hacer esto (video: en edición)."
    assert (await problem(anonymous, "/api/test-state", **SPANISH))["detail"] == spanish
    assert (await problem(anonymous, "/api/test-state"))["detail"] == spanish
    assert (await problem(anonymous, "/api/test-state", **{"Accept-Language": "fr"}))["detail"] == spanish
    # A signed-in user's own choice wins over the browser's.
    assert "No encontramos" in (await problem(client, f"/api/videos/{user.id}", **ENGLISH))["detail"]
    async with resources.db.begin() as session:
        await session.execute(update(User).values(locale="en_GB"))
    assert "There is no such" in (await problem(client, f"/api/videos/{user.id}", **SPANISH))["detail"]


@pytest.mark.usefixtures("broken")
async def test_what_is_down_may_be_tried_again(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/api/test-down")
    assert answer.status_code == 503
    assert answer.json()["retryable"] is True
    assert int(answer.headers["retry-after"]) > 0


@pytest.mark.usefixtures("broken")
async def test_an_error_that_nobody_foresaw_says_nothing_of_its_inside(anonymous: httpx2.AsyncClient) -> None:
    answer = await anonymous.get("/api/test-bug")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "hunter2" not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.headers["content-security-policy"]
    shown = await anonymous.get("/test-bug", headers={"Accept": "text/html"})
    assert shown.status_code == 500
    assert shown.headers["x-request-id"] in shown.text
    assert "hunter2" not in shown.text


@pytest.mark.usefixtures("broken")
async def test_a_wrong_field_is_named(anonymous: httpx2.AsyncClient) -> None:
    found = await problem(anonymous, "/api/test-number?count=many&size=2", **ENGLISH)
    assert (found["status"], found["code"]) == (422, "bad_input")
    assert found["errors"] == [
        {"field": "query.count", "code": "int_parsing", "why": "it is not a whole number"}
    ]
    assert found["detail"] == "query.count: it is not a whole number"
    missing = await problem(anonymous, "/api/test-number", **SPANISH)
    assert missing["detail"] == "query.count: falta"


async def test_an_unknown_address_and_a_wrong_method_are_problems_too(anonymous: httpx2.AsyncClient) -> None:
    assert (await problem(anonymous, "/api/nothing"))["code"] == "no_such_address"
    answer = await anonymous.delete("/api/health")
    assert (answer.status_code, answer.json()["code"]) == (405, "wrong_method")
    assert "GET" in answer.headers["allow"]


async def test_a_browser_gets_a_page_where_there_are_pages(anonymous: httpx2.AsyncClient) -> None:
    browser = {"Accept": "text/html,*/*;q=0.8"}
    page = await anonymous.get("/nowhere", headers=browser | ENGLISH)
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")
    assert "There is nothing at this address." in page.text
    assert '<html lang="en">' in page.text
    in_api = await anonymous.get("/api/nowhere", headers=browser)
    assert in_api.headers["content-type"] == problems.MEDIA_TYPE


async def test_openapi_describes_errors_as_they_are(anonymous: httpx2.AsyncClient) -> None:
    document = (await anonymous.get("/api/openapi.json")).json()
    assert "Problem" in document["components"]["schemas"]
    assert "HTTPValidationError" not in document["components"]["schemas"]
    assert set(document["components"]["securitySchemes"]) == {"API key", "Session"}
    tagged = {tag["name"] for tag in document["tags"]}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation.get("description") or operation.get("summary"), where
            assert set(operation["tags"]) <= tagged, where
            for status, answer in operation["responses"].items():
                if status.isdigit() and int(status) >= 400 and status != "503":
                    assert set(answer["content"]) == {problems.MEDIA_TYPE}, f"{where} {status}"
            if path not in OPEN_TO_ALL:
                assert operation["security"], where
                assert "401" in operation["responses"], where
