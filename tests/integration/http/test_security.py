from __future__ import annotations

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from subiteya.config import Settings
from subiteya.db.models import User
from subiteya.http.app import create_app
from subiteya.http.deps import CurrentUser
from subiteya.http.security import SESSION_COOKIE
from subiteya.services import access
from subiteya.services.resources import Resources


class Note(BaseModel):
    text: str


@pytest.fixture
async def app_with_a_write(app: FastAPI) -> FastAPI:
    """The application with one more route that only a signed-in user may use."""

    @app.post("/api/test-notes")
    async def write(note: Note, user: CurrentUser) -> dict[str, str]:
        return {"text": note.text, "user": str(user.id)}

    return app


@pytest.fixture
async def cookie(resources: Resources, user: User) -> dict[str, str]:
    link = await access.create_login_link(resources, user_id=user.id)
    session = await access.use_login_link(resources, link.rsplit("/", 1)[1])
    return {"Cookie": f"{SESSION_COOKIE}={session.token}"}


@pytest.mark.usefixtures("app_with_a_write")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Origin": "http://testserver"}, 200),
        ({"Origin": "http://testserver.evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
async def test_with_a_cookie_only_our_own_pages_may_write(
    anonymous: httpx2.AsyncClient, cookie: dict[str, str], headers: dict[str, str], status: int
) -> None:
    answer = await anonymous.post("/api/test-notes", json={"text": "hi"}, headers=cookie | headers)
    assert answer.status_code == status
    assert (await anonymous.get("/api/metrics", headers=cookie | headers)).status_code == 200


@pytest.mark.usefixtures("app_with_a_write")
async def test_with_a_key_a_program_writes_from_anywhere(client: httpx2.AsyncClient, user: User) -> None:
    answer = await client.post(
        "/api/test-notes", json={"text": "hi"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.json() == {"text": "hi", "user": str(user.id)}


async def test_a_wrong_key_is_not_saved_by_a_good_cookie(
    anonymous: httpx2.AsyncClient, cookie: dict[str, str]
) -> None:
    answer = await anonymous.get("/api/metrics", headers=cookie | {"Authorization": "Bearer sk_wrong"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("scheme", ["Basic", "bearer", "BEARER"])
async def test_the_word_bearer_may_be_written_in_any_case(
    anonymous: httpx2.AsyncClient, owner: access.Owner, scheme: str
) -> None:
    headers = {"Authorization": f"{scheme} {owner.api_key}"}
    expected = 401 if scheme == "Basic" else 200
    assert (await anonymous.get("/api/metrics", headers=headers)).status_code == expected


@pytest.mark.parametrize("path", ["/", "/api/health", "/api/nothing", "/static/home.js"])
async def test_every_answer_tells_browsers_what_they_may_not(
    anonymous: httpx2.AsyncClient, settings: Settings, path: str
) -> None:
    headers = (await anonymous.get(path)).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert settings.storage.endpoint is not None
    assert f"connect-src 'self' {settings.storage.endpoint}" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == ("no-cache" if path.startswith("/static") else "no-store")
    assert headers["x-request-id"]
    assert "server" not in headers


async def test_pages_hold_nothing_that_the_policy_forbids(anonymous: httpx2.AsyncClient) -> None:
    for path in ("/", "/login/abc", "/nowhere"):
        text = (await anonymous.get(path, headers={"Accept": "text/html"})).text
        assert "<style" not in text
        assert " style=" not in text
        assert " on" + "click" not in text
        assert "http://" not in text.replace("http://www.w3.org", "")


async def test_a_body_that_is_too_large_is_refused_before_it_is_read(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/patterns", content=b"x" * (2 * 1024**2))
    assert answer.status_code == 413
    assert answer.json()["code"] == "body_too_large"


async def test_a_callers_request_id_is_kept_when_it_is_harmless(anonymous: httpx2.AsyncClient) -> None:
    kept = await anonymous.get("/api/health", headers={"X-Request-ID": "from-the-proxy-1"})
    assert kept.headers["x-request-id"] == "from-the-proxy-1"
    replaced = await anonymous.get("/api/health", headers={"X-Request-ID": "<script>"})
    assert replaced.headers["x-request-id"] != "<script>"


async def test_https_is_demanded_for_good_where_people_use_it(settings: Settings) -> None:
    http = settings.http.model_copy(update={"public_url": "https://clips.example"})
    app = create_app(settings.model_copy(update={"http": http}))
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="https://clips.example") as client,
    ):
        resources = app.state.resources
        owner = await access.ensure_owner(resources)
        link = await access.create_login_link(resources, user_id=owner.user.id)
        assert link.startswith("https://clips.example/login/")
        used = await client.post(link, headers={"Sec-Fetch-Site": "same-origin"})
        assert "secure" in used.headers["set-cookie"].lower()
        assert "strict-transport-security" in used.headers
