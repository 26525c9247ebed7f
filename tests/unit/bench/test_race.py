from __future__ import annotations

import json
import queue
import subprocess
import sys
import time
from pathlib import Path

import pytest

from _race import OURS, Lap, compared, figures, picture
from _racers import RACERS, WARM, Track

BENCH = Path(__file__).parents[3] / "bench"


def test_a_bench_of_that_name_does_not_hide_the_librarys_queue() -> None:
    assert Path(queue.__file__).parent != BENCH
    code = "import queue, concurrent.futures.thread; print(queue.Queue().empty())"
    done = subprocess.run([sys.executable, "-c", code], cwd=BENCH, capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_everything_is_told_as_a_ratio_to_ours_the_quickest_first() -> None:
    laps = {
        OURS: [Lap(2.0, 4.0, 3.0, [1.0, 2.0]), Lap(2.0, 4.0, 3.0, [1.0, 2.0])],
        "other": [Lap(1.0, 1.0, 1.5, [2.0, 8.0]), Lap(1.0, 1.0, 1.5, [2.0, 8.0])],
    }
    found = figures(compared(laps, 100))
    assert list(found) == ["other", OURS]
    assert found["other"] == {
        "add_ratio": 2.0,
        "process_ratio": 4.0,
        "cpu_per_job_ratio": 0.5,
        "pickup_p50_ratio": 2.0,
        "pickup_p99_ratio": 4.0,
    }
    assert set(found[OURS].values()) == {1.0}
    assert "does 4.00 x" in picture(compared(laps, 100))


def test_the_burst_and_the_drops_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    track = Track(burst=3, drip=2)
    for _ in range(WARM + 3 + 2):
        track.ran(time.monotonic_ns())
    burst, drip = map(json.loads, capsys.readouterr().out.splitlines())
    assert burst["seconds"] > 0
    assert len(drip["late_ms"]) == 2


def test_everybody_takes_part() -> None:
    assert set(RACERS) == {"subiteya", "bullmq", "celery", "dramatiq", "arq", "saq", "taskiq"}


def test_the_guests_are_locked_by_hash_and_without_addresses() -> None:
    locked = (BENCH.parent / "requirements" / "bench.txt").read_text(encoding="utf-8")
    assert {"arq==", "celery==", "dramatiq==", "saq==", "taskiq=="} <= {
        line.split("==")[0] + "==" for line in locked.splitlines()
    }
    assert "://" not in locked
    assert locked.count("--hash=sha256:") > 100
