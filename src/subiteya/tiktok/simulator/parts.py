"""The parts of one running simulator, and how a request finds them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fastapi import HTTPException
from starlette.requests import Request

from subiteya.tiktok.simulator.background import Background
from subiteya.tiktok.simulator.clock import MovableClock
from subiteya.tiktok.simulator.config import SimulatorConfig, Switches
from subiteya.tiktok.simulator.engine import Engine
from subiteya.tiktok.simulator.limits import RateWindows
from subiteya.tiktok.simulator.store import Store
from subiteya.tiktok.simulator.switchboard import Switchboard
from subiteya.tiktok.simulator.webhooks import Courier


@dataclass(frozen=True, slots=True)
class Parts:
    """What the handlers work with; `calls` counts the requests since the start, by endpoint."""

    config: SimulatorConfig
    store: Store
    clock: MovableClock
    switchboard: Switchboard
    engine: Engine
    courier: Courier
    engine_loop: Background
    courier_loop: Background
    windows: RateWindows = field(default_factory=RateWindows)
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def switches(self) -> Switches:
        """Where the switches stand now."""
        return self.switchboard.current

    def base_url(self, request: Request) -> str:
        """Return the address under which this client reaches the simulator, without a trailing slash."""
        return (self.config.public_url or str(request.base_url)).rstrip("/")

    def wake(self) -> None:
        """Let the background work look around now."""
        self.engine_loop.wake()
        self.courier_loop.wake()


def parts_of(request: Request) -> Parts:
    """Return the parts of the simulator that serves this request."""
    parts = request.app.state.parts
    if not isinstance(parts, Parts):
        raise TypeError("the app carries no simulator")
    return parts


def same_origin(request: Request) -> None:
    """Refuse a browser that acts for another site: knobs and consent are for this one's own pages.

    Raises:
        HTTPException: 403.
    """
    origin = request.headers.get("origin")
    if request.method in {"GET", "HEAD"} or origin is None:
        return
    public_url = parts_of(request).config.public_url
    own = {request.headers.get("host")} | ({urlsplit(public_url).netloc} if public_url else set())
    if urlsplit(origin).netloc not in own:
        raise HTTPException(403, "Requests from another site are not served.")
