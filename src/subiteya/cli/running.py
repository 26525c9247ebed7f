"""Running a command: one event loop, and errors as a sentence instead of a traceback."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Coroutine
from typing import Any, NoReturn, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.text import Text

from subiteya.config import Settings
from subiteya.domain.errors import ConfigurationError, SubiteyaError
from subiteya.embedded.errors import StackError
from subiteya.http.locale import sentence_of

_T = TypeVar("_T")

INTERRUPTED = 130


def language() -> str:
    """The terminal's language: Spanish when its locale says so, else English."""
    words = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "es" if words.lower().startswith("es") else "en"


def read_settings() -> Settings:
    """The settings of the environment.

    Raises:
        ConfigurationError: a variable has an unusable value; which one and why is in the sentence, its
            value is not.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "environment"
        why = str(first["msg"]).removeprefix("Value error, ")
        raise ConfigurationError(what=where, why=why) from None


def fail(sentence: str) -> NoReturn:
    """Say why on the terminal and end with status 1."""
    Console(stderr=True).print(Text.assemble(("✗ ", "bold red"), sentence), soft_wrap=True)
    raise typer.Exit(1)


def run(command: Coroutine[Any, Any, _T]) -> _T:
    """Run a command to its end; an error of ours is said in one sentence."""
    try:
        return asyncio.run(command)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except SubiteyaError as error:
        fail(sentence_of(error.code, dict(error.context), language()))
    except StackError as error:
        fail(str(error))
    except BaseExceptionGroup as group:
        ours = group.subgroup(SubiteyaError)
        if ours is None:
            raise
        fail(str(_first_leaf(ours)))


def _first_leaf(group: BaseExceptionGroup[BaseException]) -> BaseException:
    first = group.exceptions[0]
    return _first_leaf(first) if isinstance(first, BaseExceptionGroup) else first
