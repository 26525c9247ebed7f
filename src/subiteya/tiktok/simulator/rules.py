"""What TikTok accepts in an init, as pure functions: post, source, chunk plan, privacy, address to pull from.

Every rule comes from the Content Posting API's documentation or from a refusal that somebody logged; the
messages are the logged ones. The functions raise `ApiError` and return plain values.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from subiteya.tiktok.simulator.answers import ApiError, Code
from subiteya.tiktok.simulator.records import Creator, Privacy, Source

MAX_TITLE_UNITS = 2_200
MAX_VIDEO_BYTES = 4 * 1024**3
MIN_CHUNK_BYTES = 5 * 1024**2
MAX_LAST_CHUNK_BYTES = 128 * 1024**2
MAX_CHUNKS = 1_000
_INT64 = 2**63
_INT32 = 2**31

BAD_POST_INFO = "The request post info is empty or incorrect"
BAD_SOURCE_INFO = "The request source info is empty or incorrect"
BAD_CHUNK_SIZE = "The chunk size is invalid"
BAD_CHUNK_COUNT = "The total chunk count is invalid"


@dataclass(frozen=True, slots=True)
class PostInfo:
    """What the app said about a direct post; `privacy` stays unjudged until its turn comes."""

    title: str
    privacy: str | None
    disable_comment: bool
    disable_duet: bool
    disable_stitch: bool
    brand_content: bool
    brand_organic: bool
    is_aigc: bool
    cover_ms: int | None


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """Where the bytes come from; sizes in bytes, all zero for a pull."""

    source: Source
    video_size: int = 0
    chunk_size: int = 0
    total_chunk_count: int = 0
    url: str | None = None


def utf16_units(text: str) -> int:
    """Return the length as TikTok counts it: UTF-16 code units, an emoji being two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def read_post_info(body: Mapping[str, Any]) -> PostInfo:
    """Return the post part of a direct init.

    Raises:
        ApiError: `invalid_params` for a missing part, a wrong type, a caption above 2200 UTF-16 units, or
            branded content that only its author could see (the guidelines forbid it; how TikTok's server
            answers is undocumented).
    """
    raw = body.get("post_info")
    if not isinstance(raw, dict) or not raw:
        raise ApiError(Code.INVALID_PARAMS, BAD_POST_INFO)
    title = raw.get("title") or ""
    if not isinstance(title, str) or utf16_units(title) > MAX_TITLE_UNITS:
        raise ApiError(Code.INVALID_PARAMS, BAD_POST_INFO)
    privacy = raw.get("privacy_level")
    if privacy is not None and not isinstance(privacy, str):
        raise ApiError(Code.INVALID_PARAMS, BAD_POST_INFO)
    info = PostInfo(
        title=title,
        privacy=privacy,
        disable_comment=_flag(raw, "disable_comment"),
        disable_duet=_flag(raw, "disable_duet"),
        disable_stitch=_flag(raw, "disable_stitch"),
        brand_content=_flag(raw, "brand_content_toggle"),
        brand_organic=_flag(raw, "brand_organic_toggle"),
        is_aigc=_flag(raw, "is_aigc"),
        cover_ms=_cover(raw.get("video_cover_timestamp_ms")),
    )
    if info.brand_content and info.privacy == Privacy.SELF:
        raise ApiError(Code.INVALID_PARAMS, "Branded content visibility cannot be set to private")
    return info


def _flag(raw: Mapping[str, Any], name: str) -> bool:
    value = raw.get(name, False)
    if not isinstance(value, bool):
        raise ApiError(Code.INVALID_PARAMS, BAD_POST_INFO)
    return value


def _cover(value: Any) -> int | None:
    """Return the cover's millisecond; anything unusable means the first frame, without an error."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _INT32:
        return value
    return None


def read_source_info(body: Mapping[str, Any]) -> SourceInfo:
    """Return the source part of an init, types checked, plan and address not judged yet.

    Raises:
        ApiError: `invalid_params` for a missing part, an unknown source or a wrong type.
    """
    raw = body.get("source_info")
    if not isinstance(raw, dict):
        raise ApiError(Code.INVALID_PARAMS, BAD_SOURCE_INFO)
    match raw.get("source"):
        case Source.FILE:
            return SourceInfo(
                source=Source.FILE,
                video_size=_int64(raw, "video_size"),
                chunk_size=_int64(raw, "chunk_size"),
                total_chunk_count=_int64(raw, "total_chunk_count"),
            )
        case Source.PULL:
            url = raw.get("video_url")
            if not isinstance(url, str) or not url:
                raise ApiError(Code.INVALID_PARAMS, BAD_SOURCE_INFO)
            return SourceInfo(source=Source.PULL, url=url)
        case _:
            raise ApiError(Code.INVALID_PARAMS, BAD_SOURCE_INFO)


def _int64(raw: Mapping[str, Any], name: str) -> int:
    value = raw.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < _INT64:
        raise ApiError(Code.INVALID_PARAMS, BAD_SOURCE_INFO)
    return value


def check_chunk_plan(size: int, chunk: int, count: int, *, max_chunk: int) -> None:
    """Refuse what TikTok refuses in `video_size`, `chunk_size` (bytes) and `total_chunk_count`.

    One chunk carries the whole file; otherwise `count = floor(size / chunk)` and the last chunk swallows the
    remainder. `max_chunk` is 64 MB in the decimal or the binary reading: TikTok does not say which.

    Raises:
        ApiError: `invalid_params` with the message that was seen on the wire.
    """
    if size > MAX_VIDEO_BYTES:
        raise ApiError(Code.INVALID_PARAMS, "The video size is invalid")
    too_small = chunk < MIN_CHUNK_BYTES and chunk != size
    if too_small or chunk > max_chunk or chunk > size or (count == 1 and chunk != size):
        raise ApiError(Code.INVALID_PARAMS, BAD_CHUNK_SIZE)
    if not 1 <= count <= MAX_CHUNKS or count != size // chunk:
        raise ApiError(Code.INVALID_PARAMS, BAD_CHUNK_COUNT)
    if size - (count - 1) * chunk > MAX_LAST_CHUNK_BYTES:
        raise ApiError(Code.INVALID_PARAMS, BAD_CHUNK_SIZE)


def check_privacy(privacy: str | None, creator: Creator) -> Privacy:
    """Return the level if the creator's account offers it now.

    Raises:
        ApiError: `privacy_level_option_mismatch` when it is missing or not offered.
    """
    if privacy is None or privacy not in creator.privacy_options:
        raise ApiError(Code.PRIVACY_MISMATCH)
    return Privacy(privacy)


def check_unaudited(privacy: Privacy, creator: Creator) -> None:
    """Refuse what an unaudited app may not do: anything but SELF_ONLY, and SELF_ONLY on a public account.

    Raises:
        ApiError: `unaudited_client_can_only_post_to_private_accounts`.
    """
    if not creator.private or privacy is not Privacy.SELF:
        raise ApiError(Code.UNAUDITED)


def check_pull_url(url: str, verified: Iterable[str], *, plain_http: bool) -> None:
    """Refuse an address that TikTok would not pull from.

    `verified` holds domains (with their subdomains) and prefixes ending in a slash.

    Raises:
        ApiError: `invalid_params` for no https or an IP address, `url_ownership_unverified` for a host or
            prefix that the app has not proved to own.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if not host or parts.scheme not in ({"https", "http"} if plain_http else {"https"}):
        raise ApiError(Code.INVALID_PARAMS, "The video url is invalid")
    if _is_address(host) and not plain_http:
        raise ApiError(Code.INVALID_PARAMS, "The video url is invalid")
    for owned in verified:
        if "://" in owned:
            if url.startswith(owned):
                return
        elif host == owned.lower() or host.endswith("." + owned.lower()):
            return
    raise ApiError(Code.URL_UNVERIFIED)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
