"""The versions of one video: its own, and one for each account that wants it otherwise.

An account's default pattern lies under what was asked for the video itself. Accounts that end at the same
pattern, with the same words in it, share one version: its fingerprint says so.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from subiteya.domain.pattern.spec import PatternSpec
from subiteya.domain.pattern.subtitles import SubtitleSource
from subiteya.domain.pattern.texts import MergeField


@dataclass(frozen=True, slots=True)
class Version:
    """What one version is made of, as far as versions of one video differ.

    Attributes:
        spec: The whole specification.
        values: What the fields of its texts stand for; only those that it uses.
    """

    spec: PatternSpec
    values: Mapping[MergeField, str]

    @classmethod
    def of(cls, spec: PatternSpec, known: Mapping[MergeField, str]) -> Version:
        """The version of a specification, given everything that its fields may stand for."""
        used = {name for text in spec.texts for name in text.fields}
        return cls(spec, {name: value for name, value in known.items() if name in used})

    def fingerprint(self, words: str | None) -> str:
        """SHA-256 in hex: equal for versions that come out as the same clip.

        Args:
            words: The video's subtitles as they are stored; counted when the pattern shows any.
        """
        shown = self.spec.subtitles.source is not SubtitleSource.NONE
        parts = [
            self.spec.canonical(),
            json.dumps(self.values, sort_keys=True, ensure_ascii=False),
            words if shown and words is not None else "",
        ]
        # Each part by its own digest, so that no part can run on into the next.
        digests = [hashlib.sha256(part.encode()).hexdigest() for part in parts]
        return hashlib.sha256("".join(digests).encode()).hexdigest()


def said_in(spec: Mapping[str, Any]) -> dict[str, Any]:
    """What a saved specification says: all that differs from the defaults, fit to be merged over another.

    Raises:
        BadPattern: it does not validate.
    """
    return PatternSpec.parse(spec).model_dump(mode="json", exclude_defaults=True)
