"""Whose preview is drawn when."""

from __future__ import annotations

import asyncio
import uuid

import pytest

from subiteya.services.preview_turns import TooManyPreviews, Turns

ANA, BEN, EVA = (uuid.UUID(int=number) for number in range(3))


async def test_no_more_than_allowed_are_drawn_at_once() -> None:
    turns, drawn, most = Turns(2, of_one=9, of_all=9), 0, 0

    async def draw() -> None:
        nonlocal drawn, most
        async with turns.take(ANA):
            drawn += 1
            most = max(most, drawn)
            await asyncio.sleep(0)
            drawn -= 1

    await asyncio.gather(*(draw() for _ in range(9)))
    assert (most, drawn) == (2, 0)


async def test_nobody_has_more_in_hand_than_their_share() -> None:
    turns = Turns(2, of_one=2, of_all=3)
    async with turns.take(ANA), turns.take(ANA):
        with pytest.raises(TooManyPreviews):
            await turns.take(ANA).__aenter__()
        waiting = asyncio.create_task(turns.take(BEN).__aenter__())
        await asyncio.sleep(0)
        with pytest.raises(TooManyPreviews):
            await turns.take(EVA).__aenter__()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert waiting.cancelled()
    async with turns.take(EVA), turns.take(ANA):
        pass
