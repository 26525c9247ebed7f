"""Take the pictures of README and docs again: the demo's terminal output, and the simulator's page.

Runs a real demo in a folder of its own. Needs a browser that plays H.264; the one of npm does not.

    .venv/bin/python scripts/pictures.py --browser /usr/bin/chromium
"""

from __future__ import annotations

import argparse
import io
import os
import pty
import re
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

IMAGES: Final = Path(__file__).parents[1] / "docs" / "images"
COLUMNS: Final = 90
WINDOW: Final = (430, 860)
SECOND: Final = 3.0
"""Which moment of the clip is shown."""
LAST_LINE: Final = "Runs until Ctrl-C"
# Rich's own frame loads a font from elsewhere; a picture should need nothing.
FRAME: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>What the demo prints</title>
<style>
.{unique_id}-matrix {{
  font: {char_height}px/{line_height}px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace;
}}
.{unique_id}-title {{ font: 18px ui-sans-serif, system-ui, sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/>
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""


def main() -> None:
    """Take both pictures."""
    parser = argparse.ArgumentParser(description="Take the pictures of README and docs again.")
    parser.add_argument("--browser", type=Path, default=Path("/usr/bin/chromium"))
    browser: Path = parser.parse_args().browser
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        process, written = start_demo(Path(folder))
        try:
            found = re.search(r"The post: (\S+)", Text.from_ansi(settled(written)).plain)
            if found is None or "ended by itself" in written:
                sys.exit("the demo did not go well:\n" + settled(written))
            (IMAGES / "simulator.png").write_bytes(shoot(browser, found[1]))
        finally:
            os.kill(process, signal.SIGINT)
            os.waitpid(process, 0)
    shown = "\n".join(line for line in settled(written).splitlines() if LAST_LINE not in line)
    (IMAGES / "demo.svg").write_text(drawn(shown), encoding="utf-8")
    print("took docs/images/demo.svg and docs/images/simulator.png")


def start_demo(folder: Path) -> tuple[int, str]:
    """Run the demo on a terminal of its own until it has posted; its process id and what it wrote."""
    process, terminal = pty.fork()
    if process == 0:
        os.chdir(folder)
        plain = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
        size = {"COLUMNS": str(COLUMNS), "LINES": "60", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        os.execve(  # noqa: S606 - a list of our own words
            sys.executable,
            [sys.executable, "-m", "subiteya.cli", "demo", "--keep"],
            {**plain, **size, "LANG": "C.UTF-8"},
        )
    written = b""
    while LAST_LINE.encode() not in written:
        try:
            written += os.read(terminal, 65_536)
        except OSError:  # the demo has ended
            break
    return process, written.decode()


def settled(written: str) -> str:
    """What stays on the terminal: lines that were erased and written again are seen once."""
    lines = [""]
    for piece in re.split(r"(\r\n|\n|\r|\x1b\[\d*[AK]|\x1b\[\?25[lh])", written):
        if piece in {"\n", "\r\n"}:
            lines.append("")
        elif piece.endswith("K") and piece.startswith("\x1b["):
            lines[-1] = ""
        elif piece.endswith("A") and piece.startswith("\x1b["):
            lines = lines[: -int(piece[2:-1] or 1)]
        elif piece != "\r" and not piece.startswith("\x1b[?25"):
            lines[-1] += piece
    return "\n".join(line for line in lines if "not ready yet" not in line)


def drawn(shown: str) -> str:
    """The terminal as a picture."""
    console = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor"
    )
    console.print(Text.from_ansi(shown), soft_wrap=True)
    return console.export_svg(title="make demo", theme=DIMMED_MONOKAI, code_format=FRAME, unique_id="demo")


def shoot(browser: Path, address: str) -> bytes:
    """The page at an address, its clip at some moment, as a small PNG."""
    with sync_playwright() as playwright:
        program = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox", "--disable-gpu"])
        page: Any = program.new_page(viewport={"width": WINDOW[0], "height": WINDOW[1]}, locale="en-US")
        page.goto(address)
        clip = page.locator("video").first
        clip.evaluate(
            "(video, at) => new Promise(done => {"
            " video.removeAttribute('controls');"
            " video.addEventListener('seeked', () => setTimeout(done, 300), {once: true});"
            " video.currentTime = at; })",
            SECOND,
        )
        shot = page.screenshot()
        program.close()
    small = io.BytesIO()
    Image.open(io.BytesIO(shot)).convert("RGB").save(small, "PNG", optimize=True)
    return small.getvalue()


if __name__ == "__main__":
    main()
