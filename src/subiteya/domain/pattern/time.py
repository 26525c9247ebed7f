"""Which part of the clip is shown, how fast, and what comes before and after."""

from __future__ import annotations

from pydantic import Field, model_validator

from subiteya.domain.pattern.base import ClipKey, Section


class TimeSpec(Section):
    """Cut, speed, intro and outro. Logo and texts count their seconds from where the clip itself begins."""

    trim_start_s: float = Field(0.0, ge=0, le=3600, description="Second of the source at which it begins.")
    trim_end_s: float | None = Field(
        None, gt=0, le=3600, description="Second of the source at which it ends; its end when null."
    )
    speed: float = Field(1.0, ge=0.25, le=4, description="2 is twice as fast; voices keep their pitch.")
    intro_key: ClipKey | None = Field(
        None, description="Storage key of a clip or image that comes first (assets/…); none when null."
    )
    outro_key: ClipKey | None = Field(
        None, description="Storage key of a clip or image that comes last (assets/…); none when null."
    )
    image_s: float = Field(
        2.0, ge=0.5, le=10, description="Seconds for which an intro or outro image stands."
    )
    crossfade_s: float = Field(
        0.0, ge=0, le=3, description="Seconds over which intro, clip and outro melt into each other; 0 cuts."
    )

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> TimeSpec:
        if self.trim_end_s is not None and self.trim_end_s <= self.trim_start_s:
            raise ValueError("trim_end_s must come after trim_start_s")
        return self

    @property
    def is_neutral(self) -> bool:
        """Whether the clip is shown from start to end as it is."""
        plain = self.model_copy(update={"image_s": 2.0, "crossfade_s": 0.0})
        return plain == TimeSpec()

    def shown_s(self, duration_s: float) -> float:
        """Seconds that the clip's own part lasts in the output; 0 when the source's length is unknown."""
        end = duration_s if self.trim_end_s is None else min(self.trim_end_s, duration_s or self.trim_end_s)
        return max(0.0, end - self.trim_start_s) / self.speed

    def moment(self, source_s: float) -> float:
        """When in the output a second of the source is shown, counted from the clip's own part."""
        return (source_s - self.trim_start_s) / self.speed

    def source(self, shown_s: float) -> float:
        """Which second of the source is shown at a second of the clip's own part; `moment` turned round."""
        return self.trim_start_s + shown_s * self.speed
