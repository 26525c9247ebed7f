"""An upload worker that dies by SIGKILL at a point of its way that a file names.

Takes `start` on its standard input, forks a real `subiteya worker upload`, and says `started PID` and, when
that is dead, `ended STATUS`. Modules are loaded once, so that a life costs no start of an interpreter.

The folder that it is given holds `order` (where to die: `Order` as JSON) and `passed`, to which each point
that is passed is added. Points lie before and after every commit that writes, every question to TikTok
(after it was answered, before the answer is seen), every chunk, every block of it that was read from S3 and
that went to TikTok, and every move of the job in Redis.
"""

from __future__ import annotations

import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
from bullmq.backends.redis_backend import RedisBackend
from pydantic import SecretStr, TypeAdapter
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from subiteya.cli.worker_upload import worker_upload
from subiteya.db.database import Database
from subiteya.domain import chunks
from subiteya.domain.chunks import Chunk, ChunkPlan
from subiteya.tiktok.transfer import ChunkSender, Sent

CHUNK = 5_242_880
"""The smallest chunk that TikTok takes, so that a file of three chunks is small."""
COMMITS = frozenset(
    {
        "_take",
        "_write",
        "Ledger.start",
        "Ledger._write_now",
        "Tokens.access",
        "Confirmer._claim_due",
        "Confirmer._told",
        "start_due_posts",
        "deliver",
    }
)
"""Who commits what the journey is made of; heartbeats and leases are left out."""


@dataclass(frozen=True, slots=True)
class Order:
    """Where to die: when the point `name` is passed for the `number`-th time in this round."""

    round: int
    name: str = ""
    number: int = 0

    def write(self, folder: Path) -> None:
        """Make it the order that counts."""
        new = folder / "order.new"
        new.write_bytes(_ORDER.dump_json(self))
        new.replace(folder / "order")


_ORDER = TypeAdapter(Order)


class Points:
    """Counts the points that are passed, tells of each, and dies at the one it was told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._round = -1
        self._counts: Counter[str] = Counter()

    def reach(self, name: str) -> None:
        """Be at a point, perhaps for the last time."""
        order = _ORDER.validate_json((self._folder / "order").read_bytes())
        if order.round != self._round:
            self._round = order.round
            self._counts.clear()
        self._counts[name] += 1
        here = Order(order.round, name, self._counts[name])
        with (self._folder / "passed").open("a") as file:
            file.write(f"{here.round}\t{here.name}\t{here.number}\n")
        if asdict(here) == asdict(order):
            os.kill(os.getpid(), signal.SIGKILL)


def watch(points: Points) -> None:
    """Put points into the code that this process runs."""
    _watch_commits(points)
    _watch_questions(points)
    _watch_chunks(points)
    _watch_queue(points)


def _watch_commits(points: Points) -> None:
    real = Database.begin

    @asynccontextmanager
    async def begin(database: Database, who: str) -> AsyncIterator[AsyncSession]:
        async with real(database) as session:
            yield session
            await session.flush()
            writes = await session.scalar(text("SELECT pg_current_xact_id_if_assigned()")) is not None
            if writes:
                points.reach(f"commit {who}: before")
        if writes:
            points.reach(f"commit {who}: after")

    def choose(database: Database) -> AbstractAsyncContextManager[AsyncSession]:
        who = sys._getframe(1).f_code.co_qualname  # noqa: SLF001 - who commits, without a change to the code
        return begin(database, who) if who in COMMITS else real(database)

    _put(Database, "begin", choose)


def _watch_questions(points: Points) -> None:
    real = httpx2.AsyncClient.send

    async def send(client: httpx2.AsyncClient, request: httpx2.Request, **options: Any) -> httpx2.Response:
        points.reach(f"ask {request.url.path}: before")
        response = await real(client, request, **options)
        points.reach(f"ask {request.url.path}: answered")
        return response

    _put(httpx2.AsyncClient, "send", send)


def _watch_chunks(points: Points) -> None:
    real = ChunkSender.send

    async def send(
        sender: ChunkSender,
        upload_url: SecretStr,
        plan: ChunkPlan,
        chunk: Chunk,
        body: AsyncIterable[bytes],
        *,
        content_type: str = "video/mp4",
    ) -> Sent:
        name = f"chunk {chunk.first // plan.chunk_size + 1}"
        points.reach(f"{name}: before")
        blocks = _blocks(points, name, body)
        sent = await real(sender, upload_url, plan, chunk, blocks, content_type=content_type)
        points.reach(f"{name}: answered")
        return sent

    _put(ChunkSender, "send", send)
    _put(chunks, "MAX_SINGLE", CHUNK)
    _put(chunks, "CHUNK_SIZE", CHUNK)


async def _blocks(points: Points, name: str, body: AsyncIterable[bytes]) -> AsyncGenerator[bytes]:
    try:
        async for block in body:
            points.reach(f"{name}: block read")
            yield block
            points.reach(f"{name}: block sent")
    finally:
        if isinstance(body, AsyncGenerator):
            await body.aclose()


def _watch_queue(points: Points) -> None:
    for move in ("moveToActive", "moveToCompleted", "moveToDelayed", "moveToFailed"):
        _put(RedisBackend, move, _moving(points, move, getattr(RedisBackend, move)))


def _moving(points: Points, move: str, real: Callable[..., Any]) -> Callable[..., Any]:
    async def moving(*args: Any, **options: Any) -> Any:
        takes = move == "moveToActive"
        if not takes:
            points.reach(f"queue {move}: before")
        result = await real(*args, **options)
        if not takes or (result and result[0]):
            points.reach(f"queue {move}: after")
        return result

    return moving


def _put(owner: object, name: str, value: object) -> None:
    setattr(owner, name, value)


def main(folder: Path) -> None:
    """Give lives until the standard input ends."""
    watch(Points(folder))
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # its log is not our answer
            worker_upload()
            os._exit(0)
        print("started", pid, flush=True)
        print("ended", os.waitpid(pid, 0)[1], flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
