"""Free ports on loopback, remembered so that addresses stay the same from one start to the next."""

from __future__ import annotations

import json
import random
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path

from subiteya.embedded.errors import StackError
from subiteya.embedded.home import write_private

LOOPBACK = "127.0.0.1"
_RANGE = range(17_000, 22_500, 10)  # below what systems give to outgoing connections, also with +10,000


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of the loopback address."""
    with socket.socket() as probe:
        probe.setsockopt(
            socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
        )  # a closed connection's rest is no listener
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


class Ports:
    """The ports of one data folder.

    Args:
        file: Where they are remembered.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._chosen: dict[str, int] = _read(file)

    def choose(self, name: str, *, preferred: int | None = None, offsets: Sequence[int] = (0,)) -> int:
        """A port that is free together with its neighbours: the remembered one, the preferred one, or any.

        Args:
            name: Whose port it is.
            preferred: Tried when none is remembered or the remembered one is taken.
            offsets: What the user of the port adds to it for further ports of its own.

        Raises:
            StackError: Nothing is free.
        """
        taken = {port for other, port in self._chosen.items() if other != name}
        for port in self._candidates(name, preferred):
            if port not in taken and all(is_free(port + offset) for offset in offsets):
                if self._chosen.get(name) != port:
                    self._chosen[name] = port
                    write_private(self._file, json.dumps(self._chosen, indent=2))
                return port
        raise StackError(f"There is no free port on {LOOPBACK} for {name}.")

    def forget(self, name: str) -> None:
        """Look for a new port next time: the remembered one turned out to be taken."""
        self._chosen.pop(name, None)

    def _candidates(self, name: str, preferred: int | None) -> Iterable[int]:
        if name in self._chosen:
            yield self._chosen[name]
        if preferred:
            yield preferred
        yield from random.sample(_RANGE, len(_RANGE))  # in no order: two starts at once rarely meet


def _read(file: Path) -> dict[str, int]:
    try:
        words = json.loads(file.read_text())
        return {str(name): int(port) for name, port in words.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}  # they are only a convenience: chosen anew, everything still works
