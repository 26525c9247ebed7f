"""Older specifications become the present one: a chain of pure functions, one a version.

A pattern that was stored or sent once works for ever. A specification without a version is read as the
oldest: each step touches only what only the version before it had, so a present one passes unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from subiteya.domain.errors import BadPattern

LATEST: Final = 2
"""The version that this SubiteYa writes, and the newest that it reads."""

Raw: TypeAlias = Mapping[str, Any]
"""A specification, whole or partial, as it was decoded from JSON: not yet validated."""


def upgrade(spec: Raw) -> dict[str, Any]:
    """The same specification in the words of the present version; `spec` itself is not changed.

    Args:
        spec: Of any version; of the oldest when it does not say. What is wrong in it stays wrong.

    Raises:
        BadPattern: It is of a version that only a newer SubiteYa reads, or a field that has changed since
            holds what its version did not allow.
    """
    found = spec.get("version", 1)
    if type(found) is not int or found < 1:
        return dict(spec)  # validation says what is wrong with it
    if found > LATEST:
        raise _mistake("version", f"{found} is newer than {LATEST}, the newest that is known here")
    raw = dict(spec)
    for version in range(found, LATEST):
        raw = _STEPS[version](raw)
    if "version" in spec:
        raw["version"] = LATEST
    return raw


def _subtitles_name_their_source(spec: Raw) -> dict[str, Any]:
    """1 → 2: `subtitles.enabled` (true, false) became `subtitles.source` (none, video, auto)."""
    subtitles = spec.get("subtitles")
    if not isinstance(subtitles, Mapping) or "enabled" not in subtitles:
        return dict(spec)
    rest = {name: value for name, value in subtitles.items() if name != "enabled"}
    match subtitles["enabled"]:
        case True | False as enabled:
            return {**spec, "subtitles": {"source": "video" if enabled else "none", **rest}}
    raise _mistake("subtitles.enabled", "it must be true or false")


_STEPS: Final[Mapping[int, Callable[[Raw], dict[str, Any]]]] = {1: _subtitles_name_their_source}
"""By the version that a step begins with."""


def _mistake(field: str, why: str) -> BadPattern:
    return BadPattern(what=field, why=why, problems=[(field, why)])
