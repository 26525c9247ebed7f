"""A day of the service in SimPy: clips come, wait for a start, are edited, wait for their account, are sent.

Workers come and go as the scaling rule says. What is modelled is waiting; nothing fails here.
"""

from __future__ import annotations

import math
import random
from collections import deque
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import simpy

from _service import Load, Service

Steps: TypeAlias = Generator[simpy.Event, Any, None]
HOUR_S = 3600


@dataclass(slots=True)
class Crew:
    """Workers of one kind: so many slots each, jobs that wait for one, and a rule for their number."""

    env: simpy.Environment
    slots_each: int
    jobs_each: float
    workers: int
    running: int = 0
    waiting: deque[simpy.Event] = field(default_factory=deque)
    coming: int = 0
    wanted: deque[tuple[float, int]] = field(default_factory=deque)
    counted: list[tuple[float, int, int]] = field(default_factory=list)
    """At each look: the time, the workers that are there, the jobs that run or wait."""

    def take(self) -> simpy.Event:
        """An event that happens when a slot is free."""
        turn = self.env.event()
        self.waiting.append(turn)
        self._serve()
        return turn

    def give(self) -> None:
        """The job is over."""
        self.running -= 1
        self._serve()

    def scale(self, service: Service) -> Steps:
        """Look at the jobs every now and then, as KEDA does, and let workers come and go."""
        while True:
            jobs = self.running + len(self.waiting)
            self.counted.append((self.env.now, self.workers, jobs))
            self.wanted.append((self.env.now, max(1, math.ceil(jobs / self.jobs_each))))
            while self.wanted[0][0] < self.env.now - service.calm_s:
                self.wanted.popleft()
            more = self.wanted[-1][1] - self.workers - self.coming
            if more > 0:
                self.coming += more
                self.env.process(self._arrive(more, service.boot_s))
            elif (most := max(count for _, count in self.wanted)) < self.workers:
                self.workers = most  # who has a job in hand finishes it: no other is begun
            yield self.env.timeout(service.poll_s)

    def _arrive(self, more: int, after_s: float) -> Steps:
        yield self.env.timeout(after_s)
        self.coming -= more
        self.workers += more
        self._serve()

    def _serve(self) -> None:
        while self.waiting and self.running < self.workers * self.slots_each:
            self.running += 1
            self.waiting.popleft().succeed()


@dataclass(slots=True)
class Starts:
    """So many starts a minute, shared by all workers: each gets the first one that is free."""

    per_minute: float
    free_at: float = 0.0

    def reserve(self, now: float) -> float:
        """Seconds until the start that is reserved now."""
        start = max(now, self.free_at)
        self.free_at = start + 60 / self.per_minute
        return start - now


@dataclass(frozen=True, slots=True)
class Played:
    """What came out; waits in seconds."""

    videos: int
    edit_start: list[float]
    edit_queue: list[float]
    account: list[float]
    upload_start: list[float]
    upload_queue: list[float]
    edit_crew: Crew
    upload_crew: Crew
    seconds: float


def play(service: Service, load: Load, seed: int = 1) -> Played:
    """Let the hours of the load pass."""
    return _Day(service, load, random.Random(seed)).run()  # noqa: S311 - a simulation keeps no secret


class _Day:
    def __init__(self, service: Service, load: Load, chance: random.Random) -> None:
        self.service, self.load, self.chance = service, load, chance
        self.env = simpy.Environment()
        self.edits = self._crew(service.edit_slots, load.jobs_per_edit_worker, self._edit_s(service.clip_s))
        self.uploads = self._crew(
            service.upload_slots, load.jobs_per_upload_worker, self._upload_s(service.clip_s)
        )
        self.edit_starts, self.upload_starts = Starts(load.edits_per_minute), Starts(load.uploads_per_minute)
        self.accounts = max(1, round(load.videos / service.videos_per_account))
        self.account_free: dict[int, float] = {}
        self.waits: tuple[list[float], ...] = ([], [], [], [], [])
        self.videos = 0

    def run(self) -> Played:
        first, last = self.load.hours
        seconds = (last - first) * HOUR_S
        self.env.process(self._arrivals(first, seconds))
        self.env.process(self.edits.scale(self.service))
        self.env.process(self.uploads.scale(self.service))
        self.env.run(until=seconds)
        edit_start, edit_queue, account, upload_start, upload_queue = self.waits
        return Played(
            videos=self.videos,
            edit_start=edit_start,
            edit_queue=edit_queue,
            account=account,
            upload_start=upload_start,
            upload_queue=upload_queue,
            edit_crew=self.edits,
            upload_crew=self.uploads,
            seconds=seconds,
        )

    def _crew(self, slots: int, jobs: float, typical_s: float) -> Crew:
        """As many workers as the first hour needs: they were there before."""
        busy = self.load.per_s(self.load.hours[0]) * typical_s
        return Crew(self.env, slots, jobs, max(1, math.ceil(1.3 * busy / slots)))

    def _arrivals(self, first_hour: int, seconds: float) -> Steps:
        service, chance = self.service, self.chance
        # Of all arrivals, so many are batches that they bring their part of the videos.
        batches = service.in_batches / service.batch
        batch_chance = batches / (batches + 1 - service.in_batches)
        most = self.load.peak_per_s * (batches + 1 - service.in_batches)
        while self.env.now < seconds:
            yield self.env.timeout(chance.expovariate(most))
            hour = first_hour + int(self.env.now // HOUR_S)
            if chance.random() * self.load.peak_per_s > self.load.per_s(hour):
                continue  # thinned: a quieter hour
            for _ in range(service.batch if chance.random() < batch_chance else 1):
                self.videos += 1
                self.env.process(self._video())

    def _video(self) -> Steps:
        env, service = self.env, self.service
        clip_s = service.clip_s * math.exp(self.chance.gauss(0, service.clip_spread))
        clip_s = min(max(clip_s, service.clip_limits_s[0]), service.clip_limits_s[1])
        edit_start, edit_queue, account_wait, upload_start, upload_queue = self.waits
        if (wait := self.edit_starts.reserve(env.now)) > 0:
            yield env.timeout(wait)
        edit_start.append(wait)
        asked = env.now
        yield self.edits.take()
        edit_queue.append(env.now - asked)
        yield env.timeout(self._edit_s(clip_s))
        self.edits.give()
        account = self.chance.randrange(self.accounts)
        ready = max(env.now, self.account_free.get(account, 0.0))
        self.account_free[account] = ready + service.account_window_s
        account_wait.append(ready - env.now)
        if ready > env.now:
            yield env.timeout(ready - env.now)
        if (wait := self.upload_starts.reserve(env.now)) > 0:
            yield env.timeout(wait)
        upload_start.append(wait)
        asked = env.now
        yield self.uploads.take()
        upload_queue.append(env.now - asked)
        yield env.timeout(self._upload_s(clip_s))
        self.uploads.give()

    def _edit_s(self, clip_s: float) -> float:
        return clip_s * self.service.edit_core_s_per_clip_s * self.service.edit_over_ffmpeg

    def _upload_s(self, clip_s: float) -> float:
        return self.service.talk_s + clip_s * self.service.edited_mb_per_s / self.service.line_mb_per_s
