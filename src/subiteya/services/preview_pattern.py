"""What a brand pattern makes of one frame of a video, or of the built-in sample, before anybody confirms it.

FFmpeg may not talk to the network, so a source is fetched once into a folder of this process, and a small
still is cut out of it for each moment that somebody looks at. What lies there is bounded in number, bytes and
age, and gone with the process.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

from subiteya.db.models import Video
from subiteya.domain.errors import StorageUnavailable
from subiteya.domain.pattern import MergeField, PatternSpec
from subiteya.domain.probe import Probe
from subiteya.domain.subtitles import Cue
from subiteya.media.edit import Editor, Ingredients
from subiteya.media.ffmpeg import find_ffmpeg
from subiteya.media.fonts import bundled_fonts
from subiteya.media.frame import ImageFormat, Moment, cut_still, draw_frame, moment_at, spec_of_a_frame
from subiteya.media.ingredients import ASSET_LIMITS
from subiteya.media.probe import probe
from subiteya.media.sample import SUBTITLES, make_sample
from subiteya.media.subtitles import parse_subtitles
from subiteya.services.get_videos import get_video
from subiteya.services.list_accounts import list_accounts
from subiteya.services.resources import Resources
from subiteya.services.save_pattern import require_own_assets

KEPT_SECONDS: Final = 1800.0
"""How long a source or a still lies unused."""
SOURCES, SOURCE_BYTES = 8, 4 * 1024**3
"""Most sources, and most bytes of them; the newest one stays however large."""
STILLS: Final = 200
_AT_ONCE = 2
_FETCH_LIMIT_S = 120.0
_SAMPLE = "sample"
_SAMPLE_TITLE = "SubiteYa"

OpenFolder = Callable[[], AbstractContextManager[Path]]


@dataclass(frozen=True, slots=True)
class _Subject:
    """What is looked at."""

    name: str
    """Of its content: a source's key is written once, so key and size say which bytes are meant."""
    probe: Probe
    cues: tuple[Cue, ...]
    title: str
    source_key: str | None
    """None for the sample."""


class Previews:
    """Draws previews, and keeps what the next one of the same clip needs."""

    def __init__(self, open_folder: OpenFolder, *, ffmpeg: Path | None, threads: int) -> None:
        """Nothing is opened yet: a process that nobody asks for a preview makes no folder.

        Args:
            open_folder: Makes the folder that is used until `close`.
            ffmpeg: The setting, for `find_ffmpeg`.
            threads: Of one FFmpeg.
        """
        self._open_folder = open_folder
        self._ffmpeg = ffmpeg
        self._threads = threads
        self._open = ExitStack()
        self._folder: Path | None = None
        self._editor: Editor | None = None
        self._starting = asyncio.Lock()
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def close(self) -> None:
        """Remove the folder."""
        await asyncio.to_thread(self._open.close)

    async def draw(
        self,
        resources: Resources,
        *,
        user_id: uuid.UUID,
        spec: PatternSpec,
        video_id: uuid.UUID | None,
        second: float,
        kind: ImageFormat,
    ) -> bytes:
        """One frame as an image file.

        Args:
            resources: The process's connections.
            user_id: Who looks.
            spec: The pattern; need not be saved.
            video_id: Of which video; the built-in sample when None.
            second: Of the source; the last frame when past its end.
            kind: Of the image.

        Raises:
            NotFound: no such video of theirs, or a file of the pattern is gone.
            BadPattern: it names another user's file.
            BadInput: there is no picture at that time, or a file of the pattern cannot be used.
            EditFailed: FFmpeg ended badly or took too long.
        """
        require_own_assets(spec, user_id)
        await self._start()
        async with self._turns, self._working() as work:
            subject = await self._subject(resources, user_id, video_id)
            moment = moment_at(subject.probe, second)
            still = await self._still(resources, subject, moment, work)
            values = await _values(resources, user_id, subject.title)
            files = await _files(resources, spec, work)
            ingredients = Ingredients(
                spec, subject.probe, still, cues=subject.cues, values=values, files=files
            )
            folder = work / "draw"
            await asyncio.to_thread(folder.mkdir)
            return await draw_frame(self.editor, ingredients, still, moment, folder, kind=kind)

    @property
    def folder(self) -> Path:
        """Where everything lies, once something was asked for."""
        if self._folder is None:
            raise RuntimeError("nothing was drawn yet")
        return self._folder

    @property
    def editor(self) -> Editor:
        """FFmpeg and fonts, once something was asked for."""
        if self._editor is None:
            raise RuntimeError("nothing was drawn yet")
        return self._editor

    async def _start(self) -> None:
        async with self._starting:
            if self._editor is not None:
                return
            found = await find_ffmpeg(self._ffmpeg)
            fonts = await asyncio.to_thread(bundled_fonts)
            self._folder = await asyncio.to_thread(self._open.enter_context, self._open_folder())
            for name in ("sources", "stills"):
                (self._folder / name).mkdir()
            self._editor = Editor(found.binary, fonts, threads=self._threads)

    @asynccontextmanager
    async def _working(self) -> AsyncIterator[Path]:
        work = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="draw-", dir=self.folder))
        try:
            yield work
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)

    def _lock(self, name: str) -> asyncio.Lock:
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock

    async def _subject(
        self, resources: Resources, user_id: uuid.UUID, video_id: uuid.UUID | None
    ) -> _Subject:
        if video_id is None:
            return await self._sample()
        video: Video = (await get_video(resources, user_id=user_id, video_id=video_id)).video
        cues: tuple[Cue, ...] = ()
        if video.subtitles is not None:
            cues = await asyncio.to_thread(parse_subtitles, video.subtitles.encode())
        name = hashlib.sha256(f"{video.source_key} {video.source_bytes}".encode()).hexdigest()
        return _Subject(name, Probe.from_json(video.probe), cues, video.title, video.source_key)

    async def _sample(self) -> _Subject:
        folder = self.folder / _SAMPLE
        async with self._lock(_SAMPLE):
            if not folder.exists():
                async with self._working() as work:
                    await make_sample(self.editor, work)
                    await asyncio.to_thread(shutil.copytree, work, folder)
        cues = parse_subtitles(SUBTITLES.encode())
        return _Subject(_SAMPLE, await probe(folder / "clip.mp4"), cues, _SAMPLE_TITLE, None)

    async def _still(self, resources: Resources, subject: _Subject, moment: Moment, work: Path) -> Path:
        """The still in the work folder: a second name of the kept one, which may be removed meanwhile."""
        still = work / "still.mkv"
        stills = self.folder / "stills"
        kept = stills / f"{subject.name}-{moment.number}.mkv"
        async with self._lock(subject.name):
            if not await asyncio.to_thread(_take, kept, still):
                source = await self._source(resources, subject, work)
                folder = work / "cut"
                await asyncio.to_thread(folder.mkdir)
                cut = await cut_still(self.editor, source, subject.probe, moment, folder)
                await asyncio.to_thread(cut.replace, kept)
                await asyncio.to_thread(_take, kept, still)
        await asyncio.to_thread(_trim, stills, STILLS, SOURCE_BYTES)
        return still

    async def _source(self, resources: Resources, subject: _Subject, work: Path) -> Path:
        """The source in the work folder; fetched when it is not here."""
        if subject.source_key is None:
            return self.folder / _SAMPLE / "clip.mp4"
        source, kept = work / "source", self.folder / "sources" / subject.name
        if not await asyncio.to_thread(_take, kept, source):
            try:
                async with asyncio.timeout(_FETCH_LIMIT_S):
                    await resources.storage.files.download(subject.source_key, kept)
            except TimeoutError:
                raise StorageUnavailable(why="the source did not come in time") from None
            await asyncio.to_thread(_take, kept, source)
        await asyncio.to_thread(_trim, kept.parent, SOURCES, SOURCE_BYTES)
        return source


async def _files(resources: Resources, spec: PatternSpec, work: Path) -> Mapping[str, Path]:
    """Local copies of what a frame of the pattern shows."""
    files = {}
    for field, key in spec_of_a_frame(spec).asset_keys().items():
        data = await resources.storage.objects.get_bytes(key, limit=ASSET_LIMITS[field])
        files[field] = work / f"{field}{Path(key).suffix}"
        await asyncio.to_thread(files[field].write_bytes, data)
    return files


async def _values(resources: Resources, user_id: uuid.UUID, title: str) -> Mapping[MergeField, str]:
    """What the fields of texts stand for; the account is the first one, as nobody has chosen yet."""
    values = {MergeField.VIDEO_TITLE: title}
    for account in (await list_accounts(resources, user_id=user_id))[:1]:
        values[MergeField.ACCOUNT_NICKNAME] = account.nickname
        values[MergeField.ACCOUNT_USERNAME] = account.username
    return values


def _take(kept: Path, name: Path) -> bool:
    """Give a kept file a second name, which keeps it alive; False when it is not there. Marks it as used."""
    try:
        name.hardlink_to(kept)
    except FileNotFoundError:
        return False
    name.touch()  # one file, two names
    return True


def _trim(folder: Path, most: int, most_bytes: int) -> None:
    """Remove what is old, and the least used of what is too much. The newest file stays."""
    facts = []
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another request trims too
            if not path.name.startswith("."):
                facts.append((path, path.stat()))
    facts.sort(key=lambda fact: fact[1].st_mtime, reverse=True)
    total, oldest = 0, time.time() - KEPT_SECONDS
    for place, (path, stat) in enumerate(facts):
        total += stat.st_size
        if place and (place >= most or total > most_bytes or stat.st_mtime < oldest):
            path.unlink(missing_ok=True)
