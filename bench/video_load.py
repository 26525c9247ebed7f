"""What one video asks of PostgreSQL and of S3, and what an idle service asks of PostgreSQL.

An api, both workers and the engines in a temporary folder; clips go through `subiteya publish`. PostgreSQL
counts its transactions and changed rows itself; S3 requests are those of the cost meter. `bench/simulate.py`
reckons with the figures.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from rich.console import Console

from _bench import MB, Options, run_bench, show_table
from _clips import make_clip, make_segment
from _publish import SPEC, publish
from _stack import App, open_app, temporary_home
from subiteya.observe.meter import Used
from subiteya.services.sweep import METER_SECONDS

VIDEOS, QUICK_VIDEOS = 5, 2
CLIP_MB = 30
QUICK_IDLE_S = 10
_SETTLE_S = 2
"""A server process tells its counts within a second of falling idle."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What was used until now."""

    transactions: int
    rows: int
    s3: Mapping[str, int]


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Publish some, then look at an idle service until the meters have been written down."""
    videos = QUICK_VIDEOS if options.quick else VIDEOS
    idle_s = QUICK_IDLE_S if options.quick else 2 * METER_SECONDS + 5
    async with temporary_home() as home, open_app(home) as app:
        clip = await make_clip(await make_segment(home.root), CLIP_MB)
        clip_mb = clip.stat().st_size // MB
        spec = home.root / "spec.json"
        spec.write_text(json.dumps(SPEC))
        await publish(app, clip, spec)
        if not options.quick:
            await asyncio.sleep(METER_SECONDS + 5)
        before, began = await _counts(app), asyncio.get_running_loop().time()
        for _ in range(videos):
            await publish(app, clip, spec)
        busy, busy_s = await _counts(app), asyncio.get_running_loop().time() - began
        await asyncio.sleep(idle_s)
        idle = await _counts(app)
    per_s = (idle.transactions - busy.transactions) / (idle_s + _SETTLE_S)
    result = {
        "transactions_per_video": round(
            (busy.transactions - before.transactions - per_s * busy_s) / videos, 1
        ),
        "rows_per_video": round((busy.rows - before.rows) / videos, 1),
        "idle_transactions_per_s": round(per_s, 2),
        "clip_mb": clip_mb,
        "videos": videos,
    }
    if not options.quick:
        used = {name: (idle.s3.get(name, 0) - before.s3.get(name, 0)) / videos for name in _S3}
        result |= {f"{name}_per_video": round(amount, 1) for name, amount in used.items()}
    show_table(console, "One video", ("", "count"), [(name, value) for name, value in result.items()])
    return result


_S3 = (Used.S3_WRITES.value, Used.S3_READS.value)


async def _counts(app: App) -> Counts:
    await asyncio.sleep(_SETTLE_S)
    address = app.stack.environment["DATABASE_URL"]
    async with await psycopg.AsyncConnection.connect(address, autocommit=True) as connection:
        found = await connection.execute(
            "SELECT xact_commit + xact_rollback, tup_inserted + tup_updated + tup_deleted "
            "FROM pg_stat_database WHERE datname = current_database()"
        )
        row = await found.fetchone()
        assert row is not None
        used = await connection.execute("SELECT what, sum(amount)::bigint FROM metered GROUP BY what")
        return Counts(
            int(row[0]), int(row[1]), {str(what): int(amount) for what, amount in await used.fetchall()}
        )


if __name__ == "__main__":
    run_bench(__doc__ or "", measure)
