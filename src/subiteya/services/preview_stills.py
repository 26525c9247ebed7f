"""Frames of sources, on which patterns are tried: out of a small copy once there is one, cut until then."""

from __future__ import annotations

import asyncio
from pathlib import Path
from weakref import WeakValueDictionary

from subiteya.domain.errors import BadInput
from subiteya.media import preview
from subiteya.media.edit import Editor
from subiteya.media.small_copy import take_still
from subiteya.services.preview_copies import Clip, Copies
from subiteya.services.preview_shelf import Shelf


class Stills:
    """Keeps stills of sources, and sees to it that the next one of the same clip comes sooner."""

    def __init__(self, editor: Editor, shelf: Shelf, copies: Copies) -> None:
        """Nothing is made yet.

        Args:
            editor: FFmpeg.
            shelf: Where stills are kept.
            copies: Small copies of sources.
        """
        self._editor = editor
        self._shelf = shelf
        self._copies = copies
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def still(self, clip: Clip, plan: preview.Plan, moment: preview.Moment, target: Path) -> None:
        """Puts the frame for a moment at `target`.

        Args:
            clip: The source.
            plan: The edit.
            moment: Which frame.
            target: A `.mkv` in a folder of its own.

        Raises:
            NotAVideo, BadInput, EditFailed: as `cut_still`.
        """
        name = f"{clip.name}-{moment.source_s:.6f}-{float(plan.canvas.fps):.3f}.mkv"
        async with self._lock(clip.name):
            if await self._shelf.take(name, target):
                return
            if not await self._from_copy(clip, plan, moment, target):
                await clip.fetch(plan.ingredients.source)
                await preview.cut_still(self._editor, plan, moment, target)
                self._copies.look(clip)
            await self._shelf.keep(target, name)

    async def _from_copy(self, clip: Clip, plan: preview.Plan, moment: preview.Moment, target: Path) -> bool:
        copy = target.with_name("small.nut")
        if not await self._copies.take(clip.name, copy):
            return False
        try:
            await take_still(copy, moment.source_s, plan.canvas.fps, target)
        except BadInput:
            return False  # the source itself says why
        return True

    def _lock(self, name: str) -> asyncio.Lock:
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock
