"""Style sheet, scripts and pictures of the pages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from fastapi.responses import Response
from fastapi.staticfiles import StaticFiles

FOLDER: Final = Path(__file__).parents[1] / "static"


class Assets(StaticFiles):
    """Files that a browser keeps but asks about each time: their names do not change with their content."""

    def __init__(self, folder: Path = FOLDER) -> None:
        # What `make assets` brings may be missing; the page that needs it says so.
        super().__init__(directory=folder, check_dir=False)

    def file_response(self, full_path: Any, stat_result: os.stat_result, *args: Any, **more: Any) -> Response:
        """Answer with a file, or with 304."""
        response = super().file_response(full_path, stat_result, *args, **more)
        response.headers["Cache-Control"] = "no-cache"
        return response
