"""Whether a server on the loopback answers."""

from __future__ import annotations

import contextlib
import ssl
from typing import Final

import httpx2

NO_TLS: Final = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For plain HTTP: trusts nobody. Loading certificates instead costs each client 0.05 s of CPU time."""


async def answers_well(url: str, limit_s: float) -> bool:
    """Whether a GET of this address is answered with 2xx within so many seconds."""
    with contextlib.suppress(httpx2.TransportError):
        async with httpx2.AsyncClient(trust_env=False, timeout=limit_s, verify=NO_TLS) as client:
            return (await client.get(url)).is_success
    return False
