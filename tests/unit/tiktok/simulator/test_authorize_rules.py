from __future__ import annotations

from pathlib import Path

import pytest

from subiteya.tiktok.simulator.answers import OAuthError
from subiteya.tiktok.simulator.authorize_rules import (
    ParameterError,
    base64url_challenge,
    check_verifier,
    hex_challenge,
    is_desktop,
    is_registered,
    read_authorize,
)
from subiteya.tiktok.simulator.config import SimulatorConfig, Switches
from subiteya.tiktok.simulator.records import AuthCode

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
HEX = "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3"
CONFIG = SimulatorConfig(data_dir=Path("unused"))
WEB = {
    "client_key": "simulator",
    "response_type": "code",
    "scope": "user.info.basic,video.publish",
    "redirect_uri": "https://app.example.com/callback",
    "state": "s",
}
DESKTOP = WEB | {
    "redirect_uri": "http://127.0.0.1:3001/callback",
    "code_challenge": HEX,
    "code_challenge_method": "S256",
}


def code(challenge: str | None, *, desktop: bool = True) -> AuthCode:
    return AuthCode(
        code="c",
        client_key="k",
        open_id="o",
        scopes="user.info.basic",
        redirect_uri=None,
        code_challenge=challenge,
        desktop=desktop,
        expires_at=0,
    )


def test_the_challenge_is_hex_and_not_base64url() -> None:
    assert hex_challenge(VERIFIER) == HEX
    assert base64url_challenge(VERIFIER).startswith("E9Melhoa")
    assert base64url_challenge(VERIFIER).endswith("-cM")


@pytest.mark.parametrize(
    ("uri", "desktop"),
    [
        ("https://app.example.com/callback", False),
        ("https://app.example.com/callback/", False),
        ("http://localhost:3001/callback", True),
        ("http://127.0.0.1:8000/", True),
        ("https://localhost:8443/cb", True),
    ],
)
def test_redirects_are_web_or_desktop(uri: str, desktop: bool) -> None:
    assert is_desktop(uri) is desktop


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "/callback",
        "http://app.example.com/callback",
        "http://localhost/callback",
        "https://app.example.com/callback?x=1",
        "https://app.example.com/callback#x",
        "https://app.example.com/" + "x" * 512,
        "http://localhost:http/callback",
        "ftp://localhost:21/callback",
    ],
)
def test_redirects_that_tiktok_would_not_register_are_refused(uri: str) -> None:
    with pytest.raises(ParameterError) as refused:
        is_desktop(uri)
    assert refused.value.parameter == "redirect_uri"


def test_a_registered_redirect_is_matched_exactly_but_for_a_local_port() -> None:
    registered = ("https://a.example/cb", "http://localhost:*/cb")
    assert is_registered("https://a.example/cb", registered)
    assert not is_registered("https://a.example/cb/", registered)
    assert is_registered("http://localhost:9999/cb", registered)
    assert not is_registered("http://127.0.0.1:9999/cb", registered)


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"client_key": "other"}, "client_key"),
        ({"response_type": "token"}, "response_type"),
        ({"scope": ""}, "scope"),
        ({"scope": "user.info.basic video.publish"}, "scope"),
        ({"scope": "research.data"}, "scope"),
        ({"redirect_uri": "http://app.example.com/"}, "redirect_uri"),
        ({"state": ""}, "state"),
        ({"code_challenge": ""}, "code_challenge"),
        ({"code_challenge": base64url_challenge(VERIFIER)}, "code_challenge"),
        ({"code_challenge": HEX.upper()}, "code_challenge"),
        ({"code_challenge_method": "plain"}, "code_challenge_method"),
    ],
)
def test_a_wrong_parameter_is_named(change: dict[str, str], parameter: str) -> None:
    with pytest.raises(ParameterError) as refused:
        read_authorize(DESKTOP | change, CONFIG, Switches())
    assert refused.value.parameter == parameter


def test_web_needs_no_challenge_unless_the_switch_says_so() -> None:
    assert read_authorize(WEB, CONFIG, Switches()).code_challenge is None
    with pytest.raises(ParameterError) as refused:
        read_authorize(WEB, CONFIG, Switches(web_pkce="required"))
    assert refused.value.parameter == "code_challenge"


@pytest.mark.parametrize("challenge", [HEX, base64url_challenge(VERIFIER)])
def test_web_takes_both_encodings(challenge: str) -> None:
    query = WEB | {"code_challenge": challenge, "code_challenge_method": "S256"}
    assert read_authorize(query, CONFIG, Switches()).code_challenge == challenge
    check_verifier(code(challenge, desktop=False), VERIFIER)


def test_a_fitting_verifier_passes_and_a_surplus_one_is_ignored() -> None:
    check_verifier(code(HEX), VERIFIER)
    check_verifier(code(None), "anything")


@pytest.mark.parametrize("verifier", [None, "", VERIFIER + "x", "short", VERIFIER[:-1] + "é"])
def test_a_verifier_that_does_not_fit_is_refused_in_tiktoks_words(verifier: str | None) -> None:
    with pytest.raises(OAuthError) as refused:
        check_verifier(code(HEX), verifier)
    assert (refused.value.error, refused.value.description) == (
        "invalid_request",
        "Code verifier or code challenge is invalid.",
    )
