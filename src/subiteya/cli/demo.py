"""`subiteya demo`: from a clip to a post on this machine, to be watched."""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path
from typing import Annotated, Any

import httpx2
import typer
from rich.console import Console
from rich.text import Text

from subiteya.cli.api_client import ApiClient, open_api
from subiteya.cli.chain import Order
from subiteya.cli.first_start import prepare
from subiteya.cli.publish import Server, link_of, publish_order, server_of
from subiteya.cli.running import language, read_settings, run
from subiteya.config import Settings
from subiteya.embedded.home import Home
from subiteya.embedded.stack import make_supervisor
from subiteya.embedded.state import Stack, find_running
from subiteya.media.edit import Editor
from subiteya.media.ffmpeg import find_ffmpeg
from subiteya.media.fonts import bundled_fonts
from subiteya.media.sample import Sample, make_sample

PATTERN_NAME = "Demo"
SPEC: dict[str, Any] = {
    "logo": {"anchor": "top_right", "width_percent": 22, "opacity": 0.95},
    "effects": {"look": "vibrant", "vignette": 0.35, "contrast": 0.05},
}
CAPTION = "Del teléfono a TikTok con SubiteYa #subiteya"


def demo(
    clip: Annotated[
        Path | None,
        typer.Argument(help="A video of yours; a sample is made when missing.", exists=True, dir_okay=False),
    ] = None,
    subtitles: Annotated[
        Path | None,
        typer.Option(
            help="Subtitles for it; those beside it, or the sample's, when missing.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show what every process writes.")] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the stack running afterwards, until Ctrl-C.")
    ] = False,
) -> None:
    """Take a clip from upload to posted: starts everything that is needed, and shows each step."""
    run(_demo(clip, subtitles, verbose=verbose, keep=keep))


async def _demo(clip: Path | None, subtitles: Path | None, *, verbose: bool, keep: bool) -> None:
    console = Console()
    running = find_running(Home(read_settings().home.home))
    if running is None:
        # Two demos in a row shall not wait for the window between two posts of one account.
        os.environ.setdefault("ACCOUNT_WINDOW_SECONDS", "0")
    settings = read_settings()
    if running is not None:
        await _show(running, settings, clip, subtitles, console)
        return

    async def body(stack: Stack) -> None:
        await _show(stack, settings, clip, subtitles, console)
        if keep:
            console.print(
                _line(
                    "Sigue en marcha hasta Ctrl-C" if language() == "es" else "Runs until Ctrl-C", stack.url
                )
            )
            await asyncio.Event().wait()

    await make_supervisor(settings, console, show_lines=verbose).run(body)


async def _show(
    stack: Stack, settings: Settings, clip: Path | None, subtitles: Path | None, console: Console
) -> None:
    begun = time.monotonic()
    await prepare(stack, language())
    sample = await _sample(settings, settings.home.home / "demo")
    order_clip = clip or sample.video
    captions = subtitles or _beside(clip) or sample.subtitles
    async with (
        server_of(stack.url, None) as server,
        open_api(server.url, server.key, language()) as api,
    ):
        await _save_pattern(api, sample.logo)
        account = (await api.get("/accounts"))["accounts"][0]["id"]
        order = Order(
            clip=order_clip,
            subtitles=captions,
            pattern=PATTERN_NAME,
            account=account,
            caption=CAPTION,
            notes=settings.home.home / "uploads",
        )
        video = await publish_order(api, order, server, as_json=False)
        branded = await _fetch(api, video, settings.home.home / "demo")
        _say_posted(console, video, server, branded, time.monotonic() - begun)


def _beside(clip: Path | None) -> Path | None:
    """The subtitles that lie beside a clip under its name, as players look for them."""
    if clip is None:
        return None
    found = (clip.with_suffix(suffix) for suffix in (".vtt", ".srt", ".ass"))
    return next((path for path in found if path.is_file()), None)


async def _fetch(api: ApiClient, video: dict[str, Any], folder: Path) -> Path:
    """Put the branded clip beside the sample, to be looked at when everything has stopped."""
    answer = await api.get(f"/videos/{video['id']}/download", which="edited")
    target = folder / f"posted-{video['id'][:8]}.mp4"
    async with httpx2.AsyncClient(timeout=60) as http, http.stream("GET", answer["url"]) as response:
        response.raise_for_status()
        with target.open("wb") as file:
            async for block in response.aiter_bytes():
                file.write(block)
    return target


def _say_posted(
    console: Console, video: dict[str, Any], server: Server, branded: Path, seconds: float
) -> None:
    spanish = language() == "es"
    console.print()
    title = f"Publicado en {seconds:.0f} s" if spanish else f"Posted in {seconds:.0f} s"
    console.print(Text(f"✓ {title}", "bold green"))
    link = link_of(video, server)
    if link is not None:
        again = "(mientras corre: subiteya up)" if spanish else "(while it runs: subiteya up)"
        console.print(_line("Publicación" if spanish else "The post", link, again))
    console.print(_line("El clip con tu marca" if spanish else "The branded clip", str(branded)))


def _line(label: str, value: str, remark: str = "") -> Text:
    return Text.assemble((f"{label}: ", "dim"), (value, "bold underline"), (f" {remark}", "dim"))


async def _sample(settings: Settings, folder: Path) -> Sample:
    """The sample clip, logo and subtitles: made once, kept in the data folder."""
    ffmpeg = await find_ffmpeg(settings.edit.ffmpeg_binary)
    fonts = await asyncio.to_thread(bundled_fonts)
    folder.mkdir(parents=True, exist_ok=True)
    return await make_sample(Editor(ffmpeg=ffmpeg.binary, fonts=fonts), folder.resolve())


async def _save_pattern(api: ApiClient, logo: Path) -> None:
    patterns = (await api.get("/patterns"))["patterns"]
    if any(one["name"] == PATTERN_NAME for one in patterns):
        return
    made = await api.post("/patterns", {"name": PATTERN_NAME, "spec": json.loads(json.dumps(SPEC))})
    content = await asyncio.to_thread(logo.read_bytes)
    await api.ask("POST", f"/patterns/{made['id']}/logo", files={"file": (logo.name, content, "image/png")})
