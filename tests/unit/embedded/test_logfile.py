from __future__ import annotations

from pathlib import Path

from subiteya.embedded.logfile import RotatedLog


def test_a_full_log_moves_away_and_the_oldest_is_dropped(tmp_path: Path) -> None:
    file = tmp_path / "api.log"
    log = RotatedLog(file, limit_bytes=10, keep=2)
    for line in (b"first 12\n", b"second 2\n", b"third 12\n", b"fourth 2\n"):
        log.write(line)
    log.close()
    assert file.read_bytes() == b"fourth 2\n"
    assert (tmp_path / "api.log.1").read_bytes() == b"third 12\n"
    assert (tmp_path / "api.log.2").read_bytes() == b"second 2\n"
    assert len(list(tmp_path.iterdir())) == 3


def test_a_log_goes_on_where_the_last_run_stopped(tmp_path: Path) -> None:
    file = tmp_path / "api.log"
    for line in (b"one\n", b"two\n"):
        log = RotatedLog(file, limit_bytes=100)
        log.write(line)
        log.close()
    assert file.read_bytes() == b"one\ntwo\n"


def test_a_line_longer_than_the_limit_is_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "api.log"
    log = RotatedLog(file, limit_bytes=4)
    log.write(b"longer than four\n")
    log.close()
    assert file.read_bytes() == b"longer than four\n"
