"""The ledger's blank page: what a post's columns say before anything was begun at TikTok."""

from __future__ import annotations

from typing import Any, Final

from subiteya.db.models import Post
from subiteya.domain.chunks import ChunkPlan
from subiteya.domain.states import LedgerStep

FORGOTTEN: Final[dict[str, Any]] = {
    "step": LedgerStep.PLANNED,
    "publish_id": None,
    "upload_url": None,
    "upload_url_expires_at": None,
    "bytes_acknowledged": 0,
    "submitted_at": None,
    "tiktok_status": None,
}
"""A ledger in which nothing is begun; `inits` goes on counting."""


def nothing_begun(post: Post) -> bool:
    """Whether TikTok holds nothing of this post that could still become one: it may be changed freely."""
    return post.step in {LedgerStep.PLANNED, LedgerStep.REFUSED}


def may_appear(post: Post) -> bool:
    """Whether TikTok may make this post public by itself, so that calling it off would be a false promise.

    It may when it has every byte, or may have: when no more than the chunk in flight is unacknowledged.
    """
    if nothing_begun(post):
        return False
    if post.step not in {LedgerStep.INITED, LedgerStep.SENDING}:
        return True
    if post.video_bytes is None or post.chunk_bytes is None or post.chunk_count is None:
        return True
    plan = ChunkPlan(post.video_bytes, post.chunk_bytes, post.chunk_count)
    return sum(1 for _ in plan.remaining(post.bytes_acknowledged)) <= 1
