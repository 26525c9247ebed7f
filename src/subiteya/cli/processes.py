"""What the processes of a stack have in common when they start: settings, then logs."""

from __future__ import annotations

from subiteya.cli.running import read_settings, run
from subiteya.config import Settings
from subiteya.observe.logs import configure_logs


def start_process() -> Settings:
    """Read the settings and set the logs up; what is wrong with a setting is said in a sentence."""

    async def read() -> Settings:
        return read_settings()

    settings = run(read())
    configure_logs(settings.observe)
    return settings
