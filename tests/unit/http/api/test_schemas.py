"""Rows as JSON: what is said between two attempts, and after the last."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from subiteya.db.models import Account, Job, Post, Video
from subiteya.domain.post_mode import PostMode
from subiteya.domain.states import JobStatus, LedgerStep, PostStatus, VideoStatus
from subiteya.http.api.schemas import account_out, video_out
from subiteya.services.forecast_reconnect import Forecast
from subiteya.services.get_videos import PostView, VideoView

NOW = datetime(2026, 11, 5, 14, 32, tzinfo=UTC)


def video(**values: Any) -> Video:
    known: dict[str, Any] = {
        "id": uuid.uuid4(),
        "title": "Pan",
        "filename": "pan.mp4",
        "status": VideoStatus.EDITING_QUEUED,
        "version": 2,
        "source_bytes": 10,
        "probe": {"duration_s": 17.4, "video": {"width": 1080, "height": 1920}},
        "progress": 0,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Video(**(known | values))


def job(**values: Any) -> Job:
    known: dict[str, Any] = {
        "status": JobStatus.QUEUED,
        "attempts": 1,
        "max_attempts": 4,
        "not_before": NOW + timedelta(seconds=10),
        "error_code": "storage_unavailable",
    }
    return Job(**(known | values))


def test_a_video_between_two_attempts_says_when_it_goes_on_and_what_was_wrong() -> None:
    seen = video_out(VideoView(video(), (), job(), 7), "en")

    assert (seen.attempt, seen.max_attempts) == (2, 4)
    assert seen.will_retry_at == NOW + timedelta(seconds=10)
    assert seen.error is not None
    assert (seen.error.code, seen.error.message) == (
        "storage_unavailable",
        "The file storage does not answer right now. We keep trying.",
    )
    assert (seen.duration_seconds, seen.width, seen.height) == (17.4, 1080, 1920)


def test_a_first_attempt_that_waits_for_its_turn_is_no_retry() -> None:
    seen = video_out(VideoView(video(), (), job(attempts=0, error_code=None), 7), "es")

    assert (seen.attempt, seen.will_retry_at, seen.error) == (1, None, None)


def test_a_running_attempt_no_longer_shows_the_last_ones_error() -> None:
    seen = video_out(VideoView(video(), (), job(status=JobStatus.ACTIVE), 7), "es")

    assert (seen.attempt, seen.will_retry_at, seen.error) == (2, None, None)


def test_a_video_that_failed_for_good_says_why_in_the_readers_language() -> None:
    failed = video(
        status=VideoStatus.FAILED_EDIT, error_code="not_a_video", error_context={"why": "it has no picture"}
    )
    spent = job(status=JobStatus.FAILED, attempts=4)

    seen = video_out(VideoView(failed, (), spent, 7), "es_MX")

    assert (seen.attempt, seen.max_attempts, seen.will_retry_at) == (4, 4, None)
    assert seen.error is not None
    assert seen.error.message.startswith("Este archivo no es un video")


def test_a_code_of_another_version_is_still_a_sentence() -> None:
    seen = video_out(VideoView(video(error_code="not_invented_yet"), (), None, 0), "en")

    assert seen.error is not None
    assert seen.error.message == "Something went wrong on our side."


def test_a_probe_of_another_version_does_not_hide_the_video() -> None:
    seen = video_out(VideoView(video(probe={"format": "new"}), (), None, 0), "en")

    assert (seen.duration_seconds, seen.width, seen.max_attempts) == (None, None, None)


def test_post_ids_are_text_so_that_browsers_do_not_round_them() -> None:
    post = Post(
        id=uuid.uuid4(),
        account_id=uuid.uuid4(),
        mode=PostMode.DIRECT,
        status=PostStatus.POSTED,
        step=LedgerStep.CONFIRMED,
        caption="",
        privacy_level="SELF_ONLY",
        bytes_acknowledged=10,
        tiktok_post_ids=[7_300_000_000_000_000_001],
    )

    seen = video_out(VideoView(video(), (PostView(post, "ana.crea", None),), None, 0), "en").posts[0]

    assert seen.tiktok_post_ids == ["7300000000000000001"]
    assert (seen.account_username, seen.attempt, seen.max_attempts) == ("ana.crea", 1, 1)


def test_an_account_keeps_its_tokens_to_itself() -> None:
    account = Account(
        id=uuid.uuid4(),
        username="ana.crea",
        nickname="Ana",
        status="connected",
        scopes="user.info.basic,video.publish",
        access_token="sealed-access",
        refresh_token="sealed-refresh",
        time_zone="UTC",
        created_at=NOW,
    )

    seen = account_out(account, Forecast(None, NOW, (), 0)).model_dump_json()

    assert "sealed" not in seen
    assert '"scopes":["user.info.basic","video.publish"]' in seen
