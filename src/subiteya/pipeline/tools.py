"""What the journeys work with: the process's connections, handed down by its worker."""

from __future__ import annotations

from dataclasses import dataclass

from subiteya.config import Settings
from subiteya.db.database import Database
from subiteya.domain.sealing import Sealer
from subiteya.queue.queues import Queues
from subiteya.storage import Storage
from subiteya.tiktok.client import TikTokClient


@dataclass(frozen=True, slots=True)
class Tools:
    """Connections of one worker process; `name` is its name in leases and events."""

    settings: Settings
    db: Database
    queues: Queues
    storage: Storage
    sealer: Sealer
    tiktok: TikTokClient
    name: str

    @property
    def actor(self) -> str:
        """How this worker signs its events."""
        return f"worker:{self.name}"
