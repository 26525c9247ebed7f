"""Frames of sources, on which patterns are tried: out of a small copy once there is one, cut until then."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from weakref import WeakValueDictionary

import structlog

from subiteya.domain.errors import BadInput, SubiteyaError
from subiteya.media import preview
from subiteya.media.edit import Editor
from subiteya.media.small_copy import LONGEST_S, make_small_copy, take_still
from subiteya.services.preview_shelf import Shelf

log = structlog.get_logger(__name__)

FetchSource = Callable[[Path], Awaitable[None]]
"""Brings the source to a path."""


class Stills:
    """Keeps stills and small copies of sources; copies are made one at a time, behind all other work."""

    def __init__(self, editor: Editor, folder: Path, stills: Shelf, copies: Shelf) -> None:
        """Nothing is made yet.

        Args:
            editor: FFmpeg.
            folder: For work; it exists.
            stills: Where stills are kept.
            copies: Where small copies are.
        """
        self._editor = editor
        self._folder = folder
        self._stills, self._copies = stills, copies
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._copying: asyncio.Task[None] | None = None
        self._uncopied: set[str] = set()

    async def close(self) -> None:
        """End the copying."""
        if self._copying is not None:
            self._copying.cancel()
            await asyncio.wait({self._copying})

    async def still(
        self, source: str, plan: preview.Plan, moment: preview.Moment, target: Path, fetch: FetchSource
    ) -> None:
        """Puts the frame for a moment at `target`, and sees to it that the next one comes sooner.

        Args:
            source: Name of the source's content.
            plan: The edit.
            moment: Which frame.
            target: A `.mkv` in a folder of its own.
            fetch: Brings the source to a path; does nothing when it is there.

        Raises:
            NotAVideo, BadInput, EditFailed: as `cut_still`.
        """
        name = f"{source}-{moment.source_s:.6f}-{float(plan.canvas.fps):.3f}.mkv"
        async with self._lock(source):
            if await self._stills.take(name, target):
                return
            if not await self._from_copy(source, plan, moment, target):
                await fetch(plan.ingredients.source)
                await preview.cut_still(self._editor, plan, moment, target)
                self._copy_later(source, plan, fetch)
            await self._stills.keep(target, name)

    async def copied(self) -> None:
        """Waits until the copy that is being made is there, or given up."""
        if self._copying is not None:
            await asyncio.wait({self._copying})

    async def _from_copy(self, source: str, plan: preview.Plan, moment: preview.Moment, target: Path) -> bool:
        copy = target.with_name("small.nut")
        if not await self._copies.take(source, copy):
            return False
        try:
            await take_still(copy, moment.source_s, plan.canvas.fps, target)
        except BadInput:
            return False  # the source itself says why
        return True

    def _copy_later(self, source: str, plan: preview.Plan, fetch: FetchSource) -> None:
        """Not while another one is copied: whoever goes on looking asks again."""
        is_idle = self._copying is None or self._copying.done()
        is_short = 0 < plan.ingredients.probe.duration_s <= LONGEST_S
        if is_idle and is_short and source not in self._uncopied:
            self._copying = asyncio.create_task(self._copy(source, plan, fetch), name="preview-copy")

    async def _copy(self, source: str, plan: preview.Plan, fetch: FetchSource) -> None:
        work = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="copy-", dir=self._folder))
        try:
            clip, copy = work / "source", work / "small.nut"
            await fetch(clip)
            await make_small_copy(self._editor, clip, plan.video, copy)
            await self._copies.keep(copy, source)
        except SubiteyaError as error:
            # Frames are cut out of the source as before. What may pass by itself is tried at the next look.
            if not error.retryable:
                self._uncopied.add(source)
            log.warning("preview_copy_failed", code=error.code)
        except OSError as error:
            log.warning("preview_copy_failed", code="io", errno=error.errno)
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)

    def _lock(self, name: str) -> asyncio.Lock:
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock
