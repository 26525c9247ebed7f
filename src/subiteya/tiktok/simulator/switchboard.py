"""The switches and the clock's offset as they stand now: remembered in the store, read from memory."""

from __future__ import annotations

from typing import Any

from subiteya.tiktok.simulator.clock import MovableClock
from subiteya.tiktok.simulator.config import Switches
from subiteya.tiktok.simulator.store import Database, Store


class Switchboard:
    """Where the switches stand."""

    def __init__(self, store: Store, clock: MovableClock, initial: Switches) -> None:
        self._store = store
        self._clock = clock
        self._initial = initial
        self.current = initial

    async def load(self) -> None:
        """Read what an earlier run remembered."""
        stored, offset = await self._store.run(
            lambda db: (_read(db, "switches"), _read(db, "clock_offset_seconds"))
        )
        if stored is not None:
            self.current = Switches.model_validate_json(stored)
        self._clock.offset_seconds = float(offset or 0)

    async def change(self, changes: dict[str, Any]) -> Switches:
        """Move some switches, for now and for later runs.

        Raises:
            pydantic.ValidationError: for an unknown switch or an impossible position.
        """
        changed = Switches.model_validate(self.current.model_dump() | changes)
        await self._store.run(lambda db: _write(db, "switches", changed.model_dump_json()))
        self.current = changed
        return changed

    async def advance_clock(self, seconds: float) -> None:
        """Move the clock forward."""
        offset = self._clock.offset_seconds + seconds
        await self._store.run(lambda db: _write(db, "clock_offset_seconds", str(offset)))
        self._clock.offset_seconds = offset

    def forget(self) -> None:
        """Go back to the start's positions; the caller has emptied the store."""
        self.current = self._initial
        self._clock.offset_seconds = 0.0


def _read(db: Database, key: str) -> str | None:
    value: str | None = db.value("SELECT value FROM setting WHERE key = ?", key)
    return value


def _write(db: Database, key: str, value: str) -> None:
    db.execute("INSERT OR REPLACE INTO setting (key, value) VALUES (?, ?)", key, value)
