"""BullMQ's Python port: the version that was tried out is installed, and what it does badly is not used."""

from __future__ import annotations

import ast
import inspect
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
from bullmq import Queue
from pydantic import SecretStr

from subiteya.config import QueueSettings
from subiteya.domain.outcome import Done, Outcome
from subiteya.queue.hand import JobInHand
from subiteya.queue.names import QueueName
from subiteya.queue.worker import QueueWorker

ROOT = Path(__file__).parents[3]
SOURCES = sorted((ROOT / "src" / "subiteya").rglob("*.py"))
AVOIDED = {
    # never wakes up before an idle wait is over
    "limiter",
    "rateLimit",
    "setGlobalRateLimit",
    "setGlobalConcurrency",
    # loses events when it connects again, and ends for good on an error
    "QueueEvents",
    # children are added by their rows, one by one, while their parent runs
    "FlowProducer",
    # three commands a line
    "job.log",
    # the same TypeError for a job that is gone as for a mistake
    "job.changePriority",
    # needs lines of its own in Redis, which a hosted one bills; the sweep's clock is PostgreSQL's
    "upsertJobScheduler",
}


async def nothing(_: JobInHand) -> Outcome:
    return Done()


@pytest.mark.parametrize("package", ["bullmq", "redis"])
def test_the_version_that_was_tried_out_is_the_one_that_is_installed(package: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert f"{package}=={version(package)}" in project["dependencies"]


def test_what_the_port_does_badly_is_not_used() -> None:
    used: dict[str, str] = {}
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            for name in words_of(node):
                used[name] = source.name
    assert {name: where for name, where in used.items() if name in AVOIDED} == {}
    assert "Worker" in used, "nothing of the port was found at all"


def words_of(node: ast.AST) -> list[str]:
    """The names that a node calls, imports or gives as an option."""
    match node:
        case ast.Attribute(value=ast.Name(id=owner), attr=attr):
            return [attr, f"{owner}.{attr}"]
        case ast.Attribute(attr=attr):
            return [attr]
        case ast.ImportFrom(module="bullmq", names=names):
            return [alias.name for alias in names]
        case ast.Dict(keys=keys):
            return [str(key.value) for key in keys if isinstance(key, ast.Constant)]
        case ast.keyword(arg=str(arg)):
            return [arg]
    return []


def test_a_worker_may_be_made_before_a_loop_runs() -> None:
    settings = QueueSettings().model_copy(update={"url": SecretStr("redis://h")})
    worker = QueueWorker(QueueName.EDIT, nothing, settings, name="w")
    assert worker.in_hand == ()


def test_our_listeners_are_functions_and_no_coroutines() -> None:
    listeners = [member for name, member in inspect.getmembers(QueueWorker) if name.startswith("_on_")]
    assert len(listeners) == 4
    assert not any(inspect.iscoroutinefunction(listener) for listener in listeners)


@pytest.mark.parametrize("profile", ["metered", "own"])
def test_a_lock_outlives_a_restart_of_redis_and_its_renewals_are_few(profile: str) -> None:
    settings = QueueSettings().model_copy(update={"profile": profile})
    longest_pause_s = 20  # of redis-py's back-off in a BullMQ connection
    assert settings.lock_duration_ms >= 3 * 2 * longest_pause_s * 1000
    assert settings.lock_duration_ms >= settings.stalled_interval_ms
    assert settings.drain_delay_s >= 60


def test_what_the_port_lacks_is_still_lacking() -> None:
    """So that on the day on which it learns these, somebody looks at what is done instead."""
    lacking = {"getMetrics", "count", "getWorkers", "removeDeduplicationKey", "updateJobProgress"}
    assert {name for name in lacking if hasattr(Queue, name)} == set()
