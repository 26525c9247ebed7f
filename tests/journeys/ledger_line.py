"""A worker's way to TikTok in the ledger's world: noted, and perhaps the place where it dies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx2

from subiteya.tiktok.simulator import ConnectionCutError, Simulator


class KilledError(BaseException):
    """The worker is gone in this moment."""


@dataclass(frozen=True, slots=True)
class Death:
    """When a worker dies: at its n-th request, before it leaves or once TikTok has acted on it."""

    at_request: int
    after: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came to TikTok, by its clock."""

    at: float
    path: str
    token: str


@dataclass
class Clock:
    """TikTok's: as far ahead of ours as time was let pass."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


class Line(httpx2.AsyncBaseTransport):
    """One worker's way to TikTok; everything that goes over any line is noted in one list."""

    def __init__(self, app: Simulator, clock: Clock, asked: list[Asked], death: Death | None = None) -> None:
        self._inner = httpx2.ASGITransport(app)
        self._clock = clock
        self._asked = asked
        self._death = death
        self._requests = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self._requests += 1
        dies = self._death is not None and self._requests == self._death.at_request
        if dies and self._death is not None and not self._death.after:
            raise KilledError
        token = request.headers.get("authorization", "")
        self._asked.append(Asked(self._clock().timestamp(), request.url.path, token))
        try:
            response = await self._inner.handle_async_request(request)
            await response.aread()
        except ConnectionCutError as error:
            raise httpx2.ReadError("cut") from error
        if dies:
            raise KilledError
        return response
