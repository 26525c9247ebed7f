"""`subiteya up`: everything in one terminal."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from subiteya.cli.first_start import Welcome, prepare
from subiteya.cli.running import language, read_settings, run
from subiteya.embedded.stack import make_supervisor
from subiteya.embedded.state import Stack


def up() -> None:
    """Run everything in this terminal until Ctrl-C: engines, api, workers and the TikTok simulator.

    Whatever DATABASE_URL, REDIS_URL, S3_* or TIKTOK_MODE=live names is used instead of what comes with it.
    """
    run(_up())


async def _up() -> None:
    console = Console()

    async def body(stack: Stack) -> None:
        console.print(_panel(stack, await prepare(stack, language())))
        await asyncio.Event().wait()

    await make_supervisor(read_settings(), console).run(body)


def _panel(stack: Stack, welcome: Welcome) -> Panel:
    spanish = language() == "es"
    lines = [(f"{stack.url}", "bold underline")]
    text = Text.assemble(*lines)
    _add(text, "Entra una vez con" if spanish else "Sign in, once, with", welcome.login_link)
    if welcome.api_key is not None:
        label = "Clave de API (solo se muestra ahora)" if spanish else "API key (shown only now)"
        _add(text, label, welcome.api_key)
    if stack.simulator_url is not None:
        label = "Lo publicado, en el simulador" if spanish else "What was posted, in the simulator"
        _add(text, label, stack.simulator_url)
    _add(text, "Detener" if spanish else "Stop", "Ctrl-C")
    return Panel(text, title="SubiteYa", border_style="green", expand=False)


def _add(text: Text, label: str, value: str) -> None:
    text.append(f"\n{label}: ", "dim")
    text.append(value)
