"""Pictures side by side, each with a word beneath."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

Tile: TypeAlias = tuple[str, Image.Image]
"""The word, and the picture."""
_PAPER, _INK = (255, 255, 255), (36, 41, 47)
_GAP, _LABEL, _LETTERS = 10, 24, 13


def lay(tiles: Sequence[Tile], font: Path, *, width: int, per_row: int) -> Image.Image:
    """One picture of all, in rows.

    Args:
        tiles: In their order.
        font: Of the words.
        width: Of each, in pixels.
        per_row: How many stand side by side.
    """
    small = [(label, _scaled(picture, width)) for label, picture in tiles]
    rows = [small[at : at + per_row] for at in range(0, len(small), per_row)]
    heights = [max(picture.height for _, picture in row) for row in rows]
    across = max(len(row) for row in rows) * (width + _GAP) - _GAP
    sheet = Image.new("RGB", (across, sum(height + _LABEL for height in heights)), _PAPER)
    pen, top, face = ImageDraw.Draw(sheet), 0, ImageFont.truetype(str(font), _LETTERS)
    for row, height in zip(rows, heights, strict=True):
        for number, (label, picture) in enumerate(row):
            left = number * (width + _GAP)
            sheet.paste(picture, (left, top + (height - picture.height) // 2))
            pen.text((left + 2, top + height + 3), label, font=face, fill=_INK)
        top += height + _LABEL
    return sheet


def _scaled(picture: Image.Image, width: int) -> Image.Image:
    if picture.width == width:
        return picture
    return picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
