"""Cut, speed, intro and outro after a real edit."""

from __future__ import annotations

import math
from pathlib import Path

import av
import pytest

from integration.media.studio import (
    KEY,
    LOSSLESS,
    Studio,
    frames,
    is_white,
    logo_png,
    mean,
    pitch,
    sound_of,
    strength,
)
from subiteya.domain.subtitles import Cue
from subiteya.media.probe import probe

CLIP = KEY.replace(".png", ".mp4")
# A clip that gets brighter by 25 a second, with a tone.
RAMP = ("-f", "lavfi", "-i", "color=c=black:s=360x640:r=30:d=6,geq=lum='16+25*T':cb=128:cr=128")
TONE = ("-f", "lavfi", "-i", "sine=f=500:r=48000:d=6")


def ramp(studio: Studio) -> Path:
    return studio.clip(*RAMP, *TONE, *LOSSLESS, "-g", "60", "-c:a", "aac", name="ramp.mp4")


def luma(second: float) -> float:
    return 25 * second * 255 / 219


async def test_a_cut_begins_and_ends_at_its_frames(studio: Studio) -> None:
    plan = await studio.edit(ramp(studio), {"time": {"trim_start_s": 1.5, "trim_end_s": 4}})
    found = await probe(plan.output)
    assert found.duration_s == pytest.approx(2.5, abs=0.06)
    assert plan.duration_s == 2.5
    first, last = frames(plan.output, [0.0, 2.4])
    assert mean(first)[1] == pytest.approx(luma(1.5), abs=3)
    assert mean(last)[1] == pytest.approx(luma(3.9), abs=3)


@pytest.mark.parametrize(
    ("rate", "time"),
    [
        ("cfr", {"trim_start_s": 0.51, "trim_end_s": 1.77}),
        ("cfr", {"trim_start_s": 1.01, "trim_end_s": 2, "speed": 0.25}),
        ("vfr", {"trim_start_s": 0.5, "trim_end_s": 2.51, "speed": 1.5}),
    ],
)
async def test_a_cut_lasts_as_long_as_was_planned_to_the_frame(
    studio: Studio, rate: str, time: dict[str, float]
) -> None:
    left_out = "not(mod(n,7)*lt(mod(n,13),4))" if rate == "vfr" else "1"
    source = studio.clip(
        *("-f", "lavfi", "-i", "testsrc2=s=90x160:r=30:d=3", *TONE, *LOSSLESS, "-c:a", "aac"),
        *("-vf", f"select='{left_out}'", "-fps_mode", rate),
    )
    plan = await studio.edit(source, {"time": time, "output": {"fps": 30}})
    with av.open(str(plan.output)) as container:
        shown = [frame.time for frame in container.decode(video=0)]
    with av.open(str(plan.output)) as container:
        heard_s = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
    assert len(shown) == math.ceil(plan.duration_s * 30 - 1e-3)
    assert [round(moment * 30, 2) for moment in shown] == list(range(len(shown)))
    assert heard_s == pytest.approx(plan.duration_s, abs=0.1)


async def test_what_an_edit_list_hides_stays_hidden(studio: Studio) -> None:
    # Cut without encoding, as phones do: the second before the first picture is there, and not to be shown.
    source = studio.clip("-ss", "1", "-i", str(ramp(studio)), "-c", "copy", name="hides.mp4")
    with av.open(str(source), options={"ignore_editlist": "1"}) as container:
        there = sum(1 for _ in container.decode(video=0))
    assert there == 180
    plan = await studio.edit(source, {"time": {"trim_end_s": 4.5}})
    found = await probe(plan.output)
    assert found.duration_s == pytest.approx(4.5, abs=0.1)
    first, last = frames(plan.output, [0.0, 4.4])
    assert mean(first)[1] == pytest.approx(luma(1), abs=3)
    assert mean(last)[1] == pytest.approx(luma(5.4), abs=3)
    assert len(sound_of(studio.editor.ffmpeg, plan.output)) / 8000 == pytest.approx(4.5, abs=0.15)


async def test_ten_minutes_are_no_obstacle(studio: Studio) -> None:
    # Its last three minutes, four times as fast: enough to see that times this late are right.
    long = ("-f", "lavfi", "-i", "color=c=gray:s=90x160:r=2:d=600,fade=d=600")
    hum = ("-f", "lavfi", "-i", "sine=f=500:r=8000:d=600")
    source = studio.clip(*long, *hum, *LOSSLESS, "-c:a", "aac", name="long.mp4")
    spec = {"time": {"speed": 4.0, "trim_start_s": 420}, "output": {"quality": "low", "fps": 24}}
    plan = await studio.edit(source, spec)
    assert (await probe(plan.output)).duration_s == pytest.approx(45, abs=0.3)
    for second, picture in zip((1, 22, 44), frames(plan.output, [1, 22, 44]), strict=True):
        assert mean(picture)[1] == pytest.approx(128 * (420 + 4 * second) / 600, abs=4)
    assert len(sound_of(studio.editor.ffmpeg, plan.output)) / 8000 == pytest.approx(45, abs=0.3)


@pytest.mark.parametrize("speed", [0.25, 0.5, 2.0, 4.0])
async def test_speed_changes_time_and_keeps_the_pitch(studio: Studio, speed: float) -> None:
    plan = await studio.edit(ramp(studio), {"time": {"speed": speed, "trim_end_s": 4}})
    length = 4 / speed
    found = await probe(plan.output)
    assert found.duration_s == pytest.approx(length, abs=0.1)
    assert found.video is not None
    assert 23 <= found.video.rate <= 60
    (middle,) = frames(plan.output, [length / 2])
    assert mean(middle)[1] == pytest.approx(luma(2), abs=4)
    sound = sound_of(studio.editor.ffmpeg, plan.output)
    assert len(sound) / 8000 == pytest.approx(length, abs=0.15)
    assert pitch(sound, length * 0.3, length * 0.7) == pytest.approx(500, abs=12)


async def test_subtitles_follow_cut_and_speed(studio: Studio) -> None:
    spec = {"time": {"trim_start_s": 2, "speed": 2.0}, "subtitles": {"size_percent": 8}}
    plan = await studio.edit(ramp(studio), spec, cues=[Cue(0, 1000, "NO"), Cue(3000, 4000, "HHH")])
    before, during, after = frames(plan.output, [0.3, 0.75, 1.2])
    assert is_white(during).any()
    assert not is_white(before).any()
    assert not is_white(after).any()


def colour_clip(studio: Studio, name: str, colour: str, hertz: int, seconds: float = 1.0) -> Path:
    return studio.clip(
        "-f", "lavfi", "-i", f"color=c={colour}:s=640x360:r=25:d={seconds}",
        "-f", "lavfi", "-i", f"sine=f={hertz}:r=44100:d={seconds}",
        *LOSSLESS, "-c:a", "aac", name=f"{name}.mp4",
    )  # fmt: skip


async def test_intro_clip_and_outro_come_in_order_with_their_sound(studio: Studio) -> None:
    spec = {"time": {"intro_key": CLIP, "outro_key": CLIP, "trim_end_s": 2}}
    intro = colour_clip(studio, "intro", "red", 1000)
    outro = colour_clip(studio, "outro", "blue", 2000)
    plan = await studio.edit(ramp(studio), spec, intro=intro, outro=outro)
    assert (await probe(plan.output)).duration_s == pytest.approx(4, abs=0.15)
    assert plan.duration_s == pytest.approx(4, abs=0.1)
    pictures = frames(plan.output, [0.5, 2.0, 3.5])
    assert all(picture.shape == pictures[0].shape == (640, 360, 3) for picture in pictures)
    first, middle, last = (picture[320, 180] for picture in pictures)
    assert first[0] > first[2] + 150
    assert middle[1] == pytest.approx(luma(1), abs=4)
    assert last[2] > last[0] + 150
    sound = sound_of(studio.editor.ffmpeg, plan.output)
    heard = [pitch(sound, start, start + 0.6) for start in (0.2, 1.7, 3.2)]
    assert heard == pytest.approx([1000, 500, 2000], abs=10)


async def test_a_crossfade_melts_picture_and_sound(studio: Studio) -> None:
    spec = {"time": {"intro_key": CLIP, "crossfade_s": 0.8, "trim_end_s": 2}}
    intro = colour_clip(studio, "intro", "white", 1000, seconds=2)
    plan = await studio.edit(ramp(studio), spec, intro=intro)
    assert (await probe(plan.output)).duration_s == pytest.approx(3.2, abs=0.15)
    before, during, after = (picture[320, 180, 1] for picture in frames(plan.output, [1.0, 1.6, 2.2]))
    assert before > 240
    assert 90 < during < 180
    assert after < 60
    sound = sound_of(studio.editor.ffmpeg, plan.output)
    assert strength(sound, 1.5, 1.7) > strength(sound, 2.4, 2.8) * 0.5  # no hole in the sound


async def test_an_image_stands_as_intro_for_its_time(studio: Studio) -> None:
    spec = {"time": {"intro_key": KEY, "image_s": 1.0, "trim_end_s": 1}, "output": {"quality": "ultra"}}
    image = studio.folder / "card.png"
    image.write_bytes(logo_png((300, 300), (20, 120, 200, 255)))
    plan = await studio.edit(ramp(studio), spec, intro=image)
    assert (await probe(plan.output)).duration_s == pytest.approx(2, abs=0.15)
    first, then = frames(plan.output, [0.5, 1.2])
    assert mean(first) == pytest.approx((20, 120, 200), abs=4)
    assert mean(then)[1] < 30
    sound = sound_of(studio.editor.ffmpeg, plan.output)
    assert strength(sound, 0.1, 0.8) < 0.001
    assert strength(sound, 1.2, 1.8) > 0.05


async def test_silent_segments_stay_silent(studio: Studio) -> None:
    silent = studio.clip("-f", "lavfi", "-i", "color=red:s=360x640:r=30:d=1", *LOSSLESS, name="silent.mp4")
    spec = {"time": {"outro_key": CLIP}}
    plan = await studio.edit(silent, spec, outro=colour_clip(studio, "outro", "blue", 2000))
    sound = sound_of(studio.editor.ffmpeg, plan.output)
    assert strength(sound, 0.1, 0.9) < 0.001
    assert pitch(sound, 1.2, 1.8) == pytest.approx(2000, abs=10)
