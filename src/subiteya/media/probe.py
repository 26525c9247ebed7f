"""What is in this file? Asked of PyAV in a process of its own, because the file is a stranger's."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import math
import sys
from pathlib import Path

from subiteya.domain.errors import NotAVideo, StorageUnavailable
from subiteya.domain.probe import Probe
from subiteya.media.confine import Limits, confined, kill_group

_CHILD = Path(__file__).with_name("probe_child.py")
_MEMORY = 2 * 1024**3  # one decoded 8K frame with its references, with room to spare
_MAX_READ = 512 * 1024**2  # bytes; a probe reads the index and the first frames, not the film
_SOCKET_TIMEOUT_S = 10.0
_REASON_CHARACTERS = 200
_PROCESSOR = 0.5
"""Share of the time that it may work: a file that takes more is refused, one that takes longer is late."""


async def probe(source: str | Path, *, limit_s: float = 20.0) -> Probe:
    """Reads what a media file holds, without trusting its name.

    Args:
        source: A local path, or a presigned http(s) address that answers Range requests.
        limit_s: Seconds after which the reading is ended by force.

    Raises:
        NotAVideo: No picture can be decoded, the container is not one of ours, or the reading took too much.
        StorageUnavailable: The address does not give the file, or not in time.
        FileNotFoundError: The local path does not exist.
    """
    found = await _read(source, limit_s, wanted="picture")
    if not found.is_video:
        raise NotAVideo(why="it has no picture")
    return found


async def probe_sound(source: str | Path, *, with_picture: bool = False, limit_s: float = 20.0) -> Probe:
    """Reads what a sound file holds; its pictures, if any, are not looked at unless asked for.

    Args:
        source: As for `probe`.
        with_picture: Read clips too, and say what their picture is.
        limit_s: As for `probe`.

    Raises:
        NotAVideo: Neither sound nor (when asked for) a picture can be decoded, the container is not one of
            ours, or the reading took too much.
        StorageUnavailable: The address does not give the file, or not in time.
        FileNotFoundError: The local path does not exist.
    """
    return await _read(source, limit_s, wanted="any" if with_picture else "sound")


async def _read(source: str | Path, limit_s: float, *, wanted: str) -> Probe:
    request = {
        "source": _absolute(source),
        "max_read": _MAX_READ,
        "timeout": _SOCKET_TIMEOUT_S,
        "wanted": wanted,
    }
    try:
        answer = await _ask(json.dumps(request).encode(), limit_s)
    except TimeoutError:
        why = f"reading it took longer than {limit_s:g} seconds"
        if _is_remote(source):
            # Its share of the processor was not spent: it waited, and the file is not to blame for that.
            raise StorageUnavailable(why=why) from None
        raise NotAVideo(why=why) from None
    if "unreachable" in answer:
        raise StorageUnavailable(why=answer["unreachable"])
    if "refused" in answer:
        raise NotAVideo(why=str(answer["refused"])[:_REASON_CHARACTERS])
    return Probe.from_json(answer["probe"])


def _absolute(source: str | Path) -> str:
    return str(source if _is_remote(source) else Path(source).resolve(strict=True))


def _is_remote(source: str | Path) -> bool:
    return isinstance(source, str) and source.startswith(("http://", "https://"))


async def _ask(request: bytes, limit_s: float) -> dict[str, object]:
    # The address is a secret for an hour: it goes through standard input, where `ps` does not show it.
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", _BOOT, _site_packages(), str(_CHILD)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
        env={},
        cwd="/",
        preexec_fn=confined(
            Limits(memory_bytes=_MEMORY, cpu_s=math.ceil(limit_s * _PROCESSOR), file_bytes=0)
        ),
    )
    try:
        async with asyncio.timeout(limit_s):
            output, _ = await process.communicate(request)
    finally:
        await kill_group(process)
    with contextlib.suppress(json.JSONDecodeError):
        answer = json.loads(output)
        if isinstance(answer, dict):
            return answer
    # No answer: the kernel ended it (memory, processor time), or libav crashed. The file did that.
    return {"refused": f"reading it needs more than we allow ({process.returncode})"}


# `-S` skips site and its .pth files: the child starts in 60 ms. It gets the one folder that it needs.
_BOOT = "import runpy,sys; sys.path.insert(0, sys.argv[1]); runpy.run_path(sys.argv[2], run_name='__main__')"


def _site_packages() -> str:
    spec = importlib.util.find_spec("av")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("PyAV (the package `av`) is not installed")
    return str(Path(spec.origin).parent.parent)
