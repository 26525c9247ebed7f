"""A page for each error: what it means, what happens by itself, what helps.

The facts come from the code, the explanations from `error_notes/*.toml`, one table a code with the keys
`cause`, `you` (what the person can do) and `operator` (what whoever runs the installation can do; may be
missing).
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from reference_pages.enums import meaning_of
from reference_pages.errors import blank, our_errors, places
from reference_pages.markdown import code, page, table

from subiteya.domain.errors import SubiteyaError
from subiteya.http.locale import translate
from subiteya.tiktok.error_row import Kind, Row
from subiteya.tiktok.error_table import ROWS

NOTES: Final = Path(__file__).parent / "error_notes"
TIKTOK_NOTES: Final = "tiktok.toml"
KEYS: Final = frozenset({"cause", "you", "operator"})

_BY_ITSELF: Final[Mapping[Kind, str]] = {
    Kind.WAIT: "The post waits and goes on by itself. Waiting spends no attempt.",
    Kind.RETRY: "The attempt is repeated after 5, 10 and 20 seconds; bytes that arrived are not sent again.",
    Kind.FINAL: "The post ends as failed at once: repeating would give the same answer.",
    Kind.ATTENTION: "The post *needs attention*: it stops until you have done something.",
    Kind.OURS: "The post ends as failed at once, and the log says it as an error for the operator.",
}

Notes = Mapping[str, Mapping[str, str]]


def error_pages() -> dict[str, str]:
    """Every page by its name (`bad_input.md`), with an index of them (`README.md`).

    Raises:
        LookupError: an error has no notes, or notes have no error.
    """
    ours, theirs = notes_of_ours(), notes_of_tiktok()
    errors, rows = our_errors(), _rows_by_code()
    _same("notes of our errors", {error.code for error in errors}, ours)
    _same("notes of TikTok's codes", set(rows), theirs)
    pages = {f"{error.code}.md": _our_page(error, ours[error.code]) for error in errors}
    pages |= {f"{found[0].error_code}.md": _their_page(found, theirs[name]) for name, found in rows.items()}
    pages["README.md"] = _index(errors, rows)
    return pages


def notes_of_ours() -> Notes:
    """Explanations of our errors by code."""
    files = [file for file in sorted(NOTES.glob("*.toml")) if file.name != TIKTOK_NOTES]
    return {name: note for file in files for name, note in _read(file).items()}


def notes_of_tiktok() -> Notes:
    """Explanations of TikTok's codes by TikTok's own word."""
    return _read(NOTES / TIKTOK_NOTES)


def _read(file: Path) -> Notes:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def _same(what: str, wanted: set[str], found: Iterable[str]) -> None:
    if missing := sorted(wanted ^ set(found)):
        raise LookupError(
            f"{what} (scripts/reference_pages/error_notes) and the code differ in: {', '.join(missing)}"
        )


def _rows_by_code() -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in sorted(ROWS, key=lambda row: (row.code, places(row))):
        found.setdefault(row.code, []).append(row)
    return found


def _our_page(error: type[SubiteyaError], note: Mapping[str, str]) -> str:
    facts = [
        ("Code", code(error.code)),
        ("HTTP", str(error.status)),
        ("Can repeating help?", "yes, later" if error.retryable else "no, something must change first"),
        ("Button", code(error.button or "")),
    ]
    return page(
        error.code, _sentences(blank(error.message), blank(_spanish(error))), _facts(facts), *_told(note)
    )


def _their_page(rows: list[Row], note: Mapping[str, str]) -> str:
    first = rows[0]
    facts = [
        ("Code", code(first.error_code)),
        ("TikTok's word", code(first.code)),
        ("Where it comes from", "; ".join(places(row) for row in rows)),
        ("Button", code(first.button or "")),
    ]
    told = dict.fromkeys(f"{_BY_ITSELF[row.kind]}{_how_long(row)}" for row in rows)
    return page(
        first.error_code,
        _sentences(first.en, first.es),
        _facts(facts),
        "## What SubiteYa does by itself",
        "\n\n".join(told),
        *_told(note),
    )


def _how_long(row: Row) -> str:
    if row.wait is None:
        return ""
    minutes = int(row.wait.total_seconds() // 60)
    time = f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min"  # noqa: PLR2004 - minutes of an hour
    room = ", or once the account's day has room if that is later" if row.until_day_has_room else ""
    return f" When it comes from {places(row)}, it asks again after {time}{room}."


def _sentences(english: str, spanish: str) -> str:
    return f"> {english}\n>\n> {spanish}"


def _spanish(error: type[SubiteyaError]) -> str:
    return translate(error.message, "es")


def _facts(facts: list[tuple[str, str]]) -> str:
    return table(("", ""), facts)


def _told(note: Mapping[str, str]) -> list[str]:
    if unknown := set(note) - KEYS:
        raise LookupError(f"notes hold what no page shows: {', '.join(sorted(unknown))}")
    blocks = ["## Why it happens", note["cause"], "## What you can do", note["you"]]
    if "operator" in note:
        blocks += ["## For whoever runs it", note["operator"]]
    return blocks


def _index(errors: list[type[SubiteyaError]], rows: Mapping[str, list[Row]]) -> str:
    ours = [(_link(error.code), blank(error.message), blank(_spanish(error))) for error in errors]
    theirs = [
        (_link(found[0].error_code), meaning_of(found[0].kind), found[0].en, found[0].es)
        for found in rows.values()
    ]
    return page(
        "Errors, one by one",
        "Search this page for the code or a word of the sentence that you saw. The whole table with statuses"
        " and buttons is in [the reference](../reference/errors.md).",
        "## Ours",
        table(("Code", "English", "Español"), ours),
        "## TikTok's",
        table(("Code", "What becomes of the post", "English", "Español"), theirs),
    )


def _link(name: str) -> str:
    return f"[`{name}`]({name}.md)"
