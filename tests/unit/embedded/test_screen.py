from __future__ import annotations

import io

from rich.console import Console

from subiteya.embedded.screen import Screen


def _screen() -> tuple[Screen, io.StringIO]:
    out = io.StringIO()
    return Screen(Console(file=out, width=40)), out


def test_lines_carry_the_name_of_who_wrote_them_and_are_never_wrapped_or_read_as_markup() -> None:
    screen, out = _screen()
    screen.line("edit", "[bold]50 %[/bold] " + "x" * 100)
    assert out.getvalue() == "edit       │ [bold]50 %[/bold] " + "x" * 100 + "\n"


def test_readiness_says_how_long_it_took_and_a_remark() -> None:
    screen, out = _screen()
    screen.ready("bucket", 0.94, "subiteya-videos")
    assert out.getvalue() == "bucket     │ ✓ ready in 0.9 s · subiteya-videos\n"


def test_a_terminal_that_went_away_stops_nobody() -> None:
    class Gone(io.StringIO):
        def write(self, _text: str) -> int:
            raise BrokenPipeError

    Screen(Console(file=Gone())).line("edit", "still working")
