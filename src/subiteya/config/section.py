"""What every section of the settings shares."""

from __future__ import annotations

from typing import Final

from pydantic_settings import SettingsConfigDict

SECTION: Final = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)
"""An empty variable counts as unset, and nothing changes after the start."""
