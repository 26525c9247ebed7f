"""One racer of `bench/queue.py`, as producer or as worker: `_racers.py NAME ROLE SOCKET BURST DRIP`.

Guests run in an environment of their own, so each racer imports what it needs by itself. The clock is the
machine's monotonic one, which all processes share.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from importlib import import_module
from typing import Any, TypeAlias
from uuid import uuid4

CONCURRENCY = 10
WARM = 50
"""Jobs before the clock starts: connections are made, scripts are loaded."""
GAP_S = 0.03
"""Between two jobs that drip: the worker is asleep again."""


class Track:
    """Counts the jobs that ran, and prints how long the burst took and how late each drop was."""

    def __init__(self, burst: int, drip: int) -> None:
        self.burst, self.drip = burst, drip
        self._late_ms: list[float] = []
        self._begun = 0
        self._begun_cpu = 0.0
        self._lock = threading.Lock()

    def ran(self, sent: int) -> None:
        """A job that was sent at this nanosecond runs now."""
        with self._lock:
            now = time.monotonic_ns()
            self._late_ms.append((now - sent) / 1e6)
            match len(self._late_ms) - WARM:
                case 0:
                    self._begun, self._begun_cpu = now, time.process_time()
                case self.burst:
                    cpu = time.process_time() - self._begun_cpu
                    say({"seconds": (now - self._begun) / 1e9, "cpu": cpu})
                case count if count == self.burst + self.drip:
                    say({"late_ms": self._late_ms[-self.drip :]})

    async def produce(self, add: Callable[[int], Awaitable[object]]) -> None:
        """Add jobs one after the other whenever the bench says so."""
        for _ in range(WARM):
            await add(time.monotonic_ns())
        say({"ready": True})
        sys.stdin.readline()
        begun = time.monotonic_ns()
        for _ in range(self.burst):
            await add(time.monotonic_ns())
        say({"seconds": (time.monotonic_ns() - begun) / 1e9})
        sys.stdin.readline()
        for _ in range(self.drip):
            await add(time.monotonic_ns())
            await asyncio.sleep(GAP_S)


Racer: TypeAlias = Callable[[str, bool, Track], Coroutine[Any, Any, None]]
"""Takes the socket, whether it produces, and the track."""


def say(words: dict[str, Any]) -> None:
    """One line for the bench."""
    print(json.dumps(words), flush=True)


async def subiteya(socket: str, produces: bool, track: Track) -> None:
    """The queue layer of this project."""
    names, queues = import_module("subiteya.queue.names"), import_module("subiteya.queue.queues")
    settings = import_module("subiteya.config").Settings()
    queue = settings.queue.model_copy(update={"url": import_module("pydantic").SecretStr(f"unix://{socket}")})
    if produces:
        async with queues.Queues.open(queue, settings.jobs) as opened:
            await track.produce(
                lambda sent: opened.enqueue(queues.JobSpec(names.edit_job_id(uuid4()), data={"sent": sent}))
            )
        return
    done = import_module("subiteya.domain.outcome").Done()

    async def process(hand: Any) -> Any:
        track.ran(hand.data["sent"])
        return done

    worker = import_module("subiteya.queue.worker").QueueWorker(
        names.QueueName.EDIT, process, queue, name="racer", concurrency=CONCURRENCY
    )
    await worker.run()


async def bullmq(socket: str, produces: bool, track: Track) -> None:
    """BullMQ's Python port as it comes."""
    port = import_module("bullmq")
    connection = {"unix_socket_path": socket, "socket_timeout": None}
    if produces:
        queue = port.Queue("race", {"connection": connection})
        await track.produce(
            lambda sent: queue.add("job", {"sent": sent}, {"removeOnComplete": {"count": 50}})
        )
        return

    async def process(job: Any, _: str) -> None:
        track.ran(job.data["sent"])

    options = {"connection": connection, "concurrency": CONCURRENCY, "autorun": False}
    await port.Worker("race", process, options).run()


async def celery(socket: str, produces: bool, track: Track) -> None:
    """Celery with threads, since its own processes could not count together."""
    app = import_module("celery").Celery("race", broker=f"redis+socket://{socket}")
    app.conf.update(task_ignore_result=True, worker_redirect_stdouts=False)

    def job(sent: int) -> None:
        track.ran(sent)

    app.task(name="job")(job)
    if produces:

        async def add(sent: int) -> None:
            app.send_task("job", [sent])

        await track.produce(add)
    else:
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR")
        app.worker_main(["worker", "--pool=threads", f"--concurrency={CONCURRENCY}", *quiet])


async def dramatiq(socket: str, produces: bool, track: Track) -> None:
    """Dramatiq with as many threads."""
    guest, brokers = import_module("dramatiq"), import_module("dramatiq.brokers.redis")
    broker = brokers.RedisBroker(url=f"unix://{socket}")

    def job(sent: int) -> None:
        track.ran(sent)

    actor = guest.actor(job, actor_name="job", broker=broker)
    if produces:

        async def add(sent: int) -> None:
            actor.send(sent)

        await track.produce(add)
    else:
        guest.Worker(broker, worker_threads=CONCURRENCY).start()
        await asyncio.Event().wait()


async def arq(socket: str, produces: bool, track: Track) -> None:
    """Arq; it asks every half second, as it does by default."""
    connections, workers = import_module("arq.connections"), import_module("arq.worker")
    settings = connections.RedisSettings(unix_socket_path=socket)
    if produces:
        pool = await connections.create_pool(settings)
        await track.produce(lambda sent: pool.enqueue_job("job", sent))
        return

    async def job(_: Any, sent: int) -> None:
        track.ran(sent)

    functions = [workers.func(job, name="job", keep_result=0)]
    await workers.Worker(functions, redis_settings=settings, max_jobs=CONCURRENCY).async_run()


async def saq(socket: str, produces: bool, track: Track) -> None:
    """SAQ."""
    guest = import_module("saq")
    client = import_module("redis.asyncio").Redis(unix_socket_path=socket)
    queue = import_module("saq.queue.redis").RedisQueue(client)
    await queue.connect()
    if produces:
        await track.produce(lambda sent: queue.enqueue("job", sent=sent))
        return

    async def job(_: Any, *, sent: int) -> None:
        track.ran(sent)

    await guest.Worker(queue, functions=[("job", job)], concurrency=CONCURRENCY).start()


async def taskiq(socket: str, produces: bool, track: Track) -> None:
    """Taskiq on a Redis stream, whose jobs outlive a worker's death."""
    broker = import_module("taskiq_redis").RedisStreamBroker(url=f"unix://{socket}")

    async def job(sent: int) -> None:
        track.ran(sent)

    task = broker.register_task(job, "job")
    if produces:
        await broker.startup()
        await track.produce(task.kiq)
    else:
        receiver = import_module("taskiq.api")
        await receiver.run_receiver_task(broker, max_async_tasks=CONCURRENCY, run_startup=True)


RACERS: dict[str, Racer] = {
    racer.__name__: racer for racer in (subiteya, bullmq, celery, dramatiq, arq, saq, taskiq)
}


def _end_with_the_bench() -> None:
    """A worker ends when the bench does, however that ended: nobody holds the other end of its input then."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    name, role, where, *counts = sys.argv[1:]
    if role == "work":
        threading.Thread(target=_end_with_the_bench, daemon=True).start()
    asyncio.run(RACERS[name](where, role == "produce", Track(*map(int, counts))))
