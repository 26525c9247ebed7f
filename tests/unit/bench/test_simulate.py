from __future__ import annotations

import random
import statistics
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import pytest
import simpy

from _bill import bill_of
from _day import Crew, Starts, play
from _needs import needs_of
from _service import HOURS, Load, Service, loads
from simulate import day_picture
from subiteya.watch.prices import read_prices

SMALL = Load(2_000, 100, 100)


def test_one_worker_makes_jobs_wait_as_queueing_theory_says() -> None:
    """Pollaczek and Khinchine: rate times the mean square of a job, halved, over what is idle."""
    chance = random.Random(1)  # noqa: S311 - a simulation keeps no secret
    env = simpy.Environment()
    crew = Crew(env, slots_each=1, jobs_each=1.0, workers=1)
    waits: list[float] = []
    served: list[float] = []

    def job() -> Generator[simpy.Event, Any, None]:
        asked = env.now
        yield crew.take()
        waits.append(env.now - asked)
        served.append(chance.lognormvariate(0, 0.7))
        yield env.timeout(served[-1])
        crew.give()

    def arrivals() -> Generator[simpy.Event, Any, None]:
        for _ in range(20_000):
            yield env.timeout(chance.expovariate(0.5))
            env.process(job())

    env.process(arrivals())
    env.run()
    load = 0.5 * statistics.fmean(served)
    expected = 0.5 * statistics.fmean(each**2 for each in served) / (2 * (1 - load))
    assert statistics.fmean(waits) == pytest.approx(expected, rel=0.15)


def test_a_day_brings_its_videos_and_the_same_seed_the_same_day() -> None:
    first, again, other = (play(Service(), SMALL, seed) for seed in (1, 1, 2))
    assert first.videos == pytest.approx(SMALL.videos, rel=0.1)
    assert (first.videos, first.edit_queue) == (again.videos, again.edit_queue)
    assert first.edit_queue != other.edit_queue
    assert len(first.upload_queue) > 0.97 * first.videos


def test_the_evening_takes_more_workers_than_the_night() -> None:
    looks = play(Service(), SMALL).edit_crew.counted
    night = [workers for at, workers, _ in looks if 3 <= at / 3600 < 5]
    evening = [workers for at, workers, _ in looks if 18 <= at / 3600 < 20]
    assert statistics.fmean(evening) > 2 * statistics.fmean(night)


def test_starts_keep_the_rate_and_are_given_out_in_order() -> None:
    starts = Starts(per_minute=6)
    assert [starts.reserve(0) for _ in range(3)] == [0, 10, 20]
    assert starts.reserve(100) == 0


def test_a_rule_that_asks_less_of_each_worker_shortens_the_wait_and_costs_more() -> None:
    eager, lazy = (
        needs_of(Service(), load, play(Service(), load))
        for load in (SMALL, replace(SMALL, jobs_per_edit_worker=8.0))
    )
    assert eager.edit_wait[1] < lazy.edit_wait[1]
    assert eager.edit_worker_hours > lazy.edit_worker_hours


def test_no_worker_is_paid_for_less_than_it_works() -> None:
    service = Service()
    need = needs_of(service, SMALL, play(service, SMALL))
    bill = bill_of(service, SMALL, need, read_prices())
    mean_clip_s = service.clip_s * 2.718 ** (service.clip_spread**2 / 2)
    core_hours = SMALL.videos * mean_clip_s * service.edit_core_s_per_clip_s / 3600
    assert need.edit_worker_hours * service.edit_slots > core_hours
    assert bill.edit_fixed > bill.edit
    assert need.commands_per_day > SMALL.videos * service.commands_per_video


def test_the_sizes_are_those_of_the_question_and_the_picture_is_drawn() -> None:
    assert [load.videos for load in loads(quick=True).values()] == [1_000, 10_000, 100_000, 1_000_000]
    assert len(HOURS) == 24
    picture = day_picture(Service(), SMALL, play(Service(), SMALL))
    assert picture.startswith("<svg")
    assert "that the jobs need" in picture
