"""What an edit is made of, and how it becomes files that the command reads."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from subiteya.domain.pattern import Background, MergeField, PatternSpec
from subiteya.domain.probe import Probe
from subiteya.domain.subtitles import Cue, retimed
from subiteya.media.ass import AssFile
from subiteya.media.captions import add_captions
from subiteya.media.fonts import FontLibrary
from subiteya.media.graph import Assets, Canvas, Segment
from subiteya.media.graph.logo import logo_box
from subiteya.media.logo_image import MAX_BYTES as IMAGE_BYTES
from subiteya.media.logo_image import prepare_background, prepare_logo, prepare_still
from subiteya.media.lut import MAX_BYTES as LUT_BYTES
from subiteya.media.lut import prepare_lut
from subiteya.media.probe import probe
from subiteya.media.texts import add_texts

_IMAGES = {".png", ".jpg", ".jpeg", ".webp"}


# Largest file for each field of a pattern that names one, in bytes.
ASSET_LIMITS = {
    "logo.key": IMAGE_BYTES,
    "layout.background_key": IMAGE_BYTES,
    "effects.lut_key": LUT_BYTES,
    "sound.music_key": 64 * 1024**2,
    "time.intro_key": 512 * 1024**2,
    "time.outro_key": 512 * 1024**2,
}


@dataclass(frozen=True, slots=True)
class Ingredients:
    """What one edit is made of. What the pattern names and this lacks is left out."""

    spec: PatternSpec
    probe: Probe
    source: Path
    cues: Sequence[Cue] = ()
    """On the source's clock."""
    values: Mapping[MergeField, str] = field(default_factory=dict)
    """What the fields in the pattern's texts stand for."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Local copies of `spec.asset_keys()`, by the same names, with the endings of their keys."""


def prepare_assets(
    fonts: FontLibrary, ingredients: Ingredients, canvas: Canvas, work: Path, *, edited: Canvas | None = None
) -> Assets:
    """Writes the files that the command reads. Blocking: for a thread.

    Args:
        fonts: For captions and texts.
        ingredients: What is edited.
        canvas: On which it is drawn.
        work: Where to.
        edited: The edit's canvas, of which `canvas` is a smaller copy: lines break where they will break.

    Raises:
        BadImage: The logo or the background cannot be used.
        BadInput: The .cube file cannot be used.
    """
    spec, files = ingredients.spec, ingredients.files
    logo, background, lut = None, None, None
    if (path := files.get("logo.key")) and spec.logo.is_shown:
        logo = prepare_logo(path.read_bytes(), spec.logo, canvas, work)
    wants_image = spec.layout.background is Background.IMAGE and not canvas.is_filled
    if (path := files.get("layout.background_key")) and wants_image:
        background = prepare_background(path.read_bytes(), canvas, work)
    if path := files.get("effects.lut_key"):
        lut = prepare_lut(path.read_bytes(), spec.effects.lut_strength, work)
    # Captions and texts in one file, so that one filter burns in both.
    page = edited or canvas
    texts = AssFile(page, fonts)
    shown_s = spec.time.shown_s(ingredients.probe.duration_s)
    beneath = logo_box(spec, logo.enlarged(page.width / canvas.width), page) if logo is not None else None
    add_captions(texts, retimed(ingredients.cues, spec.time.moment, shown_s), spec, beneath)
    add_texts(texts, spec, ingredients.values)
    music = files.get("sound.music_key")
    return Assets(
        source=ingredients.source.resolve(),
        logo=logo,
        texts=texts.write(work),
        background=background,
        lut=lut,
        music=music.resolve() if music is not None else None,
    )


async def prepare_segment(
    path: Path | None, image_s: float, canvas: Canvas, work: Path, name: str
) -> Segment | None:
    """An intro or outro, from a clip or an image; None without one.

    Raises:
        NotAVideo: The clip has no picture.
        BadImage: The image cannot be used.
    """
    if path is None:
        return None
    if path.suffix.lower() in _IMAGES:
        data = await asyncio.to_thread(path.read_bytes)
        still = await asyncio.to_thread(prepare_still, data, canvas, work / f"{name}.png")
        return Segment(still, image_s, None)
    found = await probe(path)
    return Segment(_absolute(path), found.duration_s, found)


def _absolute(path: Path) -> Path:
    return path.absolute()  # FFmpeg runs in the work folder
