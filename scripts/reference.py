"""Write the reference pages that follow from the code: `make docs`.

Each page is a pure function of the installed package: no engine is started, no variable of the environment is
read, no time and no machine shows. `--check` writes nothing and says which pages are out of date.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from reference_pages.api import api_page
from reference_pages.cli import cli_page
from reference_pages.errors import errors_page
from reference_pages.metrics import metrics_page
from reference_pages.pattern import pattern_page
from reference_pages.settings import settings_page
from reference_pages.states import states_page

FOLDER: Final = Path(__file__).parents[1] / "docs" / "reference"
PAGES: Final[Mapping[str, Callable[[], str]]] = {
    "api.md": api_page,
    "cli.md": cli_page,
    "errors.md": errors_page,
    "metrics.md": metrics_page,
    "pattern.md": pattern_page,
    "settings.md": settings_page,
    "states.md": states_page,
}


def text_of(name: str) -> str:
    """The text of a page as it should be now."""
    with _bare_environment():
        return PAGES[name]()


@contextmanager
def _bare_environment() -> Iterator[None]:
    """Nothing that whoever runs this has set may show in a page."""
    kept = dict(os.environ)
    os.environ.clear()
    try:
        yield
    finally:
        os.environ.update(kept)


def main() -> None:
    """Write the pages, or say which are out of date."""
    parser = argparse.ArgumentParser(description="Write the reference pages that follow from the code.")
    parser.add_argument("--check", action="store_true", help="write nothing; say which are out of date")
    check = parser.parse_args().check
    stale = []
    for name in PAGES:
        path, text = FOLDER / name, text_of(name)
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale.append(name)
        if not check:
            path.write_text(text, encoding="utf-8")
            print(f"wrote docs/reference/{name}")
    if check and stale:
        sys.exit(f"out of date, run `make docs`: {', '.join(stale)}")


if __name__ == "__main__":
    main()
