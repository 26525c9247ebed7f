from __future__ import annotations

from datetime import timedelta

from subiteya.domain.slots import Rate
from subiteya.tiktok.limits import CREATOR_POSTS, PENDING_DRAFTS, PER_MINUTE, UNAUDITED_CREATORS, Call


def test_every_call_has_its_documented_limit() -> None:
    minute = timedelta(minutes=1)
    assert dict(PER_MINUTE) == {
        Call.CREATOR_INFO: Rate(20, minute),
        Call.INIT_VIDEO: Rate(6, minute),
        Call.INIT_INBOX: Rate(6, minute),
        Call.STATUS: Rate(30, minute),
        Call.USER_INFO: Rate(600, minute),
    }
    assert set(PER_MINUTE) == set(Call)


def test_the_limits_of_a_day_are_rolling() -> None:
    day = timedelta(hours=24)
    assert Rate(15, day) == CREATOR_POSTS
    assert Rate(5, day) == PENDING_DRAFTS == UNAUDITED_CREATORS
