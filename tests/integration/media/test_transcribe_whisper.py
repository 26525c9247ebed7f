"""faster-whisper in its own process: the real package, with a model that has never learnt anything."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import psutil
import pytest
from imageio_ffmpeg import get_ffmpeg_exe

from subiteya.config import TranscribeSettings
from subiteya.domain.word_errors import TranscriberUnusable, TranscriptionFailed, TranscriptionRefused
from subiteya.media.transcribe import Recording
from subiteya.media.transcribe.whisper import Whisper

FFMPEG = Path(get_ffmpeg_exe())


def whisper(model: Path | str, cache: Path, **settings: Any) -> Whisper:
    chosen = {"TRANSCRIBER": "whisper", "WHISPER_MODEL": str(model), "WHISPER_THREADS": 1, **settings}
    return Whisper(TranscribeSettings.model_validate(chosen), FFMPEG, cache)


async def test_a_model_loads_and_runs_and_what_it_makes_up_is_not_shown(
    whisper_model: Path, spoken_clip: Path, tmp_path: Path
) -> None:
    seen: list[float] = []
    writer = whisper(whisper_model, tmp_path / "cache")
    assert writer.obstacle() is None
    transcript = await writer.transcribe(Recording(spoken_clip, 4.0, "en-GB", tmp_path), seen.append)

    assert transcript.language == "en"
    assert any(passage.text for passage in transcript.passages), "it did write something"
    assert transcript.cues(4.0) == (), "a recogniser that guesses is not believed"
    assert seen
    assert all(0 <= share <= 1 for share in seen)
    assert writer.name == f"faster-whisper {whisper_model.name}"


async def test_where_nobody_speaks_the_model_is_not_even_asked(
    whisper_model: Path, short_clip: Path, tmp_path: Path
) -> None:
    writer = whisper(whisper_model, tmp_path / "cache")
    transcript = await writer.transcribe(Recording(short_clip, 3.0, "es", tmp_path), lambda _: None)
    assert transcript.passages == ()


async def test_a_model_that_is_not_there_is_named(tmp_path: Path, short_clip: Path) -> None:
    missing = tmp_path / "nowhere"
    writer = whisper(missing, tmp_path / "cache")
    obstacle = writer.obstacle()
    assert obstacle is not None
    assert f"there is no model at {missing} (WHISPER_MODEL)" in str(obstacle)
    with pytest.raises(TranscriberUnusable):
        await writer.transcribe(Recording(short_clip, 3.0, None, tmp_path), lambda _: None)


async def test_a_folder_that_holds_no_model_is_said_with_the_packages_reason(
    tmp_path: Path, short_clip: Path
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    writer = whisper(empty, tmp_path / "cache")
    with pytest.raises(TranscriberUnusable) as caught:
        await writer.transcribe(Recording(short_clip, 3.0, None, tmp_path), lambda _: None)
    assert "model.bin" in str(caught.value)


async def test_too_little_memory_ends_the_child_only_and_names_the_setting(
    whisper_model: Path, short_clip: Path, tmp_path: Path
) -> None:
    writer = whisper(whisper_model, tmp_path / "cache", WHISPER_MEMORY_MB=256)
    with pytest.raises(TranscriberUnusable) as caught:
        await writer.transcribe(Recording(short_clip, 3.0, None, tmp_path), lambda _: None)
    assert "WHISPER_MEMORY_MB" in str(caught.value)


async def test_a_clip_without_a_sound_that_can_be_read_is_refused(
    whisper_model: Path, mute_clip: Path, tmp_path: Path
) -> None:
    writer = whisper(whisper_model, tmp_path / "cache")
    with pytest.raises((TranscriptionRefused, TranscriptionFailed)):
        await writer.transcribe(Recording(mute_clip, 2.0, None, tmp_path), lambda _: None)


async def test_cancelling_ends_the_child(whisper_model: Path, spoken_clip: Path, tmp_path: Path) -> None:
    writer = whisper(whisper_model, tmp_path / "cache")
    before = {child.pid for child in psutil.Process(os.getpid()).children(recursive=True)}
    working = asyncio.create_task(
        writer.transcribe(Recording(spoken_clip, 4.0, None, tmp_path), lambda _: None)
    )

    async def child() -> psutil.Process:
        while True:
            for found in psutil.Process(os.getpid()).children(recursive=True):
                if found.pid not in before and "whisper_child.py" in " ".join(found.cmdline()):
                    return found
            await asyncio.sleep(0.02)

    async with asyncio.timeout(30):
        running = await child()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    assert not running.is_running()
