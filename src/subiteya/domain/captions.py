"""Captions as TikTok counts them.

Source: TikTok's Direct Post reference: `title` holds at most 2,200 UTF-16 runes, which is what JavaScript's
`.length` counts (one for most characters, two for an emoji), and not what Python's `len` counts.
"""

from __future__ import annotations

import re
from typing import Final

from subiteya.domain.errors import BadCaption, CaptionTooLong

MAX_UNITS: Final = 2200
"""Most UTF-16 code units in a caption."""

_LINE_BREAKS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


def utf16_units(text: str) -> int:
    """Length in UTF-16 code units."""
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)  # noqa: PLR2004 - end of the BMP


def check_caption(text: str) -> str:
    r"""The caption as it will be sent: line breaks become `\n`, nothing else is changed.

    Raises:
        BadCaption: Half an emoji (a lone surrogate) or a control character, which TikTok cannot be sent.
        CaptionTooLong: More than 2,200 UTF-16 units.
    """
    caption = _LINE_BREAKS.sub("\n", text)
    if any("\ud800" <= character <= "\udfff" for character in caption):
        raise BadCaption(what="caption", why="it holds half an emoji")
    if _CONTROL.search(caption):
        raise BadCaption(what="caption", why="it holds an invisible control character")
    units = utf16_units(caption)
    if units > MAX_UNITS:
        raise CaptionTooLong(what="caption", units=units, over=units - MAX_UNITS, limit=MAX_UNITS)
    return caption
