from __future__ import annotations

import asyncio
import uuid

from sqlalchemy import select

from fixtures.rows import Rows
from subiteya.db.database import Database
from subiteya.db.models import Event, Post, Video
from subiteya.db.moves import Why, move_post, move_video
from subiteya.domain.states import PostStatus, VideoStatus

WHY = Why(actor="test", reason="because", attempt=2, detail={"log_id": "42"})


async def test_a_move_changes_the_row_and_writes_its_event(db: Database, rows: Rows) -> None:
    video = await rows.video(await rows.user())
    async with db.begin() as session:
        moved = await move_video(session, video.id, VideoStatus.EDITING_QUEUED, WHY, progress=10)
    assert moved is not None
    assert (moved.status, moved.version, moved.progress) == (VideoStatus.EDITING_QUEUED, 2, 10)
    async with db.begin() as session:
        event = (await session.scalars(select(Event))).one()
    assert (event.from_status, event.to_status, event.attempt) == ("DRAFT", "EDITING_QUEUED", 2)
    assert event.detail == {"log_id": "42"}
    assert event.at.tzinfo is not None


async def test_a_move_that_the_table_forbids_changes_nothing(db: Database, rows: Rows) -> None:
    video = await rows.video(await rows.user())
    async with db.begin() as session:
        assert await move_video(session, video.id, VideoStatus.EDITED, WHY) is None
        assert await move_video(session, uuid.uuid4(), VideoStatus.EDITING_QUEUED, WHY) is None
    async with db.begin() as session:
        assert (await session.scalars(select(Event))).all() == []
        assert await session.scalar(select(Video.status)) is VideoStatus.DRAFT


async def test_expectation_narrows_the_table(db: Database, rows: Rows) -> None:
    video = await rows.video(await rows.user(), VideoStatus.EDITED)
    async with db.begin() as session:
        to = VideoStatus.EDITING_QUEUED
        assert await move_video(session, video.id, to, WHY, expect={VideoStatus.DRAFT}) is None


async def test_of_many_movers_one_wins(db: Database, rows: Rows) -> None:
    video = await rows.video(await rows.user())

    async def try_it() -> bool:
        async with db.begin() as session:
            return await move_video(session, video.id, VideoStatus.EDITING_QUEUED, WHY) is not None

    assert sum(await asyncio.gather(*(try_it() for _ in range(8)))) == 1


async def test_the_video_follows_its_posts(db: Database, rows: Rows) -> None:
    user = await rows.user()
    video = await rows.video(user, VideoStatus.UPLOAD_QUEUED)
    account = await rows.account(user)
    first = await rows.post(video, account)
    second = await rows.post(video, account, PostStatus.POSTED)
    for to, shown in [
        (PostStatus.UPLOADING, VideoStatus.UPLOADING),
        (PostStatus.CONFIRMING, VideoStatus.UPLOADING),
        (PostStatus.POSTED, VideoStatus.POSTED),
    ]:
        async with db.begin() as session:
            assert await move_post(session, first.id, to, WHY) is not None
        async with db.begin() as session:
            assert await session.scalar(select(Video.status)) is shown
    async with db.begin() as session:
        assert await session.scalar(select(Post.version).where(Post.id == second.id)) == 1


async def test_a_rolled_back_move_leaves_no_trace(db: Database, rows: Rows) -> None:
    video = await rows.video(await rows.user())
    async with db.begin() as session:
        await move_video(session, video.id, VideoStatus.EDITING_QUEUED, WHY)
        await session.rollback()
    async with db.begin() as session:
        assert (await session.scalars(select(Event))).all() == []
