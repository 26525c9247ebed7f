from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from subiteya.domain.errors import (
    NotFound,
    TikTokOutcomeUnknown,
    TikTokRefused,
    TikTokTokenRejected,
    TikTokUnavailable,
    every_error,
)
from subiteya.domain.outcome import AskHuman, Away, GiveUp, Retry, Wait
from subiteya.tiktok.error_row import Button, Kind, Place, Row
from subiteya.tiktok.error_table import ROWS, outcome_of, outcome_of_error, row_of

NOW = datetime(2026, 11, 24, 14, 32, tzinfo=UTC)

EVERYWHERE = {"access_token_invalid", "scope_not_authorized", "rate_limit_exceeded", "internal_error"}
WRONG_PARAMETERS = {"invalid_param", "invalid_params"}

# Every code of TikTok's documentation, and those seen in live answers only, place by place.
DOCUMENTED = {
    Place.OAUTH: {
        "access_denied",
        "invalid_client",
        "invalid_grant",
        "invalid_request",
        "invalid_scope",
        "unauthorized_client",
        "unsupported_grant_type",
        "unsupported_response_type",
        "server_error",
        "temporarily_unavailable",
        "non_sandbox_target",
    },
    Place.CREATOR_INFO: EVERYWHERE
    | {"spam_risk_too_many_posts", "spam_risk_user_banned_from_posting", "reached_active_user_cap"},
    Place.INIT: EVERYWHERE
    | WRONG_PARAMETERS
    | {
        "spam_risk_too_many_posts",
        "spam_risk_user_banned_from_posting",
        "reached_active_user_cap",
        "unaudited_client_can_only_post_to_private_accounts",
        "url_ownership_unverified",
        "privacy_level_option_mismatch",
        "invalid_file_upload",
        "scope_permission_missed",
    },
    Place.INBOX_INIT: EVERYWHERE
    | WRONG_PARAMETERS
    | {
        "spam_risk_too_many_pending_share",
        "spam_risk_user_banned_from_posting",
        "url_ownership_unverified",
    },
    Place.PHOTO_INIT: EVERYWHERE | WRONG_PARAMETERS | {"app_version_check_failed"},
    Place.STATUS: EVERYWHERE
    | WRONG_PARAMETERS
    | {"invalid_publish_id", "token_not_authorized_for_specified_publish_id"},
    Place.CANCEL: EVERYWHERE
    | {
        "invalid_publish_id",
        "token_not_authorized_for_specified_publish_id",
        "publish_not_cancellable",
    },
    Place.USER_INFO: EVERYWHERE | WRONG_PARAMETERS | {"scope_permission_missed"},
    Place.FAIL_REASON: {
        "file_format_check_failed",
        "duration_check_failed",
        "frame_rate_check_failed",
        "picture_size_check_failed",
        "internal",
        "video_pull_failed",
        "photo_pull_failed",
        "publish_cancelled",
        "auth_removed",
        "spam_risk_too_many_posts",
        "spam_risk_user_banned_from_posting",
        "spam_risk_text",
        "spam_risk",
    },
}
# Statuses 400, 403, 404, 416 and 5xx of the upload address, under our names; and what can go wrong here.
OURS = {
    "upload_headers_refused",
    "upload_url_expired",
    "upload_unknown",
    "upload_position_unexpected",
    "upload_server_error",
    "upload_interrupted",
    "upload_answer_unexpected",
    "upload_host_not_allowed",
    "source_ended_early",
    "source_too_long",
}


@pytest.mark.parametrize("place", DOCUMENTED)
def test_every_documented_code_has_a_row_where_it_occurs(place: Place) -> None:
    have = {row.code for row in ROWS if place in row.places}
    assert DOCUMENTED[place] <= have


def test_no_row_is_for_a_code_that_nobody_documents() -> None:
    assert {row.code for row in ROWS} == set().union(*DOCUMENTED.values()) | OURS


def test_each_code_has_one_row_a_place() -> None:
    pairs = [(row.code, place) for row in ROWS for place in row.places]
    assert len(pairs) == len(set(pairs))


def test_our_codes_collide_with_no_other_error() -> None:
    assert not {row.error_code for row in ROWS} & {error.code for error in every_error()}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_every_row_speaks_both_languages_in_whole_sentences(row: Row) -> None:
    assert row.en.endswith(".")
    assert row.es.endswith(".")
    assert row.en != row.es
    assert row.code not in row.en


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.code)
def test_what_asks_for_somebody_says_what_to_press_and_what_waits_says_how_long(row: Row) -> None:
    assert (row.kind is Kind.ATTENTION) <= (row.button is not None)
    assert (row.kind is Kind.WAIT) == (row.wait is not None)


def test_a_rate_limit_waits_a_minute_and_spends_no_attempt() -> None:
    outcome = outcome_of("rate_limit_exceeded", Place.INIT, now=NOW)
    assert outcome == Wait(NOW + timedelta(minutes=1), "tiktok_rate_limit_exceeded")


def test_a_full_day_waits_until_our_ledger_says_that_there_is_room() -> None:
    room = NOW + timedelta(hours=7)
    assert outcome_of("spam_risk_too_many_posts", Place.INIT, now=NOW, room_at=room) == Wait(
        room, "tiktok_spam_risk_too_many_posts"
    )


def test_a_full_day_is_asked_again_in_an_hour_when_nobody_knows_or_our_ledger_is_wrong() -> None:
    for room in (None, NOW - timedelta(hours=1)):
        outcome = outcome_of("spam_risk_too_many_posts", Place.CREATOR_INFO, now=NOW, room_at=room)
        assert outcome == Wait(NOW + timedelta(hours=1), "tiktok_spam_risk_too_many_posts")


def test_a_full_day_found_after_sending_waits_a_day_so_that_the_file_is_not_sent_every_hour() -> None:
    outcome = outcome_of("spam_risk_too_many_posts", Place.FAIL_REASON, now=NOW)
    assert outcome == Wait(NOW + timedelta(days=1), "tiktok_spam_risk_too_many_posts")


def test_the_day_of_the_creator_does_not_prolong_other_waits() -> None:
    outcome = outcome_of("rate_limit_exceeded", Place.INIT, now=NOW, room_at=NOW + timedelta(days=1))
    assert outcome == Wait(NOW + timedelta(minutes=1), "tiktok_rate_limit_exceeded")


@pytest.mark.parametrize(
    ("code", "place", "expected"),
    [
        ("internal", Place.FAIL_REASON, Retry("tiktok_internal", "log_id 7")),
        ("internal_error", Place.STATUS, Retry("tiktok_internal_error", "log_id 7")),
        ("spam_risk", Place.FAIL_REASON, GiveUp("tiktok_spam_risk", "log_id 7")),
        ("invalid_params", Place.INIT, GiveUp("tiktok_invalid_params", "log_id 7")),
        ("auth_removed", Place.FAIL_REASON, AskHuman("tiktok_auth_removed", "log_id 7")),
        ("a_new_one", Place.INIT, AskHuman("tiktok_a_new_one", "log_id 7")),
    ],
)
def test_each_kind_becomes_its_outcome(code: str, place: Place, expected: object) -> None:
    assert outcome_of(code, place, now=NOW, detail="log_id 7") == expected


def test_a_row_is_found_by_tiktoks_code_and_by_ours() -> None:
    assert row_of("auth_removed") is row_of("tiktok_auth_removed")
    assert row_of("privacy_level_option_mismatch").button is Button.CHOOSE_PRIVACY


def test_an_unknown_code_needs_attention_and_is_shown() -> None:
    row = row_of("tiktok_a_new_one")
    assert row.kind is Kind.ATTENTION
    assert "a_new_one" in row.en
    assert "a_new_one" in row.es


@pytest.mark.parametrize("code", ["", "<script>", "x" * 65, "act.secret token"])
def test_what_is_no_code_is_not_shown(code: str) -> None:
    row = row_of(code)
    assert row.code == "unreadable"
    assert row.kind is Kind.ATTENTION


def test_errors_of_the_client_become_outcomes() -> None:
    def judged(error: TikTokRefused | TikTokOutcomeUnknown | TikTokUnavailable | NotFound) -> object:
        return outcome_of_error(error, Place.INIT, now=NOW)

    refused = TikTokRefused(tiktok_code="internal_error", log_id="2026")
    assert judged(refused) == Retry("tiktok_internal_error", "log_id 2026")
    rejected = TikTokTokenRejected(tiktok_code="access_token_invalid", log_id="")
    assert judged(rejected) == AskHuman("tiktok_access_token_invalid")
    assert judged(TikTokUnavailable(why="ConnectError")) == Away("tiktok_unavailable", "ConnectError")
    assert judged(TikTokOutcomeUnknown(why="cut")) == AskHuman("tiktok_outcome_unknown", "cut")
    assert judged(NotFound(what="video")) == GiveUp("not_found")
