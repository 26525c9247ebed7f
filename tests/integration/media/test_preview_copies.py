"""Which clip is copied next, when more than one is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from integration.media.studio import Studio
from subiteya.domain.errors import NotAVideo
from subiteya.domain.probe import Probe
from subiteya.media.probe import probe
from subiteya.services.preview_copies import Clip, Copies
from subiteya.services.preview_shelf import Shelf

LIMIT_S = 60


@pytest.fixture
async def copies(studio: Studio) -> AsyncIterator[Copies]:
    made = Copies(studio.editor, studio.folder, Shelf(studio.folder / "copies", 8, 2**30))
    yield made
    await made.close()


@pytest.fixture
def clip(studio: Studio) -> Path:
    return studio.clip("-f", "lavfi", "-i", "testsrc2=s=90x160:r=30:d=0.2", "-c:v", "libx264")


async def there(copies: Copies, studio: Studio) -> set[str]:
    async with asyncio.timeout(LIMIT_S):
        await copies.settled()
    return {path.name for path in (studio.folder / "copies").iterdir()}


async def bring(clip: Path, held: asyncio.Event, to: Path) -> None:
    await held.wait()
    await asyncio.to_thread(to.hardlink_to, clip)


async def test_a_clip_at_which_somebody_looks_comes_before_those_that_are_foreseen(
    studio: Studio, copies: Copies, clip: Path
) -> None:
    found, never, now = await probe(clip), asyncio.Event(), asyncio.Event()
    now.set()
    copies.foresee(Clip("foreseen", found, partial(bring, clip, never)), 2)
    await asyncio.sleep(0)
    copies.look(Clip("looked at", found, partial(bring, clip, now)))
    assert await there(copies, studio) == {"looked at"}
    copies.foresee(Clip("foreseen", found, partial(bring, clip, now)), 1)
    assert await there(copies, studio) == {"looked at", "foreseen"}, "it may be foreseen again"
    copies.foresee(Clip("one more", found, partial(bring, clip, now)), 1)
    assert await there(copies, studio) == {"looked at", "foreseen"}
    assert await copies.take("foreseen", studio.folder / "taken")
    copies.foresee(Clip("one more", found, partial(bring, clip, now)), 1)
    assert await there(copies, studio) == {"looked at", "foreseen", "one more"}


async def test_no_foreseen_clip_takes_the_place_of_one_at_which_somebody_looks(
    studio: Studio, copies: Copies, clip: Path
) -> None:
    found, now = await probe(clip), asyncio.Event()
    copies.look(Clip("first", found, partial(bring, clip, now)))
    copies.look(Clip("second", found, partial(bring, clip, now)))
    copies.foresee(Clip("third", found, partial(bring, clip, now)), 9)
    now.set()
    assert await there(copies, studio) == {"first", "second"}


async def test_what_cannot_be_copied_is_tried_once(studio: Studio, copies: Copies, clip: Path) -> None:
    found, tries = await probe(clip), []

    async def refuse(to: Path) -> None:
        tries.append(to)
        raise NotAVideo(why="it has no picture")

    for _ in range(2):
        copies.foresee(Clip("broken", found, refuse), 1)
        assert await there(copies, studio) == set()
    copies.look(Clip("silent", Probe(container="mov", duration_s=1.0, size_bytes=1), refuse))
    assert len(tries) == 1
    now = asyncio.Event()
    now.set()
    copies.foresee(Clip("whole", found, partial(bring, clip, now)), 1)
    assert await there(copies, studio) == {"whole"}, "what was given up takes no place"


async def test_what_nobody_foresaw_ends_one_copy_and_not_the_copying(
    studio: Studio, copies: Copies, clip: Path
) -> None:
    found, now = await probe(clip), asyncio.Event()
    now.set()

    async def break_down(to: Path) -> None:
        raise RuntimeError(to.name)

    copies.look(Clip("broken", found, break_down))
    await asyncio.sleep(0)
    copies.look(Clip("sound", found, partial(bring, clip, now)))
    assert await there(copies, studio) == {"sound"}
