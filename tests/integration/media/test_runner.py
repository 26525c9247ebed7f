"""FFmpeg as a process: its progress, its failures, its end."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import psutil
import pytest

from subiteya.domain.errors import ConfigurationError, EditFailed, NotAVideo
from subiteya.media.ffmpeg import find_ffmpeg
from subiteya.media.runner import Progress, run_ffmpeg

ENDLESS = ("-re", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25", "-f", "null", "-")


def running(work: Path) -> list[psutil.Process]:
    """FFmpegs whose folder is this one."""
    found = []
    for process in psutil.process_iter(["name"]):
        try:
            if "ffmpeg" in process.info["name"] and process.cwd() == str(work):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return found


async def appears(work: Path) -> psutil.Process:
    while not (found := running(work)):  # noqa: ASYNC110 - another process tells us nothing
        await asyncio.sleep(0.02)
    return found[0]


async def test_progress_grows_to_the_whole(ffmpeg: Path, tmp_path: Path) -> None:
    seen: list[Progress] = []
    arguments = ("-f", "lavfi", "-i", "testsrc2=s=640x360:r=30:d=20", "-c:v", "libx264", "out.mp4")
    finished = await run_ffmpeg(
        ffmpeg, arguments, work=tmp_path, duration_s=20, limit_s=120, on_progress=seen.append
    )
    shares = [progress.fraction for progress in seen]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert (tmp_path / "out.mp4").stat().st_size > 0
    assert finished.wall_s > 0


async def test_a_cancelled_edit_leaves_no_ffmpeg(ffmpeg: Path, tmp_path: Path) -> None:
    task = asyncio.create_task(run_ffmpeg(ffmpeg, ENDLESS, work=tmp_path, duration_s=9, limit_s=60))
    process = await appears(tmp_path)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not process.is_running()


async def test_an_edit_that_takes_too_long_is_ended(ffmpeg: Path, tmp_path: Path) -> None:
    with pytest.raises(EditFailed, match="longer than 1 seconds"):
        await run_ffmpeg(ffmpeg, ENDLESS, work=tmp_path, duration_s=9, limit_s=1)
    assert running(tmp_path) == []


async def test_a_failure_carries_the_reason_and_no_folder(ffmpeg: Path, tmp_path: Path) -> None:
    arguments = ("-i", f"file:{tmp_path}/missing.mp4", "out.mp4")
    with pytest.raises(EditFailed) as caught:
        await run_ffmpeg(ffmpeg, arguments, work=tmp_path, duration_s=1, limit_s=20)
    assert "missing.mp4" in str(caught.value.context["log"])
    assert str(tmp_path) not in f"{caught.value} {caught.value.context}"
    assert caught.value.retryable


async def test_an_unreadable_source_is_final(ffmpeg: Path, tmp_path: Path) -> None:
    (tmp_path / "in.mp4").write_bytes(os.urandom(5000))
    with pytest.raises(NotAVideo):
        await run_ffmpeg(ffmpeg, ("-i", "file:in.mp4", "out.mp4"), work=tmp_path, duration_s=1, limit_s=20)


async def test_ffmpeg_sees_no_environment_of_ours(
    ffmpeg: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "do-not-inherit")
    task = asyncio.create_task(run_ffmpeg(ffmpeg, ENDLESS, work=tmp_path, duration_s=9, limit_s=60))
    process = await appears(tmp_path)
    assert set(process.environ()) == {"FONTCONFIG_FILE", "LC_ALL"}
    assert os.getsid(process.pid) == process.pid
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_ffmpeg_dies_with_its_killed_worker(ffmpeg: Path, tmp_path: Path) -> None:
    code = (
        "import asyncio, pathlib, sys; from subiteya.media.runner import run_ffmpeg;"
        "asyncio.run(run_ffmpeg(pathlib.Path(sys.argv[1]), sys.argv[3:], work=pathlib.Path(sys.argv[2]),"
        "duration_s=9, limit_s=60))"
    )
    arguments = (sys.executable, "-c", code, str(ffmpeg), str(tmp_path), *ENDLESS)
    worker = await asyncio.create_subprocess_exec(*arguments)
    try:
        process = await asyncio.wait_for(appears(tmp_path), 30)
        worker.send_signal(signal.SIGKILL)
        await worker.wait()
        gone, _ = await asyncio.to_thread(psutil.wait_procs, [process], timeout=10)
        assert gone == [process]
    finally:
        if worker.returncode is None:
            worker.kill()
            await worker.wait()


async def test_the_wheels_ffmpeg_can_do_everything() -> None:
    found = await find_ffmpeg()
    assert found.missing == ()
    assert found.version != "unknown"


async def test_a_setting_that_is_no_program_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="FFMPEG_BINARY"):
        await find_ffmpeg(tmp_path / "nothing")


async def test_a_build_that_cannot_encode_is_refused(tmp_path: Path) -> None:
    fake = tmp_path / "ffmpeg"
    fake.write_text("#!/bin/sh\necho ffmpeg version 9\n")
    fake.chmod(0o755)
    with pytest.raises(ConfigurationError, match="libx264"):
        await find_ffmpeg(fake)
