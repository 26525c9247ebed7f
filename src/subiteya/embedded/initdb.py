"""Makes PostgreSQL's data folder, whole or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from subiteya.embedded.errors import EngineFailed, StackError
from subiteya.embedded.launch import SHIELD_REFUSED
from subiteya.embedded.process import bare_environment, launch_command
from subiteya.embedded.shield import ROOT_REFUSED

SUPERUSER = "postgres"
_LIMIT_S = 60


async def make_data_folder(initdb: Path, data: Path, shields: Sequence[str]) -> None:
    """Make the folder under the first shield that is allowed here.

    Args:
        initdb: The program.
        data: The folder to make; its parent must exist.
        shields: See `shield.possible_shields`.

    Raises:
        StackError: No shield is allowed.
        EngineFailed: The program failed or took longer than a minute.
    """
    fresh = data.with_name(f"{data.name}.new")  # renamed when complete: a killed initdb leaves no half
    for shield in shields:
        await asyncio.to_thread(shutil.rmtree, fresh, ignore_errors=True)
        code, output = await _run(initdb, fresh, shield)
        if code == 0:
            fresh.rename(data)
            return
        if code != SHIELD_REFUSED:
            raise EngineFailed(f"PostgreSQL's data folder could not be made (initdb: code {code}).\n{output}")
    raise StackError(ROOT_REFUSED)


async def _run(initdb: Path, folder: Path, shield: str) -> tuple[int | None, str]:
    command = (str(initdb), "-D", str(folder), "-U", SUPERUSER)
    options = ("--auth=trust", "--encoding=utf8", "--locale=C")
    process = await asyncio.create_subprocess_exec(
        *launch_command((*command, *options), death_signal=signal.SIGTERM, shield=shield),
        cwd=folder.parent,
        env=bare_environment(),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), _LIMIT_S)
    except TimeoutError as error:
        raise EngineFailed(f"PostgreSQL's data folder was not made within {_LIMIT_S} s.") from error
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    return process.returncode, output.decode(errors="replace")
