"""The service at a thousand, ten thousand, a hundred thousand and a million videos a day, in SimPy.

Clips come as the day goes, wait for their start, are edited, wait for their account's window and are sent;
workers come and go as `deploy/scaling/keda.yaml` says. From that: how many workers, how long jobs wait (p50,
p99), what Redis and PostgreSQL are asked, and what it costs a month. The figures that go in stand in
`_service.py`, each with its source; prices are those of `subiteya costs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

from rich.console import Console

from _bench import Options, Switch, run_bench, show_table
from _bill import Bill, bill_of
from _day import Played, play
from _needs import Needs, needs_of
from _plot import Curve, curves_svg
from _service import Load, Service, loads
from subiteya.watch.prices import read_prices

SWITCHES = (
    Switch("--day", "FILE", "write the plot of a day there, as SVG"),
    Switch("--rule", "FILE", "write the plot of the scaling rule there, as SVG"),
)
TARGETS = (1.0, 2.0, 3.0, 4.0, 8.0)
"""Jobs for each edit worker, to choose among."""


async def measure(options: Options, console: Console) -> Mapping[str, Any]:
    """Play each size, then the middle one with other scaling rules."""
    service, sizes = Service(), loads(quick=options.quick)
    played = {name: play(service, load) for name, load in sizes.items()}
    needs = {name: needs_of(service, sizes[name], day) for name, day in played.items()}
    prices = read_prices()
    bills = {name: bill_of(service, sizes[name], need, prices) for name, need in needs.items()}
    rules = {target: _ruled(service, sizes["10 k"], target) for target in TARGETS}
    _show_needs(console, needs)
    _show_bills(console, bills)
    _show_rules(console, rules)
    if (target_file := options.path("day")) is not None:
        target_file.write_text(day_picture(service, sizes["10 k"], played["10 k"]), encoding="utf-8")
    if (target_file := options.path("rule")) is not None:
        target_file.write_text(rule_picture(rules), encoding="utf-8")
    return {
        "sizes": {name: needs[name].figures() | bills[name].figures() for name in sizes},
        "rules": {
            f"{target:g}": {
                "edit_wait_p50_s": round(need.edit_wait[0], 1),
                "edit_wait_p99_s": round(need.edit_wait[1], 1),
                "edit_worker_hours": round(need.edit_worker_hours, 1),
            }
            for target, need in rules.items()
        },
    }


def day_picture(service: Service, load: Load, day: Played) -> str:
    """Edit workers over the day, in means of half hours: what runs, and what the jobs in hand would need."""
    looks, each = day.edit_crew.counted, round(1800 / service.poll_s)
    halves = [looks[at : at + each] for at in range(0, len(looks), each)]
    run = [(half[0][0] / 3600, fmean(workers for _, workers, _ in half)) for half in halves]
    needed = [(half[0][0] / 3600, fmean(jobs for _, _, jobs in half) / service.edit_slots) for half in halves]
    return curves_svg(
        f"Edit workers over a day of {load.videos:,} videos",
        ("hour of the day", "workers"),
        [_named_at_its_top("workers that run", run), _named_at_its_top("that the jobs need", needed)],
    )


def rule_picture(rules: Mapping[float, Needs]) -> str:
    """What a lazier rule saves, and what it costs in waiting."""
    points = [
        (need.edit_worker_hours, need.edit_wait[1], f"{target:g} jobs each") for target, need in rules.items()
    ]
    return curves_svg(
        "What a lazier scaling rule saves, at 10,000 videos a day",
        ("edit worker hours a day", "p99 wait, s"),
        [Curve("", points)],
        chosen=("", f"{Load(0, 0, 0).jobs_per_edit_worker:g} jobs each"),
    )


def _named_at_its_top(name: str, points: Sequence[tuple[float, float]]) -> Curve:
    top = max(points, key=lambda point: point[1])
    return Curve("", [(x, y, name if (x, y) == top else "") for x, y in points])


def _ruled(service: Service, load: Load, target: float) -> Needs:
    changed = replace(load, jobs_per_edit_worker=target)
    return needs_of(service, changed, play(service, changed))


def _show_needs(console: Console, needs: Mapping[str, Needs]) -> None:
    rows: list[Sequence[object]] = [
        ("videos a minute, busiest hour", *(need.peak_per_minute for need in needs.values())),
        ("edit workers, mean", *(need.edit_workers[0] for need in needs.values())),
        ("edit workers, most", *(need.edit_workers[1] for need in needs.values())),
        ("upload workers, mean", *(need.upload_workers[0] for need in needs.values())),
        ("upload workers, most", *(need.upload_workers[1] for need in needs.values())),
        ("wait for an edit worker, p50 s", *(need.edit_wait[0] for need in needs.values())),
        ("… p99 s", *(need.edit_wait[1] for need in needs.values())),
        ("wait for an upload worker, p50 s", *(need.upload_wait[0] for need in needs.values())),
        ("… p99 s", *(need.upload_wait[1] for need in needs.values())),
        ("wait for a start of the edit rate, p99 s", *(need.edit_rate_wait[1] for need in needs.values())),
        (
            "wait for a start of the upload rate, p99 s",
            *(need.upload_rate_wait[1] for need in needs.values()),
        ),
        ("wait for the account's window, p99 s", *(need.account_wait[1] for need in needs.values())),
        ("Redis commands a day", *(round(need.commands_per_day) for need in needs.values())),
        ("Redis commands a second, busiest", *(need.commands_per_s for need in needs.values())),
        ("PostgreSQL transactions a second, busiest", *(need.transactions_per_s for need in needs.values())),
    ]
    show_table(console, "What it takes", ("videos a day", *needs), rows)


def _show_bills(console: Console, bills: Mapping[str, Bill]) -> None:
    rows: list[Sequence[object]] = [
        ("edit workers, scaled", *(bill.edit for bill in bills.values())),
        ("edit workers, as many as the peak needs all day", *(bill.edit_fixed for bill in bills.values())),
        ("upload workers, scaled", *(bill.upload for bill in bills.values())),
        ("Redis by the command (Upstash)", *(bill.redis for bill in bills.values())),
        ("Amazon S3", *(bill.s3 for bill in bills.values())),
        ("or Cloudflare R2", *(bill.r2 for bill in bills.values())),
        ("cents a video, with R2", *(bill.cents_per_video for bill in bills.values())),
    ]
    show_table(console, "Dollars a month", ("videos a day", *bills), rows)


def _show_rules(console: Console, rules: Mapping[float, Needs]) -> None:
    rows = [
        (f"{target:g}", *need.edit_wait, need.edit_workers[1], need.edit_worker_hours)
        for target, need in rules.items()
    ]
    heads = ("jobs for each edit worker", "wait p50 s", "p99 s", "most workers", "worker hours")
    show_table(console, "The scaling rule, at 10 k a day", heads, rows)


if __name__ == "__main__":
    run_bench(__doc__, measure, SWITCHES)
