"""Strangers' images (logos, backgrounds) become RGBA PNGs of exactly the size that the picture needs."""

from __future__ import annotations

import io
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from subiteya.domain.errors import BadImage
from subiteya.domain.pattern import LogoSpec
from subiteya.media.graph.assets import LogoImage
from subiteya.media.graph.canvas import Canvas

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
_FORMATS = ("PNG", "JPEG", "WEBP")
_ENDINGS = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
_ONE_AT_A_TIME = threading.Lock()
"""Of the images that strangers bring: one of the most pixels takes 160 MB for a moment."""
HEAD = 4096
"""Bytes by which a format is told; an SVG may begin with comments."""
_ON_ITS_SIDE = frozenset({5, 6, 7, 8})  # EXIF orientations that exchange width and height
_TALLEST = 0.5  # of the picture's height: a narrow, tall logo must not cover the person


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What an image file holds. Sizes in pixels, as it is seen."""

    format: str
    """PNG, JPEG or WEBP."""
    width: int
    height: int

    @property
    def ending(self) -> str:
        """The file name's ending, with its dot."""
        return _ENDINGS[self.format]

    @property
    def content_type(self) -> str:
        """The media type."""
        return f"image/{self.format.lower()}"


def inspect_image(data: bytes) -> ImageFacts:
    """Decodes the image once, to know that it can be used. Blocking: for a thread.

    Raises:
        BadImage: Too large, of another format, or broken.
    """
    with _ONE_AT_A_TIME, _opened(data) as image:
        image.load()
        width, height = image.size
        if image.getexif().get(ExifTags.Base.Orientation) in _ON_ITS_SIDE:
            width, height = height, width
        return ImageFacts(image.format or "PNG", width, height)


def prepare_logo(data: bytes, spec: LogoSpec, canvas: Canvas, work: Path) -> LogoImage:
    """Writes the logo into the work folder: upright, RGBA, resized, opacity in its alpha. Blocking.

    Raises:
        BadImage: Too large, of another format, or broken.
    """
    image = _load(data)
    width, height = logo_size(image.size, spec, canvas)
    # Premultiplied while resizing, or the colour of invisible pixels bleeds into the edge.
    image = image.convert("RGBa").resize((width, height), Image.Resampling.LANCZOS).convert("RGBA")
    if spec.opacity < 1:
        image.putalpha(image.getchannel("A").point(lambda alpha: round(alpha * spec.opacity)))
    path = work / "logo.png"
    image.save(path, compress_level=1)
    return LogoImage(path, width, height)


def logo_size(image: tuple[int, int], spec: LogoSpec, canvas: Canvas) -> tuple[int, int]:
    """Width and height in the output of a logo whose image has this width and height."""
    width = max(1, round(canvas.width * spec.width_percent / 100))
    height = max(1, round(image[1] * width / image[0]))
    if height > canvas.height * _TALLEST:
        height = round(canvas.height * _TALLEST)
        width = max(1, round(image[0] * height / image[1]))
    return width, height


def prepare_background(data: bytes, canvas: Canvas, work: Path) -> Path:
    """Writes an image that covers the frame, cropped to it, with a hole where the picture lies. Blocking.

    Raises:
        BadImage: Too large, of another format, or broken.
    """
    under = _covering(data, canvas)
    hole = canvas.picture
    under.paste((0, 0, 0, 0), (hole.x, hole.y, hole.x + hole.width, hole.y + hole.height))
    path = work / "background.png"
    under.save(path, compress_level=1)
    return path


def prepare_still(data: bytes, canvas: Canvas, path: Path) -> Path:
    """Writes an image that covers the frame, cropped to it. Blocking.

    Raises:
        BadImage: Too large, of another format, or broken.
    """
    _covering(data, canvas).convert("RGB").save(path, compress_level=1)
    return path


def _covering(data: bytes, canvas: Canvas) -> Image.Image:
    image = _load(data)
    frame = ImageOps.fit(image, (canvas.width, canvas.height), Image.Resampling.LANCZOS)
    under = Image.new("RGBA", frame.size, (0, 0, 0, 255))
    under.alpha_composite(frame)
    return under


def _load(data: bytes) -> Image.Image:
    with _opened(data) as opened:
        return ImageOps.exif_transpose(opened).convert("RGBA")


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """The image, not decoded yet; whatever is wrong with it then comes out as BadImage."""
    if len(data) > MAX_BYTES:
        raise BadImage(why=f"it is larger than {MAX_BYTES // 1024**2} MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is checked below
            opened = Image.open(io.BytesIO(data), formats=_FORMATS)
        if opened.width * opened.height > MAX_PIXELS:
            raise BadImage(why=f"it has more than {MAX_PIXELS // 1_000_000} million pixels")
        yield opened
    except UnidentifiedImageError as error:
        raise BadImage(why=foreign_image(data[:HEAD]) or "it is neither PNG nor JPEG nor WebP") from error
    except Image.DecompressionBombError as error:
        raise BadImage(why=f"it has more than {MAX_PIXELS // 1_000_000} million pixels") from error
    except (OSError, ValueError, SyntaxError) as error:
        raise BadImage(why="it is broken") from error


def foreign_image(head: bytes) -> str | None:
    """Why an image of another format that people try is refused; None when its first bytes are of none."""
    if b"<svg" in head.lower():
        return "it is an SVG drawing; export it as PNG"
    if head.startswith(b"GIF8"):
        return "it is a GIF; save it as PNG"
    if head[4:8] == b"ftyp" and head[8:12] in {b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis"}:
        return "it is a HEIC or AVIF photo; save it as JPEG or PNG"
    return None
