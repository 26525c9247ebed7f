"""Is this file what a pattern can use? Decided by what is in it; its name is not asked."""

from __future__ import annotations

from codecs import getincrementaldecoder
from dataclasses import dataclass, field
from enum import StrEnum

from subiteya.domain.assets import CLIPS, IMAGES, MAX_CLIP_S, MAX_MUSIC_S, AssetKind
from subiteya.domain.errors import BadInput, NotAVideo
from subiteya.domain.probe import Probe
from subiteya.media.logo_image import foreign_image, inspect_image
from subiteya.media.lut import parse_cube
from subiteya.media.probe import probe, probe_sound

_MEDIA = {
    "mp3": (".mp3", "audio/mpeg"),
    "wav": (".wav", "audio/wav"),
    "aac": (".aac", "audio/aac"),
    "ogg": (".ogg", "audio/ogg"),
    "flac": (".flac", "audio/flac"),
}
_CLIP = {
    "mp4": (".mp4", "video/mp4"),
    "mov": (".mov", "video/quicktime"),
    "webm": (".webm", "video/webm"),
    "matroska": (".mkv", "video/x-matroska"),
}
_IMAGE_HEADS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_UNKNOWN = "it is neither an image nor a colour table, sound or video"


class BadAsset(BadInput):
    """The file is none that a pattern can use for this."""

    code = "bad_asset"
    message = "This file cannot be used: {why}"
    button = "choose_another"


class Sort(StrEnum):
    """How a file has to be looked at."""

    IMAGE = "image"
    TABLE = "table"
    MEDIA = "media"


@dataclass(frozen=True, slots=True)
class AssetFacts:
    """What a file is."""

    kind: AssetKind
    ending: str
    """Of its key, with the dot."""
    content_type: str
    facts: dict[str, object] = field(default_factory=dict)
    """Width and height in pixels, seconds, steps of a table: whatever it has."""


def sort_of(kind: AssetKind | None, head: bytes) -> Sort:
    """How to look at a file of which somebody says what it is for (or does not), by its first bytes."""
    if kind in IMAGES:
        return Sort.IMAGE
    if kind is AssetKind.LUT:
        return Sort.TABLE
    is_webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    is_image = is_webp or head.startswith(_IMAGE_HEADS) or foreign_image(head) is not None
    if kind is not AssetKind.MUSIC and is_image:
        return Sort.IMAGE
    return Sort.TABLE if kind is None and _is_text(head) else Sort.MEDIA


def image_facts(kind: AssetKind | None, data: bytes) -> AssetFacts:
    """What an image is. Blocking: for a thread.

    Raises:
        BadImage: Too large, of another format, or broken.
    """
    image = inspect_image(data)
    size: dict[str, object] = {"width": image.width, "height": image.height}
    return AssetFacts(kind or AssetKind.LOGO, image.ending, image.content_type, size)


def table_facts(kind: AssetKind | None, data: bytes) -> AssetFacts:
    """What a colour table is. Blocking: for a thread.

    Raises:
        BadInput: It is no usable table.
        BadAsset: The same, when nobody said that it is one.
    """
    try:
        cube = parse_cube(data)
    except BadInput as error:
        if kind is not None:
            raise
        raise BadAsset(why=_UNKNOWN) from error
    return AssetFacts(AssetKind.LUT, ".cube", "text/plain", {"steps": cube.steps})


async def media_facts(kind: AssetKind | None, address: str) -> AssetFacts:
    """What a sound or a clip is, read behind a presigned address.

    Raises:
        BadAsset: It cannot be read, is of a container that patterns do not take, or lasts too long.
        StorageUnavailable: The address does not give the file.
    """
    try:
        if kind in CLIPS:
            return _clip(kind, await probe(address))
        found = await probe_sound(address, with_picture=kind is None)
    except NotAVideo as error:
        why = error.context.get("why")
        if kind is None:
            why = _UNKNOWN
        raise BadAsset(why=why) from error
    return _sound(found) if found.video is None else _clip(AssetKind.INTRO, found)


def _clip(kind: AssetKind | None, found: Probe) -> AssetFacts:
    if found.container not in _CLIP or found.video is None:
        raise BadAsset(why="clips come as MP4, MOV, WebM or MKV")
    if found.duration_s <= 0:
        raise BadAsset(why="it does not say how long it lasts")
    ending, content_type = _CLIP[found.container]
    facts: dict[str, object] = {
        "seconds": _seconds(found, MAX_CLIP_S),
        "width": found.video.width,
        "height": found.video.height,
        "has_sound": bool(found.audio),
    }
    return AssetFacts(kind or AssetKind.INTRO, ending, content_type, facts)


def _sound(found: Probe) -> AssetFacts:
    ending, content_type = _MEDIA.get(found.container, (".m4a", "audio/mp4"))
    if found.container not in {*_MEDIA, "mp4", "mov"}:
        raise BadAsset(why="music comes as MP3, M4A, AAC, WAV, Ogg or FLAC")
    facts: dict[str, object] = {"seconds": _seconds(found, MAX_MUSIC_S), "channels": found.audio[0].channels}
    return AssetFacts(AssetKind.MUSIC, ending, content_type, facts)


def _seconds(found: Probe, most: float) -> float:
    if found.duration_s > most:
        raise BadAsset(why="it is too long")
    return round(found.duration_s, 3)


def _is_text(head: bytes) -> bool:
    try:
        getincrementaldecoder("utf-8")().decode(head)  # its last letter may be cut
    except UnicodeDecodeError:
        return False
    return b"\0" not in head
