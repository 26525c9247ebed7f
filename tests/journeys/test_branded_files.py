"""Music, an intro, a colour table and a background come by API; the finished clip shows and plays them."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import av
import httpx2
import numpy as np
import numpy.typing as npt
from PIL import Image

from fixtures.clips import render
from fixtures.processes import House
from subiteya.config import Settings
from subiteya.domain.states import VideoStatus
from subiteya.http.app import create_app

REDDER = b"LUT_3D_SIZE 2\n" + b"".join(
    f"1 {green} {blue}\n".encode() for blue in (0, 1) for green in (0, 1) for _red in (0, 1)
)
SPEC = {
    "layout": {"target": "1:1"},
    "sound": {"mute": True, "music_volume": 1, "ducking": 0, "music_fade_s": 0},
}


def blue_image() -> bytes:
    written = io.BytesIO()
    Image.new("RGB", (100, 100), (0, 0, 255)).save(written, "PNG")
    return written.getvalue()


async def send_directly(api: httpx2.AsyncClient, intro: bytes) -> str:
    """Past the api, as a browser sends a big clip; the key that a pattern names."""
    wanted = {"filename": "intro.mp4", "size_bytes": len(intro), "kind": "intro"}
    started = (await api.post("/api/assets/upload-url", json=wanted)).json()
    async with httpx2.AsyncClient() as browser:
        sent = await browser.request(
            started["method"], started["url"], content=intro, headers=started["headers"]
        )
    assert sent.is_success, sent.text
    made = await api.post("/api/assets", json={"key": started["key"], "kind": "intro"})
    assert made.status_code == 201, made.text
    return str(made.json()["key"])


async def branded_pattern(api: httpx2.AsyncClient, music: bytes, intro: bytes) -> str:
    key = await send_directly(api, intro)
    spec = SPEC | {"time": {"intro_key": key}}
    pattern = (await api.post("/api/patterns", json={"name": "Mía", "spec": spec})).json()
    for kind, data in {"music": music, "lut": REDDER, "background": blue_image()}.items():
        put = await api.post(f"/api/patterns/{pattern['id']}/{kind}", files={"file": ("a", data)})
        assert put.is_success, put.text
    return str(pattern["id"])


def colour(path: Path, second: float, x: int, y: int) -> list[int]:
    with av.open(str(path)) as clip:
        for frame in clip.decode(video=0):
            if frame.time >= second:
                return [int(value) for value in frame.to_ndarray(format="rgb24")[y, x]]
    raise AssertionError(f"it ends before {second} s")


def sound_of(path: Path) -> tuple[npt.NDArray[np.float64], int]:
    """One channel, and its samples a second."""
    with av.open(str(path)) as clip:
        rate = clip.streams.audio[0].rate
        heard = [frame.to_ndarray()[0] for frame in clip.decode(audio=0)]
    return np.concatenate(heard).astype(np.float64), rate


async def test_a_clip_wears_what_was_uploaded_for_its_pattern(
    house: House, short_clip: Path, clips: Path, tmp_path: Path
) -> None:
    music = render(clips / "m.mp3", "-f", "lavfi", "-i", "sine=frequency=1000:duration=2").read_bytes()
    yellow = ("-f", "lavfi", "-i", "color=yellow:s=640x640:r=30:d=1", "-pix_fmt", "yuv420p")
    intro = render(clips / "intro.mp4", *yellow).read_bytes()
    worker = house.start("worker", "edit")
    app = create_app(Settings())
    headers = {"Authorization": f"Bearer {house.key}"}
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://testserver", headers=headers
        ) as api,
    ):
        pattern_id = await branded_pattern(api, music, intro)
        video_id = await house.draft(short_clip)
        await house.ready(worker)
        confirmed = await api.post(f"/api/videos/{video_id}/confirm", json={"pattern_id": pattern_id})
        assert confirmed.status_code == 202, confirmed.text
        video = await house.reached(video_id, VideoStatus.EDITED, VideoStatus.FAILED_EDIT)
    assert video.status is VideoStatus.EDITED, worker.text()
    assert video.edited_key is not None
    edited = tmp_path / "edited.mp4"
    await house.resources.storage.files.download(video.edited_key, edited)

    def near(second: float, x: int, wanted: tuple[int, int, int]) -> bool:
        return bool(np.abs(np.subtract(colour(edited, second, x, 320), wanted)).max() < 40)

    assert await asyncio.to_thread(near, 0.5, 320, (255, 255, 0))
    assert await asyncio.to_thread(near, 2.5, 320, (255, 128, 128))
    red, green, blue = await asyncio.to_thread(colour, edited, 2.5, 40, 320)
    assert (blue > 180, green < 60) == (True, True), (red, green, blue)
    heard, rate = await asyncio.to_thread(sound_of, edited)
    piece = heard[int(1.5 * rate) : int(2.5 * rate)]
    strongest = float(np.argmax(np.abs(np.fft.rfft(piece))) * rate / len(piece))
    assert abs(strongest - 1000) < 5
