"""The whole specification: parsing, merging, hashing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, ValidationError
from pydantic_core import from_json, to_json

from subiteya.domain.errors import BadPattern
from subiteya.domain.pattern.base import Section
from subiteya.domain.pattern.effects import EffectsSpec
from subiteya.domain.pattern.layout import LayoutSpec, Target
from subiteya.domain.pattern.logo import LogoSpec
from subiteya.domain.pattern.output import OutputSpec
from subiteya.domain.pattern.sound import SoundSpec
from subiteya.domain.pattern.subtitles import SubtitlesSpec
from subiteya.domain.pattern.texts import TextSpec
from subiteya.domain.pattern.time import TimeSpec
from subiteya.domain.pattern.upgrade import LATEST, upgrade

_MAX_BYTES = 65_536  # a specification is a few kB; more is a mistake or an attack


class PatternSpec(Section):
    """What an edit does to a clip. Every section may be left out; an empty one changes nothing."""

    latest: ClassVar[int] = LATEST

    version: Literal[2] = Field(2, description="Version of this format. Older ones are read as well.")
    logo: LogoSpec = Field(default_factory=LogoSpec, description="Logo.")
    texts: tuple[TextSpec, ...] = Field((), max_length=10, description="Texts on the picture.")
    subtitles: SubtitlesSpec = Field(default_factory=SubtitlesSpec, description="Burned-in subtitles.")
    effects: EffectsSpec = Field(default_factory=EffectsSpec, description="Colour and effects.")
    layout: LayoutSpec = Field(default_factory=LayoutSpec, description="Frame and safe areas.")
    time: TimeSpec = Field(default_factory=TimeSpec, description="Cut, speed, intro and outro.")
    sound: SoundSpec = Field(default_factory=SoundSpec, description="Loudness and music.")
    output: OutputSpec = Field(default_factory=OutputSpec, description="Encoding.")

    @classmethod
    def parse(cls, data: str | bytes | Mapping[str, Any]) -> Self:
        """Reads a specification of this version or an older one from JSON text or from decoded JSON.

        Raises:
            BadPattern: It does not validate; `what` names the first field at fault (`logo.opacity`), `why`
                says what is wrong, and `problems` lists all of them as (field, reason) pairs.
        """
        try:
            text = json.dumps(data, allow_nan=False) if isinstance(data, Mapping) else data
        except (TypeError, ValueError) as error:
            raise BadPattern(what="$", why=str(error), problems=[("$", str(error))]) from error
        if len(text) > _MAX_BYTES:
            why = f"longer than {_MAX_BYTES} bytes"
            raise BadPattern(what="$", why=why, problems=[("$", why)])
        try:
            return cls.model_validate_json(_upgraded(text))
        except ValidationError as error:
            problems = [
                (".".join(map(str, problem["loc"])) or "$", problem["msg"])
                for problem in error.errors(include_url=False, include_input=False, include_context=False)
            ]
            raise BadPattern(what=problems[0][0], why=problems[0][1], problems=problems) from error

    @classmethod
    def merge(cls, *layers: Mapping[str, Any]) -> Self:
        """The specification of several partial ones, later over earlier (a video's own over its account's).

        Objects merge field by field; lists and plain values replace. Each may be of another version.

        Raises:
            BadPattern: The result does not validate.
        """
        merged: dict[str, Any] = {}
        for layer in layers:
            merged = _merge(merged, upgrade(layer))
        return cls.parse(merged)

    @property
    def is_empty(self) -> bool:
        """Whether the pattern by itself changes nothing; subtitles of the video would still be burned in."""
        return (
            not self.logo.is_shown
            and not self.texts
            and self.effects.is_neutral
            and self.time.is_neutral
            and self.sound.is_neutral
            and self.layout.target is Target.ORIGINAL
        )

    def asset_keys(self) -> dict[str, str]:
        """Storage keys of the files that the edit needs, by the field that names them (`logo.key`).

        Whoever keeps or edits by a specification checks that each belongs to its user.
        """
        named = {
            "logo.key": self.logo.key,
            "layout.background_key": self.layout.background_key,
            "effects.lut_key": self.effects.lut_key,
            "sound.music_key": self.sound.music_key,
            "time.intro_key": self.time.intro_key,
            "time.outro_key": self.time.outro_key,
        }
        return {field: key for field, key in named.items() if key is not None}

    def canonical(self) -> str:
        """The one JSON text of this specification: all fields, sorted, without spaces."""
        return json.dumps(
            self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )

    @property
    def content_hash(self) -> str:
        """SHA-256 of the canonical text, in hex: equal for equal patterns."""
        return hashlib.sha256(self.canonical().encode()).hexdigest()


def _upgraded(text: str | bytes) -> str | bytes:
    """The text in the words of the present version; as it is when it holds no object."""
    try:
        raw = from_json(text)
    except ValueError:
        return text  # validation says what is wrong with it
    return to_json(upgrade(raw), inf_nan_mode="constants") if isinstance(raw, dict) else text


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for name, value in over.items():
        below = merged.get(name)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            merged[name] = _merge(below, value)
        else:
            merged[name] = value
    return merged
