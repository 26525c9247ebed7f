"""Begin a publish: what may this creator do right now, is the file fit, and then `init`, once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from subiteya.db import slots
from subiteya.domain.chunks import ChunkPlan
from subiteya.domain.errors import TikTokOutcomeUnknown, TikTokRefused
from subiteya.domain.length import least_seconds
from subiteya.domain.outcome import AskHuman, GiveUp, Outcome, Retry, Wait
from subiteya.domain.post_errors import DraftScopeMissing, EditedFileChanged, TooLongForCreator, UnauditedApp
from subiteya.domain.post_mode import PostMode, is_granted
from subiteya.domain.privacy import PrivacyLevel
from subiteya.domain.slots import Rate
from subiteya.pipeline.journey import Run
from subiteya.pipeline.publish.ask import Voice
from subiteya.pipeline.publish.ledger import Entry, Ledger
from subiteya.queue.plan_jobs import day_rate, day_scope, upload_rates
from subiteya.tiktok.answers import CreatorInfo, Publish
from subiteya.tiktok.client import TikTokClient
from subiteya.tiktok.error_row import Place
from subiteya.tiktok.error_table import outcome_of, outcome_of_error
from subiteya.tiktok.requests import PostInfo

A_MOMENT: Final = timedelta(seconds=2)
"""A wait that is not worth a way through the queue."""
MOMENTS: Final = 3


async def begin(run: Run, ledger: Ledger, entry: Entry, voice: Voice) -> Outcome | None:
    """Begin the publish and store it: a post by the creator's settings of this moment, a draft without any.

    Returns:
        None when the ledger has a publish now; otherwise what to do instead.
    """
    tiktok = run.tools.tiktok
    if entry.post.mode is PostMode.DRAFT:
        if not is_granted(entry.account.scopes, entry.post.mode):
            return AskHuman(DraftScopeMissing.code)
        return await _init(run, ledger, entry, Place.INBOX_INIT, lambda plan: _draft(tiktok, voice, plan))
    now = datetime.now(UTC)
    try:
        creator = await voice.ask(tiktok.creator_info)
    except TikTokRefused as error:
        return outcome_of_error(error, Place.CREATOR_INFO, now=now, room_at=await _room_at(run, entry))
    refusal = _objection(entry, creator, now, unaudited=run.tools.settings.tiktok.unaudited)
    if refusal is not None:
        return refusal
    post = _post_info(entry, creator)
    return await _init(
        run,
        ledger,
        entry,
        Place.INIT,
        lambda plan: voice.ask(lambda token: tiktok.init_video(token, post, plan)),
    )


async def _draft(tiktok: TikTokClient, voice: Voice, plan: ChunkPlan) -> Publish:
    return await voice.ask(lambda token: tiktok.init_inbox(token, plan))


async def _init(
    run: Run, ledger: Ledger, entry: Entry, place: Place, ask: Callable[[ChunkPlan], Awaitable[Publish]]
) -> Outcome | None:
    """Call `init` for the file as it is now, and store what it answers."""
    info = await run.tools.storage.objects.head(entry.clip.key or "")
    if entry.clip.etag not in (None, info.etag):
        return GiveUp(EditedFileChanged.code)
    plan = ChunkPlan.for_size(info.size)
    until = await _start(ledger, upload_rates(run.tools.settings.upload, entry.account.id, entry.post.mode))
    if until is not None:
        return Wait(until, "account_window")
    now = asked_at = datetime.now(UTC)
    try:
        publish = await ask(plan)
    except TikTokOutcomeUnknown as error:
        # TikTok may have begun something that nobody can send bytes to: it can never become a post.
        return Retry(error.code, "init was not answered")
    except TikTokRefused as error:
        return outcome_of_error(error, place, now=now, room_at=await _room_at(run, entry))
    await ledger.inited(publish, plan, info.etag, asked_at)
    return None


async def _start(ledger: Ledger, rates: Mapping[str, Rate]) -> datetime | None:
    """Start within the windows, waiting here when a moment is all that lacks; else when there is room.

    The reserved time may have passed by long (a retry, a worker that was away), and with it the distance to
    those who have started since.
    """
    for _ in range(MOMENTS):
        until = await ledger.start(rates)
        lacks = timedelta(0) if until is None else until - datetime.now(UTC)
        if until is None or lacks > A_MOMENT:
            return until
        await asyncio.sleep(max(0.0, lacks.total_seconds()))
    return await ledger.start(rates)


async def _room_at(run: Run, entry: Entry) -> datetime:
    """When the creator's rolling day has room again, by what we have posted ourselves."""
    account_id = entry.account.id
    async with run.db.begin() as session:
        return await slots.room_at(
            session, day_scope(account_id), day_rate(run.tools.settings.upload), besides=run.hand.id
        )


def _objection(entry: Entry, creator: CreatorInfo, now: datetime, *, unaudited: bool) -> Outcome | None:
    """What stands against posting, by the creator's settings of this moment."""
    if unaudited and entry.post.privacy_level != PrivacyLevel.SELF_ONLY:
        return AskHuman(UnauditedApp.code)
    if entry.post.privacy_level not in {*creator.privacy_levels}:
        return outcome_of("privacy_level_option_mismatch", Place.INIT, now=now)
    seconds = least_seconds(entry.video.probe, entry.clip.spec)
    if seconds > creator.max_duration_seconds:
        return AskHuman(TooLongForCreator.code, f"{seconds:.0f} s > {creator.max_duration_seconds} s")
    return None


def _post_info(entry: Entry, creator: CreatorInfo) -> PostInfo:
    post = entry.post
    return PostInfo(
        privacy_level=PrivacyLevel(post.privacy_level),
        title=post.caption,
        # What the creator has switched off stays off; TikTok would force it anyway.
        disable_comment=post.disable_comment or creator.comment_disabled,
        disable_duet=post.disable_duet or creator.duet_disabled,
        disable_stitch=post.disable_stitch or creator.stitch_disabled,
        cover_ms=post.cover_ms,
        brand_content=post.brand_content,
        brand_organic=post.brand_organic,
        is_aigc=post.is_aigc,
    )
