"""What a process uses of services that bill: counted where it leaves us, told to nobody until asked.

A process makes one meter and hands it to its clients. Whoever owns the meter takes the counts away from time
to time and adds them to the day's (`services.write_meter`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum


class Used(StrEnum):
    """What is counted."""

    REDIS_COMMANDS = "redis_commands"
    S3_WRITES = "s3_writes"
    """PUT, COPY, POST and LIST requests: class A on R2."""
    S3_READS = "s3_reads"
    """GET, HEAD and all others but DELETE: class B on R2."""
    S3_BYTES_IN = "s3_bytes_in"
    S3_BYTES_OUT = "s3_bytes_out"


class Meter:
    """Counts since the last `take`."""

    def __init__(self) -> None:
        self._counts: Counter[Used] = Counter()

    def add(self, what: Used, amount: int = 1) -> None:
        """Count something that is on its way out."""
        self._counts[what] += amount

    def take(self) -> Mapping[Used, int]:
        """The counts, which begin again at nothing."""
        counts, self._counts = self._counts, Counter()
        return {what: amount for what, amount in counts.items() if amount}

    def give_back(self, counts: Mapping[Used, int]) -> None:
        """Add counts that could not be written down."""
        self._counts.update(counts)
