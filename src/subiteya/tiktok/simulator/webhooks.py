"""Webhooks: what happened, signed as TikTok signs it, delivered at least once.

An event is a row from the moment it happens, in the transaction that made it happen; the courier delivers
rows. Anything but 200 is tried again with growing pauses for 72 hours.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from typing import Any

import httpx2

from subiteya.tiktok.simulator.clock import MovableClock
from subiteya.tiktok.simulator.config import SimulatorConfig, Switches
from subiteya.tiktok.simulator.records import Delivery, Publish
from subiteya.tiktok.simulator.store import Database, Store
from subiteya.tiktok.simulator.switchboard import Switchboard

COMPLETE = "post.publish.complete"
FAILED = "post.publish.failed"
INBOX_DELIVERED = "post.publish.inbox_delivered"
PUBLICLY_AVAILABLE = "post.publish.publicly_available"
NO_LONGER_PUBLIC = "post.publish.no_longer_publicaly_available"  # TikTok's spelling
AUTHORIZATION_REMOVED = "authorization.removed"

GIVE_UP_SECONDS = 72 * 3_600.0
_LONGEST_RETRY_SECONDS = 6 * 3_600.0
_ANSWER_SECONDS = 10.0
_IDLE_SECONDS = 5.0
_BATCH = 20


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """Return the value of the `TikTok-Signature` header: HMAC-SHA256 over `{timestamp}.{body}`, in hex."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},s={digest}"


def enqueue(
    db: Database,
    switches: Switches,
    *,
    client_key: str,
    open_id: str,
    event: str,
    content: dict[str, Any],
    publish_id: str | None,
    now: float,
) -> None:
    """Store an event for delivery; without an address nobody is told."""
    if switches.webhook_url is None:
        return
    body = {
        "client_key": client_key,
        "event": event,
        "create_time": int(now),
        "user_openid": open_id,
        "content": json.dumps(content, separators=(",", ":")),
    }
    delay = switches.webhook_delays.get(event, switches.webhook_delays.get("*", 0.0))
    delivery = Delivery(
        event=event,
        body=json.dumps(body, separators=(",", ":")),
        publish_id=publish_id,
        created_at=now,
        due_at=now + delay,
    )
    for _ in range(switches.webhook_copies):
        db.add(delivery)


def enqueue_publish(
    db: Database, switches: Switches, publish: Publish, event: str, now: float, **content: Any
) -> None:
    """Store an event about a publish."""
    enqueue(
        db,
        switches,
        client_key=publish.client_key,
        open_id=publish.open_id,
        event=event,
        content={"publish_id": publish.publish_id, "publish_type": publish.kind, **content},
        publish_id=publish.publish_id,
        now=now,
    )


class Courier:
    """Delivers what is due."""

    def __init__(
        self,
        config: SimulatorConfig,
        store: Store,
        clock: MovableClock,
        switchboard: Switchboard,
        outgoing: httpx2.AsyncClient,
    ) -> None:
        self._secret = config.client_secret
        self._store = store
        self._clock = clock
        self._switchboard = switchboard
        self._outgoing = outgoing
        self._delivering = asyncio.Lock()

    async def deliver_due(self) -> float:
        """Deliver what is due, in the order in which it fell due; return seconds until the next one is."""
        async with self._delivering:
            return await self._deliver_due()

    async def _deliver_due(self) -> float:
        due = await self._store.run(
            lambda db: db.all(
                Delivery,
                "WHERE delivered_at IS NULL AND dropped = 0 AND due_at <= ? ORDER BY due_at, id LIMIT ?",
                self._clock.epoch(),
                _BATCH,
            )
        )
        for delivery in due:
            await self._deliver(delivery)
        next_due = await self._store.run(
            lambda db: db.value("SELECT min(due_at) FROM delivery WHERE delivered_at IS NULL AND dropped = 0")
        )
        return _IDLE_SECONDS if next_due is None else min(1.0, float(next_due) - self._clock.epoch())

    async def _deliver(self, delivery: Delivery) -> None:
        problem = await self._post(delivery.body.encode())
        now = self._clock.epoch()
        attempts = delivery.attempts + 1
        changes: dict[str, Any] = {"attempts": attempts, "last_error": problem}
        if problem is None:
            changes["delivered_at"] = now
        elif now - delivery.created_at >= GIVE_UP_SECONDS:
            changes["dropped"] = True
        else:
            pause = self._switchboard.current.webhook_retry_seconds * 2 ** min(delivery.attempts, 30)
            changes["due_at"] = now + min(pause, _LONGEST_RETRY_SECONDS)
        await self._store.run(lambda db: db.change(Delivery, delivery.id, **changes))

    async def _post(self, body: bytes) -> str | None:
        """Return None when the app answered 200, otherwise what went wrong."""
        url = self._switchboard.current.webhook_url
        if url is None:
            return "no webhook address"
        headers = {
            "Content-Type": "application/json",
            "TikTok-Signature": signature(self._secret, int(self._clock.epoch()), body),
        }
        try:
            response = await self._outgoing.post(url, content=body, headers=headers, timeout=_ANSWER_SECONDS)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return type(error).__name__
        return None if response.status_code == httpx2.codes.OK else f"HTTP {response.status_code}"
