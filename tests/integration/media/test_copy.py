"""What needs nothing passes without a pixel touched; and what comes out holds nothing of its maker."""

from __future__ import annotations

import subprocess
from pathlib import Path

import av
import pytest

from integration.media.studio import LOSSLESS, Studio, frames
from subiteya.domain.subtitles import Cue
from subiteya.media.probe import probe
from subiteya.media.sample import make_sample
from subiteya.media.subtitles import parse_subtitles

PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=360x640:r=30:d=1")
SOUND = ("-f", "lavfi", "-i", "sine=f=440:r=44100:d=1")


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def box_names(path: Path) -> list[bytes]:
    """The top boxes of an MP4, in order."""
    data, at, names = path.read_bytes(), 0, []
    while at < len(data):
        names.append(data[at + 4 : at + 8])
        at += int.from_bytes(data[at : at + 4]) or len(data)
    return names


async def test_an_empty_pattern_copies_and_moves_the_index_to_the_front(studio: Studio) -> None:
    source = studio.clip(*PICTURE, *SOUND, *LOSSLESS, "-c:a", "aac", "-metadata", "title=mine")
    assert box_names(source).index(b"moov") > box_names(source).index(b"mdat")
    plan = await studio.edit(source)
    assert plan.is_copy
    assert box_names(plan.output).index(b"moov") < box_names(plan.output).index(b"mdat")
    assert packets(plan.output) == packets(source)
    assert b"mine" not in plan.output.read_bytes()


async def test_a_turned_clip_stays_turned_when_copied(studio: Studio) -> None:
    flat = studio.clip(*PICTURE, *LOSSLESS, name="flat.mp4")
    turned = studio.clip("-display_rotation", "-90", "-i", str(flat), "-c", "copy", name="turned.mp4")
    plan = await studio.edit(turned)
    found = (await probe(plan.output)).video
    assert plan.is_copy
    assert found is not None
    assert (found.rotation, found.width, found.height) == (90, 640, 360)


async def test_vp9_webm_stays_webm(studio: Studio) -> None:
    source = studio.clip(
        *PICTURE, *SOUND, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus", name="a.webm"
    )
    plan = await studio.edit(source)
    assert plan.output.suffix == ".webm"
    assert packets(plan.output) == packets(source)


async def test_an_encoded_clip_is_what_every_phone_plays(studio: Studio) -> None:
    source = studio.clip(
        *PICTURE, *SOUND, "-c:v", "prores_ks", "-c:a", "pcm_s16le", "-metadata", "title=mine", name="a.mov"
    )
    plan = await studio.edit(source)
    found = await probe(plan.output)
    assert found.video is not None
    assert (found.container, found.video.codec, found.video.profile) == ("mp4", "h264", "High")
    assert (found.audio[0].codec, found.audio[0].sample_rate, found.audio[0].channels) == ("aac", 48_000, 2)
    assert b"mine" not in plan.output.read_bytes()
    assert b"Lavf" not in plan.output.read_bytes()


async def test_sound_and_picture_stay_together(studio: Studio) -> None:
    """A flash and a beep at second 2 are still at second 2, in a source whose sound stream comes first."""
    source = studio.clip(
        "-f", "lavfi", "-i", "color=s=360x640:d=4:r=30:c=black,drawbox=c=white:t=fill:enable='gte(t,2)'",
        "-f", "lavfi", "-i", "aevalsrc='0.8*sin(2*PI*1000*t)*between(t,2,2.5)':d=4:s=44100",
        "-map", "1:a", "-map", "0:v", *LOSSLESS, "-c:a", "aac",
    )  # fmt: skip
    plan = await studio.edit(source, cues=[Cue(0, 100, "x")])
    before, after = frames(plan.output, [1.9, 2.05])
    assert before[:100].mean() < 30
    assert after[:100].mean() > 200
    assert loud_from(studio.editor.ffmpeg, plan.output) == pytest.approx(2.0, abs=0.03)


def loud_from(ffmpeg: Path, path: Path) -> float:
    """The second at which the sound begins."""
    command = [str(ffmpeg), "-v", "error", "-i", str(path), "-f", "s16le", "-ac", "1", "-ar", "8000", "-"]
    samples = memoryview(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout).cast(
        "h"
    )
    return next(number for number, value in enumerate(samples) if abs(value) > 6000) / 8000


async def test_the_sample_is_a_proper_clip(studio: Studio) -> None:
    sample = await make_sample(studio.editor, studio.folder)
    found = await probe(sample.video)
    assert found.video is not None
    assert (found.video.width, found.video.height, found.video.fps) == (1080, 1920, "30/1")
    assert found.duration_s == pytest.approx(8, abs=0.1)
    assert len(found.audio) == 1
    assert len(parse_subtitles(sample.subtitles.read_bytes())) == 3
    assert sample.logo.read_bytes().startswith(b"\x89PNG")
    first, last = frames(sample.video, [0.0, 7.5])
    assert abs(first - last).mean() > 3  # something moves
