"""The command's inputs. Each is fenced in before FFmpeg opens it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

# Demuxers that we mean to read; playlists and concat scripts are not among them.
_CLIPS = "mov,matroska,avi,mpegts,mpeg,flv,asf"
_MUSIC = "mp3,wav,aac,mov,ogg,flac,matroska"
_MAX_PIXELS = 8192 * 8192


class Inputs:
    """Collects inputs and numbers them."""

    def __init__(self, threads: int = 0) -> None:
        self._threads = ["-threads", str(threads)] if threads else []
        self._arguments: list[str] = []
        self._count = 0

    @property
    def arguments(self) -> list[str]:
        """All inputs as FFmpeg reads them."""
        return list(self._arguments)

    def clip(self, path: Path, options: Sequence[str] = ()) -> int:
        """A media file from a stranger; its number."""
        fence = ["-format_whitelist", _CLIPS, "-max_pixels", str(_MAX_PIXELS), *self._threads]
        return self._add([*fence, *options], path)

    def music(self, path: Path) -> int:
        """A sound file from a stranger, repeated without end; its number."""
        return self._add(["-format_whitelist", _MUSIC, "-stream_loop", "-1"], path)

    def listing(self, path: Path) -> int:
        """Segments that we made ourselves, one after the other; their number."""
        return self._add(["-f", "concat", "-safe", "0"], path)

    def png(self, path: Path, options: Sequence[str] = ()) -> int:
        """A picture that we wrote ourselves; its number."""
        return self._add([*options, "-f", "png_pipe"], path)

    def _add(self, options: Sequence[str], path: Path) -> int:
        self._arguments += ["-protocol_whitelist", "file", *options, "-i", f"file:{path}"]
        self._count += 1
        return self._count - 1
