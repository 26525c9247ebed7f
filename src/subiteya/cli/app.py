"""All commands in one place."""

from __future__ import annotations

from typing import Annotated

import typer

from subiteya import __version__
from subiteya.cli import access, demo, processes, publish, setup, up

app = typer.Typer(
    name="subiteya",
    help="Brand a raw clip and post it to TikTok: self-hosted, exactly once, and honest about it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # its tracebacks show local variables, and with them secrets
)
app.command("up")(up.up)
app.command("demo")(demo.demo)
app.command("publish")(publish.publish)
app.command("login-link")(access.login_link)
app.command("api-key")(access.api_key)
app.command("migrate")(setup.migrate)
app.command("setup-s3")(setup.setup_s3)
app.command("api")(processes.api)
app.command("simulator")(processes.simulator)
worker = typer.Typer(help="Run one kind of worker until it is told to stop.", no_args_is_help=True)
worker.command("edit")(processes.worker_edit)
worker.command("upload")(processes.worker_upload)
app.add_typer(worker, name="worker")


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
