"""The ways to TikTok's sign-in and to an account's tokens, as services use them."""

from __future__ import annotations

from subiteya.services.resources import Resources
from subiteya.tiktok.endpoints import Endpoints
from subiteya.tiktok.oauth import OAuthClient, Pkce
from subiteya.tiktok.tokens import Tokens


def oauth_of(resources: Resources) -> OAuthClient:
    """Login Kit, for this installation's app."""
    settings = resources.settings.tiktok
    return OAuthClient(
        Endpoints.of(settings),
        settings.client_key,
        settings.client_secret,
        resources.tiktok_http,
        web_pkce=Pkce(settings.web_pkce),
    )


def tokens_of(resources: Resources) -> Tokens:
    """Hands out access tokens that are valid for a while."""
    return Tokens(resources.db, resources.sealer, oauth_of(resources))
