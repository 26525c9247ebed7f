"""The race of `bench/queue.py`: who takes part, what is measured, and how it is shown."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import statistics
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redis.asyncio import Redis
from rich.console import Console

from _bench import Options, Switch, percentile, show_table
from _measure import cost_of
from _plot import Strip, strips_svg
from _stack import lone_valkey, temporary_home

SWITCHES = (Switch("--picture", "FILE", "write the plot there, as SVG"),)
HERE = Path(__file__).parent
GUESTS = HERE.parent / "requirements" / "bench.txt"
BURST, QUICK_BURST = 3_000, 500
DRIP, QUICK_DRIP = 120, 60
ROUNDS, QUICK_ROUNDS = 3, 1
LIMIT_S = 300.0
ASLEEP_S = 1.0
"""After this time a worker with nothing to do waits as it waits."""
OURS = "SubiteYa"


@dataclass(frozen=True, slots=True)
class Runner:
    """Somebody who takes part: the command, up to its role, and what its environment needs."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Lap:
    """What one runner did in one round."""

    add_s: float
    """Adding the burst, one after the other."""
    do_s: float
    """Doing it."""
    cpu_s: float
    """Processor time of the worker for it."""
    late_ms: list[float]
    """From asking for a job until it runs, the worker asleep each time."""


@dataclass(frozen=True, slots=True)
class Result:
    """One runner against ours; more is better, but for being late."""

    name: str
    add: float
    do: float
    cpu: float
    """Of the worker, for each job; less is better."""
    late_p50: float
    late_p99: float


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Everybody runs each round, in turn."""
    burst, drip = (QUICK_BURST, QUICK_DRIP) if options.quick else (BURST, DRIP)
    rounds = QUICK_ROUNDS if options.quick else ROUNDS
    laps: dict[str, list[Lap]] = {}
    with tempfile.TemporaryDirectory(prefix="race-") as folder:
        runners = await _runners(Path(folder), console)
        async with temporary_home() as home, lone_valkey(home) as url:
            for number in range(rounds):
                turn = number % len(runners)
                for runner in (*runners[turn:], *runners[:turn]):
                    lap = await _lap(runner, url.removeprefix("unix://"), burst, drip)
                    laps.setdefault(runner.name, []).append(lap)
    results = compared(laps, burst)
    _show(console, results, laps, burst)
    if (target := options.path("picture")) is not None:
        target.write_text(picture(results), encoding="utf-8")
    return figures(results) | {"burst": burst, "drip": drip, "rounds": rounds}


def compared(laps: Mapping[str, Sequence[Lap]], burst: int) -> list[Result]:
    """The medians of each runner over ours; the quickest worker first."""
    typical = {name: _typical(each, burst) for name, each in laps.items()}
    ours = typical[OURS]
    results = [
        Result(name, *(value / own for value, own in zip(values, ours, strict=True)))
        for name, values in typical.items()
    ]
    return sorted(results, key=lambda result: -result.do)


def figures(results: Sequence[Result]) -> dict[str, Any]:
    """What the bench found, by name."""
    return {
        result.name: {
            "add_ratio": round(result.add, 2),
            "process_ratio": round(result.do, 2),
            "cpu_per_job_ratio": round(result.cpu, 2),
            "pickup_p50_ratio": round(result.late_p50, 2),
            "pickup_p99_ratio": round(result.late_p99, 2),
        }
        for result in results
    }


def picture(results: Sequence[Result]) -> str:
    """The plot: how many jobs a worker does while ours does one."""
    return strips_svg(
        f"Empty jobs done in the time in which {OURS} does one, ten at once",
        [
            Strip(
                result.name,
                result.do,
                f"does {result.do:.2f} x   adds {result.add:.2f} x   later by {result.late_p50:.2f} x",
            )
            for result in results
        ],
    )


def _typical(laps: Sequence[Lap], burst: int) -> tuple[float, float, float, float, float]:
    """Jobs added and done a second, processor milliseconds for one, lateness in ms at p50 and p99."""
    late = [value for lap in laps for value in lap.late_ms]
    add = statistics.median(burst / lap.add_s for lap in laps)
    do = statistics.median(burst / lap.do_s for lap in laps)
    cpu_ms = statistics.median(lap.cpu_s / burst * 1000 for lap in laps)
    return add, do, cpu_ms, percentile(late, 0.5), percentile(late, 0.99)


async def _runners(folder: Path, console: Console) -> list[Runner]:
    racers = str(HERE / "_racers.py")
    runners = [
        Runner(OURS, (sys.executable, racers, "subiteya"), {}),
        Runner("BullMQ for Python, bare", (sys.executable, racers, "bullmq"), {}),
    ]
    node = Path(sys.executable).with_name("node")
    program = str(node) if node.exists() else shutil.which("node")
    if program is not None and (HERE.parent / "node_modules" / "bullmq").exists():
        runners.append(Runner("BullMQ for Node", (program, str(HERE / "_racer.cjs")), {}))
    else:
        console.print("BullMQ for Node is left out: run `make assets` first", style="yellow")
    uv, packages = Path(sys.executable).with_name("uv"), folder / "guests"
    install = ("pip", "install", "-q", "--require-hashes", "--target", str(packages), "-r", str(GUESTS))
    try:
        await cost_of([str(uv) if uv.exists() else "uv", *install], folder=folder)
    except (RuntimeError, FileNotFoundError) as error:
        console.print(f"The guests are left out: {str(error).splitlines()[0]}", style="yellow")
        return runners
    guests = {"Celery": "celery", "Dramatiq": "dramatiq", "arq": "arq", "SAQ": "saq", "taskiq": "taskiq"}
    alone = {"PYTHONPATH": str(packages)}
    # -S: nothing of our environment, whose redis-py has no C parser.
    runners += [Runner(name, (sys.executable, "-S", racers, word), alone) for name, word in guests.items()]
    return runners


async def _lap(runner: Runner, socket: str, burst: int, drip: int) -> Lap:
    async with Redis(unix_socket_path=socket) as client:
        await client.flushall()
    counts = (socket, str(burst), str(drip))
    async with _process(runner, "produce", *counts) as producer:
        await _told(producer, "ready", runner)
        await _go(producer)
        added = (await _told(producer, "seconds", runner))["seconds"]
        async with _process(runner, "work", *counts) as worker:
            done = await _told(worker, "seconds", runner)
            await asyncio.sleep(ASLEEP_S)
            await _go(producer)
            late = await _told(worker, "late_ms", runner)
            return Lap(added, done["seconds"], done["cpu"], late["late_ms"])


@asynccontextmanager
async def _process(runner: Runner, *words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *runner.command,
        *words,
        env={**os.environ, **runner.environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=1 << 24,
        start_new_session=True,  # `node` of a wheel is a Python script that starts the real one
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _go(process: asyncio.subprocess.Process) -> None:
    assert process.stdin is not None
    process.stdin.write(b"go\n")
    await process.stdin.drain()


async def _told(process: asyncio.subprocess.Process, what: str, runner: Runner) -> Any:
    """What a runner says next of `what`; lines that are none of ours are passed over."""
    assert process.stdout is not None
    async with asyncio.timeout(LIMIT_S):
        while line := await process.stdout.readline():
            if line.startswith(b'{"' + what.encode()):
                return json.loads(line)
    raise RuntimeError(f"{runner.name} ended without a word of {what}")


def _show(console: Console, results: Sequence[Result], laps: Mapping[str, Sequence[Lap]], burst: int) -> None:
    show_table(
        console,
        "Jobs that do nothing, ten at once; ours is 1",
        ("", "added a second", "done a second", "processor time a job", "late p50", "late p99"),
        [(each.name, each.add, each.do, each.cpu, each.late_p50, each.late_p99) for each in results],
    )
    add, do, cpu, p50, p99 = _typical(laps[OURS], burst)
    console.print(f"Ours: {add:,.0f} added and {do:,.0f} done a second, {cpu:.2f} ms of processor each")
    console.print(f"Ours: late by {p50:.1f} ms, p99 {p99:.1f} ms")
