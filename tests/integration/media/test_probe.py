"""Reading files of every kind, with and without good intentions."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest

from integration.media.studio import LOSSLESS, Studio
from subiteya.domain.errors import NotAVideo, StorageUnavailable
from subiteya.media.probe import probe

TEST_PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=360x640:r=30:d=1")
TEST_SOUND = ("-f", "lavfi", "-i", "sine=f=440:r=44100:d=1")


async def test_a_clip_is_described_in_full(studio: Studio) -> None:
    source = studio.clip(*TEST_PICTURE, *TEST_SOUND, *LOSSLESS, "-c:a", "aac")
    found = await probe(source)
    assert found.video is not None
    assert (found.container, found.size_bytes) == ("mp4", source.stat().st_size)
    assert found.duration_s == pytest.approx(1, abs=0.06)
    assert (found.video.codec, found.video.width, found.video.height) == ("h264", 360, 640)
    assert (found.video.fps, found.video.pix_fmt, found.video.rotation) == ("30/1", "yuv420p", 0)
    assert [(track.codec, track.sample_rate, track.channels) for track in found.audio] == [("aac", 44_100, 1)]


async def test_a_turned_clip_has_its_sides_swapped(studio: Studio) -> None:
    flat = studio.clip(*TEST_PICTURE, *LOSSLESS, name="flat.mp4")
    turned = studio.clip("-display_rotation", "-90", "-i", str(flat), "-c", "copy", name="turned.mp4")
    found = (await probe(turned)).video
    assert found is not None
    assert (found.coded_width, found.coded_height, found.width, found.height) == (360, 640, 640, 360)
    assert found.rotation == 90


@pytest.mark.parametrize(
    ("name", "codec", "container"),
    [
        ("a.mov", ("-c:v", "libx264"), "mov"),
        ("a.webm", ("-c:v", "libvpx", "-deadline", "realtime"), "webm"),
        ("a.mkv", ("-c:v", "libx264"), "matroska"),
        ("a.avi", ("-c:v", "mpeg4"), "avi"),
        ("a.ts", ("-c:v", "libx264"), "mpegts"),
    ],
)
async def test_containers_are_told_apart_whatever_their_name(
    studio: Studio, name: str, codec: tuple[str, ...], container: str
) -> None:
    made = studio.clip(*TEST_PICTURE, *codec, "-pix_fmt", "yuv420p", name=name)
    found = await probe(made.rename(studio.folder / "nameless"))
    assert found.container == container
    assert found.duration_s == pytest.approx(1, abs=0.1)


async def test_a_recording_without_a_length_gets_one(studio: Studio) -> None:
    webm = studio.clip(
        *TEST_PICTURE, "-c:v", "libvpx", "-deadline", "realtime", "-live", "1", "-f", "webm", name="live.webm"
    )
    assert (await probe(webm)).duration_s == pytest.approx(1, abs=0.1)


async def test_a_cover_picture_is_not_the_video(studio: Studio) -> None:
    song = studio.clip(*TEST_SOUND, "-c:a", "aac", name="song.m4a")
    cover = studio.clip("-f", "lavfi", "-i", "testsrc2=s=64x64", "-frames:v", "1", name="cover.png")
    both = studio.clip(
        "-i", str(song), "-i", str(cover), "-map", "0", "-map", "1", "-c", "copy",
        "-disposition:v:0", "attached_pic", name="covered.m4a",
    )  # fmt: skip
    with pytest.raises(NotAVideo, match="no picture"):
        await probe(both)


def hostile(studio: Studio) -> Iterator[tuple[str, Path]]:
    secret = studio.folder / "secret.txt"
    secret.write_text("secret")
    texts = {
        "concat": f"ffconcat version 1.0\nfile '{secret}'\n",
        "playlist": f"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://{secret}\n#EXT-X-ENDLIST\n",
        "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>',
        "svg": '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "subtitles": "1\n00:00:01,000 --> 00:00:02,000\nhola\n",
        "empty": "",
        "words": "this is no video " * 1000,
    }
    for name, text in texts.items():
        path = studio.folder / f"{name}.mp4"
        path.write_text(text)
        yield name, path
    (studio.folder / "noise.mp4").write_bytes(os.urandom(100_000))
    yield "noise", studio.folder / "noise.mp4"
    yield "image", studio.clip("-f", "lavfi", "-i", "testsrc2", "-frames:v", "1", name="i.png")
    yield "jpeg", studio.clip("-f", "lavfi", "-i", "testsrc2", "-frames:v", "1", name="i.jpg")
    whole = studio.clip(*TEST_PICTURE, *LOSSLESS, name="whole.mp4")
    cut = studio.folder / "cut.mp4"
    cut.write_bytes(whole.read_bytes()[:-2000])  # the index stands at the end
    yield "cut", cut


async def is_refused(path: Path) -> bool:
    try:
        await probe(path)
    except NotAVideo:
        return True
    return False


async def test_what_is_no_video_is_refused_by_name(studio: Studio) -> None:
    for name, path in hostile(studio):
        assert await is_refused(path), name


async def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await probe(tmp_path / "nowhere.mp4")


@dataclass
class Served:
    """What a small S3 would answer, and what it was asked."""

    content: bytes = b""
    status: int = 206
    stall: bool = False
    asked: list[str] = field(default_factory=list)
    url: str = ""
    release: threading.Event = field(default_factory=threading.Event)


@contextmanager
def served(content: bytes, *, status: int = 206, stall: bool = False) -> Iterator[Served]:
    state = Served(content, status, stall)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.headers["Range"]
            state.asked.append(wanted)
            if state.stall and len(state.asked) > 1:
                state.release.wait(30)
            first, last = (int(number) for number in wanted.removeprefix("bytes=").split("-"))
            piece = content[first : last + 1] if state.status == 206 else b"no"
            self.send_response(state.status)
            self.send_header("Content-Range", f"bytes {first}-{first + len(piece) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(piece)))
            self.end_headers()
            self.wfile.write(piece)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Keeps the test's output clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/bucket/key?X-Amz-Signature=secret"
    try:
        yield state
    finally:
        state.release.set()
        server.shutdown()
        thread.join()
        server.server_close()


async def test_a_remote_file_is_read_by_a_few_ranges(studio: Studio) -> None:
    source = studio.clip(
        "-f", "lavfi", "-i", "testsrc2=s=720x1280:r=30:d=6,noise=alls=60:allf=t", "-c:v", "libx264",
        "-preset", "ultrafast", "-crf", "15", "-pix_fmt", "yuv420p",
    )  # fmt: skip
    content = source.read_bytes()
    assert len(content) > 10_000_000
    with served(content) as remote:
        found = await probe(remote.url)
    assert found == await probe(source)
    assert len(remote.asked) < 8
    assert remote.asked[0] == "bytes=0-262143"


async def test_a_remote_file_that_is_refused_is_the_storages_fault() -> None:
    with served(b"x" * 1000, status=403) as remote, pytest.raises(StorageUnavailable) as caught:
        await probe(remote.url)
    assert "secret" not in f"{caught.value} {caught.value.context}"


async def test_a_closed_port_is_the_storages_fault() -> None:
    with pytest.raises(StorageUnavailable):
        await probe("http://127.0.0.1:9/nothing")


async def test_a_read_that_never_ends_is_ended_and_not_blamed_on_the_file(studio: Studio) -> None:
    source = studio.clip("-f", "lavfi", "-i", "testsrc2=s=720x1280:r=30:d=4", *LOSSLESS)
    with served(source.read_bytes(), stall=True) as remote, pytest.raises(StorageUnavailable) as caught:
        await probe(remote.url, limit_s=1.5)
    assert "longer than" in str(caught.value.context["why"])
    assert no_child_of_ours()


def no_child_of_ours() -> bool:
    """Whether the probe's process is gone (the session's engines may be children too)."""
    return not any(
        "probe_child" in " ".join(child.cmdline()) for child in psutil.Process().children(recursive=True)
    )


async def test_a_cancelled_probe_leaves_no_process(studio: Studio) -> None:
    source = studio.clip("-f", "lavfi", "-i", "testsrc2=s=720x1280:r=30:d=4", *LOSSLESS)
    with served(source.read_bytes(), stall=True) as remote:
        task = asyncio.create_task(probe(remote.url))
        while len(remote.asked) < 2:  # noqa: ASYNC110 - the server counts in another thread
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert no_child_of_ours()
