from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from subiteya.pipeline.work_folder import remove_abandoned, work_folder

HOLDER = """
import sys, time
from pathlib import Path
from subiteya.pipeline.work_folder import work_folder
with work_folder(Path(sys.argv[1]), "edit") as folder:
    (folder / "half.mp4").write_bytes(b"x")
    print(folder.name, flush=True)
    time.sleep(60)
"""


def test_the_folder_is_gone_after_an_error(tmp_path: Path) -> None:
    def fail() -> None:
        with work_folder(tmp_path, "edit") as folder:
            (folder / "in.mp4").write_bytes(b"x")
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        fail()
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]


def test_a_killed_process_leaves_nothing_once_somebody_tidies(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert holder.stdout is not None
    with holder.stdout:
        name = holder.stdout.readline().strip()
        assert remove_abandoned(tmp_path) == []
        holder.send_signal(signal.SIGKILL)
        holder.wait(10)
    assert (tmp_path / name).is_dir()
    assert remove_abandoned(tmp_path) == [name]
    assert not (tmp_path / name).exists()


def test_tidying_where_nothing_is_does_nothing(tmp_path: Path) -> None:
    assert remove_abandoned(tmp_path / "missing") == []
