"""Colours and textures after a real edit."""

from __future__ import annotations

import subprocess
from typing import Any

import numpy as np
import pytest

from integration.media.studio import KEY, LOSSLESS, Pixels, Studio, frame, frames, patches

CHART = ("0x202020", "0x606060", "0xA0A0A0", "0xE0E0E0", "0xB04030", "0x3050B0")
DARK, DIM, LIGHT, BRIGHT, RED, BLUE = range(6)
ULTRA = {"quality": "ultra"}
CUBE = KEY.replace(".png", ".cube")


async def chart(studio: Studio, effects: dict[str, Any], **files: Any) -> list[tuple[float, float, float]]:
    plan = await studio.edit(studio.chart(*CHART), {"effects": effects, "output": ULTRA}, **files)
    return patches(plan.output)


async def test_a_stop_doubles_the_light(studio: Studio) -> None:
    seen = await chart(studio, {"exposure": 1})
    assert seen[DIM] == pytest.approx([255 * (2 * (0x60 / 255) ** 2.2) ** (1 / 2.2)] * 3, abs=3)
    assert min(seen[BRIGHT]) > 250


async def test_temperature_warms_and_cools_and_leaves_black(studio: Studio) -> None:
    warm, cold = [await chart(studio, {"temperature": value}) for value in (0.8, -0.8)]
    assert warm[LIGHT][0] > 0xA0 + 12
    assert warm[LIGHT][2] < 0xA0 - 12
    assert cold[LIGHT][2] > 0xA0 + 12
    assert max(warm[DARK]) - min(warm[DARK]) < 10


async def test_tint_goes_to_green_and_to_magenta(studio: Studio) -> None:
    magenta, green = [await chart(studio, {"tint": value}) for value in (0.8, -0.8)]
    assert magenta[LIGHT][1] < min(magenta[LIGHT][0], magenta[LIGHT][2]) - 15
    assert green[LIGHT][1] > max(green[LIGHT][0], green[LIGHT][2]) + 15


async def test_shadows_and_highlights_move_their_own_part(studio: Studio) -> None:
    lifted, held = [await chart(studio, wish) for wish in ({"shadows": 1}, {"highlights": -1})]
    assert lifted[DARK][0] > 0x20 + 12
    assert lifted[BRIGHT][0] == pytest.approx(0xE0, abs=5)
    assert held[LIGHT][0] < 0xA0 - 18
    assert held[DARK][0] == pytest.approx(0x20, abs=6)


async def test_half_a_turn_of_the_hue_swaps_red_and_cyan(studio: Studio) -> None:
    red, green, blue = (await chart(studio, {"hue": 180}))[RED]
    assert green > red + 40
    assert blue > red + 40


async def test_hue_and_saturation_work_together(studio: Studio) -> None:
    seen = await chart(studio, {"hue": 90, "saturation": -1})
    assert max(seen[RED]) - min(seen[RED]) < 3


@pytest.mark.parametrize(("look", "warmer"), [("warm", True), ("cool", False)])
async def test_warm_and_cool_lean_where_they_say(studio: Studio, look: str, warmer: bool) -> None:
    red, _, blue = (await chart(studio, {"look": look}))[LIGHT]
    assert (red > blue + 10) is warmer
    assert (blue > red + 10) is not warmer


async def test_dramatic_and_black_and_white_deepen_shadows_and_lift_lights(studio: Studio) -> None:
    for look in ("dramatic", "black_and_white"):
        seen = await chart(studio, {"look": look})
        assert seen[DARK][0] < 0x20 - 8
        assert seen[BRIGHT][0] > 0xE0 + 6
    assert max(seen[RED]) - min(seen[RED]) < 3


def swap_red_and_blue() -> bytes:
    steps = [at / 3 for at in range(4)]
    lines = [f"{blue} {green} {red}" for blue in steps for green in steps for red in steps]
    return ('TITLE "swap"\nLUT_3D_SIZE 4\n' + "\n".join(lines)).encode()


async def test_a_cube_file_is_applied_as_far_as_its_strength(studio: Studio) -> None:
    whole = await chart(studio, {"lut_key": CUBE}, lut=swap_red_and_blue())
    assert whole[RED] == pytest.approx((0x30, 0x40, 0xB0), abs=4)
    half = await chart(studio, {"lut_key": CUBE, "lut_strength": 0.5}, lut=swap_red_and_blue())
    assert half[RED] == pytest.approx((0x70, 0x40, 0x70), abs=6)


def edges(picture: Pixels) -> float:
    """How much neighbouring pixels differ where they differ most."""
    return float(np.percentile(np.abs(np.diff(picture[..., 1], axis=1)), 98))


async def test_sharpen_makes_edges_crisper_and_blur_softer(studio: Studio) -> None:
    soft_grey = "testsrc2=s=540x960:r=30:d=0.3,format=gray,lutyuv=y=val/2+60,gblur=sigma=1.5"
    source = studio.clip("-f", "lavfi", "-i", soft_grey, *LOSSLESS)
    plain = edges(frame(source))
    sharp = await studio.edit(source, {"effects": {"sharpen": 1}, "output": ULTRA})
    assert edges(frame(sharp.output)) > plain * 1.2
    soft = await studio.edit(source, {"effects": {"blur": 1}, "output": ULTRA})
    assert edges(frame(soft.output)) < plain * 0.6


async def test_grain_moves_and_denoise_takes_noise_away(studio: Studio) -> None:
    grey = studio.flat("0x808080")
    grainy = await studio.edit(grey, {"effects": {"grain": 0.5}, "output": ULTRA})
    one, other = frames(grainy.output, [0.1, 0.3])
    assert one.std() > 3
    assert np.abs(one - other).mean() > 3
    noisy = studio.clip(
        "-f", "lavfi", "-i", "color=c=0x808080:s=540x960:r=30:d=0.5,noise=c0s=10:c0f=t", *LOSSLESS
    )
    before = frame(noisy, 0.3).std()
    clean = await studio.edit(noisy, {"effects": {"denoise": 1}, "output": ULTRA})
    assert frame(clean.output, 0.3).std() < before * 0.6


async def test_a_shaky_picture_becomes_steadier(studio: Studio) -> None:
    shaken = studio.clip(
        "-f", "lavfi", "-i", "testsrc2=s=640x960:r=30:d=0.1", "-frames:v", "1", name="still.png"
    )
    source = studio.clip(
        "-loop", "1", "-framerate", "30", "-t", "2", "-i", str(shaken),
        "-vf", "crop=540:860:x='50+14*sin(n*0.9)+6*sin(n*2.1)':y='50+12*cos(n*0.7)'", *LOSSLESS,
    )  # fmt: skip
    steady = await studio.edit(source, {"effects": {"stabilise": True}, "output": ULTRA})
    assert motion(studio, steady.output) < motion(studio, source) * 0.3


def motion(studio: Studio, path: Any) -> float:
    """Mean difference of the middles of neighbouring frames."""
    command = [
        str(studio.editor.ffmpeg), "-v", "error", "-ss", "0.5", "-i", str(path),
        "-vf", "crop=300:500,format=gray", "-f", "rawvideo", "-",
    ]  # fmt: skip
    raw = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    films = np.frombuffer(raw, np.uint8).reshape(-1, 500, 300).astype(np.int16)
    return float(np.abs(np.diff(films, axis=0)).mean())
