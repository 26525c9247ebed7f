"""Files with bad intentions, and files that merely are strange: each ends in a named outcome, and in time."""

from __future__ import annotations

import asyncio
import os
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.media.studio import Studio
from subiteya.domain.errors import BadInput, SubiteyaError
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.subtitles import Cue
from subiteya.media.edit import Ingredients, plan_edit, run_edit
from subiteya.media.probe import probe
from subiteya.media.subtitles import parse_subtitles

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
LIMIT_S = 60
Maker = Callable[[Studio], Path]


def text(content: str, name: str = "x.mp4") -> Maker:
    def make(studio: Studio) -> Path:
        path = studio.folder / name
        path.write_text(content.replace("SECRET", str(studio.folder / "secret.txt")))
        return path

    return make


def data(content: bytes) -> Maker:
    def make(studio: Studio) -> Path:
        path = studio.folder / "x.mp4"
        path.write_bytes(content)
        return path

    return make


def made(*arguments: str, name: str = "x.mp4") -> Maker:
    return lambda studio: studio.clip(*arguments, name=name)


def picture(source: str, *arguments: str, name: str = "x.mp4") -> Maker:
    return made("-f", "lavfi", "-i", source, *arguments, name=name)


def spoiled(change: Callable[[bytearray], bytes | bytearray]) -> Maker:
    """A proper clip, then spoiled."""

    def make(studio: Studio) -> Path:
        whole = studio.clip("-f", "lavfi", "-i", "testsrc2=s=360x640:r=30:d=1", *H264, name="whole.mp4")
        path = studio.folder / "spoiled.mp4"
        path.write_bytes(change(bytearray(whole.read_bytes())))
        return path

    return make


def patched(content: bytearray, box: bytes, offset: int, value: bytes) -> bytearray:
    at = content.index(box) + 4 + offset
    content[at : at + len(value)] = value
    return content


def flipped(content: bytearray) -> bytearray:
    for at in range(2000, len(content) - 4000, 997):
        content[at] ^= 0xFF
    return content


def png_claiming(width: int, height: int) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))


def zipped(studio: Studio) -> Path:
    path = studio.folder / "x.mp4"
    path.write_bytes(zlib.compress(b"\0" * 50_000_000))
    return path


def linked(studio: Studio) -> Path:
    path = studio.folder / "x.mp4"
    path.symlink_to("/dev/zero")
    return path


REFUSED: dict[str, Maker] = {
    "empty": data(b""),
    "one byte": data(b"\0"),
    "zeros": data(b"\0" * 1_000_000),
    "noise": data(os.urandom(500_000)),
    "endless device": linked,
    "deflated zeros": zipped,
    "words": text("this is no video " * 5000),
    "concat script": text("ffconcat version 1.0\nfile 'SECRET'\n"),
    "concat script in disguise": text("ffconcat version 1.0\nfile 'file:SECRET'\n", "x.mkv"),
    "playlist": text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://SECRET\n#EXT-X-ENDLIST\n"),
    "playlist of the network": text("#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1:9/x.ts\n"),
    "dash manifest": text('<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>'),
    "svg": text('<svg xmlns="http://www.w3.org/2000/svg"><image href="file://SECRET"/></svg>'),
    "html": text("<html><video src='http://127.0.0.1:9/'></html>"),
    "srt": text("1\n00:00:01,000 --> 00:00:02,000\nhola\n"),
    "ass": text("[Script Info]\nScriptType: v4.00+\n[V4+ Styles]\n[Events]\n"),
    "sdp": text("v=0\no=- 0 0 IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n"),
    "image sequence pattern": text("%04d.png", "%04d.mp4"),
    "png": picture("testsrc2", "-frames:v", "1", name="x.png"),
    "jpeg": picture("testsrc2", "-frames:v", "1", name="x.jpg"),
    "gif": picture("testsrc2=d=1", name="x.gif"),
    "png that claims two billion pixels": data(png_claiming(46_000, 46_000)),
    "wav": made("-f", "lavfi", "-i", "sine=d=1", name="x.wav"),
    "mp3": made("-f", "lavfi", "-i", "sine=d=1", name="x.mp3"),
    "sound in mp4": made("-f", "lavfi", "-i", "sine=d=1", "-c:a", "aac", name="x.mp4"),
    "raw h264": picture("testsrc2=d=1", *H264, name="x.h264"),
    "cut before its index": spoiled(lambda content: content[: len(content) // 2]),
    "only its head": spoiled(lambda content: content[:48]),
    "index of nonsense": spoiled(lambda content: patched(content, b"stbl", 0, os.urandom(300))),
}

STRANGE: dict[str, Maker] = {
    "one frame": picture("testsrc2=s=360x640:r=30", "-frames:v", "1", *H264),
    "tiny": picture("testsrc2=s=16x16:r=30:d=0.3", *H264),
    "thin": picture("testsrc2=s=32x1200:r=30:d=0.2", *H264),
    "odd 4:4:4": picture("testsrc2=s=363x641:r=30:d=0.2", "-c:v", "libx264", "-pix_fmt", "yuv444p"),
    "10-bit hevc": picture(
        "testsrc2=s=360x640:r=30:d=0.2", "-c:v", "libx265", "-x265-params", "log-level=none",
        "-pix_fmt", "yuv420p10le",
    ),
    "av1": picture("testsrc2=s=360x640:r=30:d=0.2", "-c:v", "libsvtav1", "-preset", "12", name="x.mkv"),
    "prores with alpha": picture(
        "testsrc2=s=360x640:r=30:d=0.2", "-c:v", "prores_ks", "-profile:v", "4444",
        "-pix_fmt", "yuva444p10le", name="x.mov",
    ),
    "vp9 with alpha": picture(
        "testsrc2=s=360x640:r=30:d=0.2,format=yuva420p", "-c:v", "libvpx-vp9", "-deadline", "realtime",
        name="x.webm",
    ),
    "mpeg-4 in avi": picture("testsrc2=s=360x640:r=30:d=0.2", "-c:v", "mpeg4", name="x.avi"),
    "mpeg-2 interlaced": picture(
        "testsrc2=s=720x576:r=25:d=0.2", "-c:v", "mpeg2video", "-flags", "+ildct+ilme", name="x.ts"
    ),
    "mjpeg": picture("testsrc2=s=360x640:r=30:d=0.2", "-c:v", "mjpeg", name="x.mov"),
    "rgb": picture("testsrc2=s=360x640:r=30:d=0.2", "-c:v", "libx264rgb", name="x.mkv"),
    "grey": picture("testsrc2=s=360x640:r=30:d=0.2", "-c:v", "libx264", "-pix_fmt", "gray"),
    "one frame a second": picture("testsrc2=s=360x640:r=1:d=2", *H264),
    "a thousand frames a second": picture("testsrc2=s=64x64:r=1000:d=0.3", *H264),
    "many sounds": made(
        "-f", "lavfi", "-i", "testsrc2=s=360x640:r=30:d=0.5", "-f", "lavfi", "-i", "sine=d=0.5",
        *("-map", "1", "-map", "0", *["-map", "1"] * 5), *H264, "-c:a", "aac",
    ),
    "5.1 sound": made(
        "-f", "lavfi", "-i", "testsrc2=s=360x640:r=30:d=0.5",
        "-f", "lavfi", "-i", "anullsrc=cl=5.1,atrim=end=0.5", *H264, "-c:a", "ac3", name="x.mkv",
    ),
    "late start": picture("testsrc2=s=360x640:r=30:d=0.5", *H264, "-output_ts_offset", "100", name="x.mkv"),
    "bits flipped": spoiled(flipped),
    "container that lies about the size": spoiled(
        lambda content: patched(content, b"avc1", 24, struct.pack(">HH", 65_535, 65_535))
    ),
    "fragmented": picture(
        "testsrc2=s=360x640:r=30:d=0.5", *H264, "-movflags", "frag_keyframe+empty_moov"
    ),
    "name of knives": picture("testsrc2=s=360x640:r=30:d=0.2", *H264, name="-i $(rm x);'[a]'%d\n😀.mp4"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(REFUSED))
async def test_what_is_no_clip_is_refused_in_time(studio: Studio, name: str) -> None:
    (studio.folder / "secret.txt").write_text("secret")
    source = await asyncio.to_thread(REFUSED[name], studio)
    async with asyncio.timeout(LIMIT_S):
        with pytest.raises(BadInput) as caught:
            await probe(source)
    assert "secret" not in f"{caught.value} {caught.value.context}"


@pytest.mark.parametrize("name", list(STRANGE))
async def test_what_is_strange_comes_out_right_or_by_name(studio: Studio, name: str) -> None:
    source = await asyncio.to_thread(STRANGE[name], studio)
    async with asyncio.timeout(LIMIT_S):
        try:
            plan = await studio.edit(source, {"effects": {"contrast": 0.1}}, cues=[Cue(0, 500, "hola")])
        except SubiteyaError as error:
            assert name == "bits flipped", error  # noqa: PT017 - only this one may fail, and by name
            return
    found = await probe(plan.output)
    assert found.video is not None
    assert (found.video.codec, found.video.pix_fmt, found.video.range) == ("h264", "yuv420p", "tv")
    assert all(360 <= side <= 4096 for side in (found.video.width, found.video.height))
    assert 23 <= found.video.rate <= 60
    assert found.video.is_constant_rate


async def test_a_lying_probe_does_not_make_ffmpeg_read_a_script(studio: Studio) -> None:
    """The fence stands before FFmpeg too: a file that changed after its probe gets no further."""
    honest = studio.clip("-f", "lavfi", "-i", "testsrc2=s=360x640:r=30:d=0.3", *H264)
    found = await probe(honest)
    secret = studio.folder / "secret.mp4"
    honest.rename(secret)
    honest.write_text(f"ffconcat version 1.0\nfile '{secret}'\n")
    work = studio.folder / "work"
    work.mkdir()
    spec = PatternSpec.parse({"effects": {"contrast": 0.1}})
    plan = await plan_edit(studio.editor, Ingredients(spec, found, honest), work)
    with pytest.raises(SubiteyaError):
        await run_edit(studio.editor, plan, work)


TIMES = "1\n00:00:00,000 --> 00:00:09,000\n"
SUBTITLES = (
    TIMES + "{\\fn/etc/passwd}{\\fs999}{x} $(touch x) `id` ';[v]null'\n",
    "WEBVTT\n\n00:00.000 --> 00:09.000\n<img src=/etc/x>{\\r}\\N{\\t(0,9,\\fs999)}hola, %{pts}:x=1\n",
    TIMES + "A" * 900 + "\n",
    TIMES + "\u202e\u2066\u200b\u0000\u001b[31mhola\n",
)


@pytest.mark.parametrize("number", range(len(SUBTITLES)))
async def test_subtitles_with_orders_in_them_are_words(studio: Studio, number: int) -> None:
    source = studio.clip("-f", "lavfi", "-i", "color=c=0x303030:s=360x640:r=30:d=0.3", *H264)
    cues = parse_subtitles(SUBTITLES[number].encode())
    async with asyncio.timeout(LIMIT_S):
        plan = await studio.edit(source, cues=cues)
    assert (await probe(plan.output)).video is not None
    assert sorted(path.name for path in (studio.folder / "work").iterdir()) == [
        "edited.mp4", "fonts", "fonts.conf", "texts.ass",
    ]  # fmt: skip


def test_there_are_at_least_forty_files() -> None:
    assert len(REFUSED) + len(STRANGE) >= 40
