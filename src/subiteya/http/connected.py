"""Costly answers are made only for as long as somebody waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from fastapi import Request, Response

Made = TypeVar("Made")

_HUNG_UP: Final = 499  # nginx's word for a client that closed the connection; nobody reads it but our log


async def while_connected(
    request: Request, work: Coroutine[Any, Any, Made], answer: Callable[[Made], Response]
) -> Response:
    """The answer to what `work` returns; `work` is cancelled when the client hangs up.

    Args:
        request: Whose body has been read.
        work: Ends what it started (a program, a download) when it is cancelled.
        answer: Makes the response.
    """
    working = asyncio.create_task(work)
    leaving = asyncio.create_task(_left(request))
    try:
        await asyncio.wait([working, leaving], return_when=asyncio.FIRST_COMPLETED)
        return answer(working.result()) if working.done() else Response(status_code=_HUNG_UP)
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _left(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
