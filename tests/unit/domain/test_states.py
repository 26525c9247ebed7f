from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subiteya.domain.errors import every_error
from subiteya.domain.states import (
    GROUPS,
    POST_MOVES,
    VIDEO_MOVES,
    PostStatus,
    VideoStatus,
    aggregate,
    post_sources,
    video_sources,
)

P, V = PostStatus, VideoStatus


def test_every_status_has_its_moves() -> None:
    assert set(VIDEO_MOVES) == set(VideoStatus)
    assert set(POST_MOVES) == set(PostStatus)


def test_posted_is_final_for_a_post() -> None:
    assert POST_MOVES[P.POSTED] == frozenset()


def test_every_status_can_be_reached() -> None:
    assert all(video_sources(status) for status in VideoStatus if status is not V.DRAFT)
    assert all(post_sources(status) for status in PostStatus)


def test_every_video_stands_in_one_group() -> None:
    listed = [status for group in GROUPS.values() for status in group]
    assert sorted(listed) == sorted(VideoStatus)


@pytest.mark.parametrize(
    ("posts", "expected"),
    [
        ([], V.EDITED),
        ([P.CANCELLED], V.EDITED),
        ([P.POSTED, P.CANCELLED], V.POSTED),
        ([P.POSTED, P.FAILED_UPLOAD], V.FAILED_UPLOAD),
        ([P.POSTED, P.NEEDS_ATTENTION], V.FAILED_UPLOAD),
        ([P.FAILED_UPLOAD, P.UPLOAD_QUEUED], V.UPLOAD_QUEUED),
        ([P.SCHEDULED, P.POSTED], V.UPLOAD_QUEUED),
        ([P.UNCONFIRMED, P.POSTED], V.UPLOADING),
        ([P.CONFIRMING, P.UPLOAD_QUEUED], V.UPLOADING),
        ([P.IN_INBOX, P.CANCELLED], V.IN_INBOX),
        ([P.IN_INBOX, P.POSTED], V.IN_INBOX),
        ([P.IN_INBOX, P.NEEDS_ATTENTION], V.FAILED_UPLOAD),
        ([P.IN_INBOX, P.SCHEDULED], V.UPLOAD_QUEUED),
    ],
)
def test_the_video_shows_what_its_posts_say(posts: list[PostStatus], expected: VideoStatus) -> None:
    assert aggregate(posts) is expected


@given(st.lists(st.sampled_from(list(PostStatus)), min_size=1, max_size=6))
def test_posted_is_never_claimed_while_a_post_is_not(posts: list[PostStatus]) -> None:
    if aggregate(posts) is V.POSTED:
        assert set(posts) <= {P.POSTED, P.CANCELLED}


@given(
    before=st.lists(st.sampled_from(list(PostStatus)), min_size=1, max_size=4),
    index=st.integers(0, 3),
    data=st.data(),
)
def test_whatever_a_post_may_do_its_video_may_follow(
    before: list[PostStatus], index: int, data: st.DataObject
) -> None:
    index %= len(before)
    targets = POST_MOVES[before[index]]
    if not targets:
        return
    after = list(before)
    after[index] = data.draw(st.sampled_from(sorted(targets)))
    old, new = aggregate(before), aggregate(after)
    assert old is new or new in VIDEO_MOVES[old]


def test_error_codes_are_unique() -> None:
    codes = [error.code for error in every_error()]
    assert len(codes) == len(set(codes))
