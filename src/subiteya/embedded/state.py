"""What runs now on a data folder, written down for the other commands: where it answers, which processes."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_settings import BaseSettings

from subiteya.config import Settings
from subiteya.embedded.errors import StackError
from subiteya.embedded.home import Home, write_private
from subiteya.embedded.identity import Identity


@dataclass(frozen=True, slots=True)
class Stack:
    """A running stack.

    Attributes:
        url: Where people find it.
        simulator_url: Where TikTok's simulator answers, when there is one.
        supervisor: The process that holds it together.
        pids: Name of each child and its process id.
        environment: What a process needs in its environment to work with it; holds secrets.
    """

    url: str
    simulator_url: str | None
    supervisor: Identity
    pids: Mapping[str, int]
    environment: Mapping[str, str] = field(repr=False)

    @property
    def settings(self) -> Settings:
        """The settings as the parts of this stack read them."""
        return settings_from(self.environment)


def save_stack(home: Home, stack: Stack) -> None:
    """Write the state file, readable by us only."""
    write_private(home.state_file, json.dumps(dataclasses.asdict(stack), indent=2))


def find_running(home: Home) -> Stack | None:
    """The stack that runs on this data folder; None when none does, whatever the file says."""
    try:
        words = json.loads(home.state_file.read_text())
        stack = Stack(**{**words, "supervisor": Identity(**words["supervisor"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return stack if stack.supervisor.alive else None


def ourselves() -> Identity:
    """The identity of this process."""
    found = Identity.of(os.getpid())
    if found is None:
        raise StackError("This system does not tell when a process was started (is /proc mounted?).")
    return found


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Settings in which these variables come before those of our own environment."""
    sections: dict[str, BaseSettings] = {}
    for name, known in Settings.model_fields.items():
        section = known.annotation
        if not isinstance(section, type) or not issubclass(section, BaseSettings):  # pragma: no cover - a bug
            raise TypeError(f"{name} is no section of settings")
        names = {str(entry.validation_alias) for entry in section.model_fields.values()}
        found: dict[str, Any] = {key: environment[key] for key in names & environment.keys()}
        sections[name] = section(**found)
    return Settings(**sections)  # type: ignore[arg-type]  # each section is of its field's own class
