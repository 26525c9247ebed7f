from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subiteya.domain.errors import CannotOpenSecret, ConfigurationError, UnknownKey
from subiteya.domain.sealing import Sealer

OLD = bytes(range(32))
NEW = bytes(range(1, 33))
WHERE = "account:1:access_token"


@given(st.text(), st.text())
def test_what_was_sealed_opens_again(plaintext: str, context: str) -> None:
    sealer = Sealer([NEW])
    assert sealer.open(sealer.seal(plaintext, context), context) == plaintext


def test_a_sealed_text_names_version_and_key_and_hides_the_rest() -> None:
    sealed = Sealer([NEW]).seal("act.secret", WHERE)
    version, key_id, body = sealed.split(".")
    assert version == "v1"
    assert len(key_id) == 12
    assert b"act.secret" not in base64.urlsafe_b64decode(body + "==")


def test_the_same_text_seals_differently_each_time() -> None:
    sealer = Sealer([NEW])
    assert sealer.seal("x", WHERE) != sealer.seal("x", WHERE)


def test_after_a_rotation_the_old_opens_and_the_new_seals() -> None:
    old = Sealer([OLD]).seal("x", WHERE)
    rotated = Sealer([NEW, OLD])
    assert rotated.open(old, WHERE) == "x"
    assert not rotated.is_newest(old)
    fresh = rotated.seal("x", WHERE)
    assert rotated.is_newest(fresh)
    assert Sealer([NEW]).open(fresh, WHERE) == "x"


def test_a_text_moved_to_another_place_does_not_open() -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal("x", WHERE)
    with pytest.raises(CannotOpenSecret, match="altered or belongs elsewhere"):
        sealer.open(sealed, "account:2:access_token")


def test_every_altered_character_is_noticed() -> None:
    sealer = Sealer([NEW])
    sealed = sealer.seal("x", WHERE)
    for at in range(len(sealed) - 1):  # the last base64 digit may hold bits that mean nothing
        other = "A" if sealed[at] != "A" else "B"
        with pytest.raises(CannotOpenSecret):
            sealer.open(sealed[:at] + other + sealed[at + 1 :], WHERE)


def test_a_key_that_is_not_configured_is_named() -> None:
    sealed = Sealer([OLD]).seal("x", WHERE)
    with pytest.raises(UnknownKey, match=sealed.split(".")[1]):
        Sealer([NEW]).open(sealed, WHERE)


@pytest.mark.parametrize("text", ["", "act.plain", "v1..", "v1.abc.!!!", "v1.abc.é", "v2.a.b", "v1.abc.AAAA"])
def test_what_is_not_sealed_is_refused(text: str) -> None:
    with pytest.raises(CannotOpenSecret):
        Sealer([NEW]).open(text, WHERE)


@pytest.mark.parametrize("keys", [[], [b"short"], [NEW, NEW], [NEW, b""]])
def test_unusable_keys_are_refused_at_once(keys: list[bytes]) -> None:
    with pytest.raises(ConfigurationError, match="ENCRYPTION_KEY"):
        Sealer(keys)


def test_nothing_of_the_keys_or_the_text_shows() -> None:
    sealer = Sealer([NEW])
    assert repr(sealer) == "Sealer(…)"
    with pytest.raises(CannotOpenSecret) as refused:
        sealer.open(sealer.seal("act.secret", WHERE), "elsewhere")
    assert "act.secret" not in repr(refused.value)
    assert refused.value.__cause__ is None
