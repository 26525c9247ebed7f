"""Small copies of clips are there before anybody asks for a preview, and never many for nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from integration.api.conftest import HERE, Person, UploadClip
from integration.api.test_preview import shown
from subiteya.http.security import SESSION_COOKIE
from subiteya.services.access import create_login_link, use_login_link
from subiteya.services.preview_pattern import Previews
from subiteya.services.resources import Resources


@pytest.fixture
async def seated(app: FastAPI, resources: Resources, ana: Person) -> AsyncIterator[Person]:
    """Ana herself, signed in at her browser."""
    link = await create_login_link(resources, user_id=ana.user.id)
    session = await use_login_link(resources, link.rpartition("/")[2])
    headers = {"Cookie": f"{SESSION_COOKIE}={session.token}", "Sec-Fetch-Site": "same-origin"}
    browser = httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=HERE, headers=headers)
    async with browser:
        yield replace(ana, client=browser)


def copies(previews: Previews) -> list[Path]:
    """The small copies that are there."""
    return list(previews.shelves["copies"].folder.iterdir()) if previews.shelves else []


async def test_who_brings_a_clip_in_by_browser_sees_frames_of_its_copy(
    app: FastAPI, seated: Person, upload_clip: UploadClip
) -> None:
    previews: Previews = app.state.previews
    video = (await upload_clip(seated))["id"]
    await previews.copies.settled()
    assert len(copies(previews)) == 1
    for source in previews.shelves["sources"].folder.iterdir():
        source.unlink()
    await shown(seated.client, video_id=video, second=0.4)
    assert list(previews.shelves["sources"].folder.iterdir()) == [], "the first frame came out of the copy"


async def test_of_many_clips_at_which_nobody_looks_few_are_copied(
    app: FastAPI, seated: Person, upload_clip: UploadClip
) -> None:
    previews: Previews = app.state.previews
    videos = []
    for _ in range(4):
        videos.append((await upload_clip(seated))["id"])
        await previews.copies.settled()
    assert len(copies(previews)) == 2
    await shown(seated.client, video_id=videos[3])  # not foreseen: copied now
    await shown(seated.client, video_id=videos[0])  # so another one may be foreseen
    await upload_clip(seated)
    await previews.copies.settled()
    assert len(copies(previews)) == 4


async def test_a_program_that_brings_clips_in_looks_at_none_until_it_asks(
    app: FastAPI, ana: Person, upload_clip: UploadClip
) -> None:
    previews: Previews = app.state.previews
    video = (await upload_clip(ana))["id"]
    assert copies(previews) == []
    assert (await ana.client.get(f"/api/videos/{video}/preflight")).status_code == 200
    await previews.copies.settled()
    assert len(copies(previews)) == 1
