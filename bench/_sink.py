"""A server that takes chunks as TikTok's upload address does and throws them away; a process of its own.

`python _sink.py RATE` prints its port. RATE is the bytes a second that it reads, 0 for as fast as they come:
so a network's rate stands in for TikTok's. Plain sockets: it must not be what is measured.
"""

from __future__ import annotations

import socket
import sys
import threading
import time

BLOCK = 256 * 1024
_TICK_S = 0.005


def serve(rate: int) -> None:
    """Serve until killed."""
    with socket.create_server(("127.0.0.1", 0), backlog=8) as server:
        if rate:
            # A large buffer would take a chunk in at once and hide the rate.
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BLOCK)
        print(server.getsockname()[1], flush=True)
        while True:
            connection, _ = server.accept()
            threading.Thread(target=_talk, args=(connection, rate), daemon=True).start()


def _talk(connection: socket.socket, rate: int) -> None:
    buffer = memoryview(bytearray(BLOCK))
    with connection:
        while (head := _head(connection)) is not None:
            headers, came = head
            if headers.get("expect") == "100-continue":
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            _swallow(connection, int(headers["content-length"]) - came, rate, buffer)
            connection.sendall(_answer(headers.get("content-range", "")))


def _head(connection: socket.socket) -> tuple[dict[str, str], int] | None:
    """The headers of the next request in lower case, and how many bytes of its body came with them."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := connection.recv(16_384)):
            return None
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")[1:]
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return headers, len(body)


def _swallow(connection: socket.socket, missing: int, rate: int, buffer: memoryview) -> None:
    """Read the rest of a body, at the rate; a pause of the sender is not made up for afterwards."""
    free_at = time.perf_counter()
    while missing > 0:
        if (ahead := free_at - time.perf_counter()) > _TICK_S:
            time.sleep(ahead)
        count = connection.recv_into(buffer, min(len(buffer), missing))
        if not count:
            return
        missing -= count
        if rate:
            free_at = max(free_at, time.perf_counter() - _TICK_S) + count / rate


def _answer(content_range: str) -> bytes:
    place, _, total = content_range.removeprefix("bytes ").partition("/")
    last = place.partition("-")[2] or "0"
    status = "206 Partial Content" if total and int(last) + 1 < int(total) else "201 Created"
    progress = f"Content-Range: bytes 0-{last}/{total}\r\n" if total else ""
    return f"HTTP/1.1 {status}\r\n{progress}Content-Length: 0\r\n\r\n".encode()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
