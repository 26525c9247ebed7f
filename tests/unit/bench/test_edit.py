"""What the bench of the edit says about its measurements, and how it draws them."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

import edit
import operating_points
from _colour import EACH, WISH, ColourCosts
from _measure import Cost
from _plot import Curve, Strip, curves_svg, strips_svg
from _reference import PATTERN
from _ways import Way
from subiteya.domain.pattern import PatternSpec
from subiteya.media.graph.colour import grade
from subiteya.media.graph.signal import Signal

SVG = "{http://www.w3.org/2000/svg}"
THREE = Way("three passes", Cost(100.0, 60.0, 500_000_000), 82.0, 6_000_000)
ONE = Way("one pass", Cost(24.0, 14.0, 400_000_000), 85.0, 5_400_000)
BARE = Way("the graph", Cost(12.0, 7.0, 100_000_000))
GUEST = Way("MoviePy", Cost(80.0, 90.0, 900_000_000), None, 5_000_000)
COLOURS = ColourCosts(folded=1.0, each=8.0)


def figures(ours: Way = ONE, guest: Way | None = GUEST) -> dict[str, object]:
    return edit.figures(THREE, ours, BARE, guest, wall_ratio=1.02, colours=COLOURS)


def test_the_figures_are_ratios_to_the_original() -> None:
    found = figures()
    assert found["cpu_ratio_vs_original"] == 0.24
    assert (found["vmaf"], found["vmaf_original"]) == (85.0, 82.0)
    assert found["size_ratio_vs_original"] == 0.9
    assert found["wall_ratio_vs_bare"] == 1.02
    assert found["moviepy_cpu_ratio"] == 0.3
    assert found["colour_cpu_ratio"] == 0.125
    assert figures(guest=None)["moviepy_cpu_ratio"] is None


def test_every_promise_is_kept_or_seen_broken() -> None:
    assert all(bar.kept for bar in edit.promises(figures()))
    costly = replace(ONE, cost=Cost(31.0, 1.0, 1))
    assert [bar.kept for bar in edit.promises(figures(costly))] == [False, True, True, True]
    assert not edit.promises(figures(replace(ONE, vmaf=81.0)))[1].kept
    assert not edit.promises(figures(replace(ONE, size=6_100_000)))[2].kept


def test_the_bars_are_as_long_as_their_figures() -> None:
    root = ET.fromstring(edit.picture([THREE, ONE, BARE, GUEST]))  # noqa: S314 - our own words
    _, *bars = root.iter(f"{SVG}rect")
    lengths = [float(bar.get("width", 0)) for bar in bars]
    assert [length / lengths[0] for length in lengths] == pytest.approx([1, 0.24, 0.12, 0.8], abs=0.01)
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert "0.24 x   VMAF 85.0" in words
    assert "0.12 x" in words


def test_words_in_a_plot_are_words() -> None:
    root = ET.fromstring(strips_svg("a & b", [Strip("<b>", 1.0, "x < y")]))  # noqa: S314 - our own words
    assert [text.text for text in root.iter(f"{SVG}text")] == ["a & b", "<b>", "x < y"]


def test_a_higher_value_stands_higher_and_the_chosen_point_is_ringed() -> None:
    curves = [Curve("fast", [(0.3, 84.0, "22"), (0.4, 90.0, "18")]), Curve("original", [(1.0, 82.0, "23")])]
    drawn = curves_svg("title", ("cpu", "vmaf"), curves, chosen=("fast", "22"))
    circles = list(ET.fromstring(drawn).iter(f"{SVG}circle"))  # noqa: S314 - our own words
    points = [(float(c.get("cx", 0)), float(c.get("cy", 0))) for c in circles if c.get("fill") != "none"]
    rings = [(float(c.get("cx", 0)), float(c.get("cy", 0))) for c in circles if c.get("fill") == "none"]
    assert rings == [points[0]]
    assert points[0][0] < points[1][0] < points[2][0]
    assert points[1][1] < points[0][1] < points[2][1]


def test_a_point_counts_only_if_it_is_as_good_and_no_larger() -> None:
    assert operating_points._mark(ONE, THREE) == "✓"
    assert operating_points._mark(replace(ONE, vmaf=81.9), THREE) == ""
    assert operating_points._mark(replace(ONE, size=6_000_001), THREE) == ""


def test_the_plot_of_the_points_names_presets_and_the_original() -> None:
    found = {("veryfast", 22): ONE, ("veryfast", 20): replace(ONE, vmaf=88.0), ("fast", 22): GUEST}
    root = ET.fromstring(operating_points._picture(found, THREE))  # noqa: S314 - our own words
    words = {text.text for text in root.iter(f"{SVG}text")}
    assert {"veryfast", "fast", "the original's three passes", "22", "20", "fast / 23"} <= words


def test_both_sides_of_the_colour_bench_change_the_same_things() -> None:
    """Exposure, temperature, tint with shadows and highlights, a look; and eq's three."""
    ours = grade(WISH, Signal("bt709", "bt709", "bt709"))
    assert sum(name.startswith("curves") for name in ours) == 1
    assert {step.partition("=")[0] for step in EACH} == {
        "eq", "exposure", "colortemperature", "colorbalance", "curves", "format",
    }  # fmt: skip


def test_the_reference_pattern_is_one() -> None:
    spec = PatternSpec.parse(PATTERN)
    assert (spec.logo.width_percent, spec.logo.opacity) == (15, 0.8)
