"""Render the pictures of `docs/pattern` from the examples that stand there: `make docs`.

Each page holds one pattern as JSON and says in a comment what of it is shown. The picture is made by a real
edit of the sample clip with that very pattern, and carries the fingerprint of its example: only those whose
example has changed are rendered. `--check` renders nothing and says which are out of date; `--all` renders
every one.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from pattern_examples import PICTURES, Example, examples, is_fresh
from pattern_studio import Studio
from PIL import Image

MOST_BYTES = 60_000
_QUALITIES = range(88, 20, -6)


def main() -> None:
    """Render what is out of date, or say what is."""
    parser = argparse.ArgumentParser(description="Render the pictures of the pages about brand patterns.")
    parser.add_argument("--check", action="store_true", help="render nothing; say which are out of date")
    parser.add_argument("--all", action="store_true", help="render every picture again")
    options = parser.parse_args()
    stale = [example for example in examples() if options.all or not is_fresh(example)]
    if options.check and stale:
        sys.exit("out of date, run `make docs`: " + ", ".join(str(example.picture) for example in stale))
    if stale:
        asyncio.run(_render(stale))


async def _render(stale: list[Example]) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        studio = await Studio.open(Path(folder))
        for example in stale:
            _save(await studio.picture(example), example)
            print(f"rendered {example.picture.relative_to(Path.cwd())}")


def _save(picture: Image.Image, example: Example) -> None:
    """Writes it as well as the bytes allow."""
    for quality in _QUALITIES:
        picture.save(
            example.picture, "JPEG", quality=quality, optimize=True, comment=example.fingerprint.encode()
        )
        if example.picture.stat().st_size <= MOST_BYTES:
            return
    raise ValueError(f"{example.picture.name} is larger than {MOST_BYTES} bytes at any quality")


if __name__ == "__main__":
    main()
