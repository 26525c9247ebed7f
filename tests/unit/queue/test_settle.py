from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from subiteya.domain.errors import ConfigurationError, EditFailed, LostTheJob, StorageUnavailable
from subiteya.domain.outcome import AskHuman, Away, Done, GiveUp, Outcome, Retry, Wait
from subiteya.queue.hand import Abort, AbortReason, JobInHand
from subiteya.queue.names import PAYLOAD_VERSION, QueueName
from subiteya.queue.settle import final_word, outcome_of, too_new

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_an_error_that_can_pass_by_itself_is_retried() -> None:
    assert outcome_of(EditFailed(why="x")) == Retry("edit_failed", "The video could not be edited: x")


def test_what_is_away_is_waited_for() -> None:
    away = outcome_of(StorageUnavailable())
    assert away == Away("storage_unavailable", "The file storage does not answer right now. We keep trying.")
    assert final_word(Away("database_unavailable"), None, NOW) == Wait(
        NOW + timedelta(seconds=30), "database_unavailable"
    )


def test_an_error_that_cannot_pass_is_final() -> None:
    error = ConfigurationError(what="FFMPEG_BINARY", why="no such file")
    assert outcome_of(error) == GiveUp("configuration", "FFMPEG_BINARY: no such file")


def test_who_lost_the_job_leaves_it_to_the_other() -> None:
    assert isinstance(outcome_of(LostTheJob()), Done)


@pytest.mark.parametrize(
    "error", [ValueError("https://s3/x?X-Amz-Signature=geheim"), asyncio.CancelledError()]
)
def test_a_surprise_is_retried_and_tells_its_place_but_not_its_text(error: BaseException) -> None:
    outcome = outcome_of(raised(error))
    assert isinstance(outcome, Retry)
    assert outcome.code == "crashed"
    assert outcome.detail.startswith(f"{type(error).__name__} at test_settle.py:")
    assert "geheim" not in outcome.detail


@pytest.mark.parametrize("broken", [Retry("x"), Away("x")])
def test_what_broke_because_we_stopped_it_goes_back_unspent(broken: Outcome) -> None:
    assert final_word(broken, AbortReason.SHUTDOWN, NOW) == Wait(NOW, "shutdown")


def test_what_broke_because_it_was_called_off_is_not_retried() -> None:
    assert final_word(Retry("x"), AbortReason.CANCELLED, NOW) == GiveUp("cancelled")


@pytest.mark.parametrize("outcome", [Done(), Wait(NOW, "x"), GiveUp("x"), AskHuman("x")])
@pytest.mark.parametrize("reason", [None, *AbortReason])
def test_a_clear_word_stands_whatever_the_abort(outcome: Outcome, reason: AbortReason | None) -> None:
    assert final_word(outcome, reason, NOW) == outcome


def test_a_failure_without_abort_is_a_failure() -> None:
    assert final_word(Retry("x"), None, NOW) == Retry("x")


async def no_report(_: int | dict[str, Any]) -> None:
    raise AssertionError


@pytest.mark.parametrize(
    ("data", "waits"),
    [
        ({}, False),
        ({"version": PAYLOAD_VERSION}, False),
        ({"version": PAYLOAD_VERSION + 1}, True),
        ({"version": "2"}, False),
    ],
)
def test_only_what_a_newer_worker_wrote_waits_for_one(data: dict[str, Any], waits: bool) -> None:
    hand = JobInHand("edit-x", QueueName.EDIT, uuid4(), data, 0, 4, 0, "t", Abort(), no_report)
    assert (too_new(hand) is not None) is waits
