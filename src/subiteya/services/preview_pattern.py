"""What a brand pattern makes of a video, or of the built-in sample, before anybody confirms it.

FFmpeg may not talk to the network, so a source is fetched once into a folder of this process, and a small
still is cut out of it for each moment that somebody looks at. What lies there is bounded in number, bytes and
age, and gone with the process.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final
from weakref import WeakValueDictionary

from subiteya.db.models import Video
from subiteya.domain.errors import TooLarge
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import Probe
from subiteya.domain.subtitles import Cue
from subiteya.media import preview
from subiteya.media.edit import Editor, Ingredients
from subiteya.media.ffmpeg import find_ffmpeg
from subiteya.media.fonts import bundled_fonts
from subiteya.media.ingredients import ASSET_LIMITS
from subiteya.media.probe import probe
from subiteya.media.sample import SUBTITLES, make_sample
from subiteya.media.subtitles import parse_subtitles
from subiteya.services.get_videos import get_video
from subiteya.services.preview_copies import Clip, Copies
from subiteya.services.preview_shelf import Shelf, fetch
from subiteya.services.preview_stills import Stills
from subiteya.services.preview_turns import Turns
from subiteya.services.preview_wish import Subject, Wish, dressed, name_of, texts_of
from subiteya.services.resources import Resources
from subiteya.services.save_pattern import require_own_assets

_SHELVES: Final = {
    "sources": (8, 4 * 1024**3),
    "assets": (64, 1024**3),
    "stills": (200, 256 * 1024**2),
    "copies": (8, 2 * 1024**3),
    "drawn": (200, 128 * 1024**2),
}
"""Most files and most bytes of each kind."""
_AT_ONCE, _OF_ONE_USER, _OF_ALL = 2, 4, 16
_SAMPLE = "sample"
_SAMPLE_TITLE = "SubiteYa"

OpenFolder = Callable[[], AbstractContextManager[Path]]


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
        self.shelves: dict[str, Shelf] = {}
        """What is kept, by kind, once something was asked for."""
        self._editor: Editor | None = None
        self._stills: Stills | None = None
        self._copies: Copies | None = None
        self._starting = asyncio.Lock()
        self._turns = Turns(_AT_ONCE, of_one=_OF_ONE_USER, of_all=_OF_ALL)
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def close(self) -> None:
        """End what is made in the background, and remove the folder."""
        if self._copies is not None:
            await self._copies.close()
        await asyncio.to_thread(self._open.close)

    async def frame(self, resources: Resources, wish: Wish, kind: preview.ImageFormat) -> bytes:
        """One frame of the output as an image file.

        Raises:
            NotFound: no such video or account of theirs, or a file of the pattern is gone.
            BadPattern: it names another user's file, or contradicts the account's default pattern.
            BadInput: there is no picture at that time, or a file of the pattern cannot be used.
            TooManyPreviews: too many are drawn already.
            EditFailed: FFmpeg ended badly or took too long.
        """
        return await self._draw(resources, wish, kind)

    async def clip(self, resources: Resources, wish: Wish) -> bytes:
        """Three seconds of the output with their sound, as MP4; less when it is shorter.

        Raises:
            NotFound, BadPattern, BadInput, TooManyPreviews, EditFailed: as for a frame.
        """
        return await self._draw(resources, wish, None)

    async def _draw(self, resources: Resources, wish: Wish, kind: preview.ImageFormat | None) -> bytes:
        wish = await dressed(resources, wish)
        require_own_assets(wish.spec, wish.user_id)
        async with self._turns.take(wish.user_id):
            await self._start()
            async with self._working() as work:
                subject = await self._subject(resources, wish)
                values = await texts_of(resources, wish.user_id, subject.title, account_id=wish.account_id)
                name, drawn = name_of(subject, values, wish, kind), work / "drawn"
                if not await self.shelves["drawn"].take(name, drawn):
                    files = await self._files(resources, wish.spec, work, with_sound=kind is None)
                    source = self._source_path(subject, work)
                    made = Ingredients(wish.spec, subject.probe, source, subject.cues, values, files)
                    job = _Job(resources, subject, made, work)
                    data = await (
                        self._frame(job, wish.second, kind) if kind else self._clip(job, wish.second)
                    )
                    await asyncio.to_thread(drawn.write_bytes, data)
                    await self.shelves["drawn"].keep(drawn, name)
                return await asyncio.to_thread(drawn.read_bytes)

    async def _frame(self, job: _Job, second: float, kind: preview.ImageFormat) -> bytes:
        folder = await _new_folder(job.work, "draw")
        plan = await preview.plan_preview(job.ingredients, folder)
        moment = preview.moment_at(plan, second)
        if moment.own_s is None:
            await self._fetch_source(job, plan.ingredients.source)
            return await preview.draw_frame(self.editor, plan, moment, folder, kind=kind)
        still = await _new_folder(job.work, "cut") / "still.mkv"
        await self.stills.still(self._clip_of(job), plan, moment, still)
        return await preview.draw_still(self.editor, plan, moment, still, folder, kind=kind)

    def _clip_of(self, job: _Job) -> Clip:
        return Clip(job.subject.name, job.ingredients.probe, partial(self._fetch_source, job))

    async def foresee(self, resources: Resources, video: Video, most: int) -> None:
        """Somebody is likely to ask for previews of this video soon.

        Args:
            resources: The process's connections.
            video: Which.
            most: Nothing is done while there are as many videos foreseen that nobody has looked at.

        Raises:
            ConfigurationError: there is no FFmpeg.
        """
        await self._start()
        fetch_it = partial(self._fetch, resources, video.source_key)
        self.copies.foresee(Clip(_name_of(video), Probe.from_json(video.probe), fetch_it), most)

    async def _clip(self, job: _Job, second: float) -> bytes:
        folder = await _new_folder(job.work, "draw")
        plan = await preview.plan_preview(job.ingredients, folder)
        await self._fetch_source(job, plan.ingredients.source)
        clip = await preview.draw_clip(self.editor, plan, second, folder)
        return await asyncio.to_thread(clip.read_bytes)

    @asynccontextmanager
    async def fetched(self, resources: Resources, video: Video) -> AsyncIterator[tuple[Path, Path]]:
        """A video's source on this machine, and an empty folder to work in; both for as long as it is open.

        Raises:
            StorageUnavailable: the source does not come.
        """
        await self._start()
        async with self._working() as work:
            source = work / "source"
            await self._fetch(resources, video.source_key, source)
            yield source, await _new_folder(work, "look")

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

    @property
    def copies(self) -> Copies:
        """Small copies of sources, once something was asked for."""
        if self._copies is None:
            raise RuntimeError("nothing was drawn yet")
        return self._copies

    @property
    def stills(self) -> Stills:
        """Frames of sources, once something was asked for."""
        if self._stills is None:
            raise RuntimeError("nothing was drawn yet")
        return self._stills

    async def _start(self) -> None:
        async with self._starting:
            if self._editor is not None:
                return
            found = await find_ffmpeg(self._ffmpeg)
            fonts = await asyncio.to_thread(bundled_fonts)
            self._folder = await asyncio.to_thread(self._open.enter_context, self._open_folder())
            self.shelves = {name: Shelf(self._folder / name, *most) for name, most in _SHELVES.items()}
            self._editor = Editor(found.binary, fonts, threads=self._threads)
            self._copies = Copies(self._editor, self._folder, self.shelves["copies"])
            self._stills = Stills(self._editor, self.shelves["stills"], self._copies)

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

    async def _subject(self, resources: Resources, wish: Wish) -> Subject:
        if wish.video_id is None:
            return await self._sample()
        video: Video = (await get_video(resources, user_id=wish.user_id, video_id=wish.video_id)).video
        cues: tuple[Cue, ...] = ()
        if video.subtitles is not None:
            cues = await asyncio.to_thread(parse_subtitles, video.subtitles.encode())
        return Subject(_name_of(video), Probe.from_json(video.probe), cues, video.title, video.source_key)

    async def _sample(self) -> Subject:
        folder = self.folder / _SAMPLE
        async with self._lock(_SAMPLE):
            if not folder.exists():
                async with self._working() as work:
                    await make_sample(self.editor, work, shrink=2)  # a preview is no larger
                    await asyncio.to_thread(shutil.copytree, work, folder)
        cues = parse_subtitles(SUBTITLES.encode())
        return Subject(_SAMPLE, await probe(folder / "clip.mp4"), cues, _SAMPLE_TITLE, None)

    def _source_path(self, subject: Subject, work: Path) -> Path:
        return work / "source" if subject.source_key else self.folder / _SAMPLE / "clip.mp4"

    async def _fetch_source(self, job: _Job, to: Path) -> None:
        """Brings the source to a path; the sample is where it is, and may be wanted under another name."""
        if job.subject.source_key is not None:
            await self._fetch(job.resources, job.subject.source_key, to)
        elif to != job.ingredients.source:
            await asyncio.to_thread(to.hardlink_to, job.ingredients.source)

    async def _fetch(self, resources: Resources, source_key: str, to: Path) -> None:
        async with self._lock(source_key):
            await fetch(resources, source_key, to, self.shelves["sources"])

    async def _files(
        self, resources: Resources, spec: PatternSpec, work: Path, *, with_sound: bool
    ) -> Mapping[str, Path]:
        """Local copies of what the pattern names, without music when nothing is heard."""
        files = {}
        for field, key in spec.asset_keys().items():
            if field == "sound.music_key" and not with_sound:
                continue
            if (await resources.storage.objects.head(key)).size > ASSET_LIMITS[field]:
                raise TooLarge(limit=f"{ASSET_LIMITS[field] // 1024**2} MB")
            files[field] = work / f"{field}{Path(key).suffix}"
            async with self._lock(key):
                await fetch(resources, key, files[field], self.shelves["assets"])
        return files


@dataclass(frozen=True, slots=True)
class _Job:
    """One preview in the making."""

    resources: Resources
    subject: Subject
    ingredients: Ingredients
    work: Path


def _name_of(video: Video) -> str:
    """A name for the content of a video's source."""
    return hashlib.sha256(f"{video.source_key} {video.source_bytes}".encode()).hexdigest()


async def _new_folder(work: Path, name: str) -> Path:
    folder = work / name
    await asyncio.to_thread(folder.mkdir)
    return folder
