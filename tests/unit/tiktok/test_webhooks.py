from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from subiteya.domain.errors import WebhookRefused
from subiteya.tiktok.webhooks import Event, Removal, parse, verify

SECRET = SecretStr("secret_test")
STAMP = 1_770_210_873
NOW = datetime.fromtimestamp(STAMP, UTC)
BODY = (
    b'{"client_key":"ck_test","event":"post.publish.complete","create_time":1770210873,"user_openid":"open_1",'
    b'"content":"{\\"publish_id\\":\\"v_pub_file~v2-1.1\\",\\"publish_type\\":\\"DIRECT_PUBLISH\\"}"}'
)
SIGNATURE = "7de5f465957478a65fa6d9fe1ba7cf7524560daa5958c8e3fac0671cd5780cdd"
HEADER = f"t={STAMP},s={SIGNATURE}"


def body(event: str, content: object, **more: object) -> bytes:
    envelope = {
        "client_key": "ck",
        "event": event,
        "create_time": STAMP,
        "user_openid": "-000YSS_x",
        "content": content,
    }
    return json.dumps(envelope | more).encode()


def test_the_known_vector_is_taken() -> None:
    verify(HEADER, BODY, SECRET, now=NOW)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        SIGNATURE,
        f"s={SIGNATURE}",
        f"t={STAMP}",
        f"t=,s={SIGNATURE}",
        f"t={STAMP},s={SIGNATURE[:-1]}",
        f"t={STAMP},s={SIGNATURE},s={SIGNATURE}",
        f"t=-1,s={SIGNATURE}",
        f"t={STAMP},s={'g' * 64}",
    ],
)
def test_a_missing_or_malformed_signature_is_refused(header: str | None) -> None:
    with pytest.raises(WebhookRefused, match="missing or malformed"):
        verify(header, BODY, SECRET, now=NOW)


def test_one_changed_byte_of_the_body_is_refused() -> None:
    with pytest.raises(WebhookRefused, match="does not fit"):
        verify(HEADER, BODY + b" ", SECRET, now=NOW)


def test_a_signature_under_another_secret_is_refused() -> None:
    with pytest.raises(WebhookRefused, match="does not fit"):
        verify(HEADER, BODY, SecretStr("another"), now=NOW)


def test_a_time_that_was_not_signed_is_refused() -> None:
    with pytest.raises(WebhookRefused, match="does not fit"):
        verify(f"t={STAMP + 1},s={SIGNATURE}", BODY, SECRET, now=NOW)


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_a_signature_of_another_time_is_refused(seconds: int) -> None:
    with pytest.raises(WebhookRefused, match="not of this time"):
        verify(HEADER, BODY, SECRET, now=NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_five_minutes_of_difference_are_taken(seconds: int) -> None:
    verify(HEADER, BODY, SECRET, now=NOW + timedelta(seconds=seconds))


def test_the_body_is_signed_as_bytes_and_not_as_text() -> None:
    raw = b"\xff\xfe not unicode"
    signature = hmac.new(b"secret_test", f"{STAMP}.".encode() + raw, hashlib.sha256).hexdigest().upper()
    verify(f"t={STAMP}, s={signature}", raw, SECRET, now=NOW)


def test_the_known_vector_is_read() -> None:
    delivery = parse(BODY)
    assert delivery.event is Event.COMPLETE
    assert delivery.publish_id == "v_pub_file~v2-1.1"
    assert delivery.user_open_id == "open_1"
    assert delivery.client_key == "ck_test"
    assert delivery.created_at == NOW


def test_a_public_post_brings_its_exact_id_as_a_string_or_a_number() -> None:
    for post_id in ("7602997517160123666", 7_602_997_517_160_123_666):
        content = json.dumps({"publish_id": "v", "post_id": post_id, "publish_type": "DIRECT_PUBLISH"})
        delivery = parse(body("post.publish.publicly_available", content))
        assert delivery.event is Event.PUBLIC
        assert delivery.post_id == 7_602_997_517_160_123_666


def test_a_failed_post_brings_its_reason() -> None:
    delivery = parse(body("post.publish.failed", json.dumps({"publish_id": "v", "reason": "spam_risk"})))
    assert (delivery.event, delivery.reason, delivery.removal) == (Event.FAILED, "spam_risk", None)


@pytest.mark.parametrize(
    ("reason", "removal"),
    [
        (1, Removal.USER_DISCONNECTED),
        ("5", Removal.DEVELOPER_REVOKED),
        (99, Removal.UNKNOWN),
        (None, Removal.UNKNOWN),
    ],
)
def test_removed_access_brings_its_reason(reason: object, removal: Removal) -> None:
    delivery = parse(body("authorization.removed", json.dumps({"reason": reason})))
    assert (delivery.event, delivery.removal, delivery.reason) == (Event.ACCESS_REMOVED, removal, None)
    assert delivery.user_open_id == "-000YSS_x"


def test_an_event_that_does_not_concern_us_is_read_and_named() -> None:
    delivery = parse(body("portability.download.ready", "{}"))
    assert delivery.event is None
    assert delivery.name == "portability.download.ready"


@pytest.mark.parametrize("content", ["", None, {}, {"publish_id": "v"}])
def test_content_may_be_empty_or_an_object(content: object) -> None:
    delivery = parse(body("post.publish.complete", content))
    assert delivery.publish_id == (content or {}).get("publish_id")  # type: ignore[attr-defined]  # a dict or falsy


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"\xff",
        b'{"event":"post.publish.complete"}',
        b'{"create_time":1}',
        body("post.publish.complete", "{"),
        body("post.publish.complete", "[1]"),
        body("post.publish.complete", "{}", create_time=10**30),
        b"[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_refused(raw: bytes) -> None:
    with pytest.raises(WebhookRefused):
        parse(raw)
