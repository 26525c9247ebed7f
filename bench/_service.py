"""What the simulated service is made of: every figure once, with where it comes from.

`measured` figures are those of the other benches, on two virtual processors of a server of 2026; run the
command again and write in what it prints for yours. `assumed` ones are about people and networks: change
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

HOURS = (9, 6, 4, 3, 3, 4, 8, 14, 22, 30, 36, 40, 46, 44, 40, 40, 44, 54, 66, 76, 80, 70, 44, 20)
"""Assumed: how many clips come in each hour of a day, in parts of their sum; creators post in the evening."""


@dataclass(frozen=True, slots=True)
class Service:
    """Times in seconds, sizes in MB (decimal)."""

    # --- what people send; assumed ---
    clip_s: float = 30.0
    """Median length of a clip."""
    clip_spread: float = 0.7
    """Of its logarithm: one in a hundred is five times as long."""
    clip_limits_s: tuple[float, float] = (3.0, 600.0)
    source_mb_per_s: float = 2.1
    """A phone's 17 Mbit/s."""
    batch: int = 20
    """How many videos an agency sends at once."""
    in_batches: float = 0.3
    """Which part of all videos comes in such batches; each goes to an account of its own."""
    videos_per_account: float = 2.0
    """A day."""

    # --- edit: bench/edit.py --json, measured ---
    edit_core_s_per_clip_s: float = 3.8
    """`cpu_seconds.ours` over `clip_seconds`: the reference pattern on busy footage at 1080x1920."""
    edited_mb_per_s: float = 0.49
    """`bytes.ours` over `clip_seconds`."""
    edit_over_ffmpeg: float = 1.05
    """Promise that bench/edit.py checks: the whole step against FFmpeg alone."""
    edit_slots: int = 2
    """EDIT_WORKER_CONCURRENCY on two cores: one core for each job."""

    # --- upload ---
    line_mb_per_s: float = 25.0 * 0.9
    """Assumed: a network of 200 Mbit/s; of it the 0.9 that bench/throughput.py checks."""
    talk_s: float = 2.0
    """Assumed: TikTok's answers to some five requests of a post."""
    upload_slots: int = 1
    """UPLOAD_WORKER_CONCURRENCY."""
    account_window_s: float = 300.0
    """ACCOUNT_WINDOW_SECONDS."""

    # --- Redis: bench/redis_commands.py --json, measured ---
    commands_per_video: float = 32.0
    """`per_video`."""
    commands_per_edit_worker: float = 1_152.0
    """A day, idle: three for each wait of five minutes, and a check; with the two below `idle_per_day`."""
    commands_per_upload_worker: float = 864.0
    commands_per_api: float = 287.0

    # --- PostgreSQL and S3: bench/video_load.py --json, measured ---
    transactions_per_video: float = 214.0
    idle_transactions_per_s: float = 12.9
    """Of one api and two workers, that ask for TikTok's word twice as often as by default."""
    s3_writes_per_video: float = 13.0
    s3_reads_per_video: float = 11.0

    # --- scaling: deploy/scaling/keda.yaml ---
    poll_s: float = 30.0
    boot_s: float = 60.0
    """Assumed: from the wish for a worker to its first job, image pulled before."""
    calm_s: float = 300.0
    """Workers go when none of them was wanted for so long."""

    # --- money ---
    usd_per_core_hour: float = 0.0405
    """Assumed: a rented container's (AWS Fargate, us-east-1; https://aws.amazon.com/fargate/pricing)."""
    keep_days: int = 30
    """How long an edited file is kept; the source goes after a day."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much of it, and how many workers a rule asks for."""

    videos: int
    """A day."""
    edits_per_minute: float
    """EDIT_MAX_PER_MINUTE."""
    uploads_per_minute: float
    """UPLOAD_MAX_PER_MINUTE."""
    jobs_per_edit_worker: float = 2.0
    """`targetQueryValue` of the edit workers' rule: due and running jobs for each."""
    jobs_per_upload_worker: float = 1.0
    hours: tuple[int, int] = (0, 24)
    """Which part of the day is played."""

    @property
    def peak_per_s(self) -> float:
        """Videos a second in the busiest hour."""
        return self.videos * max(HOURS) / sum(HOURS) / 3600

    def per_s(self, hour: int) -> float:
        """Videos a second in an hour of the day."""
        return self.videos * HOURS[hour % 24] / sum(HOURS) / 3600


def loads(*, quick: bool) -> Mapping[str, Load]:
    """The four sizes; above the smallest, the rates are set to twice what the busiest hour brings."""
    found = {"1 k": Load(1_000, 10, 3)}
    for name, videos, hours in (
        ("10 k", 10_000, (0, 24)),
        ("100 k", 100_000, (17, 22) if quick else (0, 24)),
        ("1 M", 1_000_000, (19, 20) if quick else (18, 21)),
    ):
        rate = round(2 * 60 * Load(videos, 0, 0).peak_per_s)
        found[name] = Load(videos, rate, rate, hours=hours)
    return found
