from __future__ import annotations

from pathlib import Path

import imageio_ffmpeg
import pytest

from integration.media.studio import Studio
from subiteya.media.edit import Editor
from subiteya.media.fonts import bundled_fonts


@pytest.fixture(scope="session")
def ffmpeg() -> Path:
    return Path(imageio_ffmpeg.get_ffmpeg_exe())


@pytest.fixture(scope="session")
def editor(ffmpeg: Path) -> Editor:
    return Editor(ffmpeg, bundled_fonts())


@pytest.fixture
def studio(editor: Editor, tmp_path: Path) -> Studio:
    return Studio(editor, tmp_path)
