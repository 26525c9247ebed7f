"""The application on the test's own engines, two people who do not know each other, and a clip."""

from __future__ import annotations

import io
import subprocess
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import imageio_ffmpeg
import pytest
from fastapi import FastAPI
from PIL import Image
from sqlalchemy import func, select

from fixtures.rows import Rows
from fixtures.server import run_app
from subiteya.config import Settings
from subiteya.db.models import Base, Upload, User, Video
from subiteya.embedded.asking import NO_TLS
from subiteya.services.access import create_api_key
from subiteya.services.resources import Resources
from subiteya.storage.parts import BROWSER_PART_SIZE

HERE = "http://testserver"
SRT = "1\n00:00:00,200 --> 00:00:00,900\nPan de masa madre\n"


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    async with run_app(settings) as app:
        yield app


@pytest.fixture
def resources(app: FastAPI) -> Resources:
    found = app.state.resources
    assert isinstance(found, Resources)
    return found


LimitUploads = Callable[[int], None]


@pytest.fixture
def limit_uploads(app: FastAPI, resources: Resources) -> LimitUploads:
    """Sets MAX_UPLOAD_BYTES."""

    def limit(size: int) -> None:
        http = resources.settings.http.model_copy(update={"max_upload_bytes": size})
        settings = resources.settings.model_copy(update={"http": http})
        app.state.resources = replace(resources, settings=settings)

    return limit


@pytest.fixture
def audited(app: FastAPI, resources: Resources) -> None:
    """TikTok has audited the app."""
    tiktok = resources.settings.tiktok.model_copy(update={"unaudited": False})
    settings = resources.settings.model_copy(update={"tiktok": tiktok})
    app.state.resources = replace(resources, settings=settings)


@dataclass(frozen=True, slots=True)
class Person:
    """A user and their program, with its key."""

    user: User
    key: str
    client: httpx2.AsyncClient


async def make_person(app: FastAPI, rows: Rows, name: str) -> Person:
    user = await rows.user(name)
    key = await create_api_key(app.state.resources, user_id=user.id, name="test")
    client = httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app),
        base_url=HERE,
        headers={"Authorization": f"Bearer {key}", "Accept-Language": "en"},
    )
    return Person(user, key, client)


@pytest.fixture
async def ana(app: FastAPI, rows: Rows) -> AsyncIterator[Person]:
    person = await make_person(app, rows, "Ana")
    async with person.client:
        yield person


@pytest.fixture
async def ben(app: FastAPI, rows: Rows) -> AsyncIterator[Person]:
    person = await make_person(app, rows, "Ben")
    async with person.client:
        yield person


@pytest.fixture
def api(ana: Person) -> httpx2.AsyncClient:
    """Ana's program."""
    return ana.client


@pytest.fixture
async def browser() -> AsyncIterator[httpx2.AsyncClient]:
    """Somebody without keys, who talks to the storage."""
    async with httpx2.AsyncClient(timeout=30, verify=NO_TLS) as client:
        yield client


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A second of a test card with sound, upright."""
    path = tmp_path_factory.mktemp("clip") / "clip.mp4"
    _render(path, "testsrc2=size=180x320:rate=25:duration=1")
    return path.read_bytes()


@pytest.fixture(scope="session")
def big_clip(clip: bytes) -> bytes:
    """The same, padded to a bit over 32 MiB: a video in three parts."""
    return padded(clip, 2 * BROWSER_PART_SIZE + 123_456)


def padded(video: bytes, size: int) -> bytes:
    """An MP4 of exactly this size: the rest is a `free` box, which players skip."""
    rest = size - len(video)
    return video + rest.to_bytes(4, "big") + b"free" + bytes(rest - 8)


def _render(path: Path, source: str) -> None:
    subprocess.run(
        [
            *(imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y"),
            *("-f", "lavfi", "-i", source, "-f", "lavfi", "-i", "sine=duration=1"),
            *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"),
            *("-movflags", "+faststart", str(path)),
        ],
        check=True,
        timeout=60,
    )


@pytest.fixture(scope="session")
def logo() -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (64, 32), (255, 80, 0, 200)).save(out, "PNG")
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class Look:
    """Looks into the engines behind the API."""

    resources: Resources

    async def count(self, table: type[Base]) -> int:
        async with self.resources.db.begin() as session:
            return await session.scalar(select(func.count()).select_from(table)) or 0

    async def video(self, video_id: str) -> Video:
        async with self.resources.db.begin() as session:
            return (await session.scalars(select(Video).where(Video.id == uuid.UUID(video_id)))).one()

    async def upload(self, key: str) -> Upload:
        async with self.resources.db.begin() as session:
            return (await session.scalars(select(Upload).where(Upload.key == key))).one()

    async def keys(self, prefix: str = "") -> list[str]:
        return [key async for key in self.resources.storage.objects.list_keys(prefix)]

    async def unfinished(self) -> int:
        return len([upload async for upload in self.resources.storage.multipart.list_uploads()])

    async def bytes(self, key: str) -> bytes:
        return await self.resources.storage.objects.get_bytes(key, limit=2**30)


@pytest.fixture
def look(resources: Resources) -> Look:
    return Look(resources)


UploadClip = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def upload_clip(clip: bytes) -> UploadClip:
    """Bring a clip in by form; the video's JSON."""

    async def upload(person: Person, *, title: str = "Pan", subtitles: str | None = None) -> dict[str, Any]:
        files: dict[str, Any] = {"file": ("pan.mp4", clip, "video/mp4")}
        if subtitles is not None:
            files["subtitles"] = ("pan.srt", subtitles.encode(), "application/x-subrip")
        answer = await person.client.post("/api/videos", data={"title": title}, files=files)
        assert answer.status_code == 201, answer.text
        body: dict[str, Any] = answer.json()
        return body

    return upload
