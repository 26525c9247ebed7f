"""The api process: listens, serves, and ends its streams before it stops."""

from __future__ import annotations

import errno
import socket
from typing import Any, Final, cast

import structlog
import uvicorn

from subiteya.config import Settings
from subiteya.domain.errors import ConfigurationError
from subiteya.http.app import create_app
from subiteya.http.live import Live

_BACKLOG: Final = 2048
_log = structlog.get_logger(__name__)


class ApiServer(uvicorn.Server):
    """Uvicorn, which waits for open answers when it stops, and an event stream never ends by itself."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the event streams, let other answers finish, close the engines."""
        app = cast("Any", self.config.app)
        cast("Live", app.state.live).close()
        await super().shutdown(sockets)
        # Stopped as asked: the process ends well, and not by the signal that asked.
        self._captured_signals.clear()


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Logs must be set up before.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    listener = _listen(settings.http.host, settings.http.port)
    config = uvicorn.Config(
        create_app(settings),
        log_config=None,
        access_log=False,  # our own line per answer has the request's id and no query
        server_header=False,
        timeout_graceful_shutdown=round(settings.jobs.grace_seconds),
    )
    _log.info(f"[Server] Starting on port {listener.getsockname()[1]}")  # the seed's words
    await ApiServer(config).serve(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        why = "it is in use" if error.errno == errno.EADDRINUSE else (error.strerror or str(error))
        raise ConfigurationError(what=f"{host}:{port}", why=why) from error
