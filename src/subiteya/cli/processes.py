"""What the processes of a stack have in common when they start: memory, settings, logs."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

from subiteya.cli.running import read_settings, run
from subiteya.config import Settings
from subiteya.observe.logs import configure_logs

_M_MMAP_THRESHOLD: Final = -3  # malloc.h of glibc
_LARGE: Final = 256 * 1024


def start_process() -> Settings:
    """Prepare this process: keep memory flat, read the settings, set the logs up.

    What is wrong with a setting is said in a sentence.
    """
    return_large_buffers()

    async def read() -> Settings:
        return read_settings()

    settings = run(read())
    configure_logs(settings.observe)
    return settings


def return_large_buffers() -> None:
    """Let memory of 256 KiB and more go back to the system as soon as it is free.

    glibc raises that border up to 32 MiB when large pieces come and go, as parts of files do with us; then
    they stay in the process in fragments: 75 MB on top of an idle edit worker instead of 30 MB. Setting the
    border fixes it (https://man7.org/linux/man-pages/man3/mallopt.3.html). Other C libraries have no such
    border, and nothing happens.
    """
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(_M_MMAP_THRESHOLD, _LARGE)
