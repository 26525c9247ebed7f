"""What is heard."""

from __future__ import annotations

from pydantic import Field

from subiteya.domain.pattern.base import MusicKey, Section


class SoundSpec(Section):
    """The clip's own sound, and music beneath it."""

    volume: float = Field(1.0, ge=0, le=4, description="Loudness of the clip's own sound; 1 leaves it.")
    mute: bool = Field(default=False, description="Drop the clip's own sound.")
    normalise: bool = Field(
        default=False,
        description="Bring the whole to -14 LUFS, measured first, so that its dynamics stay.",
    )
    music_key: MusicKey | None = Field(
        None, description="Storage key of background music (assets/…), looped as needed; none when null."
    )
    music_volume: float = Field(0.35, ge=0, le=2, description="Loudness of the music; 1 leaves it.")
    ducking: float = Field(0.7, ge=0, le=1, description="How far the music steps back while somebody speaks.")
    music_fade_s: float = Field(1.0, ge=0, le=10, description="Seconds over which the music comes and goes.")
    silent_track: bool = Field(
        default=False, description="Add a silent sound track to a clip that would have none."
    )

    @property
    def is_neutral(self) -> bool:
        """Whether the clip's own sound passes as it is."""
        return not (self.mute or self.normalise or self.silent_track or self.music_key or self.volume != 1)
