"""Every error of ours, then what each of TikTok's refusals means."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Final

from reference_pages.enums import meaning_of
from reference_pages.markdown import code, page, table

import subiteya
from subiteya.domain.errors import SubiteyaError, every_error
from subiteya.http.locale import translate
from subiteya.tiktok.error_row import Kind, Place, Row
from subiteya.tiktok.error_table import ROWS

_INTRODUCTION: Final = """
The API answers every error as a problem document (RFC 9457) that carries a `code` of this table. Codes are
stable, sentences may change; [each has a page](../errors/README.md) that says why it happens and what helps.
`…` in a sentence stands for a value that the error fills in. *Retry* says whether the same request can
succeed later without anybody doing anything; *button* names what the person can do.
"""
_TIKTOK: Final = """
What becomes of a post when TikTok refuses, by TikTok's own code. Events and posts name it with `tiktok_` in
front. A code that is not in the table is never guessed at: the post needs attention and shows the code as it
came.
"""


def errors_page() -> str:
    """The page."""
    kinds = [(code(kind.value), meaning_of(kind)) for kind in Kind]
    rows = sorted(ROWS, key=lambda row: (row.code, places(row)))
    return page(
        "Errors",
        _INTRODUCTION,
        "## Ours",
        table(("Code", "HTTP", "Retry", "Button", "English", "Español"), map(_our_row, our_errors())),
        "## TikTok's",
        _TIKTOK,
        table(("Then", "What becomes of the post"), kinds),
        table(("TikTok's code", "Where", "Then", "Button", "English", "Español"), map(_their_row, rows)),
    )


def our_errors() -> list[type[SubiteyaError]]:
    """All error classes of the package, by code; what tests define is left out."""
    for module in pkgutil.walk_packages([str(Path(subiteya.__file__).parent)], "subiteya."):
        if not module.name.endswith(".__main__") and ".migrations" not in module.name:
            importlib.import_module(module.name)
    ours = [error for error in every_error() if error.__module__.startswith("subiteya.")]
    return sorted(ours, key=lambda error: error.code)


def _our_row(error: type[SubiteyaError]) -> tuple[str, ...]:
    return (
        code(error.code),
        str(error.status),
        "yes" if error.retryable else "no",
        code(error.button or ""),
        blank(error.message),
        blank(translate(error.message, "es")),
    )


def _their_row(row: Row) -> tuple[str, ...]:
    return code(row.code), places(row), row.kind.value, code(row.button or ""), row.en, row.es


def places(row: Row) -> str:
    """Where a code comes from, as one text."""
    return ", ".join(place.value for place in Place if place in row.places)


def blank(sentence: str) -> str:
    """The sentence with `…` where an error fills in a value."""
    return sentence.format_map(_Ellipsis())


class _Ellipsis(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"
