"""`subiteya publish`: one clip through the whole chain of a running server."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from subiteya.cli.api_client import ApiClient, open_api
from subiteya.cli.chain import Order, Watcher, run_chain
from subiteya.cli.journey_view import JourneyView, timeline_table
from subiteya.cli.running import language, read_settings, run
from subiteya.domain.errors import ConfigurationError
from subiteya.embedded.home import Home
from subiteya.embedded.state import Stack, find_running
from subiteya.services.access import create_api_key, ensure_owner
from subiteya.services.resources import open_resources

_OWN_KEY_LIFE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Server:
    """Which server to use, with which key."""

    url: str
    key: str = field(repr=False)
    simulator_url: str | None = None


def publish(  # noqa: PLR0917 - Typer reads them by name
    clip: Annotated[Path, typer.Argument(help="The video file.", exists=True, dir_okay=False, readable=True)],
    account: Annotated[
        str | None, typer.Option(help="TikTok account (@username or id); not needed with just one.")
    ] = None,
    pattern: Annotated[str | None, typer.Option(help="Saved brand pattern, by name or id.")] = None,
    spec: Annotated[
        Path | None, typer.Option(help="Brand pattern as a JSON file instead.", exists=True, dir_okay=False)
    ] = None,
    caption: Annotated[str, typer.Option(help="Text of the post, with #hashtags and @mentions.")] = "",
    title: Annotated[
        str | None, typer.Option(help="Name in your lists; the file's name when missing.")
    ] = None,
    subtitles: Annotated[
        Path | None,
        typer.Option(help="Subtitles to burn in: .srt, .vtt or .ass.", exists=True, dir_okay=False),
    ] = None,
    privacy: Annotated[str, typer.Option(help="Privacy level as TikTok names it.")] = "SELF_ONLY",
    draft: Annotated[
        bool, typer.Option("--draft", help="Into your TikTok inbox, to be finished and posted in the app.")
    ] = False,
    next_free_slot: Annotated[
        bool, typer.Option("--next-free-slot", help="At the account's next free posting time.")
    ] = False,
    url: Annotated[
        str | None,
        typer.Option(
            envvar="SUBITEYA_URL", help="Server; the one that runs on the data folder when missing."
        ),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(envvar="SUBITEYA_API_KEY", help="Key of the server; needs none on this machine."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object instead of bars.")] = False,
) -> None:
    """Upload a clip, brand it, post it, and wait until TikTok has confirmed it.

    A draft has arrived when it is in your inbox. What is planned for later is not waited for.
    """
    order = Order(
        clip=clip,
        title=title,
        subtitles=subtitles,
        pattern=pattern,
        spec=_read_spec(spec),
        account=account,
        caption=caption,
        privacy=privacy,
        draft=draft,
        next_free_slot=next_free_slot,
        notes=read_settings().home.home / "uploads",
    )
    run(_publish(order, url, api_key, as_json=as_json))


async def _publish(order: Order, url: str | None, key: str | None, *, as_json: bool) -> None:
    async with server_of(url, key) as server, open_api(server.url, server.key, language()) as api:
        await publish_order(api, order, server, as_json=as_json)


async def publish_order(api: ApiClient, order: Order, server: Server, *, as_json: bool) -> dict[str, Any]:
    """Run the chain and show it; the video's row at the end."""
    console = Console()
    if as_json:
        silent = Watcher(lambda _done, _total: None, lambda _video: None)
        video = await run_chain(api, order, silent)
        events = (await api.get(f"/videos/{video['id']}/events"))["events"]
        print(json.dumps({"video": video, "events": events, "link": link_of(video, server)}))  # noqa: T201 - for scripts
        return video
    with JourneyView(console, language()) as view:
        video = await run_chain(api, order, Watcher(view.uploaded, view.changed, console.print))
    events = (await api.get(f"/videos/{video['id']}/events"))["events"]
    console.print()
    console.print(timeline_table(events, language()))
    return video


def link_of(video: dict[str, Any], server: Server) -> str | None:
    """Where the post can be seen: the simulator's page of it, or TikTok's link, if TikTok gave one."""
    post = video["posts"][-1]
    if server.simulator_url is not None:
        return f"{server.simulator_url}/simulator/posts/{post['publish_id']}"
    url: str | None = post["post_url"]
    return url


@asynccontextmanager
async def server_of(url: str | None, key: str | None) -> AsyncIterator[Server]:
    """The server to use, and a key for it.

    On the machine of a running stack no key is needed: whoever may read the data folder may make one. It
    lives for some hours only.

    Raises:
        ConfigurationError: no server runs here and none was named, or it needs a key.
    """
    stack = find_running(Home(read_settings().home.home))
    if stack is None or (url is not None and url.rstrip("/") != stack.url):
        if url is None:
            raise ConfigurationError(what="--url", why="no SubiteYa runs here; start one with: subiteya up")
        if key is None:
            raise ConfigurationError(what="--api-key", why=f"{url} wants a key (or set SUBITEYA_API_KEY)")
        yield Server(url, key)
        return
    yield Server(stack.url, key or await _own_key(stack), stack.simulator_url)


async def _own_key(stack: Stack) -> str:
    async with open_resources(stack.settings) as resources:
        owner = await ensure_owner(resources)
        return await create_api_key(
            resources,
            user_id=owner.user.id,
            name=f"command line, process {os.getpid()}",
            expires_at=datetime.now(UTC) + _OWN_KEY_LIFE,
        )


def _read_spec(path: Path | None) -> dict[str, Any] | None:
    if path is None:
        return None
    try:
        spec = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise typer.BadParameter(f"{path} is not JSON: {error}", param_hint="--spec") from None
    if not isinstance(spec, dict):
        raise typer.BadParameter(f"{path} holds no JSON object", param_hint="--spec")
    return spec
