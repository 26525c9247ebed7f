"""Small copies of sources: made one at a time, behind all other work, for clips of which previews are wanted.

A copy costs some seconds of work, and a frame out of it a fraction of one out of its source. So a clip is
copied when somebody looks at it, and already when they are about to. Of copies at which nobody has looked yet
there are never more than a few: whoever brings in hundreds of clips looks at none of them.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import structlog

from subiteya.domain.errors import SubiteyaError
from subiteya.domain.probe import Probe
from subiteya.media.edit import Editor
from subiteya.media.small_copy import LONGEST_S, make_small_copy
from subiteya.services.preview_shelf import KEPT_SECONDS, Shelf

log = structlog.get_logger(__name__)

FetchSource = Callable[[Path], Awaitable[None]]
"""Brings the source to a path."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A source on which patterns are tried."""

    name: str
    """Of its content."""
    probe: Probe
    fetch: FetchSource
    """Does nothing when the source is at that path already."""


class Copies:
    """Makes and keeps small copies. The clip that was asked for last comes next."""

    def __init__(self, editor: Editor, folder: Path, shelf: Shelf) -> None:
        """Nothing is made yet.

        Args:
            editor: FFmpeg.
            folder: For work; it exists.
            shelf: Where the copies are kept.
        """
        self._editor = editor
        self._folder = folder
        self._shelf = shelf
        self._making: asyncio.Task[bool] | None = None
        self._made: str | None = None
        self._next: Clip | None = None
        self._unseen: dict[str, float] = {}
        self._hopeless: set[str] = set()

    async def close(self) -> None:
        """End the copying."""
        self._next = None
        if self._making is not None:
            self._making.cancel()
            await asyncio.wait({self._making})

    async def take(self, name: str, to: Path) -> bool:
        """Gives the copy of a clip that somebody looks at another name; False when there is none."""
        self._unseen.pop(name, None)
        return await self._shelf.take(name, to)

    def look(self, clip: Clip) -> None:
        """Somebody looks at this clip: it comes before all at which nobody does."""
        self._unseen.pop(clip.name, None)
        if not self._can_be_made(clip):
            return
        if self._making is not None and self._made in self._unseen:
            self._making.cancel()
        self._begin(clip)

    def foresee(self, clip: Clip, most: int) -> None:
        """Somebody is likely to look at this clip soon.

        Args:
            clip: Which.
            most: Nothing is done while there are as many copies that nobody has looked at.
        """
        oldest = time.monotonic() - KEPT_SECONDS
        self._unseen = {name: begun for name, begun in self._unseen.items() if begun > oldest}
        is_waited_for = self._next is not None and self._next.name not in self._unseen
        if is_waited_for or clip.name in self._unseen or len(self._unseen) >= most:
            return
        if not self._can_be_made(clip):
            return
        self._unseen[clip.name] = time.monotonic()
        self._begin(clip)

    async def settled(self) -> None:
        """Waits until all copies that are being made are there, or given up."""
        while self._making is not None:
            await asyncio.wait({self._making})

    def _can_be_made(self, clip: Clip) -> bool:
        is_short = 0 < clip.probe.duration_s <= LONGEST_S
        return is_short and clip.probe.video is not None and clip.name not in {self._made, *self._hopeless}

    def _begin(self, clip: Clip) -> None:
        """Now, or as soon as the one that is being made has ended."""
        if self._next is not None:
            self._unseen.pop(self._next.name, None)
        self._next = clip
        if self._making is None:
            self._go_on()

    def _go_on(self) -> None:
        """Makes the next one, if there is one."""
        clip, self._next, self._making, self._made = self._next, None, None, None
        if clip is not None:
            self._made = clip.name
            self._making = asyncio.create_task(self._make(clip), name="preview-copy")
            self._making.add_done_callback(partial(self._ended, clip))

    def _ended(self, clip: Clip, making: asyncio.Task[bool]) -> None:
        broke = None if making.cancelled() else making.exception()
        if broke is not None:
            # Whatever nobody foresaw must not end the copying of others.
            log.error("preview_copy_broke", exc_info=broke)
        if making.cancelled() or broke is not None or not making.result():
            self._unseen.pop(clip.name, None)
        self._go_on()

    async def _make(self, clip: Clip) -> bool:
        """False when nothing was made."""
        work = Path(tempfile.mkdtemp(prefix="copy-", dir=self._folder))
        try:
            return await self._make_in(work, clip)
        except SubiteyaError as error:
            # Frames are cut out of the source as before. What may pass by itself is tried at the next look.
            if not error.retryable:
                self._hopeless.add(clip.name)
            log.warning("preview_copy_failed", code=error.code)
        except OSError as error:
            log.warning("preview_copy_failed", code="io", errno=error.errno)
        finally:
            await asyncio.to_thread(shutil.rmtree, work, ignore_errors=True)
        return False

    async def _make_in(self, work: Path, clip: Clip) -> bool:
        """False when it is there already."""
        source, copy = work / "source", work / "small.nut"
        if clip.probe.video is None or await self._shelf.take(clip.name, copy):
            return False
        await clip.fetch(source)
        await make_small_copy(self._editor, source, clip.probe.video, copy)
        await self._shelf.keep(copy, clip.name)
        return True
