"""What the simulator's contract tests work with: the running app, a still clock, connected creators."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from starlette.types import Receive, Scope, Send

from subiteya.tiktok.simulator import Simulator, SimulatorConfig, create_app

BASE = "http://simulator.test"
CLIENT = {"client_key": "simulator", "client_secret": "simulator-secret"}
HOOK = "https://app.test/hook"


class ManualClock:
    """Stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Receiver:
    """An app's webhook endpoint and video server: keeps what it got, answers what it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.statuses: list[int] = []
        self.videos: dict[str, bytes] = {}
        self.lets_go = asyncio.Event()
        """Cleared, it serves no video until it is set again."""
        self.lets_go.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == "GET":
            await self._serve(scope["path"], send)
            return
        body = bytearray()
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = dict(scope["headers"])
        self.got.append((headers[b"tiktok-signature"].decode(), bytes(body)))
        await _send(send, self.statuses.pop(0) if self.statuses else 200)

    async def _serve(self, path: str, send: Send) -> None:
        await self.lets_go.wait()
        if path == "/moved.mp4":
            await _send(send, 302, headers=[(b"location", b"/clip.mp4")])
        elif path in self.videos:
            await _send(send, 200, self.videos[path], [(b"content-type", b"video/mp4")])
        else:
            await _send(send, 404)

    @property
    def events(self) -> list[str]:
        return [str(json.loads(body)["event"]) for _, body in self.got]

    @property
    def contents(self) -> list[dict[str, Any]]:
        return [json.loads(json.loads(body)["content"]) for _, body in self.got]


async def _send(
    send: Send, status: int, body: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers or []})
    await send({"type": "http.response.body", "body": body})


def error_of(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


def data_of(response: httpx2.Response) -> dict[str, Any]:
    body = response.json()
    assert body["error"]["code"] == "ok", body
    data: dict[str, Any] = body["data"]
    return data


def file_source(size: int, chunk: int | None = None, count: int | None = None) -> dict[str, Any]:
    chunk = chunk or size
    return {
        "source": "FILE_UPLOAD",
        "video_size": size,
        "chunk_size": chunk,
        "total_chunk_count": count or size // chunk,
    }


@dataclass
class Person:
    """A creator who has connected the app."""

    rig: Rig
    open_id: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)

    async def post(self, path: str, body: dict[str, Any] | None = None) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {self.access}", "Content-Type": "application/json"}
        return await self.rig.client.post(f"/v2/post/publish/{path}/", headers=headers, json=body or {})

    async def creator_info(self) -> httpx2.Response:
        return await self.post("creator_info/query")

    async def init(self, source: dict[str, Any] | None = None, **post_info: Any) -> httpx2.Response:
        info = {"privacy_level": "SELF_ONLY", "title": "Hola"} | post_info
        return await self.post("video/init", {"post_info": info, "source_info": source or file_source(1_000)})

    async def draft(self, source: dict[str, Any] | None = None) -> httpx2.Response:
        return await self.post("inbox/video/init", {"source_info": source or file_source(1_000)})

    async def status(self, publish_id: str) -> dict[str, Any]:
        return data_of(await self.post("status/fetch", {"publish_id": publish_id}))

    async def publish(self, clip: bytes, **post_info: Any) -> str:
        """Post a whole small clip in one chunk and return its publish_id."""
        made = data_of(await self.init(file_source(len(clip)), **post_info))
        assert (await self.rig.put(made["upload_url"], clip)).status_code == 201
        return str(made["publish_id"])

    async def publish_draft(self, clip: bytes) -> str:
        made = data_of(await self.draft(file_source(len(clip))))
        assert (await self.rig.put(made["upload_url"], clip)).status_code == 201
        return str(made["publish_id"])


@dataclass
class Rig:
    """The running simulator and the way to it."""

    app: Simulator
    client: httpx2.AsyncClient
    clock: ManualClock
    receiver: Receiver

    async def knob(self, method: str, path: str, body: Any = None) -> Any:
        response = await self.client.request(method, f"/simulator/{path}", json=body)
        assert response.is_success, response.text
        return response.json() if response.content else None

    async def creator(self, username: str = "ana", **spec: Any) -> dict[str, Any]:
        made: dict[str, Any] = await self.knob("POST", "creators", {"username": username, **spec})
        return made

    async def connect(self, username: str = "ana", *, scopes: list[str] | None = None, **spec: Any) -> Person:
        creator = await self.creator(username, **spec)
        minted = await self.knob("POST", f"creators/{creator['open_id']}/authorize", {"scopes": scopes})
        answer = await self.token(grant_type="authorization_code", code=minted["code"])
        pair = answer.json()
        return Person(self, creator["open_id"], pair["access_token"], pair["refresh_token"])

    async def token(self, **form: str) -> httpx2.Response:
        return await self.client.post("/v2/oauth/token/", data=CLIENT | form)

    async def switch(self, **changes: Any) -> None:
        await self.knob("PATCH", "switches", changes)

    async def fault(self, **spec: Any) -> None:
        await self.knob("POST", "faults", spec)

    async def settle(self) -> None:
        await self.knob("POST", "settle")

    async def pass_time(self, seconds: float) -> None:
        """Do what is due, move the clock, do what is due then."""
        await self.settle()
        self.clock.advance(seconds)
        await self.settle()

    async def state(self) -> Any:
        return await self.knob("GET", "state")

    async def put(
        self,
        url: str,
        data: bytes,
        first: int = 0,
        total: int | None = None,
        **headers: str,
    ) -> httpx2.Response:
        """Send one chunk; `headers` with underscores replace the right ones."""
        right = {
            "Content-Type": "video/mp4",
            "Content-Range": f"bytes {first}-{first + len(data) - 1}/{total or len(data)}",
        }
        wrong = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.put(url, content=data, headers=right | wrong)


@asynccontextmanager
async def running(config: SimulatorConfig, clock: ManualClock) -> AsyncIterator[Rig]:
    """Run a simulator on this folder; its webhooks and pulls reach `rig.receiver`."""
    receiver = Receiver()
    app = create_app(config, clock=clock, transport=httpx2.ASGITransport(receiver))
    async with (
        app.running(),
        httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=BASE) as client,
    ):
        yield Rig(app, client, clock, receiver)
