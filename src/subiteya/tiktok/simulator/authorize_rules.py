"""What Login Kit accepts: redirect addresses, scopes, the authorize query, and PKCE in TikTok's hex. Pure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from subiteya.tiktok.simulator.answers import OAuthError
from subiteya.tiktok.simulator.config import SimulatorConfig, Switches
from subiteya.tiktok.simulator.records import AuthCode

BASIC_SCOPE = "user.info.basic"
MAX_REDIRECT_CHARS = 512
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1"})
_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}")
_HEX_CHALLENGE = re.compile(r"[0-9a-f]{64}")
_BASE64_CHALLENGE = re.compile(r"[A-Za-z0-9\-_]{43}")


class ParameterError(Exception):
    """A misconfigured authorize request: TikTok shows a page that names the parameter and never redirects.

    Attributes:
        parameter: Name of the query parameter.
        why: What is wrong with it, in English like TikTok's own page.
    """

    def __init__(self, parameter: str, why: str) -> None:
        self.parameter = parameter
        self.why = why
        super().__init__(f"{parameter}: {why}")


@dataclass(frozen=True, slots=True)
class AuthorizeRequest:
    """A well-formed authorize request."""

    client_key: str
    scopes: tuple[str, ...]
    redirect_uri: str
    state: str
    code_challenge: str | None
    desktop: bool
    always_ask: bool


def hex_challenge(verifier: str) -> str:
    """Return TikTok's challenge: lowercase hex of the verifier's SHA-256, whatever S256 means elsewhere."""
    return hashlib.sha256(verifier.encode()).hexdigest()


def base64url_challenge(verifier: str) -> str:
    """Return the challenge of RFC 7636, which desktop TikTok refuses."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_desktop(redirect_uri: str) -> bool:
    """Return whether TikTok would register this address as a desktop one, else as a web one.

    Raises:
        ParameterError: when it would register it as neither.
    """
    try:
        parts = urlsplit(redirect_uri)
        port = parts.port
    except ValueError as error:
        raise ParameterError("redirect_uri", "not an address") from error
    if not parts.hostname or len(redirect_uri) >= MAX_REDIRECT_CHARS:
        raise ParameterError("redirect_uri", "must be absolute and shorter than 512 characters")
    if parts.query or parts.fragment or "#" in redirect_uri or "?" in redirect_uri:
        raise ParameterError("redirect_uri", "must be static: no query, no fragment")
    if parts.hostname in _LOCAL_HOSTS:
        if parts.scheme not in {"http", "https"} or port is None:
            raise ParameterError("redirect_uri", "a desktop address needs http or https and a port")
        return True
    if parts.scheme != "https":
        raise ParameterError("redirect_uri", "a web address must be https")
    return False


def is_registered(redirect_uri: str, registered: tuple[str, ...]) -> bool:
    """Return whether the address equals a registered one exactly; a local one may have the port `*`."""
    if not registered or redirect_uri in registered:
        return True
    parts = urlsplit(redirect_uri)
    any_port = f"{parts.scheme}://{parts.hostname}:*{parts.path}"
    return parts.hostname in _LOCAL_HOSTS and any_port in registered


def read_authorize(query: Mapping[str, str], config: SimulatorConfig, switches: Switches) -> AuthorizeRequest:
    """Return the request that the query makes.

    Raises:
        ParameterError: naming the first parameter that is missing or wrong.
    """
    if query.get("client_key") != config.client_key:
        raise ParameterError("client_key", "no app has this key")
    if query.get("response_type") != "code":
        raise ParameterError("response_type", "must be code")
    scopes = tuple(dict.fromkeys(part.strip() for part in query.get("scope", "").split(",") if part.strip()))
    if not scopes or any(scope not in switches.approved_scopes for scope in scopes):
        raise ParameterError("scope", "comma-separated scopes that the app is approved for")
    redirect_uri = query.get("redirect_uri", "")
    desktop = is_desktop(redirect_uri)
    if not is_registered(redirect_uri, config.redirect_uris):
        raise ParameterError("redirect_uri", "must equal a registered address exactly")
    if not query.get("state"):
        raise ParameterError("state", "missing")
    return AuthorizeRequest(
        client_key=config.client_key,
        scopes=scopes,
        redirect_uri=redirect_uri,
        state=query["state"],
        code_challenge=_read_challenge(
            query, needed=desktop or switches.web_pkce == "required", desktop=desktop
        ),
        desktop=desktop,
        always_ask=query.get("disable_auto_auth") == "1",
    )


def _read_challenge(query: Mapping[str, str], *, needed: bool, desktop: bool) -> str | None:
    challenge = query.get("code_challenge") or None
    if challenge is None:
        if needed:
            raise ParameterError("code_challenge", "missing")
        return None
    if query.get("code_challenge_method") != "S256":
        raise ParameterError("code_challenge_method", "must be S256")
    # On web both encodings were reported to work; desktop takes hex alone.
    if not (_HEX_CHALLENGE.fullmatch(challenge) or (not desktop and _BASE64_CHALLENGE.fullmatch(challenge))):
        raise ParameterError("code_challenge", "must be the hex of the verifier's SHA-256")
    return challenge


def check_verifier(code: AuthCode, verifier: str | None) -> None:
    """Refuse a verifier that does not belong to the code's challenge; a surplus one is ignored.

    Raises:
        OAuthError: `invalid_request` in TikTok's words.
    """
    if code.code_challenge is None:
        return
    if verifier is not None and _VERIFIER.fullmatch(verifier):
        accepted = [hex_challenge(verifier)] + ([] if code.desktop else [base64url_challenge(verifier)])
        if any(hmac.compare_digest(code.code_challenge, challenge) for challenge in accepted):
            return
    raise OAuthError("invalid_request", "Code verifier or code challenge is invalid.")
