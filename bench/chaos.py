"""Chaos: everything is killed, paused, slowed and emptied while videos are on their way, and none is lost.

PostgreSQL, Valkey, S3, TikTok's simulator, two apis, two edit and two upload workers of its own. Owners bring
videos through both apis, have them branded and posted, and ask again when nobody answers. Every few seconds a
card is played: `kill -9` of a process or an engine, a pause longer than a job's lease, TikTok slow, broken or
answering 5xx, Redis emptied. The seed decides the cards and their order. Promises are checked once a second.

At the end TikTok's simulator is asked what exists: each video exactly once, or it stands in a final state
that its timeline explains. No job, lock, outbox row, temporary file, open upload or process may be left.

With `--restarts`, everything is stopped and started so many times instead, with videos on their way.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import structlog
from rich.console import Console

from _bench import Options, Switch, run_bench
from _chaos_fleet import Size
from _chaos_report import course_svg, figures, show
from _chaos_run import Orders, run_chaos
from _clips import make_segment, make_small
from _stack import temporary_home

VIDEOS, QUICK_VIDEOS = 200, 12
SEED = 1
ONE_OF_EACH = Size(1, 1, 1)
"""For restarts: what is started fifty times."""
SWITCHES = (
    Switch("--seed", "NUMBER", "which cards, and in which order; 1 when missing"),
    Switch("--videos", "NUMBER", "how many are brought; 200 when missing"),
    Switch("--restarts", "NUMBER", "stop and start everything so many times, in place of cards"),
    Switch("--picture", "FILE", "where to draw its course (SVG)"),
)


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Let chaos reign, and say what is left of the promises."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    orders = _orders(options)
    async with temporary_home() as home:
        files = {"small": await make_small(home.root), "large": await make_segment(home.root)}
        report = await run_chaos(home, files, orders)
    title = f"Chaos, seed {orders.seed}: {orders.videos or orders.restarts * orders.each} videos"
    if orders.restarts:
        title += f", {orders.restarts} restarts"
    show(console, report, title)
    picture = options.path("picture")
    if picture is not None:
        picture.parent.mkdir(parents=True, exist_ok=True)
        picture.write_text(course_svg(report, title))
        console.print(f"Its course: {picture}")
    return figures(report)


def _orders(options: Options) -> Orders:
    videos = int(options.words.get("videos", QUICK_VIDEOS if options.quick else VIDEOS))
    seed, restarts = int(options.words.get("seed", SEED)), int(options.words.get("restarts", 0))
    if not restarts:
        return Orders(seed, videos)
    return Orders(seed, videos=0, restarts=restarts, each=-(-videos // restarts), size=ONE_OF_EACH)


if __name__ == "__main__":
    run_bench(__doc__, measure, SWITCHES)
