from __future__ import annotations

from pathlib import Path

import pytest

from subiteya.domain.errors import BadInput
from subiteya.media.lut import parse_cube, prepare_lut

COLOURS = "\n".join(f"{r} {g} {b}" for b in (0, 1) for g in (0, 1) for r in (0, 1))
PLAIN = f'# made by hand\nTITLE "x"\nLUT_3D_SIZE 2\n{COLOURS}\n'


def test_a_table_is_read_and_written_anew(tmp_path: Path) -> None:
    assert parse_cube(PLAIN.encode()).steps == 2
    name = prepare_lut(PLAIN.encode(), 1.0, tmp_path)
    assert "hand" not in (tmp_path / name).read_text()
    assert parse_cube((tmp_path / name).read_bytes()) == parse_cube(PLAIN.encode())


def test_strength_mixes_with_what_changes_nothing() -> None:
    black = "LUT_3D_SIZE 2\n" + "0 0 0\n" * 8
    assert parse_cube(black.encode()).written(0.25).splitlines()[-1] == "0.750000 0.750000 0.750000"


def test_a_grading_programs_input_range_is_the_domain() -> None:
    ranged = PLAIN.replace("SIZE 2\n", "SIZE 2\nLUT_3D_INPUT_RANGE 0.0 0.5\n")
    assert parse_cube(ranged.encode()).high == (0.5, 0.5, 0.5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "LUT_1D_SIZE 4\n" + "0 0 0\n" * 4,
        "LUT_3D_SIZE 2\n0 0 0\n",
        "LUT_3D_SIZE 900\n",
        "LUT_3D_SIZE 2\n" + "0 0 nan\n" * 8,
        "LUT_3D_SIZE 2\n" + "0 0\n" * 8,
        "LUT_3D_SIZE 2\nDOMAIN_MIN 1 1 1\n" + "0 0 0\n" * 8,
        "hello",
        "\n" * 1_000_000,
    ],
)
def test_what_is_no_table_is_refused_by_its_field(text: str) -> None:
    with pytest.raises(BadInput) as caught:
        parse_cube(text.encode())
    assert caught.value.context["what"] == "effects.lut_key"
