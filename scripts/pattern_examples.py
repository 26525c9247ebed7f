"""The examples in `docs/pattern`: which pattern each page shows, and what of it its picture shows."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

PAGES: Final = Path(__file__).parents[1] / "docs" / "pattern"
PICTURES: Final = PAGES.parent / "images" / "pattern"
_BLOCK: Final = re.compile(r"^```json\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_WISH: Final = re.compile(r"^<!-- picture: (.*?) -->$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """The pattern of a page and what its picture shows of it.

    Attributes:
        page: The file.
        spec: The JSON block of the page.
        wishes: From the page's comment: `at` seconds of the output, `each` field whose every value is shown,
            `clip` (tall, wide or speech), `before` (the clip as it was comes first), `zoom`, `sound`.
    """

    page: Path
    spec: Mapping[str, Any]
    wishes: Mapping[str, str]

    @property
    def picture(self) -> Path:
        """Where it is."""
        return PICTURES / f"{self.page.stem}.jpg"

    @property
    def fingerprint(self) -> str:
        """Changes with the pattern and with what is shown of it."""
        text = json.dumps([self.spec, self.wishes], sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def seconds(self) -> list[float]:
        """Which moments of the output are shown."""
        return [float(word) for word in self.wishes.get("at", "3").split()]


def examples() -> list[Example]:
    """Those of all pages, in their order.

    Raises:
        ValueError: A page holds not exactly one pattern and one comment.
    """
    return list(_examples())


def _examples() -> Iterator[Example]:
    for page in sorted(PAGES.glob("*.md")):
        if page.name == "README.md":
            continue
        text = page.read_text(encoding="utf-8")
        blocks, wishes = _BLOCK.findall(text), _WISH.findall(text)
        if (len(blocks), len(wishes)) != (1, 1):
            raise ValueError(
                f"{page.name} must hold one pattern and one comment that says what is shown of it"
            )
        words = (wish.strip().partition(" ") for wish in wishes[0].split(";"))
        yield Example(page, json.loads(blocks[0]), {name: rest for name, _, rest in words})


def is_fresh(example: Example) -> bool:
    """Whether the picture is there and was made from this example."""
    try:
        with Image.open(example.picture) as picture:
            comment: bytes = picture.info.get("comment", b"")
    except FileNotFoundError:
        return False
    return comment.decode() == example.fingerprint
