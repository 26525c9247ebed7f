"""Plots as SVG, by hand: a page of documentation needs two, and no library for that. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

WIDTH = 760
_INK, _PALE, _PAPER = "#24292f", "#8c959f", "#ffffff"
_COLOURS = ("#0969da", "#d4380d", "#1a7f37", "#8250df", "#24292f", "#bf8700")
_MOST_TICKS = 8
_FONT = "ui-sans-serif,system-ui,sans-serif"


@dataclass(frozen=True, slots=True)
class Strip:
    """One bar: what it stands for, how long it is, and what is written at its end."""

    what: str
    value: float
    note: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Points that belong together, each with its name."""

    name: str
    points: Sequence[tuple[float, float, str]]


def strips_svg(title: str, strips: Sequence[Strip]) -> str:
    """Bars from left to right; the longest takes the whole width."""
    left, high, room = 16, 50, WIDTH - 32
    most = max(strip.value for strip in strips)
    drawn = [draw_text(left, 30, title, size=17, weight="600")]
    for number, strip in enumerate(strips):
        y, length = 50 + number * high, max(2.0, strip.value / most * room)
        drawn.append(draw_text(left, y + 14, strip.what))
        drawn.append(draw_text(WIDTH - left, y + 14, strip.note, anchor="end", colour=_PALE))
        colour = _COLOURS[number % len(_COLOURS)]
        drawn.append(
            f'<rect x="{left}" y="{y + 21}" width="{length:.1f}" height="16" rx="3" fill="{colour}"/>'
        )
    return _svg(title, 60 + high * len(strips), drawn)


def curves_svg(
    title: str, axes: tuple[str, str], curves: Sequence[Curve], *, chosen: tuple[str, str] | None = None
) -> str:
    """Points joined to curves.

    Args:
        title: Above.
        axes: What runs to the right, and what upwards.
        curves: Their points.
        chosen: Name of a curve and of its point that is ringed.
    """
    height, left, top, right, bottom = 440, 60, 60, WIDTH - 30, 380
    every = [point for curve in curves for point in curve.points]
    across, up = _scale([x for x, _, _ in every], left, right), _scale([y for _, y, _ in every], bottom, top)
    drawn = [
        draw_text(16, 30, title, size=17, weight="600"),
        f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="{_PALE}"/>',
        draw_text(right, bottom + 44, axes[0], anchor="end", colour=_PALE),
        draw_text(left, top - 10, axes[1], anchor="middle", colour=_PALE),
    ]
    drawn += [
        draw_text(across(x), bottom + 20, f"{x:g}", anchor="middle", colour=_PALE) for x in across.ticks
    ]
    drawn += [draw_text(left - 8, up(y) + 5, f"{y:g}", anchor="end", colour=_PALE) for y in up.ticks]
    for number, curve in enumerate(curves):
        drawn += _curve(curve, _COLOURS[number % len(_COLOURS)], across, up, chosen)
    return _svg(title, height, drawn)


def _curve(
    curve: Curve, colour: str, across: _Scale, up: _Scale, chosen: tuple[str, str] | None
) -> Iterable[str]:
    spots = [(across(x), up(y), name) for x, y, name in sorted(curve.points)]
    line = "L".join(f"{x:.1f} {y:.1f}" for x, y, _ in spots)
    yield f'<path d="M{line}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
    for x, y, name in spots:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>'
        if (curve.name, name) == chosen:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="10" fill="none" stroke="{colour}"/>'
        yield draw_text(x + 9, y + 16, name, size=11, colour=colour)
    x, y, _ = spots[-1]
    end = "end" if x > WIDTH * 0.7 else "middle"
    yield draw_text(x, y - 14, curve.name, anchor=end, colour=colour, weight="600")


@dataclass(frozen=True, slots=True)
class _Scale:
    """Values to pixels."""

    low: float
    high: float
    start: float
    end: float
    step: float

    def __call__(self, value: float) -> float:
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)

    @property
    def ticks(self) -> list[float]:
        """Round values within."""
        first = -(-self.low // self.step)
        return [
            round((first + number) * self.step, 6)
            for number in range(int((self.high - self.low) / self.step) + 1)
            if (first + number) * self.step <= self.high + 1e-9
        ]


def _scale(values: Sequence[float], start: float, end: float) -> _Scale:
    span = (max(values) - min(values)) or 1.0
    low, high = min(values) - span * 0.06, max(values) + span * 0.1
    step = next(
        step
        for power in range(-2, 10)
        for step in (10.0**power, 2 * 10.0**power, 5 * 10.0**power)
        if span / step <= _MOST_TICKS
    )
    return _Scale(low, high, start, end, step)


def draw_text(
    x: float,
    y: float,
    words: str,
    *,
    size: int = 13,
    anchor: str = "start",
    colour: str = _INK,
    weight: str = "400",
) -> str:
    """Words at a place; where they begin, end or have their middle says the anchor."""
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {place} font-size="{size}" font-weight="{weight}" fill="{colour}">{escape(words)}</text>'


def _svg(title: str, height: int, drawn: Iterable[str]) -> str:
    inner = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f' font-family="{_FONT}">\n<title>{escape(title)}</title>\n'
        f'<rect width="{WIDTH}" height="{height}" rx="8" fill="{_PAPER}"/>\n{inner}\n</svg>\n'
    )
