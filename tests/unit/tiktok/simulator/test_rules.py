from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subiteya.tiktok.simulator.answers import ApiError, Code
from subiteya.tiktok.simulator.records import Creator, Privacy, Source
from subiteya.tiktok.simulator.rules import (
    check_chunk_plan,
    check_privacy,
    check_pull_url,
    check_unaudited,
    read_post_info,
    read_source_info,
    utf16_units,
)

DECIMAL_64_MB = 64_000_000
BINARY_64_MB = 67_108_864


def creator(*, private: bool = False) -> Creator:
    return Creator(
        open_id="-000x",
        union_id="u",
        username="ana",
        nickname="Ana",
        bio="",
        private=private,
        comment_disabled=False,
        duet_disabled=False,
        stitch_disabled=False,
        max_video_post_duration_sec=600,
        banned=False,
        verified=False,
        daily_post_cap=None,
        created_at=0,
    )


@pytest.mark.parametrize(
    ("size", "chunk", "count"),
    [
        (4_194_304, 4_194_304, 1),
        (50_000_123, 50_000_123, 1),
        (50_000_123, 10_000_000, 5),
        (64_000_000, 64_000_000, 1),
        (64_000_001, 10_000_000, 6),
        (66_259_900, 10_000_000, 6),
        (158_008_374, 10_000_000, 15),
        (4_294_967_296, 10_000_000, 429),
        (1, 1, 1),
        (10_485_761, 5_242_880, 2),
    ],
)
def test_plans_of_the_fact_sheet_are_accepted(size: int, chunk: int, count: int) -> None:
    check_chunk_plan(size, chunk, count, max_chunk=DECIMAL_64_MB)


@pytest.mark.parametrize(
    ("size", "chunk", "count", "message"),
    [
        (20_000_000, 5_000_000, 4, "The chunk size is invalid"),  # below 5 MiB
        (121_000_000, 64_000_000, 1, "The chunk size is invalid"),  # one chunk that is not the file
        (66_259_900, 66_259_900, 1, "The chunk size is invalid"),  # above 64 MB, refused since 2026-08-12
        (10_000_000, 20_000_000, 1, "The chunk size is invalid"),  # larger than the file
        (25_000_000, 10_000_000, 3, "The total chunk count is invalid"),  # ceil instead of floor
        (25_000_000, 10_000_000, 1, "The chunk size is invalid"),
        (4_294_967_297, 10_000_000, 429, "The video size is invalid"),
        (10_000_000, 10_000_000, 2, "The total chunk count is invalid"),
    ],
)
def test_plans_that_tiktok_refuses_are_refused_in_its_words(
    size: int, chunk: int, count: int, message: str
) -> None:
    with pytest.raises(ApiError) as refused:
        check_chunk_plan(size, chunk, count, max_chunk=DECIMAL_64_MB)
    assert (refused.value.code, refused.value.message, refused.value.status) == (
        "invalid_params",
        message,
        400,
    )


def test_the_binary_reading_of_64_mb_is_a_switch() -> None:
    check_chunk_plan(66_259_900, 66_259_900, 1, max_chunk=BINARY_64_MB)


@given(st.integers(1, 4 * 1024**3))
def test_the_safe_client_plan_is_accepted_for_every_size(size: int) -> None:
    chunk, count = (size, 1) if size <= DECIMAL_64_MB else (10_000_000, size // 10_000_000)
    check_chunk_plan(size, chunk, count, max_chunk=DECIMAL_64_MB)
    check_chunk_plan(size, chunk, count, max_chunk=BINARY_64_MB)


def test_an_emoji_counts_as_two_units() -> None:
    assert utf16_units("a🌼ñ") == 4


@pytest.mark.parametrize("title", ["x" * 2_200, "🌼" * 1_100])
def test_a_caption_of_2200_units_is_accepted(title: str) -> None:
    assert read_post_info({"post_info": {"title": title}}).title == title


@pytest.mark.parametrize(
    "post_info",
    [
        None,
        {},
        [],
        {"title": "x" * 2_201},
        {"title": "🌼" * 1_100 + "x"},
        {"title": 7},
        {"privacy_level": 1},
        {"title": "a", "disable_comment": "true"},
        {"title": "a", "is_aigc": 1},
        {"brand_content_toggle": True, "privacy_level": "SELF_ONLY"},
    ],
)
def test_a_bad_post_info_is_refused(post_info: Any) -> None:
    with pytest.raises(ApiError) as refused:
        read_post_info({"post_info": post_info})
    assert refused.value.code == "invalid_params"


@pytest.mark.parametrize("cover", [None, -1, "500", 2**31, True, 1.5])
def test_an_unusable_cover_means_the_first_frame_and_no_error(cover: Any) -> None:
    assert read_post_info({"post_info": {"title": "a", "video_cover_timestamp_ms": cover}}).cover_ms is None


def test_a_cover_millisecond_is_kept() -> None:
    assert read_post_info({"post_info": {"video_cover_timestamp_ms": 1_500}}).cover_ms == 1_500


@pytest.mark.parametrize(
    "source_info",
    [
        None,
        {},
        {"source": "FILE"},
        {"source": "FILE_UPLOAD"},
        {"source": "FILE_UPLOAD", "video_size": 0, "chunk_size": 1, "total_chunk_count": 1},
        {"source": "FILE_UPLOAD", "video_size": "9", "chunk_size": 9, "total_chunk_count": 1},
        {"source": "FILE_UPLOAD", "video_size": True, "chunk_size": 1, "total_chunk_count": 1},
        {"source": "FILE_UPLOAD", "video_size": 2**63, "chunk_size": 1, "total_chunk_count": 1},
        {"source": "PULL_FROM_URL"},
        {"source": "PULL_FROM_URL", "video_url": ""},
    ],
)
def test_a_bad_source_info_is_refused(source_info: Any) -> None:
    with pytest.raises(ApiError) as refused:
        read_source_info({"source_info": source_info})
    assert refused.value.code == "invalid_params"


def test_a_source_is_read() -> None:
    info = read_source_info(
        {
            "source_info": {
                "source": "FILE_UPLOAD",
                "video_size": 9,
                "chunk_size": 9,
                "total_chunk_count": 1,
            }
        }
    )
    assert (info.source, info.video_size) == (Source.FILE, 9)


def test_a_public_account_offers_everyone_and_never_followers() -> None:
    assert creator().privacy_options == (Privacy.PUBLIC, Privacy.FRIENDS, Privacy.SELF)
    assert creator(private=True).privacy_options == (Privacy.FOLLOWERS, Privacy.FRIENDS, Privacy.SELF)


@pytest.mark.parametrize("level", [None, "", "FOLLOWER_OF_CREATOR", "EVERYONE"])
def test_a_level_that_is_not_offered_is_a_mismatch(level: str | None) -> None:
    with pytest.raises(ApiError) as refused:
        check_privacy(level, creator())
    assert (refused.value.code, refused.value.status) == ("privacy_level_option_mismatch", 403)


def test_an_unaudited_app_needs_a_private_account_and_only_me() -> None:
    check_unaudited(Privacy.SELF, creator(private=True))
    for level, private in ((Privacy.SELF, False), (Privacy.FRIENDS, True), (Privacy.PUBLIC, False)):
        with pytest.raises(ApiError) as refused:
            check_unaudited(level, creator(private=private))
        assert refused.value.code == Code.UNAUDITED


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://videos.example.com/a.mp4", None),
        ("https://example.com/a.mp4", None),
        ("https://cdn.other.net/clips/a.mp4", None),
        ("https://cdn.other.net/elsewhere/a.mp4", "url_ownership_unverified"),
        ("https://badexample.com/a.mp4", "url_ownership_unverified"),
        ("http://example.com/a.mp4", "invalid_params"),
        ("https://93.184.216.34/a.mp4", "invalid_params"),
        ("nonsense", "invalid_params"),
    ],
)
def test_only_verified_addresses_are_pulled(url: str, code: str | None) -> None:
    verified = ("example.com", "https://cdn.other.net/clips/")
    if code is None:
        check_pull_url(url, verified, plain_http=False)
        return
    with pytest.raises(ApiError) as refused:
        check_pull_url(url, verified, plain_http=False)
    assert refused.value.code == code
