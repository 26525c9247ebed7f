"""What browsers may do with our answers: a strict policy, and the storage as the only other place."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from subiteya.config import Settings, StorageSettings

_HSTS = "max-age=31536000"


def security_headers(settings: Settings) -> Mapping[str, str]:
    """Headers for every answer: nothing inline, no frame around us, from elsewhere only the storage."""
    headers = {
        "Content-Security-Policy": content_policy(settings.storage),
        "X-Content-Type-Options": "nosniff",
        # Not `no-referrer`: with it browsers send `Origin: null` on forms, and we look at the origin.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Cache-Control": "no-store",
    }
    if is_https(settings):
        headers["Strict-Transport-Security"] = _HSTS
    return headers


def is_https(settings: Settings) -> bool:
    """Whether people reach us by https; cookies are then for https only."""
    return settings.http.url.startswith("https://")


def content_policy(storage: StorageSettings, *, dashboard: bool = False) -> str:
    """The Content-Security-Policy: uploads go to the storage, videos and pictures come from there.

    Args:
        storage: Where the storage is.
        dashboard: Whether it is for the queue dashboard: its addresses are relative to its `<base>`, and its
            menus bring styles of their own. Scripts stay ours only.
    """
    elsewhere = " ".join(storage_origins(storage))
    base, styles = ("'self'", "'self' 'unsafe-inline'") if dashboard else ("'none'", "'self'")
    return "; ".join(
        (
            "default-src 'self'",
            f"style-src {styles}",
            f"connect-src 'self' {elsewhere}",
            f"img-src 'self' data: blob: {elsewhere}",
            f"media-src 'self' blob: {elsewhere}",
            "object-src 'none'",
            f"base-uri {base}",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def storage_origins(storage: StorageSettings) -> tuple[str, ...]:
    """Where presigned addresses lead, as origins: the service's host and, in host style, the bucket's."""
    address = storage.public_endpoint or storage.endpoint
    if address is None:
        return (f"https://{storage.bucket}.s3.{storage.region}.amazonaws.com",)
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    if storage.force_path_style:
        return (origin,)
    return origin, f"{parts.scheme}://{storage.bucket}.{parts.netloc}"
