"""A chaos run for people and programs: tables, a picture of its course, the figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from rich.console import Console

from _bench import show_table
from _chaos_harms import Done, Kind
from _chaos_run import Report
from _chaos_watch import Sample
from _plot import draw_text

_WIDTH, _HIGH, _LEFT, _RIGHT, _ROOM = 960, 150, 60, 930, 56
_INK, _PALE = "#24292f", "#8c959f"
_COLOURS = {"edits": "#0969da", "uploads": "#d4380d", "posted": "#1a7f37", "recovered": "#8250df"}
_MARKS = {Kind.KILL: "#cf222e", Kind.PAUSE: "#bf8700", Kind.FAULT: "#8c959f", Kind.FLUSH: "#24292f"}
_SHOWN = 12


def figures(report: Report) -> dict[str, Any]:
    """What `--json` prints."""
    verdict = report.verdict
    return {
        "videos": verdict.posted + sum(verdict.failed.values()) + len(verdict.lost) + len(verdict.doubled),
        "posted": verdict.posted,
        "failed_and_explained": dict(verdict.failed),
        "kills": report.kills,
        "harms": dict(Counter(str(done.harm.kind) for done in report.done)),
        "recoveries": report.samples[-1].recovered if report.samples else 0,
        "gave_up": len(report.gave_up),
        "restarts": report.restarts,
        "forced_stops": report.forced,
        "lost": len(verdict.lost),
        "doubled": len(verdict.doubled),
        "unexplained": len(verdict.unexplained),
        "broken": len(report.broken),
        "leftovers": len(report.leftovers),
        "stray_objects": len(report.strays),
        "seconds": round(report.seconds),
        "green": report.green,
    }


def show(console: Console, report: Report, title: str) -> None:
    """Print what happened and what came of it."""
    harms = Counter((str(done.harm.kind), done.harm.whom) for done in report.done)
    rows = [(f"{kind} {whom}".strip(), count) for (kind, whom), count in sorted(harms.items())]
    if report.restarts:
        rows.append(("everything stopped and started", report.restarts))
    show_table(console, title, ("what happened", "times"), rows)
    found = figures(report)
    ends = [("posted exactly once", found["posted"])]
    ends += [(f"not posted; {why}", count) for why, count in sorted(report.verdict.failed.items())]
    show_table(console, "Where the videos ended", ("by TikTok's own records", "videos"), ends)
    troubles = {
        "lost": report.verdict.lost,
        "posted twice": report.verdict.doubled,
        "not explained by their timeline": report.verdict.unexplained,
        "promises seen broken on the way": report.broken,
        "left behind": report.leftovers,
    }
    for what, words in troubles.items():
        mark, style = ("✗", "bold red") if words else ("✓", "green")
        console.print(f"{mark} {what}: {len(words)} (at most 0)", style=style)
        for word in words[:_SHOWN]:
            console.print(f"    {word}", markup=False, highlight=False)
    console.print(
        f"{found['recoveries']} times somebody went on with the work of a dead worker; "
        f"{found['gave_up']} processes ended by themselves; {found['stray_objects']} objects wait for the "
        f"bucket's own rule; {report.seconds:.0f} s"
    )


def course_svg(report: Report, title: str) -> str:
    """Queue depths, posts and recoveries over time, with a mark for each thing that happened."""
    samples = report.samples
    end = max([sample.at for sample in samples] + [done.at for done in report.done] + [1.0])
    panels: list[tuple[str, Mapping[str, Sequence[float]]]] = [
        (
            "jobs in the queues",
            {"edits": [s.edits for s in samples], "uploads": [s.uploads for s in samples]},
        ),
        ("videos at TikTok", {"posted": [s.posted for s in samples]}),
        ("taken over from the dead", {"recovered": [s.recovered for s in samples]}),
    ]
    drawn = [draw_text(16, 30, title, size=17, weight="600"), *_legend()]
    for number, (name, curves) in enumerate(panels):
        top = 80 + number * (_HIGH + _ROOM)
        drawn += _marks(report.done, end, top)
        drawn += _panel(name, curves, samples, end, top)
    height = 80 + len(panels) * (_HIGH + _ROOM)
    inner = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img"'
        f' font-family="ui-sans-serif,system-ui,sans-serif">\n<title>{escape(title)}</title>\n'
        f'<rect width="{_WIDTH}" height="{height}" rx="8" fill="#ffffff"/>\n{inner}\n</svg>\n'
    )


def _legend() -> Iterable[str]:
    x = 16.0
    for kind, colour in _MARKS.items():
        yield f'<path d="M{x} 44v14" stroke="{colour}" stroke-width="2"/>'
        yield draw_text(x + 8, 56, str(kind), size=12, colour=_PALE)
        x += 40 + 7 * len(kind)


def _marks(done: Sequence[Done], end: float, top: float) -> Iterable[str]:
    for one in done:
        x, colour = _across(one.at, end), _MARKS[one.harm.kind]
        what = escape(f"{one.at:.0f} s: {one.harm}")
        path = f'<path d="M{x:.1f} {top}v{_HIGH}" stroke="{colour}" opacity="0.35">'
        yield f"{path}<title>{what}</title></path>"


def _panel(
    name: str, curves: Mapping[str, Sequence[float]], samples: Sequence[Sample], end: float, top: float
) -> Iterable[str]:
    most = max([1.0, *(max(values, default=0) for values in curves.values())])
    bottom = top + _HIGH
    yield f'<path d="M{_LEFT} {top}V{bottom}H{_RIGHT}" fill="none" stroke="{_PALE}"/>'
    yield draw_text(_LEFT - 8, top + 5, f"{most:g}", anchor="end", colour=_PALE)
    yield draw_text(_LEFT - 8, bottom + 5, "0", anchor="end", colour=_PALE)
    yield draw_text(_RIGHT, bottom + 18, f"{end:.0f} s", anchor="end", colour=_PALE)
    x: float = _LEFT
    for key, values in curves.items():
        colour = _COLOURS[key]
        words = f"{name}: {key}" if len(curves) > 1 else name
        yield draw_text(x, top - 8, words, colour=colour, weight="600")
        x += 220
        points = [
            f"{_across(sample.at, end):.1f} {bottom - value / most * _HIGH:.1f}"
            for sample, value in zip(samples, values, strict=True)
        ]
        yield f'<path d="M{"L".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _across(at: float, end: float) -> float:
    return _LEFT + at / end * (_RIGHT - _LEFT)
