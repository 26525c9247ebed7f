"""Where TikTok, or its simulator, answers; and which hosts may be sent a video."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import httpx2

from subiteya.config import TikTokSettings

# The dot matters: `eviltiktokapis.com` ends like TikTok's domain.
_TIKTOK_HOST: Final = re.compile(r"(?:[a-z0-9-]+\.)+tiktokapis\.com", re.ASCII)
_AUTHORIZE_PATH: Final = "/v2/auth/authorize/"


@dataclass(frozen=True, slots=True)
class UploadHosts:
    """The hosts that an upload address may name.

    The address comes from outside and is sent a user's video: anything but TikTok's own hosts is refused.
    TikTok uses several (`open-upload`, `open-upload-va`, `upload.us`, …), all below `tiktokapis.com`.

    Attributes:
        origin: The one address allowed (`http://127.0.0.1:8788`), or None for TikTok's hosts over https.
    """

    origin: str | None = None

    def allows(self, url: str) -> bool:
        """Whether a video may be sent to `url`."""
        try:
            parsed = httpx2.URL(url)
        except httpx2.InvalidURL:
            return False
        if parsed.userinfo:
            return False
        if self.origin is not None:
            return _origin(parsed) == _origin(httpx2.URL(self.origin))
        return _origin(parsed) == ("https", parsed.host, 443) and bool(_TIKTOK_HOST.fullmatch(parsed.host))


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of one TikTok.

    Attributes:
        api: Base of the API, without a trailing slash.
        authorize: The page where a user allows the app.
        uploads: Where videos may be sent.
    """

    api: str
    authorize: str
    uploads: UploadHosts

    @classmethod
    def of(cls, settings: TikTokSettings) -> Endpoints:
        """The addresses that the settings ask for."""
        if settings.mode == "live":
            return cls(settings.api_url, f"https://www.tiktok.com{_AUTHORIZE_PATH}", UploadHosts())
        base = settings.api_url
        return cls(base, f"{base}{_AUTHORIZE_PATH}", UploadHosts(base))


def _origin(url: httpx2.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"https": 443, "http": 80}.get(url.scheme)
