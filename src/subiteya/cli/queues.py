"""`subiteya queues …`: look at the queues and act on them, from a terminal."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import typer
from rich.console import Console

from subiteya.cli.access import stack_settings
from subiteya.cli.queues_view import job_json, job_parts, queue_parts, queue_values
from subiteya.cli.running import fail, language, run
from subiteya.domain.errors import NotFound, WrongState
from subiteya.queue import operate
from subiteya.queue.names import QueueName
from subiteya.queue.queues import Queues
from subiteya.services.audit import OPERATOR, audited
from subiteya.services.operate_queue import drain_queue, promote_job
from subiteya.services.rerun_job import failed_jobs, rerun_job
from subiteya.services.resources import Resources, open_resources
from subiteya.services.view_queues import view_job, view_queues

_T = TypeVar("_T")

ACTOR: Final = OPERATOR.word
"""Who did it, in timelines."""


class Ended(StrEnum):
    """BullMQ's lists of ended jobs."""

    COMPLETED = "completed"
    FAILED = "failed"


JobId = Annotated[str, typer.Argument(help="edit-<video id> or upload-<post id>.")]
OneQueue = Annotated[QueueName, typer.Argument(help="Which queue.")]
MaybeQueue = Annotated[QueueName | None, typer.Argument(help="Which queue; both when missing.")]
AsJson = Annotated[bool, typer.Option("--json", help="JSON for scripts.")]


def list_queues(as_json: AsJson = False) -> None:
    """Show both queues: counts in Redis and in the rows, whether they are paused, and their workers."""
    views = run(_with(view_queues))
    if as_json:
        _print_json({"queues": [queue_values(view) for view in views]})
        return
    console = Console()
    for part in queue_parts(views, language()):
        console.print(part)


def show(job: JobId, as_json: AsJson = False) -> None:
    """Show one job: its row, where Redis has it, and its last events."""
    view = run(_with(lambda resources: view_job(resources, job)))
    if as_json:
        _print_json(job_json(view))
        return
    console = Console()
    for part in job_parts(view, language()):
        console.print(part)


def pause(queue: MaybeQueue = None) -> None:
    """Let no worker take another job; jobs in hand go on."""
    run(_with(lambda resources: _each(resources, "pause", queue, operate.pause)))
    _say(f"{_named(queue)}: paused", f"{_named(queue)}: en pausa")


def resume(queue: MaybeQueue = None) -> None:
    """Let workers take jobs again."""
    run(_with(lambda resources: _each(resources, "resume", queue, operate.resume)))
    _say(f"{_named(queue)}: running", f"{_named(queue)}: en marcha")


def retry(
    job: Annotated[str | None, typer.Argument(help="edit-<video id> or upload-<post id>.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All jobs that failed for good.")] = False,
    queue: Annotated[QueueName | None, typer.Option(help="With --failed: only of this queue.")] = None,
) -> None:
    """Run a job again that failed, finished or was called off, with fresh attempts.

    A post that TikTok may have is asked about first, and a posted one is never sent again.
    """
    if (job is None) is not failed:
        raise typer.BadParameter("name one job, or say --failed")
    if job is not None:
        run(_with(lambda resources: _retry(resources, job)))
        _say(f"{job} is queued again", f"{job} está en cola de nuevo")
        return
    again, left = run(_with(lambda resources: _retry_failed(resources, queue)))
    _say(
        f"{len(again)} queued again, {len(left)} left alone",
        f"{len(again)} en cola de nuevo, {len(left)} sin tocar",
    )
    for job_id in left:
        typer.echo(f"  {job_id}")


def promote(job: JobId) -> None:
    """Run a job now that waits for its time or its next retry. A window of its account still holds."""
    if run(_with(lambda resources: _promote(resources, job))):
        _say(f"{job} goes now", f"{job} sale ahora")
    else:
        _say(f"{job} is due already and waits for a worker", f"{job} ya puede salir y espera un trabajador")


def clean(
    queue: MaybeQueue = None,
    state: Annotated[Ended, typer.Option(help="Which ended jobs.")] = Ended.COMPLETED,
    older_than: Annotated[float, typer.Option(min=0, help="Minutes since they ended, at least.")] = 0,
) -> None:
    """Forget ended jobs in Redis. Their rows and timelines stay, and they can still be run again."""

    async def work(resources: Resources) -> int:
        removed = 0
        for name in _names(queue):
            async with audited(resources, OPERATOR, "clean", name, state=state.value) as kept:
                gone = await operate.clean(resources.queues, name, state.value, older_than * 60)
                kept["done"] = len(gone)
            removed += len(gone)
        return removed

    number = run(_with(work))
    _say(f"removed from Redis: {number}", f"fuera de Redis: {number}")


def drain(
    queue: OneQueue,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Call off all jobs of a queue that wait: their videos or posts become CANCELLED.

    What runs, what its owner scheduled, and what TikTok may have already is left alone.
    """
    spanish = language() == "es"
    question = f"¿Cancelar todo lo que espera en {queue}?" if spanish else f"Call off all of {queue}?"
    if not yes and not typer.confirm(question):
        fail("Nada cambió." if spanish else "Nothing was changed.")
    gone, left = run(_with(lambda resources: _drain(resources, queue)))
    _say(f"{gone} called off, {left} left alone", f"{gone} cancelados, {left} sin tocar")


async def _with(work: Callable[[Resources], Awaitable[_T]]) -> _T:
    """Do something with the engines of the stack here, or of the environment."""
    async with open_resources(stack_settings()) as resources:
        return await work(resources)


async def _each(
    resources: Resources,
    action: str,
    queue: QueueName | None,
    work: Callable[[Queues, QueueName], Awaitable[None]],
) -> None:
    for name in _names(queue):
        async with audited(resources, OPERATOR, action, name):
            await work(resources.queues, name)


async def _retry(resources: Resources, job: str) -> None:
    async with audited(resources, OPERATOR, "retry", job):
        await rerun_job(resources, job, actor=ACTOR)


async def _promote(resources: Resources, job: str) -> bool:
    async with audited(resources, OPERATOR, "promote", job):
        return await promote_job(resources, job, actor=ACTOR)


async def _drain(resources: Resources, queue: QueueName) -> tuple[int, int]:
    async with audited(resources, OPERATOR, "empty", queue) as kept:
        gone, left = await drain_queue(resources, queue, actor=ACTOR)
        kept.update(done=gone, left=left)
        return gone, left


async def _retry_failed(resources: Resources, queue: QueueName | None) -> tuple[list[str], list[str]]:
    again: list[str] = []
    left: list[str] = []
    for job_id in await failed_jobs(resources, queue):
        try:
            await _retry(resources, job_id)
        except (WrongState, NotFound):
            left.append(job_id)
        else:
            again.append(job_id)
    return again, left


def _names(queue: QueueName | None) -> Sequence[QueueName]:
    return tuple(QueueName) if queue is None else (queue,)


def _named(queue: QueueName | None) -> str:
    return ", ".join(_names(queue))


def _say(english: str, spanish: str) -> None:
    Console().print(spanish if language() == "es" else english, highlight=False, soft_wrap=True)


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))
