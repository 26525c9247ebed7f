"""A corpus of files that are not what they say, or are it badly; made here, from FFmpeg's own and by hand."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

_TINY = ("-f", "lavfi", "-i", "testsrc2=s=128x224:r=30:d=0.4")
_TONE = ("-f", "lavfi", "-i", "sine=d=0.4")
_H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
_VIDEO = (*_TINY, *_H264)
_BOTH = (*_TINY, *_TONE, *_H264, "-c:a", "aac")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Makes the files in a folder.

    Attributes:
        folder: Where.
        ffmpeg: By what.
        url: An address at which nobody may ever knock.
        canary: A file that nobody may ever read.
    """

    folder: Path
    ffmpeg: Path
    url: str
    canary: Path

    def texts(self) -> Mapping[str, str]:
        """Scripts and documents that name other files and addresses, by file name."""
        url, canary = self.url, self.canary
        return {
            "hls.mp4": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{url}/a.ts\n#EXT-X-ENDLIST\n",
            "hls.m3u8": f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{canary}\n#EXT-X-ENDLIST\n",
            "hls-key.m3u8": (
                f'#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}/key"\n#EXTINF:1,\n{canary}\n#EXT-X-ENDLIST\n'
            ),
            "concat.mp4": f"ffconcat version 1.0\nfile '{canary}'\n",
            "concat.ffconcat": f"ffconcat version 1.0\nfile '{url}/a.mp4'\n",
            "dash.mpd": (
                '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
                f"<BaseURL>{url}/</BaseURL><AdaptationSet><Representation id='1'><SegmentList>"
                "<SegmentURL media='a.mp4'/></SegmentList></Representation></AdaptationSet></Period></MPD>"
            ),
            "picture.svg": (
                "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink'>"
                f"<image xlink:href='{url}/a.png'/><image xlink:href='file://{canary}'/></svg>"
            ),
            "subtitles.mp4": "1\n00:00:00,000 --> 00:00:01,000\nmovie=/etc/passwd[a];[a]null\n",
            "subtitles.ass.mov": "[Script Info]\nScriptType: v4.00+\n\n[Events]\n",
            "session.sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n",
            "graph.mp4": f"movie={canary}[out0]\n",
            "list.txt": f"{canary}\n{url}\n",
            "%04d.mp4": "%04d.png",
            "words.mp4": "this is no video " * 5000,
            "page.html": f"<!doctype html><video src='{url}/a.mp4'></video>",
            "meta.ffmeta": ";FFMETADATA1\ntitle=x\n[CHAPTER]\nTIMEBASE=1/1\nSTART=0\nEND=9\n",
            "empty.mp4": "",
            "one-byte.mp4": "x",
        }

    def binaries(self) -> Mapping[str, bytes]:
        """What is no film at all, or a film with its bytes out of order, by file name."""
        chance = random.Random(7)  # noqa: S311 - the same noise each time
        film = self.render("film.mp4", *_BOTH, "-movflags", "+faststart").read_bytes()
        late = self.render("late.mp4", *_BOTH).read_bytes()
        matroska = self.render("film.mkv", *_BOTH).read_bytes()
        stream = self.render("film.ts", *_BOTH).read_bytes()
        raw = self.render("raw.avi", *_TINY, "-c:v", "ffv1").read_bytes()
        found = {
            "noise.mp4": chance.randbytes(50_000),
            "zeros.mp4": bytes(100_000),
            "zip.mp4": _zip(),
            "png.mp4": _image("PNG"),
            "jpeg.mov": _image("JPEG"),
            "gif.webm": _image("GIF"),
            "elf.mp4": b"\x7fELF\x02\x01\x01" + bytes(200),
            "inflated.mp4": zlib.compress(bytes(50_000_000)),
            "vast.png": _png_claiming(46_000, 46_000),
            "only-its-head.mp4": film[:48],
            "index-of-nonsense.mp4": _overwritten(film, b"stbl", chance.randbytes(300)),
            "tail-of-noise.mp4": film + chance.randbytes(200_000),
            "endless-free-box.mp4": film + struct.pack(">I4sQ", 1, b"free", 2**62) + bytes(1000),
            "endless-mdat.mp4": film[:32] + struct.pack(">I4s", 0, b"mdat") + bytes(50_000),
            "box-in-itself.mp4": film[:32] + struct.pack(">I4s", 8, b"moov") * 20_000,
            "no-index.mp4": late[: late.rfind(b"moov") - 4],
            "absurd-size.mp4": _resized(film, 60_000, 60_000),
            "absurd.avi": _enlarged(raw),
            "two-films.mp4": film + film,
            "torn.ts": b"".join(stream[at : at + 900] for at in range(0, len(stream), 1000)),
        }
        for name, data in (("film.mp4", film), ("film.mkv", matroska), ("film.ts", stream)):
            for share in (0.3, 0.95):
                found[f"cut-{share}-{name}"] = data[: int(len(data) * share)]
        for number in range(3):
            broken = bytearray(film)
            for _ in range(40):
                broken[chance.randrange(24, len(broken))] = chance.randrange(256)
            found[f"bitten-{number}.mp4"] = bytes(broken)
        return found

    def sounds(self) -> Mapping[str, Callable[[str], Path]]:
        """Real media without a moving picture in a container that we read, by file name."""
        return {
            "sound.wav": self._maker(_TONE),
            "sound.mp3": self._maker(_TONE),
            "sound.mp4": self._maker((*_TONE, "-c:a", "aac")),
            "raw.h264": self._maker(_VIDEO),
        }

    def films(self) -> Mapping[str, Callable[[str], Path]]:
        """Films that must come through, by file name."""
        pcm = (*_TINY, *_TONE, *_H264, "-c:a", "pcm_s16le")
        tracks = (*_TINY, *_TONE, *("-map", "0", *("-map", "1") * 5), *_H264, "-c:a", "aac")
        commands: dict[str, tuple[str, ...]] = {
            "odd.mkv": (*_TINY, "-vf", "scale=127:223", "-c:v", "ffv1"),
            "one-frame.mp4": (*_VIDEO, "-frames:v", "1"),
            "mute.mp4": _VIDEO,
            "sound-first.mp4": (*_TONE, *_TINY, "-map", "0", "-map", "1", *_H264, "-c:a", "aac"),
            "tracks.mkv": tracks,
            "uneven.mkv": (*_TINY, "-vf", "select='not(mod(n,3)*mod(n,4))'", "-fps_mode", "vfr", *_H264),
            "stream.ts": _BOTH,
            "old.avi": (*_TINY, *_TONE, "-c:v", "mpeg4", "-c:a", "mp3"),
            "vp9.webm": (*_TINY, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"),
            "av1.mp4": (*_TINY, "-c:v", "libsvtav1", "-preset", "12"),
            "hevc.mov": (*_TINY, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"),
            "prores.mov": (*_TINY, "-c:v", "prores_ks"),
            "pcm.mov": pcm,
            "ten-bit.mp4": (*_TINY, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le"),
            "full-range.mp4": (*_TINY, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuvj420p"),
            "rgb.mkv": (*_TINY, "-c:v", "libx264rgb", "-preset", "ultrafast"),
            "slow.mp4": (*_TINY, "-r", "5", *_H264),
            "a;touch pwned;$(id)`id`.mp4": _VIDEO,
            "-i.mp4": _VIDEO,
            "%03d [x],crop=1;'\\:.mp4": _VIDEO,
            "concat:a|b.mp4": _VIDEO,
            "no-ending": (*_VIDEO, "-f", "mp4"),
            "lies.txt": (*_VIDEO, "-f", "mp4"),
            "tiny.mp4": ("-f", "lavfi", "-i", "testsrc2=s=16x16:r=30:d=0.3", *_H264),
            "thin.mp4": ("-f", "lavfi", "-i", "testsrc2=s=32x1200:r=30:d=0.2", *_H264),
            "fast.mp4": ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=1000:d=0.3", *_H264),
            "one-a-second.mp4": ("-f", "lavfi", "-i", "testsrc2=s=128x224:r=1:d=2", *_H264),
            "alpha.mov": (*_TINY, "-c:v", "prores_ks", "-profile:v", "4444", "-pix_fmt", "yuva444p10le"),
            "alpha.webm": (
                *_TINY,
                "-vf",
                "format=yuva420p",
                "-c:v",
                "libvpx-vp9",
                "-deadline",
                "realtime",
                "-cpu-used",
                "8",
            ),
            "interlaced.ts": (
                "-f",
                "lavfi",
                "-i",
                "testsrc2=s=360x288:r=25:d=0.3",
                "-c:v",
                "mpeg2video",
                "-flags",
                "+ildct+ilme",
            ),
            "pictures.mov": (*_TINY, "-c:v", "mjpeg"),
            "grey.mp4": (*_TINY, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "gray"),
            "odd-444.mp4": (*_TINY, "-vf", "scale=127:223", *_H264[:-1], "yuv444p"),
            "five-one.mkv": (
                *_TINY,
                "-f",
                "lavfi",
                "-i",
                "anullsrc=cl=5.1,atrim=end=0.4",
                *_H264,
                "-c:a",
                "ac3",
            ),
            "late.mkv": (*_VIDEO, "-output_ts_offset", "100"),
            "in-pieces.mp4": (*_VIDEO, "-movflags", "frag_keyframe+empty_moov"),
            "-i $(rm x);'[a]'%d\n😀.mp4": _VIDEO,
        }
        return {name: self._maker(made) for name, made in commands.items()}

    def _maker(self, arguments: tuple[str, ...]) -> Callable[[str], Path]:
        return lambda name: self.render(name, *arguments)

    def render(self, name: str, *arguments: str) -> Path:
        """Runs FFmpeg."""
        path = self.folder / name
        command = [str(self.ffmpeg), "-nostdin", "-v", "error", "-y", *arguments, f"file:{path}"]
        subprocess.run(command, check=True, timeout=60)
        return path


def _zip() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(5_000_000))
    return written.getvalue()


def _image(kind: str) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (64, 64), (9, 99, 199)).save(written, kind)
    return written.getvalue()


def _png_claiming(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    check = struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + check


def _overwritten(film: bytes, box: bytes, nonsense: bytes) -> bytes:
    at = film.index(box) + 4
    return film[:at] + nonsense + film[at + len(nonsense) :]


def _resized(film: bytes, width: int, height: int) -> bytes:
    """The film with another size in its sample description; the picture itself does not know."""
    at = film.index(b"avc1", film.index(b"stsd")) + 4 + 24
    return film[:at] + struct.pack(">HH", width, height) + film[at + 4 :]


def _enlarged(film: bytes) -> bytes:
    """An AVI whose header, which its decoder believes, tells of a picture of ten gigabytes."""
    at = film.index(b"strf") + 8 + 4
    return film[:at] + struct.pack("<ii", 60_000, 60_000) + film[at + 8 :]
