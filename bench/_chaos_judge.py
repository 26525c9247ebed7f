"""When the dust has settled: is each video posted once, or does its timeline say why not?"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from _chaos_fleet import Fleet
from _chaos_owners import Clip
from _chaos_watch import published
from subiteya.db.models import Event, Post, Video
from subiteya.domain.states import POST_MOVES, VIDEO_MOVES, PostStatus, VideoStatus
from subiteya.services.resources import Resources

ENDS = frozenset({VideoStatus.FAILED_EDIT, VideoStatus.FAILED_UPLOAD, VideoStatus.CANCELLED})
"""Where a video may stand that TikTok has not."""
POST_ENDS = frozenset(
    {PostStatus.POSTED, PostStatus.NEEDS_ATTENTION, PostStatus.FAILED_UPLOAD, PostStatus.CANCELLED}
)


@dataclass(slots=True)
class Verdict:
    """What became of the videos, in words where something is wrong."""

    posted: int = 0
    failed: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    """Not at TikTok, with the reason that the timeline gives."""
    lost: list[str] = field(default_factory=list)
    """Neither at TikTok nor in a final state."""
    doubled: list[str] = field(default_factory=list)
    """More than once at TikTok."""
    unexplained: list[str] = field(default_factory=list)
    """What we show is not what TikTok has, or the timeline does not lead there."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What the database says of one video."""

    video: Video
    posts: Sequence[Post]
    events: Sequence[Event]


async def judge(fleet: Fleet, resources: Resources, clips: Sequence[Clip]) -> Verdict:
    """Compare what exists at TikTok with what we say."""
    verdict = Verdict()
    at_tiktok: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for publish in await published(fleet):
        at_tiktok[publish["title"]].append(publish)
    rows = await _load(resources)
    for clip in clips:
        found = rows.get(clip.video_id) if clip.video_id is not None else None
        if found is None:
            verdict.lost.append(f"{clip.title}: there is no row; {clip.trouble}")
            continue
        judge_video(verdict, clip.title, found, at_tiktok[clip.title])
        if clip.trouble:
            verdict.unexplained.append(f"{clip.title}: its owner could not go on: {clip.trouble}")
        verdict.unexplained += [f"{clip.title}: {what}" for what in gaps(found)]
    strangers = at_tiktok.keys() - {clip.title for clip in clips}
    verdict.unexplained += [f"{title}: nobody asked for it" for title in strangers]
    return verdict


def judge_video(verdict: Verdict, title: str, rows: Rows, there: Sequence[Mapping[str, Any]]) -> None:
    """Say of one video what is wrong with it, given what exists of it at TikTok."""
    status = rows.video.status
    if len(there) > 1:
        verdict.doubled.append(f"{title}: {len(there)} times")
        return
    if there:
        verdict.posted += 1
        ours = [post.publish_id for post in rows.posts if post.status is PostStatus.POSTED]
        if status is not VideoStatus.POSTED or ours != [there[0]["publish_id"]]:
            verdict.unexplained.append(f"{title}: TikTok has it, and we show {status} with {ours}")
        return
    if status not in ENDS or any(post.status not in POST_ENDS for post in rows.posts):
        told = [str(event.reason or event.to_status) for event in rows.events]
        verdict.lost.append(f"{title}: {status}; {' > '.join(told[-12:])}")
        return
    last = next((event for event in reversed(rows.events) if event.to_status in _final_of(rows)), None)
    if last is None or last.reason is None:
        verdict.unexplained.append(f"{title}: {status} without a reason")
        return
    verdict.failed[f"{last.to_status}: {last.reason}"] += 1


def _final_of(rows: Rows) -> set[str]:
    """The words in a timeline that end a video which was not posted."""
    of_posts = {str(post.status) for post in rows.posts}
    return of_posts or {str(rows.video.status)}


def gaps(rows: Rows) -> list[str]:
    """Where the timeline does not hang together: a move that is not allowed, or two that do not meet."""
    found = _broken_chain("video", [event for event in rows.events if event.post_id is None], VIDEO_MOVES)
    for post in rows.posts:
        own = [event for event in rows.events if event.post_id == post.id]
        found += _broken_chain("post", own, POST_MOVES)
        moves = [event.to_status for event in own if event.to_status is not None]
        if moves and moves[-1] != post.status:
            found.append(f"its post is {post.status}, and its timeline ends with {moves[-1]}")
    moves = [event.to_status for event in rows.events if event.post_id is None and event.to_status]
    if moves and moves[-1] != rows.video.status:
        found.append(f"it is {rows.video.status}, and its timeline ends with {moves[-1]}")
    return found


def _broken_chain(what: str, events: Sequence[Event], moves: Mapping[Any, frozenset[Any]]) -> list[str]:
    allowed = {(str(source), str(to)) for source, targets in moves.items() for to in targets}
    found = []
    stands: str | None = None
    for event in events:
        if event.to_status is None:
            continue
        if stands is not None and event.from_status != stands:
            found.append(f"{what} moved from {event.from_status} and stood at {stands}")
        if (str(event.from_status), event.to_status) not in allowed:
            found.append(f"{what} moved from {event.from_status} to {event.to_status}")
        stands = event.to_status
    return found


async def _load(resources: Resources) -> dict[uuid.UUID, Rows]:
    async with resources.db.begin() as session:
        videos = list(await session.scalars(select(Video)))
        posts: dict[uuid.UUID, list[Post]] = defaultdict(list)
        for post in await session.scalars(select(Post)):
            posts[post.video_id].append(post)
        events: dict[uuid.UUID, list[Event]] = defaultdict(list)
        for event in await session.scalars(select(Event).order_by(Event.id)):
            events[event.video_id].append(event)
    return {video.id: Rows(video, posts[video.id], events[video.id]) for video in videos}
