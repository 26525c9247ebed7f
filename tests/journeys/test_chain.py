"""The README's story: a clip goes in at the command line and comes out posted, branded, once."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

from fixtures.processes import House, until

SUBTITLES = "1\n00:00:00,000 --> 00:00:01,500\nHola, ¿qué tal?\n"
GREY = 128


async def api_of(house: House, **extra: str) -> str:
    """The address of an api process that answers."""
    port = str(house.free_port())
    house.start("api", PORT=port, **extra)
    url = f"http://127.0.0.1:{port}"

    async def answers() -> bool:
        async with httpx2.AsyncClient() as http:
            try:
                return (await http.get(f"{url}/api/ready")).is_success
            except httpx2.TransportError:
                return False

    await until(answers)
    return url


def subiteya(house: House, url: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as a script would."""
    return subprocess.run(
        [sys.executable, "-m", "subiteya.cli", *words],
        env={**house.bare_environment(), "SUBITEYA_URL": url, "SUBITEYA_API_KEY": house.key},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def frame(video: Path, second: float, target: Path) -> Image.Image:
    """One frame of a video."""
    subprocess.run(
        [
            *(get_ffmpeg_exe(), "-nostdin", "-v", "error", "-y", "-ss", str(second), "-i", str(video)),
            *("-frames:v", "1", str(target)),
        ],
        check=True,
        timeout=60,
    )
    return Image.open(target).convert("RGB")


def differs(image: Image.Image, box: tuple[int, int, int, int]) -> float:
    """Share of the pixels in a box that are not (nearly) grey 128."""
    part = np.asarray(image.crop(box)).astype(int)
    return float((np.abs(part - GREY).max(axis=2) > 40).mean())


async def fetch(house: House, publish_id: str, target: Path) -> Path:
    """The bytes that the simulator got."""
    url = house.environment["TIKTOK_SIMULATOR_URL"]
    async with httpx2.AsyncClient(base_url=url) as http:
        answer = await http.get(f"/simulator/posts/{publish_id}/video")
        answer.raise_for_status()
        await asyncio.to_thread(target.write_bytes, answer.content)
    return target


@pytest.fixture
def logo(tmp_path: Path) -> Path:
    path = tmp_path / "logo.png"
    Image.new("RGBA", (200, 100), (255, 0, 0, 255)).save(path)
    return path


async def test_a_clip_goes_from_a_file_to_a_branded_post(
    house: House, short_clip: Path, logo: Path, tmp_path: Path
) -> None:
    url = await api_of(house)
    await house.workers()
    captions = tmp_path / "clip.srt"
    captions.write_text(SUBTITLES, encoding="utf-8")
    headers = {"Authorization": f"Bearer {house.key}"}
    async with httpx2.AsyncClient(base_url=url, headers=headers) as http:
        spec = {"logo": {"anchor": "top_left", "width_percent": 20}, "effects": {"vignette": 0.0}}
        pattern = (await http.post("/api/patterns", json={"name": "Mía", "spec": spec})).json()
        with logo.open("rb") as file:
            sent = await http.post(f"/api/patterns/{pattern['id']}/logo", files={"file": ("l.png", file)})
        assert sent.is_success, sent.text

    done = subiteya(
        house,
        url,
        *("publish", str(short_clip), "--pattern", "Mía", "--subtitles", str(captions)),
        *("--caption", "Hola #pan", "--json"),
    )

    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    [post] = told["video"]["posts"]
    assert (told["video"]["status"], post["status"], post["caption"]) == ("POSTED", "POSTED", "Hola #pan")
    [simulated] = await house.posted()
    assert simulated["publish_id"] is not None
    clip = await fetch(house, simulated["publish_id"], tmp_path / "posted.mp4")
    with_words = frame(clip, 0.7, tmp_path / "a.png")
    without = frame(clip, 2.3, tmp_path / "b.png")
    assert with_words.size == (360, 640)
    assert differs(with_words, (0, 0, 180, 160)) > 0.05
    assert differs(without, (0, 0, 180, 160)) > 0.05
    assert differs(with_words, (30, 300, 330, 600)) > 0.005
    assert differs(without, (30, 300, 330, 600)) == 0


async def test_what_is_no_video_is_said_and_ends_with_an_error(house: House, tmp_path: Path) -> None:
    url = await api_of(house)
    fake = tmp_path / "clip.mp4"
    fake.write_text("this is not a video\n" * 100)
    done = subiteya(house, url, "publish", str(fake))
    assert done.returncode == 1
    assert "not a video" in done.stderr
    assert "Traceback" not in done.stderr


async def test_no_server_is_said_in_one_sentence(house: House, short_clip: Path) -> None:
    done = subiteya(house, f"http://127.0.0.1:{house.free_port()}", "publish", str(short_clip))
    assert done.returncode == 1
    assert "subiteya up" in done.stderr
    assert "Traceback" not in done.stderr


async def test_secrets_are_in_no_log(house: House, short_clip: Path) -> None:
    url = await api_of(house)
    await house.workers()
    assert subiteya(house, url, "publish", str(short_clip)).returncode == 0
    written = "".join(process.text() for process in house.running)
    secrets = [house.key, house.environment["AWS_SECRET_ACCESS_KEY"], house.environment["ENCRYPTION_KEY"]]
    for secret in [*secrets, "act.", "rft.", "upload_token=", "X-Amz-Signature="]:
        assert secret not in written


async def test_a_texts_fields_are_filled_with_the_videos_own_words(
    house: House, short_clip: Path, tmp_path: Path
) -> None:
    await house.workers()
    spec = {"texts": [{"text": "{{video.title}}", "size_percent": 8, "anchor": "center"}]}
    pictures = []
    for title in ("I", "WWWWWWWWWWWW"):
        video_id = await house.draft(short_clip, title=title)
        await house.confirm(video_id, spec)
        video = await house.reached(video_id, "EDITED")
        target = tmp_path / f"{len(title)}.mp4"
        await house.resources.storage.files.download(video.edited_key or "", target)
        pictures.append(frame(target, 1, tmp_path / f"{len(title)}.png"))
    narrow, wide = (differs(picture, (0, 200, 360, 440)) for picture in pictures)
    assert 0 < narrow < wide / 3
