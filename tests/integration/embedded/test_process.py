"""Children: their own session, their log, their end, and those that an earlier parent has left over."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import psutil
import pytest

from subiteya.embedded.identity import Identity
from subiteya.embedded.leftover import record_pid, stop_left_overs
from subiteya.embedded.process import Child, ChildSpec, bare_environment, launch_command

_WAIT = "import time; time.sleep(60)"
Make = Callable[..., Child]


def _spec(folder: Path, code: str, *words: str) -> ChildSpec:
    return ChildSpec(
        name="child",
        command=(sys.executable, "-c", code, *words),
        environment={**bare_environment(), "PYTHONUNBUFFERED": "1"},
        folder=folder,
        logs=folder,
        pids=folder,
    )


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    made: list[Child] = []

    def maker(code: str, *words: str, on_line: Callable[[str], None] | None = None) -> Child:
        made.append(Child(_spec(tmp_path, code, *words), on_line))
        return made[-1]

    yield maker
    for child in made:
        await child.stop(0)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process that is no child of the supervisor, leading its own session as such a child does."""
    process = subprocess.Popen([sys.executable, "-c", _WAIT], start_new_session=True)
    yield process
    process.kill()
    process.wait()


async def test_a_child_leads_its_own_session_and_reads_nothing(make: Make, tmp_path: Path) -> None:
    child = make("import os, sys; print(os.getsid(0) == os.getpid(), repr(sys.stdin.read()))")
    child.start()
    assert child.exited.result(10) == 0
    await child.finish()
    assert (tmp_path / "child.log").read_text() == "True ''\n"


async def test_lines_arrive_while_the_child_runs(make: Make) -> None:
    arrived = threading.Event()
    child = make(f"print('here'); {_WAIT}", on_line=lambda line: arrived.set() if line == "here" else None)
    child.start()
    assert arrived.wait(10)
    assert child.running
    assert list(child.tail) == ["here"]


async def test_a_child_that_will_not_stop_is_killed_with_what_it_started(make: Make) -> None:
    grandchild = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', sys.argv[1]]).pid)"
    deaf = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {grandchild}; {_WAIT}"
    printed = threading.Event()
    child = make(deaf, _WAIT, on_line=lambda _line: printed.set())
    child.start()
    assert printed.wait(10)
    below = psutil.Process(int(child.tail[0]))
    await child.stop(0.2)
    assert child.exited.result(0) == -signal.SIGKILL
    below.wait(5)
    assert not child.spec.pid_file.exists()


async def test_a_child_is_started_from_the_main_thread_only(make: Make) -> None:
    child = make(_WAIT)
    raised: list[Exception] = []

    def start() -> None:
        try:
            child.start()
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=start)
    thread.start()
    thread.join()
    assert "main thread" in str(raised[0])
    assert not child.running


async def test_a_left_over_child_is_known_by_its_pid_file_and_stopped(
    tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    record_pid(tmp_path / "edit.pid", stranger.pid, signal.SIGTERM)
    found = await stop_left_overs(tmp_path)
    assert [(left.name, left.identity.pid) for left in found] == [("edit", stranger.pid)]
    assert stranger.wait(5) == -signal.SIGTERM
    assert not (tmp_path / "edit.pid").exists()


async def test_a_process_that_got_the_pid_of_an_old_child_is_left_alone(
    tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    file = tmp_path / "edit.pid"
    record_pid(file, stranger.pid, signal.SIGTERM)
    identity = Identity.of(stranger.pid)
    assert identity is not None
    file.write_text(file.read_text().replace(identity.started, identity.started + "0"))
    assert await stop_left_overs(tmp_path) == []
    assert stranger.poll() is None
    assert not file.exists()


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"pid": 1}'])
async def test_a_damaged_pid_file_names_nobody(tmp_path: Path, text: str) -> None:
    (tmp_path / "edit.pid").write_text(text)
    assert await stop_left_overs(tmp_path) == []


def test_a_dead_process_is_alive_no_more_even_as_a_zombie(stranger: subprocess.Popen[bytes]) -> None:
    identity = Identity.of(stranger.pid)
    assert identity is not None
    assert identity.alive
    stranger.kill()
    os.waitid(os.P_PID, stranger.pid, os.WEXITED | os.WNOWAIT)  # dead, and not collected yet
    assert not identity.alive


def test_a_program_whose_parent_died_before_it_could_ask_does_not_run(tmp_path: Path) -> None:
    command = launch_command(
        (sys.executable, "-c", f"open({str(tmp_path / 'ran')!r}, 'w')"), death_signal=signal.SIGTERM
    )
    position = command.index(str(os.getpid()))
    command[position] = "1"  # a parent that it does not have
    assert subprocess.run(command, check=False, timeout=20).returncode == 0
    assert not (tmp_path / "ran").exists()
