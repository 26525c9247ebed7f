from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from contract.simulator.rig import CLIENT, Rig, error_of

VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
DESKTOP = {
    "client_key": "simulator",
    "response_type": "code",
    "scope": "user.info.basic,video.publish,video.upload",
    "redirect_uri": "http://127.0.0.1:3001/api/accounts/callback",
    "state": "s&t=a",
    "code_challenge": "13d31e961a1ad8ec2f16b10c4c982e0876a878ad6df144566ee1894acb70f9c3",
    "code_challenge_method": "S256",
}
WEB = {name: DESKTOP[name] for name in ("client_key", "response_type", "scope", "state")} | {
    "redirect_uri": "https://app.example.com/callback"
}


async def show(rig: Rig, query: dict[str, str], **headers: str) -> httpx2.Response:
    return await rig.client.get("/v2/auth/authorize/", params=query, headers=headers)


async def decide(rig: Rig, query: dict[str, str], form: dict[str, Any], **headers: str) -> httpx2.Response:
    return await rig.client.post(
        "/v2/auth/authorize/", data={"query": urlencode(query)} | form, headers=headers
    )


def callback(response: httpx2.Response) -> dict[str, str]:
    assert response.status_code == 302, response.text
    target = urlsplit(response.headers["location"])
    return {name: values[0] for name, values in parse_qs(target.query).items()}


async def allow(
    rig: Rig, query: dict[str, str], open_id: str, scopes: list[str] | None = None
) -> dict[str, str]:
    wanted = query["scope"].split(",") if scopes is None else scopes
    return callback(await decide(rig, query, {"decision": "allow", "open_id": open_id, "scopes": wanted}))


async def test_the_consent_screen_offers_the_accounts_in_the_readers_language(rig: Rig) -> None:
    await rig.creator("ana", nickname="Ana <b>Paz</b>")
    english = await show(rig, DESKTOP)
    spanish = await show(rig, DESKTOP, **{"Accept-Language": "es-AR"})
    assert "Choose an account" in english.text
    assert "Elige una cuenta" in spanish.text
    assert "Ana &lt;b&gt;Paz&lt;/b&gt;" in english.text
    assert "http://127.0.0.1:3001" in english.headers["content-security-policy"]


async def test_a_desktop_app_connects_with_hex_pkce(rig: Rig) -> None:
    ana = await rig.creator("ana")
    back = await allow(rig, DESKTOP, ana["open_id"])
    assert back["state"] == DESKTOP["state"]
    assert back["scopes"] == DESKTOP["scope"]
    answer = await rig.token(
        grant_type="authorization_code",
        code=back["code"],
        redirect_uri=DESKTOP["redirect_uri"],
        code_verifier=VERIFIER,
    )
    pair = answer.json()
    assert pair["access_token"].startswith("act.")
    assert pair["refresh_token"].startswith("rft.")
    assert pair | {"access_token": "", "refresh_token": ""} == {
        "access_token": "",
        "refresh_token": "",
        "expires_in": 7_200,
        "refresh_expires_in": 15_552_000,
        "open_id": ana["open_id"],
        "scope": DESKTOP["scope"],
        "token_type": "Bearer",
    }
    assert pair["open_id"].startswith("-")


async def test_the_code_must_be_decoded_before_use(rig: Rig) -> None:
    ana = await rig.creator("ana")
    response = await decide(rig, WEB, {"decision": "allow", "open_id": ana["open_id"], "scopes": []})
    raw = re.search(r"code=([^&]+)", response.headers["location"])
    assert raw is not None
    assert "%" in raw[1]


async def test_a_web_app_connects_without_pkce_and_a_surplus_verifier_is_ignored(rig: Rig) -> None:
    ana = await rig.creator("ana")
    back = await allow(rig, WEB, ana["open_id"])
    answer = await rig.token(
        grant_type="authorization_code",
        code=back["code"],
        redirect_uri=WEB["redirect_uri"],
        code_verifier=VERIFIER,
    )
    assert "access_token" in answer.json()


@pytest.mark.parametrize("verifier", [{}, {"code_verifier": VERIFIER[:-1] + "x"}])
async def test_a_wrong_verifier_is_refused_and_does_not_use_the_code_up(
    rig: Rig, verifier: dict[str, str]
) -> None:
    ana = await rig.creator("ana")
    code = (await allow(rig, DESKTOP, ana["open_id"]))["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": DESKTOP["redirect_uri"]}
    refused = await rig.token(**form, **verifier)
    assert refused.status_code == 200
    assert refused.json()["error"] == "invalid_request"
    assert refused.json()["error_description"] == "Code verifier or code challenge is invalid."
    assert refused.json()["log_id"]
    assert "access_token" in (await rig.token(**form, code_verifier=VERIFIER)).json()


@pytest.mark.parametrize(
    ("change", "parameter"),
    [
        ({"client_key": "other"}, "client_key"),
        ({"code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}, "code_challenge"),
        ({"redirect_uri": "http://app.example.com/"}, "redirect_uri"),
        ({"scope": "user.info.basic video.publish"}, "scope"),
    ],
)
async def test_a_misconfigured_request_gets_a_page_that_names_the_parameter(
    rig: Rig, change: dict[str, str], parameter: str
) -> None:
    for response in (await show(rig, DESKTOP | change), await decide(rig, DESKTOP | change, {})):
        assert response.status_code == 400
        assert f"<code>{parameter}</code>" in response.text
        assert "location" not in response.headers


async def test_the_person_may_untick_scopes_but_not_the_basic_one(rig: Rig) -> None:
    ana = await rig.creator("ana")
    back = await allow(rig, WEB, ana["open_id"], scopes=["video.upload"])
    assert back["scopes"] == "user.info.basic,video.upload"
    answer = await rig.token(
        grant_type="authorization_code", code=back["code"], redirect_uri=WEB["redirect_uri"]
    )
    assert answer.json()["scope"] == "user.info.basic,video.upload"


async def test_cancel_goes_back_with_access_denied_and_the_state(rig: Rig) -> None:
    await rig.creator("ana")
    back = callback(await decide(rig, WEB, {"decision": "cancel"}))
    assert back["error"] == "access_denied"
    assert back["state"] == WEB["state"]
    assert back["error_description"]
    assert "code" not in back


async def test_a_new_account_can_be_made_on_the_screen(rig: Rig) -> None:
    form = {"decision": "allow", "open_id": "new", "username": "@Nueva.Cuenta", "nickname": "Nueva"}
    assert "code" in callback(await decide(rig, WEB, form))
    creators = await rig.knob("GET", "creators")
    assert [(one["username"], one["nickname"]) for one in creators] == [("nueva.cuenta", "Nueva")]


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"open_id": "new", "username": "¡no!"}, "Un usuario tiene de 2 a 24"),
        ({"open_id": "nobody"}, "Primero elige una cuenta"),
    ],
)
async def test_the_screen_says_what_is_missing(rig: Rig, form: dict[str, str], sentence: str) -> None:
    response = await decide(rig, WEB, {"decision": "allow", **form}, **{"Accept-Language": "es"})
    assert response.status_code == 422
    assert sentence in response.text


async def test_the_browsers_session_is_linked_again_silently_unless_auto_auth_is_disabled(
    rig: Rig,
) -> None:
    ana = await rig.creator("ana")
    await rig.creator("zoe")
    back = await allow(rig, WEB, ana["open_id"])
    await rig.token(grant_type="authorization_code", code=back["code"], redirect_uri=WEB["redirect_uri"])
    again = callback(await show(rig, WEB | {"disable_auto_auth": "0"}))
    answer = await rig.token(
        grant_type="authorization_code", code=again["code"], redirect_uri=WEB["redirect_uri"]
    )
    assert answer.json()["open_id"] == ana["open_id"]
    assert (await show(rig, WEB | {"disable_auto_auth": "1"})).status_code == 200
    assert (await show(rig, WEB | {"scope": "user.info.basic,video.list"})).status_code == 200


async def test_another_site_cannot_press_allow(rig: Rig) -> None:
    ana = await rig.creator("ana")
    form = {"decision": "allow", "open_id": ana["open_id"]}
    assert (await decide(rig, WEB, form, Origin="https://evil.test")).status_code == 403
    assert (await decide(rig, WEB, form, Origin="null")).status_code == 403
    assert (await decide(rig, WEB, form, Origin="http://simulator.test")).status_code == 302


async def mint(rig: Rig, **wish: Any) -> str:
    ana = await rig.creator("ana")
    minted = await rig.knob("POST", f"creators/{ana['open_id']}/authorize", wish)
    return str(minted["code"])


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "nonsense"}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "rft.nonsense"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "client_secret": "wrong"}, "invalid_client"),
        ({"grant_type": "refresh_token", "client_key": "wrong"}, "invalid_client"),
    ],
)
@pytest.mark.parametrize("status", [200, 400])
async def test_token_errors_are_flat_and_come_as_200_or_by_switch_as_400(
    rig: Rig, form: dict[str, str], error: str, status: int
) -> None:
    await rig.switch(oauth_error_status=status)
    response = await rig.token(**form)
    assert response.status_code == status
    assert response.json()["error"] == error
    assert response.json().keys() == {"error", "error_description", "log_id"}


async def test_json_is_not_a_form(rig: Rig) -> None:
    response = await rig.client.post("/v2/oauth/token/", json=CLIENT)
    assert response.json()["error"] == "invalid_request"


async def test_a_code_works_once_and_not_for_long(rig: Rig) -> None:
    used = await mint(rig)
    assert "access_token" in (await rig.token(grant_type="authorization_code", code=used)).json()
    again = (await rig.token(grant_type="authorization_code", code=used)).json()
    assert again["error"] == "invalid_grant"
    late = await mint(rig)
    rig.clock.advance(300)
    expired = (await rig.token(grant_type="authorization_code", code=late)).json()
    assert expired["error"] == "invalid_grant"
    assert expired["error_description"] == "Authorization code is expired."


async def test_the_token_call_repeats_the_redirect_exactly(rig: Rig) -> None:
    code = await mint(rig, redirect_uri="https://app.example.com/callback")
    wrong = await rig.token(
        grant_type="authorization_code", code=code, redirect_uri="https://app.example.com/callback/"
    )
    assert wrong.json()["error"] == "invalid_grant"


async def test_strict_rotation_kills_the_old_refresh_token_at_once(rig: Rig) -> None:
    ana = await rig.connect()
    rotated = (await rig.token(grant_type="refresh_token", refresh_token=ana.refresh)).json()
    assert rotated["refresh_token"] != ana.refresh
    assert rotated["open_id"] == ana.open_id
    reused = (await rig.token(grant_type="refresh_token", refresh_token=ana.refresh)).json()
    assert reused["error"] == "invalid_grant"
    newest = await rig.token(grant_type="refresh_token", refresh_token=rotated["refresh_token"])
    assert "access_token" in newest.json()


async def test_lenient_rotation_with_the_old_lifetimes_is_a_switch(rig: Rig) -> None:
    await rig.switch(strict_rotation=False, access_seconds=86_400, refresh_seconds=31_536_000)
    ana = await rig.connect()
    for _ in range(2):
        answer = (await rig.token(grant_type="refresh_token", refresh_token=ana.refresh)).json()
        assert answer["refresh_token"] == ana.refresh
        assert (answer["expires_in"], answer["refresh_expires_in"]) == (86_400, 31_536_000)
    rig.clock.advance(86_400)
    later = (await rig.token(grant_type="refresh_token", refresh_token=ana.refresh)).json()
    assert later["refresh_expires_in"] == 31_536_000 - 86_400


async def test_tokens_end_when_they_said_they_would(rig: Rig) -> None:
    ana = await rig.connect()
    rig.clock.advance(7_199)
    assert error_of(await ana.creator_info()) == (200, "ok")
    rig.clock.advance(1)
    assert error_of(await ana.creator_info()) == (401, "access_token_invalid")
    rig.clock.advance(15_552_000 - 7_200)
    refused = await rig.token(grant_type="refresh_token", refresh_token=ana.refresh)
    assert refused.json()["error"] == "invalid_grant"


async def test_revoke_ends_everything_with_a_living_access_token(rig: Rig) -> None:
    ana = await rig.connect()
    response = await rig.client.post("/v2/oauth/revoke/", data=CLIENT | {"token": ana.access})
    assert (response.status_code, response.json()) == (200, {})
    assert error_of(await ana.creator_info()) == (401, "access_token_invalid")
    refused = await rig.token(grant_type="refresh_token", refresh_token=ana.refresh)
    assert refused.json()["error"] == "invalid_grant"


async def test_revoke_with_an_expired_token_leaves_the_connection_alive(rig: Rig) -> None:
    ana = await rig.connect()
    rig.clock.advance(7_200)
    response = await rig.client.post("/v2/oauth/revoke/", data=CLIENT | {"token": ana.access})
    assert response.json()["error"] == "invalid_grant"
    refreshed = await rig.token(grant_type="refresh_token", refresh_token=ana.refresh)
    assert "access_token" in refreshed.json()
