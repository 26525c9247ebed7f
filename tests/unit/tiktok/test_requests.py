from __future__ import annotations

import pytest

from subiteya.domain.chunks import ChunkPlan
from subiteya.domain.errors import BadInput, CaptionTooLong
from subiteya.domain.privacy import PrivacyLevel
from subiteya.tiktok.requests import PostInfo, file_upload


def test_everything_is_off_unless_asked_for_and_both_brand_toggles_are_sent() -> None:
    assert PostInfo(PrivacyLevel.SELF_ONLY).as_json() == {
        "privacy_level": "SELF_ONLY",
        "disable_comment": True,
        "disable_duet": True,
        "disable_stitch": True,
        "brand_content_toggle": False,
        "brand_organic_toggle": False,
        "is_aigc": False,
    }


def test_what_was_chosen_is_sent_in_tiktoks_words() -> None:
    post = PostInfo(
        PrivacyLevel.PUBLIC_TO_EVERYONE,
        title="Pan de masa madre 🍞\r\n#pan ",
        disable_comment=False,
        cover_ms=1500,
        brand_content=True,
        brand_organic=True,
        is_aigc=True,
    )
    sent = post.as_json()
    assert sent["title"] == "Pan de masa madre 🍞\n#pan "
    assert sent["video_cover_timestamp_ms"] == 1500
    assert (sent["disable_comment"], sent["disable_duet"]) == (False, True)
    assert sent["brand_content_toggle"] is sent["brand_organic_toggle"] is sent["is_aigc"] is True
    assert "auto_add_music" not in sent


def test_a_paid_partnership_cannot_be_private() -> None:
    with pytest.raises(BadInput, match="partnership"):
        PostInfo(PrivacyLevel.SELF_ONLY, brand_content=True)
    PostInfo(PrivacyLevel.SELF_ONLY, brand_organic=True)


def test_a_caption_that_is_too_long_never_reaches_tiktok() -> None:
    with pytest.raises(CaptionTooLong):
        PostInfo(PrivacyLevel.SELF_ONLY, title="😀" * 1101)


@pytest.mark.parametrize("cover", [-1, 2**31])
def test_a_cover_outside_the_numbers_is_refused(cover: int) -> None:
    with pytest.raises(BadInput, match="cover"):
        PostInfo(PrivacyLevel.SELF_ONLY, cover_ms=cover)


def test_the_source_is_the_plan() -> None:
    assert file_upload(ChunkPlan.for_size(158_008_374)) == {
        "source": "FILE_UPLOAD",
        "video_size": 158_008_374,
        "chunk_size": 10_000_000,
        "total_chunk_count": 15,
    }
