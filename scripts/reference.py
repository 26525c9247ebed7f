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
from reference_pages.error_pages import error_pages
from reference_pages.errors import errors_page
from reference_pages.metrics import metrics_page
from reference_pages.pattern import pattern_page
from reference_pages.settings import settings_page
from reference_pages.states import states_page

DOCS: Final = Path(__file__).parents[1] / "docs"
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
    """The text of a page of the reference as it should be now."""
    with _bare_environment():
        return PAGES[name]()


def texts() -> dict[Path, str]:
    """Every generated page by its path below `docs`, as it should be now."""
    with _bare_environment():
        reference = {Path("reference", name): write() for name, write in PAGES.items()}
        return reference | {Path("errors", name): text for name, text in error_pages().items()}


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
    pages = texts()
    stale = [path for path, text in pages.items() if _present(path) != text]
    strays = [path for path in _errors_there() if path not in pages]
    if check and (stale or strays):
        names = ", ".join(map(str, stale + strays))
        sys.exit(f"out of date, run `make docs`: {names}")
    for path in stale:
        (DOCS / path).parent.mkdir(exist_ok=True)
        (DOCS / path).write_text(pages[path], encoding="utf-8")
        print(f"wrote docs/{path}")
    for path in strays:
        (DOCS / path).unlink()
        print(f"removed docs/{path}")


def _present(path: Path) -> str | None:
    try:
        return (DOCS / path).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None


def _errors_there() -> list[Path]:
    """Pages of errors that are there, among them those of errors that no longer exist."""
    return [path.relative_to(DOCS) for path in sorted((DOCS / "errors").glob("*.md"))]


if __name__ == "__main__":
    main()
