"""Those who bring the videos: each through whichever api answers, asking again until it has been heard.

What was asked for and not answered may have happened: before anything is asked again, they look.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx2
from pydantic import SecretStr

from _chaos_fleet import Fleet
from _chaos_watch import Watch
from subiteya.cli.api_client import ApiClient, ServerRefused, ServerUnreachable, open_api
from subiteya.cli.first_start import REDIRECT
from subiteya.cli.upload_file import upload_file
from subiteya.domain.errors import StorageUnavailable
from subiteya.services.access import create_api_key, ensure_owner
from subiteya.services.connect_account import connect_with_code
from subiteya.services.resources import Resources

T = TypeVar("T")
AT_ONCE = 8
"""Videos that are being brought at a time."""
_PAUSE_S = 0.7
_SERVER_ERROR = 500
_RETRIES = 2
"""How often they press *try again* on what has failed."""
_STYLED, _LARGE = 5, 16
"""Every so many-th video has an effect, or is large."""
_EFFECT: Mapping[str, Any] = {"effects": {"look": "sepia"}, "output": {"quality": "low"}}


@dataclass(slots=True)
class Clip:
    """A video that somebody brought, as they know it.

    Attributes:
        title: Its name, and the caption of its post: no two have the same.
        account_id: Where it shall go.
        video_id: Once they were told.
        trouble: What kept them from going on.
    """

    title: str
    account_id: str
    video_id: uuid.UUID | None = None
    trouble: str = ""


@dataclass(slots=True)
class Owners:
    """Bring videos and have them posted."""

    fleet: Fleet
    watch: Watch
    apis: Sequence[ApiClient]
    accounts: Sequence[str]
    files: Mapping[str, Path]
    """`small` and `large`."""
    rng: random.Random
    clips: list[Clip] = field(default_factory=list)
    _turns: Iterator[int] = field(default_factory=itertools.count)

    async def bring(self, count: int, *, at_once: int = AT_ONCE) -> None:
        """Bring so many videos and have each of them posted, or know why it was not."""
        limit = asyncio.Semaphore(at_once)
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(self._one(len(self.clips), limit))
                self.clips.append(
                    Clip(f"chaos {len(self.clips):04}", self.accounts[len(self.clips) % len(self.accounts)])
                )

    async def _one(self, number: int, limit: asyncio.Semaphore) -> None:
        clip = self.clips[number]
        file = self.files["large" if number % _LARGE == _LARGE - 1 else "small"]
        spec = _EFFECT if number % _STYLED == _STYLED - 1 else {}
        create = (self._by_form, self._by_put, self._in_parts)[number % 3]
        try:
            async with limit:
                clip.video_id = uuid.UUID(await create(clip, file))
                await self._confirm(clip, spec)
            if await self._edited(clip):
                await self._post(clip)
                await self._posted(clip)
        except (ServerRefused, TimeoutError) as error:
            clip.trouble = str(error) or "no end in sight"

    # --- bringing ---

    async def _by_form(self, clip: Clip, file: Path) -> str:
        data = await asyncio.to_thread(file.read_bytes)

        async def ask(api: ApiClient, first: bool) -> str:
            if not first and (there := await _by_title(api, clip.title)) is not None:
                return there
            form = {"data": {"title": clip.title}, "files": {"file": (file.name, data, "video/mp4")}}
            return str((await api.ask("POST", "/videos", **form))["id"])

        return await self._insist(ask)

    async def _by_put(self, clip: Clip, file: Path) -> str:
        data = await asyncio.to_thread(file.read_bytes)
        wish = {"filename": file.name, "content_type": "video/mp4", "size_bytes": len(data)}

        async def send(api: ApiClient, _: bool) -> str:
            begun = await api.post("/videos/upload-url", wish)
            async with httpx2.AsyncClient(timeout=30, trust_env=False) as http:
                answer = await http.put(begun["url"], content=data, headers=begun["headers"])
            if not answer.is_success:
                raise StorageUnavailable
            return str(begun["key"])

        return await self._create(clip, await self._insist(send))

    async def _in_parts(self, clip: Clip, file: Path) -> str:
        notes = self.fleet.home.folder("notes")

        async def send(api: ApiClient, _: bool) -> str:
            return await upload_file(api, file, notes, lambda _done, _total: None)

        return await self._create(clip, await self._insist(send))

    async def _create(self, clip: Clip, key: str) -> str:
        """The same key always gives the same video: this may be asked again."""

        async def ask(api: ApiClient, _: bool) -> str:
            return str((await api.post("/videos", {"key": key, "title": clip.title}))["id"])

        return await self._insist(ask)

    # --- having it edited and posted ---

    async def _confirm(self, clip: Clip, spec: Mapping[str, Any]) -> None:
        async def ask(api: ApiClient, first: bool) -> None:
            if first or (await api.get(f"/videos/{clip.video_id}"))["status"] == "DRAFT":
                await api.post(f"/videos/{clip.video_id}/confirm", {"spec": spec})

        await self._insist(ask)

    async def _edited(self, clip: Clip) -> bool:
        assert clip.video_id is not None
        for attempt in range(_RETRIES + 1):
            status = await self.watch.until_video(clip.video_id, {"EDITED", "FAILED_EDIT"})
            if status != "FAILED_EDIT":
                return True
            if attempt < _RETRIES:
                await self._press(f"/videos/{clip.video_id}/retry", clip.video_id, "FAILED_EDIT")
        return False

    async def _post(self, clip: Clip) -> None:
        wish = {"account_id": clip.account_id, "caption": clip.title, "privacy_level": "SELF_ONLY"}

        async def ask(api: ApiClient, first: bool) -> None:
            if first or not (await api.get(f"/videos/{clip.video_id}"))["posts"]:
                await api.post(f"/videos/{clip.video_id}/queue-upload", wish)

        await self._insist(ask)

    async def _posted(self, clip: Clip) -> None:
        assert clip.video_id is not None
        for attempt in range(_RETRIES + 1):
            status = await self.watch.until_video(clip.video_id, {"POSTED", "FAILED_UPLOAD"})
            if status != "FAILED_UPLOAD":
                return
            if attempt < _RETRIES:
                post_id = self.watch.videos[clip.video_id].post_id
                await self._press(f"/posts/{post_id}/retry", clip.video_id, "FAILED_UPLOAD")

    async def _press(self, path: str, video_id: uuid.UUID, seen: str) -> None:
        """Try again what has failed; refused when it has moved meanwhile, or cannot be tried again."""

        async def ask(api: ApiClient, first: bool) -> None:
            if first or (await api.get(f"/videos/{video_id}"))["status"] == seen:
                try:
                    await api.post(path)
                except ServerRefused as error:
                    if error.status_code >= _SERVER_ERROR:
                        raise

        await self._insist(ask)
        self.watch.forget(video_id)

    async def _insist(self, ask: Callable[[ApiClient, bool], Awaitable[T]]) -> T:
        """Ask one api, or the next, until one says yes or no.

        Args:
            ask: Given the api, and whether this is the first time.

        Raises:
            ServerRefused: One said no.
            TimeoutError: None answered in time.
        """
        end = time.monotonic() + self.watch.patience_s
        first = True
        while time.monotonic() < end:
            try:
                return await ask(self.apis[next(self._turns) % len(self.apis)], first)
            except (ServerUnreachable, StorageUnavailable, httpx2.TransportError):
                pass
            except ServerRefused as error:
                if 0 < error.status_code < _SERVER_ERROR:
                    raise
            first = False
            # An answer that was lost may be that of a commit which is under way at this moment.
            await asyncio.sleep(_PAUSE_S)
        raise TimeoutError("nobody answers")


@asynccontextmanager
async def open_owners(
    fleet: Fleet,
    resources: Resources,
    watch: Watch,
    *,
    accounts: int,
    files: Mapping[str, Path],
    rng: random.Random,
) -> AsyncIterator[Owners]:
    """Owners with a key and connected accounts."""
    owner = await ensure_owner(resources)
    key = await create_api_key(resources, user_id=owner.user.id, name="chaos")
    connected = [await _connect(fleet, resources, owner.user.id, number) for number in range(accounts)]
    async with AsyncExitStack() as stack:
        apis = [await stack.enter_async_context(open_api(url, key, "en")) for url in fleet.urls]
        yield Owners(fleet, watch, apis, connected, files, rng)


async def _connect(fleet: Fleet, resources: Resources, user_id: uuid.UUID, number: int) -> str:
    creator: Any = await fleet.simulator("POST", "/creators", {"username": f"creator.{number}"})
    path = f"/creators/{creator['open_id']}/authorize"
    code: Any = await fleet.simulator("POST", path, {"redirect_uri": REDIRECT})
    account = await connect_with_code(resources, user_id, SecretStr(code["code"]), REDIRECT)
    return str(account.id)


async def _by_title(api: ApiClient, title: str) -> str | None:
    """The video of this title, if there is one: the sender of a form learns no id when the answer is lost."""
    for video in (await api.get("/videos", limit=200))["videos"]:
        if video["title"] == title:
            return str(video["id"])
    return None
