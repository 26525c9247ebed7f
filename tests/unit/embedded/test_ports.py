from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from subiteya.embedded.ports import LOOPBACK, Ports, is_free


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "ports.json"


def test_a_port_that_somebody_listens_on_is_not_free(taken: int) -> None:
    assert not is_free(taken)


def test_a_chosen_port_is_free_and_stays_the_same_at_the_next_start(file: Path) -> None:
    port = Ports(file).choose("api")
    assert is_free(port)
    assert Ports(file).choose("api") == port


def test_a_taken_preferred_port_is_left_alone(file: Path, taken: int) -> None:
    assert Ports(file).choose("api", preferred=taken) != taken


def test_a_free_preferred_port_is_taken_and_the_remembered_one_comes_before_it(file: Path) -> None:
    preferred = Ports(file.with_name("other")).choose("any")
    assert Ports(file).choose("api", preferred=preferred) == preferred
    assert Ports(file).choose("api", preferred=preferred + 1) == preferred


def test_a_remembered_port_that_was_taken_meanwhile_is_changed(file: Path, taken: int) -> None:
    file.write_text(f'{{"api": {taken}}}')
    port = Ports(file).choose("api")
    assert port != taken
    assert Ports(file).choose("api") == port


def test_two_names_never_share_a_port(file: Path) -> None:
    ports = Ports(file)
    first = ports.choose("first")
    assert ports.choose("second", preferred=first) != first


def test_a_port_whose_neighbour_is_taken_is_not_chosen(file: Path, taken: int) -> None:
    assert Ports(file).choose("s3", preferred=taken - 1, offsets=(0, 1)) != taken - 1


@pytest.mark.parametrize("text", ["", "[]", '{"api": "x"}', "null"])
def test_a_damaged_file_only_means_choosing_anew(file: Path, text: str) -> None:
    file.write_text(text)
    assert Ports(file).choose("api") > 0
