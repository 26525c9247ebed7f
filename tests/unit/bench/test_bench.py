from __future__ import annotations

import ast
import json
import os
from pathlib import Path

import pytest
from rich.console import Console

from _bench import Bar, Switch, last_line, percentile, read_options, readable, run_bench, show_bars

SCRIPTS = sorted(path for path in (Path(__file__).parents[3] / "bench").glob("*.py") if path.name[0] != "_")


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", os.environ.copy())  # a bench empties it


def test_there_are_benches() -> None:
    assert "memory" in {script.stem for script in SCRIPTS}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_each_script_leaves_its_switches_and_its_last_line_to_the_helper(script: Path) -> None:
    *_, last = ast.parse(script.read_text()).body
    assert isinstance(last, ast.If)
    assert ast.unparse(last.test) == "__name__ == '__main__'"
    assert ast.unparse(last.body[-1]).startswith("run_bench(")


def test_the_switches_are_off_unless_given() -> None:
    assert not read_options("A bench.", []).quick
    assert read_options("A bench.", ["--quick"]).quick
    assert read_options("A bench.", ["--json"]).json


def test_a_bench_may_have_switches_of_its_own() -> None:
    switches = [Switch("--clip", "FILE", "footage"), Switch("--picture", "FILE", "plot")]
    given = read_options("A bench.", ["--clip", "a.mp4", "--json"], switches)
    assert (given.path("clip"), given.path("picture"), given.json) == (Path("a.mp4"), None, True)


def test_the_last_line_is_one_json_object(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def measure(_: object, console: Console) -> dict[str, object]:
        console.print("a table")
        return {"text": "two\nlines, ñ", "figures": [1, 2.5]}

    monkeypatch.setattr("sys.argv", ["bench", "--json"])
    run_bench("A bench.", measure)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "a table"
    assert json.loads(lines[-1]) == {"text": "two\nlines, ñ", "figures": [1, 2.5]}


def test_what_json_does_not_know_is_no_result() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        last_line({"ratio": float("nan")})


def test_a_bench_measures_defaults_and_not_what_the_shell_names(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str | None] = []

    async def measure(_: object, __: Console) -> dict[str, object]:
        seen.append(os.environ.get("TIKTOK_MODE"))
        return {}

    monkeypatch.setattr("sys.argv", ["bench"])
    monkeypatch.setenv("TIKTOK_MODE", "live")
    run_bench("A bench.", measure)
    assert seen == [None]


def test_a_bar_is_kept_up_to_its_limit() -> None:
    assert Bar("memory", 200, 200, "MB").kept
    assert not Bar("memory", 200.1, 200, "MB").kept


def test_a_broken_promise_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    show_bars(Console(width=80), [Bar("memory", 250.0, 200, "MB"), Bar("wait", 1.25, 50, "ms")])
    assert capsys.readouterr().out.splitlines() == [
        "✗ memory: 250 MB (at most 200)",
        "✓ wait: 1.25 ms (at most 50)",
    ]


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1234567, "1,234,567"), (1234.5, "1,234"), (12.345, "12.3"), (0.0123, "0.0123"), ("x", "x")],
)
def test_figures_show_three_digits(value: object, shown: str) -> None:
    assert readable(value) == shown


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(value) for value in range(1, 201)]
    assert percentile(values, 0.99) == 198
    assert percentile(values, 0.5) == 100
    assert percentile([7.0], 0.99) == 7
