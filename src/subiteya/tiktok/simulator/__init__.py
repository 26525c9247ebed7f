"""A TikTok of one's own: Login Kit and the Content Posting API (v2), by their documented rules.

Stand-alone: nothing else of SubiteYa is imported. `create_app(config)` returns an ASGI app; its page at `/`
shows what was posted, and knobs under `/simulator` script what may go wrong.
"""

from __future__ import annotations

from subiteya.tiktok.simulator.app import ConnectionCutError, Simulator, create_app
from subiteya.tiktok.simulator.clock import Clock
from subiteya.tiktok.simulator.config import SAMPLE_CREATORS, CreatorSpec, SimulatorConfig, Switches

__all__ = [
    "SAMPLE_CREATORS",
    "Clock",
    "ConnectionCutError",
    "CreatorSpec",
    "Simulator",
    "SimulatorConfig",
    "Switches",
    "create_app",
]
