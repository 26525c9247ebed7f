"""The half of the probe that touches a stranger's file. Runs alone, confined, and imports nothing of ours.

Standard input: one JSON object {"source": path or http(s) URL, "max_read": bytes, "timeout": seconds,
"wanted": "picture" | "sound" | "any"}.
Standard output: one JSON object, {"probe": …} | {"refused": reason} | {"unreachable": reason}.

libav reads only through the file objects below: it opens no path and no address by itself.
"""

from __future__ import annotations

import http.client
import json
import os
import sys
from collections import OrderedDict
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

import av
import av.error
import av.logging

# Demuxers we mean to read, by libav's names. Playlists, concat scripts and images are not among them.
_CLIPS = "mov,matroska,avi,mpegts,mpeg,flv,asf"
_SOUNDS = "mp3,wav,aac,mov,ogg,flac"
_DEMUXERS = {"picture": _CLIPS, "sound": _SOUNDS, "any": f"{_CLIPS},{_SOUNDS}"}
_BLOCK = 256 * 1024
_BLOCKS_KEPT = 64
_MAX_PIXELS = 8192 * 8192
_MAX_PACKETS_TO_FIRST_FRAME = 300
_RANGES = {1: "tv", 2: "pc"}
# ISO/IEC 23091-2 code points under FFmpeg's names.
_TRANSFERS = {
    1: "bt709", 4: "gamma22", 5: "gamma28", 6: "smpte170m", 7: "smpte240m", 8: "linear",
    13: "iec61966-2-1", 14: "bt2020-10", 15: "bt2020-12", 16: "smpte2084", 18: "arib-std-b67",
}  # fmt: skip
_PRIMARIES = {
    1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020",
    11: "smpte431", 12: "smpte432",
}  # fmt: skip
_MATRICES = {
    0: "gbr", 1: "bt709", 5: "bt470bg", 6: "smpte170m", 7: "smpte240m", 9: "bt2020nc", 10: "bt2020c",
}  # fmt: skip


class Refused(Exception):
    """The file is not a video that we read."""


class Unreachable(Exception):
    """The server that holds the file does not give it."""


class Blocks:
    """A seekable file over `fetch(offset, length)`, with a small cache of blocks and a budget of bytes."""

    def __init__(self, size: int, budget: int) -> None:
        self.size = size
        self._budget = budget
        self._at = 0
        self._cache: OrderedDict[int, bytes] = OrderedDict()

    def fetch(self, offset: int, length: int) -> bytes:
        """The bytes themselves; subclasses bring them."""
        raise NotImplementedError

    def read(self, length: int = -1) -> bytes:
        """Up to `length` bytes from here; fewer at a block's end, none at the file's."""
        left = self.size - self._at
        wanted = left if length < 0 else min(length, left)
        if wanted <= 0:
            return b""
        number, skip = divmod(self._at, _BLOCK)
        piece = self._block(number)[skip : skip + wanted]
        self._at += len(piece)
        return piece

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves as `io` does; beyond the end is allowed."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Where the next read begins."""
        return self._at

    def _block(self, number: int) -> bytes:
        if number in self._cache:
            self._cache.move_to_end(number)
            return self._cache[number]
        length = min(_BLOCK, self.size - number * _BLOCK)
        self._budget -= length
        if self._budget < 0:
            raise Refused("too much of it must be read before it makes sense")
        block = self.fetch(number * _BLOCK, length)
        self._cache[number] = block
        if len(self._cache) > _BLOCKS_KEPT:
            self._cache.popitem(last=False)
        return block


class LocalBlocks(Blocks):
    """A file on this machine."""

    def __init__(self, path: str, budget: int) -> None:
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        super().__init__(os.fstat(self._file).st_size, budget)

    def fetch(self, offset: int, length: int) -> bytes:
        """Reads at the offset."""
        return os.pread(self._file, length, offset)


class HttpBlocks(Blocks):
    """A file behind a presigned address, by Range requests over one kept connection."""

    def __init__(self, url: str, budget: int, timeout: float) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=timeout)
        self._target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        size, first = self._get(0, _BLOCK)
        super().__init__(size, budget)
        self._cache[0] = first

    def fetch(self, offset: int, length: int) -> bytes:
        """Asks for exactly these bytes."""
        return self._get(offset, length)[1]

    def _get(self, offset: int, length: int) -> tuple[int, bytes]:
        wanted = {"Range": f"bytes={offset}-{offset + length - 1}"}
        try:
            self._connection.request("GET", self._target, headers=wanted)
            answer = self._connection.getresponse()
            if answer.status == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
                raise Refused("it is empty")
            if answer.status != http.client.PARTIAL_CONTENT:
                raise Unreachable(f"HTTP {answer.status}")
            total = int((answer.getheader("Content-Range") or "/0").rpartition("/")[2])
            return total, answer.read(length)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unreachable(type(error).__name__) from error


def examine(source: Blocks, wanted: str) -> dict[str, Any]:
    """Everything that `subiteya.domain.probe.Probe` holds, as plain values; `wanted` as in the request."""
    head = source.read(64)
    source.seek(0)
    try:
        # A URL-like name would let libav guess by its ending; ours has none.
        container = av.open(
            source, "r", options={"format_whitelist": _DEMUXERS[wanted]}, metadata_errors="replace"
        )
    except av.error.FFmpegError as error:
        raise Refused("no known container") from error
    with container:
        pictures = [
            stream
            for stream in container.streams.video
            if not stream.disposition & type(stream.disposition).attached_pic
        ]
        sounds = [_sound(stream) for stream in container.streams.audio if stream.codec_context is not None]
        heard = [sound for sound in sounds if sound is not None]
        video = _picture(container, pictures[0]) if pictures and wanted != "sound" else None
        if video is None and wanted != "picture":
            if not heard:
                raise Refused("it has no sound")
            _first_frame(container, container.streams[heard[0]["index"]], "sound")
        return {
            "container": _container_name(container, head),
            "duration_s": _duration(container, pictures[0] if pictures else None),
            "size_bytes": source.size,
            "video": video,
            "audio": heard,
        }


def _container_name(container: Any, head: bytes) -> str:
    name = container.format.name
    if name.startswith("mov"):
        return "mov" if container.metadata.get("major_brand", "qt").startswith("qt") else "mp4"
    if name.startswith("matroska"):
        return "webm" if b"webm" in head else "matroska"  # EBML's DocType stands in the first bytes
    return str(name)


def _picture(container: Any, stream: Any) -> dict[str, Any]:
    context = stream.codec_context
    if context is None or context.width < 1 or context.height < 1:
        raise Refused("the picture's format is not known")
    if context.width * context.height > _MAX_PIXELS:
        raise Refused(f"the picture is too large ({context.width}x{context.height})")
    context.thread_count = 1  # one frame only; frame threads would multiply the memory
    frame = _first_frame(container, stream)
    rotation = round(-frame.rotation / 90) * 90 % 360
    sar = stream.sample_aspect_ratio or Fraction(1)
    width, height = max(1, round(frame.width * sar)), frame.height
    if rotation in {90, 270}:
        width, height = height, width
    return {
        "index": stream.index,
        "codec": context.name if not context.name.startswith("lib") else context.codec.canonical_name,
        "profile": context.profile,
        "coded_width": frame.width,
        "coded_height": frame.height,
        "width": width,
        "height": height,
        "rotation": rotation,
        "sar": _text(sar),
        "fps": _text(stream.average_rate),
        "nominal_fps": _text(stream.base_rate),
        "pix_fmt": frame.format.name,
        "bit_depth": max(component.bits for component in frame.format.components),
        "has_alpha": any(component.is_alpha for component in frame.format.components),
        "interlaced": frame.interlaced_frame,
        "range": _RANGES.get(int(frame.color_range), "unknown"),
        "transfer": _TRANSFERS.get(int(frame.color_trc), "unknown"),
        "primaries": _PRIMARIES.get(int(frame.color_primaries), "unknown"),
        "matrix": _MATRICES.get(int(frame.colorspace), "unknown"),
        "frames": stream.frames or None,
        "bit_rate": stream.bit_rate or None,
    }


def _first_frame(container: Any, stream: Any, what: str = "picture") -> Any:
    for number, packet in enumerate(container.demux(stream)):
        try:
            frames = packet.decode()
        except av.error.FFmpegError:
            frames = []  # players skip a broken packet too; the count below ends a hopeless search
        if frames:
            return frames[0]
        if number > _MAX_PACKETS_TO_FIRST_FRAME:
            break
    raise Refused(f"no {what} in it can be decoded")


def _sound(stream: Any) -> dict[str, Any] | None:
    context = stream.codec_context
    if not context.sample_rate or not context.channels:
        return None
    return {
        "index": stream.index,
        "codec": context.name if not context.name.startswith("lib") else context.codec.canonical_name,
        "profile": context.profile,
        "sample_rate": context.sample_rate,
        "channels": context.channels,
        "bit_rate": stream.bit_rate or None,
        "language": (stream.language or "")[:16] or None,
    }


def _duration(container: Any, stream: Any) -> float:
    """Seconds by the container, else by the stream, else by the time stamps (recorded WebM has no other)."""
    if container.duration:
        return float(container.duration / av.time_base)
    if stream is None or stream.time_base is None:
        return 0.0
    if stream.duration:
        return float(stream.duration * stream.time_base)
    first, end = None, 0
    container.seek(0)
    for packet in container.demux(stream):
        if packet.pts is not None:
            first = packet.pts if first is None else first
            end = max(end, packet.pts + (packet.duration or 0))
    return float((end - (first or 0)) * stream.time_base)


def _text(rate: Fraction | None) -> str:
    return f"{rate.numerator}/{rate.denominator}" if rate else "0/1"


def main() -> None:
    """Reads the request, writes the answer."""
    av.logging.set_level(av.logging.PANIC)
    request = json.loads(sys.stdin.read())
    source, budget = request["source"], int(request["max_read"])
    answer: dict[str, Any]
    try:
        remote = source.startswith(("http://", "https://"))
        blocks = (
            HttpBlocks(source, budget, float(request["timeout"])) if remote else LocalBlocks(source, budget)
        )
        answer = {"probe": examine(blocks, request["wanted"])}
    except Refused as verdict:
        answer = {"refused": str(verdict)}
    except Unreachable as verdict:
        answer = {"unreachable": str(verdict)}
    except (av.error.FFmpegError, MemoryError) as error:
        answer = {"refused": type(error).__name__}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
