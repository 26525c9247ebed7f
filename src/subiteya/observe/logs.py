"""Structured logs: one set-up for our own lines and for those of every library.

A line is a sentence plus bound names and values. `console` is for people, `json` for collectors. Everything
passes the scrubber last, tracebacks included.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

import structlog
from structlog.typing import Processor

from subiteya.config import ObserveSettings
from subiteya.observe.scrub import scrub_event

_TALKATIVE: Final = (
    "aiobotocore",
    "asyncio",
    "botocore",
    "httpcore",
    "httpcore2",
    "httpx",
    "httpx2",
    "multipart",
    "python_multipart",
    "PIL",
    "fontTools",
    "urllib3",
)
"""Libraries whose INFO and DEBUG lines tell of every request."""


def configure_logs(settings: ObserveSettings, *, colors: bool | None = None) -> None:
    """Set up logging for this process; whoever starts a process calls it once, first of all.

    Args:
        settings: Format and level.
        colors: Whether the console format is coloured; None looks whether a terminal reads it.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.StackInfoRenderer(),
        _clock(settings),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,  # to text, so that the scrubber sees it
                scrub_event,
                *_renderer(settings, sys.stderr.isatty() if colors is None else colors),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.log_level, force=True)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error"):
        # Its own start and stop lines say what ours say already.
        logging.getLogger(name).setLevel(logging.WARNING)


def _clock(settings: ObserveSettings) -> Processor:
    if settings.log_format == "json":
        return structlog.processors.TimeStamper(fmt="iso", utc=True)
    return structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False)


def _renderer(settings: ObserveSettings, colors: bool) -> list[Any]:
    if settings.log_format == "json":
        return [
            structlog.processors.EventRenamer("message"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    return [
        structlog.dev.ConsoleRenderer(
            colors=colors, pad_event_to=0, exception_formatter=structlog.dev.plain_traceback
        )
    ]
