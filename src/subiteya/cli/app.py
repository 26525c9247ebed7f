"""All commands in one place. Each one's module is imported when it is used, see `cli.lazy`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final

import typer

from subiteya import __version__
from subiteya.cli.lazy import add_lazy_command

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "up": (
        "up:up",
        "Run everything in this terminal until Ctrl-C: engines, api, workers and the TikTok simulator.",
    ),
    "demo": (
        "demo:demo",
        "Take a clip from upload to posted: starts everything that is needed, and shows each step.",
    ),
    "publish": (
        "publish:publish",
        "Upload a clip, brand it, post it, and wait until TikTok has confirmed it.",
    ),
    "login-link": (
        "access:login_link",
        "Print a link that signs a browser in, once, within fifteen minutes.",
    ),
    "api-key": (
        "access:api_key",
        "Print a new API key. It is shown this once and stored as a hash only.",
    ),
    "audit": (
        "audit:audit",
        "Show what people did to the queues: who, what, when, and how it ended.",
    ),
    "migrate": (
        "setup:migrate",
        "Bring the database's tables up to date. Safe to run at each deploy, and from several hosts at once.",
    ),
    "setup-s3": (
        "setup:setup_s3",
        "Set the bucket up: private, CORS for uploads from browsers, lifecycle rules. Says what was done.",
    ),
    "costs": (
        "costs:costs",
        "Show what was used of Redis and the bucket, where the month will end, and what that costs.",
    ),
    "api": (
        "api:api",
        "Serve the JSON API, the live events and the pages.",
    ),
    "simulator": (
        "simulator:simulator",
        "Serve the TikTok simulator: the Content Posting API without TikTok, and a page of what was posted.",
    ),
}
"""Command → where its function is below `subiteya.cli`, and the first line of its help."""

WORKERS: Final[Mapping[str, tuple[str, str]]] = {
    "edit": ("worker_edit:worker_edit", "Brand videos with FFmpeg."),
    "upload": ("worker_upload:worker_upload", "Post videos to TikTok and wait for its word."),
}
"""The same for `subiteya worker …`."""

KEYS: Final[Mapping[str, tuple[str, str]]] = {
    "rotate": (
        "keys:rotate",
        "Seal every stored secret again under the first key of ENCRYPTION_KEY. Afterwards the others may go.",
    ),
}
"""The same for `subiteya keys …`."""

QUEUES: Final[Mapping[str, tuple[str, str]]] = {
    "list": (
        "queues:list_queues",
        "Show both queues: counts in Redis and in the rows, whether they are paused, and their workers.",
    ),
    "show": ("queues:show", "Show one job: its row, where Redis has it, and its last events."),
    "pause": ("queues:pause", "Let no worker take another job; jobs in hand go on."),
    "resume": ("queues:resume", "Let workers take jobs again."),
    "retry": (
        "queues:retry",
        "Run a job again that failed, finished or was called off, with fresh attempts.",
    ),
    "promote": (
        "queues:promote",
        "Run a job now that waits for its time or its next retry. A window of its account still holds.",
    ),
    "clean": (
        "queues:clean",
        "Forget ended jobs in Redis. Their rows and timelines stay, and they can still be run again.",
    ),
    "drain": (
        "queues:drain",
        "Call off all jobs of a queue that wait: their videos or posts become CANCELLED.",
    ),
}
"""The same for `subiteya queues …`."""


USERS: Final[Mapping[str, tuple[str, str]]] = {
    "list": ("users:list_users", "Show the users and their roles."),
    "add": ("users:add", "Make a user and print a link that signs their browser in, once."),
    "role": ("users:role", "Give a user another role."),
}
"""The same for `subiteya users …`."""


def _group(summary: str, commands: Mapping[str, tuple[str, str]], name: str | None = None) -> typer.Typer:
    group = typer.Typer(
        name=name,
        help=summary,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,  # its tracebacks show local variables, and with them secrets
    )
    for word, (place, first_line) in commands.items():
        add_lazy_command(group, word, f"subiteya.cli.{place}", first_line)
    return group


app = _group(
    "Brand a raw clip and post it to TikTok: self-hosted, exactly once, and honest about it.",
    COMMANDS,
    "subiteya",
)
app.add_typer(_group("Run one kind of worker until it is told to stop.", WORKERS), name="worker")
app.add_typer(_group("Look after the keys that stored secrets are sealed under.", KEYS), name="keys")
app.add_typer(_group("Look at the queues, and act on them.", QUEUES), name="queues")
app.add_typer(_group("Say who may look at the queues, and who may act on them.", USERS), name="users")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"subiteya {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and end."),
    ] = False,
) -> None:
    del version


def main() -> None:
    """Run the command line."""
    app()
