from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import imageio_ffmpeg
import pytest

from contract.simulator.rig import ManualClock, Rig, running
from subiteya.tiktok.simulator import SimulatorConfig

ClipMaker = Callable[..., bytes]


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory) -> ClipMaker:
    """Render a clip with FFmpeg; the same wish is rendered once."""
    folder = tmp_path_factory.mktemp("clips")

    def make(
        size: str = "360x640",
        fps: str = "30",
        seconds: float = 0.5,
        name: str = "clip.mp4",
        codec: str = "libx264",
    ) -> bytes:
        path: Path = folder / f"{size}-{fps.replace('/', '_')}-{seconds}-{codec}-{name}"
        if not path.exists():
            command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", "-f", "lavfi"]
            command += ["-i", f"testsrc2=size={size}:rate={fps}:duration={seconds}"]
            command += ["-c:v", codec, "-pix_fmt", "yuv420p", "-threads", "1", str(path)]
            subprocess.run(command, check=True, timeout=60, start_new_session=True)
        return path.read_bytes()

    return make


@pytest.fixture(scope="session")
def clip(make_clip: ClipMaker) -> bytes:
    """Half a second that TikTok accepts."""
    return make_clip()


@pytest.fixture
def config(tmp_path: Path) -> SimulatorConfig:
    """No creators, two seconds of processing, three of moderation."""
    return SimulatorConfig(data_dir=tmp_path / "simulator", creators=())


@pytest.fixture
async def rig(config: SimulatorConfig) -> AsyncIterator[Rig]:
    """A running simulator on a clock that stands still; webhooks and pulls reach `rig.receiver`."""
    async with running(config, ManualClock()) as started:
        yield started
