"""Sizes in words."""

from __future__ import annotations

from typing import Final

_UNITS: Final = (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024))


def readable_size(size: int) -> str:
    """Bytes in the largest unit that they fill: `5 GiB`, `1.5 MiB`, `200 bytes`."""
    for unit, factor in _UNITS:
        if size >= factor:
            return f"{size / factor:.1f}".removesuffix(".0") + f" {unit}"
    return f"{size} bytes"
