"""What a pre-flight hears and sees in a source that its headers do not say.

A `Measured` is a value: it travels as JSON (`video.measured`) and holds for as long as the source does.
"""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from subiteya.domain.pattern import SoundSpec
from subiteya.domain.probe import Finding, FindingCode

QUIETEST_LUFS, LOUDEST_LUFS = -19.0, -9.0
"""Five units around the -14 LUFS that players bring everything to."""
LEAST_BAR = 0.02
"""Share of the picture's side from which on a black edge is a bar."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Region(_Value):
    """A part of a picture, in shares of its width and height from the top left corner."""

    left: float = Field(0.0, ge=0, le=1)
    top: float = Field(0.0, ge=0, le=1)
    right: float = Field(1.0, ge=0, le=1)
    bottom: float = Field(1.0, ge=0, le=1)

    @property
    def middle(self) -> tuple[float, float]:
        """Its centre."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def bars_in(self, kept: Region) -> Region | None:
        """This region as a part of `kept`, when black is left around it; None when it fills it.

        Raises:
            ValueError: `kept` is empty.
        """
        wide, high = kept.right - kept.left, kept.bottom - kept.top
        if wide <= 0 or high <= 0:
            raise ValueError("the region is empty")
        inside = Region(
            left=_within((self.left - kept.left) / wide),
            top=_within((self.top - kept.top) / high),
            right=_within((self.right - kept.left) / wide),
            bottom=_within((self.bottom - kept.top) / high),
        )
        edges = (inside.left, inside.top, 1 - inside.right, 1 - inside.bottom)
        return inside if max(edges) >= LEAST_BAR else None

    def common(self, other: Region) -> float:
        """The area that both share, 1 being the whole picture."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return max(0.0, wide) * max(0.0, high)


class Measured(_Value):
    """What was found. Measured once: a source never changes."""

    version: Literal[1] = 1
    loudness_lufs: float | None = Field(None, description="Of the whole; None without sound, or unknown.")
    lit: Region | None = Field(None, description="What black bars leave; None when nobody can tell.")

    def to_json(self) -> dict[str, object]:
        """Plain JSON values, for a jsonb column."""
        return self.model_dump(mode="json")

    @classmethod
    def from_json(cls, data: object) -> Self:
        """What `to_json` wrote."""
        return cls.model_validate(data)


def loudness_finding(measured: Measured, sound: SoundSpec) -> Finding | None:
    """Whether the clip would be much quieter or louder than its neighbours.

    Music is mixed in when the edit is made, so nobody can tell beforehand; what is brought to the target
    loudness anyway is fine.
    """
    if measured.loudness_lufs is None or sound.normalise or sound.mute or sound.music_key or not sound.volume:
        return None
    heard = measured.loudness_lufs + 20 * math.log10(sound.volume)
    if QUIETEST_LUFS <= heard <= LOUDEST_LUFS:
        return None
    return Finding(
        code=FindingCode.LOUDNESS,
        value=f"{heard:.1f} LUFS",
        limit=f"{QUIETEST_LUFS:g} … {LOUDEST_LUFS:g} LUFS",
        mended_by_edit=False,
    )


def _within(share: float) -> float:
    return min(1.0, max(0.0, share))
