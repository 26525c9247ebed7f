"""Keys of stored objects: where a file lives says whose it is.

    temp/{user_id}/{uuid}{ext}                   uploads, segments of edits; both expire after a day
    videos/{user_id}/{video_id}/source{ext}      what was confirmed
    videos/{user_id}/{video_id}/edited-{n}{ext}  what FFmpeg made of it; both expire after 30 days
    videos/{user_id}/{video_id}/edited-{n}-{render_id}{ext}  the same for accounts with another pattern
    assets/{user_id}/{uuid}{ext}                 logos; kept

A key is accepted only when it has exactly one of these shapes, so nothing is left to escape: no `..`, no
empty segment, no control character. Whoever takes a key from outside calls `require_owner`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import SplitResult, unquote, urlsplit
from uuid import UUID

from subiteya.domain.errors import BadInput, NotFound


class Area(StrEnum):
    """First segment of a key; each area has its own lifetime in the bucket."""

    TEMP = "temp"  # an upload that nobody confirmed yet, a segment that is not joined yet
    VIDEOS = "videos"  # files of a video
    ASSETS = "assets"  # logos and the like, which outlive videos


class VideoFile(StrEnum):
    """The files that a video may have."""

    SOURCE = "source"  # as uploaded
    EDITED = "edited"  # with the brand pattern applied


_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_EXTENSION = r"(?P<extension>(?:\.[a-z0-9]{1,8})?)"
_SHAPES = (
    re.compile(rf"(?P<area>temp|assets)/(?P<owner>{_UUID})/(?P<item>{_UUID}){_EXTENSION}"),
    re.compile(
        rf"(?P<area>videos)/(?P<owner>{_UUID})/(?P<item>{_UUID})/(?P<file>source|edited)(?:-(?P<take>[1-9][0-9]{{0,8}}))?(?:-(?P<render>{_UUID}))?{_EXTENSION}"
    ),
)
_AWS_HOST = re.compile(
    r"(?:(?P<bucket>[a-z0-9][a-z0-9.-]+)\.)?s3"
    r"(?:[.-](?:dualstack\.)?[a-z]{2}(?:-[a-z]+)+-\d)?\.amazonaws\.com(?:\.cn)?"
)
_LONGEST_ADDRESS = 8192  # a presigned address with a session token is long; nothing honest is longer


@dataclass(frozen=True, slots=True)
class ObjectKey:
    """A key taken apart.

    Attributes:
        area: First segment.
        owner: The user whose object it is.
        item: The video for `videos/`, else the object's own random id.
        file: Which file of the video; None outside `videos/`.
        take: Which writing of that file, from 1; None for the only one. Two workers that both believe the
            job to be theirs write to two keys.
        render: Which version of the edited file; None for the video's own.
        extension: With its dot and in lower case, or empty.
    """

    area: Area
    owner: UUID
    item: UUID
    file: VideoFile | None = None
    extension: str = ""
    take: int | None = None
    render: UUID | None = None

    def __str__(self) -> str:
        name = f"{self.item}/{self.file}" if self.file else f"{self.item}"
        if self.take is not None:
            name += f"-{self.take}"
        if self.render is not None:
            name += f"-{self.render}"
        return f"{self.area}/{self.owner}/{name}{self.extension}"


def temp_key(user_id: UUID, extension: str = "") -> str:
    """A fresh key for an upload, or a segment of an edit, of this user."""
    return str(ObjectKey(Area.TEMP, user_id, uuid.uuid4(), None, clean_extension(extension)))


def asset_key(user_id: UUID, extension: str = "") -> str:
    """A fresh key for a logo of this user."""
    return str(ObjectKey(Area.ASSETS, user_id, uuid.uuid4(), None, clean_extension(extension)))


def video_key(
    user_id: UUID,
    video_id: UUID,
    file: VideoFile,
    extension: str = "",
    *,
    take: int | None = None,
    render: UUID | None = None,
) -> str:
    """The key of one file of a video; the same arguments always give the same key."""
    return str(ObjectKey(Area.VIDEOS, user_id, video_id, file, clean_extension(extension), take, render))


def video_prefix(user_id: UUID, video_id: UUID) -> str:
    """What all keys of a video start with."""
    return f"{Area.VIDEOS}/{user_id}/{video_id}/"


def user_prefix(area: Area, user_id: UUID) -> str:
    """What all keys of a user in one area start with."""
    return f"{area}/{user_id}/"


def extension_of(file_name: str) -> str:
    """The extension of a person's file name in the form that keys use: `.mp4`, or empty when unusable."""
    return clean_extension(PurePosixPath(file_name.replace("\\", "/")).suffix)


def clean_extension(extension: str) -> str:
    """`MP4`, `.mp4` → `.mp4`; anything that has no place in a key → empty."""
    bare = extension.removeprefix(".").lower()
    return f".{bare}" if re.fullmatch("[a-z0-9]{1,8}", bare) else ""


def parse_key(key: str) -> ObjectKey:
    """Take a key apart.

    Raises:
        BadInput: When it has none of the shapes above.
    """
    for shape in _SHAPES:
        if found := shape.fullmatch(key):
            parts = found.groupdict()
            file, render = parts.get("file"), parts.get("render")
            return ObjectKey(
                Area(found["area"]),
                UUID(found["owner"]),
                UUID(found["item"]),
                VideoFile(file) if file else None,
                found["extension"],
                int(parts.get("take") or 0) or None,
                UUID(render) if render else None,
            )
    raise BadInput(what="key", why="this is not a key of ours")


def owner_of(key: str) -> UUID:
    """The user whose object this is.

    Raises:
        BadInput: When it is not a key of ours.
    """
    return parse_key(key).owner


def require_owner(key: str, user_id: UUID) -> ObjectKey:
    """The key taken apart, if it is this user's.

    Raises:
        BadInput: When it is not a key of ours.
        NotFound: When it is somebody else's; the same as for a file that does not exist.
    """
    parsed = parse_key(key)
    if parsed.owner != user_id:
        raise NotFound(what="file")
    return parsed


def extract_key(address: str, *, bucket: str, endpoints: Iterable[str] = (), aws: bool = True) -> ObjectKey:
    """The key that an `s3://` or `https://` address of our bucket names.

    Args:
        address: `s3://bucket/key`; `https://bucket.s3.region.amazonaws.com/key` or
            `https://s3.region.amazonaws.com/bucket/key` (with `aws`); the same two styles on any of
            `endpoints`. A query, as presigned addresses have, is ignored.
        bucket: Our bucket; every other one is refused.
        endpoints: Addresses of our S3 service, internal and public.
        aws: Whether our service is AWS itself. With another service the same bucket name on AWS is
            somebody else's bucket.

    Raises:
        BadInput: When the address is malformed, names another place, or its key is not one of ours. The
            address is never repeated in the error: its query may hold a signature.
    """
    if len(address) > _LONGEST_ADDRESS or not address.isprintable() or " " in address:
        raise _refused("it is not an address")
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise _refused("it is not an address") from None
    if parts.username is not None or parts.fragment:
        raise _refused("it holds a user name or a fragment")
    if parts.scheme == "s3":
        if parts.netloc != bucket or parts.query:
            raise _refused("it does not name our bucket")
        return parse_key(parts.path.removeprefix("/"))
    path = _path_in_bucket(parts, port, bucket, endpoints, aws=aws)
    if path is None:
        raise _refused("it does not name our bucket")
    try:
        return parse_key(unquote(path, errors="strict"))
    except UnicodeDecodeError:
        raise _refused("it is not an address") from None


def _path_in_bucket(
    parts: SplitResult, port: int | None, bucket: str, endpoints: Iterable[str], *, aws: bool
) -> str | None:
    """The still encoded key of a web address, or None when it leads elsewhere."""
    host = parts.hostname or ""
    for endpoint in endpoints:
        ours = urlsplit(endpoint)
        if (parts.scheme, _port(parts.scheme, port)) != (ours.scheme, _port(ours.scheme, ours.port)):
            continue
        base = ours.path.rstrip("/") + "/"
        if host == ours.hostname:
            return _after(parts.path, f"{base}{bucket}/")
        if host == f"{bucket}.{ours.hostname}":
            return _after(parts.path, base)
    if aws and parts.scheme == "https" and port in (None, 443) and (found := _AWS_HOST.fullmatch(host)):
        if found["bucket"] is None:
            return _after(parts.path, f"/{bucket}/")
        if found["bucket"] == bucket:
            return _after(parts.path, "/")
    return None


def _port(scheme: str, port: int | None) -> int | None:
    return port or {"http": 80, "https": 443}.get(scheme)


def _after(path: str, start: str) -> str | None:
    return path.removeprefix(start) if path.startswith(start) else None


def _refused(why: str) -> BadInput:
    return BadInput(what="address", why=why)
