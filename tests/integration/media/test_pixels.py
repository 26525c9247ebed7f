"""The edit seen from outside: FFmpeg has run, and pixels are looked at."""

from __future__ import annotations

import numpy as np
import pytest

from integration.media.studio import (
    KEY,
    LOSSLESS,
    Studio,
    box_of,
    frame,
    frames,
    is_red,
    is_white,
    logo_png,
    mean,
)
from subiteya.domain.pattern import Anchor
from subiteya.domain.subtitles import Cue, Word
from subiteya.media.probe import probe

QUARTERS = (
    "".join(
        f"color=c={colour}:s=270x480:r=30:d=0.5[{label}];"
        for label, colour in zip("abcd", ("red", "lime", "blue", "white"), strict=True)
    )
    + "[a][b]hstack[t];[c][d]hstack[u];[t][u]vstack"
)
WHOLE = {"safe_areas": False}


@pytest.mark.parametrize("anchor", list(Anchor))
async def test_the_logo_is_where_it_should_be(studio: Studio, anchor: Anchor) -> None:
    spec = {
        "logo": {"anchor": anchor.value, "width_percent": 20, "margin_percent": 5},
        "layout": WHOLE,
    }
    plan = await studio.edit(studio.flat("0x406080"), spec, logo_png())
    left, top, right, bottom = box_of(is_red(frame(plan.output)))
    assert [right - left, bottom - top] == pytest.approx([108, 54], abs=2)
    margin, room = 27, (540 - 54 - 108, 960 - 54 - 54)
    assert left == pytest.approx(margin + anchor.across * room[0], abs=2)
    assert top == pytest.approx(margin + anchor.down * room[1], abs=2)


async def test_the_logo_keeps_clear_of_tiktoks_buttons(studio: Studio) -> None:
    spec = {"logo": {"anchor": "bottom_right", "margin_percent": 0}}
    plan = await studio.edit(studio.flat("0x406080"), spec, logo_png())
    _, _, right, bottom = box_of(is_red(frame(plan.output)))
    assert [right, bottom] == pytest.approx([540 - 70, 960 - 240], abs=2)


async def test_the_logos_colour_and_opacity_are_right(studio: Studio) -> None:
    spec = {
        "logo": {"anchor": "center", "width_percent": 40, "opacity": 0.25},
        "layout": WHOLE,
        "output": {"quality": "ultra"},
    }
    plan = await studio.edit(studio.flat("0x204060"), spec, logo_png(colour=(240, 200, 40, 255)))
    seen = mean(frame(plan.output)[460:500, 240:300])
    expected = [0.25 * logo + 0.75 * below for logo, below in ((240, 0x20), (200, 0x40), (40, 0x60))]
    assert seen == pytest.approx(expected, abs=4)


async def test_transparent_parts_of_the_logo_stay_transparent(studio: Studio) -> None:
    spec = {"logo": {"anchor": "center", "width_percent": 40}}
    source = studio.flat("0x406080")
    plan = await studio.edit(source, spec, logo_png(colour=(255, 0, 0, 0)))
    assert np.abs(frame(plan.output) - frame(source)).max() <= 6


async def test_a_subtitle_is_there_at_second_two_and_gone_at_second_seven(studio: Studio) -> None:
    source = studio.flat("0x303030", "360x640", seconds=9)
    plan = await studio.edit(source, cues=[Cue(1000, 6500, "¿Qué tal, señor?")])
    before, during, after = frames(plan.output, [0.5, 2, 7])
    assert is_white(during).sum() > 300  # white letters
    assert (before > 100).sum() == (after > 100).sum() == 0
    _, top, _, bottom = box_of(is_white(during))
    assert top > 640 * 0.6
    assert bottom < 640 - 480 / 3  # above TikTok's caption


@pytest.mark.parametrize(("position", "anchor"), [("bottom", "bottom_right"), ("top", "top_left")])
async def test_subtitles_make_way_for_a_logo_at_their_edge(
    studio: Studio, position: str, anchor: str
) -> None:
    spec = {"subtitles": {"position": position, "size_percent": 5}, "logo": {"anchor": anchor}}
    plan = await studio.edit(studio.flat("0x303030"), spec, logo_png(), [Cue(0, 5000, "¿Qué tal, señor?")])
    picture = frame(plan.output)
    logo, words = box_of(is_red(picture)), box_of(is_white(picture))
    assert logo[3] - logo[1] == pytest.approx(40, abs=3)  # whole: no letter on it
    assert words[3] < logo[1] if position == "bottom" else words[1] > logo[3]


async def test_letters_of_a_wide_picture_are_as_large_as_on_a_tall_one(studio: Studio) -> None:
    """A phone shows a wide clip small: per cent of its height would be too little to read."""
    heights = []
    for size in ("540x960", "960x540"):
        spec = {"subtitles": {"size_percent": 8}}
        plan = await studio.edit(studio.flat("0x303030", size), spec, cues=[Cue(0, 5000, "HHH")])
        _, top, _, bottom = box_of(is_white(frame(plan.output)))
        heights.append(bottom - top)
    assert heights[0] == pytest.approx(heights[1], abs=2)


@pytest.mark.parametrize(
    ("position", "low", "high"), [("top", 0.06, 0.3), ("middle", 0.4, 0.6), ("bottom", 0.6, 0.76)]
)
async def test_subtitles_stand_in_their_third(studio: Studio, position: str, low: float, high: float) -> None:
    spec = {"subtitles": {"position": position}}
    plan = await studio.edit(studio.flat("0x303030"), spec, cues=[Cue(0, 5000, "Hola")])
    _, top, _, bottom = box_of(is_white(frame(plan.output)))
    assert low * 960 < top
    assert bottom < high * 960


async def test_letters_outline_and_box_have_their_colours(studio: Studio) -> None:
    source = studio.flat("0x808080")
    cues = [Cue(0, 5000, "HHHHHH")]
    size = {"size_percent": 10, "colour": "#FFD000"}
    quality = {"quality": "ultra"}
    outlined = {"outline_colour": "#0000C8", "outline_percent": 20}
    plan = await studio.edit(source, {"subtitles": size | outlined, "output": quality}, cues=cues)
    picture = frame(plan.output)
    assert close(picture, (255, 208, 0)) > 500
    assert close(picture, (0, 0, 200)) > 500
    boxed = {"style": "box", "box_colour": "#00B400", "box_opacity": 1.0}
    plan = await studio.edit(source, {"subtitles": size | boxed, "output": quality}, cues=cues)
    picture = frame(plan.output)
    assert close(picture, (0, 180, 0)) > 5000
    assert close(picture, (0, 0, 200)) == 0


def close(picture: np.ndarray, colour: tuple[int, int, int]) -> int:
    """How many pixels have the colour, within what H.264 blurs."""
    return int((np.abs(picture - np.array(colour)).max(axis=2) < 24).sum())


async def test_no_box_is_burned_for_what_no_font_has(studio: Studio) -> None:
    source = studio.flat("0x303030")
    plain = await studio.edit(source, cues=[Cue(0, 5000, "abc")])
    first = frame(plain.output)
    mixed = await studio.edit(source, cues=[Cue(0, 5000, "a漢b\U0010fffdc字")])
    assert np.abs(frame(mixed.output) - first).max() <= 4


async def test_emoji_are_drawn_and_differ_from_each_other(studio: Studio) -> None:
    source = studio.flat("0x303030")
    spec = {"subtitles": {"size_percent": 12}}
    pictures = []
    for emoji in ("🚀", "😀", "❤️"):
        plan = await studio.edit(source, spec, cues=[Cue(0, 5000, emoji)])
        pictures.append((frame(plan.output) > 150).all(axis=2))
    assert all(picture.sum() > 300 for picture in pictures)
    assert (pictures[0] != pictures[1]).sum() > 300
    assert (pictures[1] != pictures[2]).sum() > 300


@pytest.mark.parametrize("colour", ["0xC03020", "0x20A040", "0x3040D0", "0x808080", "0xF0F0F0", "0x101010"])
async def test_a_pass_that_only_adds_changes_no_colour(studio: Studio, colour: str) -> None:
    source = studio.flat(colour)
    plan = await studio.edit(source, {"output": {"quality": "ultra"}}, cues=[Cue(0, 10, "x")])
    assert mean(frame(plan.output)) == pytest.approx(mean(frame(source)), abs=2)


async def test_grayscale_has_no_colour_and_keeps_its_light(studio: Studio) -> None:
    plan = await studio.edit(studio.flat("0xC03020"), {"effects": {"look": "grayscale"}})
    red, green, blue = mean(frame(plan.output))
    assert max(red, green, blue) - min(red, green, blue) < 3
    assert green == pytest.approx(0.2126 * 0xC0 + 0.7152 * 0x30 + 0.0722 * 0x20, abs=4)


async def test_sepia_is_warm_and_forgets_the_hue(studio: Studio) -> None:
    seen = []
    for colour in ("0x808080", "0x4090A0"):
        plan = await studio.edit(studio.flat(colour), {"effects": {"look": "sepia"}})
        seen.append(mean(frame(plan.output)))
    for red, green, blue in seen:
        assert red > green + 10 > blue + 20
    assert seen[0] == pytest.approx(seen[1], abs=10)


async def test_vintage_lifts_black_to_blue_and_takes_white_to_cream(studio: Studio) -> None:
    dark = mean(frame((await studio.edit(studio.flat("0x000000"), {"effects": {"look": "vintage"}})).output))
    light = mean(frame((await studio.edit(studio.flat("0xFFFFFF"), {"effects": {"look": "vintage"}})).output))
    assert dark[2] > 35
    assert dark[2] > dark[0] > dark[1]
    assert light[0] > light[2] + 25


async def test_cinematic_is_teal_below_and_orange_above(studio: Studio) -> None:
    dark = mean(
        frame((await studio.edit(studio.flat("0x303030"), {"effects": {"look": "cinematic"}})).output)
    )
    light = mean(
        frame((await studio.edit(studio.flat("0xC8C8C8"), {"effects": {"look": "cinematic"}})).output)
    )
    assert dark[2] > dark[0] + 5
    assert light[0] > light[2] + 15


async def test_vibrant_has_more_colour(studio: Studio) -> None:
    source = studio.flat("0xA06050")
    plan = await studio.edit(source, {"effects": {"look": "vibrant"}})
    assert spread(mean(frame(plan.output))) > spread(mean(frame(source))) * 1.25


def spread(colour: tuple[float, float, float]) -> float:
    return max(colour) - min(colour)


@pytest.mark.parametrize(
    ("effect", "value", "expected"),
    [
        ("brightness", 0.2, 0x60 + 51),
        ("brightness", -0.2, 0x60 - 51),
        ("contrast", 0.5, 80),
        ("contrast", -0.5, 112),
    ],
)
async def test_brightness_and_contrast_move_the_grey_as_far_as_they_say(
    studio: Studio, effect: str, value: float, expected: float
) -> None:
    plan = await studio.edit(studio.flat("0x606060"), {"effects": {effect: value}})
    assert mean(frame(plan.output))[1] == pytest.approx(expected, abs=4)


async def test_a_vignette_darkens_the_corners_and_not_the_middle(studio: Studio) -> None:
    plan = await studio.edit(studio.flat("0xA0A0A0"), {"effects": {"vignette": 0.6}})
    picture = frame(plan.output)
    assert mean(picture[:40, :40])[1] < 90
    assert mean(picture[460:500, 250:290])[1] > 150


@pytest.mark.parametrize(("turn", "corners"), [(90, "blue red"), (180, "white blue"), (270, "lime white")])
async def test_a_turned_phone_clip_comes_out_upright(studio: Studio, turn: int, corners: str) -> None:
    flat = studio.clip("-f", "lavfi", "-i", QUARTERS, *LOSSLESS, name="flat.mp4")
    source = studio.clip("-display_rotation", str(-turn), "-i", str(flat), "-c", "copy", name="turned.mp4")
    plan = await studio.edit(source, {"logo": {"anchor": "center", "width_percent": 10}}, logo_png())
    picture = frame(plan.output)
    assert picture.shape[:2] == ((540, 960) if turn in {90, 270} else (960, 540))
    upper_left, upper_right = picture[40, 40], picture[40, -40]
    names = f"{name(upper_left)} {name(upper_right)}"
    assert names == corners
    result = (await probe(plan.output)).video
    assert result is not None
    assert result.rotation == 0


def name(pixel: np.ndarray) -> str:
    red, green, blue = (value > 128 for value in pixel)
    return {(True, False, False): "red", (False, True, False): "lime", (False, False, True): "blue"}.get(
        (bool(red), bool(green), bool(blue)), "white"
    )


async def test_full_range_phone_footage_keeps_its_light(studio: Studio) -> None:
    source = studio.clip(
        "-f", "lavfi", "-i", "color=c=0xB0B0B0:s=540x960:r=30:d=0.5,format=rgb24",
        "-vf", "scale=out_color_matrix=bt709:out_range=pc,format=yuvj420p",
        "-c:v", "libx264", "-crf", "6", "-color_range", "pc", "-colorspace", "bt709",
    )  # fmt: skip
    found = (await probe(source)).video
    assert found is not None
    assert found.is_full_range
    plan = await studio.edit(source, {"logo": {"anchor": "top", "width_percent": 5}}, logo_png())
    assert mean(frame(plan.output)[400:500, 200:300]) == pytest.approx((0xB0, 0xB0, 0xB0), abs=3)
    result = (await probe(plan.output)).video
    assert result is not None
    assert (result.pix_fmt, result.range) == ("yuv420p", "tv")


async def test_wide_pixels_come_out_square(studio: Studio) -> None:
    source = studio.clip(
        "-f", "lavfi", "-i", "testsrc2=s=720x576:r=25:d=0.5", "-vf", "setsar=64/45", *LOSSLESS
    )
    plan = await studio.edit(source, cues=[Cue(0, 100, "x")])
    result = (await probe(plan.output)).video
    assert result is not None
    assert (result.width, result.height, result.sar) == (1024, 576, "1/1")


async def test_eight_thousand_pixels_become_as_many_as_tiktok_takes(studio: Studio) -> None:
    source = studio.clip(
        *("-f", "lavfi", "-i", "color=c=0x406080:s=7680x4320:r=60:d=0.03"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-threads", "1"),
    )
    plan = await studio.edit(source, {"effects": {"look": "warm"}, "output": {"quality": "low"}})
    result = (await probe(plan.output)).video
    assert result is not None
    assert (result.width, result.height, result.fps) == (4096, 2304, "60/1")


async def test_odd_sizes_become_even(studio: Studio) -> None:
    source = studio.clip(
        "-f", "lavfi", "-i", "testsrc2=s=641x363:r=30:d=0.3", "-c:v", "libx264", "-pix_fmt", "yuv444p"
    )
    result = (await probe((await studio.edit(source)).output)).video
    assert result is not None
    assert (result.width, result.height, result.pix_fmt) == (640, 362, "yuv420p")


@pytest.mark.parametrize(
    ("transfer", "levels"), [("arib-std-b67", (0.75, 0.38)), ("smpte2084", (0.58, 0.38))], ids=["HLG", "PQ"]
)
async def test_hdr_does_not_look_grey(studio: Studio, transfer: str, levels: tuple[float, float]) -> None:
    """A graphics white of 203 nits must come out near white, a mid grey near the middle (BT.2408)."""
    labels = f"setparams=colorspace=bt2020nc:color_primaries=bt2020:color_trc={transfer}:range=tv"
    seen = []
    for level in levels:  # the signal of 203 nits, and of a mid grey
        luma = round(64 + level * 876)
        source = studio.clip(
            "-f", "lavfi", "-i", "color=c=gray:s=360x640:r=30:d=0.3",
            "-vf", f"format=yuv420p10le,geq=lum={luma}:cb=512:cr=512,{labels}",
            "-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1", "-pix_fmt", "yuv420p10le",
        )  # fmt: skip
        found = (await probe(source)).video
        assert found is not None
        assert found.is_hdr
        seen.append(mean(frame((await studio.edit(source)).output, 0.1)))
    assert min(seen[0]) > 190
    assert max(seen[0]) - min(seen[0]) < 4
    assert 85 < seen[1][1] < 160


@pytest.mark.parametrize(
    ("rate", "expected"), [("15", "30/1"), ("120", "60/1"), ("24000/1001", "24000/1001"), ("60", "60/1")]
)
async def test_the_rate_comes_out_constant_and_allowed(studio: Studio, rate: str, expected: str) -> None:
    source = studio.clip("-f", "lavfi", "-i", f"testsrc2=s=360x640:r={rate}:d=1", *LOSSLESS)
    plan = await studio.edit(source, cues=[Cue(0, 100, "x")])
    found = await probe(plan.output)
    assert found.video is not None
    assert found.video.fps == found.video.nominal_fps == expected
    assert found.duration_s == pytest.approx(1.0, abs=0.08)


async def test_uneven_time_stamps_come_out_even_and_as_long(studio: Studio) -> None:
    source = studio.clip(
        "-f", "lavfi", "-i", "testsrc2=s=360x640:r=30:d=3",
        "-vf", "select=not(between(mod(n\\,30)\\,10\\,16))",
        "-fps_mode", "vfr", *LOSSLESS, name="vfr.mp4",
    )  # fmt: skip
    plan = await studio.edit(source, cues=[Cue(0, 100, "x")])
    found = await probe(plan.output)
    assert found.video is not None
    assert found.video.is_constant_rate
    assert found.duration_s == pytest.approx(3.0, abs=0.1)


async def test_karaoke_lights_the_spoken_word_and_nothing_moves(studio: Studio) -> None:
    source = studio.flat("0x303030", seconds=2)
    spec = {
        "subtitles": {"animation": "karaoke", "highlight_colour": "#FF0000", "size_percent": 8},
        "output": {"quality": "ultra"},
    }
    words = (Word(0, 1000, "HH"), Word(1000, 2000, "MM"))
    plan = await studio.edit(source, spec, cues=[Cue(0, 2000, "HH MM", words)])
    first, second = frames(plan.output, [0.5, 1.5])
    red_first, red_second = box_of(is_red(first)), box_of(is_red(second))
    assert red_first[2] <= red_second[0]  # the first word stands left of the second
    lit = [(is_red(picture) | is_white(picture)) for picture in (first, second)]
    assert box_of(lit[0]) == pytest.approx(box_of(lit[1]), abs=2)


async def test_pop_shows_one_word_at_a_time(studio: Studio) -> None:
    spec = {"subtitles": {"animation": "pop", "size_percent": 8}}
    words = (Word(0, 1000, "I"), Word(1000, 2000, "MMMMM"))
    source = studio.flat("0x303030", seconds=2)
    plan = await studio.edit(source, spec, cues=[Cue(0, 2000, "I MMMMM", words)])
    first, second = (box_of(is_white(picture)) for picture in frames(plan.output, [0.6, 1.6]))
    assert second[2] - second[0] > 5 * (first[2] - first[0])


async def test_a_text_comes_goes_and_stands_where_it_should(studio: Studio) -> None:
    text = {"text": "HHH", "x_percent": 25, "y_percent": 75, "start_s": 0.5, "end_s": 1.0, "style": "plain"}
    plan = await studio.edit(studio.flat("0x303030", seconds=1.5), {"texts": [text]})
    before, during, after = frames(plan.output, [0.3, 0.7, 1.3])
    assert before.max() < 100
    assert after.max() < 100
    left, top, right, bottom = box_of(is_white(during))
    assert (left + right) / 2 == pytest.approx(135, abs=4)
    assert (top + bottom) / 2 == pytest.approx(720, abs=12)


async def test_the_logo_fades_in_and_goes(studio: Studio) -> None:
    spec = {
        "logo": {"anchor": "center", "width_percent": 40, "start_s": 0.5, "end_s": 2, "fade_in_s": 1},
        "layout": WHOLE,
    }
    plan = await studio.edit(studio.flat("0x000000", seconds=3), spec, logo_png())
    reds = [picture[470:490, 260:280, 0].mean() for picture in frames(plan.output, [0.3, 1.0, 1.8, 2.5])]
    assert reds == pytest.approx([0, 128, 253, 0], abs=16)


async def test_a_logo_that_fades_in_for_longer_than_the_clip_does_not_lengthen_it(studio: Studio) -> None:
    spec = {"logo": {"start_s": 0.4, "fade_in_s": 2}, "output": {"fps": 30}}
    plan = await studio.edit(studio.flat("0x406080", seconds=1), spec, logo_png())
    found = (await probe(plan.output)).video
    assert found is not None
    assert found.frames == 30


async def test_the_logo_may_stand_anywhere_but_never_half_outside(studio: Studio) -> None:
    logo = {"x_percent": 30, "y_percent": 60, "width_percent": 20}
    plan = await studio.edit(studio.flat("0x406080"), {"logo": logo}, logo_png())
    assert box_of(is_red(frame(plan.output))) == pytest.approx((108, 549, 216, 603), abs=2)
    plan = await studio.edit(studio.flat("0x406080"), {"logo": logo | {"x_percent": 100}}, logo_png())
    assert box_of(is_red(frame(plan.output))) == pytest.approx((432, 549, 540, 603), abs=2)


THIRDS = (
    "color=red:s=320x540:d=0.5[a];color=lime:s=320x540:d=0.5[b];color=blue:s=320x540:d=0.5[c];"
    "[a][b][c]hstack=3"
)


@pytest.mark.parametrize(("focus", "seen"), [(0, "red"), (50, "lime"), (100, "blue")])
async def test_cropping_to_portrait_keeps_what_is_in_focus(studio: Studio, focus: int, seen: str) -> None:
    source = studio.clip("-f", "lavfi", "-i", THIRDS, *LOSSLESS)
    layout = {"target": "9:16", "fill": "crop", "focus_x_percent": focus}
    picture = frame((await studio.edit(source, {"layout": layout})).output)
    assert picture.shape[:2] == (640, 360)
    assert {name(picture[y, x]) for y in (20, 600) for x in (20, 180, 340)} == {seen}


async def test_a_fitted_picture_is_whole_and_its_surroundings_are_its_own_blur(studio: Studio) -> None:
    source = studio.clip("-f", "lavfi", "-i", THIRDS, *LOSSLESS)
    picture = frame((await studio.edit(source, {"layout": {"target": "9:16"}})).output)
    assert picture.shape[:2] == (1706, 960)
    middle = picture[853]
    assert [name(middle[x]) for x in (100, 480, 860)] == ["red", "lime", "blue"]
    above = picture[200]
    red, green, blue = (int(value) for value in above[480])  # the middle of an enlarged picture: dimmed green
    assert 120 < green < 230
    assert max(red, blue) < 60
    assert np.abs(np.diff(above[:, 1].astype(int))).max() < 12  # no edge anywhere: it is out of focus


async def test_a_solid_background_has_its_colour(studio: Studio) -> None:
    source = studio.flat("0x808080", "960x540")
    layout = {"target": "1:1", "background": "solid", "background_colour": "#C04020"}
    picture = frame((await studio.edit(source, {"layout": layout, "output": {"quality": "ultra"}})).output)
    assert mean(picture[:200]) == pytest.approx((0xC0, 0x40, 0x20), abs=4)
    assert mean(picture[220:740]) == pytest.approx((0x80, 0x80, 0x80), abs=3)


async def test_an_image_background_surrounds_the_picture(studio: Studio) -> None:
    source = studio.flat("0x808080", "960x540")
    layout = {"target": "1:1", "background": "image", "background_key": KEY}
    spec = {"layout": layout, "output": {"quality": "ultra"}}
    plan = await studio.edit(source, spec, background=logo_png((300, 300), (20, 120, 200, 255)))
    picture = frame(plan.output)
    assert mean(picture[:200]) == pytest.approx((20, 120, 200), abs=4)
    assert mean(picture[220:740]) == pytest.approx((0x80, 0x80, 0x80), abs=3)


async def test_the_rate_and_the_bitrate_are_kept_to(studio: Studio) -> None:
    noise = "testsrc2=s=540x960:r=30:d=4,noise=alls=80:allf=t"
    source = studio.clip("-f", "lavfi", "-i", noise, "-c:v", "libx264", "-preset", "ultrafast", "-crf", "24")
    plan = await studio.edit(source, {"output": {"fps": 25, "max_bitrate_kbps": 1000}})
    found = await probe(plan.output)
    assert found.video is not None
    assert found.video.fps == "25/1"
    assert found.video.bit_rate is not None
    assert found.video.bit_rate < 1_300_000
