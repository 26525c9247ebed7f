from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from subiteya.domain.outcome import (
    LONGEST_OUTAGE,
    AskHuman,
    Away,
    Done,
    GiveUp,
    Outcome,
    Retry,
    RetryPolicy,
    TryAgain,
    Wait,
    decide,
)

NOW = datetime(2026, 11, 24, 14, 32, tzinfo=UTC)


@pytest.mark.parametrize(("made", "seconds"), [(0, 5), (1, 10), (2, 20)])
def test_the_three_retries_come_after_5_10_and_20_seconds(made: int, seconds: int) -> None:
    decision = decide(Retry("internal_error", "log 1"), retries_made=made, now=NOW)
    assert decision == TryAgain(NOW + timedelta(seconds=seconds), made + 1, 3, "internal_error", "log 1")


def test_the_fourth_failure_is_final_and_says_how_often_it_was_tried() -> None:
    assert decide(Retry("internal", "x"), retries_made=3, now=NOW) == GiveUp("internal", "x", retries_made=3)


@pytest.mark.parametrize(
    "outcome", [Done("ok"), Wait(NOW, "account_window"), GiveUp("spam_risk"), AskHuman("auth_removed")]
)
@pytest.mark.parametrize("made", [0, 3, 99])
def test_only_a_failure_that_may_pass_spends_attempts(outcome: Outcome, made: int) -> None:
    assert decide(outcome, retries_made=made, now=NOW) is outcome


@pytest.mark.parametrize(
    ("lasted_s", "pause_s"), [(None, 10), (5, 10), (60, 30), (600, 300), (3600, 600), (24 * 3600, 600)]
)
def test_what_is_away_is_waited_for_more_and_more_patiently(lasted_s: float | None, pause_s: float) -> None:
    since = None if lasted_s is None else NOW - timedelta(seconds=lasted_s)
    decision = decide(Away("storage_unavailable", "x"), retries_made=3, now=NOW, away_since=since)
    assert decision == Wait(NOW + timedelta(seconds=pause_s), "storage_unavailable", "x", away=True)


def test_after_a_day_a_person_should_look() -> None:
    since = NOW - LONGEST_OUTAGE - timedelta(seconds=1)
    decision = decide(Away("storage_unavailable"), retries_made=0, now=NOW, away_since=since)
    assert decision == GiveUp("storage_unavailable")


def test_no_retries_means_the_first_failure_is_final() -> None:
    policy = RetryPolicy(max_retries=0)
    assert decide(Retry("internal"), retries_made=0, now=NOW, policy=policy) == GiveUp("internal")


def test_a_shorter_base_doubles_too() -> None:
    policy = RetryPolicy(base=timedelta(milliseconds=10), max_retries=5)
    assert [policy.delay(n) / timedelta(milliseconds=1) for n in range(5)] == [10, 20, 40, 80, 160]


def test_times_without_a_zone_are_refused() -> None:
    naive = NOW.replace(tzinfo=None)
    with pytest.raises(ValueError, match="zone"):
        Wait(naive, "schedule")
    with pytest.raises(ValueError, match="zone"):
        decide(Retry("internal"), retries_made=0, now=naive)


@pytest.mark.parametrize("policy", [{"base": timedelta(seconds=-1)}, {"max_retries": -1}])
def test_a_policy_of_negative_numbers_is_refused(policy: dict[str, timedelta | int]) -> None:
    with pytest.raises(ValueError, match="negative"):
        RetryPolicy(**policy)  # type: ignore[arg-type]  # the two fields' types differ on purpose
