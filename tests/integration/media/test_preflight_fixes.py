"""Every fix that a pre-flight offers, merged and rendered, makes its finding disappear."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fixtures.probes import track
from integration.media.studio import KEY, Studio, frame, is_red, logo_png
from subiteya.domain.measured import LEAST_BAR, Measured, Region
from subiteya.domain.pattern import PatternSpec
from subiteya.domain.probe import FindingCode, Probe
from subiteya.domain.subtitles import Cue
from subiteya.media.bars import bars_finding, crop_of_bars
from subiteya.media.covered import Shown
from subiteya.media.measure import lit_region, measure_source
from subiteya.media.probe import probe
from subiteya.services.check_video import Check, measured_checks, overlay_checks, source_checks

H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")
CARD = ("-f", "lavfi", "-i", "testsrc2=s=360x640:r=30:d=0.5")
MOST_SECONDS = 10.0
Maker = Callable[[Studio], Path]


def made(*arguments: str, name: str = "source.mp4") -> Maker:
    return lambda studio: studio.clip(*arguments, name=name)


def card(size: str, *arguments: str, rate: int = 30, seconds: float = 0.5) -> Maker:
    return made("-f", "lavfi", "-i", f"testsrc2=s={size}:r={rate}:d={seconds}", *H264, *arguments)


def tone(decibels: float) -> Maker:
    return made(*CARD, "-f", "lavfi", "-i", f"sine=440:d=3,volume={decibels}dB", *H264, "-c:a", "aac")


def padded(picture: str, frame_size: str) -> Maker:
    """A picture in the middle of a black frame."""
    width, height = frame_size.split("x")
    pad = f"pad={width}:{height}:-1:-1:black"
    return made("-f", "lavfi", "-i", f"testsrc2=s={picture}:r=30:d=0.5,{pad}", *H264)


HLG = ("-vf", "setparams=color_trc=arib-std-b67:colorspace=bt2020nc:color_primaries=bt2020:range=tv")
SOURCES: dict[FindingCode, Maker] = {
    FindingCode.CONTAINER: made(*CARD, *H264, name="source.avi"),
    FindingCode.CODEC: made(*CARD, "-c:v", "mpeg4"),
    FindingCode.FRAME_RATE: card("360x640", rate=12),
    FindingCode.TOO_SMALL: card("180x320"),
    FindingCode.TOO_LARGE: card("4200x400", seconds=0.2),
    FindingCode.DURATION: card("360x640", seconds=11, rate=24),
    FindingCode.HDR: made(*CARD, *H264, *HLG),
    FindingCode.PIXEL_FORMAT: made(*CARD, "-c:v", "libx264", "-pix_fmt", "yuv444p"),
    FindingCode.INTERLACED: made(*CARD, *H264, "-flags", "+ilme+ildct", "-x264-params", "tff=1"),
}


async def checks_of(studio: Studio, clip: Path, spec: PatternSpec | None = None) -> dict[FindingCode, Check]:
    facts, spec = await probe(clip), spec or PatternSpec()
    measured = await measure(studio, clip, facts)
    found = [
        *source_checks(facts, spec, MOST_SECONDS),
        *measured_checks(measured, facts, spec),
    ]
    return {check.finding.code: check for check in found}


async def measure(studio: Studio, clip: Path, facts: Probe) -> Measured:
    work = await asyncio.to_thread(tempfile.mkdtemp, dir=studio.folder)
    return await measure_source(studio.editor, clip, facts, Path(work))


async def rendered(studio: Studio, clip: Path, fix: Any, **more: Any) -> Path:
    assert fix is not None
    spec = PatternSpec.merge({"output": {"quality": "low"}}, fix)
    return (await studio.edit(clip, spec.model_dump(mode="json"), **more)).output


@pytest.mark.parametrize("code", SOURCES)
async def test_what_the_headers_tell_is_mended(studio: Studio, code: FindingCode) -> None:
    clip = SOURCES[code](studio)
    before = await checks_of(studio, clip)
    assert code in before
    after = await checks_of(studio, await rendered(studio, clip, before[code].fix))
    assert code not in after


@pytest.mark.parametrize("decibels", [-22, 17])
async def test_a_clip_too_quiet_or_too_loud_is_levelled(studio: Studio, decibels: float) -> None:
    clip = tone(decibels)(studio)
    before = await checks_of(studio, clip)
    assert before[FindingCode.LOUDNESS].finding.value.endswith(" LUFS")
    output = await rendered(studio, clip, before[FindingCode.LOUDNESS].fix)
    assert FindingCode.LOUDNESS not in await checks_of(studio, output)
    heard = (await measure(studio, output, await probe(output))).loudness_lufs
    assert heard == pytest.approx(-14, abs=1.5)


@pytest.mark.parametrize(
    ("picture", "frame_size"),
    [
        *(("360x204", "360x640"), ("204x360", "640x360"), ("360x360", "360x640"), ("360x450", "360x640")),
        *(("240x400", "360x640"), ("480x270", "640x640")),
    ],
)
async def test_black_bars_are_cut_off(studio: Studio, picture: str, frame_size: str) -> None:
    clip = padded(picture, frame_size)(studio)
    before = await checks_of(studio, clip)
    output = await rendered(studio, clip, before[FindingCode.BLACK_BARS].fix)
    assert FindingCode.BLACK_BARS not in await checks_of(studio, output)
    lightest = frame(output).max(axis=2)
    high, wide = (round(side * LEAST_BAR) for side in lightest.shape)
    edges = (lightest[high], lightest[-high], lightest[:, wide], lightest[:, -wide])
    assert min(edge.mean() for edge in edges) > 60


def test_a_stamp_in_the_dark_has_no_fix() -> None:
    stamp = Region(left=0.45, right=0.55, top=0.45, bottom=0.55)
    assert bars_finding(stamp, track(), PatternSpec()) is not None
    assert crop_of_bars(stamp, track(), PatternSpec()) is None


async def test_a_pattern_that_mends_it_already_is_told_nothing(studio: Studio) -> None:
    clip = padded("360x204", "360x640")(studio)
    fix = (await checks_of(studio, clip))[FindingCode.BLACK_BARS].fix
    assert FindingCode.BLACK_BARS not in await checks_of(studio, clip, PatternSpec.merge({}, fix or {}))
    quiet = tone(-22)(studio)
    muted = PatternSpec.merge({}, {"sound": {"mute": True}})
    assert FindingCode.LOUDNESS not in await checks_of(studio, quiet, muted)


def test_a_lamp_in_the_night_is_no_picture_between_bars() -> None:
    night = np.zeros((640, 360), np.uint8)
    rows, columns = np.ogrid[:640, :360]
    night[(rows - 300) ** 2 + (columns - 180) ** 2 < 170**2] = 200
    whole = lit_region([night])
    assert whole is not None
    assert whole.bars_in(whole) is None
    assert (whole.top, whole.bottom) == (0, 1)
    assert lit_region([np.zeros((640, 360), np.uint8)]) is None


OVERLAYS: list[dict[str, Any]] = [
    {"logo": {"key": KEY, "anchor": "bottom_right"}, "layout": {"safe_areas": False}},
    {"logo": {"key": KEY, "x_percent": 95, "y_percent": 50}},
    {"texts": [{"text": "Oferta", "anchor": "bottom", "colour": "#FF0000", "style": "plain"}],
     "layout": {"safe_areas": False}},
    {"texts": [{"text": "Oferta", "x_percent": 50, "y_percent": 3, "colour": "#FF0000", "style": "plain"}]},
    {"subtitles": {"position": "bottom", "colour": "#FF0000"}, "layout": {"safe_areas": False}},
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(OVERLAYS)))
async def test_what_tiktoks_buttons_would_cover_is_moved(studio: Studio, number: int) -> None:
    clip, data = studio.flat("gray"), OVERLAYS[number]
    facts = await probe(clip)
    assert facts.video is not None
    shown = Shown(facts.video, (200, 100), has_cues=True)
    cues = (Cue(0, 500, "Pan de hoy"),) if "subtitles" in data else ()
    more: dict[str, Any] = {"cues": cues} | ({"logo": logo_png()} if "logo" in data else {})

    check = overlay_checks(PatternSpec.parse(data), shown)[0]
    before = is_red(frame((await studio.edit(clip, data, **more)).output))
    spec = PatternSpec.merge(data, check.fix or {})
    output = await rendered(studio, clip, spec.model_dump(mode="json"), **more)
    after = is_red(frame(output))

    left, top, right, bottom = (round(side * 540 / 1080) for side in (60, 130, 140, 480))
    free = np.zeros_like(after)
    free[top : after.shape[0] - bottom, left : after.shape[1] - right] = True
    assert (before & ~free).any()
    assert after.any()
    assert not (after & ~free).any()
    assert overlay_checks(spec, shown) == []


def test_what_is_too_large_for_the_free_part_has_no_fix() -> None:
    wide = PatternSpec.parse({"logo": {"key": KEY, "anchor": "top", "width_percent": 100}})
    video = Shown(track(), (200, 100))
    [check] = overlay_checks(wide, video)
    assert (check.finding.value, check.fix) == ("logo", None)


def test_the_bit_rate_of_the_fix_keeps_the_longest_clip_within_tiktoks_bytes() -> None:
    heavy = Probe(container="mp4", duration_s=600, size_bytes=5_000_000_000, video=track())
    [check] = source_checks(heavy, PatternSpec(), 600)
    assert check.finding.code is FindingCode.BYTES
    kbps = PatternSpec.merge({}, check.fix or {}).output.max_bitrate_kbps
    assert kbps is not None
    assert (kbps + 320) * 1000 / 8 * 600 < 4_000_000_000
