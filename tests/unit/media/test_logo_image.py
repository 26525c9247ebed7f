from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import pytest
from PIL import Image

from fixtures.probes import track
from subiteya.domain.errors import BadImage
from subiteya.domain.pattern import LogoSpec, PatternSpec
from subiteya.media.graph import plan_canvas
from subiteya.media.logo_image import inspect_image, prepare_logo


def image(kind: str, size: tuple[int, int] = (400, 200), **options: object) -> bytes:
    mode = "RGB" if kind == "JPEG" else "RGBA"
    written = io.BytesIO()
    Image.new(mode, size, (255, 0, 0) if mode == "RGB" else (255, 0, 0, 255)).save(written, kind, **options)
    return written.getvalue()


@pytest.mark.parametrize(("kind", "ending"), [("PNG", ".png"), ("JPEG", ".jpg"), ("WEBP", ".webp")])
def test_the_usual_formats_are_known(kind: str, ending: str) -> None:
    facts = inspect_image(image(kind))
    assert (facts.format, facts.width, facts.height, facts.ending) == (kind, 400, 200, ending)


@pytest.mark.parametrize("data", [b"", b"<svg/>", image("PNG")[:60], image("GIF")])
def test_what_is_no_usable_image_is_refused(data: bytes) -> None:
    with pytest.raises(BadImage):
        inspect_image(data)


def test_a_bomb_is_refused_by_its_size_before_it_is_decoded() -> None:
    header = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 6, 0, 0, 0)
    claim = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    with pytest.raises(BadImage, match="million pixels"):
        inspect_image(claim + image("PNG")[33:])


def test_a_phone_photo_is_turned_upright() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6  # the orientation tag: rotate by 90 degrees
    facts = inspect_image(image("JPEG", exif=turned))
    assert (facts.width, facts.height) == (200, 400)


def test_the_logo_gets_its_share_of_the_width_and_keeps_its_shape(tmp_path: Path) -> None:
    logo = prepare_logo(
        image("PNG"), LogoSpec(width_percent=15), plan_canvas(track(), PatternSpec()), tmp_path
    )
    assert (logo.width, logo.height) == (162, 81)
    with Image.open(logo.path) as drawn:
        assert drawn.size == (162, 81)


def test_a_tall_logo_does_not_cover_the_picture(tmp_path: Path) -> None:
    logo = prepare_logo(
        image("PNG", (10, 4000)), LogoSpec(width_percent=50), plan_canvas(track(), PatternSpec()), tmp_path
    )
    assert logo.height == 960


def test_opacity_is_in_the_alpha(tmp_path: Path) -> None:
    logo = prepare_logo(image("PNG"), LogoSpec(opacity=0.5), plan_canvas(track(), PatternSpec()), tmp_path)
    with Image.open(logo.path) as drawn:
        assert drawn.getpixel((80, 40)) == (255, 0, 0, 128)
