from __future__ import annotations

import json
import re

import httpx2
import pytest

from subiteya.domain.states import GROUPS, PostStatus, VideoStatus
from subiteya.services import access
from subiteya.services.resources import Resources

HTML = {"Accept": "text/html"}
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
async def browser(
    anonymous: httpx2.AsyncClient, resources: Resources, owner: access.Owner
) -> httpx2.AsyncClient:
    """A signed-in browser."""
    link = await access.create_login_link(resources, user_id=owner.user.id)
    await anonymous.post(f"/login/{link.rsplit('/', 1)[1]}", headers=SAME_ORIGIN)
    return anonymous


async def test_who_is_not_signed_in_reads_how_to_get_in(anonymous: httpx2.AsyncClient) -> None:
    page = await anonymous.get("/", headers=HTML)
    assert page.status_code == 200
    assert '<html lang="es">' in page.text
    assert "Para ver tus videos" in page.text
    assert "subiteya login-link" in page.text
    assert page.headers["content-language"] == "es"
    english = await anonymous.get("/", headers={**HTML, "Accept-Language": "en"})
    assert '<html lang="en">' in english.text
    assert "To see your videos" in english.text


async def test_the_list_has_a_word_for_every_state_and_a_place_for_every_group(
    browser: httpx2.AsyncClient,
) -> None:
    page = await browser.get("/", headers=HTML)
    assert "Tus videos" in page.text
    found = re.search(r'<script type="application/json" id="words">(.*?)</script>', page.text, re.DOTALL)
    assert found
    words = json.loads(found[1])
    assert set(words["statuses"]) == {*VideoStatus, *PostStatus}
    assert set(words["groups"]) == set(GROUPS) == set(words["members"])
    assert next(iter(words["groups"])) == "uploading"


async def test_everything_that_a_page_names_is_served(browser: httpx2.AsyncClient) -> None:
    page = await browser.get("/", headers=HTML)
    named = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text))
    assert len(named) == 3
    for address in named:
        answer = await browser.get(address)
        assert answer.status_code == 200
        again = await browser.get(address, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304


async def test_a_page_with_a_token_is_not_told_to_others(anonymous: httpx2.AsyncClient) -> None:
    page = await anonymous.get("/login/abc", headers=HTML)
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["x-robots-tag"] == "noindex"
    assert "abc" not in page.text


async def test_a_token_cannot_break_out_of_the_page(
    anonymous: httpx2.AsyncClient, resources: Resources, owner: access.Owner
) -> None:
    link = await access.create_login_link(resources, user_id=owner.user.id)
    good = link.rsplit("/", 1)[1]
    assert f'action="/login/{good}"' in (await anonymous.get(f"/login/{good}")).text
    strange = await anonymous.get('/login/"><script>alert(1)</script>')
    assert "<script>alert" not in strange.text
