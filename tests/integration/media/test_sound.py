"""What is heard after a real edit."""

from __future__ import annotations

import asyncio
import re
import struct
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from integration.media.studio import KEY, LOSSLESS, Studio, frame, pitch, sound_of, strength
from subiteya.domain.errors import EditFailed, NotAVideo
from subiteya.media.probe import probe

MUSIC = KEY.replace(".png", ".mp3")
PICTURE = ("-f", "lavfi", "-i", "color=c=0x406080:s=360x640:r=30:d=4")


def tone(hertz: int = 440, level: float = 0.2, seconds: float = 4, when: str = "1") -> tuple[str, ...]:
    source = f"aevalsrc='{level}*sin(2*PI*{hertz}*t)*({when})':d={seconds}:s=48000"
    return ("-f", "lavfi", "-i", source)


def speech(studio: Studio, when: str = "1", level: float = 0.2) -> Path:
    return studio.clip(*PICTURE, *tone(level=level, when=when), *LOSSLESS, "-c:a", "aac", name="speech.mp4")


def music(studio: Studio, seconds: float = 1.5) -> Path:
    return studio.clip(*tone(1500, 0.3, seconds), "-c:a", "libmp3lame", name="music.mp3")


async def test_volume_and_mute_leave_the_picture_alone(studio: Studio) -> None:
    source = speech(studio)
    half = await studio.edit(source, {"sound": {"volume": 0.5}})
    assert half.is_copy
    before, after = (strength(sound_of(studio.editor.ffmpeg, path), 1, 3) for path in (source, half.output))
    assert after == pytest.approx(before / 2, rel=0.05)
    muted = await studio.edit(source, {"sound": {"mute": True}})
    assert muted.is_copy
    assert (await probe(muted.output)).audio == ()


async def test_louder_than_full_scale_is_limited_not_torn(studio: Studio) -> None:
    plan = await studio.edit(speech(studio, level=0.6), {"sound": {"volume": 4}})
    sound = sound_of(studio.editor.ffmpeg, plan.output, 48_000)
    assert abs(sound).max() < 0.999


async def test_a_silent_track_is_added_where_there_is_none(studio: Studio) -> None:
    source = studio.clip(*PICTURE, *LOSSLESS)
    plan = await studio.edit(source, {"sound": {"silent_track": True}})
    found = await probe(plan.output)
    assert [track.codec for track in found.audio] == ["aac"]
    assert found.duration_s == pytest.approx(4, abs=0.1)
    assert strength(sound_of(studio.editor.ffmpeg, plan.output), 0, 4) < 0.001


@pytest.mark.parametrize(
    ("sound", "look"),
    [
        ({"mute": True, "silent_track": True}, "none"),
        ({"mute": True, "silent_track": True}, "warm"),
        ({"music_key": MUSIC}, "warm"),
    ],
)
async def test_sound_lasts_as_long_as_the_picture_and_not_as_the_file_claims(
    studio: Studio, sound: dict[str, Any], look: str
) -> None:
    source = studio.clip(
        *("-f", "lavfi", "-i", "testsrc2=s=360x640:r=30:d=1.5", *tone(seconds=1.5), *LOSSLESS, "-c:a", "aac"),
        name="source.mkv",
    )
    data = source.read_bytes()
    place = data.index(b"\x44\x89\x88") + 3  # the segment's Duration: a double, in milliseconds
    source.write_bytes(data[:place] + struct.pack(">d", 3e11) + data[place + 8 :])
    assert (await probe(source)).duration_s == 3e8
    files: dict[str, Any] = {"music": music(studio)} if "music_key" in sound else {}
    async with asyncio.timeout(60):
        plan = await studio.edit(source, {"sound": sound, "effects": {"look": look}}, **files)
    assert (await probe(plan.output)).duration_s == pytest.approx(1.5, abs=0.1)


def loudness(studio: Studio, path: Path) -> float:
    """Integrated loudness in LUFS, by EBU R128."""
    command = [str(studio.editor.ffmpeg), "-nostats", "-i", str(path), "-af", "ebur128", "-f", "null", "-"]
    log = subprocess.run(command, check=True, capture_output=True, timeout=60, text=True).stderr
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", log)[-1])


@pytest.mark.parametrize("level", [0.02, 0.5])
async def test_the_whole_is_brought_to_fourteen_lufs(studio: Studio, level: float) -> None:
    plan = await studio.edit(speech(studio, level=level), {"sound": {"normalise": True}})
    assert loudness(studio, plan.output) == pytest.approx(-14, abs=0.7)


async def test_normalising_keeps_the_dynamics(studio: Studio) -> None:
    source = speech(studio, when="if(lt(t,2),1,0.4)", level=0.05)
    plan = await studio.edit(source, {"sound": {"normalise": True}})
    sound = sound_of(studio.editor.ffmpeg, plan.output)
    assert strength(sound, 2.5, 3.5) / strength(sound, 0.5, 1.5) == pytest.approx(0.4, rel=0.06)


async def test_silence_is_not_made_louder(studio: Studio) -> None:
    plan = await studio.edit(speech(studio, level=0.0), {"sound": {"normalise": True}})
    assert strength(sound_of(studio.editor.ffmpeg, plan.output), 0, 4) < 0.001


async def test_music_is_looped_faded_and_ends_with_the_clip(studio: Studio) -> None:
    source = studio.clip(*PICTURE, *LOSSLESS)
    wish = {"music_key": MUSIC, "music_volume": 1, "music_fade_s": 1}
    plan = await studio.edit(source, {"sound": wish}, music=music(studio))
    sound = sound_of(studio.editor.ffmpeg, plan.output)
    assert (await probe(plan.output)).duration_s == pytest.approx(4, abs=0.1)
    assert pitch(sound, 2, 2.8) == pytest.approx(1500, abs=10)
    assert strength(sound, 0, 0.2) < strength(sound, 1.6, 2.4) * 0.35
    assert strength(sound, 3.8, 4) < strength(sound, 1.6, 2.4) * 0.35


async def test_music_steps_back_while_somebody_speaks(studio: Studio) -> None:
    wish = {"music_key": MUSIC, "music_volume": 0.5, "music_fade_s": 0, "ducking": 1}
    plan = await studio.edit(speech(studio, when="between(t,2,4)"), {"sound": wish}, music=music(studio, 5))
    sound = sound_of(studio.editor.ffmpeg, plan.output)
    assert band(sound, 2.6, 3.6, 1500) < band(sound, 0.5, 1.5, 1500) * 0.45
    assert pitch(sound, 2.6, 3.6) == pytest.approx(440, abs=10)


def band(sound: npt.NDArray[np.float64], start: float, end: float, hertz: float) -> float:
    """How strong one frequency is between two seconds."""
    piece = sound[int(start * 8000) : int(end * 8000)]
    wave = np.exp(-2j * np.pi * hertz * np.arange(len(piece)) / 8000)
    return float(abs(np.dot(piece, wave)) / len(piece))


async def test_music_that_is_no_music_is_said(studio: Studio) -> None:
    fake = studio.folder / "music.mp3"
    fake.write_text("#EXTM3U\nhttp://127.0.0.1:1/x.mp3\n")
    with pytest.raises((EditFailed, NotAVideo)):
        await studio.edit(speech(studio), {"sound": {"music_key": MUSIC}}, music=fake)


async def test_sound_wishes_join_picture_wishes_in_one_pass(studio: Studio) -> None:
    wish = {"sound": {"volume": 0.5, "normalise": True}, "effects": {"look": "grayscale"}}
    plan = await studio.edit(speech(studio), wish)
    red, green, blue = frame(plan.output)[100, 100]
    assert abs(red - blue) < 4 > abs(red - green)
    assert loudness(studio, plan.output) == pytest.approx(-14, abs=0.7)
