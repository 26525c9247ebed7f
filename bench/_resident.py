"""Resident memory of processes and of what they start, looked at twenty times a second."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psutil

from _bench import MB

EVERY_S = 0.05
FFMPEG = "FFmpeg"
PROBE = "probe"
"""A stranger's file is read by PyAV in a Python process of its own, which lives for a moment."""


@contextmanager
def watching(roles: Mapping[int, str]) -> Iterator[dict[str, float]]:
    """Sample while in here; the dictionary holds the peaks by role, in MB.

    Args:
        roles: Role of each process by its id; more may be added meanwhile. Their children count as `FFMPEG`
            or `PROBE`.
    """
    peaks: dict[str, float] = {}
    stop = threading.Event()
    thread = threading.Thread(target=_watch, args=(roles, peaks, stop))
    thread.start()
    try:
        yield peaks
    finally:
        stop.set()
        thread.join()


def _watch(roles: Mapping[int, str], peaks: dict[str, float], stop: threading.Event) -> None:
    while not stop.wait(EVERY_S):
        for process in psutil.process_iter():
            try:
                role = roles.get(process.pid) or _role_of_child(process, roles)
                if role is not None:
                    peaks[role] = max(peaks.get(role, 0.0), process.memory_info().rss / MB)
            except psutil.Error:
                continue  # it has ended


def _role_of_child(process: psutil.Process, roles: Mapping[int, str]) -> str | None:
    if process.ppid() not in roles:
        return None
    return FFMPEG if process.name().startswith("ffmpeg") else PROBE
